"""Knows how many firms stand behind each sum of business and tax figures, so that a report can leave out sums over few.

Leaves leaving out to `report.privacy`. Source: datasets.md 5.4.
"""

from __future__ import annotations

from zjtx_pipeline.books import Books
from zjtx_pipeline.indicators.task01_tiers import GROWN, express_report, t01_7

SPENT = {"b": "rd_expense_fen", "c": "revenue_fen"}


def firms_behind(books: Books) -> dict[str, int]:
    """By figure id, the firms whose own figures are in T01-7's growth and in T03-8's sums."""
    compared, reported = t01_7(books), express_report(books, str(books.quarter)).frame
    grown = {f"T01-7{part}": compared[part].rows["firm"].nunique() for part in GROWN}
    spent = {f"T03-8{part}": reported.loc[reported[name].notna(), "firm"].nunique() for part, name in SPENT.items()}
    return grown | spent | {"T03-8a": min(spent.values())}
