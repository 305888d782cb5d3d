"""Knows odd rows of standards, land, services, activities and tax relief (D18–D25); leaves counting them to `indicators`."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd

from zjtx_pipeline.facts.scene import Scene, fact, truth

STANDARD_NO = r"(?:GB|GJB|JB|HG|QB|FZ|YY|SJ|YB|JC|DB\d{2}|T|Q|ISO|IEC|ITU)[/ A-Z]*\s?[A-Z0-9.\-/ ]*\d+(?:\.\d+)*[-—:：]\d{4}"


@fact("item", "item_no")
def odd_standard_number(scene: Scene) -> pd.Series:
    """主导标准, 参与标准 whose number has not the form of one (GB/T 1234-2024, T/ZZB 0123—2023)."""
    numbers = scene.column("item_no").str.normalize("NFKC").str.upper()
    shaped = truth(numbers.str.fullmatch(STANDARD_NO))
    return scene.column("item").isin(["主导标准", "参与标准"]) & numbers.notna() & ~shaped


@fact("standard_price_fen", "start_price_fen")
def starts_below_floor(scene: Scene) -> pd.Series:
    """起价 below the share of the standard price that A22 allows."""
    floor = Fraction(scene.rules.awards["A22"].rate)
    return truth(scene.column("start_price_fen") * floor.denominator < scene.column("standard_price_fen") * floor.numerator)


@fact("standard_price_fen", "start_price_fen", "approval_no")
def cheaper_without_approval(scene: Scene) -> pd.Series:
    """起价 below the standard without 批复文号."""
    return truth(scene.column("start_price_fen") < scene.column("standard_price_fen")) & scene.column("approval_no").isna()


@fact("provider_uscc", "served_on", beside=("D22a",))
def provider_not_engaged(scene: Scene) -> pd.Series:
    """A 机构码 without a 合作期 that holds the day of service."""
    rows = scene.typed[["provider_uscc", "served_on"]].assign(row=range(len(scene.typed)))
    terms = scene.accepted("D22a")[["provider_uscc", "agreed_from", "agreed_to"]]
    pairs = rows.dropna().merge(terms, on="provider_uscc", validate="m:m")
    engaged = pairs.loc[pairs["served_on"].between(pairs["agreed_from"], pairs["agreed_to"]), "row"]
    return rows["provider_uscc"].notna() & rows["served_on"].notna() & ~rows["row"].isin(engaged)


_EVENT = ["held_on", "activity_type", "activity_name"]


def _event(scene: Scene) -> pd.Series:
    day, kind, name = (scene.typed[column] for column in _EVENT)
    return day.dt.strftime("%Y-%m-%d") + "\x1f" + kind + "\x1f" + name


_BETWEEN = "同一天、同类型、同名称的活动“{值}”，{部门}也报送了：请{几家}商定只由一家报送，不报的删去。"


@fact(*_EVENT, twins=_event, between=_BETWEEN, spares_first=True)
def held_twice(scene: Scene) -> pd.Series:
    """Same 日期, 类型 and 名称 as an earlier row: the second of twins."""
    event = scene.typed[_EVENT]
    return event.notna().all(axis=1) & event.duplicated()


@fact("attendances", "managers", "professionals", "workers")
def audiences_above_attendances(scene: Scene) -> pd.Series:
    parts = scene.typed[["managers", "professionals", "workers"]].fillna(0).sum(axis=1)
    return truth(parts > scene.column("attendances"))


@fact("uscc", "scope")
def neither_firm_nor_scope(scene: Scene) -> pd.Series:
    """Not exactly one of 码 and 汇总范围."""
    return scene.column("uscc").notna() == scene.column("scope").notna()
