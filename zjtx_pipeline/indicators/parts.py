"""Knows the ways in which a part of an indicator is counted: firms, rows, things, sums, shares.

Leaves which rows count to the task modules, and the breakdowns to `layout`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import pandas as pd

from zjtx_pipeline.figures import Status
from zjtx_pipeline.sieve import Rows


DISTINCT, ROWS, SUM, EXISTS, GROWTH, WINNERS = "不同值个数", "行数", "合计", "有则为1", "同比增长", "合计大于零的企业数"


@dataclass(frozen=True)
class Counted:
    """Rows, and what to make of them; breakdown columns stand in the rows under their Chinese names.

    `of` gives an exact number, in fen if `in_fen`; None where there is none, and then `absent` says why. `told` says the
    same in a word, about `columns`. `beside` holds, for a breakdown column, other rows than the total's (年度 of finished
    years). `year`, `scope`: as `figures.Figure` has them.
    """

    rows: Rows
    of: Callable[[pd.DataFrame], Fraction | int | None]
    told: str
    columns: tuple[str, ...] = ()
    in_fen: bool = False
    absent: Status = "无适用对象"
    beside: Mapping[str, Rows] = field(default_factory=dict)
    year: int | None = None
    scope: str = ""


@dataclass(frozen=True)
class Share:
    """Percent points of two other parts of the same indicator; none where the denominator is 0."""

    numerator: str
    denominator: str


@dataclass(frozen=True)
class Difference:
    """One other part less another: 差额 = 应兑 − 已兑, total from totals."""

    minuend: str
    subtrahend: str


Part = Counted | Share | Difference


def firms(rows: Rows, **beside: Rows) -> Counted:
    """Distinct firms."""
    return distinct(rows, "firm", **beside)


def distinct(rows: Rows, *columns: str, **beside: Rows) -> Counted:
    """Distinct things, told apart by these columns."""
    return Counted(rows, lambda part: int((~part.duplicated(list(columns))).sum()), DISTINCT, columns, beside=beside)


def count(rows: Rows, **beside: Rows) -> Counted:
    """Rows."""
    return Counted(rows, len, ROWS, beside=beside)


def total(rows: Rows, column: str) -> Counted:
    """The sum of a column; empty cells add nothing."""
    return Counted(rows, lambda part: Fraction(part[column].sum()), SUM, (column,), in_fen=column.endswith("_fen"))


def yes(rows: Rows) -> Counted:
    """1 if there is such a row, else 0."""
    return Counted(rows, lambda part: int(len(part) > 0), EXISTS)


def share(numerator: str = "b", denominator: str = "c") -> Share:
    return Share(numerator, denominator)
