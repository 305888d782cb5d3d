"""Knows which files of which quarters can be opened, and who may see which; leaves making them to the pipeline.

A file is served where its quarter's manifest.json names it and it is that very file: nothing else in the folder, nothing outside.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import NamedTuple

from zjtx_pipeline.door.refusals import Refused
from zjtx_pipeline.door.roles import Action
from zjtx_pipeline.quarter import Quarter

_FOLDER = re.compile(r"([0-9]{4}Q[1-4])(?:@([0-9]{4}-[0-9]{2}-[0-9]{2}))?")
_FOR_ALL = re.compile(r"[0-9]{2}-[^/]+\.pdf")  # the fifteen reports name no firm; what lies beside them may (decision 10)
TYPES = {".pdf": "application/pdf", ".csv": "text/csv; charset=utf-8"}
OTHER = "application/octet-stream"


class Shelved(NamedTuple):
    """A file that the manifest names; `size` in bytes."""

    name: str
    size: int
    digest: str

    @property
    def action(self) -> Action:
        return Action.READ_REPORT if _FOR_ALL.fullmatch(self.name) else Action.READ_FIRMS


class Folder(NamedTuple):
    """One quarter's, or that quarter as it was known on a day."""

    name: str
    title: str
    files: list[Shelved]


class Shelf:
    def __init__(self, home: Path) -> None:
        self.root = home / "reports"

    def folders(self) -> list[Folder]:
        """The latest quarter first."""
        names = [path.name for path in self.root.iterdir()] if self.root.is_dir() else []
        found = [self._folder(name) for name in sorted(names, reverse=True) if _FOLDER.fullmatch(name)]
        return [folder for folder in found if folder is not None]

    def take(self, folder: str, name: str) -> tuple[Shelved, bytes]:
        """A file and its content; Refused: the manifest does not name it, or what lies there is another."""
        shelved = self.find(folder, name)
        try:
            content = (self.root / folder / name).read_bytes()
        except OSError:
            content = b""
        if hashlib.sha256(content).hexdigest() != shelved.digest:
            raise Refused(409, "这一季正在重新生成，或文件已被改动，请在运行完成后再打开。")
        return shelved, content

    def find(self, folder: str, name: str) -> Shelved:
        found = self._folder(folder) if _FOLDER.fullmatch(folder) else None
        named = [each for each in (found.files if found else []) if each.name == name]
        if not named:
            raise Refused(404, "没有这个文件。")
        return named[0]

    def _folder(self, name: str) -> Folder | None:
        try:
            manifest = json.loads((self.root / name / "manifest.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        quarter, day = _FOLDER.fullmatch(name).groups()
        told = ("（草稿）" if manifest.get("draft") else "") + (f"（按 {day} 所知）" if day else "")
        files = [Shelved(each["name"], each["bytes"], each["sha256"]) for each in manifest["outputs"]]
        return Folder(name, Quarter.parse(quarter).chinese + told, [each for each in files if ".." not in each.name.split("/")])
