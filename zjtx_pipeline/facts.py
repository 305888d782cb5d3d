"""Knows what can be seen of a row only beside others: its twins, its neighbours, the register, another table.

Each fact is a column of truth values that a suite may name; True is the fault. Leaves severity and wording to the
suites, the plan's own rules (formulas, exclusions) to the rooms ahead.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from zjtx_pipeline.codes import credit_code_faults
from zjtx_pipeline.keys import contents, key_of, standing
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.rules import Rules
from zjtx_pipeline.tables import Table


@dataclass(frozen=True)
class Scene:
    """One table's rows in hand, as text and as values, and the accepted rows of the tables judged before it."""

    table: Table
    quarter: Quarter
    rules: Rules
    rows: pd.DataFrame
    text: pd.DataFrame
    typed: pd.DataFrame
    accepted: Mapping[str, pd.DataFrame]

    @cached_property
    def standing(self) -> pd.Series:
        content = contents(self.table, self.text, self.typed)
        return standing(key_of(self.table, content, self.rows["sender"]), content)

    def column(self, name: str) -> pd.Series:
        return self.typed[name]


@dataclass(frozen=True)
class Fact:
    """A fault that a suite may name: `tables` it is checked against, `columns` without which it cannot be."""

    name: str
    tables: tuple[str, ...]
    columns: tuple[str, ...]
    find: Callable[[Scene], pd.Series]


FACTS: dict[str, Fact] = {}


def fact(*columns: str, beside: tuple[str, ...] = ()) -> Callable:
    """Enter a function under its own name; `columns` of the table it reads, `beside` the other tables."""

    def entered(find: Callable[[Scene], pd.Series]) -> Callable[[Scene], pd.Series]:
        FACTS[find.__name__] = Fact(find.__name__, beside, columns, find)
        return find

    return entered


def truth(condition: pd.Series) -> pd.Series:
    """A condition as plain booleans; what cannot be told is not a fault."""
    return condition.fillna(False).astype(bool)


# Every table (C0)


@fact()
def repeated(scene: Scene) -> pd.Series:
    """Same key, same content as an earlier row."""
    return scene.standing.eq("repeated")


@fact()
def contradicted(scene: Scene) -> pd.Series:
    """Same key as another row, other content."""
    return scene.standing.eq("contradicted")


@fact("uscc", beside=("D01",))
def outside_register(scene: Scene) -> pd.Series:
    """A sound 码 that D01 does not hold."""
    codes = scene.column("uscc")
    sound = codes.notna() & ~credit_code_faults(codes).isin(["form", "check"])
    return sound & ~codes.isin(scene.accepted["D01"]["uscc"])


@fact("uscc", "name", beside=("D01",))
def misnamed(scene: Scene) -> pd.Series:
    """A name that is neither the register's for this 码 nor one of its aliases (曾用名, D02's names before and after)."""
    rows = pd.DataFrame({"uscc": scene.column("uscc"), "name": plain_names(scene.column("name"))})
    known = _known_names(scene)
    listed = rows["uscc"].isin(known["uscc"]) & rows["name"].notna()
    pairs = pd.MultiIndex.from_frame(known)
    return listed & ~pd.Series(pd.MultiIndex.from_frame(rows).isin(pairs), index=rows.index)


def plain_names(names: pd.Series) -> pd.Series:
    """Names without differences of width or blanks: （） and () are the same; nothing else is."""
    spellings = {name: "".join(unicodedata.normalize("NFKC", name).split()) for name in names.dropna().unique()}
    return names.map(spellings).astype("str")


def _known_names(scene: Scene) -> pd.DataFrame:
    register = scene.accepted["D01"]
    changes = scene.typed if scene.table.id == "D02" else scene.accepted.get("D02", pd.DataFrame())
    former = register[["uscc", "former_names"]].dropna()
    former = former.assign(name=former["former_names"].str.split(r"[；;、，,|\n]", regex=True)).explode("name")
    frames = [register[["uscc", "name"]], former[["uscc", "name"]]]
    if {"item", "before", "after"} <= set(changes.columns):
        renamed = changes[truth(changes["item"].eq("更名"))]
        frames += [renamed[["uscc", side]].rename(columns={side: "name"}) for side in ("before", "after")]
    known = pd.concat(frames, ignore_index=True).dropna()
    return known.assign(name=plain_names(known["name"])).drop_duplicates()


