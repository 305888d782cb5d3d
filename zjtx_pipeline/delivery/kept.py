"""Knows where the files of what was issued lie for ever, as they were mailed; leaves to `reports/` what they are now."""

from __future__ import annotations

from pathlib import Path

from zjtx_pipeline import store
from zjtx_pipeline.delivery.sealed import Sealed
from zjtx_pipeline.ledger import Issue

FOLDER = "issued"


def keep(home: Path, found: Sealed, issue: Issue) -> None:
    """Lay down an issue's files before the first of its letters leaves, under `issued/<quarter>/<issue>`; once.

    ZjtxError where one of them has been made anew meanwhile.
    """
    folder = home / FOLDER / issue.quarter / issue.mark
    if folder.exists():
        return
    with store.new_folder(folder) as new:
        for name in found.files:
            store.write_bytes(new / name, found.content(name))
