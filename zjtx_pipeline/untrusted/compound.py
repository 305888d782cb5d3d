"""Knows the older workbook (.xls, .et): what its compound file holds and what calamine leaves out of its records.

Leaves the values to calamine. Layouts: MS-CFB (compound file) and MS-XLS (records).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from zjtx_pipeline.untrusted.left_out import COMMENT, HEADER, PERCENT, PERCENTS, LeftOut, look, printed
from zjtx_pipeline.untrusted.package import DAMAGED, LOCKED, MACROS, Unsafe

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORD = "这是 Word 文档，不是工作簿：请把表格复制到 Excel，另存为 .xlsx 后重报。"
_END = 0xFFFFFFFA  # this and above are no sectors
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
_BOF, _EOF, _SHEET, _LOCK, _ROW, _COLUMNS, _ERROR, _FORMULA = 0x809, 0x0A, 0x85, 0x2F, 0x208, 0x7D, 0x205, 0x06
_HEADER, _FOOTER, _FORMAT, _STYLE, _NUMBER, _RK, _RKS = 0x14, 0x15, 0x41E, 0xE0, 0x203, 0x27E, 0xBD
_BOX, _MORE = 0x1B6, 0x3C  # the text of a box or a comment stands in the records that continue it


def records(content: bytes) -> bytes:
    """The stream of a workbook's records; Unsafe where there is none, or it may not be opened."""
    try:
        streams = _Streams(content)
    except (struct.error, IndexError, ValueError):
        raise Unsafe(DAMAGED) from None
    names = set(streams.entries)
    if names & {"EncryptedPackage", "EncryptionInfo"}:
        raise Unsafe(LOCKED)
    if any(name.upper() in ("_VBA_PROJECT_CUR", "VBA", "_VBA_PROJECT") for name in names):
        raise Unsafe(MACROS)
    book = next((name for name in ("Workbook", "Book", "WORKBOOK", "BOOK") if name in names), None)
    if book is None:
        raise Unsafe(_WORD if "WordDocument" in names else DAMAGED)
    try:
        return streams.read(book)
    except (struct.error, IndexError, ValueError):
        raise Unsafe(DAMAGED) from None


class _Streams:
    """The streams of a compound file by name, storages among them."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        shift, self._mini_shift = struct.unpack_from("<HH", content, 0x1E)
        if shift not in (9, 12) or self._mini_shift != 6:
            raise ValueError("no such sectors")
        self._size = 1 << shift
        directory, self._cutoff, mini_table, mini_sectors = struct.unpack_from("<I4xIII", content, 0x30)
        self._table = self._sector_table()
        self.entries = dict(self._entries(self._chain(directory)))
        mini = self._chain(mini_table) if mini_sectors else b""
        self._mini_table = struct.unpack(f"<{len(mini) // 4}I", mini[: len(mini) // 4 * 4])
        root = self.entries.get("Root Entry", (0, _END, 0))
        self._mini = self._chain(root[1]) if root[2] and root[1] < _END else b""

    def _sector(self, number: int) -> bytes:
        at = (number + 1) * self._size
        if at >= len(self._content):
            raise ValueError("beyond the end")
        return self._content[at : at + self._size]

    def _sector_table(self) -> tuple[int, ...]:
        numbers = list(struct.unpack_from("<109I", self._content, 0x4C))
        following, left = struct.unpack_from("<II", self._content, 0x44)
        while following < _END and 0 < left <= 4096:
            more = struct.unpack(f"<{self._size // 4}I", self._sector(following))
            numbers += more[:-1]
            following, left = more[-1], left - 1
        joined = b"".join(self._sector(number) for number in numbers if number < _END)
        return struct.unpack(f"<{len(joined) // 4}I", joined[: len(joined) // 4 * 4])

    def _chain(self, number: int) -> bytes:
        taken, seen = [], set()
        while number < _END:
            if number in seen:
                raise ValueError("a chain in a circle")
            seen.add(number)
            taken.append(self._sector(number))
            number = self._table[number]
        return b"".join(taken)

    def _entries(self, directory: bytes) -> Iterator[tuple[str, tuple[int, int, int]]]:
        for at in range(0, len(directory) - 127, 128):
            length, kind = struct.unpack_from("<HB", directory, at + 64)
            start, size = struct.unpack_from("<II", directory, at + 116)
            if kind in (1, 2, 5):
                name = directory[at : at + max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace")
                yield ("Root Entry" if kind == 5 else name), (kind, start, size)

    def read(self, name: str) -> bytes:
        _, number, size = self.entries[name]
        if size >= self._cutoff:
            return self._chain(number)[:size]
        taken, steps = [], 0
        while number < _END and steps <= len(self._mini_table):
            taken.append(self._mini[number << 6 : (number + 1) << 6])
            number, steps = self._mini_table[number], steps + 1
        return b"".join(taken)[:size]


def _walk(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Records from a position to the end of their part; those of charts within it are passed over."""
    depth = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        at += 4
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 0 and kind == _EOF:
            return
        if depth == 1:
            yield kind, stream[at : at + length]
        at += length


