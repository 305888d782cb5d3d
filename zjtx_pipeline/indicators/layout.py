"""Knows how an indicator's counted parts become figures: every breakdown in printed order, zeros too, with a status.

Leaves counting to the task modules. Source: indicators.md, “Breakdown”, “Value”, “status”.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

import pandas as pd

from zjtx_pipeline.books import Books
from zjtx_pipeline.figures import Figure
from zjtx_pipeline.indicators.parts import Counted, Difference, Part, Share
from zjtx_pipeline.money import FEN_PER_WAN, FEN_PER_YUAN
from zjtx_pipeline.rules import Indicator

NOT_YET, UNDELIVERED, NO_OBJECT = "尚未测算", "待补", "无适用对象"
FEN_PER = {"元": FEN_PER_YUAN, "万元": FEN_PER_WAN}
Cell = Fraction | str  # a value, or the status that stands in its place
Formula = Callable[[Books], Mapping[str, Part]]


def figures(books: Books, indicator: Indicator, formula: Formula | None) -> list[Figure]:
    """All figures of an indicator; 尚未测算 without a formula, 待补 where what it rests on was not delivered."""
    table = _table(books, indicator, formula)
    return [
        _figure(indicator.id, letter, row, table.cell(letter, row, part.unit), table.parts.get(letter))
        for letter, part in indicator.parts.items()
        for row in books.rules.breakdown_rows(part, books.quarter.year)
    ]


def headline(books: Books, indicator: Indicator, formula: Formula | None) -> Fraction | None:
    """Part a in total; None where there is no value."""
    cell = _table(books, indicator, formula).cell("a", "", indicator.parts["a"].unit)
    return cell if isinstance(cell, Fraction) else None


def _figure(indicator: str, letter: str, row: str, cell: Cell, part: Part | None) -> Figure:
    if isinstance(cell, str):
        return Figure(indicator, letter, row, None, cell)
    told = {"year": part.year, "scope": part.scope} if isinstance(part, Counted) else {}
    return Figure(indicator, letter, row, cell, **told)


def _table(books: Books, indicator: Indicator, formula: Formula | None) -> Cells:
    if formula is None:
        return Cells({}, dict.fromkeys(indicator.parts, NOT_YET))
    absent = {letter: UNDELIVERED for letter, part in indicator.parts.items() if books.lacks(part.rests_on)}
    return Cells(formula(books) if len(absent) < len(indicator.parts) else {}, absent)


class Cells:
    """The values of one indicator by part and breakdown row; rows are sorted by their columns once a part."""

    def __init__(self, parts: Mapping[str, Part], absent: Mapping[str, str]):
        self.parts, self.absent = parts, absent
        self.groups: dict[tuple, dict] = {}

    def cell(self, letter: str, row: str, unit: str) -> Cell:
        """A part's value in a unit, exact, or the status in its place."""
        if letter in self.absent:
            return self.absent[letter]
        part = self.parts[letter]
        if isinstance(part, Share):
            return self._of_two(part.numerator, part.denominator, row, "", _percent)
        if isinstance(part, Difference):
            return self._of_two(part.minuend, part.subtrahend, row, unit, Fraction.__sub__)
        value = part.of(self._rows(letter, part, row))
        if value is None:
            return part.absent
        return Fraction(value) / FEN_PER.get(unit, 1) if part.in_fen else Fraction(value)

    def _of_two(self, first: str, second: str, row: str, unit: str, combine: Callable) -> Cell:
        cells = self.cell(first, row, unit), self.cell(second, row, unit)
        return next((cell for cell in cells if isinstance(cell, str)), None) or combine(*cells)

    def _rows(self, letter: str, part: Counted, row: str) -> pd.DataFrame:
        if not row:
            return part.rows.frame
        pairs = [pair.split("=", 1) for pair in row.split(";")]
        columns = tuple(column for column, _ in pairs)
        rows = part.beside.get(columns[0], part.rows).frame
        if (letter, columns) not in self.groups:
            self.groups[letter, columns] = dict(iter(rows.groupby(list(columns), sort=False)))
        return self.groups[letter, columns].get(tuple(value for _, value in pairs), rows.iloc[:0])


def _percent(numerator: Fraction, denominator: Fraction) -> Cell:
    return numerator / denominator * 100 if denominator else NO_OBJECT
