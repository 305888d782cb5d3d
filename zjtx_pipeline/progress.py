"""Knows each figure's standing against its target: baseline, pace, light, forecast, and what to say beside them.

Leaves measuring to `indicators`, the arithmetic to `goals` and `forecast`, rounding to the report. Source:
indicators.md, “Pace and light”; only H indicators.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from fractions import Fraction
from typing import Any, Literal

from zjtx_pipeline.books import Books, once
from zjtx_pipeline.figures import Figure
from zjtx_pipeline.forecast import Forecast, forecast
from zjtx_pipeline.goals import Goal
from zjtx_pipeline.indicators import headline
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.rules import Rules, Target

Light = Literal["红", "黄", "灰", "绿", "已完成"]
RED, YELLOW, GREY, GREEN, DONE = ("红", "黄", "灰", "绿", "已完成")
CARRIED = "沿用上期"
DERIVED, UNCONFIRMED = "台账推算，待经信局确认", "基线待确认"
FELL_BACK, LATE, RECALCULATED = "回落", "逾期完成", "按现有台账回算"
YEAR = "年度="
MEASURED = "正常"
YEAR_AGO = 4


@dataclass(frozen=True)
class Progress:
    """A figure beside its target. Values are exact, in the figure's unit; all but `figure` empty where none applies.

    `due` is the due quarter; `baseline_note` says where the baseline comes from; `note` joins 回落, 逾期完成,
    按现有台账回算, 基线待确认 and the watch line by “；”; `history` is the value at each quarter's end before, as `history` gives it.
    """

    figure: Figure
    baseline: Fraction | None = None
    baseline_note: str = ""
    target: Fraction | None = None
    due: Quarter | None = None
    pace: Fraction | None = None
    light: Light | None = None
    note: str = ""
    forecast: Forecast | None = None
    history: tuple[tuple[Quarter, Fraction | None], ...] = ()

    def record(self) -> dict[str, Any]:
        """As JSON keeps it: exact fractions and quarters as text."""
        plain = asdict(self) | asdict(self.figure)
        del plain["figure"]
        return _as_text(plain, _EXACT) | {
            "due": self.due and str(self.due),
            "forecast": self.forecast and _as_text(asdict(self.forecast), _FORECAST_EXACT),
            "history": [[str(quarter), None if value is None else str(value)] for quarter, value in self.history],
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Progress:
        """The line that `record` wrote."""
        plain = _as_fractions(record, _EXACT) | {"due": record["due"] and Quarter.parse(record["due"])}
        ahead = record["forecast"] and Forecast(**_as_fractions(record["forecast"], _FORECAST_EXACT))
        history = tuple((Quarter.parse(quarter), value and Fraction(value)) for quarter, value in record.get("history", ()))
        figure = Figure(**{field.name: plain.pop(field.name, field.default) for field in fields(Figure)})
        return cls(figure, **plain | {"forecast": ahead, "history": history})


_EXACT = ("value", "baseline", "target", "pace")
_FORECAST_EXACT = ("straight_line", "last_four_quarters", "year_ago")


def _as_text(plain: dict[str, Any], exact: tuple[str, ...]) -> dict[str, Any]:
    return plain | {name: None if plain[name] is None else str(plain[name]) for name in exact}


def _as_fractions(record: Mapping[str, Any], exact: tuple[str, ...]) -> dict[str, Any]:
    return {**record} | {name: None if record[name] is None else Fraction(record[name]) for name in exact}


def assess(figures: list[Figure], books: Books, earlier: Mapping[Quarter, Books]) -> list[Progress]:
    """Each figure with its standing.

    `earlier` holds the books of due quarters gone by (small print 11) and of four quarters ago, as far as they were kept.
    """
    return [_assess(figure, books, earlier) for figure in figures]


def quarters_of(target: Target) -> set[Quarter]:
    """The quarters in which a target falls due or is watched."""
    days = {Quarter.of(day) for day in (target.due, target.watch_day) if day}
    return days | {Quarter(year, 4) for year in target.years}


def due_quarters(rules: Rules, quarter: Quarter) -> list[Quarter]:
    """The due and watch quarters before this one, whose own deliveries `assess` asks for."""
    every = set().union(*map(quarters_of, rules.targets.values()))
    return sorted(due for due in every if due < quarter)


def looked_back_on(rules: Rules, quarter: Quarter) -> list[Target]:
    """The targets still ahead whose forecast rests on the value of four quarters before."""
    return [target for target in rules.targets.values() if target.kind not in _WITHOUT and quarter < Quarter.of(target.due)]


_WITHOUT = ("yes_no", "yearly")  # a yearly target's forecast is made of its own year alone


def _assess(figure: Figure, books: Books, earlier: Mapping[Quarter, Books]) -> Progress:
    target = books.rules.targets.get(books.rules.indicators[figure.indicator].target or "")
    goal = goal_of(target, figure, books) if target and figure.part == "a" else None
    if goal is None:
        return Progress(figure)
    if target.kind == "yes_no":
        light, note = _yes_no(figure, goal, books), ""
    elif books.quarter > goal.due:
        light, note = _after_due(figure, goal, books, earlier)
    else:
        light, note = _until_due(figure, goal, books)
    pace = None if target.kind == "yes_no" else goal.pace
    notes = "；".join(filter(None, [note, _watched(figure, target, goal, books, earlier)]))
    ahead = _forecast(figure, target, goal, books, earlier)
    return Progress(figure, goal.baseline, goal.baseline_note, goal.value, goal.due, pace, light, notes, ahead)


def goal_of(target: Target, figure: Figure, books: Books) -> Goal | None:
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


def _is_own(figure: Figure) -> bool:
    """Was there a value this quarter? One carried from the last quarter lights nothing."""
    return figure.value is not None and figure.status != CARRIED


def _yes_no(figure: Figure, goal: Goal, books: Books) -> Light:
    if not _is_own(figure):
        return GREY
    if goal.met_by(figure.value):
        return DONE
    return YELLOW if books.quarter < goal.due else RED


def _until_due(figure: Figure, goal: Goal, books: Books) -> tuple[Light, str]:
    if not _is_own(figure):
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


def _after_due(figure: Figure, goal: Goal, books: Books, earlier: Mapping[Quarter, Books]) -> tuple[Light, str]:
    if not _is_own(figure):
        return GREY, ""
    then, remark = value_on(goal.due, figure, books, earlier)
    if goal.met_by(then):
        light, note = DONE, "" if goal.met_by(figure.value) else FELL_BACK
    else:
        light, note = (YELLOW, LATE) if goal.met_by(figure.value) else (RED, "")
    return light, "；".join(filter(None, [note, remark]))


def _forecast(
    figure: Figure, target: Target, goal: Goal, books: Books, earlier: Mapping[Quarter, Books]
) -> Forecast | None:
    """Where the figure would stand when due; none for 是否, for what was not measured, nor from the due quarter on."""
    if target.kind == "yes_no" or figure.value is None or figure.status != MEASURED or books.quarter >= goal.due:
        return None
    if target.kind == "yearly":  # each year by itself: what the year before brought says nothing of this one
        return forecast(figure.value, goal)
    return forecast(figure.value, goal, *_year_ago(figure, goal, books, earlier))


def _year_ago(figure: Figure, goal: Goal, books: Books, earlier: Mapping[Quarter, Books]) -> tuple[Fraction | None, str]:
    """The value four quarters before; on the baseline day it is the baseline, so that both forecasts agree there."""
    then = books.quarter - YEAR_AGO
    if then == Quarter.of(books.rules.plan.baseline_day):
        return goal.baseline, goal.baseline_note
    return value_on(then, figure, books, earlier)


def value_on(due: Quarter, figure: Figure, books: Books, earlier: Mapping[Quarter, Books]) -> tuple[Fraction | None, str]:
    """The value that a quarter gone by had: by its own deliveries, else by the present ledgers as of its last day."""
    own = _headline(earlier[due], figure.indicator) if due in earlier else None
    if own is not None:
        return own, ""
    return _headline(books.at(due), figure.indicator), RECALCULATED


def _watched(figure: Figure, target: Target, goal: Goal, books: Books, earlier: Mapping[Quarter, Books]) -> str:
    """Whether the target was met on the watch day, from that quarter on (Q04)."""
    watch = Quarter.of(target.watch_day) if target.watch_day else None
    if watch is None or books.quarter < watch:
        return ""
    own = figure.value if _is_own(figure) else None
    value, remark = (own, "") if watch == books.quarter else value_on(watch, figure, books, earlier)
    said = "无数据" if value is None else "已达到" if goal.met_by(value) else "未达到"
    return f"{target.watch_day}观察线{said}{f'（{remark}）' if remark and value is not None else ''}"
