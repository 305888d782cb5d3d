"""Knows how an interface of the province's data-sharing gateway becomes deliveries, one a department.

Leaves asking to `older` and `open_platform`, pages to `pages`, rows to `records`, whose they are to `shares`, their flags
to `batches`, judging to the suites. What goes wrong there is a fault of that table alone: no source is down without a
sentence, and none is zero for being down.
By what public client code agrees on; not yet tried against the platform itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.quarter import CHINA, Quarter
from zjtx_pipeline.settings import Gateway, Interface, Settings
from zjtx_pipeline.sources.gateway import shares
from zjtx_pipeline.sources.gateway.batches import applied
from zjtx_pipeline.sources.gateway.bodies import Page
from zjtx_pipeline.sources.gateway.keys import Keys, from_environment
from zjtx_pipeline.sources.gateway.older import Older
from zjtx_pipeline.sources.gateway.open_platform import OpenPlatform
from zjtx_pipeline.sources.gateway.pages import read_pages
from zjtx_pipeline.sources.gateway.records import Record, headers_of, held_to, identity, lines_of, records_of
from zjtx_pipeline.sources.raw import Line, Origin, Raw, assemble, unreadable
from zjtx_pipeline.store import digest
from zjtx_pipeline.tables import Table, comparable

READING = "gateway 6"  # changes when the same pages would be read as other rows


@dataclass(frozen=True)
class GatewayDelivery:
    """One department's rows of an interface; read when found. `pages` are the answers as they came, without secrets."""

    table: Table
    origin: Origin
    headers: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    pages: tuple[Page, ...] = field(default=(), repr=False)
    withheld: bool = False  # another department's rows on these pages must not be kept
    fault: str = ""
    notes: tuple[str, ...] = ()

    def digest(self) -> str:
        rows = (part for line in self.lines for part in (line.place, line.reason, "\x1f".join(line.cells)))
        source = (self.table.id, self.origin.sender, self.origin.source, *self.notes)
        return digest(READING, *source, self.fault, "\x1f".join(self.headers), *rows)

    def read(self) -> Raw:
        if self.fault:
            return unreadable(self.origin, self.fault)
        around = [page.around for page in self.pages]
        raw = assemble(self.table, self.origin, self.headers, self.lines, around=around, notes=self.notes)
        bodies = [page.body for page in self.pages]
        if raw.refused or self.withheld:
            return replace(raw, sha256=hashlib.sha256(b"".join(bodies)).hexdigest(), size=sum(map(len, bodies)))
        names = [f"{self.origin.source}_第{number}页.json" for number in range(1, len(bodies) + 1)]
        return replace(raw, original=dict(zip(names, bodies, strict=True)), size=sum(map(len, bodies)))


def deliveries(settings: Settings, table: Table, quarter: Quarter, delivered: Collection[str]) -> list[GatewayDelivery]:
    """What the table's interfaces give for a 数据期, a fault among it where one gives nothing that can be read.

    `delivered`: the departments that have delivered the table otherwise, which is what counts; an interface that is
    theirs alone is not asked, and a fault is never theirs.
    """
    found: list[GatewayDelivery] = []
    for interface in _interfaces(settings, table):
        senders = [_sender(settings, table, interface)] if _sender(settings, table, interface) else table.senders
        awaited = [sender for sender in senders if sender not in delivered]
        if awaited:
            found += _offered(settings, table, interface, quarter, awaited)
    if len({each.origin.sender for each in found}) < len(found):  # the configuration is refused where this could be
        raise AssertionError(f"{table.title}: two interfaces give something of one department")
    return found


def serves(settings: Settings, table: Table) -> bool:
    """Is an interface configured for a table?"""
    return bool(_interfaces(settings, table))


def senders(settings: Settings, table: Table) -> set[str]:
    """The departments that alone fill a configured interface of a table."""
    return {_sender(settings, table, interface) for interface in _interfaces(settings, table)} - {""}


def _interfaces(settings: Settings, table: Table) -> list[Interface]:
    return [each for each in (settings.gateway.interfaces if settings.gateway else ()) if each.table == table.id]


def _sender(settings: Settings, table: Table, interface: Interface) -> str:
    """Whose an interface is, in full; "" where its rows say so, because several departments deliver the table."""
    if interface.sender:
        return settings.rules.department(interface.sender) or interface.sender
    return table.senders[0] if len(table.senders) == 1 else ""


