"""Knows each single fault of the sample's rows: how a clerk, an export or a copy spoils it.

A fault takes a row's cells by English column name and gives the cells to change, or None where it does not apply.
Leaves which rows are spoiled to `dirt`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from zjtx_pipeline.sample.codes import credit_codes
from zjtx_pipeline.tables import Table

Row = dict[str, object]
Fault = Callable[[Table, Row, int], Row | None]
_NUMBERS = ("yuan", "wan", "count", "decimal")


def _some_column(table: Table, row: Row, pick: int, kinds: tuple[str, ...], needed: bool = False, filled: bool = True):
    """One column of the given kinds; `needed`: not optional and no part of the key."""
    names = [
        name
        for name, column in table.columns.items()
        if column.kind in kinds and (not needed or not column.optional) and (not filled or row[name] != "")
        and name not in ("uscc", "name")
    ]  # fmt: skip
    return names[pick % len(names)] if names else None


def _code(change: Callable[[str, int], str]) -> Fault:
    def spoil(table: Table, row: Row, pick: int) -> Row | None:
        return {"uscc": change(str(row["uscc"]), pick)} if row.get("uscc") else None

    return spoil


def _wrong_check(code: str, pick: int) -> str:
    return code[:17] + ("7" if code[17] != "7" else "8")


def _placeholder(table: Table, row: Row, pick: int) -> Row | None:
    """Not in D02: as a merged firm's code it would hand every other placeholder on to the successor."""
    return {"uscc": "123456789012345678"} if row.get("uscc") and table.id != "D02" else None


def _letter_o(code: str, pick: int) -> str:
    return code[:4] + code[4:].replace("0", "O", 1)


@cache
def _strangers() -> list[str]:
    return credit_codes(np.full(300, "91330109"), "strangers").tolist()


def _stranger(code: str, pick: int) -> str:
    """A code that is well formed and stands in no register."""
    return _strangers()[pick % 300]


def _wrong_name(table: Table, row: Row, pick: int) -> Row | None:
    """Not the registered name: the form of company left out, or a character too many."""
    name = str(row.get("name") or "")
    return {"name": name.replace("有限公司", "公司") if pick % 2 and "有限公司" in name else name[:-1]} if len(name) > 6 else None


def _empty(table: Table, row: Row, pick: int) -> Row | None:
    column = _some_column(table, row, pick, tuple({each.kind for each in table.columns.values()}), needed=True)
    return {column: ""} if column else None


def _unknown_value(table: Table, row: Row, pick: int) -> Row | None:
    column = _some_column(table, row, pick, ("list", "bool"))
    return {column: f"{row[column]}(待定)"} if column else None


def _unreadable_date(table: Table, row: Row, pick: int) -> Row | None:
    column = _some_column(table, row, pick, ("event", "date"))
    year = str(row[column])[:4] if column else ""
    return {column: (f"{year}年底", f"{year}-02-30", f"{year}.13.1", "待补")[pick % 4]} if column else None


def _future_date(table: Table, row: Row, pick: int) -> Row | None:
    column = _some_column(table, row, pick, ("event",))
    return {column: f"{int(str(row[column])[:4]) + 30}-06-30"} if column else None


def _unreadable_number(table: Table, row: Row, pick: int) -> Row | None:
    column = _some_column(table, row, pick, _NUMBERS)
    return {column: (f"约{row[column]}", f"{row[column]}万", "一百余", "待核")[pick % 4]} if column else None


def _same_again(table: Table, row: Row, pick: int) -> Row | None:
    return dict(row)


def _other_again(table: Table, row: Row, pick: int) -> Row | None:
    """The same key with another content: a number a tenth higher, or another text."""
    names = [name for name in table.columns if name not in table.key and name not in ("uscc", "name")]
    for name in reversed(names):
        if isinstance(row[name], (int, float)) and table.columns[name].kind in ("yuan", "wan", "decimal"):
            return row | {name: round(row[name] * 1.1, 2)}
        if table.columns[name].kind == "text" and row[name]:
            return row | {name: f"{row[name]}(更正)"}
    return None


def _when(tables: str, change: Callable[[Row], Row | None]) -> Fault:
    """A fault that only these tables know."""

    def spoil(table: Table, row: Row, pick: int) -> Row | None:
        return change(row) if table.id in tables.split() else None

    spoil.tables = tables.split()  # type: ignore[attr-defined]
    return spoil


def _swap(first: str, second: str) -> Callable[[Row], Row | None]:
    """Two days of a row the wrong way round."""
    return lambda row: {first: row[second], second: row[first]} if row[first] and row[second] and row[first] != row[second] else None


