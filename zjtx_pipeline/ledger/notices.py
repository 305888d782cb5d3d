"""Knows who was told what, once an occasion: requests, reminders, alarms; leaves their words to `delivery`.

An address in other capitals is the same mailbox; a row keeps the spelling by which it was told.
"""

from __future__ import annotations

import sqlalchemy as sa

from zjtx_pipeline.ledger.book import now
from zjtx_pipeline.ledger.tables import NOTICES
from zjtx_pipeline.settings import folded


def told(connection: sa.Connection, occasion: str, address: str) -> bool:
    """Has this address been told of it, or may it have been?"""
    return bool(_spellings(connection, occasion, address))


def forget(connection: sa.Connection, occasion: str, address: str) -> None:
    """It is to be posted again, whatever came of it before."""
    connection.execute(sa.delete(NOTICES).where(*_of(connection, occasion, address)))


def begin(connection: sa.Connection, occasion: str, address: str) -> bool:
    """May the letter be posted now? Only one is told so."""
    if told(connection, occasion, address):
        return False
    row = {"occasion": occasion, "address": address, "state": "sending", "changed_at": now()}
    connection.execute(sa.insert(NOTICES).values(row))
    return True


def end(connection: sa.Connection, occasion: str, address: str, state: str) -> None:
    """What became of it: `later` leaves no trace, so that it is posted another time."""
    which = (*_of(connection, occasion, address), NOTICES.c.state == "sending")
    if state == "later":
        connection.execute(sa.delete(NOTICES).where(*which))
    elif state in ("sent", "refused", "unknown"):
        connection.execute(sa.update(NOTICES).where(*which).values(state=state, changed_at=now()))


def _of(connection: sa.Connection, occasion: str, address: str) -> tuple:
    return NOTICES.c.occasion == occasion, NOTICES.c.address.in_(_spellings(connection, occasion, address))


def _spellings(connection: sa.Connection, occasion: str, address: str) -> list[str]:
    """The ways in which a mailbox is written in an occasion's rows."""
    written = connection.scalars(sa.select(NOTICES.c.address).where(NOTICES.c.occasion == occasion))
    return [each for each in written if folded(each) == folded(address)]
