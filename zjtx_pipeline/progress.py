"""Knows each figure's standing against its target: baseline, pace, light, and what to say beside them.

Leaves measuring to `indicators`, rounding to the report. Source: indicators.md, “Pace and light”; only H indicators.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from fractions import Fraction
from typing import Any, Literal

from zjtx_pipeline.books import Books, once
from zjtx_pipeline.figures import Figure
from zjtx_pipeline.indicators import headline
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.rules import Rules, Target

Light = Literal["红", "黄", "灰", "绿", "已完成"]
RED, YELLOW, GREY, GREEN, DONE = ("红", "黄", "灰", "绿", "已完成")
DERIVED, UNCONFIRMED = "台账推算，待经信局确认", "基线待确认"
FELL_BACK, LATE, RECALCULATED = "回落", "逾期完成", "按现有台账回算"
YEAR = "年度="


@dataclass(frozen=True)
class Progress:
    """A figure beside its target. Values are exact, in the figure's unit; all but `figure` empty where none applies.

    `due` is the due quarter; `baseline_note` says where the baseline comes from; `note` joins 回落, 逾期完成,
    按现有台账回算, 基线待确认 and the watch line by “；”.
    """

    figure: Figure
    baseline: Fraction | None = None
    baseline_note: str = ""
    target: Fraction | None = None
    due: Quarter | None = None
    pace: Fraction | None = None
    light: Light | None = None
    note: str = ""

    def record(self) -> dict[str, Any]:
        """As JSON keeps it: exact fractions and quarters as text."""
        plain = asdict(self) | asdict(self.figure)
        del plain["figure"]
        exact = {name: None if plain[name] is None else str(plain[name]) for name in _EXACT}
        return plain | exact | {"due": self.due and str(self.due)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Progress:
        """The line that `record` wrote."""
        exact = {name: None if record[name] is None else Fraction(record[name]) for name in _EXACT}
        plain = {**record, **exact, "due": record["due"] and Quarter.parse(record["due"])}
        figure = Figure(**{field.name: plain.pop(field.name) for field in fields(Figure)})
        return cls(figure, **plain)


_EXACT = ("value", "baseline", "target", "pace")


@dataclass(frozen=True)
class Goal:
    """What one figure is held to; `step` of `steps` quarters from the baseline to the due quarter have gone."""

    value: Fraction
    falling: bool
    due: Quarter
    baseline: Fraction | None
    baseline_note: str
    step: int
    steps: int

    def met_by(self, value: Fraction | None) -> bool:
        if value is None:
            return False
        return value <= self.value if self.falling else value >= self.value

    @property
    def pace(self) -> Fraction | None:
        """序时: straight from the baseline to the target; the target itself once the due quarter has come."""
        if self.step >= self.steps:
            return self.value
        if self.baseline is None:
            return None
        return self.baseline + (self.value - self.baseline) * Fraction(self.step, self.steps)

    def lag(self, value: Fraction) -> Fraction:
        """Points behind pace, per hundred of the way from baseline to target; the same for rising and falling."""
        return (self.pace - value) / (self.value - self.baseline) * 100


def assess(figures: list[Figure], books: Books, at_due: Mapping[Quarter, Books]) -> list[Progress]:
    """Each figure with its standing. `at_due` holds the books of due quarters gone by that were kept (small print 11)."""
    return [_assess(figure, books, at_due) for figure in figures]


def quarters_of(target: Target) -> set[Quarter]:
    """The quarters in which a target falls due or is watched."""
    days = {Quarter.of(day) for day in (target.due, target.watch_day) if day}
    return days | {Quarter(year, 4) for year in target.years}


def due_quarters(rules: Rules, quarter: Quarter) -> list[Quarter]:
    """The due and watch quarters before this one, whose own deliveries `assess` asks for."""
    every = set().union(*map(quarters_of, rules.targets.values()))
    return sorted(due for due in every if due < quarter)


def _assess(figure: Figure, books: Books, at_due: Mapping[Quarter, Books]) -> Progress:
    target = books.rules.targets.get(books.rules.indicators[figure.indicator].target or "")
    goal = _goal(target, figure, books) if target and figure.part == "a" else None
    if goal is None:
        return Progress(figure)
    if target.kind == "yes_no":
        light, note = _yes_no(figure, goal, books), ""
    elif books.quarter > goal.due:
        light, note = _after_due(figure, goal, books, at_due)
    else:
        light, note = _until_due(figure, goal, books)
    pace = None if target.kind == "yes_no" else goal.pace
    notes = "；".join(filter(None, [note, _watched(figure, target, goal, books, at_due)]))
    return Progress(figure, goal.baseline, goal.baseline_note, goal.value, goal.due, pace, light, notes)


def _goal(target: Target, figure: Figure, books: Books) -> Goal | None:
    """What a row is held to; None for rows without a goal of their own."""
    value, falling = Fraction(target.value), target.direction == "down"
    if target.kind == "yearly":
        year = _year(figure, books)
        if year not in target.years:
            return None
        step = books.quarter.number if year == books.quarter.year else 4
        return Goal(value, falling, Quarter(year, 4), *_baseline(target, books), step, 4)
    if figure.breakdown:
        return None
    first, due = Quarter.of(books.rules.plan.baseline_day), Quarter.of(target.due)
    return Goal(value, falling, due, *_baseline(target, books), books.quarter - first, due - first)


def _year(figure: Figure, books: Books) -> int | None:
    if figure.breakdown.startswith(YEAR):
        return int(figure.breakdown.removeprefix(YEAR))
    return None if figure.breakdown else books.quarter.year


def _baseline(target: Target, books: Books) -> tuple[Fraction | None, str]:
    """R1's value, else the same formula on this quarter's ledgers as of the baseline day, else unknown."""
    if target.baseline is not None:
        return Fraction(target.baseline.value), target.baseline.source
    derived = _headline(books.at(Quarter.of(books.rules.plan.baseline_day)), target.indicator)
    return (derived, DERIVED) if derived is not None else (None, UNCONFIRMED)


@once
def _headline(books: Books, indicator: str) -> Fraction | None:
    """An indicator's part a in total."""
    return headline(indicator, books)


