"""Knows how an indicator's counted parts become figures: every breakdown in printed order, zeros too, with a status.

Leaves counting to the task modules. Source: indicators.md, “Breakdown”, “Value”, “status”.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from zjtx_pipeline.books import Books
from zjtx_pipeline.figures import Figure
from zjtx_pipeline.indicators.parts import Counted, Difference, Part, Share
from zjtx_pipeline.money import FEN_PER_WAN, FEN_PER_YUAN
from zjtx_pipeline.rules import Indicator

FEN_PER = {"元": FEN_PER_YUAN, "万元": FEN_PER_WAN}
Cell = Fraction | str  # a value, or the status that stands in its place


def figures(books: Books, indicator: Indicator, formula: Callable[[Books], Mapping[str, Part]] | None) -> list[Figure]:
    """All figures of an indicator; 尚未测算 without a formula, 待补 where a table it needs was not delivered."""
    undelivered = {letter for letter, part in indicator.parts.items() if books.lacks(part.needs)}
    if formula is None:
        parts, missing = {}, "尚未测算"
    else:
        parts, missing = (formula(books) if undelivered != set(indicator.parts) else {}), "待补"
    found = []
    for letter, part in indicator.parts.items():
        for row in books.rules.breakdown_rows(part, books.quarter.year):
            bare = formula is None or letter in undelivered
            cell = missing if bare else _cell(parts, letter, row, part.unit, undelivered)
            found.append(_figure(indicator.id, letter, row, cell))
    return found


def _figure(indicator: str, letter: str, row: str, cell: Cell) -> Figure:
    if isinstance(cell, str):
        return Figure(indicator, letter, row, None, cell)
    return Figure(indicator, letter, row, cell)


def _cell(parts: Mapping[str, Part], letter: str, row: str, unit: str, undelivered: set[str]) -> Cell:
    part = parts[letter]
    if isinstance(part, Counted):
        return _counted(part, row, unit)
    first, second = (part.numerator, part.denominator) if isinstance(part, Share) else (part.minuend, part.subtrahend)
    cells = ["待补" if each in undelivered else _cell(parts, each, row, unit, undelivered) for each in (first, second)]
    statuses = [cell for cell in cells if isinstance(cell, str)]
    if statuses:
        return statuses[0]
    if isinstance(part, Difference):
        return cells[0] - cells[1]
    return cells[0] / cells[1] * 100 if cells[1] else "无适用对象"


def _counted(part: Counted, row: str, unit: str) -> Cell:
    pairs = [pair.split("=", 1) for pair in row.split(";")] if row else []
    rows = part.beside.get(pairs[0][0], part.rows) if pairs else part.rows
    for column, value in pairs:
        rows = rows[rows[column].eq(value)]
    value = part.of(rows)
    if value is None:
        return part.absent
    return Fraction(value) / FEN_PER.get(unit, 1) if part.in_fen else Fraction(value)
