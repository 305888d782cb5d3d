"""Knows the geometry of a target's curve: the quarters gone by, where the target lies, both forecasts to the due quarter.

Leaves drawing to the macros and the numbers beside it to `figure_rows`. Lengths are tenths of a millimetre, from the top left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from zjtx_pipeline.forecast import Forecast
from zjtx_pipeline.progress import CARRIED
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.report import formats
from zjtx_pipeline.report.figure_rows import after_due, target_row
from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.report.rows import Curve, CurveRow
from zjtx_pipeline.report.shown import Shown, first_of
from zjtx_pipeline.rules import Indicator

WIDTH, HEIGHT = 480, 170
LEFT, RIGHT, TOP, BOTTOM = 6, 14, 14, 6

Values = Sequence[tuple[Quarter, Fraction | None]]


def curve_rows(inputs: ReportInputs, indicators: Sequence[Indicator]) -> tuple[CurveRow, ...]:
    """A curve for every indicator that a number is aimed at and of which any quarter's value is known."""
    figures = [first_of(inputs, each) for each in indicators if each.kind == "H" and each.parts["a"].unit != "是否"]
    return tuple(_row(figure) for figure in figures if any(value is not None for _, value in _values(figure)))


def _row(figure: Shown) -> CurveRow:
    """Of a yearly target whose last year is over the count goes on, without an aim."""
    row, unit, values, own = target_row(figure), figure.part.unit, _values(figure), figure.progress
    drawn = curve(values, own.target, own.forecast, own.due, yearly=figure.part.period == "Y", percent=unit == "%")
    now = row.now_in_full + (f"（{CARRIED}）" if figure.is_carried else "")
    return CurveRow(row.id, row.name, now, row.target, row.light, after_due(own) if own else "", drawn, _told(values, unit, row))


def _values(figure: Shown) -> Values:
    """What was measured at each quarter's end, this one last; a value carried from last quarter is none of its own."""
    now = None if figure.is_carried else figure.value
    return [*(figure.progress.history if figure.progress else ()), (figure.inputs.quarter, now)]


def _told(values: Values, unit: str, row) -> str:
    """What the picture says to whoever cannot see it."""
    course = "、".join(formats.with_unit(value, unit) for _, value in values)
    aim = f"；目标{row.target}" if row.target else ""
    ahead = f"；趋势测算：{row.trend.told}" if row.trend else ""
    return f"{row.name}自{values[0][0].chinese}起各季末：{course}{aim}{ahead}"


def curve(values: Values, target: Fraction | None, ahead: Forecast | None, due: Quarter | None, *, yearly: bool, percent: bool) -> Curve:
    """The curve of these values; a yearly count begins anew each year, a percentage ends at nought and a hundred."""
    (first, _), (now, value) = values[0], values[-1]
    ends = (ahead.straight_line, ahead.last_four_quarters) if ahead and value is not None else (None, None)
    straight, recent = (None if end is None else _bounded(end, percent) for end in ends)
    last = due if ahead and due else now
    known = [each for each in (*(each for _, each in values), target, straight, recent) if each is not None]
    scale = _Scale(first, max(last - first, 1), max([*known, Fraction(1)]))
    runs = list(_runs(values, yearly))
    return Curve(
        lines=tuple(" ".join(scale.at(*point) for point in run) for run in runs),
        dots=tuple((scale.across(quarter), scale.down(each)) for quarter, each in _alone(runs, now)),
        goal=None if target is None else scale.down(target),
        straight=None if straight is None else f"{scale.at(now, value)} {scale.at(last, straight)}",
        recent=None if recent is None else f"{scale.at(now, value)} {scale.at(last, recent)}",
        years=tuple(scale.across(Quarter(year, 4)) for year in range(first.year, last.year + 1) if first <= Quarter(year, 4) <= last),
        since=first.chinese,
        until=last.chinese,
    )


@dataclass(frozen=True)
class _Scale:
    """Where a quarter's value stands in the picture, from nought to the highest."""

    first: Quarter
    quarters: int
    highest: Fraction

    def across(self, quarter: Quarter) -> str:
        return formats.fixed(LEFT + Fraction(quarter - self.first, self.quarters) * (WIDTH - LEFT - RIGHT), 1)

    def down(self, value: Fraction) -> str:
        return formats.fixed(HEIGHT - BOTTOM - max(value, Fraction(0)) / self.highest * (HEIGHT - TOP - BOTTOM), 1)

    def at(self, quarter: Quarter, value: Fraction) -> str:
        return f"{self.across(quarter)},{self.down(value)}"


def _runs(values: Values, yearly: bool) -> Iterator[list[tuple[Quarter, Fraction]]]:
    """The values that stand together: without a gap between, and of one year where they begin anew."""
    run: list[tuple[Quarter, Fraction]] = []
    for quarter, value in values:
        if run and (value is None or (yearly and quarter.number == 1)):
            yield run
            run = []
        if value is not None:
            run.append((quarter, value))
    if run:
        yield run


def _alone(runs: list[list[tuple[Quarter, Fraction]]], now: Quarter) -> list[tuple[Quarter, Fraction]]:
    """This quarter's value, and those that no line leads to."""
    return [run[-1] for run in runs if run[-1][0] == now or len(run) == 1]


def _bounded(value: Fraction, percent: bool) -> Fraction:
    return min(max(value, Fraction(0)), Fraction(100)) if percent else max(value, Fraction(0))
