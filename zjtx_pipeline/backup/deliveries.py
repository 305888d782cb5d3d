"""Knows how the 收件目录 is laid out again from what was kept of it: every file as it was last found, under its name and day.

Leaves what is kept to `snapshots` and `known`. What was refused was not kept, and what another file had replaced is not laid out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from zjtx_pipeline import known, snapshots, store
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.snapshots import Snapshot, Source
from zjtx_pipeline.tables import load_tables

_CHINA = ZoneInfo("Asia/Shanghai")


def laid_out(home: Path, inbox: Path) -> int:
    """Lay out every kept file that the last look for its table and quarter found; how many."""
    laid = 0
    for snapshot in _last_found(home):
        for one in snapshot.sources:
            file = snapshot.path / "original" / Path(one.source).name
            if one.sha256 and file.is_file():
                _lay(file, inbox / str(snapshot.quarter) / file.name, one)
                laid += 1
    inbox.mkdir(parents=True, exist_ok=True)
    return laid


def _last_found(home: Path) -> Iterator[Snapshot]:
    for folder in sorted((home / "snapshots").glob("*")):
        for table in load_tables().values():
            seen = known.looks(home, _quarter(folder), table)
            path = folder / table.id / (seen[-1].digest[:16] if seen else "none")
            if path.is_dir():  # a broken one may have been taken away by hand
                yield snapshots.load(path)


def _quarter(folder: Path) -> Quarter:
    try:
        return Quarter.parse(folder.name)
    except ZjtxError:
        raise ZjtxError(f"备份里的快照目录 {folder.name} 不是季度：请换一份备份。") from None


def _lay(file: Path, target: Path, one: Source) -> None:
    store.write_bytes(target, file.read_bytes())
    when = one.received.replace(tzinfo=_CHINA).timestamp()
    os.utime(target, (when, when))
