"""Knows how a comparison is laid out as a workbook of inert text; leaves what stands in it to `compared`."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from zjtx_pipeline.reconcile.compared import DIFFERENCE, KINDS, SHARED, Comparison
from zjtx_pipeline.workbooks import made

HEADERS = {
    "name": "企业名称", "uscc": "统一社会信用代码", "message": "问题", "listed_at": "名单位置", "ledger_at": "台账位置",
    "ledger_name": "台账名称", "batch": "批次", "event": "事件",
}  # fmt: skip
WIDTHS = {"name": 36, "ledger_name": 36, "uscc": 22, "message": 80, "listed_at": 24, "ledger_at": 40}


def workbook(comparison: Comparison, about: Sequence[tuple[str, str]]) -> bytes:
    """A sheet of counts, one a kind of difference, one of the firms in both; no cell can act as a formula or a link."""

    def fill(book) -> None:
        bold = book.add_format({"bold": True})
        _write_summary(book.add_worksheet("汇总"), bold, comparison, about)
        for kind in KINDS:
            _write_rows(book.add_worksheet(kind), bold, comparison.of(kind), DIFFERENCE[1:])
        _write_rows(book.add_worksheet("两边都有"), bold, comparison.shared, SHARED)

    return made("对账", fill, row_by_row=False)


def _write_summary(sheet, bold, comparison: Comparison, about: Sequence[tuple[str, str]]) -> None:
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 1, 80)
    for row, (name, value) in enumerate([*about, *comparison.counts.items()]):
        sheet.write_string(row, 0, name, bold)
        if isinstance(value, int):
            sheet.write_number(row, 1, value)
        else:
            sheet.write_string(row, 1, value)


def _write_rows(sheet, bold, rows: pd.DataFrame, columns: Sequence[str]) -> None:
    sheet.freeze_panes(1, 0)
    for at, column in enumerate(columns):
        sheet.set_column(at, at, WIDTHS.get(column, 16))
        sheet.write_string(0, at, HEADERS[column], bold)
        for row, text in enumerate(rows[column].fillna(""), start=1):
            sheet.write_string(row, at, text)
