"""Knows the accepted tables of one quarter, laid open on one day for measuring.

Leaves where the rows came from to `validate`, and what they mean to `firms`, `tiers`, `awards` and `indicators`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, wraps
from typing import Any

import pandas as pd

from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.rules import Rules
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.tables import load_tables
from zjtx_pipeline.tables.typed import typed
from zjtx_pipeline.verdicts import ABSENT, DELIVERED, UNDELIVERED


def once(derive: Callable) -> Callable:
    """Derive something from books a single time; it is kept with the books and dies with them."""

    @wraps(derive)
    def remembered(books, *arguments):
        key = (derive.__module__, derive.__qualname__, *arguments)
        if key not in books.memory:
            books.memory[key] = derive(books, *arguments)
        return books.memory[key]

    return remembered


@dataclass(frozen=True, eq=False)
class Books:
    """One quarter's accepted rows by table id, typed, under the dictionary's English names.

    `status` says for each table 已报送, 零报送 or 未报送; a table it does not name is 未报送. It names columns too, such as
    `D20.新增工匠(人)`, that nobody's delivery fills (`unfilled`). `missing` names the departments of a table that sent nothing while others did. `delivered`: the quarter whose deliveries these are,
    where they are read as of an earlier one.
    """

    quarter: Quarter
    tables: Mapping[str, pd.DataFrame]
    status: Mapping[str, str]
    missing: Mapping[str, tuple[str, ...]]
    rules: Rules
    settings: Settings | None = None
    memory: dict[Any, Any] = field(default_factory=dict, repr=False)
    delivered: Quarter | None = None

    @once
    def __getitem__(self, table: str) -> pd.DataFrame:
        """The accepted rows of a table in the dictionary's columns; no rows where nothing was delivered.

        Where each row came from stands in `tables` beside these columns.
        """
        return self.tables[table][list(load_tables()[table].columns)] if table in self.tables else _no_rows(table)

    def lacks(self, needs: tuple[str, ...]) -> bool:
        """Did no department deliver one of these tables (indicators.md, small print 12), or fill one of these columns?"""
        return any(self.status.get(need, DELIVERED if "." in need else UNDELIVERED) in ABSENT for need in needs)

    @property
    def day(self) -> pd.Timestamp:
        """The quarter's last day, on which standings are taken."""
        return pd.Timestamp(self.quarter.last_day)

    @property
    def snapshot_day(self) -> pd.Timestamp:
        """The day whose state a snapshot (nature S) shows: that of its own quarter, on whatever day it is read."""
        return pd.Timestamp((self.delivered or self.quarter).last_day)

    @once
    def at(self, quarter: Quarter) -> Books:
        """The same ledgers, read as of an earlier quarter's last day: baselines, and due quarters without their own."""
        delivered = self.delivered or self.quarter
        return Books(quarter, self.tables, self.status, self.missing, self.rules, self.settings, delivered=delivered)


def looked_up(values: pd.Series, keys: pd.Series) -> pd.Series:
    """The value that stands under each key, in the values' own dtype; NA where none does."""
    return values.reindex(keys.array).set_axis(keys.index)


def found_in(keys: pd.Series, values: pd.Series | pd.Index) -> pd.Series:
    """Is each key among the values? As `isin`, which is slow where there are many texts."""
    return pd.Series(pd.Index(values.unique()).get_indexer(keys.array) >= 0, index=keys.index)


@cache
def _no_rows(table_id: str) -> pd.DataFrame:
    table = load_tables()[table_id]
    text = {column.header: pd.Series([], dtype="str") for column in table.columns.values()}
    return typed(table, pd.DataFrame(text))
