"""Knows who is to be told what, once an occasion, and what became of it: requests, reminders, alarms; leaves their words to `delivery`.

    waiting → sending → sent | refused | unknown → bounced
       ↑ another time ┘

A letter of text alone lies here until it has left; a request, which carries reports and a code, is written anew each time it is tried.
An address in other capitals is the same mailbox; a row keeps the spelling by which it was told.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from zjtx_pipeline.ledger.book import now
from zjtx_pipeline.ledger.issues import HOLDS
from zjtx_pipeline.ledger.mailings import STATES as OF_MAILINGS
from zjtx_pipeline.ledger.tables import NOTICES
from zjtx_pipeline.settings import folded

WITHDRAWN = "withdrawn"  # begins the occasions of who is told that theirs is wrong
STATES = {**OF_MAILINGS, "waiting": "待发送"}


def owe(
    connection: sa.Connection, occasion: str, address: str, name: str = "", subject: str = "", text: str = "", whole: bool = True
) -> bool:
    """Write down that this address is to be told, unless that stands already; may the letter be posted now? `whole`: it is not for public
    mailboxes."""
    if state(connection, occasion, address) is None:
        row = {"occasion": occasion, "address": address, "state": "waiting", "detail": "", "changed_at": now()}
        connection.execute(sa.insert(NOTICES).values(row | {"name": name, "subject": subject, "text": text, "whole": int(whole)}))
    return state(connection, occasion, address) == "waiting"


def state(connection: sa.Connection, occasion: str, address: str) -> str | None:
    """What became of it; None where nothing was owed."""
    return connection.scalar(sa.select(NOTICES.c.state).where(*_of(connection, occasion, address)))


def of(connection: sa.Connection, occasions: Iterable[str]) -> list[sa.Row]:
    """What was owed for these occasions, or for later ones of theirs, by occasion and address."""
    return list(connection.execute(sa.select(NOTICES).where(_under(occasions)).order_by(NOTICES.c.occasion, NOTICES.c.address)))


def waiting(connection: sa.Connection, before: str) -> list[sa.Row]:
    """What was not posted yet, nor tried since that time (UTC)."""
    due = NOTICES.c.state == "waiting", sa.or_(NOTICES.c.detail == "", NOTICES.c.changed_at < before)
    return list(connection.execute(sa.select(NOTICES).where(*due).order_by(NOTICES.c.occasion, NOTICES.c.address)))


def forget(connection: sa.Connection, occasion: str, address: str) -> None:
    """It is to be posted again, whatever came of it before."""
    connection.execute(sa.delete(NOTICES).where(*_of(connection, occasion, address)))


def strike(connection: sa.Connection, occasions: Iterable[str]) -> None:
    """What waits for these occasions, or for later ones of theirs, need not be told any more."""
    connection.execute(sa.delete(NOTICES).where(NOTICES.c.state == "waiting", _under(occasions)))


def withdrawn_of(quarter: object) -> str:
    """What the occasions begin with of who is told that a quarter's report of theirs is wrong, of whatever revision; owed only while the
    issue that corrects is approved."""
    return f"{WITHDRAWN}/{quarter}"


def begin(connection: sa.Connection, occasion: str, address: str, message_id: str) -> bool:
    """May the letter of this number be posted now? Only one is told so."""
    which = (*_of(connection, occasion, address), NOTICES.c.state == "waiting")
    return bool(connection.execute(sa.update(NOTICES).where(*which).values(state="sending", detail="", message_id=message_id, changed_at=now())).rowcount)


def end(connection: sa.Connection, occasion: str, address: str, message_id: str, fate: str, detail: str) -> None:
    """What became of the letter of this number, or of one that nobody has claimed; `later`: it waits again. The text of what has left is
    not kept."""
    own = sa.and_(NOTICES.c.state == "sending", NOTICES.c.message_id == message_id)
    which = (*_of(connection, occasion, address), sa.or_(own, NOTICES.c.state == "waiting"))
    if fate == "later":
        connection.execute(sa.update(NOTICES).where(*which).values(state="waiting", detail=detail, changed_at=now()))
    elif fate in ("sent", "refused", "unknown"):
        connection.execute(sa.update(NOTICES).where(*which).values(state=fate, detail=detail, text="", changed_at=now()))


def orphans(connection: sa.Connection, before: str) -> None:
    """Whether what was begun before that time (UTC) and never ended has arrived, nobody knows."""
    which = NOTICES.c.state == "sending", NOTICES.c.changed_at < before
    connection.execute(sa.update(NOTICES).where(*which).values(state="unknown", detail="发送时程序中断，是否送达不明"))


def withhold(connection: sa.Connection) -> None:
    """What waited as a ledger was kept may have left before it was made again."""
    which = NOTICES.c.state.in_(("waiting", "sending"))
    connection.execute(sa.update(NOTICES).where(which).values(state="unknown", detail="备份时还没有发出，恢复前可能已经发出", changed_at=now()))


def bounce(connection: sa.Connection, message_id: str) -> tuple[str, bool] | None:
    """A notice came back: its recipient's address, and is it written down only now? None where the ledger knows no such letter."""
    mine = NOTICES.c.message_id == message_id
    moved = connection.execute(sa.update(NOTICES).where(mine, NOTICES.c.state.in_(HOLDS)).values(state="bounced", changed_at=now())).rowcount
    address = connection.scalar(sa.select(NOTICES.c.address).where(mine))
    return (address, bool(moved)) if address else None


def _under(occasions: Iterable[str]) -> sa.ColumnElement[bool]:
    return sa.or_(sa.false(), *(sa.or_(NOTICES.c.occasion == each, NOTICES.c.occasion.startswith(f"{each}/", autoescape=True)) for each in occasions))


def _of(connection: sa.Connection, occasion: str, address: str) -> tuple:
    return NOTICES.c.occasion == occasion, NOTICES.c.address.in_(_spellings(connection, occasion, address))


def _spellings(connection: sa.Connection, occasion: str, address: str) -> list[str]:
    """The ways in which a mailbox is written in an occasion's rows."""
    written = connection.scalars(sa.select(NOTICES.c.address).where(NOTICES.c.occasion == occasion))
    return [each for each in written if folded(each) == folded(address)]
