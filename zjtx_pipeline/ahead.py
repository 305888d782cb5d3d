"""Knows how one second process works ahead on what a run will ask for later; leaves the work itself to the stages.

What it makes is kept under digests or handed back, never half-written; what it does not answer, the run does itself.
One process a run at most, so that the heavy libraries are imported twice, not once a step.
"""

from __future__ import annotations

import multiprocessing
import os
import pkgutil
import signal
import threading
import time
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import Any

from zjtx_pipeline import collector

_LOOK = 0.5  # seconds between two looks at whether the run still lives
_GRACE = 0.5  # seconds for what is all but done
_MOST = 1 << 16  # pieces of work that one process may be asked for


class _Second:
    """The second process, and which pieces of work either side has taken on: whoever claims one first does it."""

    def __init__(self, load: str) -> None:
        context = multiprocessing.get_context("spawn")
        self.claims = context.Array("b", _MOST)
        self.asked = 0
        self.outlives_runs = bool(load)  # who has it got ready for runs to come also ends it
        others = set(multiprocessing.active_children())
        self._pool = ProcessPoolExecutor(1, context, initializer=_begin, initargs=(self.claims, load))
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # inherited: Ctrl-C is the run's affair from the start
        try:
            self._last = self._pool.submit(os.getpid)  # a pool starts its process with its first piece of work
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._children = set(multiprocessing.active_children()) - others

    def submit(self, work: Callable, *arguments: Any) -> tuple[int, Future]:
        """RuntimeError where the process has died, or has been asked for as much as it may be."""
        if self.asked == _MOST:
            raise RuntimeError("asked for too much")
        number, self.asked = self.asked, self.asked + 1
        self._last = self._pool.submit(_unless_claimed, number, work, arguments)
        return number, self._last

    def is_idle(self) -> bool:
        """Has it nothing left to do, or nothing worth waiting for?"""
        return bool(wait([self._last], _GRACE).done) and self._last.exception() is None

    def end(self) -> None:
        """End it at once, whatever it is at: by a signal that cannot be ignored, as it is where a shell starts us in the
        background and Dagster gives SIGTERM the way of SIGINT. What it makes is whole or not there."""
        for child in self._children:
            child.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)


class Worker:
    """What one run has asked of the second process."""

    def __init__(self) -> None:
        self.began = time.time()
        self._second: _Second | None = None
        self._asked: set[Hashable] = set()
        self._begun: dict[Hashable, tuple[int, Future]] = {}

    def ask(self, name: Hashable, work: Callable, *arguments: Any) -> None:
        """Let the second process do a piece of work, once, after those asked of it before."""
        if not _is_possible() or name in self._asked:
            return
        self._asked.add(name)
        try:
            if self._second is None:
                self._second = _READY.pop() if _READY else _Second("")
            self._begun[name] = self._second.submit(work, *arguments)
        except (OSError, RuntimeError):  # none can be started, or it has died: the run goes on alone
            pass

    def answer(self, name: Hashable) -> Any:
        """What came of it, waiting if it is under way; None if it was not begun or failed."""
        if name not in self._begun:
            return None
        number, future = self._begun.pop(name)
        if _claim(self._second.claims, number):
            return None
        return None if future.exception() else future.result()

    def saw(self, paths: Iterable[Path]) -> bool:
        """Have all these files been written since the run began?"""
        return are_since(self.began, paths)

    def end(self) -> None:
        """Let go of the second process: it ends, but for one got ready for all runs that has nothing left to do."""
        if self._second is None:
            return
        for number, _ in self._begun.values():
            _claim(self._second.claims, number)
        if self._second.outlives_runs and self._second.is_idle():
            _READY.append(self._second)
        else:
            self._second.end()


def are_since(began: float, paths: Iterable[Path]) -> bool:
    """Have all these files been written since a moment?"""
    return all(path.exists() and path.stat().st_mtime >= began for path in paths)


def _is_possible() -> bool:
    return len(os.sched_getaffinity(0)) > 1


def _claim(claims, number: int) -> bool:
    """Is a piece of work free? Then it is the caller's; so it is where nobody lets go of the claims any more."""
    lock = claims.get_lock()
    if not lock.acquire(timeout=_GRACE):
        return True
    try:
        free, claims[number] = not claims[number], 1
        return free
    finally:
        lock.release()


_OWN: list = []  # in the second process: the claims


def _begin(claims, load: str) -> None:
    """A worker does not outlive its run's death."""

    def watch() -> None:
        while multiprocessing.parent_process().is_alive():
            time.sleep(_LOOK)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
    _OWN.append(claims)
    if load:
        pkgutil.resolve_name(load)()
        collector.keep_what_is_loaded()


def _unless_claimed(number: int, work: Callable, arguments: tuple) -> Any:
    return work(*arguments) if _claim(_OWN[0], number) else None


class _Idle(Worker):
    """Stands in where a run has no second process: it takes nothing on, answers nothing, and saw nothing begin."""

    def ask(self, name: Hashable, work: Callable, *arguments: Any) -> None:
        pass

    def saw(self, paths: Iterable[Path]) -> bool:
        return False


IDLE = _Idle()
_READY: list[_Second] = []  # at most one, that no run has now
_WORKERS: dict[Hashable, Worker] = {}


def get_ready(load: str) -> None:
    """Start the second process of the runs to come, which calls `load`, such as `package.module:function`, so that its
    imports go on beside their own. After the last, `end_all`."""
    if _is_possible() and not _READY:
        with suppress(OSError):
            _READY.append(_Second(load))


def of(run: Hashable) -> Worker | None:
    """The worker of a run that has one."""
    return _WORKERS.get(run)


def begin(run: Hashable) -> Worker:
    """A fresh worker for a run that starts from its beginning."""
    end(run)
    _WORKERS[run] = Worker()
    return _WORKERS[run]


def end(run: Hashable) -> None:
    """Let a run's worker go, if it has one."""
    worker = _WORKERS.pop(run, None)
    if worker is not None:
        worker.end()


def end_runs() -> None:
    """Let go of what the runs of this process have asked for, however they ended."""
    for run in list(_WORKERS):
        end(run)


def end_all() -> None:
    """End every second process: no run follows."""
    end_runs()
    while _READY:
        _READY.pop().end()
