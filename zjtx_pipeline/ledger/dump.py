"""Knows a ledger as lines of text, every row of every table, and how an empty ledger is filled from them; leaves where the lines lie
to others.

The first line names the tables' version: an older ledger's lines are read into tables of their time, which are then brought up to date.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger.book import HEAD, MOVED, NAME, Ledger, migrate, opened, version_of
from zjtx_pipeline.ledger.databases import PASSWORD, engine_of, place_of, told
from zjtx_pipeline.ledger.tables import META


def lines(ledger: Ledger) -> Iterator[str]:
    """All that stands in a ledger at one moment, whoever writes into it meanwhile."""
    with told("读不出", "磁盘、网络和配置中的 ledger", place_of(ledger.engine)), ledger.engine.connect() as connection:
        if ledger.engine.dialect.name != "sqlite":  # whose transactions are of one moment anyway
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield from _lines(connection)


def _lines(connection: sa.Connection) -> Iterator[str]:
    yield json.dumps({"version": HEAD})
    for table in META.sorted_tables:
        for row in connection.execute(sa.select(table).order_by(*table.primary_key)).mappings():
            yield json.dumps({"table": table.name, "row": dict(row)}, ensure_ascii=False)


@contextmanager
def filled(home: Path, url: str | None, dumped: Iterable[str]) -> Iterator[int]:
    """An empty ledger, filled; kept if the block ends well. How many rows. ZjtxError: the ledger is not empty."""
    first, *rows = (json.loads(line) for line in dumped)
    with _filling(home, url, first["version"]) as connection:
        _insert(connection, rows)
        yield len(rows)


@contextmanager
def _filling(home: Path, url: str | None, version: str) -> Iterator[sa.Connection]:
    """A transaction in an empty ledger whose tables are of that version, brought up to date at its end. ZjtxError: it is not empty."""
    engine = engine_of(url, home / NAME)
    try:
        with told("打不开或写不进", f"地址和环境变量 {PASSWORD}", place_of(engine)), engine.begin() as connection:
            if version > HEAD:
                raise ZjtxError("备份里的台账是更新的程序建的：请先升级程序。")
            if version_of(connection) not in (None, version) or _rows(connection):
                raise ZjtxError("目标数据库里已经有台账：只能恢复或搬到空的数据库，请换一个。")
            migrate(connection, version)
            yield connection
            migrate(connection)
    finally:
        engine.dispose()


def _rows(connection: sa.Connection) -> int:
    there = sa.inspect(connection).get_table_names()
    return sum(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in META.sorted_tables if table.name in there)


def _insert(connection: sa.Connection, rows: list[dict]) -> None:
    """In the order of the lines, which is that of the keys between tables."""
    tables = sa.MetaData()
    tables.reflect(connection)
    for name in dict.fromkeys(each["table"] for each in rows):
        table = tables.tables[name]
        connection.execute(sa.insert(table), [each["row"] for each in rows if each["table"] == name])
        if connection.dialect.name == "postgresql" and "id" in table.c:
            highest = sa.select(sa.func.max(table.c.id)).scalar_subquery()
            connection.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(name, "id"), highest)))


def move(home: Path, url: str) -> int:
    """Move the ledger of a home into the empty database of a URL, or one that was killed just before its end left full: how many rows.
    The file is kept beside under another name."""
    if not (home / NAME).exists():
        raise ZjtxError(f"{home} 里没有台账 {NAME}：没有要搬的。")
    if (home / MOVED).exists():
        raise ZjtxError(f"{home} 里同时有 {NAME} 和以前搬走时留下的 {MOVED}：请先查清哪一份是真的，把另一份移到别处。")
    with opened(home) as old, old.alone():
        kept = list(lines(old))
        if not _holds(home, url, kept):
            with filled(home, url, kept):
                pass
            if not _holds(home, url, kept):
                raise ZjtxError("搬过去的台账和原来的不一致：原来的没有动，请清空目标数据库后再试。")
        (home / NAME).rename(home / MOVED)
    return len(kept) - 1


def _holds(home: Path, url: str, kept: list[str]) -> bool:
    """Is a database's ledger this very one?"""
    with opened(home / "nowhere", url) as ledger:  # beside no file that is still to be moved
        return sorted(lines(ledger)) == sorted(kept)
