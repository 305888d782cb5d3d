"""Knows who was told what, once an occasion: requests, reminders, alarms; leaves their words to `delivery`."""

from __future__ import annotations

import sqlalchemy as sa

from zjtx_pipeline.ledger.book import now
from zjtx_pipeline.ledger.issues import HOLDS
from zjtx_pipeline.ledger.tables import NOTICES


def told(connection: sa.Connection, occasion: str, address: str) -> str | None:
    """What became of what this address was told of it; None where it was not, and cannot have been."""
    return connection.scalar(sa.select(NOTICES.c.state).where(*_of(occasion, address)))


def of_occasion(connection: sa.Connection, occasion: str) -> list[sa.Row]:
    """Who was told of it, by address."""
    return list(connection.execute(sa.select(NOTICES).where(NOTICES.c.occasion == occasion).order_by(NOTICES.c.address)))


def forget(connection: sa.Connection, occasion: str, address: str) -> None:
    """It is to be posted again, whatever came of it before."""
    connection.execute(sa.delete(NOTICES).where(*_of(occasion, address)))


def begin(connection: sa.Connection, occasion: str, address: str, message_id: str) -> bool:
    """May the letter of this number be posted now? Only one is told so."""
    if told(connection, occasion, address):
        return False
    row = {"occasion": occasion, "address": address, "state": "sending", "changed_at": now(), "message_id": message_id}
    connection.execute(sa.insert(NOTICES).values(row))
    return True


def end(connection: sa.Connection, occasion: str, address: str, state: str) -> None:
    """What became of it: `later` leaves no trace, so that it is posted another time."""
    which = (*_of(occasion, address), NOTICES.c.state == "sending")
    if state == "later":
        connection.execute(sa.delete(NOTICES).where(*which))
    elif state in ("sent", "refused", "unknown"):
        connection.execute(sa.update(NOTICES).where(*which).values(state=state, changed_at=now()))


def bounce(connection: sa.Connection, message_id: str) -> str | None:
    """A notice came back: its recipient's address, or None where the ledger knows no such letter."""
    mine = NOTICES.c.message_id == message_id
    connection.execute(sa.update(NOTICES).where(mine, NOTICES.c.state.in_(HOLDS)).values(state="bounced", changed_at=now()))
    return connection.scalar(sa.select(NOTICES.c.address).where(mine))


def _of(occasion: str, address: str) -> tuple:
    return NOTICES.c.occasion == occasion, NOTICES.c.address == address
