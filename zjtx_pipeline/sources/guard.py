"""Knows the child process that opens untrusted files: its limits, its life, and what its death means.

Leaves formats to `untrusted`, which runs in the child. One child a process, begun when first needed, begun anew when
it has died; it has no environment, so no secret to give away, and answers plain text, never objects.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zjtx_pipeline
from zjtx_pipeline.untrusted.cells import BETWEEN, OUT_OF_MEMORY

MIB = 1 << 20
MEMORY, MEMORY_A_BYTE, MOST_MEMORY = 256 * MIB, 40, 2048 * MIB  # a small file has no business needing more
SECONDS, SECONDS_A_MIB, MOST_SECONDS = 6.0, 2.0, 120.0  # on a core: a slow machine changes no outcome
PATIENCE = 6  # by the clock, so many times the seconds on a core
MOST_ANSWER = 512 * MIB
_GRACE = 0.2  # seconds for a child that is about to die anyway
_TOO_LONG = "读这份文件用时过长，已停止：请把数据复制到新文件，删去无关的工作表和格式，另存后重报。"
_TOO_LARGE = "读这份文件用的内存过大，已停止（多因很远处有零散单元格，范围过大）：请把数据复制到新文件，另存后重报。"
_BROKEN = "读这份文件时读取程序中断（文件多半已损坏）：请用 Excel 打开检查，另存后重报。"
_ENTRY = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from zjtx_pipeline.untrusted.child import main; main()"


@dataclass(frozen=True)
class Answer:
    """What the child found: `said`, plain values; `cells`, all cells in their order; or `fault`, a sentence."""

    said: dict[str, Any]
    cells: list[str]
    fault: str = ""


class Unanswered(Exception):
    """The child died or said what it could not have said; the sentence says what that means for the file."""


def opened(task: str, content: bytes, **asked: Any) -> Answer:
    """Let the child open a file; whatever the file does, an answer comes within the limits."""
    with _LOCK:
        try:
            said, cells = _child().ask(task, content, asked)
        except Unanswered as why:
            end()
            return Answer({}, [], str(why))
    return Answer(said, cells, str(said.get("fault", "")))


def limits(size: int) -> tuple[int, float]:
    """Bytes of memory and seconds on a core that a file of a size may cost."""
    memory = min(MEMORY + MEMORY_A_BYTE * size, MOST_MEMORY)
    return memory, min(SECONDS + SECONDS_A_MIB * size / MIB, MOST_SECONDS)


class _Child:
    """A running child; `owner` is the process that began it, for a fork must not use another's pipes."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        paths = [str(Path(zjtx_pipeline.__file__).parents[1]), *filter(None, sys.path)]
        command = [sys.executable, "-I", "-S", "-c", _ENTRY, json.dumps(paths)]
        environment = {"MALLOC_ARENA_MAX": "1"}  # each arena would claim 64 MiB of the memory allowed
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, env=environment, cwd="/", **pipes)
        self.pid = self._process.pid

    def is_alive(self) -> bool:
        return self.owner == os.getpid() and self._process.poll() is None

    def ask(self, task: str, content: bytes, asked: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """One request and its answer; Unanswered where the child died over it."""
        memory, seconds = limits(len(content))
        request = {"task": task, "size": len(content), "memory": memory, "seconds": seconds, **asked}
        clock = threading.Timer(seconds * PATIENCE, self._process.kill)
        clock.daemon = True
        clock.start()
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.write(content)
            self._process.stdin.flush()
            return self._answer()
        except (OSError, ValueError, KeyError, TypeError, AttributeError):  # a broken pipe, half an answer, no JSON
            raise Unanswered(self._cause()) from None
        except BaseException:  # interrupted: an answer that nobody waits for must not be the next one's
            self._process.kill()
            self._process.wait()
            raise
        finally:
            clock.cancel()

    def _answer(self) -> tuple[dict[str, Any], list[str]]:
        line = self._process.stdout.readline(MOST_ANSWER)
        said = json.loads(line)
        size = said.pop("size")
        packed = self._process.stdout.read(size) if 0 <= size <= MOST_ANSWER else b""
        if len(packed) != size:
            raise ValueError("half an answer")
        return said, packed.decode().split(BETWEEN) if packed else []

    def _cause(self) -> str:
        """The sentence for its end, by how it died."""
        status = None if self.end() else self._process.returncode  # one that lives on makes no sense
        if status in (-signal.SIGPROF, -signal.SIGKILL):
            return _TOO_LONG
        return _TOO_LARGE if status in (-signal.SIGABRT, OUT_OF_MEMORY) else _BROKEN

    def end(self) -> bool:
        """End the child at once, unless it has died already, and keep how; True where it had to be killed."""
        if self.owner != os.getpid():
            return False
        killed = False
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            killed = True
            self._process.kill()  # it may have been born deaf to SIGTERM (`ahead`)
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                pipe.close()
            except OSError:  # what was still to be written has nobody to read it
                pass
        return killed


_LOCK = threading.Lock()
_CHILDREN: list[_Child] = []


def _child() -> _Child:
    if not _CHILDREN or not _CHILDREN[0].is_alive():
        end()
        _CHILDREN.append(_Child())
    return _CHILDREN[0]


def child_pid() -> int | None:
    """The child's process id, while there is one."""
    return _CHILDREN[0].pid if _CHILDREN else None


def end() -> None:
    """End the child, if there is one; the next file begins another."""
    while _CHILDREN:
        _CHILDREN.pop().end()


atexit.register(end)
