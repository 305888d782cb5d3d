"""Knows who was told what, once an occasion: requests, reminders, alarms; leaves their words to `delivery`."""

from __future__ import annotations

import sqlalchemy as sa

from zjtx_pipeline.ledger.book import now
from zjtx_pipeline.ledger.tables import NOTICES


def told(connection: sa.Connection, occasion: str, address: str) -> bool:
    """Has this address been told of it, or may it have been?"""
    return connection.scalar(sa.select(NOTICES.c.state).where(*_of(occasion, address))) is not None


def forget(connection: sa.Connection, occasion: str, address: str) -> None:
    """It is to be posted again, whatever came of it before."""
    connection.execute(sa.delete(NOTICES).where(*_of(occasion, address)))


def begin(connection: sa.Connection, occasion: str, address: str) -> bool:
    """May the letter be posted now? Only one is told so."""
    if told(connection, occasion, address):
        return False
    row = {"occasion": occasion, "address": address, "state": "sending", "changed_at": now()}
    connection.execute(sa.insert(NOTICES).values(row))
    return True


def end(connection: sa.Connection, occasion: str, address: str, state: str) -> None:
    """What became of it: `later` leaves no trace, so that it is posted another time."""
    which = (*_of(occasion, address), NOTICES.c.state == "sending")
    if state == "later":
        connection.execute(sa.delete(NOTICES).where(*which))
    elif state in ("sent", "refused", "unknown"):
        connection.execute(sa.update(NOTICES).where(*which).values(state=state, changed_at=now()))


def _of(occasion: str, address: str) -> tuple:
    return NOTICES.c.occasion == occasion, NOTICES.c.address == address
