"""Knows what calamine leaves out of a sheet, in the older and the newer format alike; leaves finding it to `sheetxml`, `compound`."""

from __future__ import annotations

import re
from typing import NamedTuple

PERCENTS = {9, 10}  # the number formats 0% and 0.00%, which both formats of workbook have by number
_LITERAL = re.compile(r'"[^"]*"|[\\_*].')


class LeftOut(NamedTuple):
    """Of one sheet, counted from 0. `faults`: (row, column, what stands there) of cells that look empty and are not;
    `percents`: (row, column) of numbers that are shown as a percentage."""

    faults: list[tuple[int, int, str]] = []
    hidden_rows: list[int] = []
    hidden_columns: list[int] = []
    printed: list[str] = []
    percents: frozenset[tuple[int, int]] = frozenset()


def is_percentage(form: str) -> bool:
    """Does a number format show a hundredfold, with a percent sign?

    >>> is_percentage("0.0%;[Red]-0.0%"), is_percentage('0.0"%"')
    (True, False)
    """
    return "%" in _LITERAL.sub("", form)
