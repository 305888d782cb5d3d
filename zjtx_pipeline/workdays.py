"""Knows Chinese working days; leaves to the settings which of them is a deadline."""

from __future__ import annotations

import warnings
from datetime import date, timedelta

from zjtx_pipeline.quarter import Quarter


class UnknownHolidays(UserWarning):
    """The calendar does not know a year yet; Monday to Friday counted as working days."""


def is_workday(day: date) -> bool:
    """Whether a day is worked in China, make-up Saturdays included; Monday to Friday, with a warning, in a
    year whose holidays are not announced yet."""
    import chinese_calendar

    try:
        return chinese_calendar.is_workday(day)
    except NotImplementedError:
        warnings.warn(f"{day.year} 年放假安排尚未收录，暂按周一至周五计算工作日。", UnknownHolidays, stacklevel=2)
        return day.weekday() < 5


def workday_after(quarter: Quarter, number: int) -> date:
    """The n-th working day after a quarter's close (context.md: data are due on the 10th, the report on the 11th)."""
    day, seen = quarter.last_day, 0
    while seen < number:
        day += timedelta(days=1)
        seen += is_workday(day)
    return day
