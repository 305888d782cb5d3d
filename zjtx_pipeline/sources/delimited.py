"""Knows how to read delimited text, in UTF-8 or GB18030, without losing a line; leaves meaning to the dictionary."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from zjtx_pipeline.sources.raw import Line, Origin, Raw, assemble, header_position, unreadable
from zjtx_pipeline.tables import Table

MOST_JOINED = 50  # lines that one quoted cell may reasonably span
# Characters whose GB 18030 code was private use until the editions of 2005 and 2022; Python's codec is of 2000.
_MOVED = {
    "A6D9": 0xFE10, "A6DA": 0xFE12, "A6DB": 0xFE11, "A6DC": 0xFE13, "A6DD": 0xFE14, "A6DE": 0xFE15, "A6DF": 0xFE16,
    "A6EC": 0xFE17, "A6ED": 0xFE18, "A6F3": 0xFE19, "A8BC": 0x1E3F, "FE51": 0x20087, "FE52": 0x20089, "FE53": 0x200CC,
    "FE59": 0x9FB4, "FE61": 0x9FB5, "FE66": 0x9FB6, "FE67": 0x9FB7, "FE6C": 0x215D7, "FE6D": 0x9FB8, "FE76": 0x2298F,
    "FE7E": 0x9FB9, "FE90": 0x9FBA, "FE91": 0x241FE, "FEA0": 0x9FBB,
}  # fmt: skip
_PRIVATE = {ord(bytes.fromhex(code).decode("gb18030")): target for code, target in _MOVED.items()}


def read_delimited(content: bytes, table: Table, origin: Origin, *, says_zero: bool = False) -> Raw:
    """The records under the header line; a line with another number of fields is rejected, with the reason."""
    text = decoded(content)
    if text is None:
        return unreadable(origin, "文字编码既不是 UTF-8 也不是 GB18030：请另存为“CSV UTF-8”后重报。")
    lines = text.replace("\r\n", "\n").split("\n")
    delimiter = _delimiter(table, lines)
    top = [_fields(line, delimiter) or [] for line in lines[:10]]
    start = header_position(table, top)
    if start < 0:
        return unreadable(origin, "文件里没有内容：请填好表头和数据后重报。")
    records = _records(lines, start + 1, delimiter, len(top[start]))
    return assemble(table, origin, top[start], records, says_zero=says_zero, around=lines[:start])


def decoded(content: bytes) -> str | None:
    """UTF-8 first, strictly, for most of its Chinese would also pass as GB18030; None where neither fits."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("gb18030").translate(_PRIVATE)
    except UnicodeDecodeError:
        return None


def _delimiter(table: Table, lines: Sequence[str]) -> str:
    """The separator under which the first lines name most columns; a comma where none does."""
    known = set(table.by_header())

    def named(delimiter: str) -> int:
        return max((len(known.intersection(_fields(line, delimiter) or [])) for line in lines[:10]), default=0)

    return max((",", "\t", ";", "|"), key=named)


def _fields(line: str, delimiter: str) -> list[str] | None:
    """One line's fields; None where its quotes do not close."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def _records(lines: Sequence[str], start: int, delimiter: str, width: int) -> Iterator[Line]:
    """Each record from a position on. A quoted cell may span lines, but an unclosed quote costs its own line only."""
    position = start
    while position < len(lines):
        line = lines[position]
        fields, taken = _fields(line, delimiter), 1
        if fields is None:
            fields, taken = _joined(lines, position, delimiter, width)
        place = f"第{position + 1}行"
        if fields is None:
            yield Line(place, [line], "引号没有配对")
        elif not any(field.strip() for field in fields):
            pass
        elif len(fields) != width:
            yield Line(place, [line], f"有 {len(fields)} 个字段，表头有 {width} 个")
        else:
            yield Line(place, fields)
        position += taken


def _joined(lines: Sequence[str], position: int, delimiter: str, width: int) -> tuple[list[str] | None, int]:
    """The record that a quoted line break continues, if it closes soon and has the header's number of fields.

    A line that by itself has as many fields as the header is a record that an unclosed quote must not swallow.
    """
    record = lines[position]
    for taken in range(2, min(MOST_JOINED, len(lines) - position) + 1):
        line = lines[position + taken - 1]
        if line.count(delimiter) + 1 == width:
            break
        record = f"{record}\n{line}"
        if record.count('"') % 2 == 0:
            fields = _fields_of_record(record, delimiter)
            return (fields, taken) if fields is not None and len(fields) == width else (None, 1)
    return None, 1


def _fields_of_record(record: str, delimiter: str) -> list[str] | None:
    try:
        found = list(csv.reader((part + "\n" for part in record.split("\n")), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return found[0] if len(found) == 1 else None
