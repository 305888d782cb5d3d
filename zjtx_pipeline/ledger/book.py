"""Knows how the ledger is opened, brought up to this program's tables and locked; leaves its rows to the modules beside it."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger.databases import PASSWORD, engine_of, one_at_a_time, place_of, told
from zjtx_pipeline.ledger.tables import HISTORY
from zjtx_pipeline.quarter import CHINA

NAME = "ledger.db"
MOVED = f"{NAME}.moved"  # what `zjtx move-ledger` leaves of it
HEAD = "0002"  # the newest of `migrations/versions`
TABLES = frozenset(["alembic_version", "issues", "mailings", "history"])  # without which nothing is a ledger, of whatever version
_POSTING = 0x7A6A7478  # the advisory lock of whoever posts
_WRITES = ("写不进或读不出", "磁盘空间和配置中的 ledger")


class Ledger:
    """An open ledger of this program's tables."""

    def __init__(self, engine: sa.Engine):
        self.engine = engine

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction: all that is written in the block, or nothing; one writer at a time. ZjtxError where the database fails."""
        with told(*_WRITES, place_of(self.engine)), self.engine.begin() as connection:
            one_at_a_time(connection)
            yield connection

    @contextmanager
    def trying(self) -> Iterator[sa.Connection]:
        """A transaction of which nothing is kept."""
        with told(*_WRITES, place_of(self.engine)), self.engine.connect() as connection, connection.begin() as transaction:
            one_at_a_time(connection)
            yield connection
            transaction.rollback()

    @contextmanager
    def alone(self, wait: bool = True) -> Iterator[bool]:
        """The block of the one who posts: another, of this machine or any that shares the database, waits for its end, or is told False."""
        with told("锁不上", "磁盘、网络和配置中的 ledger"):
            taken, give_back = self._locked(wait)
        try:
            yield taken
        finally:
            give_back()

    def _locked(self, wait: bool) -> tuple[bool, Callable[[], object]]:
        """Take the lock of whoever posts: was it to be had, and what gives it back. It ends with the process in any case."""
        if self.engine.dialect.name == "postgresql":
            connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            lock = sa.func.pg_advisory_lock if wait else sa.func.pg_try_advisory_lock
            taken = connection.scalar(sa.select(lock(_POSTING))) is not False
            return taken, lambda: (connection.invalidate(), connection.close())
        file = Path(f"{self.engine.url.database}.posting").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False, file.close
        return True, file.close

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def opened(home: Path, url: str | None = None) -> Iterator[Ledger]:
    """The ledger of a home, or of a database's URL; made, or brought up to date, where need be. ZjtxError: it cannot be opened, or is
    not where the configuration says."""
    refuse_mislaid(home, url)
    ledger = Ledger(engine_of(url, home / NAME))
    try:
        _bring_up(ledger.engine)
        _adopt(ledger, home)
        yield ledger
    finally:
        ledger.close()


def refuse_mislaid(home: Path, url: str | None) -> None:
    """ZjtxError where a home's own ledger has not been moved into the configured database, or has been moved into one that is configured no
    more: an empty ledger would let everything be sent again."""
    if url is not None and (home / NAME).exists() and not url.endswith(str(home / NAME)):
        raise ZjtxError(f"配置的 ledger 是另一个数据库，{home} 里却还有台账 {NAME}：请先运行 zjtx move-ledger 搬过去。")
    if url is None and (home / MOVED).exists():
        raise ZjtxError(f"{home} 的台账已经搬到数据库（留有 {MOVED}），配置里却没有 ledger：请把原来的数据库地址补回配置。")


def stands(home: Path, url: str | None = None) -> bool:
    """Is there a ledger, or of SQLite a file that may be one?"""
    return url is not None or any((home / name).exists() for name in (NAME, MOVED, "mailings.db"))


def _bring_up(engine: sa.Engine) -> None:
    shared = engine.dialect.name == "postgresql"
    where = f"配置中的 ledger、账号的建表权限和环境变量 {PASSWORD}" if shared else "磁盘、权限和配置中的 ledger"
    with told("打不开", where, place_of(engine)), engine.begin() as connection:
        one_at_a_time(connection)
        found = version_of(connection)
        if found == HEAD:
            return
        if found is not None and found > HEAD:
            raise ZjtxError("台账是更新的程序建的：请用那个版本的程序，或先升级。")
        migrate(connection)


def _adopt(ledger: Ledger, home: Path) -> None:
    if (home / "mailings.db").exists():
        from zjtx_pipeline.ledger.adopted import adopt, set_aside

        with ledger.writing() as connection:
            adopt(connection, home)
        with ledger.writing():
            set_aside(home)


def version_of(connection: sa.Connection) -> str | None:
    """Of which version the tables are; None where there are none."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(sa.text("SELECT version_num FROM alembic_version"))


def migrate(connection: sa.Connection, to: str = "head") -> None:
    """Bring the tables up to a version."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def beijing_time(at: str) -> str:
    """A time of the ledger as a person reads it.

    >>> beijing_time("2025-01-20T17:30:00.000000+00:00")
    '2025-01-21 01:30:00'
    """
    return f"{datetime.fromisoformat(at).astimezone(CHINA):%Y-%m-%d %H:%M:%S}"


def note(connection: sa.Connection, issue_id: int, what: str, by: str = "", address: str = "", detail: str = "") -> None:
    """Add a line to the ledger's history."""
    line = {"at": now(), "issue_id": issue_id, "address": address, "what": what, "detail": detail, "by": by}
    connection.execute(sa.insert(HISTORY).values(line))
