"""Knows what has been sent to whom; leaves deciding what to send to `post`.

One row a recipient, quarter and digest of what was attached. A row is written as `sending` before the server
is spoken to, so that a letter whose fate is unknown is never sent again by itself. A revision of which one letter went out, or may
have gone out, is issued.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, create_engine, insert, inspect, select, text, update

from zjtx_pipeline.quarter import Quarter

NAME = "mailings.db"
_META = MetaData()
MAILINGS = Table(
    "mailings",
    _META,
    Column("quarter", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("digest", String, primary_key=True),
    Column("state", String, nullable=False),  # sending, sent, refused
    Column("detail", String, nullable=False),
    Column("approved_by", String, nullable=False),
    Column("changed_at", String, nullable=False),  # UTC
    Column("revision", Integer),  # none of what was sent before revisions were
)


def issued(home: Path, quarter: Quarter) -> list[int]:
    """The revisions of a quarter that somebody has, or may have, in order."""
    if not (home / NAME).exists():
        return []
    with closing(Record(home)) as record:
        return record.issued(str(quarter))


class Record:
    """The mailings of one installation, in `<home>/mailings.db`."""

    def __init__(self, home: Path):
        home.mkdir(parents=True, exist_ok=True)
        self._engine: Engine = create_engine(f"sqlite:///{home / NAME}")
        _META.create_all(self._engine)
        if MAILINGS.c.revision.name not in {column["name"] for column in inspect(self._engine).get_columns(MAILINGS.name)}:
            with self._engine.begin() as connection:  # of an earlier program
                connection.execute(text("ALTER TABLE mailings ADD COLUMN revision INTEGER"))

    def of(self, quarter: str, address: str) -> Sequence:
        """Every mailing of a quarter to an address: rows with digest, state, changed_at."""
        query = select(MAILINGS).where(MAILINGS.c.quarter == quarter, MAILINGS.c.address == address)
        with self._engine.connect() as connection:
            return connection.execute(query).all()

    def issued(self, quarter: str) -> list[int]:
        """The revisions of which a letter went out or may have."""
        known = MAILINGS.c.quarter == quarter, MAILINGS.c.state.in_(["sending", "sent"]), MAILINGS.c.revision.is_not(None)
        with self._engine.connect() as connection:
            return list(connection.scalars(select(MAILINGS.c.revision).where(*known).distinct().order_by(MAILINGS.c.revision)))

    def begin(self, quarter: str, address: str, digest: str, approved_by: str, revision: int | None = None) -> None:
        """Write down that a letter is about to be handed over; fails if it was begun before and not refused."""
        row = {"quarter": quarter, "address": address, "digest": digest}
        with self._engine.begin() as connection:
            connection.execute(MAILINGS.delete().where(*_same(row), MAILINGS.c.state == "refused"))
            values = row | {"state": "sending", "detail": "", "approved_by": approved_by, "changed_at": _now(), "revision": revision}
            connection.execute(insert(MAILINGS).values(values))

    def end(self, quarter: str, address: str, digest: str, state: str, detail: str = "") -> None:
        row = {"quarter": quarter, "address": address, "digest": digest}
        with self._engine.begin() as connection:
            values = {"state": state, "detail": detail, "changed_at": _now()}
            connection.execute(update(MAILINGS).where(*_same(row)).values(values))

    def close(self) -> None:
        self._engine.dispose()


def _same(row: dict[str, str]) -> list:
    return [MAILINGS.c[name] == value for name, value in row.items()]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
