"""Knows which databases hold a ledger, how one is reached, and how its failures are told; leaves tables and rows to the modules beside it."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, NoSuchModuleError, OperationalError

from zjtx_pipeline.errors import ZjtxError, cause

PASSWORD = "ZJTX_LEDGER_PASSWORD"
BUSY_SECONDS, CONNECT_SECONDS = 60, 15
_WRITING = 0x7A6A7479  # the advisory lock of whoever writes
_DRIVERS = {"postgresql": "postgresql+psycopg"}  # the one that is installed
_KINDS = ("sqlite", "postgresql")


def engine_of(url: str | None, file: Path, named: str = "配置中的 ledger ") -> sa.Engine:
    """The engine of a database's URL, else of an SQLite file. ZjtxError: no database that could hold a ledger; `named`: where it is written."""
    try:
        parsed = sa.make_url(url) if url else sa.URL.create("sqlite", database=str(file))
        parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
        if parsed.get_backend_name() in _KINDS and parsed.database:
            return _local(parsed) if parsed.get_backend_name() == "sqlite" else _shared(parsed)
    except (ArgumentError, ValueError, NoSuchModuleError, ImportError):
        raise ZjtxError(f"{named}不是可用的数据库地址（SQLAlchemy URL）：请检查写法。") from None
    raise ZjtxError(f"{named}只能是 SQLite 文件或 PostgreSQL 数据库：请写成 postgresql+psycopg://用户@主机/库名，或删去不写。")


def _shared(url: sa.URL) -> sa.Engine:
    secret = None if url.password else os.environ.get(PASSWORD)
    options = {"pool_pre_ping": True, "connect_args": {"connect_timeout": CONNECT_SECONDS}}
    return sa.create_engine(url.set(password=secret) if secret else url, **options)


def _local(url: sa.URL) -> sa.Engine:
    with told("打不开", "目录和配置中的 ledger"):
        Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS}, poolclass=sa.NullPool)
    sa.event.listen(engine, "connect", _guarded)
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _guarded(connection, record) -> None:
    """SQLite, told to keep what it is given through a power cut, and keys that point somewhere."""
    connection.isolation_level = None
    for pragma in ("synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def told(what: str, where: str, place: str = "") -> Iterator[None]:
    """A database or disk that fails, in one Chinese sentence; a defect of ours passes as it is. `place`: which database it is."""
    try:
        yield
    except (IntegrityError, DataError):
        raise
    except (DBAPIError, sqlite3.Error, OSError) as error:
        known = _SENTENCES.get(_kind(error))
        raise ZjtxError(known.format(place=place or "数据库") if known else f"台账数据库{what}（{cause_of(error)}）：请检查{where}。") from None


def place_of(engine: sa.Engine) -> str:
    """How a ledger's database is named to whoever has to look after it, without its password."""
    url = engine.url
    return str(url.database) if engine.dialect.name == "sqlite" else f"数据库 {_host(url)}/{url.database}"


def _host(url: sa.URL) -> str:
    return f"{url.host or '本机'}:{url.port}" if url.port else url.host or "本机"


_DAMAGED, _LOCKED, _STRANGER, _NO_PASSWORD, _NOWHERE, _CLOSED = "damaged", "locked", "stranger", "no password", "nowhere", "closed"
_SENTENCES = {
    _DAMAGED: "台账 {place} 损坏，或不是台账：请停下服务，把它改名留存，再按运行维护手册“恢复”一节用最近的备份恢复；不要另起一本空的，否则会把信重发一遍。",
    _LOCKED: "台账 {place} 被另一个程序占用，等了很久没有等到，什么也没有写：请等正在进行的发送或备份结束后再试，仍不行的，关闭打开着它的程序。",
    _STRANGER: f"台账数据库打不开：{{place}} 不接受这个用户名或口令，请检查配置中的 ledger 和环境变量 {PASSWORD}。",
    _NO_PASSWORD: f"台账数据库打不开：{{place}} 要口令，环境变量 {PASSWORD} 却没有设置，请设置后再试。",
    _NOWHERE: "台账数据库打不开：服务器上没有 {place} 这个库，请核对配置中的 ledger 里的库名，或请数据库管理员建库。",
    _CLOSED: "台账数据库打不开：{place} 的端口上没有数据库在听，请核对配置中的 ledger 里的主机和端口，并看数据库是否启动。",
}
_KINDS_OF_SQLITE = {sqlite3.SQLITE_CORRUPT: _DAMAGED, sqlite3.SQLITE_NOTADB: _DAMAGED, sqlite3.SQLITE_BUSY: _LOCKED, sqlite3.SQLITE_LOCKED: _LOCKED}
_KINDS_OF_POSTGRESQL = {"XX001": _DAMAGED, "XX002": _DAMAGED, "55P03": _LOCKED, "28P01": _STRANGER, "28000": _STRANGER, "3D000": _NOWHERE}
_WORDS_OF_POSTGRESQL = {  # its driver has no SQLSTATE of a connection that did not come about, only the server's words in its language
    _NOWHERE: re.compile('database ".*" does not exist|数据库 ".*" 不存在'),
    _STRANGER: re.compile('authentication failed|认证失败|role ".*" does not exist|角色 ".*" 不存在'),
    _NO_PASSWORD: re.compile("no password supplied"),
    _CLOSED: re.compile("Connection refused"),
}
_CAUSES_OF_SQLITE = {
    sqlite3.SQLITE_READONLY: "没有写入权限", sqlite3.SQLITE_CANTOPEN: "文件打不开", sqlite3.SQLITE_IOERR: "磁盘读写出错", sqlite3.SQLITE_FULL: "磁盘已满",
    sqlite3.SQLITE_CORRUPT: "文件已损坏", sqlite3.SQLITE_NOTADB: "文件已损坏", sqlite3.SQLITE_BUSY: "正被另一个程序占用", sqlite3.SQLITE_LOCKED: "正被另一个程序占用",
}  # fmt: skip


def _kind(error: Exception) -> str:
    """Is the database damaged, locked, or not to be reached for one of the known reasons, as its driver says? Empty for anything else."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return _KINDS_OF_SQLITE.get(_sqlite_code(error), "") or _KINDS_OF_POSTGRESQL.get(state or "", "") or _unreached(error)


def _unreached(error: Exception) -> str:
    if not isinstance(error, OperationalError):
        return ""
    return next((kind for kind, words in _WORDS_OF_POSTGRESQL.items() if words.search(str(error.orig))), "")


def cause_of(error: Exception) -> str:
    """Why a database failed, in a few Chinese words."""
    return _CAUSES_OF_SQLITE.get(_sqlite_code(error)) or cause(error)


def _sqlite_code(error: Exception) -> int:
    """SQLite's primary code of an error; -1 where it is none of SQLite's."""
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", None)
    return -1 if code is None else code & 0xFF


def one_at_a_time(connection: sa.Connection) -> None:
    """On PostgreSQL writers wait for each other, as they do on SQLite of themselves."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITING)))
