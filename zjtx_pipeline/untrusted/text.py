"""Knows how delimited text becomes records without losing a line; leaves what they mean to `sources`.

UTF-8 with or without BOM, GB18030, and Excel's “Unicode text” (UTF-16 with its BOM).
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from typing import Any

from zjtx_pipeline.tables import comparable
from zjtx_pipeline.untrusted.cells import joined

TITLE_LINES = 10  # above the headers a department may write titles, units, dates
MOST_JOINED = 50  # lines that one quoted cell may reasonably span
LONGEST_LINE = 100_000
NEITHER = "文字编码既不是 UTF-8 也不是 GB18030：请另存为“CSV UTF-8”后重报。"
CUT_SHORT = "文件像是 Unicode 文本，但不完整：请另存为“CSV UTF-8”后重报。"
_ALIEN = re.compile("[\udc80-\udcff]")  # bytes that are no text in the file's encoding
WIDE = "文件像是没有标记的 UTF-16 或 UTF-32 文本：请另存为“CSV UTF-8”后重报。"
EMPTY = "文件里没有内容：请填好表头和数据后重报。"
_OTHERS = (
    (re.compile(rb"PK\x03\x04|\xd0\xcf\x11\xe0"), "这是 Excel 工作簿，只是文件名像文本：请改回 .xlsx（或 .xls）后重报。"),
    (re.compile(rb"%PDF"), "这是 PDF，不是文本：请报送工作簿或 CSV。"),
    (re.compile(rb"Rar!|7z\xbc\xaf|\x1f\x8b"), "这是压缩包，不是文本：请解压后逐份报送。"),
    (re.compile(rb"\{\\rtf"), "这是 RTF 文档，不是 CSV：请把表格复制到 Excel，另存为 .xlsx 后重报。"),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|\?xml|table|head|body)", re.I), "这是网页或 XML，不是 CSV：请用 Excel 打开，另存为 .xlsx 后重报。"),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{]\s*[\"{\[]"), "这是 JSON，不是 CSV：请另存为“CSV UTF-8”后重报。"),
)
# Characters whose GB 18030 code was private use until the editions of 2005 and 2022; Python's codec is of 2000.
_MOVED = {
    "A6D9": 0xFE10, "A6DA": 0xFE12, "A6DB": 0xFE11, "A6DC": 0xFE13, "A6DD": 0xFE14, "A6DE": 0xFE15, "A6DF": 0xFE16,
    "A6EC": 0xFE17, "A6ED": 0xFE18, "A6F3": 0xFE19, "A8BC": 0x1E3F, "FE51": 0x20087, "FE52": 0x20089, "FE53": 0x200CC,
    "FE59": 0x9FB4, "FE61": 0x9FB5, "FE66": 0x9FB6, "FE67": 0x9FB7, "FE6C": 0x215D7, "FE6D": 0x9FB8, "FE76": 0x2298F,
    "FE7E": 0x9FB9, "FE90": 0x9FBA, "FE91": 0x241FE, "FEA0": 0x9FBB,
}  # fmt: skip
_PRIVATE = {ord(bytes.fromhex(code).decode("gb18030")): target for code, target in _MOVED.items()}


def opened(content: bytes, known: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """The records as wide as the header line, each joined to one text; beside them the headers, the line of each
    record, the lines above with their fields, and the lines that are no record: each whole, with the reason, and the fields
    where they are merely too few; how many records there must be by the count of written lines (`met`): one that fell
    between two is missed there.

    `known`: the headers to look for, in comparable form. Of a file without headers: whether nothing is written in it (`blank`).
    """
    text, fault = decoded(content)
    if fault:
        return {"fault": fault}, []
    lines = re.split("\r\n|\n|\r", text)
    known = set(known)
    delimiter = _delimiter(known, lines)
    top = [_header(lines, at, delimiter) for at in range(min(TITLE_LINES, len(lines)))]
    start = max(range(len(top)), key=lambda at: (_named(known, top[at][0]), any(map(str.strip, top[at][0])), -at))
    headers, depth = top[start]
    if not any(field.strip() for field in headers):
        return {"fault": EMPTY, "blank": not any(_written(lines, delimiter))}, []
    if _ALIEN.search("".join(headers)) or "\0" in "".join(headers):
        return {"fault": NEITHER}, []
    good, bad, continued = [], [], 0
    written = _written(lines, delimiter)
    for number, taken, fields, reason in _records(lines, start + depth, delimiter, len(headers)):
        if reason:
            whole = "\n".join(lines[number - 1 : number - 1 + taken])
            bad.append([number, _legible(whole), reason, fields if _is_short(whole, fields, len(headers)) else []])
        else:
            good.append((number, fields))
        continued += sum(written[number - 1 : number - 1 + taken]) - 1
    said = {
        "met": sum(written[start + depth :]) - continued,
        "headers": headers,
        "above": [[_legible(line), [_legible(field) for field in _fields(line, delimiter) or ()]] for line in lines[:start]],
        "numbers": [number for number, _ in good],
        "rejected": bad,
    }
    return said, [joined(fields) for _, fields in good]


def decoded(content: bytes) -> tuple[str, str]:
    """The text, or the sentence why there is none. UTF-8 first, strictly: most of its Chinese would pass as GB18030.

    Bytes that are no text stand in it as surrogates: their lines are rejected.
    """
    for pattern, said in _OTHERS:
        if pattern.match(content):
            return "", said
    for mark, coding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if content.startswith(mark):
            return _strictly(content[2:], coding, CUT_SHORT)
    if len(re.findall(rb"[^\0]\0", content[:64])) > 8:
        return "", WIDE
    text, fault = _strictly(content, "utf-8-sig", NEITHER)
    if not fault:
        return text, ""
    if _is_mostly_utf8(content):
        return content.decode("utf-8-sig", "surrogateescape"), ""
    return content.decode("gb18030", "surrogateescape").translate(_PRIVATE), ""


def _strictly(content: bytes, coding: str, fault: str) -> tuple[str, str]:
    try:
        return content.decode(coding), ""
    except UnicodeDecodeError:
        return "", fault


def _is_mostly_utf8(content: bytes) -> bool:
    """Is a file UTF-8 but for a few places? As GB18030 all its Chinese would be other Chinese."""
    whole = len(re.findall(rb"[\xe4-\xe9][\x80-\xbf][\x80-\xbf]", content))
    return content.startswith(codecs.BOM_UTF8) or whole > 4 * content.decode("utf-8", "replace").count("\ufffd")


def _named(known: set[str], fields: Sequence[str] | None) -> int:
    return sum(comparable(field) in known for field in fields or ())


def _delimiter(known: set[str], lines: Sequence[str]) -> str:
    """The separator under which the first lines name most columns; a comma where none does."""

    def named(delimiter: str) -> int:
        return max((_named(known, _header(lines, at, delimiter)[0]) for at in range(min(TITLE_LINES, len(lines)))), default=0)

    return max((",", "\t", ";", "|", "，"), key=named)


def _header(lines: Sequence[str], at: int, delimiter: str) -> tuple[list[str], int]:
    """The fields of what may be the header, and how many lines it takes: a quoted header may be broken over several.

    One that would also hold the separator has swallowed records, over a stray quote.
    """
    record = lines[at]
    fields = _fields(record, delimiter)
    for taken, line in enumerate(lines[at + 1 : at + MOST_JOINED] if fields is None else [], start=2):
        record = f"{record}\n{line}"
        if len(record) > LONGEST_LINE:
            break
        if record.count('"') % 2 == 0:
            fields = _fields_of_record(record, delimiter) or []
            return (fields, taken) if not any("\n" in field and delimiter in field for field in fields) else ([], 1)
    return fields or [], 1


def _fields(line: str, delimiter: str) -> list[str] | None:
    """One line's fields; None where its quotes do not close, or it is too long to be one."""
    if len(line) > LONGEST_LINE:
        return None
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def _written(lines: Sequence[str], delimiter: str) -> list[bool]:
    """Which lines hold more than separators, quotes and spaces."""
    blank = re.compile(rf'[\s"{re.escape(delimiter)}]*')
    return [blank.fullmatch(line) is None for line in lines]


