"""Knows what a delivery is and finds a quarter's: one table × 数据期 × 报送部门, from a file, a database view or the gateway.

Leaves reading to one module a kind of source (`workbook`, `delimited`, `database`, `gateway`), opening what may harm to
the guarded child (`guard`), keeping to `snapshots`.

Where a department has delivered a table in several ways, the file is the delivery, for it is what someone sent on
purpose, and the database goes before the gateway; the finding says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Protocol

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.quarter import CHINA, Quarter
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.sources import database, gateway, inbox
from zjtx_pipeline.sources.inbox import next_name
from zjtx_pipeline.sources.raw import LINEAGE, OURS, Line, Origin, Raw, assemble, unreadable, with_original
from zjtx_pipeline.store import digest
from zjtx_pipeline.tables import Table, comparable, load_tables

__all__ = ["LINEAGE", "OURS", "Delivery", "Origin", "Raw", "deliveries", "next_name", "strays"]

READING = "10"  # changes when the same bytes would be read as other rows, so that snapshots are made anew
NOT_PERMITTED = "文件没有读取权限：不用部门重报，请管理系统的人把文件和所在目录的读取权限给运行本程序的账号，再运行一次。"
MOST_BYTES = 200 << 20  # a table of a district has a hundredth of that


class Delivery(Protocol):
    """One table × 数据期 × 报送部门 as a source offers it."""

    table: Table
    origin: Origin

    def digest(self) -> str:
        """SHA-256 of what was delivered, known before it is read; 报送时间 of a file is part of it."""

    def read(self) -> Raw:
        """The delivery as text rows."""


@dataclass(frozen=True)
class FileDelivery:
    """A workbook or text file of the 收件目录.

    `beside`: that the table came in another way too, which is not said of a return workbook: it was asked for as a file.
    """

    table: Table
    origin: Origin
    path: Path
    says_zero: bool = False
    notes: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    def digest(self) -> str:
        when = self.origin.received_at.isoformat()
        parts = (READING, self.table.id, self.origin.source, self.origin.sender, when, *self.notes)
        return digest(*parts, self._fault or self.content, *self.beside)

    def read(self) -> Raw:
        if self._fault:
            return unreadable(self.origin, self._fault)
        raw = _parsed(self.table.id, self.origin, self.says_zero, self.content)
        beside = () if raw.is_answer else self.beside
        return replace(with_original(raw, self.path.name, self.content), notes=(*beside, *self.notes, *raw.notes))

    @cached_property
    def content(self) -> bytes:
        """The file's bytes, taken once, so that what is digested is what is read."""
        return self.path.read_bytes()

    @cached_property
    def _fault(self) -> str:
        """Why the bytes cannot be taken; "" where they can."""
        try:
            if self.path.stat().st_size > MOST_BYTES:
                return f"文件超过 {MOST_BYTES >> 20} MB，没有读：请删去无关内容，只留本表，另存后重报。"
            self.content  # noqa: B018  taken here, so that what cannot be taken is told
        except PermissionError:
            return NOT_PERMITTED
        except OSError:
            return "文件读不出来（已被移走，或存储有故障）：请检查后重新放入收件目录。"
        return ""


@dataclass(frozen=True)
class ViewDelivery:
    """One department's rows of a database view; read once, when found."""

    table: Table
    origin: Origin
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    fault: str = ""
    notes: tuple[str, ...] = ()

    def digest(self) -> str:
        cells = ("\x1f".join(row) for row in self.rows)
        source = (self.table.id, self.origin.sender, *self.notes)
        return digest(READING, *source, "\x1f".join(self.headers), self.fault, *cells)

    def read(self) -> Raw:
        if self.fault:
            return unreadable(self.origin, self.fault)
        places = _key_texts(self.table, self.headers, self.rows)
        lines = (Line(place, row) for place, row in zip(places, self.rows, strict=True))
        raw = assemble(self.table, self.origin, self.headers, lines)
        return replace(raw, notes=(*self.notes, *raw.notes))


