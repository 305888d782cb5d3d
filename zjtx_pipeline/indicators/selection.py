"""Knows which rows count in a period and a population (indicators.md, “Which rows”, “Which firms”).

Leaves what is made of them to the task modules.
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.books import Books, found_in, once
from zjtx_pipeline.firms import current, in_district, towns
from zjtx_pipeline.indicators.parts import Part, firms, share
from zjtx_pipeline.tiers import members, roster

LOCAL, EVERYWHERE = "在萧", "全部"


def since(books: Books, period: str) -> pd.Timestamp:
    """The first day of Y (this calendar year), C (the plan's term) or L4 (the four quarters ending with this one)."""
    first = {
        "Y": books.quarter.year_start,
        "C": books.rules.plan.starts_on,
        "L4": (books.quarter - 3).first_day,
    }
    return pd.Timestamp(first[period])


def among(books: Books, population: str, codes: pd.Series, days: pd.Series | pd.Timestamp) -> pd.Series:
    """Does the firm of each code belong to 在萧, 全部 or one of P1, P2, P3, P4, P12 on the day?"""
    if population == EVERYWHERE:
        return pd.Series(True, index=codes.index)
    if population == LOCAL:
        return in_district(books, current(books, codes, days), days)
    return members(books, population, codes, days)


@once
def dated(books: Books, table: str, column: str, period: str, population: str = LOCAL) -> pd.DataFrame:
    """The rows whose deciding date falls in the period and whose firm belonged to the population that day.

    `firm` is the code at the quarter's end; tables without a firm keep all their rows.
    """
    rows = books[table]
    rows = rows[(rows[column] >= since(books, period)) & (rows[column] <= books.day)]
    if "uscc" not in rows:
        return rows
    return with_firm(books, rows[among(books, population, rows["uscc"], rows[column])])


@once
def standing(books: Books, table: str, begins: str, ends: str | None, population: str = LOCAL) -> pd.DataFrame:
    """The rows that stand on the quarter's last day: begun by then, not ended by then; with `firm`."""
    rows = books[table]
    holds = rows[begins] <= books.day
    if ends:
        holds &= ~(rows[ends] <= books.day)
    rows = rows[holds]
    return with_firm(books, rows[among(books, population, rows["uscc"], books.day)])


def with_firm(books: Books, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(firm=current(books, rows["uscc"]))


def with_town(books: Books, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(镇街=towns(books, rows["firm"]))


def valid(rows: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Rows whose validity, last day included, has not run out; an empty end is open."""
    return rows[~(rows["valid_to"] < day)]


@once
def listed(books: Books) -> pd.DataFrame:
    """D16's rows standing at the quarter's end, firms 在萧 that day, under the headers that breakdowns use."""
    return _headed(standing(books, "D16", "announced_on", "removed_on"))


@once
def announced(books: Books, period: str) -> pd.DataFrame:
    """D16's rows published in a period, firms 在萧 on the day, under the headers that breakdowns use."""
    return _headed(dated(books, "D16", "announced_on", period))


def _headed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(示范类型=rows["demonstration"], 级别=rows["level"])


LISTING = ("firm", "demonstration", "level", "item_name")  # what makes a 个 of D16


def events(books: Books, kinds: list[str], period: str = "Y") -> pd.DataFrame:
    """D23's activities of some kinds in a period."""
    rows = dated(books, "D23", "held_on", period, EVERYWHERE)
    return rows[rows["activity_type"].isin(kinds)]


def milestone(books: Books, kind: str) -> pd.DataFrame:
    """D23's milestones with 佐证文号 by the quarter's end."""
    rows = books["D23"]
    return rows[rows["activity_type"].eq(kind) & (rows["held_on"] <= books.day) & rows["document_no"].notna()]


def coverage(books: Books, population: str, rows: pd.DataFrame) -> dict[str, Part]:
    """A ratio's three parts: rate, firms of a population at the quarter's end that have such rows, all its firms."""
    every = roster(books, population)
    return {"a": share(), "b": firms(every[found_in(every["firm"], rows["firm"])]), "c": firms(every)}
