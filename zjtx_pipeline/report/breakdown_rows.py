"""Knows how breakdowns are printed: by town as a table, all others as a sentence; leaves totals to `figure_rows`."""

from __future__ import annotations

from fractions import Fraction

from zjtx_pipeline.report import formats
from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.report.pictures import share_bar
from zjtx_pipeline.report.rows import Split, TownTable
from zjtx_pipeline.report.shown import Shown, first_of, parts_of
from zjtx_pipeline.rules import Breakdown, Indicator, Part

TOWN, CLAUSE, READING, YEAR = "镇街", "条款", "口径", "年度"
NO_FIRM = "无适用对象"
IN_NO_YEAR = "属计划期以前年度的触发事项，或者兑现编号在奖补核定（D06a）中查不到、不知年度"


def splits(inputs: ReportInputs, indicators: list[Indicator]) -> tuple[Split, ...]:
    """Every breakdown that is no table of its own: by level, kind, title, channel …"""
    return tuple(
        Split(figure.full_name, "、".join(breakdown.columns), text, figure.id)
        for figure in parts_of(inputs, indicators)
        for breakdown in figure.part.breakdowns
        if _is_told(figure.part, breakdown) and (text := _text(figure, breakdown.columns))
    )


def town_table(inputs: ReportInputs, indicators: list[Indicator]) -> TownTable | None:
    """The first part of each indicator that is broken down by town, one column each; a bar beside the first."""
    firsts = [first_of(inputs, indicator) for indicator in indicators]
    columns = [figure for figure in firsts if any(each.columns == (TOWN,) for each in figure.part.breakdowns)]
    if not columns or columns[0].of(f"{TOWN}={inputs.rules.towns[0]}").progress is None:
        return None
    largest = largest_of(columns[0])
    rows = []
    for town in inputs.rules.towns:
        figures = [figure.of(f"{TOWN}={town}") for figure in columns]
        rows.append((town, tuple(map(_in_town, figures)), share_bar(figures[0].value, largest)))
    titles = (f"{figure.id} {figure.indicator.title}（{formats.printed_unit(figure.part.unit)}）" for figure in columns)
    return TownTable(tuple(titles), tuple(rows))


def _is_told(part: Part, breakdown: Breakdown) -> bool:
    """Towns have their table, clauses the award table, readings and a target's years stand under its line."""
    columns = set(breakdown.columns)
    return not {TOWN, READING, CLAUSE} & columns and not (YEAR in columns and part.kind == "H")


def _text(figure: Shown, columns: tuple[str, ...]) -> str:
    """`省级3家、市级5家，其余为0`; empty where the part was not measured."""
    rows = figure.inputs.rules.breakdown_rows(figure.part, figure.inputs.quarter.year)
    figures = [figure.of(row) for row in rows if row and _columns(row) == columns]
    if all(each.value is None for each in figures):
        return ""
    told = [_label(each.breakdown) + each.now_in_full for each in figures if each.value]
    beside = _in_no_year(figure, figures) if columns == (YEAR,) else ""
    if not told:
        return "各项均为0" + beside
    return "、".join(told) + ("，其余为0" if len(told) < len(figures) else "") + beside


def _in_no_year(figure: Shown, years: list[Shown]) -> str:
    """What the years leave of a total: paid for a trigger before the term, or under a number that D06a lacks."""
    if figure.value is None or any(each.value is None for each in years):
        return ""
    left = figure.value - sum(each.value for each in years)
    return f"；合计中另有{formats.with_unit(left, figure.part.unit)}不在所列年度，{IN_NO_YEAR}" if left else ""


def _columns(breakdown: str) -> tuple[str, ...]:
    return tuple(pair.partition("=")[0] for pair in breakdown.split(";"))


def _label(breakdown: str) -> str:
    pairs = [pair.partition("=") for pair in breakdown.split(";")]
    return "·".join(f"{value}年" if column == YEAR else value for column, _, value in pairs)


def _in_town(figure: Shown) -> str:
    """A town's value; a dash where it has no firm to count among."""
    return formats.NOTHING if figure.now == NO_FIRM else figure.now


def largest_of(figure: Shown) -> Fraction:
    """What fills the picture of an indicator by town: 100 % for a rate, else the largest town that may be shown."""
    towns = (figure.of(f"{TOWN}={town}") for town in figure.inputs.rules.towns)
    return Fraction(100) if figure.part.unit == "%" else max((town.value for town in towns if town.is_shown), default=Fraction(0))
