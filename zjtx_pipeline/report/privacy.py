"""Knows what may not be printed: counts of few persons, sums over few firms (datasets.md 5.4, indicators.md T10).

Leaves the machine-readable files to `outputs`: those in the folder stay in the bureau, one attached to a report travels with it.
"""

from __future__ import annotations

from zjtx_pipeline.figures import Figure
from zjtx_pipeline.progress import Progress
from zjtx_pipeline.report.inputs import Measured, ReportInputs
from zjtx_pipeline.rules import Indicator, Part

FEWEST_PERSONS = 3
TALENT_TABLE = "D20"
CONFIDENTIAL_TABLES = {"D05", "D25"}
FEW_PERSONS, UNSHOWN = f"<{FEWEST_PERSONS}", "不列"
HEADS = {"家", "户"}
AMOUNTS = {"元", "万元", "%"}


def printable(inputs: ReportInputs) -> list[Progress]:
    """Of a report's figures those that may stand in it; the others are left out whole."""
    rules = inputs.rules
    return [each for each in inputs.progress if not _is_withheld(inputs, rules.indicators[each.figure.indicator], each.figure)]


def _is_withheld(inputs: ReportInputs, indicator: Indicator, figure: Figure) -> bool:
    return withheld(inputs, inputs.now, indicator, indicator.parts[figure.part], figure.breakdown) is not None


def withheld(
    inputs: ReportInputs, measured: Measured | None, indicator: Indicator, part: Part, breakdown: str = ""
) -> str | None:
    """What stands in place of a figure that may not be printed; None where it may."""
    if measured is None or _value(measured, indicator, part, breakdown) is None:
        return None
    if TALENT_TABLE in part.tables:
        return _of_persons(measured, indicator, part, breakdown)
    if is_of_firms(indicator, part):
        return _of_firms(inputs, measured, indicator, part, breakdown)
    return None


def is_of_firms(indicator: Indicator, part: Part) -> bool:
    """Does it tell of firms' business or taxes, so that it stands as a sum over enough of them or not at all?"""
    return bool(CONFIDENTIAL_TABLES & set(part.tables)) and _tells_amounts(indicator, part)


def _of_persons(measured: Measured, indicator: Indicator, part: Part, breakdown: str) -> str | None:
    """A small count shows as <3; money beside a small count would give it away."""
    counted = part if part.nature == "count" else _first(indicator, {"人"})
    value = _value(measured, indicator, counted, breakdown) if counted else None
    if value is None or value >= FEWEST_PERSONS:
        return None
    return FEW_PERSONS if counted is part else UNSHOWN


def _of_firms(inputs: ReportInputs, measured: Measured, indicator: Indicator, part: Part, breakdown: str) -> str | None:
    """Business and tax figures stand only as sums over at least three firms; of unknown number, not at all."""
    counted = _first(indicator, HEADS)
    behind = _value(measured, indicator, counted, breakdown) if counted else None
    known = inputs.firms_behind.get(indicator.id + part.letter, behind)
    return None if known is not None and known >= inputs.settings.minimum_sum_firms else UNSHOWN


def _tells_amounts(indicator: Indicator, part: Part) -> bool:
    """Amounts, and rates of amounts; a share of firms tells of no firm's business."""
    share_of_firms = any(each.nature == "numerator" and each.unit in HEADS for each in indicator.parts.values())
    return part.unit in AMOUNTS and not share_of_firms


def _first(indicator: Indicator, units: set[str]) -> Part | None:
    return next((part for part in indicator.parts.values() if part.unit in units), None)


def _value(measured: Measured, indicator: Indicator, part: Part, breakdown: str):
    progress = measured.get(indicator.id, part.letter, breakdown)
    return None if progress is None else progress.figure.value
