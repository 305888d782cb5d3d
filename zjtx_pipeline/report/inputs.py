"""Knows what a report is made from: one quarter's results as the rooms behind left them.

Leaves wording to the modules that compose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import pandas as pd

from zjtx_pipeline.progress import Progress
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.report.formats import day, listed
from zjtx_pipeline.report.grounds import Notice
from zjtx_pipeline.rules import Rules
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.snapshots import SourceFile
from zjtx_pipeline.unfilled import title_of
from zjtx_pipeline.verdicts import ABSENT, UNDELIVERED, UNUSABLE


_ABSENCE = {UNDELIVERED: UNDELIVERED, UNUSABLE: "报来而不能用"}


class Measured:
    """A quarter's progress by indicator, part and breakdown."""

    def __init__(self, progress: Iterable[Progress]):
        self._found = {(each.figure.indicator, each.figure.part, each.figure.breakdown): each for each in progress}

    def get(self, indicator: str, part: str, breakdown: str = "") -> Progress | None:
        return self._found.get((indicator, part, breakdown))


@dataclass(frozen=True, eq=False)
class ReportInputs:
    """One quarter's results.

    `progress_before` is None where there is no quarter before; `awards` as `awards.units` gives them, `tiers` as
    `tiers.titles`; `findings` and `counts` as `validate` gives them, all tables together; `texts` D26's accepted rows;
    `status` and `missing` by table id, `status` also of columns that nobody fills, as `books` has it; `due_on` the day up to which deliveries count and the date of the
    report: the deadline, or the day as of which it is told; `firms_behind` how many firms stand behind a sum of tax or business figures, by figure id (datasets.md 5.4);
    `retold`: as it was known on a day gone by, not as it stands; `unreviewed` the readings that the second opinion does not follow. `flows`, `watchlist`, `effects`,
    `candidates` as the rooms of those names give them; None where nobody made them. `notices`: the quarter's 更正说明, by number; `edition` the mark of all reports made of the same.
    """

    rules: Rules
    settings: Settings
    quarter: Quarter
    due_on: date
    progress: Sequence[Progress]
    progress_before: Sequence[Progress] | None
    awards: pd.DataFrame
    tiers: pd.DataFrame
    findings: pd.DataFrame
    counts: pd.DataFrame
    texts: pd.DataFrame
    sources: Sequence[SourceFile]
    status: Mapping[str, str]
    version: str
    draft: bool = False
    retold: bool = False
    missing: Mapping[str, Sequence[str]] = field(default_factory=dict)
    firms_behind: Mapping[str, int] = field(default_factory=dict)
    unreviewed: Sequence[str] = ()
    flows: pd.DataFrame | None = None
    watchlist: pd.DataFrame | None = None
    effects: pd.DataFrame | None = None
    candidates: pd.DataFrame | None = None
    notices: Sequence[Notice] = ()
    edition: str = ""

    @cached_property
    def now(self) -> Measured:
        return Measured(self.progress)

    @cached_property
    def before(self) -> Measured | None:
        return None if self.progress_before is None else Measured(self.progress_before)

    def undelivered(self, needs: Iterable[str]) -> tuple[str, ...]:
        """Those of some tables that nobody delivered, of some columns that nobody fills."""
        return tuple(need for need in needs if self.status.get(need) in ABSENT)

    def absence(self, needs: Iterable[str], most: int | None = None) -> str:
        """`截至2025年1月15日未报送：D15_数字化改造、D20_人才就业(汇总)（区人社局）`, at most so many named; empty where nothing is
        missing."""
        absent = self.undelivered(needs)
        told = {why: dict.fromkeys(title_of(need) for need in absent if self.status[need] == why) for why in ABSENT}
        said = [f"{_ABSENCE[why]}：{listed(list(titles), most, '张表')}" for why, titles in told.items() if titles]
        return f"截至{day(self.due_on)}{'；'.join(said)}" if said else ""

    def then(self, indicator: str, part: str, breakdown: str = "") -> Progress | None:
        """The same figure a quarter ago."""
        return None if self.before is None else self.before.get(indicator, part, breakdown)
