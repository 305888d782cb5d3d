"""Knows how many firms stand behind each sum of business and tax figures, so that a report can leave out sums over few.

Leaves leaving out to `report.privacy`. Source: datasets.md 5.4.
"""

from __future__ import annotations

from zjtx_pipeline.books import Books
from zjtx_pipeline.indicators.task01_tiers import express_report

GROWN = {"a": "revenue_fen", "b": "tax_paid_fen", "c": "rd_expense_fen"}
SPENT = {"b": "rd_expense_fen", "c": "revenue_fen"}


def firms_behind(books: Books) -> dict[str, int]:
    """By figure id, the firms whose own figures are in T01-7's growth and in T03-8's sums."""
    now, then = (express_report(books, str(quarter)) for quarter in (books.quarter, books.quarter - 4))
    both = now.merge(then, on="firm", suffixes=("", "_then"), validate="1:1")
    grown = {
        f"T01-7{part}": int(both[[name, f"{name}_then"]].notna().all(axis=1).sum()) for part, name in GROWN.items()
    }
    spent = {f"T03-8{part}": int(now[name].notna().sum()) for part, name in SPENT.items()}
    return grown | spent | {"T03-8a": min(spent.values())}
