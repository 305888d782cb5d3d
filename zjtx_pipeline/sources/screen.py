"""Knows what must never be kept: marks of secrecy, resident-id and mobile numbers (datasets.md 5.4).

Leaves telling the sender to whoever reads `Raw.refused`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from zjtx_pipeline.sources.oddities import holds
from zjtx_pipeline.tables import Table, comparable

if TYPE_CHECKING:
    from zjtx_pipeline.sources.raw import Raw

NUMBERS = {"yuan", "wan", "count", "decimal"}  # an amount of eleven digits is no telephone
_SECRET = re.compile(r"(?:绝密|机密|秘密)\s*(?:[★☆]|[〔(（]?\s*\d+\s*年)")
# Written in one, or in groups of three, four and four; with dashes, as contract numbers are, only where a telephone is spoken of.
_MOBILE = re.compile(
    r"(?:(?<![0-9A-Za-z.])|\+86[ -]?|(?<![0-9])0086[ -]?)1[3-9]\d ?\d{4} ?\d{4}(?![0-9A-Za-z.])"
    r"|(?:电话|手机|联系|微信|[Tt][Ee][Ll]).{0,12}?(?<!\d)1[3-9]\d-\d{4}-\d{4}(?!\d)"
)
_RESIDENT = re.compile(
    r"(?<![0-9A-Za-z])[1-8]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![0-9A-Za-z])"
)
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_COUNTS_ONLY = {"D20"}  # talent as sums: a column of persons is refused whatever its cells hold
_PERSON = re.compile(r"姓名|身份证|手机|电话|联系方式")
# What every cell that `mark` marks holds; of the others most are told apart by whole columns, much faster.
_DIGIT, _GAP = r"\p{Nd}", r"[\s\x{a0}\x{3000}-]?"  # of any width
_SUSPECT = rf"[绝机秘]密|[1１][3-9３-９]{_DIGIT}{_GAP}{_DIGIT}{{4}}{_GAP}{_DIGIT}{{4}}|[1-8１-８]{_DIGIT}{{16}}"


def mark(text: str) -> str:
    """What in a text must not be kept: `密级标志`, `身份证号`, `手机号`, or nothing.

    >>> mark("机密★1年"), mark("联系电话 13800000000"), mark("138 0000 0000"), mark("发票号 138000000001"), mark("135-2024-0001号")
    ('密级标志', '手机号', '手机号', '', '')
    """
    text = unicodedata.normalize("NFKC", text)
    if _SECRET.search(text):
        return "密级标志"
    if any(_is_resident_id(found) for found in _RESIDENT.findall(text)):
        return "身份证号"
    return "手机号" if _MOBILE.search(text) else ""


def _is_resident_id(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number, _RESIDENT_WEIGHTS))
    return "10X98765432"[total % 11] == number[-1].upper()


def screened(table: Table, raw: Raw, around: Iterable[str] = ()) -> Raw:
    """The delivery, or, where a cell must not be kept, nothing of it but the reason and the cell's place.

    `around`: what else the file holds, rejected lines, titles and other sheets.
    """
    known = table.by_header()
    personal = next((header for header in raw.headers if table.id in _COUNTS_ONLY and _PERSON.search(header)), None)
    if personal:
        return _emptied(raw, f"本表只报汇总数，却有“{personal}”列")
    for header in raw.headers:
        column = known.get(comparable(header))
        if column is not None and column.kind in NUMBERS:
            continue
        for at in holds(raw.rows[header], _SUSPECT).nonzero()[0]:
            if found := mark(raw.rows[header].iat[at]):
                return _emptied(raw, f"“{header}”列（{raw.rows['place'].iat[at]}）含有{found}")
    found = next(filter(None, map(mark, [*raw.headers, *around])), "")
    return _emptied(raw, f"文件中含有{found}") if found else raw


def _emptied(raw: Raw, reason: str) -> Raw:
    sentence = f"{reason}：整份拒收，未作保存。请删去后重新报送。"
    return replace(
        raw, rows=raw.rows.iloc[:0], rejected=raw.rejected.iloc[:0], read=0, sheets={}, headers=(), notes=(), is_zero=False,
        refused=sentence
    )
