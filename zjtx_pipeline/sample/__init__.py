"""Knows the sample district, an invented 萧山 made by code from one seed: its configuration and its deliveries.

Leaves reading, judging and measuring them to the pipeline, which treats it like any other district.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from zjtx_pipeline.quarter import Quarter

_DISTRICT = """\
# 示例区：由程序生成，企业、金额、人员均为虚构。
inbox: inbox
database: sqlite:///district.db
sample: true
district: 杭州市萧山区（示例区）
bureau: 区经信局
delivery:
  sender: zjtx@sample.invalid
  allowed_domains: [sample.invalid]
  recipients:
    - {name: 示例分管领导, address: leader@sample.invalid}
    - {name: 示例区经信局联络员, address: jxj@sample.invalid, reports: [0, 1, 2, 5, 6, 7, 12, 14]}
    - {name: 示例区科技局联络员, address: kjj@sample.invalid, reports: [3, 4]}
"""


def build(home: Path) -> Path:
    """Write the sample district's configuration under `home/sample` and return its path."""
    folder = home / "sample"
    (folder / "inbox").mkdir(parents=True, exist_ok=True)
    path = folder / "district.yaml"
    if not path.exists() or path.read_text(encoding="utf-8") != _DISTRICT:
        draft = folder / f".district.{os.getpid()}"
        draft.write_text(_DISTRICT, encoding="utf-8")
        os.replace(draft, path)
    _make_database(folder / "district.db")
    return path


def _make_database(path: Path) -> None:
    """An empty database stands from the start: a quarter before the first brings nothing, which is no fault."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 1")


def deliver(home: Path, quarter: Quarter | str) -> None:
    """Let the departments deliver one quarter, 2023Q1 to 2026Q3, unless they have; other quarters bring nothing.

    Files and rows appear whole or not at all, whoever else asks at the same time, and are the same bytes wherever
    and in whatever order the quarters are asked for.
    """
    from zjtx_pipeline.sample.draws import FIRST, LAST

    quarter = quarter if isinstance(quarter, Quarter) else Quarter.parse(quarter)
    if not FIRST <= quarter <= LAST:
        return
    build(home)
    with _alone(home / "sample"):
        _fill_database(home / "sample" / "district.db", quarter)
        _fill_inbox(home / "sample", quarter)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time; the lock goes with the process that holds it."""
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fill_database(path: Path, quarter: Quarter) -> None:
    from zjtx_pipeline.sample.deliveries import deliveries
    from zjtx_pipeline.sample.writing import holds, write_database
    from zjtx_pipeline.tables import load_tables

    if not holds(path, load_tables()["D01"], str(quarter)):
        parts = [(each.table, each.sender, each.received, each.rows) for each in deliveries(quarter, ("database",))]
        write_database(path, str(quarter), parts)


def _fill_inbox(folder: Path, quarter: Quarter) -> None:
    from zjtx_pipeline.sample.deliveries import write_files

    inbox = folder / "inbox" / str(quarter)
    if inbox.exists():
        return
    for stale in folder.glob(f".{quarter}.*"):
        shutil.rmtree(stale)
    draft = Path(tempfile.mkdtemp(prefix=f".{quarter}.", dir=folder))
    write_files(draft, quarter)
    draft.chmod(0o755)
    os.replace(draft, inbox)
