"""Knows who enters and leaves the two pools and when (D03), so that one target is just met and the other just missed.

Leaves the targets themselves to the rules.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zjtx_pipeline.quarter import Quarter, quarters
from zjtx_pipeline.sample.draws import BASE, END, NEVER, choose, day, later, stream, weekday
from zjtx_pipeline.sample.firms import NUMBER, POOLED, Firms
from zjtx_pipeline.sample.ladder import Ladder
from zjtx_pipeline.sample.names import TRADES
from zjtx_pipeline.sample.places import TOWN_NAMES

OPEN, KEEN = "创新型", "专精特新"
_STOCK = {  # firms in each pool at the end of 2022Q4 … 2026Q3, rows that will be set aside not counted
    OPEN: (5_700, 5_950, 6_450, 6_800, 7_250, 7_300, 7_600, 8_150, 8_700, 8_800, 9_250, 9_700, 10_036, 10_060, 10_018, 9_984),
    KEEN: (612, 640, 720, 775, 826, 830, 880, 930, 1_002, 1_040, 1_085, 1_130, 1_187, 1_192, 1_205, 1_211),
}  # fmt: skip
_SOUND = {OPEN: 0.982, KEEN: 0.9746}  # about how many rows will be accepted and name a firm that is accepted too
_EARLY = (day("2021-06-18"), day("2021-12-17"), day("2022-06-17"), day("2022-11-25"))
_STAY = {OPEN: 7_500, KEEN: 5_200}  # mean days in the pool, for those who leave of themselves
_WHY = {"不符合条件": 62, "主动退出": 25, "其他": 13}


@dataclass
class Pools:
    """`rows`: the rows of D03. `stays`: firm, pool, entered_on, left_on as they truly were."""

    rows: pd.DataFrame

    def members(self, on: np.datetime64, pool: str = KEEN) -> np.ndarray:
        """True for each firm in a pool on a day."""
        rows = self.rows
        inside = (rows["pool"] == pool) & (rows["entered_on"] <= on) & ~(rows["left_on"] <= on)
        member = np.zeros(NUMBER, dtype=bool)
        member[rows.loc[inside, "firm"]] = True
        return member

    def first_entry(self, pool: str) -> np.ndarray:
        """Each firm's first day in a pool, NaT if it never was."""
        entered = np.full(NUMBER, NEVER)
        firsts = self.rows[self.rows["pool"] == pool].groupby("firm")["entered_on"].min()
        entered[firsts.index] = firsts.to_numpy("datetime64[D]")
        return entered


def fill_pools(firms: Firms, ladder: Ladder) -> Pools:
    """Both pools from their first lists of 2021 to the end of the sample."""
    rows = pd.concat([_pool(firms, ladder, OPEN), _pool(firms, ladder, KEEN)], ignore_index=True)
    return Pools(_described(firms, rows.sort_values("entered_on", kind="stable", ignore_index=True)))


def _pool(firms: Firms, ladder: Ladder, pool: str) -> pd.DataFrame:
    chance = stream(f"pools.{pool}")
    queue = _queue(chance, ladder, pool)
    stays = _Stays(firms, chance, _STAY[pool])
    for step, quarter in enumerate(quarters(Quarter(2022, 4), Quarter(2026, 3))):
        last = day(quarter.last_day)
        days = _EARLY if step == 0 else tuple(weekday(np.array([last - 39, last - 11])))
        stays.admit(queue, days, round(_STOCK[pool][step] / _SOUND[pool]) - stays.inside(last))
    return stays.frame().assign(pool=pool)


def _queue(chance, ladder: Ladder, pool: str) -> np.ndarray:
    """Candidates in the order in which they are taken in: any firm, or those near the titles."""
    if pool == OPEN:
        return np.argsort(np.arange(POOLED) / POOLED + chance.random(POOLED) * 0.9, kind="stable")
    titled = ladder.holders(NUMBER, BASE)[:2_600] * 0.35
    return np.argsort(np.arange(2_600) / 2_600 - titled + chance.random(2_600), kind="stable")


