"""Knows the sentences of a report: the state in one, and what changed; leaves tables to `figure_rows`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from zjtx_pipeline.report import formats
from zjtx_pipeline.report.figure_rows import after_due, aim_name, change, in_full
from zjtx_pipeline.report.inputs import Measured, ReportInputs
from zjtx_pipeline.report.lights import LIGHTS, WORST_FIRST, worst
from zjtx_pipeline.report.rows import Light
from zjtx_pipeline.rules import Indicator, Part, Task

NO_TARGET = "未设量化目标"
MOST_TOLD = 5


def task_light(inputs: ReportInputs, task: int) -> Light | None:
    """The light of a task: the worst of its targets' (indicators.md); None where it has no target."""
    return worst(_light(inputs.now, each) for each in inputs.rules.indicators_of(task) if each.kind == "H")


def summary(inputs: ReportInputs, task: Task) -> tuple[str, ...]:
    """The state of a task: how its targets stand, one by one; or how much of it is measured."""
    indicators = inputs.rules.indicators_of(task.number)
    aimed = [indicator for indicator in indicators if indicator.kind == "H"]
    opening = f"截至{formats.day(inputs.quarter.last_day)}，本任务"
    if not aimed:
        return (f"{opening}{NO_TARGET}，{_measured(inputs, indicators)}{_first_numbers(inputs, indicators)}",)
    standing = "；".join(_standing(inputs, indicator) for indicator in aimed)
    others = [indicator for indicator in indicators if indicator.kind == "S"]
    return (
        f"{opening}{_count_of_lights(inputs, aimed)}。其中，{standing}。",
        f"另有监测指标{len(others)}项，{_measured(inputs, others)}" if others else "",
    )


def brief(inputs: ReportInputs, task: Task) -> str:
    """The state of a task in one sentence of the overall report."""
    return summary(inputs, task)[0].partition("，")[2].removeprefix("本任务")


def changes(inputs: ReportInputs, indicators: Sequence[Indicator]) -> tuple[str, ...]:
    """What changed since the quarter before: lights first, then the targets' values, then all others in numbers."""
    if inputs.before is None:
        return ("本季为计划期首个报告季，无上季可比。",)
    aimed = [indicator for indicator in indicators if indicator.kind == "H"]
    told = [*light_changes(inputs, aimed), *_value_changes(inputs, aimed), _other_changes(inputs, indicators)]
    return tuple(sentence for sentence in told if sentence)


def light_changes(inputs: ReportInputs, aimed: Sequence[Indicator]) -> list[str]:
    """Which lights turned, grouped by what they turned to, the worst first; or that none did."""
    turned: dict[str, list[str]] = {}
    for indicator in aimed:
        now, then = _light(inputs.now, indicator), _light(inputs.before, indicator)
        if now and then and now != then:
            turned.setdefault(now, []).append(f"{aim_name(indicator)}（上季{_lamp(then)}）")
    if not turned:
        return ["量化目标亮灯与上季相同。"] if aimed else []
    return [f"转为{_lamp(name)}：{formats.listed(turned[name])}。" for name in WORST_FIRST if name in turned]


def overall_summary(inputs: ReportInputs) -> tuple[str, ...]:
    """Page 1 in a few sentences: targets by light, tasks by light, what is red, what was not delivered."""
    rules = inputs.rules
    aimed = [indicator for indicator in rules.indicators.values() if indicator.kind == "H"]
    lights = [task_light(inputs, number) for number in rules.tasks]
    lit = [each.name for each in lights if each]
    first = (
        f"截至{formats.day(inputs.quarter.last_day)}，计划{_count_of_lights(inputs, aimed)}。"
        f"{len(rules.tasks)}项重点任务中，有量化目标的{len(lit)}项：{_lamps(Counter(lit))}；"
        f"其余{len(lights) - len(lit)}项{NO_TARGET}。"
    )
    red = [aim_name(indicator) for indicator in aimed if _light(inputs.now, indicator) == "红"]
    return (first, f"亮红灯的目标：{formats.listed(red)}。" if red else "")


def _count_of_lights(inputs: ReportInputs, aimed: Sequence[Indicator]) -> str:
    counted = Counter(_light(inputs.now, indicator) or "灰" for indicator in aimed)
    words = [f"{LIGHTS[name].phrase}{counted[name]}项" for name in reversed(WORST_FIRST) if counted[name]]
    return f"共设量化目标{len(aimed)}项：{'、'.join(words)}"


def _lamps(counted: Counter) -> str:
    return "、".join(f"{_lamp(name)}{counted[name]}项" for name in reversed(WORST_FIRST) if counted[name])


def _lamp(name: str) -> str:
    return name if name == "已完成" else f"{name}灯"


def _light(measured: Measured | None, indicator: Indicator) -> str | None:
    progress = measured.get(indicator.id, "a") if measured else None
    return (progress.light or None) if progress else None


def _standing(inputs: ReportInputs, indicator: Indicator) -> str:
    """`X8,912家，目标10,000家，序时进度8,500.00家，绿灯`."""
    part, progress = indicator.parts["a"], inputs.now.get(indicator.id, "a")
    told = f"{aim_name(indicator)}{_is(part.unit)}{in_full(inputs, inputs.now, indicator, part)}"
    if progress is None or progress.target is None:
        return told
    if part.unit != "是否":
        told += f"，目标{formats.target_text(progress.target, part.unit)}"
    if progress.pace is not None and progress.light in ("绿", "黄", "红") and progress.pace != progress.target:
        pace = formats.pace_text(progress.pace, part.unit)
        told += f"，序时进度{pace}{'' if part.unit == '%' else formats.printed_unit(part.unit)}"
    return f"{told}，{_lamp(progress.light)}{_aside(after_due(progress))}" if progress.light else told


