"""Knows which lines of a delivery are no records: sums, remarks, the heading printed again, bare numbering; and which
above the headers are records all the same.

Leaves opening files to `workbook` and `delimited`. Such a line is counted as rejected with its reason, never dropped.
A line that fills a column of the table's key is a record, whatever else it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from zjtx_pipeline.sources.raw import CAPTION, HEADING, NUMBERING, ORDINALS, REMARK, SUM, ZERO_REPORT, Line
from zjtx_pipeline.tables import Column, Table, comparable

OTHER_HEADING = "此处起另有一个栏目不同的表，没有读"
MOST_WORDS, MOST_FOLLOWING = 6, 2  # cells of a line of remarks or signatures, and of one that goes on with a remark
_SUM = re.compile(r".{0,20}(?:合计|小计|总计|共计|累计|总数|合计数)(?:金额|数)?[:：]?(?:\(.*\))?")
_REMARK = re.compile(
    r"(?:注|备注|说明|填表说明|填报说明|附注|要求)(?:[:：\d(].*)?|(?:\*|※|★).*[\u4e00-\u9fff].*|.{0,6}(?:填表人|填报人|制表人|经办人|复核人|审核人|负责人|联系人|"
    r"联系电话|填报单位|报送单位|填报日期|填报时间|制表日期|制表时间|填表日期|报送日期|盖章|公章).{0,40}|以下空白|此页无正文|\(?以下无正文\)?"
)
_ORDINAL = re.compile(r"\(?[A-Z甲乙丙丁戊己庚辛壬癸]\)?")
_NUMBER_HEADER = re.compile(r"序号|行号|No\.?|#|第\d+列", re.IGNORECASE)
_HAN = re.compile("[\u4e00-\u9fff]")
_FIGURES = re.compile(r"\d{4}")  # every table's records bear a code, a day or a quarter
FEWEST_NAMES = 3  # of columns, in a line that is a heading; and cells, in one that is a record


def sifted(table: Table, headers: Sequence[str], lines: Iterable[Line]) -> Iterator[Line]:
    """The lines, those that are no records with the reason why."""
    sieve = _Sieve(table, headers)
    for line in lines:
        reason = line.reason or (sieve.reason(line.cells) if sieve.suspects(line.cells) else "")
        yield replace(line, reason=reason) if reason != line.reason else line


def margins(table: Table, headers: Sequence[str], broken: Iterable[Sequence[str]]) -> Iterator[str]:
    """Why lines of fewer cells than headers are no records, each told by itself; "" of one that may be what is left of a record."""
    sieve = _Sieve(table, headers)
    return map(sieve.alone, broken)


def records_above(table: Table, headers: Sequence[str], lines: Sequence[Sequence[str]]) -> list[int]:
    """Which lines above the headers are records: they fill as much as one has to, or a column of the key with a number, or
    stand beneath a heading of their own."""
    sieve, known = _Sieve(table, headers), table.by_header()
    enough, found = sieve.fewest, []
    for at, cells in enumerate(lines):
        written = [comparable(cell) for cell in cells if cell.strip()]
        names = sum(text in known for text in written)
        if names >= FEWEST_NAMES:
            enough = FEWEST_NAMES
        elif not names and _says_figures(written) and len(written) >= (FEWEST_NAMES if sieve.numbers(cells) else enough):
            found.append(at)
    return found


def goes_on(table: Table, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> bool:
    """Does a sheet without headers hold a record of the table, as it lies under the headers of another sheet?"""
    sieve = _Sieve(table, headers)
    return any(sieve.numbers(cells) and sum(map(bool, map(str.strip, cells))) >= sieve.fewest for cells in rows)


def _says_figures(written: Sequence[str]) -> bool:
    """Does a line bear figures, and is no sum or signature?"""
    return any(map(_FIGURES.search, written)) and not any(_SUM.fullmatch(text) or _REMARK.fullmatch(text) for text in written)


class _Sieve:
    """Weighs one line after another: after a remark, lines that identify nothing are more of it."""

    def __init__(self, table: Table, headers: Sequence[str]) -> None:
        known = table.by_header()
        self._delivered = list(headers)
        self._headers = [comparable(header) for header in headers]
        self._columns = [known.get(header) for header in self._headers]
        either = {name for name in table.key if name != "sender" and table.columns[name].optional}  # of D25, a firm or a scope
        identity = {"uscc", *table.key[:1]} | either
        self._keys = [at for at, column in enumerate(self._columns) if column is not None and column.name in identity]
        self._numbering = [column is None and bool(_NUMBER_HEADER.fullmatch(header)) for column, header in self._pairs()]
        self._zero = self._headers.index(ZERO_REPORT) if ZERO_REPORT in self._headers else None
        self._remarked, self._elsewhere, self._first = False, False, True

    def _pairs(self) -> Iterator[tuple[Column | None, str]]:
        return zip(self._columns, self._headers, strict=True)

    @property
    def fewest(self) -> int:
        """How many cells a record has to fill."""
        return max(FEWEST_NAMES + 1, sum(column is not None and not column.optional for column in self._columns))

    def numbers(self, cells: Sequence[str]) -> bool:
        """Does a line say in plain figures what it is about?"""
        return any(at < len(cells) and cells[at].isascii() and bool(_FIGURES.search(cells[at])) for at in self._keys)

    def suspects(self, cells: Sequence[str]) -> bool:
        """May a line be no record? Most say in plain figures what they are about, and are told apart at once."""
        if self._elsewhere or self._first or not self._keys or len(cells) <= self._keys[-1]:
            return True
        if not all(cells[at] and cells[at].isascii() for at in self._keys):
            return True
        return cells[0] in self._delivered or (len(cells) > 1 and cells[1] in self._delivered)

    def reason(self, cells: Sequence[str]) -> str:
        """Why a line is no record; "" of one that is, or is blank."""
        written = {at: comparable(cell) for at, cell in enumerate(cells) if cell.strip()}
        if not written or written.get(self._zero) == "是":
            return ""
        first, self._first = self._first, False
        if self._is_heading(written):
            return self._heading(written)
        if self._elsewhere:
            return OTHER_HEADING
        if first and len(written) > 2 and _are_ordinals(list(written.values())):
            return ORDINALS
        return self._margin(written)

    def alone(self, cells: Sequence[str]) -> str:
        """Is a line that breaks off a sum or a signature? Not one that ends before its key, and whatever stood above it."""
        if not self._keys or len(cells) <= max(self._keys):
            return ""
        self._remarked = False
        reason = self._margin({at: comparable(cell) for at, cell in enumerate(cells) if cell.strip()})
        return reason if reason in (SUM, REMARK) else ""

    def _margin(self, written: Mapping[int, str]) -> str:
        keyed = [text for at, text in written.items() if at in self._keys]
        if any(not (_SUM.fullmatch(text) or _REMARK.fullmatch(text) or self._is_caption(written)) for text in keyed):
            return ""
        texts = list(written.values())
        if all(at < len(self._numbering) and self._numbering[at] and text.isdecimal() for at, text in written.items()):
            return NUMBERING
        if any(_SUM.fullmatch(text) for text in texts[:3]):
            return SUM
        remarks = any(_REMARK.fullmatch(text) for text in texts)
        self._remarked = self._remarked or remarks
        if self._remarked and len(texts) <= (MOST_WORDS if remarks else MOST_FOLLOWING):
            return REMARK
        return CAPTION if self._is_caption(written) else ""

    def _is_caption(self, written: Mapping[int, str]) -> bool:
        """Words alone at the left, where a code or nothing belongs."""
        [(at, text), *more] = written.items()
        column = self._columns[at] if at < len(self._columns) else None
        return not more and at == 0 and (column is None or column.kind == "code") and bool(_HAN.search(text))

    def _is_heading(self, written: Mapping[int, str]) -> bool:
        """Does a line name the columns again?"""
        known = sum(text in self._headers for text in written.values())
        return known >= 3 or (known == len(written) == len(self._headers))

    def _heading(self, written: Mapping[int, str]) -> str:
        same = all(at < len(self._headers) and self._headers[at] == text for at, text in written.items())
        self._elsewhere = not same
        return HEADING if same else OTHER_HEADING


def _are_ordinals(texts: Sequence[str]) -> bool:
    """Letters first (甲 乙), then numbers one after the other: what forms print beneath their headers."""
    numbers = [int(bare) for text in texts if (bare := text.strip("()")).isdecimal()]
    follow = all(after == before + 1 for before, after in zip(numbers, numbers[1:], strict=False))
    return len(numbers) > 1 and follow and all(map(_ORDINAL.fullmatch, texts[: len(texts) - len(numbers)]))
