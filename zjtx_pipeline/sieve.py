"""Knows rows on their way from a table to a figure: which stayed, and at which step and why the others fell out.

Leaves which conditions make a figure to `indicators`, and showing what fell out to `trace`. A step costs no more than the
selection itself, so that every figure can be explained without having been asked to remember.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from zjtx_pipeline.books import Books
from zjtx_pipeline.tables import load_tables

FIRMS, UNITS = "企业", "奖补单元"  # rows that are no table's own: a population's firms, award units


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of one table, under their labels in the books, and the steps that led to them.

    `table` is a table's id, or FIRMS or UNITS. A step is its reason and the labels that stood before it; `every` is the
    frame before the first. `behind` names what else they rest on, each a function that gives those Rows: nobody works them
    out until asked. `told` are columns to show beside those that reasons speak of.
    """

    frame: pd.DataFrame
    table: str
    every: pd.DataFrame | None = None
    steps: tuple[tuple[str, pd.Index], ...] = ()
    behind: tuple[tuple[str, Callable[[], Rows]], ...] = ()
    told: tuple[str, ...] = ()

    def __getitem__(self, column: str) -> pd.Series:
        return self.frame[column]

    def __len__(self) -> int:
        return len(self.frame)

    def where(self, condition: pd.Series, otherwise: str) -> Rows:
        """The rows of which a condition holds; `otherwise` says in Chinese why the others do not count."""
        return self.only(self.frame[condition], otherwise)

    def only(self, frame: pd.DataFrame, otherwise: str) -> Rows:
        """Those rows that a frame drawn from these still bears, under the same labels."""
        every = self.frame if self.every is None else self.every
        return replace(self, frame=frame, every=every, steps=(*self.steps, (otherwise, self.frame.index)))

    def having(self, column: str, *values: Any) -> Rows:
        """The rows that bear one of some values in a column."""
        cells, told = self.frame[column], "、".join({True: "是", False: "否"}.get(value, str(value)) for value in values)
        holds = cells.eq(values[0]) if len(values) == 1 else cells.isin(values)
        return self.where(holds.fillna(False).astype(bool), f"{self.header(column)}不是{told}")

    def filled(self, column: str) -> Rows:
        """The rows that have a value in a column."""
        return self.where(self.frame[column].notna(), f"{self.header(column)}未填")

    def assign(self, **columns: Any) -> Rows:
        return replace(self, frame=self.frame.assign(**columns))

    def resting_on(self, name: str, rows: Callable[[], Rows]) -> Rows:
        """The same rows with one more thing that they rest on."""
        return replace(self, behind=(*self.behind, (name, rows)))

    def telling(self, *columns: str) -> Rows:
        """The same rows, to be shown with some columns more."""
        return replace(self, told=(*self.told, *columns))

    def header(self, column: str) -> str:
        """What a delivery calls a column."""
        return load_tables()[self.table].columns[column].header

    def left_out(self) -> pd.Series:
        """Each label that fell out on the way, with the reason of the step that struck it."""
        after = [labels for _, labels in self.steps[1:]] + [self.frame.index]
        lost = [pd.Series(why, index=before[~before.isin(kept)], dtype="str") for (why, before), kept in zip(self.steps, after)]
        return pd.concat(lost) if lost else pd.Series(dtype="str")


def rows_of(books: Books, table: str) -> Rows:
    """All accepted rows of a table."""
    return Rows(books[table], table)