def deliveries(settings: Settings, table: Table | str, quarter: Quarter) -> list[Delivery]:
    """What each department delivered of a table for a quarter, in the order of the departments.

    Nothing found is an empty list: 未报送. ZjtxError where the 收件目录 or the database cannot be reached; a gateway
    that cannot be reached is a fault of the table.
    """
    table = load_tables()[table] if isinstance(table, str) else table
    found: dict[str, Delivery] = {delivery.origin.sender: delivery for delivery in _views(settings, table, quarter)}
    for filed in inbox.winners(settings, table, quarter):
        beside = (_TWICE.format("数据库和收件目录", "文件"),) if filed.sender in found else ()
        notes = tuple(map(_OUTDONE.format, inbox.outdone(settings, table, quarter, filed)))
        found[filed.sender] = replace(_from_file(table, quarter, filed, beside), notes=notes)
    for sender in gateway.senders(settings, table) & set(found):
        found[sender] = _noted(found[sender])
    for offered in gateway.deliveries(settings, table, quarter, tuple(found)):
        standing = found.get(offered.origin.sender)
        found[offered.origin.sender] = _noted(standing, offered.notes) if standing else offered
    return in_order(settings, found.values())


def files_alone(settings: Settings, table: Table, quarter: Quarter) -> list[FileDelivery]:
    """The deliveries of a table that comes in files and in no other way; none of another, and nothing is asked for it."""
    elsewhere = gateway.serves(settings, table) or (settings.database is not None and database.view_of(settings.database, table))
    return [] if elsewhere else deliveries(settings, table, quarter)


def in_order(settings: Settings, found: Iterable[Delivery]) -> list[Delivery]:
    """Deliveries in the order of the departments."""
    senders = tuple(settings.rules.departments)
    return sorted(found, key=lambda each: _position(senders, each.origin.sender))


def has_inbox(settings: Settings) -> bool:
    """Is there a 收件目录 to look into now? A shared folder may be away for an hour."""
    return settings.inbox is not None and settings.inbox.is_dir()


def every_file(settings: Settings, table: Table, quarter: Quarter) -> list[FileDelivery]:
    """All files of a table and quarter, those that another one has replaced too; none while the 收件目录 is away."""
    if not has_inbox(settings):
        return []
    return [_from_file(table, quarter, filed, ()) for filed in inbox.every(settings, table, quarter)]


_OUTDONE = "同一季还有不是零报送的“{}”：只读注明零报送的这一份，请核对；要报数据的，请用更大的序号重报。"
_TWICE = "{}都有本部门的这张表：以{}为准，请只用一种方式报送。"


def _noted(delivery: FileDelivery | ViewDelivery, notes: tuple[str, ...] = ()) -> FileDelivery | ViewDelivery:
    """A delivery that goes before the gateway's, which is told, with what there is to say of the gateway's."""
    if isinstance(delivery, FileDelivery):
        return replace(delivery, beside=(*delivery.beside, _TWICE.format("网关和收件目录", "文件")), notes=(*delivery.notes, *notes))
    return replace(delivery, notes=(*delivery.notes, _TWICE.format("网关和数据库", "数据库"), *notes))


def reach(settings: Settings) -> None:
    """ZjtxError where the 收件目录 is missing, or the database's address is wrong or does not answer.

    Not where the gateway does not: that stops its own tables only.
    """
    if settings.inbox is not None:
        inbox.root(settings)
    if settings.database is not None:
        database.view_of(settings.database, load_tables()["D01"])


def strays(settings: Settings, quarter: Quarter) -> list[tuple[str, str]]:
    """What is delivered and belongs to no table or quarter: (file relative to the 收件目录, or view; sentence)."""
    return [*inbox.strays(settings, quarter), *_unplaced(settings, quarter)]


def _unplaced(settings: Settings, quarter: Quarter) -> list[tuple[str, str]]:
    if settings.database is None:
        return []
    found = []
    for view in filter(None, (database.view_of(settings.database, table) for table in load_tables().values())):
        with suppress(ZjtxError):  # a view that cannot be read is told where its table is pulled, and stops that one alone
            notes = database.unplaced(settings.database, view, settings.quarter_column, quarter)
            found += [(view, note) for note in notes]
    return found


def _position(senders: Sequence[str], sender: str) -> int:
    return senders.index(sender) if sender in senders else len(senders)


