"""Knows where a trace of what the program did wrong is kept, for whoever mends it: the user gets the file's name."""

from __future__ import annotations

import sys
import traceback
from datetime import datetime
from pathlib import Path

from zjtx_pipeline import journal
from zjtx_pipeline.errors import mendable
from zjtx_pipeline.settings import home


def keep(text: str) -> Path:
    """Write a trace to the log of the verbs, after when and what was called; OSError where that cannot be."""
    now = datetime.now().isoformat(timespec="seconds")
    return journal.write(home() / "zjtx.log", f"---- {now} zjtx {' '.join(sys.argv[1:])}\n{text}\n")


def told() -> str:
    """Where the trace of the error in hand is kept; on a full disk it is not, and that is what is wrong."""
    return f"程序内部出错，{kept(traceback.format_exc())}"


def kept(trace: str) -> str:
    """Where a trace is kept, or why it is not."""
    try:
        return f"详情见 {keep(trace)}"
    except OSError as refused:
        return f"记录也写不进去：{mendable(refused) or '请检查 ZJTX_HOME 的权限。'}"