def _source(settings: Settings, table: Table, interface: Interface) -> str:
    """The name under which what an interface gives is kept; of a table's interfaces each is another department's."""
    own = _sender(settings, table, interface) if interface.sender else ""
    return "_".join(filter(None, (table.title, "网关", interface.api, own)))


def _offered(
    settings: Settings, table: Table, interface: Interface, quarter: Quarter, awaited: Sequence[str]
) -> list[GatewayDelivery]:
    """One interface's rows as one delivery a department; what ails the interface as a whole ails each awaited one's."""
    now = datetime.now(CHINA).replace(tzinfo=None, microsecond=0)  # 报送时间 is the time of reading, as of a database
    origins = [Origin(sender, _source(settings, table, interface), now, "gateway") for sender in awaited]
    try:
        client = _client(settings.gateway)
        pages = read_pages(
            lambda number: client.page(interface, str(quarter), number), identity(table, settings.sender_column)
        )
    except ZjtxError as error:
        return [GatewayDelivery(table, origin, fault=str(error)) for origin in origins]
    records = _of_quarter(settings, records_of([page.rows for page in pages]), quarter)
    if not records:
        return [_delivery(settings, table, origin, [], pages) for origin in origins]
    return _shared_out(settings, table, origins[0], records, pages, _sender(settings, table, interface))


def _of_quarter(settings: Settings, records: Sequence[Record], quarter: Quarter) -> list[Record]:
    """The records, those that name another 数据期, however it is spelt, with the reason why they do not count."""
    said = {record.cells.get(comparable(settings.quarter_column), "").strip() for record in records}
    spelt = [text for text in said if Quarter.spelt(comparable(text)) == quarter]
    return held_to(records, settings.quarter_column, [str(quarter), *spelt])


def _shared_out(
    settings: Settings, table: Table, origin: Origin, records: Sequence[Record], pages: Sequence[Page], own: str
) -> list[GatewayDelivery]:
    """`own`: whose the interface is alone; "" where its rows say whose they are."""
    by_sender = shares.of_one(settings, records, own) if own else shares.of_several(settings, table, records)
    found = [_delivery(settings, table, replace(origin, sender=sender), each, pages) for sender, each in by_sender.items()]
    if sum(len(each.lines) for each in found) != sum(len(page.rows) for page in pages):
        raise AssertionError(f"{origin.source}: rows of the pages are neither kept nor told")
    if not own and (number := shares.unnamed(settings, records)):
        found = [_doubted(settings, each, number) if each.origin.sender == table.senders[0] else each for each in found]
    if len(found) > 1 and any(each.read().refused for each in found):
        return [replace(each, withheld=True) for each in found]
    return found


def _delivery(
    settings: Settings, table: Table, origin: Origin, records: Sequence[Record], pages: Sequence[Page]
) -> GatewayDelivery:
    """One department's records with their flags obeyed: nobody else's row is withdrawn by them."""
    fault = ""
    if origin.sender not in tuple(settings.rules.departments):
        column = settings.sender_column
        fault = f"“{column}”列的“{origin.sender[:20]}”不是报送部门的全称或简称：请接口提供方写明部门。"
    records = applied(table, records, settings.sender_column, settings.rules.spellings())
    # Where no row stands, none names a column: that is 空表, and not also 缺列.
    headers = headers_of(records) or {comparable(column.header): column.header for column in table.columns.values()}
    lines = tuple(lines_of(records, list(headers)))
    return GatewayDelivery(table, origin, tuple(headers.values()), lines, tuple(pages), fault=fault)


def _doubted(settings: Settings, delivery: GatewayDelivery, number: int) -> GatewayDelivery:
    """The delivery of the table's first department, to which rows fell that name none."""
    source, sender = delivery.origin.source, delivery.origin.sender
    note = f"“{source}”有 {number} 行没有写“{settings.sender_column}”，都算作{sender}报送：请接口提供方写明部门。"
    return replace(delivery, notes=(note,))


def _client(gateway: Gateway) -> Older | OpenPlatform:
    """The conversation with a gateway, one a process: its secret serves every table, and so does news of its being down."""
    return _conversation(gateway, from_environment(gateway))


@lru_cache(maxsize=4)
def _conversation(gateway: Gateway, keys: Keys) -> Older | OpenPlatform:
    from zjtx_pipeline.sources.gateway.wire import Wire  # its libraries only where there is a gateway

    form = Older if gateway.form == "older" else OpenPlatform
    return form(gateway, keys, Wire(gateway))
