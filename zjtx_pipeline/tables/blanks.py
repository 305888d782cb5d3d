"""Knows the empty workbooks that departments fill in; leaves reading them back to `sources`.

One workbook a table: the sheet to fill (headers, text format for codes, drop-downs for closed lists), a page
of instructions, and a sheet with the lists that the drop-downs point to.
"""

from __future__ import annotations

import re
from pathlib import Path

from zjtx_pipeline.rules import Rules
from zjtx_pipeline.tables import Column, Table, load_tables
from zjtx_pipeline.workbooks import CREATED, LAST_ROW, sheet_name

INSTRUCTIONS, LISTS = "填表说明", "值域"
_FORMS = {
    "code": "18 位，文本；字母大写，不含 I、O、S、V、Z",
    "text": "文本",
    "event": "日期，写成 2024-12-31；不得晚于报送日",
    "date": "日期，写成 2024-12-31",
    "yuan": "元，最多两位小数",
    "wan": "万元，最多六位小数",
    "count": "不小于 0 的整数",
    "decimal": "数字，最多六位小数",
    "year": "四位年份，如 2024",
    "quarter": "季度，如 2024Q4",
    "period": "季度累计写 2024Q4，全年写 2024",
    "bool": "是 或 否",
    "list": "从下拉列表中选",
    "patent": "专利号，如 ZL202310123456.7 或 202310123456.7",
    "task": "任务序号，1 至 14",
}
_NATURES = {
    "L": "台账：每次报送从第一行到报送日的全部行；以往的行可以更正。",
    "A": "年度台账：每次报送本年度 1 月 1 日至报送日的全部行。",
    "S": "时点：季度最后一日的状态。",
    "P": "期报：本年度及前两年的各期。",
    "T": "文字：只报本季度。",
}
_UNIT = re.compile(r"\((.+)\)$")


def write_blanks(folder: Path, rules: Rules) -> list[Path]:
    """Write the 31 empty workbooks into a folder (made if missing); returns their paths in dictionary order."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_write_blank(folder / f"{table.title}.xlsx", table, rules) for table in load_tables().values()]


def unit(column: Column) -> str:
    """The unit that a header carries in brackets, or nothing: `营业收入(万元)` gives 万元."""
    match = _UNIT.search(column.header)
    return match[1] if match else ""


def _write_blank(path: Path, table: Table, rules: Rules) -> Path:
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"title": f"{table.title} 空白表", "created": CREATED})
        sheet = book.add_worksheet(sheet_name(table.title))
        _write_instructions(book, table, rules)
        ranges = _write_lists(book, table, rules)
        _write_headers(book, sheet, table, ranges)
    return path


def _write_headers(book, sheet, table: Table, ranges: dict[str, str]) -> None:
    needed = book.add_format({"bold": True, "bg_color": "#DCE6F1", "border": 1, "text_wrap": True, "valign": "vcenter"})
    may_be_empty = book.add_format({"bg_color": "#F2F2F2", "border": 1, "text_wrap": True, "valign": "vcenter"})
    as_text = book.add_format({"num_format": "@"})
    sheet.freeze_panes(1, 0)
    sheet.set_row(0, 32)
    for index, column in enumerate(table.columns.values()):
        sheet.set_column(index, index, max(12, 2.2 * len(column.header)), as_text)
        sheet.write_string(0, index, column.header, may_be_empty if column.optional else needed)
        if column.name in ranges:
            sheet.data_validation(1, index, LAST_ROW, index, _drop_down(column, ranges[column.name]))


def _drop_down(column: Column, source: str) -> dict:
    return {
        "validate": "list",
        "source": source,
        "input_title": column.header[:32],
        "input_message": "请从列表中选择",
        "error_title": "不在值域内",
        "error_message": f"“{column.header}”只能取列表中的值。",
    }


def _write_lists(book, table: Table, rules: Rules) -> dict[str, str]:
    """One column of the list sheet for each closed list; returns each column's range."""
    sheet = book.add_worksheet(LISTS)
    ranges = {}
    closed = [column for column in table.columns.values() if column.kind in ("list", "bool")]
    for index, column in enumerate(closed):
        allowed = allowed_values(column, rules)
        sheet.write_string(0, index, column.header)
        sheet.write_column(1, index, allowed)
        letter = chr(ord("A") + index)
        ranges[column.name] = f"='{LISTS}'!${letter}$2:${letter}${len(allowed) + 1}"
    return ranges


def allowed_values(column: Column, rules: Rules) -> list[str]:
    """The values that a closed column takes, in the order of the list (datasets.md 5.3)."""
    return ["是", "否"] if column.kind == "bool" else list(rules.lists[column.list_name].names)


def _write_instructions(book, table: Table, rules: Rules) -> None:
    sheet = book.add_worksheet(INSTRUCTIONS)
    bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 3, 12)
    sheet.set_column(4, 4, 70, wrap)
    sheet.write_string(0, 0, f"{table.title} 填表说明", bold)
    lines = _guidance(table)
    for row, line in enumerate(lines, start=1):
        sheet.write_string(row, 0, line)
    top = len(lines) + 2
    sheet.write_row(top, 0, ["栏目", "是否必填", "单位", "主键", "填写要求"], bold)
    for row, column in enumerate(table.columns.values(), start=top + 1):
        sheet.write_row(row, 0, _requirement(table, column, rules))


def _guidance(table: Table) -> list[str]:
    return [
        f"报送部门：{'、'.join(table.senders)}",
        _NATURES[table.nature],
        f"文件名：{table.title}_部门全称.xlsx，放入收件目录下以数据期命名的文件夹（如 2024Q4）。",
        "更正重报：文件名末尾加 _2、_3……，序号最大的一份整体替换以前的。",
        "没有可报内容：只留表头，文件名加“_零报送”。没有报送不等于零报送。",
        "第一行表头不要改动；深底色为必填。不得填写身份证号、手机号等个人信息和涉密内容。",
    ]


def _requirement(table: Table, column: Column, rules: Rules) -> list[str]:
    required = "可空" if column.optional else "必填"
    return [column.header, required, unit(column), "是" if column.name in table.key else "", form(column, rules)]


def form(column: Column, rules: Rules) -> str:
    """How a column is to be filled, in a phrase for whoever fills it."""
    if column.kind == "list":
        return f"取值：{'、'.join(allowed_values(column, rules))}"
    return _FORMS[column.kind]
