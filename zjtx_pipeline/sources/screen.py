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

NUMBERS = {"yuan", "wan", "count", "decimal"}
_AMOUNTS = NUMBERS - {"count"}  # one of eleven digits is no telephone; nothing is counted in thousands of millions
_MOBILE_DIGITS, IDENTITY_DIGITS = 11, 18
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
_PERSON = re.compile(r"姓名|身份证|公民身份|手机|电话|联系方式")
_TELEPHONE = re.compile(r"手机|电话|联系方式")
_PERSON_SIGNS = re.compile(r"身\s*份|手\s*机|电\s*话|方\s*式")
# What every cell that `mark` marks holds; of the others most are told apart by whole columns, much faster.
_GAP = r"[^0-9０-９A-Za-z一-龥]*"  # written out: RE2 is twenty times slower with classes such as \p{L}
_SUSPECT = (
    rf"[绝机秘]{_GAP}密|[1１]{_GAP}[3-9３-９](?:{_GAP}[0-9０-９]){{9}}"
    rf"|[1-8１-８](?:{_GAP}[0-9０-９]){{5}}{_GAP}(?:[1１]{_GAP}[9９]|[2２]{_GAP}[0０])(?:{_GAP}[0-9０-９]){{9}}"
)


# A column of persons' numbers: whatever stands beneath is one, be it short of a digit or half hidden. The telephone of a firm is none.
_OWN = r"本人|个人|联系人|法人|法定代表人|负责人|经办人|员工|职工|人员|人才|工匠|毕业生|家属"
_PERSONAL = (
    ("身份证号", re.compile(r".{0,10}?(?:身份证(?:件)?号码?|公民身份(?:证)?号码?)(?:\(.*\))?|身份证")),
    ("手机号", re.compile(rf".{{0,10}}?手机号码?(?:\(.*\))?|.{{0,10}}?(?:{_OWN})[的及和与/、]?(?:联系)?(?:电话|方式)(?:号码)?(?:\(.*\))?")),
)
_DIGITS = re.compile(r"(?=.*[\d*])[^\d*]{0,6}[\d*Xx()+.-]{3,}[^\d*]{0,6}", re.ASCII)
_DAY = re.compile(r"\d{4}[-/.年]\d{1,2}(?:[-/.月]|$)", re.ASCII)
_NEARLY_MOBILE = re.compile(r"(?:\+?86)?1[3-9]\d{8,10}", re.ASCII)


class Placed(str):
    """A text that knows where in a file it stands, and the heading above it. `part`: a sheet, where `row` is given (from 1;
    `column` from 0), else another part of the file such as a comment."""

    __slots__ = ("part", "row", "column", "heading")

    def __new__(cls, text: str, part: str, row: int = 0, column: int = 0, heading: str = "") -> Placed:
        placed = super().__new__(cls, text)
        placed.part, placed.row, placed.column, placed.heading = part, row, column, heading
        return placed

    @property
    def place(self) -> str:
        """`名单!B2`, or the part's name."""
        return f"{self.part}!{_letters(self.column)}{self.row}" if self.row else self.part


def _letters(column: int) -> str:
    """
    >>> _letters(0), _letters(26), _letters(16383)
    ('A', 'AA', 'XFD')
    """
    before, last = divmod(column, 26)
    return (_letters(before - 1) if before else "") + chr(65 + last)


def of_persons(heading: str) -> str:
    """What a heading says that its column holds: `身份证号`, `手机号` of persons, or nothing.

    >>> of_persons("公民身份号码"), of_persons("联系人电话"), of_persons("联系电话"), of_persons("不得填写身份证号、手机号等个人信息")
    ('身份证号', '手机号', '', '')
    """
    if len(heading) > 40 or not speaks_of_persons(heading):
        return ""
    plain = comparable(heading)
    return next((what for what, pattern in _PERSONAL if pattern.fullmatch(plain)), "")


def speaks_of_persons(text: str) -> bool:
    """May a heading in a text be one of persons' numbers? Quickly told."""
    return bool(_PERSON_SIGNS.search(text))


def under(heading: str, cell: str) -> str:
    """What in a cell must not be kept, in the light of the heading above it.

    >>> under("身份证号", "33010919900101123"), under("联系电话", "1380000123"), under("联系电话", "0571-82630000"), under("手机号", "/")
    ('身份证号', '手机号', '', '')
    """
    if not _PERSON.search(heading):
        return mark(cell)
    plain = re.sub(r"\s", "", cell.translate(_plain_signs()))
    if (what := of_persons(heading)) and _DIGITS.fullmatch(plain) and not _DAY.search(plain):
        return what
    return mark(f"电话：{cell}") or ("手机号" if _TELEPHONE.search(heading) and _NEARLY_MOBILE.fullmatch(re.sub(r"[ ().-]", "", plain)) else "")


def suspect(heading: str) -> str:
    """RE2's pattern of what every cell holds that `under` finds fault with beneath a heading."""
    return rf"{_SUSPECT}|[0-9０-９*＊]" if _PERSON.search(heading) else _SUSPECT


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

    `around`: what else the file holds, rejected lines, titles and other sheets; best with their places.
    """
    known = table.by_header()
    personal = next((header for header in raw.headers if table.id in _COUNTS_ONLY and _PERSON.search(header)), None)
    if personal:
        return _emptied(raw, f"本表只报汇总数，却有“{personal}”列")
    if found := next(filter(None, map(mark, raw.headers)), ""):
        return _emptied(raw, f"表头含有{found}")
    for header in raw.headers:
        column, cells = known.get(comparable(header)), raw.rows[header]
        kind = column.kind if column is not None else ""
        if kind in NUMBERS and not (cells.str.len() >= _MOBILE_DIGITS).any():
            continue
        for at in holds(cells, suspect(header)).nonzero()[0]:
            found = under(header, cells.iat[at])
            if found and not (found == "手机号" and kind in _AMOUNTS):
                return _emptied(raw, f"“{header}”列（{_sayable(raw.rows['place'].iat[at])}）含有{found}")
    for text in around:
        if found := under(text.heading if isinstance(text, Placed) else "", text):
            return _emptied(raw, f"{_sayable(_place(raw, text))}含有{found}")
    return raw


def _place(raw: Raw, text: str) -> str:
    """Where a text stands: it says so itself, or it is of a line that was rejected."""
    if isinstance(text, Placed):
        return text.place
    lines = zip(raw.rejected["place"], raw.rejected["text"])
    return next((f"未读入的行（{place}）" for place, line in lines if text in line), "文件中")


def _sayable(place: str) -> str:
    """A place as its sender may be told it: no sheet's name that itself must not be kept."""
    return "名称要改的工作表" if mark(place) else place


def _emptied(raw: Raw, reason: str) -> Raw:
    sentence = f"{reason}：整份拒收，未作保存。请删去后重新报送。"
    return replace(
        raw, rows=raw.rows.iloc[:0], rejected=raw.rejected.iloc[:0], read=0, sheets={}, headers=(), notes=(), is_zero=False,
        refused=sentence
    )
