"""Knows where a figure would stand at its due quarter if it went on as it has gone: arithmetic, never a promise.

Leaves which figures have a forecast to `progress`, rounding and what paper cannot show to the report.
Source: indicators.md, “Pace and light”, Forecast.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from zjtx_pipeline.goals import Goal


@dataclass(frozen=True)
class Forecast:
    """趋势测算 of one figure, exact and in its unit; what cannot be said is None.

    `straight_line` goes on from the baseline, `last_four_quarters` as since `year_ago`, the value four quarters before;
    `needed` is how much is wanted in each quarter left, whole units (percent points of a ratio), downwards where the
    target is to fall. `year_ago_note` says where `year_ago` comes from if not from that quarter's own deliveries.
    """

    straight_line: Fraction | None
    last_four_quarters: Fraction | None
    needed: int
    year_ago: Fraction | None = None
    year_ago_note: str = ""


def forecast(value: Fraction, goal: Goal, year_ago: Fraction | None = None, note: str = "") -> Forecast | None:
    """A value's forecast at its due quarter; None once that has come.

    Straight line B + (V−B)·N/n, which for a yearly target is V·4/n; last four quarters V + (V−V of q−4)·(N−n)/4;
    needed ⌈(T−V)/(N−n)⌉, 0 if met.
    """
    left = goal.steps - goal.step
    if left <= 0:
        return None
    missing = value - goal.value if goal.falling else goal.value - value
    return Forecast(
        straight_line=_straight_on(value, goal),
        last_four_quarters=None if year_ago is None else value + (value - year_ago) * Fraction(left, 4),
        needed=max(0, ceil(missing / left)),
        year_ago=year_ago,
        year_ago_note="" if year_ago is None else note,
    )


def _straight_on(value: Fraction, goal: Goal) -> Fraction | None:
    """No line leads on from an unknown baseline, nor from the baseline quarter itself."""
    if goal.baseline is None or goal.step <= 0:
        return None
    return goal.baseline + (value - goal.baseline) * Fraction(goal.steps, goal.step)