class _Stays:
    """Who is in one pool, filled batch by batch."""

    def __init__(self, firms: Firms, chance: np.random.Generator, mean_days: int) -> None:
        self.firms, self.chance, self.mean_days = firms, chance, mean_days
        self.entered, self.left, self.firm = np.array([], "datetime64[D]"), np.array([], "datetime64[D]"), np.array([], int)

    def inside(self, on: np.datetime64) -> int:
        return int(((self.entered <= on) & ~(self.left <= on)).sum())

    def admit(self, queue: np.ndarray, days: tuple, number: int) -> None:
        """Take in that many firms over the given days; one that left more than a year ago may come again."""
        for on, share in zip(days, np.diff(np.linspace(0, max(number, 0), len(days) + 1).round()).astype(int)):
            recent = self.firm[~(self.left < on - 365) | (self.chance.random(len(self.firm)) < 0.85)]
            free = self.firms.active(on) | (self.chance.random(NUMBER) < 0.9) & ~self.firms.rooted
            free[recent] = False
            free &= ~(self.firms.gone_on() <= on) & (self.firms.founded_on < on - 200)
            chosen = queue[free[queue]][:share]
            stay = (-np.log(1 - self.chance.random(len(chosen))) * self.mean_days + 90).astype("timedelta64[D]")
            left = np.fmin(on + stay, later(self.firms.gone_on()[chosen], self.chance, 10, 50))
            self.entered = np.append(self.entered, np.full(len(chosen), on))
            self.left = np.append(self.left, np.where(left < END, weekday(left), NEVER))
            self.firm = np.append(self.firm, chosen)

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame({"firm": self.firm, "entered_on": self.entered, "left_on": self.left})


def _described(firms: Firms, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows as the bureau keeps them: code and name of the day, reason, chain, field, product."""
    chance, firm = stream("pools.rows"), rows["firm"].to_numpy()
    rows = _recoded(firms, rows.assign(left_because=_reason(firms, rows, chance)))
    firm, entered = rows["firm"].to_numpy(), rows["entered_on"].to_numpy("datetime64[D]")
    trade = firms.trade[firm]
    told = chance.random(len(rows)) < np.where(rows["pool"] == KEEN, 0.93, 0.8)
    rows["town"] = [TOWN_NAMES.get(code, "") for code in firms.town[firm]]
    rows["chain"] = np.where(told, np.array([entry[2] for entry in TRADES], object)[trade], "")
    rows["niche"] = np.array([entry[3] for entry in TRADES], object)[trade]
    rows["main_product"] = np.where(chance.random(len(rows)) < 0.95, np.array([entry[4] for entry in TRADES], object)[trade], "")
    slow = np.where(chance.random(len(rows)) < 0.02, 45, 0)  # a few rows are entered a quarter late
    known = later(entered + slow.astype("timedelta64[D]"), chance, 0, 8)
    return pd.concat([rows, firms.sign(firm, entered)], axis=1).assign(known_on=known)


def _reason(firms: Firms, rows: pd.DataFrame, chance) -> np.ndarray:
    firm, left = rows["firm"].to_numpy(), rows["left_on"].to_numpy("datetime64[D]")
    reason = choose(chance, len(rows), _WHY)
    for days, word in ((firms.left_on, "迁出"), (firms.cancelled_on, "注销"), (firms.merged_on, "承继")):
        reason = np.where(days[firm] <= left, word, reason)
    return np.where(np.isnat(left), "", reason)


def _recoded(firms: Firms, rows: pd.DataFrame) -> pd.DataFrame:
    """Every second firm with a new code is entered anew under it; the others stand under the old code."""
    firm, moved = rows["firm"].to_numpy(), firms.recoded_on[rows["firm"]]
    inside = (moved > rows["entered_on"]) & ~(rows["left_on"] <= moved) & (firm % 2 == 0)
    heirs = rows[inside].assign(entered_on=moved[inside])
    rows = rows.assign(
        left_on=np.where(inside, moved, rows["left_on"].to_numpy("datetime64[D]")),
        left_because=rows["left_because"].mask(inside, "承继"),
    )
    return pd.concat([rows, heirs], ignore_index=True)
