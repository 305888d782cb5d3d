"""Files and views as departments would deliver them, for the tests of reading, keeping and judging."""

import csv
import os
from datetime import datetime
from io import BytesIO, StringIO

import xlsxwriter

from zjtx_pipeline import snapshots, sources, validate
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.tables import load_tables

QUARTER = Quarter(2024, 4)
ON_TIME = "2025-01-08 10:00:00"
FIRM, OTHER, THIRD = "91330109XJ0000A11N", "91330100XJ0000A2XC", "91330109XJ0000A38E"
NAMES = {FIRM: "萧山示例甲一机械有限公司", OTHER: "萧山示例甲二重工集团有限公司", THIRD: "萧山示例甲三化纤有限公司"}


def workbook(rows, headers=None, sheet="数据"):
    """The bytes of a workbook: a header row and rows, cells as they are given."""
    headers = headers or list(rows[0])
    grid = [headers, *([row.get(header, "") for header in headers] for row in rows)]
    return workbook_of({sheet: grid})


def workbook_of(sheets):
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "remove_timezone": True}) as book:
        for name, grid in sheets.items():
            sheet = book.add_worksheet(name)
            day = book.add_format({"num_format": "yyyy-mm-dd"})
            for at, row in enumerate(grid):
                for column, cell in enumerate(row):
                    if isinstance(cell, datetime):
                        sheet.write_datetime(at, column, cell, day)
                    elif isinstance(cell, str):
                        sheet.write_string(at, column, cell)
                    elif cell is not None:
                        sheet.write(at, column, cell)
    return content.getvalue()


def delimited(rows, headers=None, encoding="utf-8"):
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    headers = headers or list(rows[0])
    writer.writerows([headers, *([row.get(header, "") for header in headers] for row in rows)])
    return text.getvalue().encode(encoding)


def deliver(folder, name, content, received=ON_TIME, quarter=QUARTER):
    """Put a file into the quarter's folder of the 收件目录, received when said; returns its path."""
    path = folder / "inbox" / str(quarter) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    when = datetime.fromisoformat(f"{received}+08:00").timestamp()
    os.utime(path, (when, when))
    return path


def inbox(folder):
    (folder / "inbox").mkdir(exist_ok=True)
    return Settings(inbox=folder / "inbox")


def row(table_id, **cells):
    """A row of a table in which nothing is wrong, with cells changed by their headers."""
    table = load_tables()[table_id]
    plain = {column.header: _plain(column) for column in table.columns.values()}
    return {**plain, **{header.replace("＿", ""): value for header, value in cells.items()}}


_PLAIN = {
    "event": "2024-05-06", "date": "2027-05-05", "yuan": "100.00", "wan": "10", "count": "1", "decimal": "1.5",
    "year": "2024", "quarter": "2024Q4", "period": "2024Q4", "bool": "是", "patent": "202310123456.6", "task": "1",
}  # fmt: skip


def _plain(column):
    rules = Settings(inbox="x").rules
    if column.optional:
        return ""
    if column.name == "name":
        return NAMES[FIRM]
    if column.kind == "code":
        return FIRM
    if column.kind == "list":
        return rules.lists[column.list_name].names[0]
    return _PLAIN.get(column.kind, "330109001" if column.name == "street_code" else "示例")


REGISTER = [row("D01", 统一社会信用代码=code, 企业名称=name) for code, name in NAMES.items()]


def judged(folder, table_id, rows, sender=None, **files):
    """The verdict over rows delivered as one file, beside a register of three firms."""
    table = load_tables()[table_id]
    deliver(folder, f"{table.title}_{sender or table.senders[0]}.csv", delimited(rows))
    return verdict(folder, table_id)


def verdict(folder, table_id, settings=None, quarter=QUARTER):
    """The verdict over whatever lies in the 收件目录, the register among it unless the test put one there."""
    settings = settings or inbox(folder)
    if not list((folder / "inbox").glob(f"{quarter}/D01*")):
        deliver(folder, "D01_企业主体_区市场监管局.csv", delimited(REGISTER))
    found = {}
    for each in [each for each in validate.order() if each == table_id or each in _all_needs(table_id)]:
        snapshot = snapshots.keep(home(folder), quarter, load_tables()[each], sources.deliveries(settings, each, quarter))
        found[each] = validate.judge(home(folder), snapshot, settings, found)
    return found[table_id]


def home(folder):
    """One home for all tests of a session: what is kept bears its digest, so the register is judged once."""
    return folder.parent / "home"


def _all_needs(table_id):
    needs = set(validate.needs(table_id))
    return needs | {deeper for each in needs for deeper in _all_needs(each)}
