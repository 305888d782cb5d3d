"""Knows what must never be kept: marks of secrecy, resident-id and mobile numbers (datasets.md 5.4).

Leaves telling the sender to whoever reads `Raw.refused`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from zjtx_pipeline.sources.oddities import holds
from zjtx_pipeline.tables import Table, comparable

if TYPE_CHECKING:
    from zjtx_pipeline.sources.raw import Raw

NUMBERS = {"yuan", "wan", "count", "decimal"}  # an amount of eleven digits is no telephone
_SECRET = re.compile(r"[绝机秘]\s*密\s*(?:[★☆]|[〔(（【\[]?\s*(?:保密期限[:：]?)?\s*\d+\s*年)")
# In one or in groups of three, four and four; with dashes, as contract numbers are written, only where a telephone is spoken of,
# with points there and where no year stands in the middle.
_MOBILE = re.compile(
    r"(?<![0-9A-Za-z])(?<!\d\.)(?!\d{3} (?:19|20)\d\d (?:19|20)\d\d)1[3-9]\d ?\d{4} ?\d{4}(?!\.?\d|[A-Za-z])"
    r"|(?<![0-9A-Za-z])(?<!\d\.)1[3-9]\d\.(?!19|20)\d{4}\.\d{4}(?!\.?\d|[A-Za-z])"
    r"|(?<![0-9A-Za-z])(?<!\d\.)86[ -]?1[3-9]\d ?\d{4} ?\d{4}(?!\.?\d|[A-Za-z])"
    r"|(?:\+86|(?<![0-9A-Za-z])0086)[ -]?1[3-9]\d[ .-]?\d{4}[ .-]?\d{4}(?!\d)"
    r"|(?:联系(?:人|电话|方式)|电话|手机号?码?|微信号?|(?<![A-Za-z])[Tt][Ee][Ll]\.?)[:\s]{0,3}1[3-9]\d[ .-]?\d{4}[ .-]?\d{4}(?!\d)",
    re.ASCII,
)
# In one, letters about it or not; in groups only of those born before 2010, for numbers of contracts bear a district and a day too.
_RESIDENT = re.compile(
    r"(?<!\d)[1-8]\d{16}[\dXx](?!\d)"
    r"|(?<![0-9A-Za-z])(?<!\d[ -])[1-8](?:[ -]?\d){5}[ -]?(?:1[ -]?9|2[ -]?0(?=[ -]?0))(?:[ -]?\d){9}[ -]?[\dXx](?![0-9A-Za-z]|[ -]\d)",
    re.ASCII,
)
_BORN = re.compile(r"\d{6}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]", re.ASCII)
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_COUNTS_ONLY = {"D20"}  # talent as sums: a column of persons is refused whatever its cells hold
_PERSON = re.compile(r"姓名|身份证|手机|电话|联系方式")
# What every cell that `mark` marks holds; of the others most are told apart by whole columns, much faster.
_GAP = r"[^0-9０-９A-Za-z一-龥]*"  # written out: RE2 is twenty times slower with classes such as \p{L}
_SUSPECT = (
    rf"[绝机秘]{_GAP}密|[1１]{_GAP}[3-9３-９](?:{_GAP}[0-9０-９]){{9}}"
    rf"|[1-8１-８](?:{_GAP}[0-9０-９]){{5}}{_GAP}(?:[1１]{_GAP}[9９]|[2２]{_GAP}[0０])(?:{_GAP}[0-9０-９]){{9}}"
)


def mark(text: str) -> str:
    """What in a text must not be kept: `密级标志`, `身份证号`, `手机号`, or nothing.

    >>> mark("机密★1年"), mark("联系电话 13800000000"), mark("138 0000 0000"), mark("发票号 138000000001"), mark("135-2024-0001号")
    ('密级标志', '手机号', '手机号', '', '')
    """
    return _mark(text) or ("" if text.isascii() else _mark(text.translate(_plain_signs())))


@cache
def _plain_signs() -> dict[int, str]:
    """Signs as a keyboard has them: full width made plain, any blank and any dash one, ① and ℡ no part of a number beside
    them, what has no width away."""
    full_width = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    full_width |= {ord(star): star for star in "★☆"}  # they say how secret something is
    kinds = {"Zs": " ", "Pd": "-", "No": " ", "So": " ", "Cf": ""}
    told = ((code, kinds.get(unicodedata.category(chr(code)))) for code in range(0x80, 0x10000))
    return {code: sign for code, sign in told if sign is not None} | full_width | {0x2212: "-"}


def _mark(text: str) -> str:
    if _SECRET.search(text):
        return "密级标志"
    if any(_is_resident_id(found) for found in _RESIDENT.findall(text)):
        return "身份证号"
    return "手机号" if _MOBILE.search(text) else ""


def _is_resident_id(number: str) -> bool:
    digits = number.replace(" ", "").replace("-", "")
    total = sum(int(digit) * weight for digit, weight in zip(digits, _RESIDENT_WEIGHTS))
    return bool(_BORN.fullmatch(digits)) and "10X98765432"[total % 11] == digits[-1].upper()


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
        spoken = "电话：" if _PERSON.search(header) else ""
        for at in holds(raw.rows[header], _SUSPECT).nonzero()[0]:
            if found := mark(spoken + raw.rows[header].iat[at]):
                return _emptied(raw, f"“{header}”列（{raw.rows['place'].iat[at]}）含有{found}")
    found = next(filter(None, map(mark, [*raw.headers, *around])), "")
    return _emptied(raw, f"文件中含有{found}") if found else raw


def _emptied(raw: Raw, reason: str) -> Raw:
    sentence = f"{reason}：整份拒收，未作保存。请删去后重新报送。"
    return replace(
        raw, rows=raw.rows.iloc[:0], rejected=raw.rejected.iloc[:0], read=0, sheets={}, headers=(), notes=(), is_zero=False,
        refused=sentence
    )
