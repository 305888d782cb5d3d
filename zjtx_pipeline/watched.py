"""Knows how a verb's process is watched from outside, so that a sudden end of it is told in a sentence; leaves its work to `cli`.

Where memory has run out, the kernel or a native library ends the process at once, and nobody is left in it to say so.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

_HANDED_ON = (signal.SIGTERM, signal.SIGHUP)
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


def watched(complain: Callable[[str], None], keep: Callable[[str], Path], own: tuple[int, ...]) -> int | None:
    """Part in two: the process that does the work gets None; the one that watches it returns, when it has ended, its exit code.

    Any end but with one of the verb's `own` codes is told by `complain`, one by a signal as 128 and its number; what libraries wrote about
    it is kept by `keep`.
    """
    aside = os.memfd_create("stderr of libraries")
    deaf = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one at work, who says what is done
    watcher, child = os.getpid(), os.fork()
    if child == 0:
        signal.signal(signal.SIGINT, deaf)
        _end_with(watcher)
        _set_aside(aside)
        return None
    for ending in _HANDED_ON:
        signal.signal(ending, lambda number, _: os.kill(child, number))
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in (*own, *(-ending for ending in (signal.SIGINT, *_HANDED_ON))):
        complain(_told(code, aside, keep))
    return code if code >= 0 else 128 - code


def _told(code: int, aside: int, keep: Callable[[str], Path]) -> str:
    sentence = "程序被系统中止，没有做完，多半是内存不足：请关闭其他程序或增加内存，再运行一次。已完成的文件都是完整的。"
    size = os.lseek(aside, 0, os.SEEK_END)
    written = os.pread(aside, size, 0).decode("utf-8", "replace")
    try:
        return f'{sentence}详情见 {keep(f"ended with {code}: {written}")}'
    except OSError:
        return sentence


def _end_with(watcher: int) -> None:
    """Let the one at work be killed when the one that watches it is."""
    import ctypes

    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != watcher:
        os._exit(128 + signal.SIGKILL)


def _set_aside(aside: int) -> None:
    """What is written on standard error by libraries, past Python, goes aside; what Python writes goes on as before."""
    terminal = os.dup(2)
    os.dup2(aside, 2)
    sys.stderr = open(terminal, "w", buffering=1, encoding=sys.stderr.encoding, errors=sys.stderr.errors)
