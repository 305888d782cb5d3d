"""Task 10 强化人才支撑力度: sums over firms, quarter by quarter; no person is ever named.

Leaves masking small counts to what is mailed.
"""

from __future__ import annotations

from zjtx_pipeline.awards.triggers import quarter_ends
from zjtx_pipeline.books import Books
from zjtx_pipeline.indicators.parts import Part, count, total
from zjtx_pipeline.indicators.selection import events, outside, since
from zjtx_pipeline.sieve import Rows, rows_of
from zjtx_pipeline.tiers import members


def _quarters(books: Books) -> Rows:
    """D20's quarters of this year to the quarter's end, firms of P2 on each quarter's last day."""
    rows = rows_of(books, "D20")
    rows = rows.assign(ends_on=quarter_ends(rows["for_quarter"]))
    rows = rows.where((rows["ends_on"] >= since(books, "Y")) & (rows["ends_on"] <= books.day), "季度不在本年至季末")
    return rows.where(members(books, "P2", rows["uscc"], rows["ends_on"]), f"企业该季末{outside(books, 'P2')}")


def t10_1(books: Books) -> dict[str, Part]:
    """People newly given rent subsidies, and their sum."""
    rows = _quarters(books)
    return {"a": total(rows, "rent_subsidised_people"), "b": total(rows, "rent_subsidy_fen")}


def t10_2(books: Books) -> dict[str, Part]:
    """Flats for talent at the quarter's end."""
    rows = rows_of(books, "D20").having("for_quarter", str(books.quarter))
    rows = rows.where(members(books, "P2", rows["uscc"]), f"企业季末{outside(books, 'P2')}")
    return {"a": total(rows, "talent_flats")}


def t10_3(books: Books) -> dict[str, Part]:
    """New skilled workers; new craftsmen."""
    rows = _quarters(books)
    return {"a": total(rows, "skilled_workers"), "b": total(rows, "craftsmen")}


def t10_4(books: Books) -> dict[str, Part]:
    """Outstanding entrepreneurs."""
    return {"a": total(_quarters(books), "outstanding_entrepreneurs")}


def t10_5(books: Books) -> dict[str, Part]:
    """Meetings with graduates; graduates taken on."""
    return {"a": count(events(books, ["高校毕业生对接"])), "b": total(_quarters(books), "graduates")}