# D01, D02, D03, D04


@fact("registration_status")
def not_registered(scene: Scene) -> pd.Series:
    """登记状态 outside 在册."""
    return scene.column("registration_status").isin(scene.rules.lists["登记状态"].group("不在册"))


@fact("street_code")
def outside_district(scene: Scene) -> pd.Series:
    """街道代码 that does not belong to the district on the quarter's last day (在萧=否)."""
    inside = list(scene.rules.regions.codes_inside(scene.quarter.last_day))
    code = scene.column("street_code")
    return code.notna() & ~code.str[:9].isin(inside)


@fact("name")
def branch_office(scene: Scene) -> pd.Series:
    return truth(scene.column("name").str.contains("分公司"))


@fact("uscc", "successor_uscc")
def in_cycle(scene: Scene) -> pd.Series:
    """A code that succeeds itself through a chain of 换码, 合并, 分立: every row of the circle."""
    hop = scene.typed[["uscc", "successor_uscc"]].dropna().drop_duplicates()
    open_ends = None
    while open_ends is None or open_ends.any():  # peel rows off that lead nowhere, or that nothing leads to
        open_ends = ~hop["successor_uscc"].isin(hop["uscc"]) | ~hop["uscc"].isin(hop["successor_uscc"])
        hop = hop[~open_ends]
    inside = pd.MultiIndex.from_frame(_on_circles(hop))
    return pd.Series(pd.MultiIndex.from_frame(scene.typed[["uscc", "successor_uscc"]]).isin(inside), index=scene.rows.index)


def _on_circles(hop: pd.DataFrame) -> pd.DataFrame:
    """Of the hops left, those from whose end a walk comes back to their start; few, if any, are left."""
    onward = hop.groupby("uscc")["successor_uscc"].agg(list).to_dict()

    def returns(start: str, end: str) -> bool:
        seen, ahead = set(), [end]
        while ahead:
            code = ahead.pop()
            if code == start:
                return True
            if code not in seen:
                seen.add(code)
                ahead += onward.get(code, [])
        return False

    back = [returns(start, end) for start, end in zip(hop["uscc"], hop["successor_uscc"], strict=True)]
    return hop[pd.Series(back, index=hop.index, dtype=bool)]


@fact("successor_uscc", beside=("D01",))
def successor_outside_register(scene: Scene) -> pd.Series:
    codes = scene.column("successor_uscc")
    return codes.notna() & ~codes.isin(scene.accepted["D01"]["uscc"])


@fact("uscc", "pool", "entered_on", "left_on")
def overlaps_earlier(scene: Scene) -> pd.Series:
    """A stay [入库, 出库) that begins before an earlier one of the same 码 and 库别 has ended; the later is at fault."""
    stays = scene.typed[["uscc", "pool", "entered_on", "left_on"]]
    stays = stays.assign(left_on=stays["left_on"].fillna(pd.Timestamp("9999-12-31")))
    stays = stays[stays["entered_on"] < stays["left_on"]].dropna(subset=["uscc", "pool"])
    stays = stays.sort_values("entered_on", kind="stable")
    firm = [stays["uscc"], stays["pool"]]
    latest_end = stays["left_on"].groupby(firm).cummax().groupby(firm).shift()
    return truth((stays["entered_on"] < latest_end).reindex(scene.rows.index))


@fact("event", "valid_from", "valid_to")
def validity_not_three_years(scene: Scene) -> pd.Series:
    """止 ≠ 起 + 3 years − 1 day."""
    rows = scene.typed
    expected = rows["valid_from"] + pd.DateOffset(years=scene.rules.tiers.validity_years) - pd.Timedelta(days=1)
    granted = rows["event"].isin(scene.rules.tiers.events.granting)
    return granted & rows["valid_from"].notna() & rows["valid_to"].notna() & rows["valid_to"].ne(expected)


@fact("tier", "announced_on")
def tier_name_out_of_time(scene: Scene) -> pd.Series:
    """A name of a tier that was not yet in use on 公布日期 (科技和创新型 from 2026-04-01)."""
    written = scene.rows[_delivered_header(scene, "资质类型")].str.strip()
    since = {alias.name: alias.valid_from for value in scene.rules.lists["资质类型"].values for alias in value.aliases}
    return truth(scene.column("announced_on") < pd.to_datetime(written.map(since)))


