"""Knows what became of each report for each recipient, and which letter may be posted by whom; leaves posting to `delivery`.

    prepared → approved → sending → sent → bounced
                  ↑ again     ├→ refused (nobody has it)
                  └───────────┘ → unknown (a person asks) → sent | refused

A letter's rows move together. `sending` is written before the server gets the letter's text, so that a letter whose fate is unknown is never
posted again by itself. A person who answered wrongly, or knows better than the server, says so: sent ↔ refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from zjtx_pipeline.ledger.book import note, now
from zjtx_pipeline.ledger.issues import HOLDS, Issue, of_id
from zjtx_pipeline.ledger.tables import HISTORY, ISSUES, MAILINGS
from zjtx_pipeline.settings import folded

STATES = {
    "prepared": "待批准", "approved": "待发送", "sending": "发送中", "sent": "已发送", "refused": "被拒收", "bounced": "被退回", "unknown": "待核实",
}  # fmt: skip
RETURNED = "退信"
LOST = "经核实没有收到"


def of_issue(connection: sa.Connection, issue: Issue) -> list[sa.Row]:
    """Every row of an issue, by address and report."""
    query = sa.select(MAILINGS).where(MAILINGS.c.issue_id == issue.id)
    return list(connection.execute(query.order_by(MAILINGS.c.address, MAILINGS.c.report)))


def newest(connection: sa.Connection) -> list[tuple[str, sa.Row]]:
    """By quarter and address the rows of the newest issue that had any for them, with the quarter."""
    last = sa.select(ISSUES.c.quarter, MAILINGS.c.address, sa.func.max(MAILINGS.c.issue_id).label("issue_id")).join(ISSUES)
    last = last.group_by(ISSUES.c.quarter, MAILINGS.c.address).subquery()
    same = sa.and_(MAILINGS.c.issue_id == last.c.issue_id, MAILINGS.c.address == last.c.address)
    query = sa.select(last.c.quarter, *MAILINGS.c).join(last, same).order_by(last.c.quarter, MAILINGS.c.address, MAILINGS.c.report)
    return [(row.quarter, row) for row in connection.execute(query)]


@dataclass(frozen=True)
class Posting:
    """One letter as the ledger has it: which reports it carries, its place among those to its address, and its state."""

    address: str
    message_id: str
    reports: tuple[str, ...]
    number: int
    of: int
    state: str


def postings(connection: sa.Connection, issue: Issue) -> list[Posting]:
    """An issue's letters, by address and report."""
    by_address: dict[str, dict[str, list[sa.Row]]] = {}
    for row in sorted(of_issue(connection, issue), key=lambda row: (row.address, row.report)):
        by_address.setdefault(row.address, {}).setdefault(row.message_id, []).append(row)
    return [
        Posting(address, message_id, tuple(row.report for row in rows), number, len(every), rows[0].state)
        for address, every in by_address.items()
        for number, (message_id, rows) in enumerate(every.items(), start=1)
    ]


def waiting(connection: sa.Connection, before: str) -> list[str]:
    """The quarters of which letters are approved and not posted, nor tried since that time (UTC)."""
    due = MAILINGS.c.state == "approved", sa.or_(MAILINGS.c.detail == "", MAILINGS.c.changed_at < before)
    return list(connection.scalars(sa.select(ISSUES.c.quarter).join(MAILINGS).where(*due).distinct().order_by(ISSUES.c.quarter)))


def claim(connection: sa.Connection, issue: Issue, message_id: str, by: str) -> bool:
    """May this process post the letter now? Only one is ever told so until its fate is written down, and none of a letter that its
    recipient has, or may have, by any issue."""
    held = sa.select(MAILINGS.c.address).where(MAILINGS.c.message_id == message_id, MAILINGS.c.state.in_(HOLDS))
    if connection.scalar(held.limit(1)):
        return False
    return _move(connection, issue, message_id, ("approved", "refused"), "sending", "", by)


def settle(connection: sa.Connection, issue: Issue, message_id: str, state: str, detail: str = "", by: str = "") -> bool:
    """Write down what became of a letter that this process claimed."""
    return _move(connection, issue, message_id, ("sending",), state, detail, by)


def refuse(connection: sa.Connection, issue: Issue, message_id: str, detail: str, by: str, claimed: bool) -> bool:
    """The server will not have a letter, before this process claimed it or after."""
    return _move(connection, issue, message_id, ("sending",) if claimed else ("approved", "refused"), "refused", detail, by)