def _aside(text: str) -> str:
    return f"（{text}）" if text else ""


def _is(unit: str) -> str:
    return "：" if unit == "是否" else ""


def _measured(inputs: ReportInputs, indicators: Sequence[Indicator]) -> str:
    """How many numbers there are, and why the others are not."""
    parts = [(each, part) for each in indicators for part in each.parts.values() if part.kind == "S"]
    found = [inputs.now.get(each.id, part.letter) for each, part in parts]
    states = Counter(
        "尚未测算" if one is None else one.figure.status for one in found if one is None or one.figure.value is None
    )
    told = f"监测数据{len(parts)}项，已取得{len(parts) - states.total()}项"
    missing = "、".join(f"{state}{number}项" for state, number in states.items())
    return f"{told}（{missing}）。" if missing else f"{told}。"


def _first_numbers(inputs: ReportInputs, indicators: Sequence[Indicator]) -> str:
    """The first number of some indicators, those that are not nought: `其中，技术交易额173.46万元、…。`"""
    firsts = [
        (each, part) for each in indicators for part in [next(iter(each.parts.values()))] if _counts(inputs, each, part)
    ]
    told = [f"{_short_name(each, part)}{in_full(inputs, inputs.now, each, part)}" for each, part in firsts[:MOST_TOLD]]
    return f"其中，{'、'.join(told)}。" if told else ""


def _counts(inputs: ReportInputs, indicator: Indicator, part: Part) -> bool:
    progress = inputs.now.get(indicator.id, part.letter)
    return bool(progress and progress.figure.value) and in_full(inputs, inputs.now, indicator, part)[0].isdigit()


def _short_name(indicator: Indicator, part: Part) -> str:
    return f"{indicator.title}（{part.name}）" if len(indicator.parts) > 1 else indicator.title


def _value_changes(inputs: ReportInputs, aimed: Sequence[Indicator]) -> list[str]:
    told = [_moved(inputs, indicator) for indicator in aimed]
    told = [sentence for sentence in told if sentence]
    return ["；".join(told) + "。"] if told else []


def _moved(inputs: ReportInputs, indicator: Indicator) -> str:
    """`X由8,800家变为8,912家，增加112家`; empty where there is nothing to compare, or nothing changed."""
    part = indicator.parts["a"]
    if change(inputs, indicator, part) in (formats.NOTHING, "新年度", "持平"):
        return ""
    now, then = inputs.now.get(indicator.id, "a").figure.value, inputs.then(indicator.id, "a").figure.value
    if part.unit == "是否":
        return f"{indicator.title}由“{formats.printed(then, part.unit)}”转为“{formats.printed(now, part.unit)}”"
    return (
        f"{aim_name(indicator)}由{formats.with_unit(then, part.unit)}变为{formats.with_unit(now, part.unit)}，"
        f"{formats.difference_words(now, then, part.unit)}"
    )


def _other_changes(inputs: ReportInputs, indicators: Sequence[Indicator]) -> str:
    """How many of the other numbers rose, fell or stayed."""
    moves = Counter(
        _direction(inputs, indicator, part)
        for indicator in indicators
        for part in indicator.parts.values()
        if part.kind == "S"
    )
    told = [f"{word}{moves[word]}项" for word in ("增加", "减少", "持平") if moves[word]]
    if not told:
        return ""
    again = f"；按本年累计的{moves['新年度']}项自一季度重新累计，不与上季比较" if moves["新年度"] else ""
    return f"监测数据中，{'、'.join(told)}{again}。{_largest_changes(inputs, indicators)}"


def _largest_changes(inputs: ReportInputs, indicators: Sequence[Indicator]) -> str:
    """The numbers without target that moved most, measured by what they were: at most five, of one task alone."""
    if len({indicator.task for indicator in indicators}) > 1:
        return ""
    moved = [
        (each, part)
        for each in indicators
        for part in each.parts.values()
        if part.kind == "S" and _direction(inputs, each, part) in ("增加", "减少")
    ]
    moved.sort(key=lambda pair: _relative(inputs, *pair), reverse=True)
    told = [f"{_short_name(each, part)}由{_then_now(inputs, each, part)}" for each, part in moved[:MOST_TOLD]]
    return f"其中变化较大的：{'；'.join(told)}。" if told else ""


def _relative(inputs: ReportInputs, indicator: Indicator, part: Part) -> Fraction:
    now, then = (
        inputs.now.get(indicator.id, part.letter).figure.value,
        inputs.then(indicator.id, part.letter).figure.value,
    )
    return abs(Fraction(now) - then) / max(abs(Fraction(then)), 1)


def _then_now(inputs: ReportInputs, indicator: Indicator, part: Part) -> str:
    return f"{in_full(inputs, inputs.before, indicator, part)}变为{in_full(inputs, inputs.now, indicator, part)}"


def _direction(inputs: ReportInputs, indicator: Indicator, part: Part) -> str:
    moved = change(inputs, indicator, part)
    return {"+": "增加", formats.MINUS: "减少"}.get(moved[0], moved)
