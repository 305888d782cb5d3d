"""Knows which files belong in a backup and under which names; leaves writing them to `archive`.

Left out: private keys; what is made again from what is kept (work, verdicts, traces, previews, return workbooks, the sample), Dagster's own records,
logs, and the 收件目录: what it holds of use is in the snapshots, and what was refused, for it must not be kept, is not to be kept here.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from zjtx_pipeline import ledger, manifest
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Settings

MADE_AGAIN = ("dagster", "work", "validated", "trace", "preview", "returns", "sample", "backups.json")
HOME, DISTRICT, LEDGER = "home", "district", "ledger.jsonl"
MANIFESTS = f"{HOME}/reports/*/{manifest.NAME}"
_PASSING = re.compile(r"(zjtx|ui|door)\.log(\.\d+)?|.*\.(posting|lock)|.*\.db-(wal|shm|journal)")
_SQLITE = b"SQLite format 3\0"


class File(NamedTuple):
    """A file's name in the archive, and where it lies."""

    name: str
    path: Path


def of_home(home: Path, aside: Path, left: list[str]) -> Iterator[File]:
    """What is kept of a home, databases as whole copies under `aside`; links are not followed, but `left` and to be told of."""
    for path in _below(home, left, MADE_AGAIN):
        within = path.relative_to(home).as_posix()
        yield File(f"{HOME}/{within}", _whole(path, aside / within.replace("/", "+")))


def _below(folder: Path, left: list[str], left_out: Sequence[str] = ()) -> Iterator[Path]:
    """Every whole file, those of a folder before the folders within are looked for: what a log names, being kept before it was noted,
    is then found too. What begins with a dot is half-written."""
    here = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".") and path.name not in left_out]
    left += [str(path) for path in here if path.is_symlink()]
    yield from (path for path in here if path.is_file() and not path.is_symlink() and not _PASSING.fullmatch(path.name))
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink() and not path.name.startswith(".") and path.name not in left_out:
            yield from _below(path, left)


def _whole(path: Path, copy: Path) -> Path:
    """A file, or of a database that may be written meanwhile a copy as of one moment. ZjtxError: it is damaged, or a ledger by name alone."""
    if not is_sqlite(path):
        if path.name == ledger.NAME:
            raise _broken(path)
        return path
    # not `mode=ro`: what a killed writer left undone has to be undone first
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=60)) as old, closing(sqlite3.connect(copy)) as new:
        old.backup(new)
        if not _is_sound(new, ledger.TABLES if path.name == ledger.NAME else frozenset()):
            raise _broken(path)
    copy.chmod(0o600)
    return copy


def _is_sound(database: sqlite3.Connection, needed: frozenset[str]) -> bool:
    """Does SQLite find every page and index in order, and the tables that there have to be?"""
    found = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    return needed <= found and database.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",)


def _broken(path: Path) -> ZjtxError:
    return ZjtxError(f"备份没有做成：{path} 已经损坏，或不是它应有的数据库。已有的备份一份也没有删，请不要再改动，从最近一份完好的备份恢复，或找维护单位。")


def is_sqlite(path: Path) -> bool:
    if path.suffix != ".db":
        return False
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def of_district(config: Path | None, settings: Settings) -> Iterator[File]:
    """The configuration file and what it names, where it lies beside it; nothing of the sample, which is made anew."""
    if config is None or settings.sample:
        return
    yield File(f"{DISTRICT}/{config.name}", config)
    for path in _looks(settings):
        within = inside(config, path)
        if within:
            yield File(f"{DISTRICT}/{within}", path)


def outside(config: Path | None, settings: Settings) -> list[str]:
    """What the configuration names and is not kept: fonts and a seal that lie elsewhere than beside it, and, wherever they lie, the door's
    certificate and private key, which has no business on another disk, and an SQLite database of deliveries, which is another's to keep."""
    named = [path for path in _looks(settings) if config and not inside(config, path)]
    return [str(path.resolve()) for path in [*named, *filter(None, [settings.door.certificate, settings.door.key, _delivered(settings)])]]


def _delivered(settings: Settings) -> Path | None:
    """The file that deliveries are read from, where that is an SQLite database; the sample's is made anew."""
    url = "" if settings.sample else settings.database or ""
    return Path(url.removeprefix("sqlite:///").partition("?")[0]) if url.startswith("sqlite:///") else None


def _looks(settings: Settings) -> list[Path]:
    return sorted({*settings.fonts.named.values(), *filter(None, [settings.letterhead.seal])})


def inside(config: Path, path: Path | None) -> str | None:
    """A path as the configuration's folder names it; None where it lies elsewhere."""
    folder = config.resolve().parent
    return path.resolve().relative_to(folder).as_posix() if path and path.resolve().is_relative_to(folder) else None


def unfinished(found: dict[str, dict], made: dict[str, bytes]) -> list[str]:
    """The report folders, among those with a manifest, that hold something else than it says: they were being made."""
    return [PurePosixPath(folder).name for folder, told in sorted(made.items()) if not _as_told(found, folder, told)]


def _as_told(found: dict[str, dict], folder: str, told: bytes) -> bool:
    try:
        return all(found[f"{folder}/{each['name']}"]["sha256"] == each["sha256"] for each in json.loads(told)["outputs"])
    except (ValueError, KeyError, TypeError):
        return False
