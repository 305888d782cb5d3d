"""Knows how an indicator stands in a table: now, a quarter ago, against its target; leaves sentences to `sentences`.

Only the total of part a of an indicator with a target, and its finished years, bear target, pace and light.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from zjtx_pipeline.progress import FELL_BACK, LATE, Progress
from zjtx_pipeline.report import formats
from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.report.lights import light
from zjtx_pipeline.report.pictures import Bar, bar
from zjtx_pipeline.report.rows import FigureRow
from zjtx_pipeline.report.shown import YEAR, Shown, first_of
from zjtx_pipeline.report.trends import trend
from zjtx_pipeline.rules import Indicator

READING = "口径="
ABSENT, CARRIED = "待补", "沿用上期"


def target_rows(inputs: ReportInputs, indicators: list[Indicator]) -> tuple[FigureRow, ...]:
    """The indicators with a target: the total, then what stands under it."""
    aimed = [indicator for indicator in indicators if indicator.kind == "H"]
    return tuple(row for each in aimed for row in (target_row(first_of(inputs, each)), *_under(inputs, each)))


def other_rows(inputs: ReportInputs, indicators: list[Indicator]) -> tuple[FigureRow, ...]:
    """The indicators without a target, one line a part."""
    return tuple(row for each in indicators if each.kind == "S" for row in _rows_of(inputs, each))


def key_row(inputs: ReportInputs, indicator: Indicator) -> FigureRow:
    """The first number of an indicator without a target, on a line of its own."""
    figure = first_of(inputs, indicator)
    return row_of(figure, figure.full_name, note=figure.told)


def target_row(figure: Shown) -> FigureRow:
    """One indicator, or one finished year of it, against its target."""
    return _against_target(row_of(figure, aim_name(figure)), figure)


def aim_name(figure: Shown) -> str:
    """What a target counts: the title, the part where a count stands among others, the year of a finished one."""
    named = figure.name if figure.part.nature == "count" else figure.indicator.title
    return f"{named}（{_year(figure)}）" if figure.breakdown else named


def row_of(figure: Shown, name: str, **beside: str | bool) -> FigureRow:
    """A figure's line: `beside` gives owner, whether it stands under another, and what is noted with it."""
    noted = [beside.pop("note", ""), figure.progress.note if figure.progress else "", absence(figure)]
    return FigureRow(
        id=figure.id,
        name=name,
        unit=formats.printed_unit(figure.part.unit),
        now=figure.now,
        then=figure.then,
        now_in_full=figure.now_in_full,
        then_in_full=figure.then_in_full,
        change=figure.change,
        note="；".join(dict.fromkeys(text for text in noted if text)),
        **beside,
    )


def after_due(progress: Progress) -> str:
    """What became of a target after its due quarter, in a word: 回落 or 逾期完成."""
    return "、".join(word for word in (FELL_BACK, LATE) if word in progress.note)


def _rows_of(inputs: ReportInputs, indicator: Indicator) -> Iterator[FigureRow]:
    """One line for a single part; else the title's line, and one line a part under it."""
    beside = {"owner": indicator.owner, "note": _suggestion(indicator) or first_of(inputs, indicator).told}
    if len(indicator.parts) == 1:
        yield row_of(first_of(inputs, indicator), indicator.title, **beside)
        return
    yield FigureRow(id=indicator.id, name=indicator.title, unit="", now="", then="", change="", **beside)
    for part in indicator.parts.values():
        figure = Shown(inputs, indicator, part)
        yield row_of(figure, figure.part_name, under=True)


def _under(inputs: ReportInputs, indicator: Indicator) -> Iterator[FigureRow]:
    """What stands under a target's line: its other parts, the stricter reading, the finished years."""
    for part in list(indicator.parts.values())[1:]:
        yield row_of(Shown(inputs, indicator, part), part.name, under=True)
    total = first_of(inputs, indicator)
    for breakdown in inputs.rules.breakdown_rows(total.part, inputs.quarter.year):
        figure = total.of(breakdown)
        if breakdown.startswith(READING):
            yield row_of(figure, "从严口径", under=True)
        if breakdown.startswith(YEAR):
            yield _against_target(row_of(figure, _year(figure), under=True), figure)


def _year(figure: Shown) -> str:
    return f"{figure.breakdown.removeprefix(YEAR)}年度"


def _against_target(row: FigureRow, figure: Shown) -> FigureRow:
    progress, unit = figure.progress, figure.part.unit
    if progress is None or progress.target is None:
        return row
    return replace(
        row,
        target=formats.target_text(progress.target, unit),
        due=formats.due_text(progress.due),
        done=_done(progress),
        pace=formats.pace_text(progress.pace, unit),
        light=light(progress.light),
        flag=after_due(progress) or (CARRIED if figure.is_carried else ""),
        bar=_bar(progress),
        trend=trend(progress, figure.inputs.rules),
        note="；".join(text for text in (row.note, progress.baseline_note if figure.part.nature != "yes_no" else "") if text),
    )


def _done(progress: Progress) -> str:
    """完成率 = V/T; not for a target that is to fall, nor for yes or no."""
    value, target = progress.figure.value, progress.target
    if value is None or not target or target == 1:
        return formats.NOTHING
    return formats.percent(value / target)


def _bar(progress: Progress) -> Bar | None:
    """Value and pace on the way to the target."""
    return bar(on_the_way(progress), _share(progress, progress.pace))


def on_the_way(progress: Progress) -> Fraction | None:
    """How much of the way to its target a figure has come: from nothing where it is to rise, from the baseline where it is to fall to
    nought; None where that cannot be said."""
    return _share(progress, progress.figure.value)


def _share(progress: Progress, value: Fraction | None) -> Fraction | None:
    if value is None:
        return None
    if progress.target:
        return value / progress.target
    return (progress.baseline - value) / progress.baseline if progress.baseline else None


def absence(figure: Shown) -> str:
    """Why a figure is 待补 or carried: which tables were not delivered by which day; a carried one says so first."""
    status = figure.progress.figure.status if figure.progress else ""
    if status not in (ABSENT, CARRIED):
        return ""
    told = figure.inputs.absence(figure.part.rests_on)
    return "，".join(filter(None, [CARRIED if status == CARRIED else "", told]))


def _suggestion(indicator: Indicator) -> str:
    """What we propose where the text says 定期; never a target."""
    asked = indicator.suggestion
    return f"建议值：每{asked.per}{asked.count}场" if asked else ""
