"""Knows how a trace becomes a workbook; leaves what stands in it to `explain`.

The only text in a cell is text: nothing that came from a delivery can act as a formula. The same trace gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd

from zjtx_pipeline import store
from zjtx_pipeline.trace.explain import Sheet, Trace
from zjtx_pipeline.trace.rule import CONFIDENTIAL, INTERNAL

ABOUT = "说明"
_CREATED = datetime(2023, 1, 1)  # fixed, so that the same rows give the same bytes
_OPTIONS = {"in_memory": True, "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
_NUMBERS = (int, float, Decimal)
LONGEST_TITLE, LONGEST_CELL = 31, 32_767


def write_workbook(path: Path, trace: Trace) -> Path:
    """Write a trace, whole or not at all."""
    import xlsxwriter

    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, _OPTIONS) as book:
        book.set_properties({"title": f"{trace.figure.id} 数值溯源", "created": _CREATED})
        _write_facts(book, trace)
        for sheet in trace.sheets:
            _write_rows(book, sheet)
    return store.write_bytes(path, buffer.getvalue())


def _write_facts(book, trace: Trace) -> None:
    sheet = book.add_worksheet(ABOUT)
    bold, wrap = book.add_format({"bold": True, "valign": "top"}), book.add_format({"text_wrap": True, "valign": "top"})
    warned = book.add_format({"bold": True, "font_color": "#C00000", "text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 110)
    sheet.write_string(0, 0, "使用范围", bold)
    sheet.write_string(0, 1, CONFIDENTIAL if trace.confidential else INTERNAL, warned if trace.confidential else wrap)
    contents = [("工作表", f"{each.title}：{len(each.rows)} 行") for each in trace.sheets]
    for row, (name, text) in enumerate([*trace.facts, *contents], start=1):
        sheet.write_string(row, 0, name, bold)
        sheet.write_string(row, 1, text[:LONGEST_CELL], wrap)


def _write_rows(book, sheet: Sheet) -> None:
    page = book.add_worksheet(_title(sheet.title))
    bold = book.add_format({"bold": True, "bg_color": "#DCE6F1", "border": 1})
    page.freeze_panes(1, 0)
    for column, name in enumerate(sheet.rows.columns):
        page.set_column(column, column, min(40, max(12, 2.2 * len(name))))
    for column, name in enumerate(sheet.rows.columns):
        page.write_string(0, column, name, bold)
    for row, cells in enumerate(_cells(sheet.rows), start=1):
        _write_row(page, row, cells)
    if len(sheet.rows):
        page.autofilter(0, 0, len(sheet.rows), len(sheet.rows.columns) - 1)


def _cells(rows: pd.DataFrame) -> zip:
    """Row by row, empty cells as None."""
    columns = [rows.iloc[:, number].astype("object") for number in range(rows.shape[1])]
    return zip(*(cells.where(cells.notna(), None).tolist() for cells in columns), strict=True)


def _write_row(page, row: int, cells: Sequence[Any]) -> None:
    for column, cell in enumerate(cells):
        if isinstance(cell, _NUMBERS):
            page.write_number(row, column, cell)
        elif cell is not None:
            page.write_string(row, column, str(cell)[:LONGEST_CELL])


def _title(title: str) -> str:
    """A sheet's name as Excel allows it."""
    return "".join(sign for sign in title if sign not in "[]:*?/\\'")[:LONGEST_TITLE]
