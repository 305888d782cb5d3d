"""Knows manifest.json: what a quarter was made of and which files came of it, each by its digest.

Leaves the files themselves to `outputs` and `report`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

from zjtx_pipeline import store
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.snapshots import SourceFile


def write_manifest(
    folder: Path,
    files: Sequence[Path],
    *,
    version: str,
    quarter: Quarter,
    draft: bool,
    due_on: date,
    known_on: date | None = None,
    revision: int | None = None,
    digests: Mapping[str, str],
    sources: Sequence[SourceFile],
) -> Path:
    """Write manifest.json beside the files it names; the same run gives the same bytes.

    `known_on`: the day as of which the quarter is told, None for all that was delivered. `revision`: how many times the
    quarter has come out otherwise, this one counted, None for a draft. `digests`: of rules, suites and templates. No
    clock, no machine, no path but file names stand in it.
    """
    manifest = {
        "version": version,
        "quarter": str(quarter),
        "draft": draft,
        "as_of": quarter.last_day.isoformat(),
        "data_deadline": due_on.isoformat(),
        "known_on": known_on and known_on.isoformat(),
        "revision": revision,
        "digests": dict(digests),
        "sources": [asdict(one) for one in sources],
        "outputs": [_output(path) for path in sorted(files, key=lambda path: path.name)],
    }
    return store.write_json(folder / "manifest.json", manifest)


def folder_digest(folder: Path) -> str:
    """SHA-256 over the names and contents of a folder's files, the same on every machine."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return store.digest(*(part for path in paths for part in (path.relative_to(folder).as_posix(), path.read_bytes())))


def _output(path: Path) -> dict[str, str | int]:
    content = path.read_bytes()
    return {"name": path.name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
