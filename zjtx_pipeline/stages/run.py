"""Knows one quarter's run: whose district, which quarter, draft or not, and where its products lie.

Leaves its stages to the modules beside it. Tables and verdicts are immutable and lie under their digests; a run keeps,
in `work/<its quarter>/`, which of them it used, so that a stage can be run again by itself and gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import Settings, home
from zjtx_pipeline.workdays import workday_after

CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class Run:
    """One quarter's run: whose district, which quarter, draft or not, and where its products lie."""

    settings: Settings
    quarter: Quarter
    draft: bool
    home: Path

    @property
    def work(self) -> Path:
        """Which snapshots and verdicts this quarter's run used, and what it measured."""
        return self.home / "work" / str(self.quarter)

    @property
    def reports(self) -> Path:
        return self.home / "reports" / str(self.quarter)

    @property
    def traces(self) -> Path:
        """Workbooks of single figures; not beside the reports, for some may not leave the office (datasets.md 5.4)."""
        return self.home / "trace" / str(self.quarter)

    @property
    def returns(self) -> Path:
        """What goes back to each department, a folder a department: its own rows, and nobody else's (datasets.md 5.4)."""
        return self.home / "returns" / str(self.quarter)

    @property
    def due_on(self) -> date:
        """The day by which departments have to deliver; the date that stands on the reports."""
        return workday_after(self.quarter, self.settings.delivery_deadline_workday)

    @property
    def key(self) -> tuple[str, str]:
        return str(self.home), str(self.quarter)

    def pointer(self, kind: str, quarter: Quarter, table_id: str) -> Path:
        return self.work / kind / str(quarter) / f"{table_id}.json"


def open_run(settings: Settings, quarter: Quarter, draft: bool = False, today: date | None = None) -> Run:
    """A quarter's run; ZjtxError where the quarter lies outside the plan, or has not ended and no draft is asked for."""
    today = today or datetime.now(CHINA).date()
    known = settings.quarters
    if quarter not in known:
        raise ZjtxError(f"{quarter} 不在可出报告的季度之内：可选 {known[0]} 至 {known[-1]}。")
    if quarter.first_day > today:
        raise ZjtxError(f"{quarter} 还没有开始，不能出报告。")
    if quarter.last_day >= today and not draft:
        raise ZjtxError(f"{quarter} 要到 {quarter.last_day} 才结束：现在只能出草稿（--draft）。")
    return Run(settings, quarter, draft and quarter.last_day >= today, home())
