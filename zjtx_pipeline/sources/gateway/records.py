"""Knows how an interface's rows become lines: headers, cells as text, and the 增删改标志 of batch tables applied in order.

Leaves reading the pages to `pages`. Every row read is a line, kept or told: one that a later row of its batch replaces
or deletes is a rejected line with that reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from zjtx_pipeline.sources.gateway.bodies import Doubled
from zjtx_pipeline.sources.raw import NOT_OURS, SUPERSEDED, Line
from zjtx_pipeline.tables import Table, comparable

FLAG = "增删改标志"
# What the exchange writes beside a row: it changes with every exchange and says nothing of the row.
TECHNICAL = (FLAG, "交换开关", "写入前置库时间", "数据汇总单位")
_INSERT, _UPDATE, _DELETE = ("i", "1"), ("u",), ("d",)


@dataclass(frozen=True)
class Record:
    """One row: cells by comparable header, or the reason why it cannot be one; `said` is the row as it was sent."""

    place: str
    cells: dict[str, str]
    said: str
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
        return Record(place, {}, said, "不是一条记录")
    cells = {comparable(name): _cell(value) for name, value in row.items()}
    if isinstance(row, Doubled) or len(cells) < len(row):
        return Record(place, {}, said, "同一列出现两次，不知以哪个为准")
    unreadable = next((name for name, text in cells.items() if text is None), None)
    if unreadable is not None:
        return Record(place, {}, said, f"“{unreadable}”列的值不是文本、数字或是否，或含有残缺的字符")
    if not any(text.strip() for text in cells.values()):
        return Record(place, {}, said, "整行为空")
    return Record(place, cells, said)


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


def headers_of(pages: Sequence[Sequence[Any]]) -> dict[str, str]:
    """Every column that a row names, comparable header → first spelling, in order; without what the exchange writes."""
    spelt: dict[str, str] = {}
    for row in (row for rows in pages for row in rows if isinstance(row, dict)):
        for name in row:
            spelt.setdefault(comparable(name), _writable(name))
    return {name: spelling for name, spelling in spelt.items() if name not in TECHNICAL}


def identity(table: Table, sender_column: str) -> Callable[[Any], Hashable]:
    """What makes a row itself, to see whether two pages hold it: its key, or all of it where a batch may repeat keys."""
    key = key_of(table, sender_column)

    def of(row: Any) -> Hashable:
        cells = {comparable(name): value for name, value in row.items()} if isinstance(row, dict) else {}
        if not cells or FLAG in cells or not any(cells.get(name) for name in key):
            return json.dumps(row, sort_keys=True)
        return tuple(str(cells.get(name)) for name in key)

    return of


def key_of(table: Table, sender_column: str) -> tuple[str, ...]:
    """The comparable headers of a table's key; of tables that several fill, the department is part of it."""
    headers = {**{name: column.header for name, column in table.columns.items()}, "sender": sender_column}
    return tuple(comparable(headers[name]) for name in table.key)


def applied(records: Sequence[Record], key: Sequence[str]) -> list[Record]:
    """The records with their flags obeyed in order: u replaces the rows of its key, d withdraws them, i and 1 add one.

    Records without a flag column pass as they are. None is left out: each stands or bears the reason why it does not.
    """
    done, standing = list(records), {}
    for at, record in enumerate(done):
        if record.reason or FLAG not in record.cells:
            continue
        own = tuple(record.cells.get(name, "").strip() for name in key)
        done[at] = _flagged(record, own)
        if _flag(record) in (*_UPDATE, *_DELETE) and any(own):
            act = "更新" if _flag(record) in _UPDATE else "删除"
            for earlier in standing.pop(own, []):
                done[earlier] = replace(done[earlier], reason=f"{SUPERSEDED}：已由{record.place}{act}")
        if not done[at].reason:
            standing.setdefault(own, []).append(at)
    return done


def _flagged(record: Record, own: Sequence[str]) -> Record:
    """A record as its own flag leaves it: standing, or with the reason why it cannot be a row."""
    flag = _flag(record)
    if flag not in (*_INSERT, *_UPDATE, *_DELETE):
        return replace(record, reason=f"{FLAG}“{flag[:10]}”不是 i、u、d 或 1")
    if flag not in _INSERT and not any(own):
        return replace(record, reason=f"{FLAG}是“{flag}”，却没有填主键，不知指哪一行")
    return replace(record, reason=f"{SUPERSEDED}：这是一条删除指令") if flag in _DELETE else record


def _flag(record: Record) -> str:
    return record.cells[FLAG].strip().lower()


def held_to(records: Sequence[Record], column: str, wanted: Sequence[str]) -> list[Record]:
    """The records whose cell in a column is empty or as asked; any other gets the reason that it was not asked for."""
    name = comparable(column)
    return [
        replace(record, reason=f"{NOT_OURS}：“{column}”是“{record.cells[name][:20]}”，不是所要的“{wanted[0]}”")
        if not record.reason and record.cells.get(name, "").strip() not in ("", *wanted)
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
