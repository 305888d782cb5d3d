"""Task 9 强化金融支持力度: the reserve of firms to be listed, funds, bonds, guarantees, loans.

Leaves P2 on a day to `tiers`.
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.books import Books
from zjtx_pipeline.indicators.parts import Part, count, firms, total
from zjtx_pipeline.indicators.selection import dated, events, standing, with_firm
from zjtx_pipeline.tiers import members

RESERVE = "入后备库"


def t09_1(books: Books) -> dict[str, Part]:
    """Firms that entered the reserve for the first time this year, in P2 that day (Q09, B-16); other years beside."""
    rows = RESERVED[books.rules.reading("B-16")](books)
    now = rows[rows["年度"].eq(str(books.quarter.year))]
    return {"a": firms(now, 年度=rows)}


def _entrants(books: Books) -> pd.DataFrame:
    """Each firm's first entry ever, if in P2 that day."""
    rows = books["D19"]
    rows = with_firm(books, rows[rows["item"].eq(RESERVE) & (rows["dated_on"] <= books.day)])
    rows = rows[rows["dated_on"].eq(rows.groupby("firm")["dated_on"].transform("min"))]
    return _of_year(books, rows, rows["dated_on"])


def _in_reserve(books: Books) -> pd.DataFrame:
    """B-16 read as a stock: firms in the reserve at each year's end, this year's at the quarter's, if in P2 that day."""
    rows = books["D19"]
    rows = with_firm(books, rows[rows["item"].eq(RESERVE)])
    years = range(books.rules.plan.starts_on.year, books.quarter.year + 1)
    days = [min(pd.Timestamp(year, 12, 31), books.day) for year in years]
    held = [rows[(rows["dated_on"] <= day) & ~(rows["due_on"] < day)].assign(on=day) for day in days]
    held = pd.concat(held, ignore_index=True)
    return _of_year(books, held, held["on"])


def _of_year(books: Books, rows: pd.DataFrame, days: pd.Series) -> pd.DataFrame:
    """Those in P2 (“省级以上”) on the day; 年度, and 口径 P3 where in P3 too."""
    rows = rows.assign(on=days)[members(books, "省级以上", rows["uscc"], days)]
    strict = members(books, "P3", rows["uscc"], rows["on"])
    narrow = pd.Series("P3", index=rows.index, dtype="str").where(strict)
    return rows.assign(年度=rows["on"].dt.year.astype("str"), 口径=narrow)


RESERVED = {"当年新入": _entrants, "年末在库": _in_reserve}


def t09_2(books: Books) -> dict[str, Part]:
    """Events for firms to be listed this year."""
    rows = events(books, ["上市专场"])
    return {"a": count(rows), "b": total(rows, "firms")}


def t09_3(books: Books) -> dict[str, Part]:
    """Direct investment by funds, and loans linked with it, this year."""
    rows = dated(books, "D19", "dated_on", "Y", "P2")
    rows = rows[rows["item"].isin(["基金直投", "投贷联动"])]
    return {"a": firms(rows), "b": total(rows, "amount_fen")}


def t09_4(books: Books) -> dict[str, Part]:
    """Bonds this year."""
    rows = dated(books, "D19", "dated_on", "Y", "P2")
    return {"a": total(rows[rows["item"].eq("债券")], "amount_fen")}


def t09_5(books: Books) -> dict[str, Part]:
    """Guarantees with a balance."""
    return _balances(books, "担保")


def t09_6(books: Books) -> dict[str, Part]:
    """Loans of their own kind with a balance."""
    return _balances(books, "专属贷款")


def _balances(books: Books, item: str) -> dict[str, Part]:
    rows = standing(books, "D19", "dated_on", None, "P2")
    rows = rows[rows["item"].eq(item) & (rows["balance_fen"] > 0)]
    return {"a": firms(rows), "b": total(rows, "balance_fen")}
