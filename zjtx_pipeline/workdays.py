"""Knows Chinese working days; leaves to the settings which of them is a deadline, and what an office knows of a year before this program.

Holidays are announced a year at a time, late in the year before (国务院办公厅放假通知): the calendar that is installed ends somewhere.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from zjtx_pipeline.quarter import Quarter


class UnknownHolidays(UserWarning):
    """The calendar does not know a year yet; Monday to Friday counted as working days, fixed holidays excepted."""


@dataclass(frozen=True)
class Announced:
    """What an office tells of days off, and of Saturdays and Sundays that are worked: it has the last word, and its years are known."""

    off: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()

    def knows(self, year: int) -> bool:
        return any(day.year == year for day in self.off | self.worked)


NOTHING = Announced()


def is_workday(day: date, announced: Announced = NOTHING) -> bool:
    """Whether a day is worked in China, make-up Saturdays included; in a year whose holidays are not known yet Monday to Friday but for
    those of a fixed date, with a warning."""
    if day in announced.off | announced.worked:
        return day in announced.worked
    known = _in_calendar(day)
    if known is None and not announced.knows(day.year):
        warnings.warn(
            f"{day.year} 年放假安排尚未收录，暂按周一至周五、除去日期固定的法定假日计算工作日：请在配置 holidays 里填写国务院公布的日期。",
            UnknownHolidays, stacklevel=2,
        )  # fmt: skip
    return known if known is not None else day.weekday() < 5 and f"{day:%m-%d}" not in _fixed()


def is_known(year: int, announced: Announced = NOTHING) -> bool:
    """Are a year's holidays known?"""
    return announced.knows(year) or _in_calendar(date(year, 1, 1)) is not None


def workday_after(quarter: Quarter, number: int, announced: Announced = NOTHING) -> date:
    """The n-th working day after a quarter's close (context.md: data are due on the 10th, the report on the 11th)."""
    day, seen = quarter.last_day, 0
    while seen < number:
        day += timedelta(days=1)
        seen += is_workday(day, announced)
    return day


def _in_calendar(day: date) -> bool | None:
    import chinese_calendar

    try:
        return chinese_calendar.is_workday(day)
    except NotImplementedError:
        return None


@cache
def _fixed() -> frozenset[str]:
    import yaml

    return frozenset(yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))["fixed_holidays"])
