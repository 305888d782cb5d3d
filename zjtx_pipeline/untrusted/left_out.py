"""Knows what calamine leaves out of a sheet, in the older and the newer format alike; leaves finding it to `sheetxml`, `compound`."""

from __future__ import annotations

import re
from typing import NamedTuple

PERCENTS = {9, 10}  # the number formats 0% and 0.00%, which both formats of workbook have by number
HEADER, PROMPT, COMMENT = "页眉页脚", "填写提示", "批注或文本框"
_CODE = re.compile(r'&(?:([LCR])|"[^"]*"|K[0-9A-Fa-f]{6}|K\d\d[+-]\d{3}|\d{1,3}|[A-Za-z])')
_LITERAL = re.compile(r'"[^"]*"|[\\_*].')


class LeftOut(NamedTuple):
    """Of one sheet, counted from 0. `faults`: (row, column, what stands there) of cells that look empty and are not;
    `texts`: what it says outside its cells, behind what says it; `percents`: (row, column) of numbers that are shown as a
    percentage."""

    faults: list[tuple[int, int, str]] = []
    hidden_rows: list[int] = []
    hidden_columns: list[int] = []
    texts: list[tuple[str, str]] = []
    percents: frozenset[tuple[int, int]] = frozenset()


def printed(header: str) -> str:
    """What a header or footer prints, less its codes for fonts, sizes, colours and pages.

    >>> printed('&L机密&"宋体,常规"&12★1年&R第&P页')
    '\\n机密★1年\\n第页'
    """
    return _CODE.sub(lambda code: "\n" if code[1] else "", header).replace("&&", "&")


def is_percentage(form: str) -> bool:
    """Does a number format show a hundredfold, with a percent sign?

    >>> is_percentage("0.0%;[Red]-0.0%"), is_percentage('0.0"%"')
    (True, False)
    """
    return "%" in _LITERAL.sub("", form)