def sheets(stream: bytes) -> list[LeftOut]:
    """What calamine leaves out of each sheet, in order."""
    starts, styles, known = [], [], dict.fromkeys(PERCENTS, PERCENT)
    for kind, data in _walk(stream, 0):
        if kind == _LOCK:
            raise Unsafe(LOCKED)
        if kind == _SHEET and len(data) > 6 and data[5] == 1:
            raise Unsafe(MACROS)
        if kind == _SHEET and len(data) > 6 and data[5] == 0:
            starts.append(struct.unpack_from("<I", data)[0])
        if kind == _FORMAT and len(data) > 5:
            known[data[0] | data[1] << 8] = look(_text(data[4:]))
        if kind == _STYLE and len(data) >= 4:
            styles.append(data[2] | data[3] << 8)
    looks = {at: known[form] for at, form in enumerate(styles) if known.get(form)}
    return [_sheet(stream, start, looks) for start in starts]


def _text(data: bytes) -> str:
    """A text behind the byte that says whether its characters have two bytes."""
    return data[1:].decode("utf-16-le" if data[0] & 1 else "latin-1", "replace")


def _sheet(stream: bytes, start: int, looks: dict[int, str]) -> LeftOut:
    errors, rows, columns, texts, shown, boxes = [], [], [], [], {}, []
    for kind, data in _walk(stream, start):
        if kind == _ROW and len(data) >= 16 and data[12] & 0x20:
            rows.append(data[0] | data[1] << 8)
        elif kind == _COLUMNS and len(data) >= 10 and data[8] & 1:
            first, last = struct.unpack_from("<HH", data)
            columns += range(first, min(last, 255) + 1)
        elif kind == _ERROR and len(data) >= 8 and data[7] == 1:
            errors.append((*struct.unpack_from("<HH", data), _ERRORS.get(data[6], "#N/A")))
        elif kind == _FORMULA and len(data) >= 14 and data[12:14] == b"\xff\xff" and data[6] == 2:
            errors.append((*struct.unpack_from("<HH", data), _ERRORS.get(data[8], "#N/A")))
        elif kind in (_HEADER, _FOOTER) and len(data) > 3:
            texts.append((HEADER, printed(_text(data[2:]))))
        elif kind == _BOX and len(data) >= 12:
            boxes.append((data[10] | data[11] << 8, []))
        elif kind == _MORE and boxes and len(data) > 1 and boxes[-1][0] > sum(map(len, boxes[-1][1])):
            boxes[-1][1].append(_text(data))
        if looks:
            shown |= {(row, column): looks[style] for row, column, style in _numbers(kind, data) if style in looks}
    texts += [(COMMENT, "".join(pieces)) for _, pieces in boxes]
    return LeftOut(errors, rows, columns, texts, shown)


def _numbers(kind: int, data: bytes) -> Iterator[tuple[int, int, int]]:
    """Row, column and style of each number in a record."""
    if kind in (_NUMBER, _RK, _FORMULA) and len(data) >= 6:
        yield struct.unpack_from("<HHH", data)
    elif kind == _RKS and len(data) >= 6:
        row, first = struct.unpack_from("<HH", data)
        yield from ((row, first + at, data[place] | data[place + 1] << 8) for at, place in enumerate(range(4, len(data) - 5, 6)))
