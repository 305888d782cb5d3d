"""Knows which rows count in a period and a population (indicators.md, “Which rows”, “Which firms”).

Leaves what is made of them to the task modules.
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.books import Books, found_in, once
from zjtx_pipeline.firms import current, in_district, towns
from zjtx_pipeline.indicators.parts import Part, firms, share
from zjtx_pipeline.indicators.standings import firms_of
from zjtx_pipeline.sieve import Rows, rows_of
from zjtx_pipeline.tiers import members

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


def outside(books: Books, population: str) -> str:
    """Why a row does not count whose firm is not of a population."""
    if population == LOCAL:
        return "不在萧"
    return f"不属于{population}（{books.rules.tiers.populations[population].name}）"


@once
def dated(books: Books, table: str, column: str, period: str, population: str = LOCAL) -> Rows:
    """The rows whose deciding date falls in the period and whose firm belonged to the population that day.

    `firm` is the code at the quarter's end; tables without a firm keep all their rows.
    """
    rows, first = rows_of(books, table), since(books, period)
    within = (rows[column] >= first) & (rows[column] <= books.day)
    rows = rows.where(within, f"{rows.header(column)}不在{first.date()}至{books.day.date()}")
    return with_firm(books, _among(books, population, rows, rows[column], f"{rows.header(column)}当日")) if "uscc" in rows.frame else rows


@once
def standing(books: Books, table: str, begins: str, ends: str | None, population: str = LOCAL) -> Rows:
    """The rows that stand on the quarter's last day: begun by then, not ended by then; with `firm`."""
    rows = rows_of(books, table)
    rows = rows.where(rows[begins] <= books.day, f"{rows.header(begins)}未填或在季末之后")
    if ends:
        rows = rows.where(~(rows[ends] <= books.day), f"{rows.header(ends)}不晚于季末")
    return with_firm(books, _among(books, population, rows, books.day, "季末"))


def _among(books: Books, population: str, rows: Rows, days: pd.Series | pd.Timestamp, when: str) -> Rows:
    if population == EVERYWHERE:
        return rows
    return rows.where(among(books, population, rows["uscc"], days), f"企业{when}{outside(books, population)}")


def with_firm(books: Books, rows: Rows) -> Rows:
    return rows.assign(firm=current(books, rows["uscc"]))


def with_town(books: Books, rows: Rows) -> Rows:
    return rows.assign(镇街=towns(books, rows["firm"]))


def valid(rows: Rows, day: pd.Timestamp) -> Rows:
    """Rows whose validity, last day included, has not run out; an empty end is open."""
    return rows.where(~(rows["valid_to"] < day), f"{rows.header('valid_to')}在季末之前")


@once
def listed(books: Books) -> Rows:
    """D16's rows standing at the quarter's end, firms 在萧 that day, under the headers that breakdowns use."""
    return _headed(standing(books, "D16", "announced_on", "removed_on"))


@once
def announced(books: Books, period: str) -> Rows:
    """D16's rows published in a period, firms 在萧 on the day, under the headers that breakdowns use."""
    return _headed(dated(books, "D16", "announced_on", period))


def _headed(rows: Rows) -> Rows:
    return rows.assign(示范类型=rows["demonstration"], 级别=rows["level"])


LISTING = ("firm", "demonstration", "level", "item_name")  # what makes a 个 of D16


def events(books: Books, kinds: list[str], period: str = "Y") -> Rows:
    """D23's activities of some kinds in a period."""
    return dated(books, "D23", "held_on", period, EVERYWHERE).having("activity_type", *kinds)


def milestone(books: Books, kind: str) -> Rows:
    """D23's milestones with 佐证文号 by the quarter's end."""
    rows = rows_of(books, "D23").having("activity_type", kind)
    return rows.where(rows["held_on"] <= books.day, "日期在季末之后").filled("document_no")


def coverage(books: Books, population: str, what: str, rows: Rows) -> dict[str, Part]:
    """A ratio's three parts: rate, firms of a population at the quarter's end that have such rows, all its firms.

    `what` names in Chinese what the rows show of a firm.
    """
    every = firms_of(books, population)
    have = every.where(found_in(every["firm"], rows["firm"]), f"没有{what}").resting_on(what, lambda: rows)
    return {"a": share(), "b": firms(have), "c": firms(every)}
