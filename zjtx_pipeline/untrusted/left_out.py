"""Knows what calamine leaves out of a sheet, in the older and the newer format alike; leaves finding it to `sheetxml`, `compound`."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

PERCENTS = {9, 10}  # the number formats 0% and 0.00%, which both formats of workbook have by number
HEADER, PROMPT, COMMENT = "页眉页脚", "填写提示", "批注或文本框"
_CODE = re.compile(r'&(?:([LCR])|"[^"]*"|K[0-9A-Fa-f]{6}|K\d\d[+-]\d{3}|\d{1,3}|[A-Za-z])')
_LITERAL = re.compile(r'"[^"]*"|[\\!_*].')
_BRACKETED = re.compile(r"\[[^\]]*\]")
_THOUSANDS = re.compile(r"[0#?](,+)(?![0#?,])")  # behind the last digit each divides by a thousand
_POINT_WRITTEN_IN = re.compile(r'(?:[\\!]\.|"\.")([0#?]+)')  # a point that is a sign like any other: digits are moved behind it
_HAN = re.compile("[\u4e00-\u9fff]")
_UNIT = re.compile(r"(亿|千万|百万|十万|万|千)?[元人家户件个]?")
_TIMES = {"亿": 10**8, "千万": 10**7, "百万": 10**6, "十万": 10**5, "万": 10**4, "千": 10**3, None: 1}
PERCENT, UNKNOWN = "%", "?"


class LeftOut(NamedTuple):
    """Of one sheet, counted from 0. `faults`: (row, column, what stands there) of cells that look empty and are not;
    `texts`: what it says outside its cells, behind what says it; `shown`: how numbers look that do not look as they are, by
    (row, column), as `look` tells it."""

    faults: list[tuple[int, int, str]] = []
    hidden_rows: list[int] = []
    hidden_columns: list[int] = []
    texts: list[tuple[str, str]] = []
    shown: dict[tuple[int, int], str] = {}


def printed(header: str) -> str:
    """What a header or footer prints, less its codes for fonts, sizes, colours and pages.

    >>> printed('&L机密&"宋体,常规"&12★1年&R第&P页')
    '\\n机密★1年\\n第页'
    """
    return _CODE.sub(lambda code: "\n" if code[1] else "", header).replace("&&", "&")


def look(form: str) -> str:
    """How a number format shows a number otherwise than it is: "%"; in which multiple of the unit the number must be kept for
    what is seen to be true, "?" where no unit is written; "" of any other format.

    >>> look("0.00%"), look('0.00"万元"'), look('0!.0,"万"'), look("0!.0000"), look("#,##0.00"), look("#,##0,")
    ('%', '10000', '1', '?', '', '?')
    """
    if is_percentage(form):
        return PERCENT
    positive = _BRACKETED.sub("", form).partition(";")[0]
    hidden = Fraction(1000) ** sum(map(len, _THOUSANDS.findall(_LITERAL.sub("", positive))))
    hidden *= Fraction(10) ** sum(map(len, _POINT_WRITTEN_IN.findall(positive)))
    unit = _unit(positive)
    if unit is None:
        return UNKNOWN if hidden > 1 else ""
    return str(unit / hidden)


def _unit(form: str) -> Fraction | None:
    """The multiple that is written beside a number; None where none is."""
    found = _UNIT.fullmatch("".join(_HAN.findall(form)))
    return Fraction(_TIMES[found[1]]) if found and found[0] else None


def is_percentage(form: str) -> bool:
    """Does a number format show a hundredfold, with a percent sign?

    >>> is_percentage("0.0%;[Red]-0.0%"), is_percentage('0.0"%"')
    (True, False)
    """
    return "%" in _LITERAL.sub("", form)