def _delivered_header(scene: Scene, header: str) -> str:
    known = scene.table.by_header()
    from zjtx_pipeline.tables import comparable

    named = (name for name in scene.rows.columns if comparable(name) in known)
    return next(name for name in named if known[comparable(name)].header == header)


# D05


@fact("uscc", "period", "basis", "revenue_fen")
def unit_slip(scene: Scene) -> pd.Series:
    """营业收入 about 10⁴ times, or a 10⁴th of, the same period's of the year before: 元 for 万元 or the reverse."""
    return _against_year_before(scene).pipe(lambda ratio: ratio.between(2_000, 50_000) | ratio.between(1 / 50_000, 1 / 2_000))


def _against_year_before(scene: Scene) -> pd.Series:
    rows = scene.typed[["uscc", "period", "basis", "revenue_fen"]].assign(sender=scene.rows["sender"])
    rows = rows.assign(last=(pd.to_numeric(rows["period"].str[:4]) - 1).astype("str").str[:4] + rows["period"].str[4:].fillna(""))
    before = rows[["uscc", "period", "basis", "sender", "revenue_fen"]].dropna().drop_duplicates(["uscc", "period", "basis", "sender"])
    before = before.rename(columns={"period": "last", "revenue_fen": "revenue_before"})
    pairs = rows.merge(before, on=["uscc", "last", "basis", "sender"], how="left", validate="m:1").set_axis(rows.index)
    earlier = pairs["revenue_before"].astype("Float64")
    return (pairs["revenue_fen"].astype("Float64") / earlier.mask(earlier.eq(0))).fillna(1).astype(float)


@fact("uscc", "period", "basis", "revenue_fen")
def falls_within_year(scene: Scene) -> pd.Series:
    """A cumulative 营业收入 below that of an earlier quarter of the year."""
    rows = scene.typed[["uscc", "period", "basis", "revenue_fen"]]
    rows = rows[truth(rows["period"].str.len().eq(6)) & rows["revenue_fen"].notna()].sort_values("period", kind="stable")
    earlier = rows.groupby([rows["uscc"], rows["basis"], rows["period"].str[:4]])["revenue_fen"]
    return truth((rows["revenue_fen"] < earlier.cummax()).reindex(scene.rows.index))


# D06a, D06b, D07


@fact("uscc", "clause", "trigger_key")
def claimed_twice(scene: Scene) -> pd.Series:
    """Two 兑现编号 for one 码, 条款号 and 触发事项键."""
    claim = scene.typed[["uscc", "clause", "trigger_key"]]
    others = scene.standing.eq("repeated")
    return claim.notna().all(axis=1) & claim[~others].duplicated(keep=False).reindex(claim.index, fill_value=False)


@fact("award_no", beside=("D06a",))
def award_not_approved(scene: Scene) -> pd.Series:
    number = scene.column("award_no")
    return number.notna() & ~number.isin(scene.accepted["D06a"]["award_no"])


@fact("award_no", "payment_type", "paid_fen", beside=("D06a",))
def paid_above_approved(scene: Scene) -> pd.Series:
    """Σ拨付 − 退回 − 追回 of a 兑现编号 above its 核定金额: every row of it."""
    rows = scene.typed
    signed = rows["paid_fen"].where(rows["payment_type"].eq("拨付"), -rows["paid_fen"]).fillna(0)
    net = signed.groupby(rows["award_no"]).transform("sum")
    approved = scene.accepted["D06a"].drop_duplicates("award_no").set_index("award_no")["approved_fen"]
    return truth(net > rows["award_no"].map(approved))


@fact("planned_investment_fen", "invested_fen")
def invested_far_above_plan(scene: Scene) -> pd.Series:
    """累计完成投资 above 1.2 × 总投资."""
    return truth(scene.column("invested_fen") * 5 > scene.column("planned_investment_fen") * 6)


# D09, D12, D13, D14, D16


@fact("uscc", "organ_type", "level", "status")
def two_live_organs(scene: Scene) -> pd.Series:
    live = scene.typed[truth(scene.column("status").eq("有效")) & ~scene.standing.eq("repeated")]
    organ = live[["uscc", "organ_type", "level"]]
    return (organ.notna().all(axis=1) & organ.duplicated(keep=False)).reindex(scene.rows.index, fill_value=False)