def put_back(connection: sa.Connection, issue: Issue, message_id: str, detail: str, by: str, claimed: bool) -> bool:
    """Nobody has the letter; it may pass another time. What was refused stays so, and what another process claimed is its own."""
    return _move(connection, issue, message_id, ("sending",) if claimed else ("approved",), "approved", detail, by)


def resolve(connection: sa.Connection, every: Sequence[Issue], address: str, arrived: bool, by: str) -> int:
    """What a person found out of an address's letters whose fate was unknown, or that came back; where there are none, of the last that
    went out, or was found lost: how many letters that settles. `every`: a quarter's issues, in order."""
    theirs = [(issue, row) for issue in every for row in of_issue(connection, issue) if folded(row.address) == folded(address)]
    mine = [(issue, row) for issue, row in theirs if row.state in ("unknown", "bounced")] or _answered_wrongly(theirs, arrived)
    new, detail = ("sent", "经核实已收到") if arrived else ("refused", LOST)
    letters = dict.fromkeys((issue, row.message_id, row.state) for issue, row in mine)
    return sum(_move(connection, issue, number, (old,), new, detail, by) for issue, number, old in letters)


def _answered_wrongly(theirs: Sequence[tuple[Issue, sa.Row]], arrived: bool) -> Sequence[tuple[Issue, sa.Row]]:
    """Of the newest issue that went out: what was found lost and has arrived, or what counts as arrived, all of it, and has not."""
    answered = [(issue, row) for issue, row in theirs if row.state == "sent" or (row.state, row.detail) == ("refused", LOST)]
    last = [(issue, row) for issue, row in answered if issue == answered[-1][0]]
    lost = [(issue, row) for issue, row in last if row.state == "refused"]
    if arrived:
        return lost
    return [] if lost else last


def bounce(connection: sa.Connection, message_id: str, detail: str, report: str) -> tuple[str, bool] | None:
    """A letter came back, as a report of this digest says: the recipient's address, and is it written down only now? None where the
    ledger knows no such letter.

    A report counts once: what was posted again, or found to have arrived, since it was read is not called back by it.
    """
    rows = connection.execute(sa.select(MAILINGS.c.issue_id, MAILINGS.c.address).where(MAILINGS.c.message_id == message_id).distinct()).all()
    new = False
    for row in rows:
        issue = of_id(connection, row.issue_id)
        which = HISTORY.c.issue_id == issue.id, HISTORY.c.address == row.address, HISTORY.c.what == RETURNED, HISTORY.c.detail == report
        if connection.scalar(sa.select(HISTORY.c.id).where(*which).limit(1)) is None:
            note(connection, issue.id, RETURNED, address=row.address, detail=report)
            new |= _move(connection, issue, message_id, ("sent", "unknown", "sending"), "bounced", detail, RETURNED)
    return (rows[0].address, new) if rows else None


def orphans(connection: sa.Connection) -> int:
    """Letters that a sender left in mid-post; only while nobody posts. Their fate is unknown; how many rows."""
    query = sa.select(MAILINGS.c.issue_id, MAILINGS.c.message_id).where(MAILINGS.c.state == "sending").distinct()
    left = list(connection.execute(query))
    for issue_id, message_id in left:
        settle(connection, of_id(connection, issue_id), message_id, "unknown", "发送时程序中断，是否送达不明")
    return len(left)


def move(connection: sa.Connection, issue: Issue, states: Mapping[str, str], by: str) -> None:
    """Move an issue's rows from state to state, all of them."""
    for old, new in states.items():
        which = MAILINGS.c.issue_id == issue.id, MAILINGS.c.state == old
        if connection.execute(sa.update(MAILINGS).where(*which).values(state=new, changed_at=now())).rowcount:
            note(connection, issue.id, STATES[new], by=by)


def _move(
    connection: sa.Connection, issue: Issue, message_id: str, old: Sequence[str], new: str, detail: str, by: str
) -> bool:
    which = MAILINGS.c.issue_id == issue.id, MAILINGS.c.message_id == message_id, MAILINGS.c.state.in_(old)
    address = connection.scalar(sa.select(MAILINGS.c.address).where(*which).limit(1))
    moved = connection.execute(sa.update(MAILINGS).where(*which).values(state=new, detail=detail, changed_at=now())).rowcount
    if moved:
        note(connection, issue.id, STATES[new], by=by, address=address or "", detail=detail)
    return bool(moved)
