"""Knows the firms of a pool, a title or a population on a day, with the rows of D03 and D04 that make them so.

Leaves who holds what to `tiers`; says beside it which rows do not count, and why.
"""

from __future__ import annotations

from functools import partial

import pandas as pd

from zjtx_pipeline.books import Books, found_in, once
from zjtx_pipeline.firms import current, in_district, register
from zjtx_pipeline.sieve import FIRMS, Rows, rows_of
from zjtx_pipeline.tiers import grants, roster


@once
def firms_of(books: Books, population: str, day: pd.Timestamp | None = None) -> Rows:
    """The firms of P1, P2, P4 or P12 on a day, each once: firm, 镇街, 口径 (`tiers.roster`), and what they rest on."""
    day = books.day if day is None else day
    rows = Rows(roster(books, population, day), FIRMS)
    for part in books.rules.tiers.populations[population].union or (population,):
        rule = books.rules.tiers.populations[part]
        made = partial(pooled, books, rule.pool, day) if rule.pool else partial(titled, books, day, rule.types)
        rows = rows.resting_on(f"{part} {day.date()}", made)
    return rows


def pooled(books: Books, pool: str, day: pd.Timestamp | None = None) -> Rows:
    """D03's rows of the firms in a pool on a day, with `firm`; codes not in D01 count in no pool (small print 13)."""
    day = books.day if day is None else day
    rows = rows_of(books, "D03").having("pool", pool)
    rows = rows.where(rows["entered_on"] <= day, f"入库日期在{day.date()}之后")
    rows = rows.where(~(rows["left_on"] <= day), f"出库日期不晚于{day.date()}")
    rows = rows.where(found_in(rows["uscc"], register(books).index), "企业主体（D01）没有这个码")
    return rows.assign(firm=current(books, rows["uscc"]))


def titled(books: Books, day: pd.Timestamp | None = None, types: tuple[str, ...] = ()) -> Rows:
    """D04's rows of the titles valid on a day of firms 在萧 that day, with `firm`, the holder's code at the quarter's end."""
    day = books.day if day is None else day
    rows = rows_of(books, "D04")
    rows = rows.having("tier", *types) if types else rows
    rows = rows.where(rows["announced_on"] <= day, f"公布日期在{day.date()}之后")
    rows = rows.having("event", *books.rules.tiers.events.granting)
    rows = rows.where(rows["valid_from"] <= day, f"有效期起未填或在{day.date()}之后")
    rows = rows.where(rows["valid_to"] >= day, f"有效期止在{day.date()}之前")
    held = grants(books)
    held = held[(held["starts_on"] <= day) & (day <= held["ends_on"])].set_index("grant")
    rows = rows.where(rows.frame.index.isin(held.index), "已被撤销、主动放弃或注销")
    holders = held["uscc"].reindex(rows.frame.index)
    rows = rows.where(in_district(books, holders, day), f"持有企业{day.date()}不在萧")
    return rows.assign(firm=current(books, holders.reindex(rows.frame.index)))
