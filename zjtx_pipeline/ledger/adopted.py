"""Knows the mailings.db of an earlier program and takes it into the ledger, once; leaves it beside under another name."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from zjtx_pipeline import store
from zjtx_pipeline.ledger.book import note, now
from zjtx_pipeline.ledger.databases import told
from zjtx_pipeline.ledger.tables import APPROVALS, ISSUES, MAILINGS

OLD, KEPT = "mailings.db", "mailings.db.adopted"
BUNDLE = "全部附件"  # it knew a letter's files by one digest alone
_STATES = {"sending": "unknown", "sent": "sent", "refused": "refused"}


def adopt(connection: sa.Connection, home: Path) -> None:
    """Write down what an earlier program sent; nothing where there is no such file, or another process has just taken it."""
    path = home / OLD
    if not path.exists():
        return
    with told("读不出", f"{path} 和磁盘", str(path)), closing(sqlite3.connect(path)) as old:
        named = {column[1] for column in old.execute("PRAGMA table_info(mailings)")}
        revision = "revision" if "revision" in named else "NULL"
        rows = old.execute(f"SELECT quarter, {revision}, address, digest, state, approved_by, changed_at FROM mailings ORDER BY 1, 2, 3").fetchall()
    for quarter, number in dict.fromkeys(row[:2] for row in rows):
        _issue(connection, quarter, number, [row[2:] for row in rows if row[:2] == (quarter, number)])


def set_aside(home: Path) -> None:
    """Keep the file under another name, once what is in it is written down; only while nobody else adopts it."""
    if (home / OLD).exists():
        (home / OLD).rename(home / KEPT)


def _issue(connection: sa.Connection, quarter: str, revision: int | None, rows: list[tuple]) -> None:
    digest = store.digest(OLD, quarter, str(revision))
    if connection.scalar(sa.select(ISSUES.c.id).where(ISSUES.c.digest == digest)):
        return
    issue = {"quarter": quarter, "revision": revision, "digest": digest, "prepared_at": now()}
    issue_id = connection.execute(sa.insert(ISSUES).values(issue)).inserted_primary_key[0]
    newest = {row[0]: row for row in sorted(rows, key=lambda row: row[4])}
    for address, sha256, state, approver, changed_at in newest.values():
        row = {"issue_id": issue_id, "address": address, "report": BUNDLE, "sha256": sha256, "message_id": f"{OLD}/{quarter}/{sha256[:32]}/{address}"}
        connection.execute(sa.insert(MAILINGS).values(row | {"state": _STATES[state], "detail": "", "changed_at": changed_at}))
        given = {"issue_id": issue_id, "approver": f"{approver}（{address}）", "channel": "以前的程序", "given_at": changed_at}
        connection.execute(sa.insert(APPROVALS).values(given))
    note(connection, issue_id, "接收以前的发送记录", detail=OLD)