def _clear(column: str, **given: str) -> Callable[[Row], Row | None]:
    """A cell that must not be empty beside the given ones."""
    return lambda row: {column: ""} if row[column] != "" and all(row[name] == value for name, value in given.items()) else None


def _overlap(row: Row) -> Row | None:
    later = str(row["entered_on"])[:8] + ("27" if str(row["entered_on"])[8:] < "27" else "28")
    return row | {"entered_on": later} if not row["left_on"] and later > str(row["entered_on"]) else None


def _twin_meeting(row: Row) -> Row | None:
    return row | {"activity_no": f"{row['activity_no']}-补"}


def _too_small(row: Row) -> Row | None:
    """亿元 written where 万元 was asked for: every amount a ten-thousandth."""
    names = [name for name in row if name.endswith("_fen") and isinstance(row[name], float)]
    return {name: round(row[name] / 10_000, 6) for name in names} if names else None


SPOILERS: dict[str, Fault] = {
    "校验位错": _code(_wrong_check),
    "占位码": _placeholder,
    "零写成字母": _code(_letter_o),
    "只有组织机构代码": _code(lambda code, pick: code[8:17]),
    "掩码": _code(lambda code, pick: code[:8] + "******" + code[14:]),
    "库外码": _code(_stranger),
    "名称不符": _wrong_name,
    "必填为空": _empty,
    "值域之外": _unknown_value,
    "日期读不出": _unreadable_date,
    "日期在将来": _future_date,
    "数字读不出": _unreadable_number,
    "重复报送": _same_again,
    "同键不同内容": _other_again,
    "起止颠倒": _when("D03", _swap("entered_on", "left_on")),
    "在库重叠": _when("D03", _overlap),
    "认定缺有效期": _when("D04", lambda row: {"valid_to": ""} if row["event"] in ("认定", "复核通过") else None),
    "承继码为空": _when("D02", _clear("successor_uscc")),
    "拨付为负": _when("D06b", lambda row: {"paid_fen": -row["paid_fen"]}),
    "撤销缺日期": _when("D09", lambda row: {"status": "撤销"} if not row["revoked_on"] else None),
    "专利号校验错": _when("D10", lambda row: {"patent_no": f"{row['patent_no'][:-1]}{'3' if row['patent_no'][-1] != '3' else '4'}"}),
    "失效缺日期": _when("D10", lambda row: {"legal_status": "失效"} if not row["lapsed_on"] else None),
    "证书止早于发证": _when("D11", _swap("issued_on", "valid_to")),
    "证书缺止": _when("D11", _clear("valid_to", record_type="认证证书")),
    "交易缺登记号": _when("D12", _clear("registration_no", category="技术交易")),
    "负数无原票": _when("D14", _clear("reversed_invoice_no")),
    "通过缺日期": _when("D15", _clear("accepted_on", acceptance="通过")),
    "类型级别不配": _when("D16", lambda row: {"level": "区级"} if row["level"] == "国家级" else None),
    "人数为负": _when("D20", lambda row: {"skilled_workers": -1} if row["skilled_workers"] != "" else None),
    "竣工早于开工": _when("D21b", _swap("started_on", "completed_on")),
    "办结缺日期": _when("D22b", _clear("closed_on", is_closed="是")),
    "同日同名": _when("D23", _twin_meeting),
    "停用早于创建": _when("D24b", _swap("created_on", "stopped_on")),
    "码与范围并填": _when("D25", lambda row: {"scope": "P2"} if row["uscc"] else {"households": ""}),
    "单位错": _when("D05", _too_small),
}  # fmt: skip
DOUBLING = ("重复报送", "同键不同内容", "在库重叠", "同日同名")  # these add a row
MILD = ("名称不符", "重复报送")  # these set no row aside that a target hangs on
_OFTEN = {"名称不符": 3, "库外码": 2}


def spoilers_of(table: Table) -> list[str]:
    """The faults that a table's rows can have, the frequent ones several times."""
    known = []
    for name, fault in SPOILERS.items():
        if table.id in getattr(fault, "tables", [table.id]):
            known += [name] * _OFTEN.get(name, 2 if hasattr(fault, "tables") else 1)
    return known


def spoiled(table: Table, row: Row, names: list[str], pick: int) -> tuple[str, Row]:
    """The first of the faults, from the picked one on, that applies to a row, and the cells it gives."""
    for step in range(len(names)):
        name = names[(pick + step) % len(names)]
        change = SPOILERS[name](table, row, pick)
        if change is not None:
            return name, change
    return "", {}
