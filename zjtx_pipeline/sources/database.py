"""Knows how to read one table's view through SQLAlchemy as text; leaves what the columns mean to the dictionary."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from zjtx_pipeline.errors import ZjtxError, cause
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.tables import Table, comparable

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, TableClause

PASSWORD = "ZJTX_DATABASE_PASSWORD"


def cell_text(value: Any) -> str:
    """A database value as text, unchanged: decimals without exponent, dates as ISO, NULL as "".

    >>> cell_text(Decimal("1E+3")), cell_text(datetime(2024, 6, 1)), cell_text(None)
    ('1000', '2024-06-01', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f").removesuffix(".0")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return bytes(value).decode("utf-8", "replace") if isinstance(value, (bytes, memoryview)) else str(value)


@cache
def _engine(url: str) -> Engine:
    import sqlalchemy
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        parsed = sqlalchemy.make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database and not Path(parsed.database).is_file():
            raise ZjtxError(f"找不到数据库文件 {parsed.database}：请检查配置中的 database。")
        secret = os.environ.get(PASSWORD) if parsed.host and not parsed.password else None  # SQLite's file has none
        return sqlalchemy.create_engine(parsed.set(password=secret) if secret else parsed)
    except NoSuchModuleError:
        raise ZjtxError(f"不认识数据库类型“{parsed.drivername}”：请检查配置中的 database。") from None
    except (ArgumentError, ValueError):
        raise ZjtxError("配置中的 database 不是合规的数据库地址（SQLAlchemy URL）：请检查写法。") from None
    except ModuleNotFoundError as error:
        raise ZjtxError(f"缺少连接数据库“{parsed.drivername}”所需的驱动（{error.name}）：请先安装。") from None
    except ImportError:  # a dialect made for another version of SQLAlchemy
        raise ZjtxError(f"数据库“{parsed.drivername}”的驱动与已装的 SQLAlchemy 版本不合：请按 docs/sources.md 安装。") from None


def view_of(url: str, table: Table) -> str | None:
    """The view or table that holds a table (`D01_企业主体`); None where the database has none. ZjtxError offline."""
    import sqlalchemy

    with _connection_errors(url):
        inspector = sqlalchemy.inspect(_engine(url))  # anew each time: a view may be made while we run
        names = [*inspector.get_table_names(), *inspector.get_view_names()]
    # Databases that fold names make D06B_… or d06b_… of D06b_….
    wanted = comparable(table.title).casefold()
    return next((name for name in names if comparable(name).casefold() == wanted), None)


@dataclass(frozen=True)
class View:
    """One 数据期 of a view: its headers and rows, every value as text, in an order that the database does not decide.

    `notes`: for the owner, on rows that name no quarter. `is_placed`: does any row name one?
    """

    headers: tuple[str, ...]
    rows: list[list[str]]
    notes: list[str]
    is_placed: bool


def read_view(url: str, view: str, quarter_column: str, quarter: Quarter) -> View:
    """What a view holds of a quarter. ZjtxError where the database counts other rows than it gives."""
    import sqlalchemy

    with _connection_errors(url), _engine(url).connect() as connection:
        source, period = _source(connection, view, quarter_column)
        periods = _periods(connection, source, period)
        own = [each for each in periods if each.quarter == quarter]
        query = sqlalchemy.select(source).where(source.c[period].in_([each.value for each in own]))
        rows = [[cell_text(value) for value in row] for row in connection.execute(query)] if own else []
    if len(rows) != sum(each.rows for each in own):
        raise ZjtxError(f"数据库的“{view}”在读取时有变动，读到的行数与它自己数的不符：请在提供方不更新数据时重新运行。")
    is_placed = any(each.quarter for each in periods)
    return View(tuple(source.c.keys()), sorted(rows), _notes(view, quarter_column, periods), is_placed)


def unplaced(url: str, view: str, quarter_column: str, quarter: Quarter) -> list[str]:
    """What `read_view` would note of a view that has rows of other quarters and none of this one, for nobody's delivery says it."""
    with _connection_errors(url), _engine(url).connect() as connection:
        periods = _periods(connection, *_source(connection, view, quarter_column))
    placed = {each.quarter for each in periods} - {None}
    return _notes(view, quarter_column, periods) if placed and quarter not in placed else []


def _source(connection: Connection, view: str, quarter_column: str) -> tuple[TableClause, str]:
    """The view and the name of its column 数据期; its columns without a type: what the driver gives is what the database
    holds, nothing converts on the way."""
    import sqlalchemy

    headers = [column["name"] for column in sqlalchemy.inspect(connection).get_columns(view)]
    period = next((name for name in headers if comparable(name) == comparable(quarter_column)), None)
    if period is None:
        raise ZjtxError(f"数据库的“{view}”没有“{quarter_column}”列：请提供方补上，或在配置中改 quarter_column。")
    return sqlalchemy.table(view, *(sqlalchemy.column(name) for name in headers)), period


class _Period(NamedTuple):
    """One value of the column 数据期: as the database holds it, as text, and in how many rows."""

    value: Any
    text: str
    rows: int

    @property
    def quarter(self) -> Quarter | None:
        return Quarter.spelt(comparable(self.text))


def _periods(connection: Connection, source: TableClause, period: str) -> list[_Period]:
    import sqlalchemy

    counted = sqlalchemy.select(source.c[period], sqlalchemy.func.count()).group_by(source.c[period])
    return [_Period(value, cell_text(value), number) for value, number in connection.execute(counted)]


def _notes(view: str, quarter_column: str, periods: Sequence[_Period]) -> list[str]:
    nowhere = [each for each in periods if each.quarter is None]
    if not nowhere:
        return []
    said = "、".join(f"“{text[:20]}”" if text else "空白" for text in sorted({each.text for each in nowhere})[:3])
    return [
        f"“{view}”有 {sum(each.rows for each in nowhere)} 行的“{quarter_column}”认不出是哪一季（{said}），没有读：请提供方写成“2024Q4”的样子。"
    ]


class _connection_errors:
    """Whatever goes wrong between us and the database, said in Chinese and without its password."""

    def __init__(self, url: str):
        self.url = url

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        from sqlalchemy.exc import SQLAlchemyError

        if isinstance(error, SQLAlchemyError):
            import sqlalchemy

            shown = sqlalchemy.make_url(self.url).set(query={}).render_as_string(hide_password=True)
            raise ZjtxError(f"数据库 {shown} 读不出来（{cause(error)}）：请检查地址、账号、网络和权限。") from None
