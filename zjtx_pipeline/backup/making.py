"""Knows how a backup is made: whole or not at all, read back before it counts, the oldest of too many taken away.

Leaves which files go in to `contents`, writing them to `writing`.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zjtx_pipeline import __version__
from zjtx_pipeline.backup import contents, overdue
from zjtx_pipeline.backup.archive import FORMAT, PROGRAM, Contents, examine, header_of
from zjtx_pipeline.backup.contents import File
from zjtx_pipeline.backup.writing import write
from zjtx_pipeline.errors import ZjtxError, by_errno
from zjtx_pipeline.ledger import dump, of_district, refuse_mislaid
from zjtx_pipeline.ledger.databases import cause_of
from zjtx_pipeline.settings import Settings


@dataclass(frozen=True)
class Made:
    """A backup that was made and read back; `pruned`: older ones taken away; `left`: links, and files that the configuration names, not kept."""

    path: Path
    contents: Contents
    pruned: tuple[Path, ...]
    left: tuple[str, ...]


def back_up(home: Path, settings: Settings, config: Path | None, folder: Path, keep: int | None = None) -> Made:
    """Make a backup in a folder, beside which the newest `keep` of this district stay. ZjtxError: why there is none."""
    if not home.is_dir():
        raise ZjtxError(f"产物目录 {home} 不存在，没有可备份的：请检查环境变量 ZJTX_HOME。")
    refuse_mislaid(home, settings.ledger)
    if folder.resolve().is_relative_to(home.resolve()):
        raise ZjtxError(f"备份目录 {folder} 在产物目录里面，会把备份也备份进去：请换一个目录，最好在另一块磁盘上。")
    with _writable(folder), _alone(folder), tempfile.TemporaryDirectory(dir=folder, prefix=".zjtx-") as aside:
        overdue.remember(home, folder)
        path = folder / f"zjtx-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar.gz"
        part, left = Path(aside) / "part", contents.outside(config, settings)
        write(part, _header(settings, config, left), _files(home, settings, config, Path(aside), left))
        found = _read_back(part)
        if path.exists():
            raise ZjtxError(f"{path} 已经有了：请稍后再试。")
        part.rename(path)
        _on_disk(folder)
        pruned = _pruned(folder, settings.district_digest, keep)
    return Made(path, found, pruned, tuple(left))


def _read_back(part: Path) -> Contents:
    try:
        return examine(part)
    except ZjtxError:
        raise ZjtxError("备份写完读回时对不上，没有留下：请检查放备份的磁盘，再备份一次。") from None


def _header(settings: Settings, config: Path | None, left: list[str]) -> dict[str, Any]:
    return {
        "program": PROGRAM,
        "format": FORMAT,
        "version": __version__,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "district": settings.district,
        "district_digest": settings.district_digest,
        "config": config.name if config and not settings.sample else None,
        "inbox": contents.inside(config, settings.inbox) if config else None,
        "left": list(left),
        "has_inbox": settings.inbox is not None,
        "ledger": "database" if settings.ledger else "file",
    }


def _files(home: Path, settings: Settings, config: Path | None, aside: Path, left: list[str]) -> Iterator[File]:
    """The ledger first: what it says was sent then lies in the files that come after it."""
    if settings.ledger:
        dumped = aside / contents.LEDGER
        with of_district(settings, home) as ledger:
            dumped.write_text("".join(f"{line}\n" for line in dump.lines(ledger)), encoding="utf-8")
        yield File(contents.LEDGER, dumped)
    yield from contents.of_home(home, aside, left)
    yield from contents.of_district(config, settings)


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    """ZjtxError where the folder cannot be written, the disk is full, or a database cannot be read."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except sqlite3.Error as error:
        raise ZjtxError(f"备份没有做成：台账一类的数据库文件读不出来（{cause_of(error)}），请检查产物目录的磁盘和权限。") from None
    except OSError as error:
        raise ZjtxError(f"备份没有做成（{by_errno(error)}）：请检查 {_at_fault(error, folder)} 的权限和剩余空间，已有的备份没有动。") from None


def _at_fault(error: OSError, folder: Path) -> Path:
    """The folder of backups, or what of the home could not be read or written."""
    path = Path(error.filename) if isinstance(error.filename, str) else folder
    return folder if path.is_relative_to(folder) else path


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One backup at a time; what a killed one left half-written is swept away."""
    with (folder / ".zjtx-backup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ZjtxError(f"{folder} 里另一个备份正在进行：请等它结束。") from None
        for left in folder.glob(".zjtx-*/"):
            shutil.rmtree(left)
        yield


def _on_disk(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    with suppress(OSError):  # a share of another system may not know of it
        os.fsync(handle)
    os.close(handle)


def _pruned(folder: Path, district: str, keep: int | None) -> tuple[Path, ...]:
    """Take away all but the newest of this district's own backups, told by name and by what they say they are."""
    if not keep:
        return ()
    named = sorted(path for path in folder.iterdir() if overdue.OURS.fullmatch(path.name) and path.is_file() and not path.is_symlink())
    ours = [path for path in named if _district(path) == district]
    for path in ours[:-keep]:
        path.unlink()
    return tuple(ours[:-keep])


def _district(path: Path) -> str | None:
    try:
        return header_of(path).get("district_digest")
    except ZjtxError:
        return None  # whatever it is, it is not for us to take away
