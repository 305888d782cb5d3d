"""Knows the ledger's tables; leaves how they came about to `migrations`, and what is written into them to the modules beside it.

Days and times are UTC, ISO 8601 to the microsecond, as text that sorts. Rows of `history`, `errata` and `issues` are never changed.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, String, Table, text

META = MetaData()
ISSUES = Table(
    "issues",
    META,
    Column("id", Integer, primary_key=True),
    Column("quarter", String, nullable=False, index=True),
    Column("revision", Integer),  # none of what an earlier program sent before revisions were
    Column("digest", String, nullable=False, unique=True),  # SHA-256 of every file, letter and recipient
    Column("prepared_at", String, nullable=False),
)
APPROVALS = Table(
    "approvals",
    META,
    Column("id", Integer, primary_key=True),
    Column("issue_id", Integer, ForeignKey("issues.id"), nullable=False, index=True),
    Column("approver", String, nullable=False),
    Column("channel", String, nullable=False),  # where it was given: 命令行, 界面, 自动
    Column("given_at", String, nullable=False),
    Column("revoked_at", String),
    Column("revoked_by", String),
)
_STANDING = text("revoked_at IS NULL")
Index("one_standing_approval", APPROVALS.c.issue_id, APPROVALS.c.approver, unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING)
CODES = Table(
    "codes",
    META,
    Column("id", Integer, primary_key=True),
    Column("issue_id", Integer, ForeignKey("issues.id"), nullable=False, index=True),
    Column("approver", String, nullable=False),
    Column("salt", String, nullable=False),
    Column("hashed", String, nullable=False),  # the code itself is in its letter alone
    Column("expires_at", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("used_at", String),
)
MAILINGS = Table(
    "mailings",
    META,
    Column("issue_id", Integer, ForeignKey("issues.id"), primary_key=True),
    Column("address", String, primary_key=True),
    Column("report", String, primary_key=True),  # a file's name within its quarter; 通知 where none is attached
    Column("sha256", String, nullable=False),
    Column("message_id", String, nullable=False, index=True),  # which letter carries it
    Column("state", String, nullable=False),  # one of `mailings.STATES`
    Column("detail", String, nullable=False),
    Column("changed_at", String, nullable=False),
)
ERRATA = Table(
    "errata",
    META,
    Column("issue_id", Integer, ForeignKey("issues.id"), primary_key=True),
    Column("address", String, primary_key=True),
    Column("corrects", Integer, ForeignKey("issues.id"), nullable=False),
)
NOTICES = Table(
    "notices",
    META,
    Column("occasion", String, primary_key=True),  # what it was sent for, once
    Column("address", String, primary_key=True),
    Column("state", String, nullable=False),  # one of those of `notices`
    Column("changed_at", String, nullable=False),
    Column("message_id", String),  # none of what has not been tried, or an earlier program sent
    Column("detail", String, nullable=False, server_default=""),
    Column("name", String, nullable=False, server_default=""),  # of whom it is to; with subject and text empty for a request
    Column("subject", String, nullable=False, server_default=""),
    Column("text", String, nullable=False, server_default=""),
    Column("whole", Integer, nullable=False, server_default="1"),  # 0: for public mailboxes too
)
OWNER = Table(
    "owner",
    META,
    Column("digest", String, primary_key=True),  # `Settings.district_digest`; one row at most
    Column("named", String, nullable=False),
    Column("since", String, nullable=False),
)
HISTORY = Table(
    "history",
    META,
    Column("id", Integer, primary_key=True),
    Column("at", String, nullable=False),
    Column("issue_id", Integer, ForeignKey("issues.id"), nullable=False, index=True),
    Column("address", String, nullable=False),  # empty where it is about the whole issue
    Column("what", String, nullable=False),
    Column("detail", String, nullable=False),
    Column("by", String, nullable=False),
)
