"""Knows how an indicator stands in a table: now, a quarter ago, against its target; leaves sentences to `sentences`.

Only the total of part a of an indicator with a target bears target, pace and light (indicators.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from zjtx_pipeline.progress import FELL_BACK, LATE, Progress
from zjtx_pipeline.report import formats
from zjtx_pipeline.report.inputs import Measured, ReportInputs
from zjtx_pipeline.report.lights import light
from zjtx_pipeline.report.pictures import Bar, bar
from zjtx_pipeline.report.privacy import withheld
from zjtx_pipeline.report.rows import FigureRow
from zjtx_pipeline.rules import Indicator, Part

READING, YEAR = "口径", "年度"
UNMEASURED = "尚未测算"


def target_rows(inputs: ReportInputs, indicators: list[Indicator]) -> tuple[FigureRow, ...]:
    """The indicators with a target: the total, then what stands under it."""
    aimed = [indicator for indicator in indicators if indicator.kind == "H"]
    return tuple(row for indicator in aimed for row in (target_row(inputs, indicator), *_under(inputs, indicator)))


def aim_name(indicator: Indicator) -> str:
    """What a target counts: the title, and the part where a count stands among others."""
    part = indicator.parts["a"]
    return (
        f"{indicator.title}（{part.name}）" if part.nature == "count" and len(indicator.parts) > 1 else indicator.title
    )


def after_due(progress: Progress) -> str:
    """What became of a target after its due quarter, in a word: 回落 or 逾期完成."""
    return "、".join(word for word in (FELL_BACK, LATE) if word in progress.note)


def target_row(inputs: ReportInputs, indicator: Indicator) -> FigureRow:
    """One indicator against its target."""
    part = indicator.parts["a"]
    progress = inputs.now.get(indicator.id, "a")
    return _against_target(_row(inputs, indicator, part), progress, part, aim_name(indicator))


def other_rows(inputs: ReportInputs, indicators: list[Indicator]) -> tuple[FigureRow, ...]:
    """The indicators without a target, one line a part."""
    rows = [_rows_of(inputs, indicator) for indicator in indicators if indicator.kind == "S"]
    return tuple(row for group in rows for row in group)


def in_full(
    inputs: ReportInputs, measured: Measured | None, indicator: Indicator, part: Part, breakdown: str = ""
) -> str:
    """A figure with its unit, or the word that stands for it."""
    text = shown(inputs, measured, indicator, part, breakdown)
    return text + formats.printed_unit(part.unit) if text[-1].isdigit() else text


def _rows_of(inputs: ReportInputs, indicator: Indicator) -> Iterator[FigureRow]:
    """One line for a single part; else the title's line, and one line a part under it."""
    parts = list(indicator.parts.values())
    if len(parts) == 1:
        yield _row(inputs, indicator, parts[0], name=indicator.title, note=_suggestion(indicator))
        return
    yield FigureRow(indicator.id, indicator.title, "", "", "", "", owner=indicator.owner, note=_suggestion(indicator))
    for part in parts:
        yield _row(inputs, indicator, part, name=part.name, under=True)


def _under(inputs: ReportInputs, indicator: Indicator) -> Iterator[FigureRow]:
    """What stands under a target's line: its other parts, the stricter reading, the finished years."""
    for part in list(indicator.parts.values())[1:]:
        yield _row(inputs, indicator, part, name=part.name, under=True)
    part = indicator.parts["a"]
    for breakdown in inputs.rules.breakdown_rows(part, inputs.quarter.year):
        column, _, value = breakdown.partition("=")
        if column == READING:
            yield _row(inputs, indicator, part, name=f"按从严口径{value}", under=True, breakdown=breakdown)
        if column == YEAR:
            row = _row(inputs, indicator, part, name=f"{value}年度", under=True, breakdown=breakdown)
            yield _against_target(row, inputs.now.get(indicator.id, "a", breakdown), part, row.name)


