"""Knows the money parts 应兑, 已兑, 差额 of the clauses over the plan's term; leaves award units to `awards`.

Source: indicators.md (notation, small print 2 and 3), datasets.md 5.5.
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.awards import net_paid, units
from zjtx_pipeline.books import Books
from zjtx_pipeline.indicators.parts import Counted, Difference, Part
from zjtx_pipeline.indicators.readings import pays_since


def money(books: Books, *clauses: str, first: str = "a") -> dict[str, Part]:
    """The three money parts from a letter on."""
    a, b, c = (chr(ord(first) + step) for step in range(3))
    return {a: entitled(books, *clauses), b: paid(books, *clauses), c: Difference(a, b)}


def triggered(books: Books, *clauses: str) -> pd.DataFrame:
    """Award units set off over C, with 条款 and 年度."""
    rows = units(books)
    rows = rows[rows["clause"].isin(clauses) & (rows["triggered_on"] >= pays_since(books))]
    return rows.assign(条款=rows["clause"], 年度=rows["triggered_on"].dt.year.astype("str"))


def entitled(books: Books, *clauses: str) -> Counted:
    """应兑; 待明确 while one of the clauses, or a unit of it, has neither amount nor rate."""
    rows = triggered(books, *clauses)
    unstated = pd.DataFrame({"条款": pd.Series([clause for clause in clauses if not _stated(books, clause)], dtype="str")})
    rows = pd.concat([rows, unstated.assign(entitled_fen=pd.Series(pd.NA, index=unstated.index, dtype="Int64"))])
    return Counted(rows, _sum_if_known, in_fen=True, absent="待明确")


def _stated(books: Books, clause: str) -> bool:
    return any(terms.amount is not None or terms.rate is not None for terms in books.rules.awards[clause].terms)


def _sum_if_known(rows: pd.DataFrame) -> int | None:
    return None if rows["entitled_fen"].isna().any() else int(rows["entitled_fen"].sum())


def entitled_firms(books: Books, *clauses: str) -> pd.DataFrame:
    """Units that meet the conditions of 5.5, amount known or not."""
    rows = triggered(books, *clauses)
    return rows[rows["eligible"]]


def paid(books: Books, *clauses: str) -> Counted:
    """已兑: the district's own purse over C, less what was taken back."""
    rows = net_paid(books)
    return Counted(rows[rows["clause"].isin(clauses)], lambda part: int(part["net_fen"].sum()), in_fen=True)


def paid_firms(books: Books, *clauses: str) -> Counted:
    """Firms to which more was paid than taken back, over C."""
    rows = net_paid(books)

    def winners(part: pd.DataFrame) -> int:
        return int((part.groupby("firm")["net_fen"].sum() > 0).sum())

    return Counted(rows[rows["clause"].isin(clauses)], winners)