def _yes_no(figure: Figure, goal: Goal, books: Books) -> Light:
    if figure.value is None:
        return GREY
    if goal.met_by(figure.value):
        return DONE
    return YELLOW if books.quarter < goal.due else RED


def _until_due(figure: Figure, goal: Goal, books: Books) -> tuple[Light, str]:
    if figure.value is None:
        return GREY, ""
    if goal.met_by(figure.value):
        return DONE, ""
    if books.quarter == goal.due:
        return RED, ""
    if goal.baseline is None:
        return GREY, UNCONFIRMED
    if goal.met_by(goal.baseline):
        return YELLOW, ""
    lights, lag = books.rules.plan.lights, goal.lag(figure.value)
    if lag <= Fraction(lights.green_up_to):
        return GREEN, ""
    return (YELLOW if lag <= Fraction(lights.yellow_up_to) else RED), ""


def _after_due(figure: Figure, goal: Goal, books: Books, at_due: Mapping[Quarter, Books]) -> tuple[Light, str]:
    if figure.value is None:
        return GREY, ""
    then, remark = _value_on(goal.due, figure, books, at_due)
    if goal.met_by(then):
        light, note = DONE, "" if goal.met_by(figure.value) else FELL_BACK
    else:
        light, note = (YELLOW, LATE) if goal.met_by(figure.value) else (RED, "")
    return light, "；".join(filter(None, [note, remark]))


def _value_on(due: Quarter, figure: Figure, books: Books, at_due: Mapping[Quarter, Books]) -> tuple[Fraction | None, str]:
    """The value that a quarter gone by had: by its own deliveries, else by the present ledgers as of its last day."""
    own = _headline(at_due[due], figure.indicator) if due in at_due else None
    if own is not None:
        return own, ""
    return _headline(books.at(due), figure.indicator), RECALCULATED


def _watched(figure: Figure, target: Target, goal: Goal, books: Books, at_due: Mapping[Quarter, Books]) -> str:
    """Whether the target was met on the watch day, from that quarter on (Q04)."""
    watch = Quarter.of(target.watch_day) if target.watch_day else None
    if watch is None or books.quarter < watch:
        return ""
    value, remark = (figure.value, "") if watch == books.quarter else _value_on(watch, figure, books, at_due)
    said = "无数据" if value is None else "已达到" if goal.met_by(value) else "未达到"
    return f"{target.watch_day}观察线{said}{f'（{remark}）' if remark and value is not None else ''}"
