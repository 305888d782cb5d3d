"""Knows when the files of a folder have been edited, by looking again and again, which every file system allows; leaves what to
do then to the caller.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

LOOK = 0.1  # seconds between two looks


def of(folder: Path) -> Iterator[None]:
    """Once at the start and then after each edit, for ever; an edit that falls into the caller's work comes after it."""
    known = None
    while True:
        seen = _settled(folder)
        if seen != known:
            known = seen
            yield
        time.sleep(LOOK)


def _settled(folder: Path) -> dict[Path, tuple[int, int]]:
    """The folder as two looks in a row see it, so that no file is read while an editor is writing it."""
    seen, before = _look(folder), None
    while seen != before:
        time.sleep(LOOK)
        seen, before = _look(folder), seen
    return seen


def _look(folder: Path) -> dict[Path, tuple[int, int]]:
    """When each file was last written, and how long it is."""
    found = {}
    for path in folder.rglob("*"):
        try:
            stat = path.stat()
        except OSError:  # gone since it was listed, as an editor's own files are
            continue
        found[path] = (stat.st_mtime_ns, stat.st_size)
    return found
