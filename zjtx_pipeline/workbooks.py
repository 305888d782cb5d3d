"""Knows how a workbook of ours is made: text that cannot act, the same bytes for the same rows, names that Excel allows.

Leaves what stands in it to the rooms that write one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

CREATED = datetime(2023, 1, 1)  # fixed, so that the same rows give the same bytes
LONGEST_TITLE, LONGEST_CELL, LAST_ROW = 31, 32_767, 1_048_575
ACTING = tuple("=+-@\t\r＝＋－＠")  # what a spreadsheet takes for the beginning of a formula or a command


def made(title: str, fill: Callable[[Any], None], *, row_by_row: bool = True) -> bytes:
    """A workbook that `fill` writes; `row_by_row`: each sheet from top to bottom, so that no row stays in memory."""
    import xlsxwriter

    buffer = BytesIO()
    options = {"in_memory": True, "constant_memory": row_by_row, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": title, "created": CREATED})
        fill(book)
    return buffer.getvalue()


def add_list(book, name: str, columns: Mapping[str, int], rows: Iterable[Sequence[str]]) -> None:
    """A sheet of text alone under a heading that stays in sight: `columns` are the headings with their widths in signs."""
    heading, text = book.add_format({"bold": True, "bg_color": "#E4E6E8"}), book.add_format({"num_format": "@"})
    sheet = book.add_worksheet(sheet_name(name))
    for column, (header, width) in enumerate(columns.items()):
        sheet.set_column(column, column, width, text)
        sheet.write_string(0, column, header, heading)
    for line, cells in enumerate(rows, start=1):
        for column, cell in enumerate(cells):
            sheet.write_string(line, column, cell, text)
    sheet.freeze_panes(1, 0)


def sheet_name(title: str) -> str:
    """A sheet's name as Excel allows it.

    >>> sheet_name("D20_人才就业(汇总)"), sheet_name("'a/b[c]*'")
    ('D20_人才就业(汇总)', 'abc')
    """
    return "".join(sign for sign in title if sign not in "[]:*?/\\'")[:LONGEST_TITLE]


def file_name(title: str) -> str:
    """A file's or folder's name without what Windows or a path would take for something else.

    >>> file_name("D03_培育库_../区经信局")
    'D03_培育库_..区经信局'
    """
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]', "", title)
