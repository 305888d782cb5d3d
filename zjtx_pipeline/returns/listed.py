"""Knows the list of all that is said to a department of a quarter, rows and whole deliveries, as a workbook.

Leaves the rows themselves to `marked`.
"""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from zjtx_pipeline.returns.workbook import head_format, text_format, write_lines
from zjtx_pipeline.suites import BLOCKING, NOTED, RETURNED
from zjtx_pipeline.verdicts import UNDELIVERED, Verdict
from zjtx_pipeline.workbooks import ACTING, LONGEST_CELL, made

COLUMNS = {
    "table": ("表", 24), "severity": ("轻重", 8), "place": ("位置", 24), "header": ("列", 20), "value": ("报送的值", 24),
    "message": ("问题和办法", 90), "source": ("来源", 44), "workbook": ("退回表", 44),
}  # fmt: skip
_ABOUT = (
    "退回：该行没有计入，请更正后重报。提示：该行照常计入，请核对。阻断：整张表不能用，请先处理。",
    "“退回表”一栏写明在哪一个工作簿里更正；没有写的，按“问题和办法”处理，不涉及某一行。",
    "拒收的文件（密级标志、个人信息）没有保存任何内容，这里只写明在哪一格。",
)


def listed(verdict: Verdict, sender: str, departments: Collection[str]) -> pd.DataFrame:
    """All that is said of a table to one of the departments, the gravest first; columns as in COLUMNS, `workbook` empty.

    What a sender that is no department did wrong is said to the table's first: it runs the view.
    """
    findings = verdict.findings
    own = findings["sender"].eq(sender)
    if sender == verdict.table.senders[0]:
        own |= findings["sender"].ne("") & ~findings["sender"].isin(departments)
    if verdict.status == UNDELIVERED and sender in verdict.table.senders:
        own |= findings["rule"].eq("报送.未报送")
    if own.any():  # what stops the table concerns everybody who delivered to it
        own |= findings["sender"].eq("") & findings["severity"].eq(BLOCKING)
    told = findings.loc[own].assign(table=verdict.table.title, workbook="")[list(COLUMNS)]
    return told.sort_values("severity", key=lambda column: column.map([BLOCKING, RETURNED, NOTED].index), kind="stable")


def list_workbook(sender: str, quarter: str, rows: pd.DataFrame) -> bytes:
    """All that is said to a department of a quarter, one line each; columns as in COLUMNS."""

    def fill(book) -> None:
        sheet = book.add_worksheet("退回清单")
        head, text, inert = head_format(book), book.add_format({"text_wrap": True, "valign": "top"}), text_format(book, quote_prefix=True)
        sheet.freeze_panes(1, 0)
        for column, (title, width) in enumerate(COLUMNS.values()):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, title, head)
        for row, cells in enumerate(rows[list(COLUMNS)].itertuples(index=False), start=1):
            for column, cell in enumerate(cells):
                sheet.write_string(row, column, cell[:LONGEST_CELL], inert if cell.startswith(ACTING) else text)
        sheet.autofilter(0, 0, max(len(rows), 1), len(COLUMNS) - 1)
        write_lines(book, "说明", [f"{sender} {quarter} 报送数据的退回清单", *_ABOUT])

    return made(f"{sender} {quarter} 退回清单", fill)
