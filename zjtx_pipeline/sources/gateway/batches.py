"""Knows how the 增删改标志 of one department's rows is obeyed in order, and what makes two of them the same record.

Leaves whose a row is to `shares`. None is left out: each stands or bears the reason why it does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from zjtx_pipeline.sources.gateway.records import FLAG, Record, key_headers
from zjtx_pipeline.sources.raw import SUPERSEDED
from zjtx_pipeline.tables import Table
from zjtx_pipeline.tables.typed import canonical, contents, typed

_INSERT, _UPDATE, _DELETE = ("i", "1"), ("u",), ("d",)


def applied(
    table: Table, records: Sequence[Record], sender_column: str, lists: Mapping[str, Mapping[str, str]]
) -> list[Record]:
    """One department's records with their flags obeyed: u replaces the rows of its key, d withdraws them, i and 1 add one.

    Records without a flag column pass as they are. `lists` gives, for a closed list, each spelling's value.
    """
    done = list(records)
    standing: dict[tuple[str, ...], list[int]] = {}
    flagged = [at for at, record in enumerate(done) if not record.reason and FLAG in record.cells]
    for at, own in zip(flagged, _keys(table, [done[at] for at in flagged], sender_column, lists), strict=True):
        record = done[at]
        done[at] = _flagged(record, own)
        if _flag(record) in (*_UPDATE, *_DELETE) and any(own):
            act = "更新" if _flag(record) in _UPDATE else "删除"
            for earlier in standing.pop(own, []):
                done[earlier] = replace(done[earlier], reason=f"{SUPERSEDED}：已由{record.place}{act}")
        if not done[at].reason:
            standing.setdefault(own, []).append(at)
    return done


def _keys(
    table: Table, records: Sequence[Record], sender_column: str, lists: Mapping[str, Mapping[str, str]]
) -> list[tuple[str, ...]]:
    """What each record says in the columns of the key, as its suite will read it: 91…n is 91…N, 2024/5/6 is 2024-05-06."""
    key = {header for headers in key_headers(table, sender_column) for header in headers}
    borne = list(dict.fromkeys(name for record in records for name in record.cells if name in key))
    said = pd.DataFrame([[record.cells.get(name) for name in borne] for record in records], columns=borne, dtype="str")
    text = canonical(table, said, lists)
    return [tuple(cells) for cells in contents(table, text, typed(table, text), table.key).to_numpy().tolist()]


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
