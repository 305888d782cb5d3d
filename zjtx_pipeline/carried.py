"""Knows when a figure whose table nobody delivered carries last quarter's value, marked 沿用上期 (the setting `missing`).

Leaves saying 待补 in all other cases to `indicators`, and its grey light to `progress`. What is carried was measured
from last quarter's own deliveries: nothing is carried twice, so a table that stays away for two quarters is 待补.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from zjtx_pipeline.books import Books
from zjtx_pipeline.figures import Figure
from zjtx_pipeline.indicators.layout import UNDELIVERED
from zjtx_pipeline.progress import CARRIED, YEAR

YEARLY = ("Y", "年度")  # what begins anew with the year: the last value of the old one is not this year's


def carried(figures: Sequence[Figure], last: Callable[[], Sequence[Figure]], books: Books) -> list[Figure]:
    """The figures, those that may with last quarter's value; `last` measures that quarter, and only if one may."""
    wanted = {figure.id + figure.breakdown for figure in figures if _may(figure, books)}
    found = {each.id + each.breakdown: each for each in last()} if wanted else {}
    return [_from(figure, found) if figure.id + figure.breakdown in wanted else figure for figure in figures]


def _may(figure: Figure, books: Books) -> bool:
    """Is all that the figure lacks a table that the district lets carry?"""
    if figure.status != UNDELIVERED or books.settings is None:
        return False
    part = books.rules.indicators[figure.indicator].parts[figure.part]
    begins = part.period in YEARLY and books.quarter.number == 1 and not figure.breakdown.startswith(YEAR)
    return not begins and all(books.settings.carries(need.partition(".")[0]) for need in part.rests_on if books.lacks((need,)))


def _from(figure: Figure, found: dict) -> Figure:
    last = found.get(figure.id + figure.breakdown)
    return figure if last is None or last.value is None else replace(last, status=CARRIED)
