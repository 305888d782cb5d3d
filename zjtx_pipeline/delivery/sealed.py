"""Knows which files of a quarter can leave, exactly as its manifest has them, and whose they are; leaves letters to `letters`."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zjtx_pipeline import manifest, store
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.report import distribution
from zjtx_pipeline.report.synopsis import NAME as SYNOPSIS
from zjtx_pipeline.settings import Recipient, Settings

if TYPE_CHECKING:
    import pandas as pd

_LEAVING = (".pdf", ".xlsx")
_EVERY_REPORT = range(100)


@dataclass(frozen=True)
class Sealed:
    """A quarter's finished reports: `files` that can leave, by their names within the quarter, with SHA-256."""

    quarter: Quarter
    folder: Path
    revision: int | None
    files: dict[str, str]
    synopsis: dict[str, Any]

    def of(self, recipient: Recipient, settings: Settings) -> dict[str, str]:
        """What a recipient gets. ZjtxError: nothing, or what is made for their department is missing."""
        theirs = {name: sha256 for name, sha256 in sorted(self.files.items()) if _is_for(settings, recipient, name)}
        if recipient.department and not any(_distributed(name) for name in theirs):
            raise ZjtxError(f"{self.quarter} 的报告里没有{recipient.department}的分发材料：请重新运行 zjtx report {self.quarter}。")
        if not theirs:
            raise ZjtxError(f"{recipient.name}没有可发的报告：请检查 delivery.recipients 的 reports 和 department。")
        return theirs

    def content(self, name: str) -> bytes:
        """A file's bytes, which are those of the manifest still; ZjtxError where the reports have been made anew since."""
        path = self.folder / name
        content = path.read_bytes() if path.exists() else b""
        if hashlib.sha256(content).hexdigest() != self.files[name]:
            raise ZjtxError(f"{path.name} 在发送途中有了改动，其余的没有发送：请重新批准 {self.quarter} 的报告。")
        return content


def sealed(settings: Settings, home: Path, quarter: Quarter) -> Sealed:
    """A quarter's reports; ZjtxError where they are unfinished, a draft, another district's, or differ from their manifest."""
    folder = home / "reports" / str(quarter)
    content = _manifest(folder, quarter)
    _refuse_others(content.get("digests", {}), settings, quarter)
    listed = {output["name"]: output["sha256"] for output in content["outputs"]}
    for name in (each for each in listed if Path(each).suffix in _LEAVING or each == SYNOPSIS):
        path = folder / name
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != listed[name]:
            raise ZjtxError(f"{path.name} 与清单 manifest.json 不符：请重新运行 zjtx report {quarter}。")
    files = {name: sha256 for name, sha256 in listed.items() if Path(name).suffix in _LEAVING}
    synopsis = store.read_json(folder / SYNOPSIS) if SYNOPSIS in listed else {}
    return Sealed(quarter, folder, content.get("revision"), files, synopsis)


def _manifest(folder: Path, quarter: Quarter) -> dict[str, Any]:
    content = manifest.read(folder, quarter)
    if content is None:
        raise ZjtxError(f"{quarter} 还没有完整的报告：请先运行 zjtx report {quarter}。")
    if content["draft"]:
        raise ZjtxError(f"{quarter} 的报告是草稿（季度未结束），不能发送。")
    return content


def _refuse_others(made_for: dict[str, str], settings: Settings, quarter: Quarter) -> None:
    if made_for.get("district", settings.district_digest) != settings.district_digest:
        raise ZjtxError(f"{quarter} 的报告是另一个区县（或示例区）的，没有发送：请用本区县的 ZJTX_HOME，再运行 zjtx report {quarter}。")
    if made_for.get("audience", settings.audience.digest) != settings.audience.digest:
        raise ZjtxError(f"{quarter} 的分发材料不是按现在的 audience 配置做的：请重新运行 zjtx report {quarter}。")


def _distributed(name: str) -> bool:
    return name.startswith(f"{distribution.FOLDER}/")


def _is_for(settings: Settings, recipient: Recipient, name: str) -> bool:
    """Does a recipient get a file? What is made for a department goes to that department alone."""
    if not _distributed(name):
        wanted = recipient.reports if recipient.reports is not None or recipient.department else _EVERY_REPORT
        return int(name[:2]) in (wanted or ())
    if not recipient.department:
        return False
    own = (distribution.file_name(each, settings.rules) for each in (recipient.department, distribution.TOWNS))
    return name in (*own, *distribution.annex_names(recipient.department, settings.rules))


def tasks_of(recipient: Recipient, settings: Settings) -> frozenset[int]:
    """The tasks whose figures a recipient's files tell, all of them for who gets the overall report."""
    every = settings.rules.tasks
    if recipient.department:
        seen = settings.audience.sees(recipient.department, "tasks")
        own = {number for number, task in every.items() if seen and recipient.department in task.departments}
    else:
        own = set() if recipient.reports is not None else set(every)
    asked = set(recipient.reports or ())
    return frozenset(every) if 0 in asked else frozenset(own | asked & set(every))


def tells_any(name: str, figures: pd.DataFrame, settings: Settings) -> bool:
    """Does a file tell any of these figures, rows with indicator, part and breakdown (`revisions.FIGURE`)?"""
    if name == distribution.file_name(distribution.TOWNS, settings.rules):
        shown = (figures["indicator"] + figures["part"]).isin(distribution.town_figures(settings.rules))
        return bool((shown & figures["breakdown"].str.startswith(distribution.OF_A_TOWN)).any())
    return bool(figures["indicator"].str.slice(1, 3).astype("int").isin(_tasks_told(name, settings)).any())


def _tasks_told(name: str, settings: Settings) -> Collection[int]:
    """One of the fourteen reports its own, the overall report all, and what an earlier program called the whole."""
    if _distributed(name):
        return distribution.tasks_told(name, settings.rules, settings.audience)
    return {int(name[:2])} if name[:2].isdigit() and int(name[:2]) else settings.rules.tasks.keys()


def gets_overall(recipient: Recipient) -> bool:
    return 0 in (recipient.reports or ()) if recipient.reports is not None or recipient.department else True
