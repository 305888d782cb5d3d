"""Knows how to read an Excel workbook as text; leaves what the columns mean to the dictionary."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from zjtx_pipeline.sources.raw import Line, Origin, Raw, assemble, header_position, headers_score, unreadable
from zjtx_pipeline.tables import Table

MOST_CELLS = 20_000_000
MOST_BYTES = 1_000_000_000
_CELL = re.compile(rb"""\sr=["']([A-Z]{1,3})(\d+)["']""")
_NOT_A_WORKBOOK = "打不开这份工作簿（文件损坏、加了密码，或不是 xlsx 格式）：请另存为 Excel 工作簿（.xlsx）后重报。"


def read_workbook(content: bytes, table: Table, origin: Origin, *, says_zero: bool = False) -> Raw:
    """The rows of the sheet whose headers fit the table best; `place` is `sheet!row` as Excel counts rows."""
    sheets, fault = _opened(content)
    if fault:
        return unreadable(origin, fault)
    name, grid, start = _chosen(table, sheets)
    if start < 0:
        return unreadable(origin, "工作簿里没有内容：请填好表头和数据后重报。")
    others = [row for other, rows in sheets for row in (rows[:start] if other == name else rows)]
    around = (cell for row in others for cell in row if isinstance(cell, str))
    return _rows_of(name, grid, start, table, origin, says_zero=says_zero, around=around)


def read_sheets(content: bytes, table: Table, origin: Origin) -> list[Raw]:
    """Every sheet that bears one of the table's headers, read by itself with the titles above; none where there is none.

    One unreadable `Raw` where the file cannot be opened at all.
    """
    sheets, fault = _opened(content)
    if fault:
        return [unreadable(origin, fault)]
    chosen = [_chosen(table, [sheet]) for sheet in sheets]
    borne = [each for each in chosen if each[2] >= 0 and headers_score(table, [cell_text(cell) for cell in each[1][each[2]]])]
    return [_titled(_rows_of(*sheet, table, origin), sheet[1][: sheet[2]]) for sheet in borne]


def _titled(raw: Raw, above: Sequence[Sequence[Any]]) -> Raw:
    cells = (cell_text(cell).strip() for row in above for cell in row)
    return raw if raw.refused else replace(raw, titles=tuple(cell for cell in cells if cell))


def _rows_of(name: str, grid: list[list[Any]], start: int, table: Table, origin: Origin, **beside: Any) -> Raw:
    lines = (Line(f"{name}!{row}", cells) for row, cells in _texts(grid[start + 1 :], start + 2))
    return assemble(table, origin, [cell_text(cell) for cell in grid[start]], lines, **beside)


def _opened(content: bytes) -> tuple[list[tuple[str, list[list[Any]]]], str]:
    """The sheets by name, or why there are none to read."""
    oversize = _oversize(content)
    sheets = None if oversize else _sheets(content)
    return (sheets, "") if sheets is not None else ([], oversize or _NOT_A_WORKBOOK)


def cell_text(value: Any) -> str:
    """A cell's value as text, numbers to the 15 digits that Excel itself keeps.

    >>> cell_text(12.0), cell_text(0.1), cell_text(True), cell_text(date(2024, 6, 1))
    ('12', '0.1', '是', '2024-06-01')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, (int, float)):
        return _number_text(value)
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return str(value) if isinstance(value, timedelta) else ""


def _number_text(value: float) -> str:
    shown = f"{value:.15g}"
    # Beyond 15 digits Excel has already lost some: the exponent stays, so that no such number passes for a code.
    return format(Decimal(shown), "f") if "e-" in shown else shown


def _oversize(content: bytes) -> str:
    """Why a workbook is too large to open: one stray cell at XFD1048576 would fill the memory."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
                return "工作簿展开后过大：请删去无关内容，另存后重报。"
            for entry in archive.infolist():
                if entry.filename.startswith("xl/worksheets/") and _area(archive.read(entry)) > MOST_CELLS:
                    return "工作表范围过大（很远处有零散单元格）：请把数据复制到新工作表，另存后重报。"
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError, EOFError):
        return _NOT_A_WORKBOOK
    return ""


def _area(sheet: bytes) -> int:
    columns, last_row = {b"A"}, 1
    for letters, row in _CELL.findall(sheet):
        columns.add(letters)
        last_row = max(last_row, int(row))
    return last_row * max(_column_number(letters) for letters in columns)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _sheets(content: bytes) -> list[tuple[str, list[list[Any]]]] | None:
    from python_calamine import CalamineError, CalamineWorkbook, WorksheetNotFound

    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        names = [sheet.name for sheet in book.sheets_metadata if "WorkSheet" in str(sheet.typ)]
        return [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in names]
    except (CalamineError, WorksheetNotFound, ValueError, OSError):
        return None


def _chosen(table: Table, sheets: Sequence[tuple[str, list[list[Any]]]]) -> tuple[str, list[list[Any]], int]:
    """The sheet and its header line: the one that names most columns, the first of equals."""
    best = ("", [], -1)
    best_score = -1
    for name, grid in sheets:
        top = [[cell_text(cell) for cell in row] for row in grid[:10]]
        start = header_position(table, top)
        score = headers_score(table, top[start]) if start >= 0 else -1
        if score > best_score:
            best, best_score = (name, grid, start), score
    return best


def _texts(rows: Sequence[Sequence[Any]], first: int) -> Iterator[tuple[int, list[str]]]:
    for number, row in enumerate(rows, start=first):
        yield number, [cell if type(cell) is str else cell_text(cell) for cell in row]
