"""Knows how one second process works ahead on what a run will ask for later; leaves the work itself to the stages.

What it makes is kept under digests or handed back, never half-written; what it does not answer, the run does itself.
One process a run at most, so that the heavy libraries are imported twice, not once a step.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

_PATIENCE = 0.5  # seconds between two looks at whether the run still lives


class Worker:
    """The second process; nothing is started before something is asked of it."""

    def __init__(self) -> None:
        self.began = time.time()
        self._pool: ProcessPoolExecutor | None = None
        self._asked: set[Hashable] = set()
        self._begun: dict[Hashable, Future] = {}
        self._children: set[multiprocessing.Process] = set()

    def ask(self, name: Hashable, work: Callable, *arguments: Any) -> None:
        """Let the second process do a piece of work, once, after those asked of it before."""
        if len(os.sched_getaffinity(0)) < 2 or name in self._asked:
            return
        self._asked.add(name)
        others = set(multiprocessing.active_children())
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, context, initializer=_live_with_parent)
        try:
            self._begun[name] = self._pool.submit(work, *arguments)
        except RuntimeError:  # the process has died: the run goes on alone
            self._begun.clear()
        self._children |= set(multiprocessing.active_children()) - others

    def answer(self, name: Hashable) -> Any:
        """What came of it, waiting if it is under way; None if it was not begun or failed."""
        future = self._begun.pop(name, None)
        if future is None or future.cancel():
            return None
        return None if future.exception() else future.result()

    def end(self) -> None:
        """End the second process at once, whatever it is at."""
        for child in self._children:
            child.terminate()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


def _live_with_parent() -> None:
    """A worker does not outlive its run's death, and leaves Ctrl-C to the run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while multiprocessing.parent_process().is_alive():
            time.sleep(_PATIENCE)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


class _Idle(Worker):
    """Stands in where a run has no second process: it takes nothing on, and answers nothing."""

    def ask(self, name: Hashable, work: Callable, *arguments: Any) -> None:
        pass


IDLE = _Idle()
_WORKERS: dict[Hashable, Worker] = {}


def of(run: Hashable) -> Worker | None:
    """The worker of a run that has one."""
    return _WORKERS.get(run)


def begin(run: Hashable) -> Worker:
    """A fresh worker for a run that starts from its beginning."""
    end(run)
    _WORKERS[run] = Worker()
    return _WORKERS[run]


def end(run: Hashable) -> None:
    """End a run's worker, if it has one."""
    worker = _WORKERS.pop(run, None)
    if worker is not None:
        worker.end()


def end_all() -> None:
    for run in list(_WORKERS):
        end(run)
