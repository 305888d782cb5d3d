"""Knows how an interface's rows become lines: headers, cells as text, what makes a row itself.

Leaves reading the pages to `pages`, whose a row is to `shares`, the 增删改标志 of batch tables to `batches`. Every row read
is a line, kept or told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from zjtx_pipeline.sources.gateway.bodies import Doubled
from zjtx_pipeline.sources.raw import NOT_OURS, Line
from zjtx_pipeline.tables import Table, comparable

FLAG = "增删改标志"
# What the exchange writes beside a row: it changes with every exchange and says nothing of the row.
TECHNICAL = (FLAG, "交换开关", "写入前置库时间", "数据汇总单位")


@dataclass(frozen=True)
class Record:
    """One row: cells by comparable header, and the `reason` why it is none, if so; `said` is the row as it was sent.

    Of a row that cannot be read whole the cells are those that can: they may say whose it is. `names`: its columns as spelt.
    """

    place: str
    cells: dict[str, str]
    said: str
    names: tuple[str, ...] = ()
    reason: str = ""


def records_of(pages: Sequence[Sequence[Any]]) -> list[Record]:
    """Every row of every page, in order; its place is page and number."""
    return [
        _record(f"第{page}页第{number}条", row)
        for page, rows in enumerate(pages, start=1)
        for number, row in enumerate(rows, start=1)
    ]


def _record(place: str, row: Any) -> Record:
    said = _writable(json.dumps(row, ensure_ascii=False))
    if not isinstance(row, dict):
        return Record(place, {}, said, reason="不是一条记录")
    cells = {comparable(_writable(name)): _cell(value) for name, value in row.items()}
    readable = {name: text for name, text in cells.items() if text is not None}
    return Record(place, readable, said, tuple(map(_writable, row)), _fault(row, cells))


def _fault(row: dict[str, Any], cells: dict[str, str | None]) -> str:
    """Why a row cannot be a record; "" where it can."""
    if isinstance(row, Doubled) or len(cells) < len(row):
        return "同一列出现两次，不知以哪个为准"
    unreadable = next((name for name, text in cells.items() if text is None), None)
    if unreadable is not None:
        return f"“{unreadable}”列的值不是文本、数字或是否，或含有残缺的字符"
    return "" if any(text.strip() for text in cells.values()) else "整行为空"


def _cell(value: Any) -> str | None:
    """A value as text, numbers as they were sent; None where it is no value or cannot be written."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    return value if isinstance(value, str) and _writable(value) == value else None


def _writable(text: str) -> str:
    """A text without halves of surrogate pairs, which JSON can carry and no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def headers_of(records: Sequence[Record]) -> dict[str, str]:
    """Every column that a record which stands names, comparable header → first spelling, in order; without what the
    exchange writes. What does not stand says nothing of it: its columns would hide that those of the others are lacking."""
    spelt: dict[str, str] = {}
    for name in (name for record in records if not record.reason for name in record.names):
        spelt.setdefault(comparable(name), name)
    return {name: spelling for name, spelling in spelt.items() if name not in TECHNICAL}


def key_headers(table: Table, sender_column: str) -> list[tuple[str, ...]]:
    """For each column of a table's key the comparable headers that it may bear. Not the department: records are held
    against those of their own alone."""
    known = table.by_header()
    spellings = [tuple(header for header, column in known.items() if column.name == name) for name in table.key if name != "sender"]
    return [headers for headers in spellings if comparable(sender_column) not in headers]


def identity(table: Table, sender_column: str) -> Callable[[Any], Hashable]:
    """What makes a row itself, to see whether two pages hold it: department and key, or all of it where a batch may
    repeat keys."""
    key, sender = key_headers(table, sender_column), comparable(sender_column)

    def of(row: Any) -> Hashable:
        cells = {comparable(name): value for name, value in row.items()} if isinstance(row, dict) else {}
        own = [next((cells[header] for header in headers if cells.get(header)), None) for headers in key]
        if FLAG in cells or not any(own):
            return json.dumps(row, sort_keys=True)
        return tuple(map(str, (cells.get(sender), *own)))

    return of


def held_to(records: Sequence[Record], column: str, wanted: Sequence[str]) -> list[Record]:
    """The records whose cell in a column is empty or as asked; any other, whole or not, gets the reason that it was not
    asked for."""
    name = comparable(column)
    return [
        replace(record, reason=f"{NOT_OURS}：“{column}”是“{record.cells[name][:20]}”，不是所要的“{wanted[0]}”")
        if not record.reason.startswith(NOT_OURS) and record.cells.get(name, "").strip() not in ("", *wanted)
        else record
        for record in records
    ]


def lines_of(records: Sequence[Record], headers: Sequence[str]) -> list[Line]:
    """Records as lines under headers (comparable)."""
    return [
        Line(record.place, [record.said], record.reason)
        if record.reason
        else Line(record.place, [record.cells.get(name, "") for name in headers])
        for record in records
    ]