def _from_file(table: Table, quarter: Quarter, filed: inbox.Filed, beside: tuple[str, ...]) -> FileDelivery:
    kind = "workbook" if filed.path.suffix.lower() in inbox.WORKBOOKS else "delimited"
    origin = Origin(filed.sender, f"{quarter}/{filed.path.name}", filed.received_at, kind)
    return FileDelivery(table, origin, filed.path, filed.says_zero, beside=beside)


@lru_cache(maxsize=64)
def _parsed(table_id: str, origin: Origin, says_zero: bool, content: bytes) -> Raw:
    """The same bytes are parsed once in a process."""
    from zjtx_pipeline.sources.delimited import read_delimited
    from zjtx_pipeline.sources.workbook import read_workbook

    read = read_workbook if origin.kind == "workbook" else read_delimited
    return read(content, load_tables()[table_id], origin, says_zero=says_zero)


def _views(settings: Settings, table: Table, quarter: Quarter) -> list[ViewDelivery]:
    """The view's rows of a 数据期, one delivery a sender; a view without such rows was not delivered, but one of which no row
    names any quarter cannot be read."""
    if settings.database is None:
        return []
    view = database.view_of(settings.database, table)
    if view is None:
        return []
    read = database.read_view(settings.database, view, settings.quarter_column, quarter)
    headers, rows, notes = read.headers, read.rows, read.notes
    told = _times(settings, headers)
    now = datetime.now(CHINA).replace(tzinfo=None, microsecond=0)  # 报送时间 of a database that tells none
    if notes and not read.is_placed:
        return [ViewDelivery(table, Origin(table.senders[0], view, now, "database"), headers, (), fault=notes[0])]
    by_sender: dict[str, list] = {}
    senders, unnamed = _senders(settings, table, headers, rows)
    for row, sender in zip(rows, senders, strict=True):
        by_sender.setdefault(sender, []).append(tuple(row))
    usual = table.senders[0]
    doubt = [f"“{view}”有 {unnamed} 行没有写“{settings.sender_column}”，都算作{usual}报送：请提供方写明部门。"] * (unnamed and len(table.senders) > 1)
    return [
        _from_view(settings, table, Origin(sender, view, told(own) or now, "database"), headers, tuple(own), (*notes, *doubt * (sender == usual)))
        for sender, own in by_sender.items()
    ]


def _times(settings: Settings, headers: Sequence[str]) -> Callable[[Sequence], datetime | None]:
    """What tells a delivery's 报送时间 from its rows: the latest in the column of that name; None where it tells none."""
    at = next((at for at, text in enumerate(headers) if comparable(text) == comparable(settings.received_column)), None)

    def told(rows: Sequence) -> datetime | None:
        try:
            return None if at is None else max(datetime.fromisoformat(row[at].strip()[:19]) for row in rows)
        except ValueError:
            return None

    return told


def _from_view(settings: Settings, table: Table, origin: Origin, headers: tuple, rows: tuple, notes: tuple) -> ViewDelivery:
    fault = ""
    if origin.sender not in tuple(settings.rules.departments):
        column = settings.sender_column
        fault = f"“{column}”列的“{origin.sender}”不是报送部门的全称或简称：请写明部门。"
    return ViewDelivery(table, origin, headers, rows, fault, notes)


def _senders(settings: Settings, table: Table, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[str], int]:
    """Each row's department in full: from the column, else the table's first; of how many rows it is not named."""
    at = next((at for at, text in enumerate(headers) if comparable(text) == comparable(settings.sender_column)), None)
    if at is None:
        return [table.senders[0]] * len(rows), len(rows)
    full = {name: settings.rules.department(name.strip()) or name.strip() for name in {row[at] for row in rows}}
    named = [full[row[at]] for row in rows]
    return [name or table.senders[0] for name in named], named.count("")


def _key_texts(table: Table, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Each row's key as delivered, the place by which its owner finds it again."""
    wanted = [comparable(table.columns[name].header) for name in table.key if name in table.columns]
    present = {comparable(header): at for at, header in reversed(list(enumerate(headers)))}
    positions = [present[header] for header in wanted if header in present]
    return ["|".join(row[at] for at in positions) for row in rows]
