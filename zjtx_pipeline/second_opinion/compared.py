"""Knows how two computations of one quarter are held against each other; leaves both of them to others.

Where a table was not delivered, or a column filled by nobody, there is nothing to compare: the first computation says 待补, the second is silent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from zjtx_pipeline.figures import Figure
from zjtx_pipeline.money import half_up, yuan_text
from zjtx_pipeline.rules import Rules
from zjtx_pipeline.second_opinion.computed import Opinion

NONE = "无数值"
TRIGGERLESS = "无触发"
_MONEY = {"应兑": "entitled_fen", "已兑": "paid_fen", "差额": "gap_fen"}
_PAID = ("D06a", "D06b")


@dataclass(frozen=True)
class Difference:
    """Something that the two computations count differently, with both values as texts."""

    what: str
    first: str
    second: str

    def __str__(self) -> str:
        return f"{self.what} 两种算法不一致：第一算法 {self.first}，第二算法 {self.second}；请停止发送并联系维护人员。"


def compared_figures(
    opinion: Opinion, figures: Iterable[Figure], task: int, rules: Rules, absent: Collection[str]
) -> list[tuple]:
    """(what, first value, second value) of a task's figures that the second has; one that the first lacks has no value."""
    first = {(each.indicator, each.part, each.breakdown): each.value for each in figures}
    wanted = {
        key: value
        for key, value in opinion.figures.items()
        if rules.indicators[key[0]].task == task and not set(rules.indicators[key[0]].parts[key[1]].rests_on) & set(absent)
    }
    return [
        (indicator + part + (f" {breakdown}" if breakdown else ""), first.get((indicator, part, breakdown)), value)
        for (indicator, part, breakdown), value in wanted.items()
    ]


def compared_tiers(opinion: Opinion, tiers: pd.DataFrame, absent: Collection[str]) -> list[tuple]:
    """The same for the rows of tiers.csv (columns tier, in_district) by title: all, and those in the district."""
    if {"D01", "D02", "D04"} & set(absent):
        return []
    found = {tier: (len(rows), int(rows["in_district"].sum())) for tier, rows in tiers.groupby("tier")}
    return [
        (f"资质 {tier}{name}", Fraction(found.get(tier, (0, 0))[place]), Fraction(counts[place]))
        for tier, counts in opinion.tiers.items()
        for place, name in enumerate(("有效企业", "在萧有效企业"))
    ]


def compared_awards(
    opinion: Opinion, awards: pd.DataFrame, clauses: Iterable[str], rules: Rules, absent: Collection[str]
) -> list[tuple]:
    """The same for the units of awards.csv (clause, entitled_fen, paid_fen, gap_fen, state) by clause."""
    found: list[tuple] = []
    for clause in clauses:
        if {*rules.awards[clause].needs, *_PAID} & set(absent):
            continue
        first, second = _totals(awards[awards["clause"].eq(clause)]), opinion.awards[clause]
        gap = second.entitled_fen - second.paid_fen if not second.unknown and not first["待明确单元"] else None
        values = {"奖补单元": second.units, "待明确单元": second.unknown, "应兑": Fraction(second.entitled_fen, 100),
                  "已兑": Fraction(second.paid_fen, 100), "差额": None if gap is None else Fraction(gap, 100)}  # fmt: skip
        found += [(f"{clause} {name}", first[name], values[name]) for name in values]
    return found


def _totals(units: pd.DataFrame) -> dict[str, Fraction | int | None]:
    """A clause's totals as the first computation has them; its 差额 where every amount is known."""
    triggered = units[units["state"].ne(TRIGGERLESS)]
    unknown = int(triggered["entitled_fen"].isna().sum())
    money = {name: Fraction(int(units[column].sum()), 100) for name, column in _MONEY.items()}
    return {"奖补单元": len(triggered), "待明确单元": unknown} | money | ({"差额": None} if units["gap_fen"].isna().any() else {})


def differences(compared: Iterable[tuple]) -> list[Difference]:
    """Those of (what, first value, second value) that differ, by exact values."""
    return [Difference(what, *_texts(first, second)) for what, first, second in compared if first != second]


def _texts(first: Fraction | int | None, second: Fraction | int | None) -> tuple[str, str]:
    """Both values with two decimals at most; exact where these look the same."""
    texts = _text(first), _text(second)
    return texts if texts[0] != texts[1] else (str(first), str(second))


def _text(value: Fraction | int | None) -> str:
    if value is None:
        return NONE
    return str(value) if Fraction(value).denominator == 1 else yuan_text(half_up(Fraction(value) * 100))
