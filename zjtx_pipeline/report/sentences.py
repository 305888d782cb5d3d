"""Knows the sentences that say how things stand, a task's and the plan's; leaves what changed to `changes`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from zjtx_pipeline.progress import CARRIED
from zjtx_pipeline.report import formats
from zjtx_pipeline.report.figure_rows import ABSENT, after_due, aim_name, target_row
from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.report.lights import GREY, LIGHTS, WORST_FIRST, worst
from zjtx_pipeline.report.rows import Light
from zjtx_pipeline.report.shown import UNMEASURED, Shown, bearing, first_of, parts_of
from zjtx_pipeline.rules import Indicator, Task

NO_TARGET = "未设量化目标"
MOST_TOLD = 5


def light_of(inputs: ReportInputs, indicator: Indicator) -> str | None:
    """The light of a target's figure; None where it was never assessed."""
    progress = bearing(inputs, indicator).progress
    return progress.light if progress else None


def lamp(name: str) -> str:
    """`绿灯`; 已完成 is no lamp."""
    return name if name == "已完成" else f"{name}灯"


def task_light(inputs: ReportInputs, task: int) -> Light | None:
    """The light of a task: the worst of its targets' (indicators.md); None where it has no target."""
    aimed = [each for each in inputs.rules.indicators_of(task) if each.kind == "H"]
    return worst(light_of(inputs, each) or GREY for each in aimed)


def summary(inputs: ReportInputs, task: Task) -> tuple[str, ...]:
    """The state of a task: how its targets stand, one by one; or how much of it is measured."""
    indicators = inputs.rules.indicators_of(task.number)
    aimed = [indicator for indicator in indicators if indicator.kind == "H"]
    others = [indicator for indicator in indicators if indicator.kind == "S"]
    opening = f"截至{formats.day(inputs.quarter.last_day)}，本任务"
    if not aimed:
        return (f"{opening}{NO_TARGET}，{_measured(inputs, others)}{_first_numbers(inputs, others)}",)
    standing = "；".join(_standing(bearing(inputs, indicator)) for indicator in aimed)
    first = f"{opening}{_count_of_lights(inputs, aimed)}。其中，{standing}。"
    return (first, f"另有监测指标{len(others)}项，{_measured(inputs, others)}") if others else (first,)


def brief(inputs: ReportInputs, task: Task) -> str:
    """The state of a task in one sentence of the overall report."""
    return summary(inputs, task)[0].partition("，")[2].removeprefix("本任务")


def overall_summary(inputs: ReportInputs) -> tuple[str, ...]:
    """The page that says it all in a few sentences: targets by light, tasks by light, which targets are red."""
    rules = inputs.rules
    aimed = [indicator for indicator in rules.indicators.values() if indicator.kind == "H"]
    lit = [each.name for number in rules.tasks if (each := task_light(inputs, number))]
    first = (
        f"截至{formats.day(inputs.quarter.last_day)}，计划{_count_of_lights(inputs, aimed)}。"
        f"{len(rules.tasks)}项重点任务中，有量化目标的{len(lit)}项：{_lamps(lit)}；"
        f"其余{len(rules.tasks) - len(lit)}项{NO_TARGET}。"
    )
    red = [aim_name(bearing(inputs, each)) for each in aimed if light_of(inputs, each) == "红"]
    told = (first, f"亮红灯的目标：{formats.listed(red, MOST_TOLD)}。" if red else "", _undelivered(inputs))
    return tuple(sentence for sentence in told if sentence)


def _count_of_lights(inputs: ReportInputs, aimed: Sequence[Indicator]) -> str:
    counted = Counter(light_of(inputs, indicator) or GREY for indicator in aimed)
    words = [f"{LIGHTS[name].phrase}{counted[name]}项" for name in reversed(WORST_FIRST) if counted[name]]
    return f"共设量化目标{len(aimed)}项：{'、'.join(words)}"


def _lamps(names: list[str]) -> str:
    return "、".join(f"{lamp(name)}{names.count(name)}项" for name in reversed(WORST_FIRST) if name in names)


def _standing(figure: Shown) -> str:
    """`X8,912家，目标10,000家，序时进度8,500.00家，绿灯`."""
    row, progress, unit = target_row(figure), figure.progress, figure.part.unit
    told = [f"{row.name}{'：' if unit == '是否' else ''}{row.now_in_full}{_as_of(figure)}"]
    if progress is None or progress.target is None:
        return told[0]
    if unit != "是否":
        told.append(f"目标{row.target}")
    if progress.pace not in (None, progress.target) and progress.light in ("绿", "黄", "红"):
        told.append(f"序时进度{row.pace}{'' if unit == '%' else formats.printed_unit(unit)}")
    if progress.light:
        became = after_due(progress)
        told.append(lamp(progress.light) + (f"（{became}）" if became else ""))
    return "，".join(told)


def _measured(inputs: ReportInputs, indicators: list[Indicator]) -> str:
    """How many numbers there are, and why the others are not."""
    figures = parts_of(inputs, indicators)
    without = [each.progress.figure.status if each.progress else UNMEASURED for each in figures if each.value is None]
    carried = [CARRIED for each in figures if each.is_carried]
    told = f"监测数据{len(figures)}项，已取得{len(figures) - len(without) - len(carried)}项"
    missing = "、".join(f"{_dated(inputs, status)}{number}项" for status, number in Counter([*without, *carried]).items())
    return f"{told}（{missing}）。" if missing else f"{told}。"


def _dated(inputs: ReportInputs, status: str) -> str:
    """`待补（截至2025年1月15日）`: what is missing may have come since."""
    return f"{status}（截至{formats.day(inputs.due_on)}）" if status == ABSENT else status


def _as_of(figure: Shown) -> str:
    """What stands behind a target's value that is 待补 or carried from last quarter."""
    if figure.is_carried:
        return f"（{CARRIED}）"
    return _dated(figure.inputs, ABSENT).removeprefix(ABSENT) if figure.now == ABSENT else ""


def _undelivered(inputs: ReportInputs) -> str:
    """What nobody delivered, and how many figures have no value, or last quarter's, for it; totals alone."""
    figures = parts_of(inputs, list(inputs.rules.indicators.values()))
    counted = Counter(each.progress.figure.status for each in figures if each.progress)
    told = [f"{status}{counted[status]}项" for status in (ABSENT, CARRIED) if counted[status]]
    return f"{inputs.absence(inputs.status, MOST_TOLD)}，所涉指标数值{'、'.join(told)}。" if told else ""


def _first_numbers(inputs: ReportInputs, indicators: list[Indicator]) -> str:
    """The first number of some indicators, noughts left out: `其中，技术交易额173.46万元、…。`"""
    figures = [figure for each in indicators if (figure := first_of(inputs, each)).is_number]
    told = [f"{figure.name}{figure.now_in_full}" for figure in figures[:MOST_TOLD]]
    return f"其中，{'、'.join(told)}。" if told else ""
