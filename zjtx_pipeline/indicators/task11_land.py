"""Task 11 强化用地保障力度: parcels, start prices, standard factories, parks, premises.

Leaves the floor of the start price to the rules (A22).
"""

from __future__ import annotations

from fractions import Fraction

import pandas as pd

from zjtx_pipeline.books import Books
from zjtx_pipeline.indicators.grants import paid
from zjtx_pipeline.indicators.parts import Part, count, distinct, firms, share, total
from zjtx_pipeline.indicators.selection import LISTING, announced, dated, listed
from zjtx_pipeline.sieve import Rows


def t11_1(books: Books) -> dict[str, Part]:
    """Parcels sold to P12 firms this year, and their area."""
    rows = dated(books, "D21a", "sold_on", "Y", "P12")
    return {"a": count(rows), "b": total(rows, "area_mu")}


def t11_2(books: Books) -> dict[str, Part]:
    """Parcels sold with a project to P12 firms this year."""
    rows = dated(books, "D21a", "sold_on", "Y", "P12")
    return {"a": count(rows.having("with_project", True))}


def t11_3(books: Books) -> dict[str, Part]:
    """Parcels priced below the standard: how many at or above the floor, with an approval no later than the sale (A22)."""
    rows = dated(books, "D21a", "sold_on", "C")
    rows = rows.where(rows["start_price_fen"] < rows["standard_price_fen"], "起价不低于最低价标准")
    fair = rows.where(_above_floor(books, rows), "起价低于最低价标准的规定比例").filled("approval_no")
    fair = fair.where(fair["approved_on"] <= fair["sold_on"], "批复日期未填或晚于成交日期")
    return {"a": share(), "b": count(fair), "c": count(rows)}


def _above_floor(books: Books, rows: Rows) -> pd.Series:
    floor = Fraction(books.rules.awards["A22"].rate)
    return rows["start_price_fen"] * floor.denominator >= rows["standard_price_fen"] * floor.numerator


def t11_4(books: Books) -> dict[str, Part]:
    """Standard factories begun and finished this year."""
    return {
        "a": total(dated(books, "D21b", "started_on", "Y"), "started_m2"),
        "b": total(dated(books, "D21b", "completed_on", "Y"), "completed_m2"),
    }


def t11_5(books: Books) -> dict[str, Part]:
    """Parks standing; bases recommended since the plan began."""
    return {
        "a": distinct(listed(books).having("demonstration", "特色园区"), *LISTING),
        "b": distinct(announced(books, "C").having("demonstration", "双创基地推荐"), *LISTING),
    }


def t11_6(books: Books) -> dict[str, Part]:
    """Firms that rented or bought premises since the plan began; A23 paid."""
    return {"a": firms(dated(books, "D21c", "began_on", "C")), "b": paid(books, "A23")}