@fact("category", "level")
def category_without_level(scene: Scene) -> pd.Series:
    """A 类别 of D13 with a 级别 that does not stand beside it in 5.3."""
    return _unpaired(scene, "category")


@fact("demonstration", "level")
def demonstration_without_level(scene: Scene) -> pd.Series:
    """A 示范类型 of D16 with a 级别 that does not stand beside it in 5.3."""
    return _unpaired(scene, "demonstration")


def _unpaired(scene: Scene, name: str) -> pd.Series:
    pairs = next(pairs for pairs in scene.rules.pairs if pairs.table == scene.table.id)
    allowed = pd.MultiIndex.from_tuples([(kind, level) for kind, levels in pairs.allowed.items() for level in levels])
    written = scene.typed[[name, "level"]]
    known = written[name].isin(pairs.allowed) & written["level"].notna()  # an unknown one is another rule's
    return known & ~pd.Series(pd.MultiIndex.from_frame(written).isin(allowed), index=written.index)


@fact("product_no", "supplier_uscc", beside=("D13",))
def product_of_another(scene: Scene) -> pd.Series:
    """产品编号 that D13 does not list for this 供方."""
    owned = pd.MultiIndex.from_frame(scene.accepted["D13"][["product_no", "uscc"]])
    bought = scene.typed[["product_no", "supplier_uscc"]]
    return bought.notna().all(axis=1) & ~pd.Series(pd.MultiIndex.from_frame(bought).isin(owned), index=bought.index)


@fact("product_no", "contracted_on", beside=("D13",))
def contracted_before_recognition(scene: Scene) -> pd.Series:
    recognised = scene.accepted["D13"].groupby("product_no")["recognised_on"].min()
    return truth(scene.column("contracted_on") < scene.column("product_no").map(recognised))


# D18, D21a, D22b, D23, D25

STANDARD_NO = r"(?:GB|GJB|JB|HG|QB|FZ|YY|SJ|YB|JC|DB\d{2}|T|Q|ISO|IEC|ITU)[/ A-Z]*\s?[A-Z0-9.\-/ ]*\d+(?:\.\d+)*[-—:：]\d{4}"


@fact("item", "item_no")
def odd_standard_number(scene: Scene) -> pd.Series:
    """主导标准, 参与标准 whose number has not the form of one (GB/T 1234-2024, T/ZZB 0123—2023)."""
    numbers = scene.column("item_no").str.normalize("NFKC").str.upper()
    shaped = truth(numbers.str.fullmatch(STANDARD_NO))
    return scene.column("item").isin(["主导标准", "参与标准"]) & numbers.notna() & ~shaped


@fact("standard_price_fen", "start_price_fen")
def starts_below_70_percent(scene: Scene) -> pd.Series:
    return truth(scene.column("start_price_fen") * 10 < scene.column("standard_price_fen") * 7)


@fact("provider_uscc", "served_on", beside=("D22a",))
def provider_not_engaged(scene: Scene) -> pd.Series:
    """A 机构码 without a 合作期 that holds the day of service."""
    rows = scene.typed[["provider_uscc", "served_on"]].assign(row=range(len(scene.typed)))
    terms = scene.accepted["D22a"][["provider_uscc", "agreed_from", "agreed_to"]]
    pairs = rows.dropna().merge(terms, on="provider_uscc", validate="m:m")
    engaged = pairs.loc[pairs["served_on"].between(pairs["agreed_from"], pairs["agreed_to"]), "row"]
    return rows["provider_uscc"].notna() & rows["served_on"].notna() & ~rows["row"].isin(engaged)


@fact("held_on", "activity_type", "activity_name")
def held_twice(scene: Scene) -> pd.Series:
    """Same 日期, 类型 and 名称 as an earlier row: the second of twins."""
    event = scene.typed[["held_on", "activity_type", "activity_name"]]
    return event.notna().all(axis=1) & event.duplicated()


@fact("attendances", "managers", "professionals", "workers")
def audiences_above_attendances(scene: Scene) -> pd.Series:
    parts = scene.typed[["managers", "professionals", "workers"]].fillna(0).sum(axis=1)
    return truth(parts > scene.column("attendances"))


@fact("uscc", "scope")
def neither_firm_nor_scope(scene: Scene) -> pd.Series:
    """Not exactly one of 码 and 汇总范围."""
    return scene.column("uscc").notna() == scene.column("scope").notna()
