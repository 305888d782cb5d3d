"""Knows the shapes of deliveries: workbook, GB18030 text, rows of a database; the same bytes on every machine.

Leaves what stands in them to `deliveries`.
"""

from __future__ import annotations

import csv
import io
import sqlite3
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd

from zjtx_pipeline.sample.cells import as_text
from zjtx_pipeline.tables import Table

_WRITTEN = datetime(2022, 12, 9)  # fixed, so that a workbook's bytes do not tell when it was made


def write_workbook(path: Path, table: Table, headers: list[str], rows: pd.DataFrame) -> None:
    """One sheet, the header in row 1; numbers as numbers, all else as text.

    XlsxWriter makes the workbook with its header; the rows are put in by hand, eight times as fast as cell by cell.
    """
    with ZipFile(_shell(table, headers)) as shell, ZipFile(path, "w") as book:
        for name in sorted(shell.namelist()):
            part = shell.read(name)
            if name == "xl/worksheets/sheet1.xml":
                part = _filled_sheet(part, headers, rows)
            book.writestr(ZipInfo(name, (1980, 1, 1, 0, 0, 0)), part, ZIP_DEFLATED, 6)


def _shell(table: Table, headers: list[str]) -> io.BytesIO:
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"created": _WRITTEN, "title": table.title, "comments": "示例数据"})
        sheet = book.add_worksheet(table.name)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, headers)
    return content


def _filled_sheet(part: bytes, headers: list[str], rows: pd.DataFrame) -> bytes:
    from xlsxwriter.utility import xl_col_to_name

    letters = [xl_col_to_name(column) for column in range(len(headers))]
    lines = [_row_xml(number, letters, values) for number, values in enumerate(rows.itertuples(index=False, name=None), 2)]
    part = part.replace(f'{letters[-1]}1"/>'.encode(), f'{letters[-1]}{len(rows) + 1}"/>'.encode(), 1)  # the dimension
    return part.replace(b"</sheetData>", "".join([*lines, "</sheetData>"]).encode())


def _row_xml(number: int, letters: list[str], values: tuple) -> str:
    cells = [
        f'<c r="{letter}{number}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
        if value.__class__ is str
        else f'<c r="{letter}{number}"><v>{value!r}</v></c>'
        for letter, value in zip(letters, values)
        if value != ""
    ]
    return f'<row r="{number}">{"".join(cells)}</row>'


def write_delimited(path: Path, headers: list[str], rows: pd.DataFrame, broken: set[int]) -> None:
    """GB18030 with CRLF; the lines numbered in `broken` carry a field too many, as a stray comma leaves it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(headers)
    for number, values in enumerate(rows.itertuples(index=False, name=None)):
        fields = [as_text(value) for value in values]
        writer.writerow(fields[:2] + ["见备注"] * (number in broken) + fields[2:])
    path.write_bytes(text.getvalue().encode("gb18030"))


def write_database(path: Path, quarter: str, parts: list[tuple[Table, str, datetime, pd.DataFrame]]) -> None:
    """One quarter's rows of all database tables in one transaction; nothing if they are there already."""
    connection = sqlite3.connect(path, timeout=120, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        for table, sender, received, rows in parts:
            _insert(connection, table, (quarter, sender, f"{received:%Y-%m-%d %H:%M:%S}"), rows)
        connection.execute("COMMIT")
    finally:
        connection.close()


def holds(path: Path, table: Table, quarter: str) -> bool:
    """Whether the database has the quarter's rows of a table."""
    if not path.exists():
        return False
    connection = sqlite3.connect(path, timeout=120)
    try:
        found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [table.title]).fetchone()
        query = f'SELECT 1 FROM "{table.title}" WHERE "数据期" = ? LIMIT 1'
        return bool(found and connection.execute(query, [quarter]).fetchone())
    finally:
        connection.close()


def _insert(connection, table: Table, told: tuple[str, str, str], rows: pd.DataFrame) -> None:
    headers = ["数据期", "报送部门", "报送时间", *(column.header for column in table.columns.values())]
    named = ", ".join(f'"{header}"' for header in headers)
    columns = ", ".join(f'"{header}" TEXT' for header in headers)
    connection.execute(f'CREATE TABLE IF NOT EXISTS "{table.title}" ({columns})')
    if "报送时间" not in {column[1] for column in connection.execute(f'PRAGMA table_info("{table.title}")')}:
        connection.execute(f'ALTER TABLE "{table.title}" ADD COLUMN "报送时间" TEXT')  # made by an earlier version
    connection.execute(f'DELETE FROM "{table.title}" WHERE "数据期" = ?', told[:1])
    marks = ", ".join("?" * len(headers))
    texts = ([as_text(value) or None for value in values] for values in rows.itertuples(index=False, name=None))
    connection.executemany(f'INSERT INTO "{table.title}" ({named}) VALUES ({marks})', ([*told, *values] for values in texts))
