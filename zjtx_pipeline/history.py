"""Knows how the figure beside a target stood at the end of each quarter before: the last twelve, this one among them, but
none before the baseline's, for the ledgers need not reach further back.

By each quarter's own deliveries where the run has them, else by the present ledgers as of its last day (按现有台账回算), as
lights and forecasts look back. Leaves drawing it to the report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from zjtx_pipeline.books import Books
from zjtx_pipeline.progress import Progress, value_on
from zjtx_pipeline.quarter import Quarter

QUARTERS = 12


def with_history(lines: Sequence[Progress], books: Books, earlier: Mapping[Quarter, Books]) -> list[Progress]:
    """The figures; those that a number is aimed at with their values of the quarters before, oldest first."""
    first = Quarter.of(books.rules.plan.baseline_day)
    before = [then for back in range(QUARTERS - 1, 0, -1) if (then := books.quarter - back) >= first]
    return [
        replace(line, history=tuple((then, value_on(then, line.figure, books, earlier)[0]) for then in before)) if _is_aimed(line, books) else line
        for line in lines
    ]


def _is_aimed(line: Progress, books: Books) -> bool:
    target = books.rules.targets.get(books.rules.indicators[line.figure.indicator].target or "")
    return target is not None and target.kind != "yes_no" and line.figure.part == "a" and not line.figure.breakdown
