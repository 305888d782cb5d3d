"""Knows how one report of a finished quarter, or a section of it, is printed again and again for whoever edits the templates.

Leaves composing it to `printing`, and when to print to the caller.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zjtx_pipeline import store
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.report import compose, distribution
from zjtx_pipeline.rules import Rules
from zjtx_pipeline.stages.gathering import OVERALL
from zjtx_pipeline.stages.printing import composed
from zjtx_pipeline.stages.run import Run

if TYPE_CHECKING:
    from zjtx_pipeline.report.model import Report, Section


@dataclass(frozen=True)
class Preview:
    """A composed report, the section of it that is looked at (None: all of it), and where its PDF lies."""

    run: Run
    report: Report
    section: Section | None
    path: Path

    def print(self, templates: Path) -> float:
        """Print it by the templates of a folder as they are now, in so many seconds.

        ZjtxError for a fault in them; the PDF then stays as it was.
        """
        from zjtx_pipeline.report import pages, pdf

        began = time.perf_counter()
        read, cover = pages.Templates(templates), self.report.cover
        page = read.html(self.report, self.section)
        content = pdf.render(page, name=f"{cover.number} {cover.full_title}", own_fonts=self.run.settings.fonts.named, seal=cover.seal, templates=read)
        store.write_bytes(self.path, content)
        return time.perf_counter() - began


def preview(run: Run, asked: str, kind: str = "") -> Preview:
    """A report of a quarter that has been made, from what its run left: `0` to `14`, or a department or 分镇街情况 by name; `kind`
    names the section.

    ZjtxError where there is no such report or section, or the quarter has not been made.
    """
    rules = run.settings.rules
    which = _which(rules, asked)
    report = composed(run, which)
    section = _section(report, kind) if kind else None
    file = compose.file_name(which, rules) if isinstance(which, int) else distribution.file_name(which, rules)
    name = "-".join(filter(None, [Path(file).stem, kind]))
    return Preview(run, report, section, run.home / "preview" / f"{name}.pdf")


def _which(rules: Rules, asked: str) -> int | str:
    if asked.isdecimal() and int(asked) in (OVERALL, *rules.tasks):
        return int(asked)
    name = rules.department(asked) or asked
    if name in distribution.recipients(rules):
        return name
    names = "、".join(distribution.recipients(rules))
    raise ZjtxError(f"没有报告“{asked}”：请写 0（总报告）、任务号 1 至 {max(rules.tasks)}，或 {names}。")


def _section(report: Report, kind: str) -> Section:
    every = [*getattr(report, "sections", ()), *report.annexes]
    for section in every:
        if section.kind == kind:
            return section
    known = "、".join(f"{section.kind}（{section.title}）" for section in every)
    raise ZjtxError(f"这份报告没有“{kind}”一节：可选 {known}。")
