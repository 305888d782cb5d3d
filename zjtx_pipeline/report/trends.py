"""Knows how a forecast is put on paper: 趋势测算, bounded, cautiously rounded, with its unit; leaves the arithmetic to `forecast`."""

from __future__ import annotations

from zjtx_pipeline.progress import Progress
from zjtx_pipeline.report import formats
from zjtx_pipeline.report.rows import Trend
from zjtx_pipeline.rules import Rules

POINTS = "个百分点"


def trend(progress: Progress, rules: Rules) -> Trend | None:
    """The forecast of a figure beside its target, as text; None where there is none."""
    ahead = progress.forecast
    if ahead is None:
        return None
    indicator = rules.indicators[progress.figure.indicator]
    unit, falling = indicator.parts[progress.figure.part].unit, rules.targets[indicator.target].direction == "down"
    straight, recent = (formats.cautious(each, unit, progress.target, falling=falling) for each in (ahead.straight_line, ahead.last_four_quarters))
    counted = "" if unit == "%" else unit
    return Trend(
        straight_line=_counted(straight, counted),
        last_four_quarters=_counted(recent, counted),
        pair=f"{straight.removesuffix('%') if recent.endswith('%') else straight}/{recent}",
        needed=_needed(ahead.needed, unit, falling),
    )


def _counted(number: str, unit: str) -> str:
    return number if number == formats.NOTHING else number + unit


def _needed(number: int, unit: str, falling: bool) -> str:
    """`新增331家`, `提高6个百分点`, `减少2家`."""
    verb = "减少" if falling else "提高" if unit == "%" else "新增"
    return f"{verb}{formats.count(number)}{POINTS if unit == '%' else unit}"

