"""Task 9 强化金融支持力度: the reserve of firms to be listed, funds, bonds, guarantees, loans.

Leaves P2 on a day to `tiers`.
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.books import Books
from zjtx_pipeline.indicators.parts import Part, count, firms, total
from zjtx_pipeline.indicators.selection import dated, events, outside, standing, with_firm
from zjtx_pipeline.sieve import Rows, rows_of
from zjtx_pipeline.tiers import members_as_merged

RESERVE = "入后备库"


def t09_1(books: Books) -> dict[str, Part]:
    """Firms that entered the reserve for the first time this year, in P2 that day (Q09, B-16); other years beside."""
    rows = RESERVED[books.rules.reading("B-16")](books)
    now = rows.where(rows["年度"].eq(str(books.quarter.year)), "不计入本年")
    return {"a": firms(now, 年度=rows)}


def _entrants(books: Books) -> Rows:
    """Each firm's first entry ever, if in P2 that day."""
    rows = rows_of(books, "D19").having("item", RESERVE)
    rows = with_firm(books, rows.where(rows["dated_on"] <= books.day, "日期在季末之后"))
    rows = rows.where(rows["dated_on"].eq(rows.frame.groupby("firm")["dated_on"].transform("min")), "不是企业首次入后备库")
    return _of_year(books, rows.assign(on=rows["dated_on"]))


def _in_reserve(books: Books) -> Rows:
    """B-16 read as a stock: firms in the reserve at each year's end, this year's at the quarter's, if in P2 that day."""
    rows = with_firm(books, rows_of(books, "D19").having("item", RESERVE))
    years = range(books.rules.plan.starts_on.year, books.quarter.year + 1)
    days = [min(pd.Timestamp(year, 12, 31), books.day) for year in years]
    held = [rows.frame[(rows["dated_on"] <= day) & ~(rows["due_on"] < day)].assign(on=day) for day in days]
    return _of_year(books, rows.only(pd.concat(held), "各年末（本年为季末）都不在库"))


def _of_year(books: Books, rows: Rows) -> Rows:
    """Those in P2 (“省级以上”) on the day `on`; 年度, and 口径 P3 where in P3 too."""
    among = members_as_merged(books, "省级以上", rows["firm"], rows["on"])
    rows = rows.where(among, f"企业当日{outside(books, '省级以上')}")
    strict = members_as_merged(books, "P3", rows["firm"], rows["on"])
    narrow = pd.Series("P3", index=strict.index, dtype="str").where(strict)
    return rows.assign(年度=rows["on"].dt.year.astype("str"), 口径=narrow)


RESERVED = {"当年新入": _entrants, "年末在库": _in_reserve}


def t09_2(books: Books) -> dict[str, Part]:
    """Events for firms to be listed this year."""
    rows = events(books, ["上市专场"])
    return {"a": count(rows), "b": total(rows, "firms")}


def t09_3(books: Books) -> dict[str, Part]:
    """Direct investment by funds, and loans linked with it, this year."""
    rows = dated(books, "D19", "dated_on", "Y", "P2").having("item", "基金直投", "投贷联动")
    return {"a": firms(rows), "b": total(rows, "amount_fen")}


def t09_4(books: Books) -> dict[str, Part]:
    """Bonds this year."""
    rows = dated(books, "D19", "dated_on", "Y", "P2")
    return {"a": total(rows.having("item", "债券"), "amount_fen")}


def t09_5(books: Books) -> dict[str, Part]:
    """Guarantees with a balance."""
    return _balances(books, "担保")


def t09_6(books: Books) -> dict[str, Part]:
    """Loans of their own kind with a balance."""
    return _balances(books, "专属贷款")


def _balances(books: Books, item: str) -> dict[str, Part]:
    rows = standing(books, "D19", "dated_on", None, "P2").having("item", item)
    rows = rows.where((rows["balance_fen"] > 0).fillna(False), "期末余额未填或为零")
    return {"a": firms(rows), "b": total(rows, "balance_fen")}
