"""Knows the sample's star ratings and what firms do for quality, brand and standards (D17, D18)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zjtx_pipeline.sample.draws import BASE, END, NEVER, choose, day, later, stream, weekday
from zjtx_pipeline.sample.firms import NUMBER
from zjtx_pipeline.sample.pools import KEEN
from zjtx_pipeline.sample.scene import Scene, numbered

_CAMPAIGN = {  # share of the firms of the end of 2025 that are rated by then: slow in 2023, all by the due day
    "2020-06-01": 0.0, "2022-12-31": 0.09, "2023-12-31": 0.12, "2024-03-31": 0.22, "2024-06-30": 0.36, "2024-09-30": 0.49,
    "2024-12-31": 0.6, "2025-03-31": 0.74, "2025-06-30": 0.86, "2025-09-30": 0.93, "2025-12-12": 1.0,
}  # fmt: skip
_ITEMS = {  # item: how many a quarter, levels, years valid (0: without end)
    "首席质量官": (11, ("",), 0), "标准总师": (5, ("",), 0), "主导标准": (7, ("国际", "国家", "行业", "浙江制造"), 0),
    "参与标准": (12, ("国家", "行业", "地方", "浙江制造"), 0), "标委会秘书处": (0.6, ("国家", "省"), 0), "标准化试点": (1.6, ("国家", "省", "市"), 3),
    "品字标": (4, ("浙江制造",), 3), "政府质量奖": (0.9, ("省", "市", "区"), 0), "IP专家志愿": (7, ("",), 0), "一站式平台": (0.35, ("",), 0),
}  # fmt: skip


def star_ratings(scene: Scene) -> pd.DataFrame:
    """D17: the campaign that covers 梯队企业 by the end of 2025, re-ratings, and newcomers after it."""
    chance = stream("stars")
    ever = np.zeros(NUMBER, dtype=bool)
    for on in np.append(np.arange(BASE, day("2025-12-31"), 20), day("2025-12-31")):
        ever |= scene.pools.members(on) | scene.ladder.holders(NUMBER, on)
    ever[scene.firms.merged_into[ever & (scene.firms.merged_into >= 0)]] = True
    firm, entered = np.flatnonzero(ever), first_days(scene)
    share = chance.random(len(firm))
    days = np.array(list(_CAMPAIGN), dtype="datetime64[D]")
    rated = np.interp(share, list(_CAMPAIGN.values()), days.astype(float)).astype(int).astype("datetime64[D]")
    late = entered[firm] > day("2025-12-12") - 40  # the newest are rated in the last days
    rated = np.where(late, day("2025-12-22"), rated)
    first = pd.DataFrame({"firm": firm, "rated_on": weekday(rated), "kept": True})
    again = first[chance.random(len(first)) < 0.25]
    again = again.assign(rated_on=later(again["rated_on"].to_numpy("datetime64[D]"), chance, 366, 800), kept=False)
    rows = pd.concat([first, again, _newcomers(scene, chance, ever)], ignore_index=True)
    rows["year"] = rows["rated_on"].dt.year
    rows = rows[rows["rated_on"] < END].drop_duplicates(["firm", "year"]).sort_values("rated_on", kind="stable", ignore_index=True)
    rows["stars"] = choose(chance, len(rows), {"1": 10, "2": 26, "3": 38, "4": 20, "5": 6})
    return scene.signed(rows, "star_ratings", "rated_on", 6)


def first_days(scene: Scene) -> np.ndarray:
    """Each firm's first day in the keen pool or with a title above 创新型."""
    entered = scene.pools.first_entry(KEEN)
    firsts = scene.ladder.firsts[scene.ladder.firsts["tier"] != "创新型"].groupby("firm")["on"].min()
    entered[firsts.index] = np.fmin(entered[firsts.index], firsts.to_numpy("datetime64[D]"))
    return entered


def _newcomers(scene: Scene, chance, ever: np.ndarray) -> pd.DataFrame:
    firm = np.flatnonzero(scene.population("P12", END - 1) & ~ever)
    return pd.DataFrame({"firm": firm, "rated_on": later(np.full(len(firm), day("2026-04-01")), chance, 0, 300), "kept": False})


def quality_items(scene: Scene) -> pd.DataFrame:
    """D18: officers, standards, secretariats, pilots, brands, prizes, volunteers and platforms."""
    parts = []
    for item, (number, levels, years) in _ITEMS.items():
        rows = scene.happenings(f"quality.{item}", number, "P2", 0.25)
        chance = stream(f"quality.{item}.level")
        rows["level"] = choose(chance, len(rows), dict(zip(levels, range(1, len(levels) + 1))))
        rows["valid_to"] = rows["on"] + pd.Timedelta(days=365 * years) if years else NEVER
        parts.append(rows.assign(item=item))
    rows = pd.concat(parts, ignore_index=True).rename(columns={"on": "dated_on"})
    rows = rows.sort_values("dated_on", kind="stable", ignore_index=True)
    chance = stream("quality")
    rows["item_no"] = _numbers(rows)
    rows["item_name"] = ["示例" + name for name in rows["item"] + rows.index.astype("str")]
    sessions = 1 + (chance.random(len(rows)) * 5).astype(int)
    rows["sessions"] = np.where(rows["item"] == "IP专家志愿", sessions, np.nan)
    return scene.signed(rows, "quality_items", "dated_on", 15)


def _numbers(rows: pd.DataFrame) -> pd.Series:
    """Standards bear standard numbers; several firms may share one. All else is numbered through."""
    head = rows["level"].map({"国家": "GB/T", "行业": "JB/T", "地方": "DB33/T", "浙江制造": "T/ZZB", "国际": "ISO"}).fillna("GB/T")
    standard = head + " " + (90_000 + rows.index // 2 % 9_000).astype("str") + "-" + rows["dated_on"].dt.year.astype("str")
    other = pd.Series(numbered("示ZL", rows["dated_on"]), index=rows.index)
    return other.mask(rows["item"].isin(["主导标准", "参与标准"]), standard)
