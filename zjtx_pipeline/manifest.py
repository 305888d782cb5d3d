"""Knows manifest.json: what a quarter was made of and which files came of it, each by its digest; and how a folder says that it is
between two of them, and what stopped its run.

Leaves the files themselves to `outputs` and `report`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from zjtx_pipeline import store
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.snapshots import SourceFile


NAME, UNFINISHED, STOPPED = "manifest.json", "尚未完成.txt", "阻断原因.txt"
_MIXED = "本文件夹里有文件已经重新生成，其余的可能还是上一次的，不能放在一起用；manifest.json 列的是上一次的文件。\n"
_FEW = "本文件夹里的报告还不齐。\n"
_STOPPED = "以下报送表有整表问题，这一季靠它的部分没有重新出；本文件夹里如有报告，是以前的。逐行原因请用 zjtx returns 查看；改好重报、重新运行后本说明自动消失。"
_REMEDY = "这一季的运行还没有走完最后一步，走完后本说明自动消失。如果现在没有运行，请重新运行这一季，或在界面里补跑没有完成的步骤。\n"


def write_output(folder: Path, name: str, content: bytes) -> Path:
    """Write a report; where the manifest does not name this very file, a word beside it says so until the next manifest."""
    if hashlib.sha256(content).hexdigest() not in {each["sha256"] for each in _listed(folder) if each["name"] == name}:
        mark_unfinished(folder)
    return store.write_bytes(folder / name, content)


def read(folder: Path, quarter: object) -> dict[str, Any] | None:
    """A quarter's manifest, None where there is none; ZjtxError where it is no whole one."""
    try:
        content = store.read_json(folder / NAME)
    except FileNotFoundError:
        return None
    except ZjtxError:
        content = None
    if not isinstance(content, dict) or not {"draft", "outputs"} <= content.keys():
        raise ZjtxError(f"清单 {folder / NAME} 损坏，读不出来（可能写入时断电，或被改动过）：请重新运行 zjtx report {quarter}。")
    return content


def _listed(folder: Path) -> list[dict[str, Any]]:
    """What a manifest names; nothing where it is damaged, for it is about to be made anew."""
    try:
        return (read(folder, folder.name) or {"outputs": []})["outputs"]
    except ZjtxError:
        return []


def mark_unfinished(folder: Path) -> None:
    """Say in the folder that its files do not belong together yet."""
    told = (_MIXED if (folder / NAME).exists() else _FEW) + _REMEDY
    store.write_bytes(folder / UNFINISHED, told.encode("utf-8-sig"))


def tell_stopped(folder: Path, reasons: Sequence[str]) -> None:
    """Say in the folder which tables stopped its run and how many rows of each were read; nothing is said where none does."""
    if reasons:
        store.write_bytes(folder / STOPPED, "\n".join([_STOPPED, *reasons, ""]).encode("utf-8-sig"))
    else:
        (folder / STOPPED).unlink(missing_ok=True)


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
    """Write manifest.json beside the files it names, and take away the word that it was wanting; the same run gives the same bytes.

    `known_on`: the day as of which the quarter is told, None for all that was delivered. `revision`: how many times the
    quarter has come out otherwise, this one counted, None for a draft. `digests`: of rules, suites, templates and the office's fonts. No
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
        "outputs": sorted((_output(folder, path) for path in files), key=lambda each: each["name"]),
    }
    listed = store.write_json(folder / NAME, manifest)
    (folder / UNFINISHED).unlink(missing_ok=True)
    return listed


def folder_digest(folder: Path) -> str:
    """SHA-256 over the names and contents of a folder's files, the same on every machine."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return store.digest(*(part for path in paths for part in (path.relative_to(folder).as_posix(), path.read_bytes())))


def _output(folder: Path, path: Path) -> dict[str, str | int]:
    content = path.read_bytes()
    return {"name": path.relative_to(folder).as_posix(), "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
