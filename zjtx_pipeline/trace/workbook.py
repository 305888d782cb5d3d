"""Knows how a trace becomes a workbook; leaves what stands in it to `explain`.

The only text in a cell is text: nothing that came from a delivery can act as a formula. The same trace gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from zjtx_pipeline import store
from zjtx_pipeline.trace.explain import Sheet, Trace
from zjtx_pipeline.trace.rule import CONFIDENTIAL, INTERNAL
from zjtx_pipeline.workbooks import LONGEST_CELL, made, sheet_name

ABOUT = "说明"
_NUMBERS = (int, float, Decimal)


def write_workbook(path: Path, trace: Trace) -> Path:
    """Write a trace, whole or not at all."""

    def fill(book) -> None:
        _write_facts(book, trace)
        for sheet in trace.sheets:
            _write_rows(book, sheet)

    return store.write_bytes(path, made(f"{trace.figure.id} 数值溯源", fill))


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
    page = book.add_worksheet(sheet_name(sheet.title))
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
