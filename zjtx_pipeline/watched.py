"""Knows how a verb's process is watched from outside, so that a sudden end of it is told in a sentence, and how Ctrl-C ends it.

Leaves its work to `cli`.

Where memory has run out, the kernel or a native library ends the process at once, and nobody is left in it to say so.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType

from zjtx_pipeline.errors import MORE_MEMORY

_HEARD = (signal.SIGINT, signal.SIGCHLD)
_BY_TERMINAL = 0x80  # SI_KERNEL of sigaction(2)
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)
INTERRUPTED = 130  # what shells, and typer, make of Ctrl-C
ABORTED = "已中止。已完成的文件都是完整的，再运行一次即可继续。"
_ONE_PRESS = 1.0  # seconds in which the same Ctrl-C may come twice: from the terminal, and from the watcher
_SUDDEN = f"程序被系统中止，没有做完，多半是内存不足：{MORE_MEMORY}"


def watched(work: Callable[[], int], complain: Callable[[str], None], keep: Callable[[str], Path]) -> int:
    """Do the work in a process of its own, and return its exit code: that of `work`, or 128 and the number of the signal that ended it.

    An end without a word of its own is told by `complain`; what libraries wrote about an end in failure is kept by `keep`.
    """
    aside, done, watcher = os.memfd_create("stderr of libraries"), os.memfd_create("done"), os.getpid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # else its end goes unheard where whoever started us ignores children
    signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
    child = os.fork()
    if child == 0:
        _end_with(watcher)
        _set_aside(aside)
        return _marked(lambda: interruptible(work, complain), done)
    code = os.waitstatus_to_exitcode(_status_of(child))
    written = _kept(aside, code, keep) if code else ""
    if os.fstat(done).st_size == 0 and code not in (-signal.SIGINT, -signal.SIGTERM):
        complain(_SUDDEN + written)
    return code if code >= 0 else 128 - code


def interruptible(work: Callable[[], int], complain: Callable[[str], None]) -> int:
    """The work's code, or 130 where Ctrl-C ended it, which `complain` then tells. Ctrl-C is to be blocked before, and is unheard after."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else whoever started us wants it unheard
        signal.signal(signal.SIGINT, _interrupt)
    try:
        code = _worked(work)
    except KeyboardInterrupt:
        code = None
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if code is None:
        complain(ABORTED)
    return INTERRUPTED if code is None else code


def _worked(work: Callable[[], int]) -> int | None:
    """The work's code; None where Ctrl-C ended it."""
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
        return work()
    except KeyboardInterrupt:
        return None


_presses: list[float] = []


def was_interrupted() -> bool:
    """Has Ctrl-C been heard?"""
    return bool(_presses)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End what is under way; again, if it is pressed again, but not for ever: then what is said of it would be cut short."""
    now = time.monotonic()
    if _presses and (now - _presses[-1] < _ONE_PRESS or len(_presses) > 1):
        return
    _presses.append(now)
    raise KeyboardInterrupt


def _marked(work: Callable[[], int], done: int) -> int:
    """The work's code, with a mark that it has said what there was to say."""
    try:
        code = work()
    except Exception as error:  # raised in telling of another: there was no memory left for that either
        _write_aside(type(error), error, error.__traceback__)
        os._exit(1)
    os.write(done, b"1")
    return code


def _status_of(child: int) -> int:
    """How it ended. Who interrupts the watcher interrupts it; Ctrl-C on a terminal it hears by itself. Any other signal ends the
    watcher, and it too."""
    while True:
        heard = signal.sigwaitinfo(_HEARD)
        if heard.si_signo == signal.SIGCHLD:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return status
        elif heard.si_code != _BY_TERMINAL:
            os.kill(child, signal.SIGINT)


def _kept(aside: int, code: int, keep: Callable[[str], Path]) -> str:
    """Where what libraries wrote is kept, as a sentence; empty where they wrote nothing on an end of its own, or nothing can be kept."""
    written = os.pread(aside, os.lseek(aside, 0, os.SEEK_END), 0).decode("utf-8", "replace")
    if not written and code > 0:
        return ""
    try:
        return f"详情见 {keep(f'ended with {code}: {written}')}"
    except OSError:
        return ""


def _end_with(watcher: int) -> None:
    """Let the one at work be killed when the one that watches it ends."""
    import ctypes

    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != watcher:
        os._exit(128 + signal.SIGKILL)


def _set_aside(aside: int) -> None:
    """What libraries write on standard error, past Python, goes aside, as do the traces of errors that nobody can catch, in a thread or while an
    object ends; what Python writes goes on as before."""
    if sys.stderr is None:
        return
    terminal = os.dup(2)
    os.dup2(aside, 2)
    sys.stderr = open(terminal, "w", buffering=1, encoding=sys.stderr.encoding, errors=sys.stderr.errors)
    threading.excepthook = sys.unraisablehook = lambda told: _write_aside(told.exc_type, told.exc_value, told.exc_traceback)


def _write_aside(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    os.write(2, "".join(traceback.format_exception(kind, error, trace)).encode("utf-8", "replace"))
