"""Knows how the program `zjtx` begins and that Ctrl-C ends it in a sentence; leaves its verbs to `program`.

Nothing is imported before Ctrl-C is seen to, for a person may press it at once.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

UNWATCHED = ("ui", "serve")  # what serves until it is stopped has the service manager for that


def main(arguments: list[str] | None = None) -> int:
    """Run a verb and return the exit code: 2 for what the user can put right, 1 for a run that did not succeed."""
    from zjtx_pipeline.cli import program

    return program.main(arguments)


def run() -> int:
    """`main`, watched from outside; nothing of Ctrl-C reaches the user but a sentence."""
    import signal

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # `watched` hears it from here on
    from zjtx_pipeline.watched import interruptible, watched

    return interruptible(main, _complain) if sys.argv[1:2] and sys.argv[1] in UNWATCHED else watched(main, _complain, _keep)


def _complain(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _keep(text: str) -> Path:
    from zjtx_pipeline.cli import defects

    return defects.keep(text)
