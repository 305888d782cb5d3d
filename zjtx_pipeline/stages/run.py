"""Knows one quarter's run: whose district, which quarter, draft or not, and where its products lie.

Leaves its stages to the modules beside it. Tables and verdicts are immutable and lie under their digests; a run keeps,
in `work/<its name>/`, which of them it used, so that a stage can be run again by itself and gives the same bytes. Its
name is the quarter's, or `2024Q4@2025-01-15` where the quarter is told as it was known on a day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import NoReturn

from zjtx_pipeline import store
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.quarter import CHINA, Quarter
from zjtx_pipeline.settings import Settings, home

DISTRICT = "district.json"  # in a home: whose it is
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Run:
    """One quarter's run: whose district, which quarter, draft or not, and where its products lie.

    `as_of`: tell the quarter as it was known on that day, in a folder of its own; None: by all that was delivered.
    """

    settings: Settings
    quarter: Quarter
    draft: bool
    home: Path
    as_of: date | None = None

    @property
    def name(self) -> str:
        """What the run's folders are called."""
        return f"{self.quarter}@{self.as_of}" if self.as_of else str(self.quarter)

    @property
    def title(self) -> str:
        """How a person calls it."""
        told = f"（按 {self.as_of} 所知）" if self.as_of else ""
        return f"{self.quarter.chinese}{'（草稿）' if self.draft else ''}{told}"

    @property
    def work(self) -> Path:
        """Which snapshots and verdicts this quarter's run used, and what it measured."""
        return self.home / "work" / self.name

    @property
    def reports(self) -> Path:
        return self.home / "reports" / self.name

    @property
    def traces(self) -> Path:
        """Workbooks of single figures; not beside the reports, for some may not leave the office (datasets.md 5.4)."""
        return self.home / "trace" / self.name

    @property
    def returns(self) -> Path:
        """What goes back to each department, a folder a department: its own rows, and nobody else's (datasets.md 5.4)."""
        return self.home / "returns" / self.name

    @property
    def due_on(self) -> date:
        """The day by which departments have to deliver."""
        return self.settings.due_on(self.quarter)

    @property
    def dated_on(self) -> date:
        """The date that stands on the reports: the deadline, or the day as of which they tell; never the clock."""
        return self.as_of or self.due_on

    @property
    def key(self) -> tuple[str, str]:
        return str(self.home), self.name

    def pointer(self, kind: str, quarter: Quarter, table_id: str) -> Path:
        return self.work / kind / str(quarter) / f"{table_id}.json"


def day_named(text: str) -> date | None:
    """The day that a text such as `2025-01-15` names, None for no text; ZjtxError for anything else."""
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date() if _DAY.fullmatch(text) else _no_day(text)
    except ValueError:
        _no_day(text)


def _no_day(text: str) -> NoReturn:
    raise ZjtxError(f"“{text}”不是日期：请写成“2025-01-15”的样子。") from None


def open_run(
    settings: Settings, quarter: Quarter, draft: bool = False, today: date | None = None, as_of: date | None = None
) -> Run:
    """A quarter's run; ZjtxError where the quarter lies outside the plan, or has not ended and no draft is asked for.

    With `as_of` it is opened as on that day; ZjtxError where that day is still to come, or the home keeps another district's quarters.
    """
    today = today or datetime.now(CHINA).date()
    if as_of is not None and as_of > today:
        raise ZjtxError(f"{as_of} 还没有到：“按哪天所知”只能是今天或以前的日期。")
    today, now = as_of or today, f"{as_of} 那天" if as_of else "现在"
    known = settings.quarters
    if quarter not in known:
        raise ZjtxError(f"{quarter} 不在可出报告的季度之内：可选 {known[0]} 至 {known[-1]}。")
    if quarter.first_day > today:
        raise ZjtxError(f"{quarter} {now if as_of else ''}还没有开始，不能出报告。")
    if quarter.last_day >= today and not draft:
        raise ZjtxError(f"{quarter} 要到 {quarter.last_day} 才结束：{now}只能出草稿（--draft）。")
    _refuse_another(home(), settings)
    return Run(settings, quarter, draft and quarter.last_day >= today, home(), as_of)


def mark_home(run: Run) -> None:
    """Note whose a run's home is, where nobody has: from then on it is no other district's."""
    path = run.home / DISTRICT
    if not path.exists():
        store.write_json(path, {"district": run.settings.district, "sample": run.settings.sample})


def _refuse_another(folder: Path, settings: Settings) -> None:
    """ZjtxError where a home keeps another district's quarters, for they would be compared with and replaced."""
    kept = store.read_json(folder / DISTRICT) if (folder / DISTRICT).exists() else None
    if kept and _whose(**kept) != _whose(settings.district, settings.sample):
        raise ZjtxError(
            f"{folder} 里存的是{_whose(**kept)}的数据和报告，这次的配置是{_whose(settings.district, settings.sample)}：请把环境变量 ZJTX_HOME "
            f"设为另一个目录；如果只是区县改了名称，删去其中的 {DISTRICT} 再运行。"
        )


def _whose(district: str, sample: bool) -> str:
    return "示例区县" if sample else f"“{district}”"
