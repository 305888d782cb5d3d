"""Knows how files go into a backup while a run may be writing others; leaves which to `contents`, the form to `archive`."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from zjtx_pipeline.backup.archive import HEADER, LISTED, Hashed
from zjtx_pipeline.backup.contents import File


def write(path: Path, header: dict[str, Any], files: Iterable[File]) -> None:
    """Write an archive, readable for its owner alone, and see that it is on the disk."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
        with gzip.GzipFile("", "wb", 6, raw) as packed, tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
            _told(tar, HEADER, header)
            _told(tar, LISTED, {"files": dict(filter(None, (_added(tar, each) for each in files)))})
        raw.flush()
        os.fsync(raw.fileno())


def _told(tar: tarfile.TarFile, name: str, content: dict) -> None:
    told = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode()
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(told), 0o600, int(time.time())
    tar.addfile(info, io.BytesIO(told))


def _added(tar: tarfile.TarFile, file: File) -> tuple[str, dict] | None:
    """Add a file as long as it is now, for a log may grow meanwhile; nothing where it has been taken away since it was listed."""
    try:
        opened = file.path.open("rb")
    except FileNotFoundError:
        return None
    with opened:
        kept, info = os.fstat(opened.fileno()), tarfile.TarInfo(file.name)
        info.size, info.mode, info.mtime = kept.st_size, 0o600, int(kept.st_mtime)
        hashed = Hashed(opened)
        tar.addfile(info, hashed)
    return file.name, {"sha256": hashed.sha256.hexdigest(), "bytes": info.size}
