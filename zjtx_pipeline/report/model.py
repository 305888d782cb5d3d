"""Knows what a report says: the frozen models that templates see, made of the lines of `rows`.

Leaves making them to `compose`, and paper to `pages` and `pdf`.
"""

from __future__ import annotations

from dataclasses import dataclass

from zjtx_pipeline.letterhead import Seal
from zjtx_pipeline.report.grounds import Correction, Origin, Quality, ReadingRow
from zjtx_pipeline.report.payments import Awards, FirmAwards
from zjtx_pipeline.report.rows import (
    CurveRow,
    FigureRow,
    FlowRow,
    Light,
    Split,
    Stairs,
    TaskText,
    TierRow,
    Told,
    TownRow,
    TownTable,
)


@dataclass(frozen=True)
class Cover:
    """What stands above the text: which report, of which quarter, as of which day, and the marks on every page.

    `due_on` is the report's date, up to which deliveries count: the deadline, or the day as of which it is told. `edition`:
    `更正第1号` of a report that carries a 更正说明, the newest.
    """

    number: str
    title: str
    plan: str
    district: str
    bureau: str
    quarter: str
    as_of: str
    due_on: str
    due_on_iso: str
    marks: tuple[str, ...]
    edition: str = ""
    head: str = ""
    document_number: str = ""
    seal: Seal | None = None

    @property
    def full_title(self) -> str:
        return f"{self.quarter}{self.title}"


@dataclass(frozen=True)
class Method:
    """How the figures are made: definitions, readings in force, what waits for a decision."""

    definitions: tuple[tuple[str, str], ...]
    readings: tuple[ReadingRow, ...]
    open_points: tuple[str, ...]
    rules_of_print: tuple[str, ...]


@dataclass(frozen=True)
class Colophon:
    """From what and by what the report was made; `edition`: the mark that all reports made of the same bear."""

    version: str
    rules_digest: str
    sources_digest: str
    origins: tuple[Origin, ...]
    edition: str = ""


@dataclass(frozen=True)
class Section:
    """A numbered part of a report: its heading, and the template that prints it."""

    number: str
    title: str
    kind: str
    anchor: str


@dataclass(frozen=True)
class TaskReport:
    """One task of the plan in one quarter."""

    cover: Cover
    task: int
    task_title: str
    clause: str
    pillar: str
    label: str
    departments: str
    light: Light | None
    summary: tuple[str, ...]
    targets: tuple[FigureRow, ...]
    others: tuple[FigureRow, ...]
    changes: tuple[str, ...]
    splits: tuple[Split, ...]
    towns: TownTable | None
    awards: Awards | None
    told: tuple[Told, ...]
    silent: str
    quality: Quality
    method: Method
    colophon: Colophon
    sections: tuple[Section, ...]
    annexes: tuple[Section, ...]
    curves: tuple[CurveRow, ...] = ()
    stairs: Stairs | None = None
    flows: tuple[FlowRow, ...] = ()
    watch: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()


@dataclass(frozen=True)
class TaskBrief:
    """A task as the overall report shows it: a cell of the page that says it all, later a chapter."""

    number: int
    title: str
    pillar: str
    label: str
    departments: str
    light: Light | None
    sentence: str
    keys: tuple[FigureRow, ...]
    anchor: str
    told: tuple[Told, ...] = ()
    silent: str = ""


@dataclass(frozen=True)
class TargetLine:
    """One of the 13 targets on the page that says it all."""

    number: str
    task: int
    figure: FigureRow


@dataclass(frozen=True)
class OverallReport:
    """All 14 tasks in one quarter; after cover and contents one page says it all."""

    cover: Cover
    summary: tuple[str, ...]
    turned: tuple[str, ...]
    decisions: tuple[str, ...]
    targets: tuple[TargetLine, ...]
    tasks: tuple[TaskBrief, ...]
    changes: tuple[str, ...]
    tiers: tuple[TierRow, ...]
    tier_remarks: tuple[str, ...]
    awards: Awards
    quality: Quality
    method: Method
    colophon: Colophon
    sections: tuple[Section, ...]
    annexes: tuple[Section, ...]
    glossary: tuple[tuple[str, str], ...] = ()
    curves: tuple[CurveRow, ...] = ()
    stairs: Stairs | None = None
    flows: tuple[FlowRow, ...] = ()
    watch: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()


@dataclass(frozen=True)
class DepartmentReport:
    """What one department gets: its tasks, figures, clauses, words and deliveries, and nobody else's."""

    cover: Cover
    department: str
    tasks: tuple[TaskBrief, ...]
    targets: tuple[FigureRow, ...]
    others: tuple[FigureRow, ...]
    awards: Awards | None
    firms: FirmAwards | None
    texts: tuple[TaskText, ...]
    silent: str
    quality: Quality
    colophon: Colophon
    sections: tuple[Section, ...]
    annexes: tuple[Section, ...]
    corrections: tuple[Correction, ...] = ()


@dataclass(frozen=True)
class TownReport:
    """The towns in the order of the district's own list."""

    cover: Cover
    titles: tuple[str, ...]
    towns: tuple[TownRow, ...]
    remarks: tuple[str, ...]
    colophon: Colophon
    annexes: tuple[Section, ...]
    notices: tuple[str, ...] = ()


Report = TaskReport | OverallReport | DepartmentReport | TownReport
