"""Knows the form of a backup file, and how one is read to its end with every name and digest checked.

Leaves writing it to `writing`, where it comes out to `restoring`.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from zjtx_pipeline.backup.contents import MANIFESTS, unfinished
from zjtx_pipeline.errors import ZjtxError

HEADER, LISTED = "zjtx-backup.json", "manifest.json"
PROGRAM, FORMAT = "zjtx_pipeline", 1
_CHINA = ZoneInfo("Asia/Shanghai")
_CHUNK = 1 << 20
_LARGEST_TOLD = 1 << 26  # of the two files that are read into memory
_BROKEN = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True)
class Contents:
    """What a backup that was read to its end holds: by name SHA-256 and size; `unfinished`: quarters whose reports were being made."""

    header: dict[str, Any]
    files: dict[str, dict[str, Any]]
    unfinished: tuple[str, ...]

    @property
    def made_at(self) -> str:
        """When it was made, in China, as a person writes it."""
        return f"{datetime.fromisoformat(self.header['made_at']).astimezone(_CHINA):%Y-%m-%d %H:%M}"

    @property
    def bytes(self) -> int:
        return sum(each["bytes"] for each in self.files.values())


class Hashed:
    """A file that is being read, and the digest of what was read of it."""

    def __init__(self, file: BinaryIO):
        self.file, self.sha256 = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        content = self.file.read(size)
        self.sha256.update(content)
        return content


Kept = Callable[[str, float], AbstractContextManager[BinaryIO | None]]


def examine(path: Path, kept: Kept = lambda name, mtime: nullcontext(None)) -> Contents:
    """Read a backup to its end and check every digest; `kept` opens the file that each goes into. ZjtxError: it is none, or not whole."""
    with _sound(path), gzip.open(path, "rb") as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
        header = _header(path, tar)
        found, made, listed = {}, {}, None
        while member := tar.next():
            name = _safe(path, member, found)
            if listed is not None:
                raise ValueError(name)
            if name == LISTED:
                listed = _read(tar, member)["files"]
            else:
                found[name] = _copied(tar, member, kept, made)
        while packed.read(_CHUNK):
            pass  # its own check sum stands at the end
        if listed != found:
            raise ValueError(LISTED)
    return Contents(header, found, tuple(unfinished(found, made)))


def header_of(path: Path) -> dict[str, Any]:
    """Whose backup a file is; ZjtxError where it is none."""
    with _sound(path), gzip.open(path, "rb") as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
        return _header(path, tar)


@contextmanager
def _sound(path: Path):
    try:
        yield
    except FileNotFoundError as error:
        if error.filename == str(path):
            raise ZjtxError(f"找不到备份文件 {path}：请检查路径。") from None
        raise
    except IsADirectoryError:
        raise ZjtxError(f"{path} 是目录：请写明其中的一个备份文件。") from None
    except _BROKEN:
        raise ZjtxError(f"备份文件 {path} 不完整或已损坏：请换一份备份。") from None


def _header(path: Path, tar: tarfile.TarFile) -> dict[str, Any]:
    first = tar.next()
    if first is None or first.name != HEADER or not first.isfile():
        raise ZjtxError(f"{path} 不是本程序的备份：请选 zjtx backup 写出的文件。")
    header = _read(tar, first)
    if header["program"] != PROGRAM or header["format"] > FORMAT:
        raise ZjtxError(f"备份 {path} 是更新的程序（{header['version']}）建的：请先升级程序。")
    return header


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> dict[str, Any]:
    if member.size > _LARGEST_TOLD:
        raise ValueError(member.name)
    return json.loads(tar.extractfile(member).read())


def _safe(path: Path, member: tarfile.TarInfo, before: dict) -> str:
    """A member's name; ZjtxError where it would lead elsewhere, is no plain file, or comes twice."""
    name = PurePosixPath(member.name)
    within = not name.is_absolute() and ".." not in name.parts and name.as_posix() == member.name and "\\" not in member.name
    plain = member.type == tarfile.REGTYPE and member.sparse is None
    if not (within and plain and name.parts and member.name not in before):
        raise ZjtxError(f"备份 {path} 里有不该有的内容（{member.name[:80]}），可能被人改动过：请换一份备份。")
    return member.name


def _copied(tar: tarfile.TarFile, member: tarfile.TarInfo, kept: Kept, made: dict[str, bytes]) -> dict[str, Any]:
    hashed, told = Hashed(tar.extractfile(member)), io.BytesIO()
    is_told = PurePosixPath(member.name).match(MANIFESTS)
    with kept(member.name, member.mtime) as target:
        while chunk := hashed.read(_CHUNK):
            if target is not None:
                target.write(chunk)
            if is_told:
                told.write(chunk)
    if is_told:
        made[PurePosixPath(member.name).parent.as_posix()] = told.getvalue()
    return {"sha256": hashed.sha256.hexdigest(), "bytes": member.size}
