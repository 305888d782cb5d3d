"""Knows which columns of a table that several departments fill (datasets.md 5.4) stand in no delivery that can be used.

Leaves who fills which column to `verdicts`, and why a delivery cannot be used to `wholes` and `misfiled`. Such a column is
named `D20.新增工匠(人)`: what reads it is 待补, as if its table had not been delivered, and what others fill stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from zjtx_pipeline.snapshots import Snapshot, Source
from zjtx_pipeline.suites import BLOCKING, NOTED
from zjtx_pipeline.tables import Column, Table, comparable, load_tables
from zjtx_pipeline.verdicts import UNDELIVERED, UNUSABLE, first, owners, shared_columns
from zjtx_pipeline.wholes import STOPS, Found, expected_columns

_SAID = {UNDELIVERED: ("本季没有报送", "补报"), UNUSABLE: ("报来的不能用", "更正后重报")}


def unfilled(snapshot: Snapshot, whole: Collection[Found]) -> dict[str, str]:
    """By header, 未报送 or 不能用; nothing of a table whose rows are each one department's own, that nobody delivered, or
    that is stopped as a whole.

    `whole`: what was found of whole deliveries, and which of them cannot be used.
    """
    table = snapshot.table
    if not table.columns_of or not snapshot.sources or any(found["severity"] == BLOCKING for found in whole):
        return {}
    unusable = {found[STOPS] for found in whole if STOPS in found}
    own = [column for column in table.columns.values() if column.name not in shared_columns(table)]
    told = {column.header: _became(column, snapshot, unusable) for column in own}
    return {header: why for header, why in told.items() if why}


def _became(column: Column, snapshot: Snapshot, unusable: Collection[str]) -> str:
    """Why nobody's delivery holds a column; "" where one does."""
    by = owners(snapshot.table, column.name)
    bearing = {one.sender for one in snapshot.sources if one.sender in by and column.name in _borne(snapshot.table, one)}
    if bearing - set(unusable):
        return ""
    return UNUSABLE if bearing else UNDELIVERED


def _borne(table: Table, source: Source) -> Collection[str]:
    """The columns that a delivery speaks of; one that says 零报送 speaks of those that its sender has to fill."""
    if source.is_zero:
        return expected_columns(table, source.sender)
    known = table.by_header()
    return {known[comparable(header)].name for header in source.headers if comparable(header) in known}


def findings(table: Table, lacking: Mapping[str, str]) -> Iterator[Found]:
    """One finding for each department named first for such columns."""
    by_owner: dict[tuple[str, str], list[str]] = {}
    for header, why in lacking.items():
        by_owner.setdefault((_first_named(table, header), why), []).append(header)
    for (owner, why), headers in by_owner.items():
        became, please = _SAID[why]
        message = f"“{first(headers)}”由{owner}填报，{became}：所涉指标列为“待补”，请{please}。"
        yield {"severity": NOTED, "rule": "报送.无人填报", "message": message, "sender": owner}


def _first_named(table: Table, header: str) -> str:
    """Who has to fill a column."""
    return owners(table, table.by_header()[comparable(header)].name)[0]


def title_of(need: str) -> str:
    """What is missing, as it is told: a table, or of a table the department that has to fill a column.

    >>> title_of("D15"), title_of("D20.新增工匠(人)")
    ('D15_数字化改造', 'D20_人才就业(汇总)（区人社局）')
    """
    table_id, _, header = need.partition(".")
    table = load_tables()[table_id]
    return f"{table.title}（{_first_named(table, header)}）" if header else table.title
