"""Knows where each of the 86 indicators is measured: one module a task, one function an indicator.

`T04-4` is `task04_transfer.t04_4`. Leaves target, pace and light to `progress`.
"""

from __future__ import annotations

from fractions import Fraction

from zjtx_pipeline.books import Books
from zjtx_pipeline.figures import Figure
from zjtx_pipeline.indicators import (
    layout,
    task01_tiers,
    task02_chains,
    task03_innovation,
    task04_transfer,
    task05_digital,
    task06_green,
    task07_management,
    task08_quality,
    task09_finance,
    task10_talent,
    task11_land,
    task12_platforms,
    task13_markets,
    task14_training,
)

TASKS = {
    1: task01_tiers,
    2: task02_chains,
    3: task03_innovation,
    4: task04_transfer,
    5: task05_digital,
    6: task06_green,
    7: task07_management,
    8: task08_quality,
    9: task09_finance,
    10: task10_talent,
    11: task11_land,
    12: task12_platforms,
    13: task13_markets,
    14: task14_training,
}


def measure(task_no: int, books: Books) -> list[Figure]:
    """Every figure of a task: all its indicators, parts and breakdowns, in printed order."""
    indicators = books.rules.indicators_of(task_no)
    return [figure for indicator in indicators for figure in layout.figures(books, indicator, formula(indicator.id))]


def headline(indicator_id: str, books: Books) -> Fraction | None:
    """An indicator's part a in total, None where there is no value."""
    return layout.headline(books, books.rules.indicators[indicator_id], formula(indicator_id))


def formula(indicator_id: str) -> layout.Formula | None:
    """The function that counts an indicator; None while there is none, and its figures say 尚未测算."""
    return getattr(TASKS[int(indicator_id[1:3])], indicator_id.lower().replace("-", "_"), None)
