"""Knows where the ledger lies, how it is opened, brought up to this program's tables and locked; leaves its rows to the modules beside it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, InterfaceError, NoSuchModuleError, OperationalError

from zjtx_pipeline.errors import ZjtxError, cause
from zjtx_pipeline.ledger.tables import HISTORY

NAME = "ledger.db"
PASSWORD = "ZJTX_LEDGER_PASSWORD"
HEAD = "0001"  # the newest of `migrations/versions`
BUSY_SECONDS = 60
_POSTING = 0x7A6A7478  # the advisory lock of whoever posts


class Ledger:
    """An open ledger of this program's tables."""

    def __init__(self, engine: sa.Engine):
        self.engine = engine

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction: all that is written in the block, or nothing; one writer at a time. ZjtxError where the database fails."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except (OperationalError, InterfaceError) as error:
            raise ZjtxError(f"台账数据库写不进或读不出（{cause(error)}）：请检查磁盘空间和配置中的 ledger。") from None

    @contextmanager
    def trying(self) -> Iterator[sa.Connection]:
        """A transaction of which nothing is kept."""
        with self.engine.connect() as connection, connection.begin() as transaction:
            yield connection
            transaction.rollback()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """The block of the one who posts: another, of this machine or any that shares the database, waits for its end."""
        if self.engine.dialect.name == "postgresql":
            with self.engine.connect() as connection:
                connection.execute(sa.select(sa.func.pg_advisory_lock(_POSTING)))
                yield  # ends with the connection, also where the process is killed
                connection.execute(sa.select(sa.func.pg_advisory_unlock(_POSTING)))
            return
        with Path(f"{self.engine.url.database}.posting").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def opened(home: Path, url: str | None = None) -> Iterator[Ledger]:
    """The ledger of a home, or of a database's URL; made, or brought up to date, where need be. ZjtxError: it cannot be opened."""
    ledger = Ledger(_engine(home, url))
    try:
        _bring_up(ledger.engine)
        _adopt(ledger.engine, home)
        yield ledger
    finally:
        ledger.close()


def stands(home: Path, url: str | None = None) -> bool:
    """Is there a ledger, or of SQLite a file that may be one?"""
    return url is not None or any((home / name).exists() for name in (NAME, "mailings.db"))


def _engine(home: Path, url: str | None) -> sa.Engine:
    try:
        parsed = sa.make_url(url or f"sqlite:///{home / NAME}")
        secret = os.environ.get(PASSWORD) if parsed.host and not parsed.password else None
        local = parsed.get_backend_name() == "sqlite"
        if local and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        options = {"connect_args": {"timeout": BUSY_SECONDS}, "poolclass": sa.NullPool} if local else {"pool_pre_ping": True}
        engine = sa.create_engine(parsed.set(password=secret) if secret else parsed, **options)
    except (ArgumentError, ValueError, NoSuchModuleError, ImportError):
        raise ZjtxError("配置中的 ledger 不是可用的数据库地址（SQLAlchemy URL）：请检查写法。") from None
    if local:
        sa.event.listen(engine, "connect", _guarded)
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _guarded(connection, record) -> None:
    """SQLite, told to keep what it is given through a power cut, and keys that point somewhere."""
    connection.isolation_level = None
    for pragma in ("synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _bring_up(engine: sa.Engine) -> None:
    try:
        with engine.begin() as connection:
            found = _version(connection)
            if found == HEAD:
                return
            if found is not None and found > HEAD:
                raise ZjtxError("台账是更新的程序建的：请用那个版本的程序，或先升级。")
            _migrate(connection)
    except (OperationalError, InterfaceError) as error:
        raise ZjtxError(f"台账数据库打不开（{cause(error)}）：请检查配置中的 ledger 和环境变量 {PASSWORD}。") from None


def _adopt(engine: sa.Engine, home: Path) -> None:
    if (home / "mailings.db").exists():
        from zjtx_pipeline.ledger.adopted import adopt

        adopt(engine, home)


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(sa.text("SELECT version_num FROM alembic_version"))


def _migrate(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def note(connection: sa.Connection, issue_id: int, what: str, by: str = "", address: str = "", detail: str = "") -> None:
    """Add a line to the ledger's history."""
    line = {"at": now(), "issue_id": issue_id, "address": address, "what": what, "detail": detail, "by": by}
    connection.execute(sa.insert(HISTORY).values(line))
