"""Knows how an installation is made again from a backup, in an empty folder, whole or not at all; leaves reading it to `archive`.

What lies under `home/` and `district/` in the archive lies so in the folder, and the ledger is in `home/`, or in a database's URL.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from zjtx_pipeline import unattended
from zjtx_pipeline.backup.archive import Contents, Kept, examine
from zjtx_pipeline.backup.contents import DISTRICT, HOME, LEDGER
from zjtx_pipeline.backup.deliveries import laid_out
from zjtx_pipeline.errors import ZjtxError, by_errno
from zjtx_pipeline.ledger import MOVED, NAME, approvals, dump, notices, opened
from zjtx_pipeline.ledger.databases import engine_of
from zjtx_pipeline.quarter import CHINA

INBOX, BY = "收件目录", "恢复"


@dataclass(frozen=True)
class Restored:
    """What was made again: `rows` of the ledger, `deliveries` laid out in an `inbox`; `withheld`: the quarters of which letters waited to
    leave, and wait for another approval now."""

    folder: Path
    contents: Contents
    rows: int
    inbox: Path | None
    deliveries: int
    withheld: tuple[str, ...]

    @property
    def home(self) -> Path:
        return self.folder / HOME

    @property
    def config(self) -> Path | None:
        name = self.contents.header.get("config")
        return self.folder / DISTRICT / name if name else None

    @property
    def inbox_is_elsewhere(self) -> bool:
        """Does the configuration name another 收件目录 than the one laid out?"""
        return self.inbox is not None and not self.contents.header.get("inbox")


def restore(path: Path, folder: Path, url: str | None = None) -> Restored:
    """Make an installation again from a backup; `url`: of an empty database that takes its ledger. ZjtxError: why nothing was made."""
    if url:
        engine_of(url, folder, "选项 --ledger ").dispose()
    _empty(folder)
    examine(path)
    with _new(folder) as new:
        found = examine(path, _into(new))
        (new / HOME).mkdir(exist_ok=True)
        unattended.hold(new / HOME, datetime.now(CHINA).date())
        inbox, deliveries = _deliveries(new, found)
        rows, withheld = _ledger(new)
        with _in_place(new / HOME, url):
            new.rename(folder)
    return Restored(folder, found, rows, inbox and folder / inbox.relative_to(new), deliveries, withheld)


def _empty(folder: Path) -> None:
    if folder.is_mount():
        raise ZjtxError(f"{folder} 是挂载点：请写它下面的一个空目录或新目录。")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ZjtxError(f"{folder} 不是空目录：只能恢复到空目录或新目录，现有的内容没有动。")


@contextmanager
def _new(folder: Path) -> Iterator[Path]:
    """A folder beside, to be renamed; where the block fails, before or after that, nothing is left of it."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".zjtx-restore-"))
        try:
            yield new
        except BaseException:
            shutil.rmtree(new if new.exists() else folder, ignore_errors=True)
            raise
    except OSError as error:
        raise ZjtxError(f"没有恢复成（{by_errno(error)}）：请检查 {folder.parent} 的权限和剩余空间，没有留下不完整的内容。") from None


def _into(new: Path) -> Kept:
    @contextmanager
    def kept(name: str, mtime: float) -> Iterator[BinaryIO]:
        path = new / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.utime(path, (mtime, mtime))

    return kept


def _deliveries(new: Path, found: Contents) -> tuple[Path | None, int]:
    """The 收件目录 as it was last seen, where the configuration names one."""
    if not found.header.get("has_inbox") or not found.header.get("config"):
        return None, 0
    inbox = new / DISTRICT / (found.header.get("inbox") or INBOX)
    if not inbox.resolve().is_relative_to(new.resolve()):
        return None, 0
    return inbox, laid_out(new / HOME, inbox)


def _ledger(new: Path) -> tuple[int, tuple[str, ...]]:
    """The ledger, in the home's own file whatever held it: how many rows, and of which quarters nothing leaves by itself any more."""
    home, dumped = new / HOME, new / LEDGER
    if dumped.exists():
        (home / NAME).unlink(missing_ok=True)
        with dump.filled(home, None, dumped.read_text(encoding="utf-8").splitlines()):
            dumped.unlink()
    if not (home / NAME).exists():
        return 0, ()
    (home / MOVED).unlink(missing_ok=True)  # of an older day than what stands here now
    with opened(home) as ledger:
        with ledger.writing() as connection:
            withheld = approvals.withhold(connection, BY)
            notices.withhold(connection)
        return len(list(dump.lines(ledger))) - 1, tuple(withheld)


@contextmanager
def _in_place(home: Path, url: str | None) -> Iterator[None]:
    """Where a URL is given the ledger goes from the file into that database; it is taken back where the block fails."""
    if not url or not (home / NAME).exists():
        yield
        return
    with opened(home) as ledger:
        kept = list(dump.lines(ledger))
    (home / NAME).unlink()
    with dump.filled(home, url, kept):
        yield
