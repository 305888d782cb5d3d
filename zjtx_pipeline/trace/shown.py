"""Knows how rows look to who checks a figure: Chinese headers, the unit of each header, and the place each came from.

Leaves which rows to show to `explain`, and writing them to `workbook`.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import pandas as pd

from zjtx_pipeline.books import Books
from zjtx_pipeline.firms import names
from zjtx_pipeline.report.privacy import CONFIDENTIAL_TABLES
from zjtx_pipeline.rules import AwardTerms
from zjtx_pipeline.sieve import FIRMS, UNITS, Rows
from zjtx_pipeline.tables import load_tables

REASON, SENDER, SOURCE, PLACE = "不计的原因", "报送部门", "来源（文件或数据表）", "位置（工作表!行，或键）"
LINEAGE = {"sender": SENDER, "source": SOURCE, "place": PLACE}
FIRM = "企业（季末代码）"
# What figures are made of beside the columns that were delivered.
MADE = {
    "firm": FIRM,
    "supplier": "供方（季末代码）",
    "provider": "服务商（季末代码）",
    "trigger_key": "触发事项键",
    "base_fen": "计算基数(元)",
    "net_fen": "净拨付(元)",
    "lost_on": "失效日",
}
OF_UNITS = {
    "clause": "条款号",
    "firm": FIRM,
    "uscc": "统一社会信用代码",
    "name": "企业名称",
    "trigger_key": "触发事项键",
    "triggered_on": "触发日期",
    "base_fen": "计算基数(元)",
    "entitled_fen": "测算应兑(元)",
    "applied_on": "申请日期",
    "approved_fen": "核定金额(元)",
    "paid_fen": "已拨付(元)",
    "gap_fen": "差额(元)",
    "state": "状态",
    "eligible": "符合条件",
}
_SCALE = {"yuan": 2, "wan": 6}  # decimals of the header's unit that make a fen


def header(table: str, column: str) -> str:
    """What a column of Rows is called in front of a clerk."""
    if table == UNITS:
        return OF_UNITS[column]
    delivered = load_tables()[table].columns if table != FIRMS else {}
    return delivered[column].header if column in delivered else MADE.get(column, column)


def counted(books: Books, rows: Rows, columns: tuple[str, ...] = ()) -> pd.DataFrame:
    """The rows that count, with the columns that a figure is counted from."""
    if rows.table == UNITS:
        return _units(books, rows.frame[rows.frame["clause"].notna()])
    if rows.table == FIRMS:
        return _firms(books, rows.frame)
    return _delivered(books, rows, rows.frame, columns)


def left_out(books: Books, rows: Rows, columns: tuple[str, ...] = ()) -> pd.DataFrame:
    """The rows that do not count, each with the first reason that struck it."""
    reasons = rows.left_out()
    if rows.table in (UNITS, FIRMS):
        frame = (rows.frame if rows.every is None else rows.every).loc[reasons.index]
        whole = _units(books, frame) if rows.table == UNITS else _firms(books, frame)
    else:
        whole = _delivered(books, rows, pd.DataFrame(index=reasons.index), columns)
    whole.insert(0, REASON, reasons.to_numpy())
    return whole


def set_aside(table: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows that validation set aside, with their reasons, as text; of a confidential table no amounts (5.4)."""
    columns = load_tables()[table].columns.values()
    if table in CONFIDENTIAL_TABLES:
        columns = [column for column in columns if column.name in (*load_tables()[table].key, "uscc", "name")]
    delivered = rows[[column.header for column in columns if column.header in rows]]
    reasons = pd.DataFrame({"退回原因": rows["reasons"], "表": table}, index=rows.index)
    return pd.concat([reasons, _lineage(rows), delivered], axis=1)


def _firms(books: Books, frame: pd.DataFrame) -> pd.DataFrame:
    named = names(books, frame["firm"], pd.Series(pd.NA, index=frame.index, dtype="str"))
    return _readable({FIRM: frame["firm"], "企业名称": named, **{name: frame[name] for name in frame if name != "firm"}})


def _units(books: Books, frame: pd.DataFrame) -> pd.DataFrame:
    """Award units with what their clause paid on the day: base, rate, amount and cap."""
    awards = books.rules.awards
    terms = [
        None if pd.isna(day) else awards[clause].terms_on(day.date())
        for clause, day in zip(frame["clause"], frame["triggered_on"], strict=True)
    ]
    cells = {title: frame[name] for name, title in OF_UNITS.items()}
    cells |= {title: frame[title] for title in ("条款", "年度") if title in frame}
    stated = {"比例": "rate", "定额(元)": "amount", "上限(元)": "cap"}
    return _readable(cells | {title: _of_terms(terms, name, frame.index) for title, name in stated.items()})


def _of_terms(terms: Iterable[AwardTerms | None], name: str, index: pd.Index) -> pd.Series:
    return pd.Series([getattr(each, name) if each else None for each in terms], index=index, dtype="object")


def _delivered(books: Books, rows: Rows, frame: pd.DataFrame, counted_from: tuple[str, ...]) -> pd.DataFrame:
    """What was made of the rows, then what was delivered and bears on the figure, then where."""
    raw = books.tables[rows.table].loc[frame.index] if rows.table in books.tables else books[rows.table]
    columns = load_tables()[rows.table].columns
    headers = {column.header for column in columns.values()}
    made = {MADE.get(name, name): frame[name] for name in frame if name not in columns}
    made = {title: cells for title, cells in made.items() if title not in headers and not title.isascii()}
    wanted = [columns[name] for name in _bearing(rows, counted_from)]
    return pd.concat([_readable(made | {each.header: _in_unit(raw[each.name], each.kind) for each in wanted}), _lineage(raw)], axis=1)


def _bearing(rows: Rows, counted_from: tuple[str, ...]) -> list[str]:
    """The columns that bear on a figure: key and name, what is counted, what a reason speaks of; no others (5.4)."""
    table, said = load_tables()[rows.table], "".join(why for why, _ in rows.steps)
    own = {*table.key, "uscc", "name", *counted_from, *rows.told}
    return [name for name, column in table.columns.items() if name in own or column.header.partition("(")[0] in said]


def _lineage(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({title: rows[name] if name in rows else None for name, title in LINEAGE.items()}, index=rows.index)


def _in_unit(cells: pd.Series, kind: str) -> pd.Series:
    if kind not in _SCALE:
        return cells
    return pd.Series([_money(fen, _SCALE[kind]) for fen in cells], index=cells.index, dtype="object")


def _money(fen: object, decimals: int) -> Decimal | None:
    return None if pd.isna(fen) else Decimal(int(fen)).scaleb(-decimals)


def _readable(columns: dict[str, pd.Series]) -> pd.DataFrame:
    """Columns as a person reads them: money in its unit, days in ISO form, 是 and 否."""
    return pd.DataFrame({title: _cells(title, cells) for title, cells in columns.items()})


def _cells(title: str, cells: pd.Series) -> pd.Series:
    if cells.dtype.kind == "M":
        return cells.dt.strftime("%Y-%m-%d")
    if cells.dtype in ("bool", "boolean"):
        return cells.map({True: "是", False: "否"})
    return _in_unit(cells, "yuan") if title.endswith("(元)") and cells.dtype == "Int64" else cells