def _records(lines: Sequence[str], start: int, delimiter: str, width: int) -> Iterator[tuple[int, int, list[str] | None, str]]:
    """Each record from a position on: the number of its line, how many lines it takes, its fields, and why it is none.

    A quoted cell may span lines, but an unclosed quote costs its own line only.
    """
    position = start
    while position < len(lines):
        line = lines[position]
        fields, taken = _fields(line, delimiter), 1
        if fields is None and len(line) <= LONGEST_LINE:
            fields, taken = _joined(lines, position, delimiter, width)
        reason = _reason("\n".join(lines[position : position + taken]), fields, width)
        if reason or any(field.strip() for field in fields):
            yield position + 1, taken, fields, reason
        position += taken


def _reason(line: str, fields: list[str] | None, width: int) -> str:
    """Why a line is no record; "" of one that is, or is blank."""
    if fields is None and len(line) > LONGEST_LINE:
        return f"一行超过 {LONGEST_LINE} 字"
    if _ALIEN.search(line):
        return "有的字节读不成文字，编码与其他行不同"
    if "\0" in line:
        return "含有空字符（NUL）"
    if fields is None:
        return "引号没有配对"
    if any(field.strip() for field in fields) and len(fields) != width:
        return f"有 {len(fields)} 个字段，表头有 {width} 个"
    return ""


def _is_short(line: str, fields: list[str] | None, width: int) -> bool:
    """Has a line nothing amiss but that its fields are fewer than the headers?"""
    return fields is not None and len(fields) < width and not _ALIEN.search(line) and "\0" not in line


def _legible(line: str) -> str:
    """A line of another encoding as far as it can be read, that its owner may find it."""
    return line.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if _ALIEN.search(line) else line


def _joined(lines: Sequence[str], position: int, delimiter: str, width: int) -> tuple[list[str] | None, int]:
    """The record that a quoted line break continues, if it closes soon and has the header's number of fields.

    A line that by itself has as many fields as the header is a record that an unclosed quote must not swallow.
    """
    record = lines[position]
    for taken in range(2, min(MOST_JOINED, len(lines) - position) + 1):
        line = lines[position + taken - 1]
        if line.count(delimiter) + 1 == width or len(record) > LONGEST_LINE:
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
