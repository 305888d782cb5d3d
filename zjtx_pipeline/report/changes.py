"""Knows the sentences of 较上季变化: which lights turned, which values moved; leaves the present to `sentences`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from zjtx_pipeline.report import formats
from zjtx_pipeline.report.figure_rows import aim_name
from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.report.lights import WORST_FIRST
from zjtx_pipeline.report.sentences import MOST_TOLD, lamp, light_of
from zjtx_pipeline.report.shown import NEW_YEAR, SAME, Shown, bearing, first_of, parts_of
from zjtx_pipeline.rules import Indicator

FEW = 3  # names where a page has to hold them
MOVES = {"+": "增加", formats.MINUS: "减少"}


def changes(inputs: ReportInputs, indicators: Sequence[Indicator]) -> tuple[str, ...]:
    """What changed since the quarter before: lights first, then the targets' values, then all others in numbers."""
    if inputs.before is None:
        return (_incomparable(inputs),)
    aimed = [indicator for indicator in indicators if indicator.kind == "H"]
    figures = [figure for figure in parts_of(inputs, list(indicators)) if figure.part.kind == "S"]
    told = [*_lights(inputs, aimed), _values(inputs, aimed), _numbers(figures)]
    if len({indicator.task for indicator in indicators}) == 1:
        told.append(_largest(figures))
    return tuple(sentence for sentence in told if sentence)


def turned(inputs: ReportInputs, indicators: Sequence[Indicator]) -> tuple[str, ...]:
    """Which lights turned since the quarter before, a few named of each, or that none did."""
    if inputs.before is None:
        return (_incomparable(inputs),)
    return tuple(_lights(inputs, [indicator for indicator in indicators if indicator.kind == "H"], FEW))


def _incomparable(inputs: ReportInputs) -> str:
    is_first = inputs.quarter.first_day <= inputs.rules.plan.starts_on
    return "本季为计划期首个报告季，无上季可比。" if is_first else "上季没有报送数据，不作比较。"


def _lights(inputs: ReportInputs, aimed: list[Indicator], most: int | None = None) -> list[str]:
    """Which lights turned, grouped by what they turned to, the worst first; or that none did."""
    turned: dict[str, list[str]] = {}
    earlier = replace(inputs, progress=inputs.progress_before)
    for indicator in aimed:
        now, then = light_of(inputs, indicator), light_of(earlier, indicator)
        if now and then and now != then:
            turned.setdefault(now, []).append(f"{aim_name(bearing(inputs, indicator))}（上季{lamp(then)}）")
    if aimed and not turned:
        return ["量化目标亮灯与上季相同。"]
    return [f"转为{lamp(name)}：{formats.listed(turned[name], most)}。" for name in WORST_FIRST if name in turned]


def _values(inputs: ReportInputs, aimed: list[Indicator]) -> str:
    moved = [_moved(figure) for each in aimed if (figure := first_of(inputs, each)).has_changed]
    return "；".join(moved) + "。" if moved else ""


def _moved(figure: Shown) -> str:
    """`X由8,800家变为8,912家，增加112家`."""
    told = f"{aim_name(figure)}由{figure.then_in_full}变为{figure.now_in_full}"
    if figure.part.unit == "是否":
        return told
    return f"{told}，{formats.difference_words(figure.value, figure.value_then, figure.part.unit)}"


def _numbers(figures: list[Shown]) -> str:
    """How many of the other numbers rose, fell or stayed."""
    moves = Counter(MOVES.get(figure.change[0], figure.change) for figure in figures)
    told = [f"{word}{moves[word]}项" for word in (*MOVES.values(), SAME) if moves[word]]
    if not told:
        return ""
    again = f"；按本年累计的{moves[NEW_YEAR]}项自一季度重新累计，不与上季比较" if moves[NEW_YEAR] else ""
    return f"监测数据中，{'、'.join(told)}{again}。"


def _largest(figures: list[Shown]) -> str:
    """The numbers without target that moved most, measured by what they were."""
    moved = sorted((figure for figure in figures if figure.has_changed), key=_relative, reverse=True)
    told = [f"{figure.name}由{figure.then_in_full}变为{figure.now_in_full}" for figure in moved[:MOST_TOLD]]
    return f"其中变化较大的：{'；'.join(told)}。" if told else ""


def _relative(figure: Shown):
    return abs(figure.value - figure.value_then) / max(abs(figure.value_then), 1)
