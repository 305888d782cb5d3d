"""Knows what of a home is old and can be made again, and takes it away; leaves the orchestrator's own records to `assets`.

Never touched: snapshots, reports, revisions, what was issued, the ledger. What a quarter's run measured and judged goes once nobody has run the quarter
for long, all its snapshots stand and its reports are whole: `zjtx report` makes it again from the same deliveries.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zjtx_pipeline import manifest, store
from zjtx_pipeline.errors import ZjtxError

_DAY = 86_400
_BESIDE = ("trace", "returns")  # made from a quarter's work
_HALF_WRITTEN_IN = ("snapshots", "validated", "work", "reports", "revisions", "issued")
_HALF_WRITTEN_DAYS = 7


@dataclass(frozen=True)
class Freed:
    """What was taken away: the quarters whose work it was, how many verdicts, how many bytes in all."""

    quarters: tuple[str, ...]
    verdicts: int
    bytes: int


def tidy(home: Path, days: int, now: float | None = None) -> Freed:
    """Take away what is older than so many days and can be made again; only while no run is under way."""
    now = time.time() if now is None else now
    old, before = now - days * _DAY, _bytes(home)
    quarters = [folder.name for folder in _old_work(home, old)]
    for name in quarters:
        for kind in ("work", *_BESIDE):
            _take_away(home / kind / name)
    verdicts = list(_unused_verdicts(home, old))
    for path in (*verdicts, *_old_previews(home, old), *_half_written(home, now - _HALF_WRITTEN_DAYS * _DAY)):
        _take_away(path)
    return Freed(tuple(quarters), len(verdicts), max(before - _bytes(home), 0))


def _old_work(home: Path, old: float) -> Iterator[Path]:
    for folder in sorted((home / "work").glob("[!.]*")):
        if folder.is_dir() and _newest(folder) < old and _can_be_made_again(home, folder):
            yield folder


def _can_be_made_again(home: Path, work: Path) -> bool:
    """Do all deliveries that it rests on stand, and are its reports whole, so that nobody is in the midst of them?"""
    pulled = [_pointed_at(home, path) for path in (work / "pulled").rglob("*.json")]
    reports = home / "reports" / work.name
    whole = not reports.exists() or ((reports / manifest.NAME).exists() and not (reports / manifest.UNFINISHED).exists())
    return whole and all((path / "snapshot.json").exists() for path in pulled)


def _unused_verdicts(home: Path, old: float) -> Iterator[Path]:
    """Verdicts that no quarter's work names any more, and that are not of a run that has just begun."""
    used = {_pointed_at(home, path) for path in home.glob("work/*/judged/**/*.json")}
    for path in sorted(home.glob("validated/*/[!.]*")):
        if path not in used and path.stat().st_mtime < old:
            yield path


def _pointed_at(home: Path, pointer: Path) -> Path:
    """What a run's pointer names; nothing that stands where it is damaged."""
    try:
        return home / store.read_json(pointer)
    except (OSError, ZjtxError, TypeError):
        return pointer / "damaged"


def _old_previews(home: Path, old: float) -> list[Path]:
    return [path for path in home.glob("preview/[!.]*") if path.stat().st_mtime < old]


def _half_written(home: Path, old: float) -> list[Path]:
    """What a killed run left."""
    found = [path for name in _HALF_WRITTEN_IN for path in (home / name).rglob(".*")]
    return [path for path in found if path.lstat().st_mtime < old and not any(part.startswith(".") for part in path.parent.relative_to(home).parts)]


def _newest(folder: Path) -> float:
    return max((path.stat().st_mtime for path in folder.rglob("*")), default=folder.stat().st_mtime)


def _take_away(path: Path) -> None:
    """In one step as seen from outside: a kill leaves what is swept next time."""
    if path.is_dir() and not path.is_symlink():
        gone = path.with_name(f".{path.name}.gone")
        shutil.rmtree(gone, ignore_errors=True)
        path.rename(gone)
        shutil.rmtree(gone)
    else:
        path.unlink(missing_ok=True)


def _bytes(home: Path) -> int:
    kinds = ("preview", *_HALF_WRITTEN_IN, *_BESIDE)
    walks = (each for kind in kinds for each in os.walk(home / kind))
    return sum((Path(folder) / name).lstat().st_size for folder, _, names in walks for name in names)
