"""Knows that one run of a quarter works at a time in a home, whatever started it, and one service; leaves the waiting to whoever comes second.

A lock of the operating system: it ends with its process, however that ends.
"""

from __future__ import annotations

import fcntl
import re
from collections.abc import Callable
from pathlib import Path
from typing import IO

from zjtx_pipeline.errors import ZjtxError

SERVICE = "service.lock"
_PLAIN = re.compile(r"[0-9A-Za-z][0-9A-Za-z@-]*")


def take(home: Path, name: str, wait: Callable[[], None] = lambda: None) -> IO[str]:
    """The turn of the run of that name (a quarter's, or `2024Q4@2025-01-15`), until what is returned is closed; `wait` is called once
    where another has it. ValueError: a name that is no plain one, and would lead elsewhere."""
    if not _PLAIN.fullmatch(name):
        raise ValueError(f"no name of a run: {name!r}")
    path = home / "work" / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        wait()
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def serve_alone(home: Path, called: str) -> IO[str]:
    """The right to serve a home, until what is returned is closed; `called` is what another is told of. ZjtxError: another has it."""
    home.mkdir(parents=True, exist_ok=True)
    lock = (home / SERVICE).open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        with lock:
            raise ZjtxError(f"产物目录 {home} 的服务已经在运行（{lock.read().strip()}）：一个产物目录只能开一个，请用已经打开的，或先结束它。") from None
    lock.truncate(0)
    lock.write(called)
    lock.flush()
    return lock
