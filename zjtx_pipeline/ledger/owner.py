"""Knows whose a ledger is: the district's that first put reports before approvers, sent or told anything by it; leaves opening it to `book`.

Two districts in one would take each other's approved letters back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger.book import Ledger, now, opened
from zjtx_pipeline.ledger.tables import OWNER
from zjtx_pipeline.settings import Settings


@contextmanager
def of_district(settings: Settings, home: Path, claims: bool = False) -> Iterator[Ledger]:
    """A district's ledger, opened; ZjtxError where it is another's. `claims`: from now on it is this district's, if it was nobody's."""
    with opened(home, settings.ledger) as book:
        with book.writing() as connection:
            _refuse_another(connection, settings)
            if claims:
                _claim(connection, settings)
        yield book


def _refuse_another(connection: sa.Connection, settings: Settings) -> None:
    kept = connection.execute(sa.select(OWNER)).first()
    if kept and kept.digest != settings.district_digest:
        raise ZjtxError(
            f"台账是{kept.named}的，这次的配置是{_named(settings)}：两个区县不能共用一本台账，没有打开。请核对 --config 或 ZJTX_CONFIG，"
            "把配置的 ledger 写成本区县自己的数据库（没有写 ledger 的，换自己的 ZJTX_HOME）；如果只是区县改了名称，按运行维护手册“区县改名”一节办。"
        )


def _claim(connection: sa.Connection, settings: Settings) -> None:
    if not connection.scalar(sa.select(OWNER.c.digest).limit(1)):
        connection.execute(sa.insert(OWNER).values(digest=settings.district_digest, named=_named(settings), since=now()))


def _named(settings: Settings) -> str:
    return "示例区县" if settings.sample else f"“{settings.district}”"
