"""Knows what D05 says of a firm for the ladder's thresholds: amounts in fen, shares in percent points, exact; NA without data.

上年 is the latest calendar year that has ended by the quarter's last day. A year's figure is the audited one (审计), else the
whole year's 快报 (`2024Q4`), column by column; what is reported once a year (细分市场年限 …) is the latest filled. Leaves
what is asked of a measure to `candidates`.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isqrt

import pandas as pd

from zjtx_pipeline.books import Books, once
from zjtx_pipeline.firms import current
from zjtx_pipeline.tables import load_tables

MONEY = ["revenue_fen", "main_revenue_fen", "rd_expense_fen", "assets_fen", "liabilities_fen", "equity_raised_fen"]
SUMMED = [*MONEY, "employees", "rd_staff", "class1_rights"]
HIGHEST = ["niche_years", "market_share_pct", "development_score"]
REPORTED = ("period", "basis", *SUMMED, *HIGHEST)
NEEDS = ("D05", *(f"D05.{load_tables()['D05'].columns[name].header}" for name in (*SUMMED, *HIGHEST)))


def last_year(books: Books) -> int:
    """The latest calendar year that has ended by the quarter's last day."""
    return books.quarter.year if books.quarter.number == 4 else books.quarter.year - 1


@once
def year(books: Books, back: int = 0) -> pd.DataFrame:
    """What D05 says of 上年, or so many years before it, by firm: its columns as exact numbers, NA where empty."""
    wanted = str(last_year(books) - back)
    audited, express = _reported(books, wanted, "审计"), _reported(books, f"{wanted}Q4", "快报")
    return pd.DataFrame({column: _exact(audited[column].combine_first(express[column])) for column in audited})


def _reported(books: Books, period: str, basis: str) -> pd.DataFrame:
    """One period's rows by firm; of firms that became one, amounts add up and the rest is the higher."""
    rows = books["D05"]
    rows = rows[rows["period"].eq(period) & rows["basis"].eq(basis)]
    firms = rows.groupby(current(books, rows["uscc"]))
    return firms[SUMMED].sum(min_count=1).join(firms[HIGHEST].max())


def _exact(numbers: pd.Series) -> pd.Series:
    return pd.Series([pd.NA if pd.isna(each) else Fraction(each) for each in numbers], index=numbers.index, dtype="object")


def of(books: Books, measure: str | None, firms: pd.Series) -> pd.Series:
    """A measure of each firm, NA without data (and without a measure); labelled as `firms`."""
    if measure is None:
        return pd.Series(pd.NA, index=firms.index, dtype="object")
    values = MEASURES[measure](books)
    found = pd.Series(values.reindex(firms.array).array, index=firms.index, dtype="object")
    return found.where(found.notna(), pd.NA)


def _last(column: str) -> Callable[[Books], pd.Series]:
    return lambda books: year(books)[column]


def _filled(column: str) -> Callable[[Books], pd.Series]:
    """The latest of the last two years that has the column filled."""
    return lambda books: year(books)[column].combine_first(year(books, 1)[column])


def _share(part: str, whole: str, back: int = 0) -> Callable[[Books], pd.Series]:
    return lambda books: _percent(year(books, back)[part], year(books, back)[whole])


def _percent(part: pd.Series, whole: pd.Series) -> pd.Series:
    return part * 100 / whole.where(whole.notna() & whole.ne(0), pd.NA)


def _of_two(column: str) -> Callable[[Books], pd.Series]:
    """The sum over 上年 and the year before; NA where either is missing."""
    return lambda books: _aligned(books, column, 0) + _aligned(books, column, 1)


def _aligned(books: Books, column: str, back: int) -> pd.Series:
    """A column of a year for every firm that any of the three years names."""
    every = year(books).index.union(year(books, 1).index).union(year(books, 2).index)
    return year(books, back)[column].reindex(every, fill_value=pd.NA)


def _lower(first: pd.Series, second: pd.Series) -> pd.Series:
    """The lower of two years' values: what holds of it holds of each."""
    both = first.notna() & second.notna()
    lower = first[both].where(first[both] < second[both], second[both])
    return lower.reindex(both.index, fill_value=pd.NA)


def _each_of_two(column: str) -> Callable[[Books], pd.Series]:
    return lambda books: _lower(_aligned(books, column, 0), _aligned(books, column, 1))


def _share_each_of_two(books: Books) -> pd.Series:
    return _lower(*(_percent(_aligned(books, "rd_expense_fen", back), _aligned(books, "revenue_fen", back)) for back in (0, 1)))


def _main_growth(books: Books) -> pd.Series:
    """The mean of two years' growth, in percent points."""
    now, then, before = (_aligned(books, "main_revenue_fen", back) for back in (0, 1, 2))
    return (_percent(now, then) + _percent(then, before)) / 2 - 100


def _revenue_growth(books: Books) -> pd.Series:
    """Compound growth over two years, in percent points, rounded down: whole ten-thousandths, as roots are not exact.

    None where a year's revenue is negative: there is no rate that leads from one to the other.
    """
    share = _percent(_aligned(books, "revenue_fen", 0), _aligned(books, "revenue_fen", 2))
    return pd.Series([pd.NA if pd.isna(each) or each < 0 else _root(each) for each in share], index=share.index, dtype="object")


def _root(percent: Fraction) -> Fraction:
    return Fraction(isqrt(int(percent * 100 * 10**8)), 10**4) - 100


MEASURES: dict[str, Callable[[Books], pd.Series]] = {
    "revenue": _last("revenue_fen"),
    "rd_expense": _last("rd_expense_fen"),
    "rd_share": _share("rd_expense_fen", "revenue_fen"),
    "rd_staff_share": _share("rd_staff", "employees"),
    "main_share": _share("main_revenue_fen", "revenue_fen"),
    "debt_ratio": _share("liabilities_fen", "assets_fen"),
    "rd_expense_of_two": _of_two("rd_expense_fen"),
    "rd_expense_mean_of_two": lambda books: _of_two("rd_expense_fen")(books) / 2,
    "rd_expense_each_of_two": _each_of_two("rd_expense_fen"),
    "rd_share_each_of_two": _share_each_of_two,
    "equity_of_two": _of_two("equity_raised_fen"),
    "main_growth_of_two": _main_growth,
    "revenue_growth_of_two": _revenue_growth,
    "niche_years": _filled("niche_years"),
    "market_share": _filled("market_share_pct"),
    "class1_rights": _filled("class1_rights"),
    "development_score": _filled("development_score"),
}
