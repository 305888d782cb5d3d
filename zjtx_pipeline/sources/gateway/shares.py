"""Knows whose each row of an interface is: the department's whose the interface is, else the one that the row names.

Leaves rows to `records`, what becomes of each department's to `batches`.
"""

from __future__ import annotations

from collections.abc import Sequence

from zjtx_pipeline.settings import Settings
from zjtx_pipeline.sources.gateway.records import Record, held_to
from zjtx_pipeline.sources.raw import NOT_OURS
from zjtx_pipeline.tables import Table, comparable


def of_one(settings: Settings, records: Sequence[Record], sender: str) -> dict[str, list[Record]]:
    """The records of an interface that is one department's; any that names another bears the reason why it does not count."""
    spellings = [spelling for spelling, full in settings.rules.lists["部门"].spellings().items() if full == sender]
    return {sender: held_to(records, settings.sender_column, [sender, *spellings])} if records else {}


def of_several(settings: Settings, table: Table, records: Sequence[Record]) -> dict[str, list[Record]]:
    """Each department's records by its full name, those that cannot be rows too.

    What names none is the table's first department's, whoever has delivered otherwise: rows must not change their owner
    because somebody filed a workbook.
    """
    names = [_named(settings, record) for record in records]
    full = {name: settings.rules.department(name) or name or table.senders[0] for name in set(names)}
    found: dict[str, list[Record]] = {}
    for record, name in zip(records, names, strict=True):
        found.setdefault(full[name], []).append(record)
    return found


def unnamed(settings: Settings, records: Sequence[Record]) -> int:
    """How many records of the quarter name no department."""
    return sum(not record.reason.startswith(NOT_OURS) and not _named(settings, record) for record in records)


def _named(settings: Settings, record: Record) -> str:
    return record.cells.get(comparable(settings.sender_column), "").strip()
