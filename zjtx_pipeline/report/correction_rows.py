"""Knows what a 更正说明 says: the figures that differ from the last issue as they may be printed, why, and who approved it.

Leaves which figures differ to `revisions`, their causes to `causes`, and which issue to compare with to `stages.correcting`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import date
from fractions import Fraction
from typing import Any

import pandas as pd

from zjtx_pipeline.causes import BETWEEN, CAUSES, RETURNED, WITHDRAWN
from zjtx_pipeline.figures import Figure
from zjtx_pipeline.progress import Progress
from zjtx_pipeline.report import formats
from zjtx_pipeline.report.inputs import Measured, ReportInputs
from zjtx_pipeline.report.lights import light
from zjtx_pipeline.report.privacy import UNSHOWN, is_of_firms, withheld
from zjtx_pipeline.report.grounds import Corrected, Correction, Notice, Order
from zjtx_pipeline.report.rows import Light
from zjtx_pipeline.report.shown import Shown

LONGEST_LIST = 20
UNAPPROVED = "批准：待批准。"
TOWN = "镇街"


def lines(inputs: ReportInputs, changed: pd.DataFrame, before: pd.DataFrame) -> tuple[Corrected, ...]:
    """Every figure that differs, those with a light first, then totals, then breakdowns.

    `changed`: of `revisions.changes`, with `cause`; `before`: the figures of the last issue, which are withheld by their own small
    numbers, not by today's.
    """
    measured = _measured(before)
    told = [_line(inputs, measured, row) for row in changed.itertuples() if _is_known(inputs, row)]
    return tuple(sorted(told, key=lambda line: (not (line.old_light or line.new_light), bool(line.breakdown))))


def _measured(figures: pd.DataFrame) -> Measured:
    """What figures.csv says of a quarter, as far as withholding asks."""
    return Measured(
        Progress(Figure(row.indicator, row.part, row.breakdown, Fraction(row.value) if row.value else None, row.status))
        for row in figures.itertuples()
    )


def _is_known(inputs: ReportInputs, row) -> bool:
    """Do the rules know the figure still? Of another nobody can say what may be printed."""
    return row.indicator in inputs.rules.indicators and row.part in inputs.rules.indicators[row.indicator].parts


def _line(inputs: ReportInputs, measured: Measured, row) -> Corrected:
    indicator = inputs.rules.indicators[row.indicator]
    part = indicator.parts[row.part]
    # Of firms' amounts the old one is never told: beside the new one it would tell what the firm that came later has.
    old_mask = UNSHOWN if is_of_firms(indicator, part) else withheld(inputs, measured, indicator, part, row.breakdown)
    new_mask = withheld(inputs, inputs.now, indicator, part, row.breakdown)
    return Corrected(
        task=indicator.task,
        id=indicator.id + part.letter,
        name=Shown(inputs, indicator, part).full_name,
        breakdown=row.breakdown.replace(";", "，"),
        old=_with_unit(old_mask or _said(row.old_value, row.old_status, part.unit), part.unit),
        new=_with_unit(new_mask or _said(row.new_value, row.new_status, part.unit), part.unit),
        old_light=light(row.old_light),
        new_light=light(row.new_light),
        cause=row.cause,
        listed=not (old_mask and new_mask),
        beside=getattr(row, "beside", ""),
    )


def _said(value: str, status: str, unit: str) -> str:
    """A value of figures.csv as printed, or what stands in its place; a dash where there was no such figure."""
    return formats.printed(Fraction(value), unit) if value else status or formats.NOTHING


def _with_unit(text: str, unit: str) -> str:
    return text + formats.printed_unit(unit) if text[-1].isdigit() else text


def kept(notice: Notice) -> dict[str, Any]:
    """A notice as JSON keeps it."""
    return asdict(notice)


def from_kept(record: Mapping[str, Any]) -> Notice:
    """The notice that `kept` wrote, whatever lights look like today."""
    lit = ("old_light", "new_light")
    found = [Corrected(**line | {name: line[name] and Light(**line[name]) for name in lit}) for line in record["lines"]]
    return Notice(**{**record, "order": record["order"] and Order(**record["order"]), "lines": tuple(found)})


def corrections(inputs: ReportInputs, tasks: Iterable[int]) -> tuple[Correction, ...]:
    """The notices as a report on some tasks prints them, the newest first; those that concern none of its figures are left out."""
    wanted = set(tasks)
    return tuple(_correction(each, inputs.settings.bureau) for each in _of(inputs, lambda line: line.task in wanted))


def town_corrections(inputs: ReportInputs, ids: Collection[str]) -> tuple[Correction, ...]:
    """The notices as far as they concern what a table of towns shows of these figures."""
    shown = _of(inputs, lambda line: line.id in ids and line.breakdown.startswith(f"{TOWN}="))
    return tuple(_correction(each, inputs.settings.bureau) for each in shown)


def _of(inputs: ReportInputs, concerns: Callable[[Corrected], bool]) -> list[Notice]:
    """The notices with those of their lines alone, the newest first; left out where none is left."""
    own = (replace(each, lines=tuple(filter(concerns, each.lines))) for each in reversed(inputs.notices))
    return [each for each in own if each.lines]


def _correction(notice: Notice, bureau: str) -> Correction:
    shown = [line for line in notice.lines if line.listed][:LONGEST_LIST]
    left = len(notice.lines) - len(shown)
    pointer = f"另有{formats.count(left)}项未列，见{bureau}留存的revisions.csv（第{notice.since + 1}版起）。" if left else ""
    return Correction(f"第{notice.number}号", (_counted(notice), _approved(notice.order)), tuple(shown), pointer)


def _counted(notice: Notice) -> str:
    """How many figures differ, and how many for each cause; one that has several counts under each."""
    times = Counter(cause for line in notice.lines for cause in line.cause.split(BETWEEN))
    lit = sum(line.old_light != line.new_light for line in notice.lines)
    causes = "、".join(f"{cause}{formats.count(times[cause])}项" for cause in CAUSES if times[cause])
    moved = Counter(word for line in notice.lines for word in line.beside.split(BETWEEN))
    beside = "".join(f"，其中{word}{formats.count(moved[word])}项" for word in (WITHDRAWN, RETURNED) if moved[word])
    turned = f"，其中亮灯改变{lit}项" if lit else ""
    since = f"第{notice.since}版" + (f"（版本标识{notice.edition}）" if notice.edition else "")
    return f"与{since}相比，数值、状态或亮灯改变的共{formats.count(len(notice.lines))}项{turned}。原因类别：{causes}{beside}。"


def _approved(order: Order | None) -> str:
    if order is None:
        return UNAPPROVED
    return f"原因说明：{order.why.rstrip('。')}。批准人：{order.approved_by}，日期：{formats.day(date.fromisoformat(order.day))}。"