def _row(
    inputs: ReportInputs,
    indicator: Indicator,
    part: Part,
    *,
    name: str = "",
    note: str = "",
    under: bool = False,
    breakdown: str = "",
) -> FigureRow:
    progress = inputs.now.get(indicator.id, part.letter, breakdown)
    notes = [
        note,
        progress.note if progress else "",
        "沿用上期" if progress and progress.figure.status == "沿用上期" else "",
    ]
    return FigureRow(
        id=indicator.id if not under else "",
        name=name or indicator.title,
        unit=formats.printed_unit(part.unit),
        now=shown(inputs, inputs.now, indicator, part, breakdown),
        then=shown(inputs, inputs.before, indicator, part, breakdown),
        now_in_full=in_full(inputs, inputs.now, indicator, part, breakdown),
        then_in_full=in_full(inputs, inputs.before, indicator, part, breakdown),
        change=change(inputs, indicator, part, breakdown),
        note="；".join(dict.fromkeys(text for text in notes if text)),
        owner=indicator.owner if not under else "",
        under=under,
    )


def _against_target(row: FigureRow, progress: Progress | None, part: Part, name: str) -> FigureRow:
    if progress is None or progress.target is None:
        return row
    return replace(
        row,
        name=name,
        target=formats.target_text(progress.target, part.unit),
        due=formats.due_text(progress.due),
        done=_done(progress),
        pace=formats.pace_text(progress.pace, part.unit),
        light=light(progress.light),
        flag=after_due(progress),
        bar=_bar(progress),
        note="；".join(text for text in (row.note, progress.baseline_note) if text),
    )


def _done(progress: Progress) -> str:
    """完成率 = V/T; not for a target that is to fall, nor for yes or no."""
    value, target = progress.figure.value, progress.target
    if value is None or not target or target == 1:
        return formats.NOTHING
    return formats.percent(Fraction(value) / target)


def _bar(progress: Progress) -> Bar | None:
    """Value and pace on the way to the target: from nothing where it is to rise, from the baseline where to fall."""
    value, target, pace = progress.figure.value, progress.target, progress.pace
    if value is None:
        return None
    if target:
        return bar(Fraction(value) / target, None if pace is None else Fraction(pace) / target)
    start = progress.baseline
    if not start:
        return None
    return bar((start - value) / start, None if pace is None else (start - pace) / start)


def change(inputs: ReportInputs, indicator: Indicator, part: Part, breakdown: str = "") -> str:
    """较上季 of a figure; a count of the year begins anew in its first quarter and is not compared then."""
    now, then = inputs.now.get(indicator.id, part.letter, breakdown), inputs.then(indicator.id, part.letter, breakdown)
    if now is None or then is None or now.figure.value is None or then.figure.value is None:
        return formats.NOTHING
    if withheld(inputs, inputs.now, indicator, part, breakdown) or withheld(
        inputs, inputs.before, indicator, part, breakdown
    ):
        return formats.NOTHING
    if part.period == "Y" and inputs.quarter.number == 1 and not breakdown.startswith(YEAR):
        return "新年度"
    return formats.difference(now.figure.value, then.figure.value, part.unit)


def shown(
    inputs: ReportInputs, measured: Measured | None, indicator: Indicator, part: Part, breakdown: str = ""
) -> str:
    if measured is None:
        return formats.NOTHING
    progress = measured.get(indicator.id, part.letter, breakdown)
    if progress is None:
        return UNMEASURED if measured is inputs.now else formats.NOTHING
    if progress.figure.value is None:
        return progress.figure.status if measured is inputs.now else formats.NOTHING
    return withheld(inputs, measured, indicator, part, breakdown) or formats.printed(progress.figure.value, part.unit)


def _suggestion(indicator: Indicator) -> str:
    """What we propose where the text says 定期; never a target."""
    asked = indicator.suggestion
    return f"建议值：每{asked.per}{asked.count}场" if asked else ""
