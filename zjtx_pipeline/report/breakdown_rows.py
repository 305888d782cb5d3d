"""Knows how breakdowns are printed: by town as a table, all others as a sentence; leaves totals to `figure_rows`."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from zjtx_pipeline.report import formats
from zjtx_pipeline.report.figure_rows import READING, YEAR, in_full, shown
from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.report.pictures import Bar, share_bar
from zjtx_pipeline.report.rows import Split, TownTable
from zjtx_pipeline.rules import Indicator, Part

TOWN, CLAUSE = "镇街", "条款"


def splits(inputs: ReportInputs, indicators: list[Indicator]) -> tuple[Split, ...]:
    """Every breakdown that is no table of its own: by level, kind, title, channel …"""
    return tuple(
        Split(indicator.part_title(part.letter), "、".join(breakdown.columns), text)
        for indicator, part in _parts(indicators)
        for breakdown in part.breakdowns
        if not {TOWN, READING, CLAUSE} & set(breakdown.columns) and not (YEAR in breakdown.columns and part.kind == "H")
        if (text := _split_text(inputs, indicator, part, breakdown.columns))
    )


def town_table(inputs: ReportInputs, indicators: list[Indicator]) -> TownTable | None:
    """The first part of each indicator that is broken down by town, one column each."""
    parts = [(each, each.parts["a"]) for each in indicators if _by_town(each.parts["a"])]
    if not parts or all(inputs.now.get(each.id, "a", f"{TOWN}={inputs.rules.towns[0]}") is None for each, _ in parts):
        return None
    largest = _largest(inputs, *parts[0])
    rows = [
        (
            town,
            tuple(_in_town(inputs, each, part, town) for each, part in parts),
            _town_bar(inputs, parts[0], town, largest),
        )
        for town in inputs.rules.towns
    ]
    return TownTable(tuple(f"{each.title}（{formats.printed_unit(part.unit)}）" for each, part in parts), tuple(rows))


def _in_town(inputs: ReportInputs, indicator: Indicator, part: Part, town: str) -> str:
    """A town's value; a dash where it has no firm to count among."""
    text = shown(inputs, inputs.now, indicator, part, f"{TOWN}={town}")
    return formats.NOTHING if text == "无适用对象" else text


def _split_text(inputs: ReportInputs, indicator: Indicator, part: Part, columns: tuple[str, ...]) -> str:
    """`省级3家、市级5家，其余为0`; empty where the part was not measured."""
    rows = [row for row in inputs.rules.breakdown_rows(part, inputs.quarter.year) if row and _columns(row) == columns]
    found = [(row, inputs.now.get(indicator.id, part.letter, row)) for row in rows]
    if all(progress is None or progress.figure.value is None for _, progress in found):
        return ""
    told = [
        _label(row) + in_full(inputs, inputs.now, indicator, part, row)
        for row, progress in found
        if progress and progress.figure.value
    ]
    zeros = len(rows) - len(told)
    if not told:
        return "各项均为0"
    return "、".join(told) + ("，其余为0" if zeros else "")


def _columns(breakdown: str) -> tuple[str, ...]:
    return tuple(pair.partition("=")[0] for pair in breakdown.split(";"))


def _label(breakdown: str) -> str:
    pairs = [pair.partition("=") for pair in breakdown.split(";")]
    return "·".join(f"{value}年" if column == YEAR else value for column, _, value in pairs)


def _parts(indicators: list[Indicator]) -> Iterator[tuple[Indicator, Part]]:
    for indicator in indicators:
        for part in indicator.parts.values():
            yield indicator, part


def _by_town(part: Part) -> bool:
    return any(breakdown.columns == (TOWN,) for breakdown in part.breakdowns)


def _largest(inputs: ReportInputs, indicator: Indicator, part: Part) -> Fraction:
    values = [_town_value(inputs, indicator, part, town) for town in inputs.rules.towns]
    return (
        Fraction(100)
        if part.unit == "%"
        else max((value for value in values if value is not None), default=Fraction(0))
    )


def _town_bar(inputs: ReportInputs, first: tuple[Indicator, Part], town: str, largest: Fraction) -> Bar:
    return share_bar(_town_value(inputs, *first, town), largest)


def _town_value(inputs: ReportInputs, indicator: Indicator, part: Part, town: str) -> Fraction | None:
    progress = inputs.now.get(indicator.id, part.letter, f"{TOWN}={town}")
    return None if progress is None or progress.figure.value is None else Fraction(progress.figure.value)
