"""Knows which recognition or listing of a firm is its first, those it had succeeded included, and which was taken back.

Leaves which rows set a clause off to `triggers`. Sources: datasets.md 5.1, 5.8 (3); readings B-21, B-28.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd

from zjtx_pipeline.books import Books
from zjtx_pipeline.firms import current
from zjtx_pipeline.rules import Award
from zjtx_pipeline.tables.typed import DATES
from zjtx_pipeline.tiers import announced, title_holder, title_key

REVOKED, PARK = "撤销", "园区"
DEMONSTRATIONS = ("A11", "A12", "A13", "A14", "A15", "A16")
Owner = Callable[[pd.Series, pd.Series], pd.Series]


def first_of(rows: pd.DataFrame, keys: pd.Series, by: list[str], owner: Owner, day: pd.Timestamp) -> pd.Series:
    """Is each row (earliest first) the first of its firm, those it had succeeded by that day included?"""
    at_end = owner(keys, pd.Series(day, index=keys.index))
    listed = rows[[*by, "triggered_on"]].assign(key=keys, group=at_end, row=range(len(rows)))
    again = listed[listed.duplicated(["group", *by], keep=False)]
    pairs = again.merge(again, on=["group", *by], suffixes=("", "_before"), validate="m:m")
    pairs = pairs[pairs["row_before"] < pairs["row"]]
    same = owner(pairs["key"], pairs["triggered_on"]) == owner(pairs["key_before"], pairs["triggered_on"])
    return ~listed["row"].isin(pairs.loc[same, "row"])


def first_listed(books: Books, rows: pd.DataFrame, *also: str) -> pd.Series:
    """Is each listing (earliest first) its firm's first of that type and level, and of what is named beside?"""
    return first_of(rows, rows["uscc"], ["demonstration", "level", *also], partial(current, books), books.day)


def newly_recognised(books: Books, award: Award, rows: pd.DataFrame) -> pd.Series:
    """A11–A16: what 新认定 takes for new — any listing (B-21), any workshop (B-28), else the first of type and level.

    A21 is per park, of which one firm may run several; A17 and A18 are one-off.
    """
    if award.id not in DEMONSTRATIONS:
        return first_listed(books, rows, *(["item_name"] if award.unit == PARK else []))
    if books.rules.reading("B-21") == "每次列入":
        return pd.Series(True, index=rows.index)
    return first_listed(books, rows, *(["item_name"] if books.rules.reading("B-28") == "每个均计" else []))


def revoked_on(books: Books, rows: pd.DataFrame) -> pd.Series:
    """The day on which each recognised title was first revoked, from whoever held it then; NA where it was not."""
    ends = announced(books)
    ends = ends[ends["event"].eq(REVOKED)]
    given = rows[["triggered_on"]].assign(key=title_key(rows["uscc"], rows["tier"]), row=range(len(rows)))
    taken = ends[["announced_on"]].assign(key=title_key(ends["uscc"], ends["tier"]))
    given, taken = (each.assign(group=title_holder(books, each["key"], books.day)) for each in (given, taken))
    pairs = given.merge(taken, on="group", suffixes=("", "_taken"), validate="m:m")
    pairs = pairs[pairs["announced_on"] > pairs["triggered_on"]]
    own, other = (title_holder(books, pairs[key], pairs["announced_on"]) for key in ("key", "key_taken"))
    first = pairs[own == other].groupby("row")["announced_on"].min()
    return first.reindex(range(len(rows))).set_axis(rows.index).astype(DATES)
