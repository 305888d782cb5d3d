"""Knows how the guarded child answers: one request after another, under limits that the kernel keeps.

Leaves opening files to `workbook` and `text`, what becomes of an answer to `sources.guard`.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
import time
from typing import Any, BinaryIO

from zjtx_pipeline.untrusted.cells import BETWEEN, OUT_OF_MEMORY

_PATIENCE = 0.5  # seconds between two looks at whether the run still lives


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer until nobody asks any more. A request: a line of JSON, then as many bytes as it says."""
    _live_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    while line := source.readline():
        request = json.loads(line)
        content = source.read(request.pop("size"))
        _limit(request.pop("memory"), request.pop("seconds"))
        said, packed = _answered(content, **request)
        signal.setitimer(signal.ITIMER_PROF, 0)
        said["size"] = len(packed)
        sink.write(json.dumps(said).encode() + b"\n" + packed)
        sink.flush()


def _limit(memory: int, seconds: float) -> None:
    """What the kernel ends the child for: more memory than this, more time on a core than this."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _answered(content: bytes, task: str, **asked: Any) -> tuple[dict[str, Any], bytes]:
    """What a task found, and its cells, of which each text may hold several."""
    try:
        said, cells = _TASKS[task](content, **asked)
        return said, BETWEEN.join(cells).encode("utf-8", "replace")
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


def _workbook(content: bytes, **asked: Any):
    from zjtx_pipeline.untrusted.workbook import opened

    return opened(content, **asked)


def _text(content: bytes, **asked: Any):
    from zjtx_pipeline.untrusted.text import opened

    return opened(content, **asked)


_TASKS = {"workbook": _workbook, "text": _text}


def _live_with_parent() -> None:
    """The child does not outlive its run's death, and leaves Ctrl-C to the run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PATIENCE)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    serve(sys.stdin.buffer, sys.stdout.buffer)
