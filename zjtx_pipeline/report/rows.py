"""Knows the lines of a report's tables, every number already text; leaves the reports that they stand in to `model`."""

from __future__ import annotations

from dataclasses import dataclass

from zjtx_pipeline.report.formats import NOTHING
from zjtx_pipeline.report.pictures import Bar


@dataclass(frozen=True)
class Light:
    """A light by name; shape and word tell it apart where colour does not reach (black-and-white print)."""

    name: str
    sign: str
    tone: str
    phrase: str


@dataclass(frozen=True)
class Trend:
    """趋势测算 of a figure: both forecasts, the two in one narrow cell, and what each quarter left has to bring."""

    straight_line: str
    last_four_quarters: str
    pair: str
    needed: str

    @property
    def told(self) -> str:
        """All of it in a line, what cannot be said left out: `匀速推算10,263家，近四季推算10,130家，每季需新增331家`."""
        ways = (("匀速推算", self.straight_line), ("近四季推算", self.last_four_quarters), ("每季需", self.needed))
        return "，".join(way + text for way, text in ways if text != NOTHING)


@dataclass(frozen=True)
class FigureRow:
    """One line of an indicator table; `under` tells a line that stands under the one above it."""

    name: str
    unit: str
    now: str
    then: str
    change: str
    id: str = ""
    target: str = ""
    due: str = ""
    done: str = ""
    pace: str = ""
    light: Light | None = None
    flag: str = ""
    bar: Bar | None = None
    note: str = ""
    owner: str = ""
    under: bool = False
    now_in_full: str = ""
    then_in_full: str = ""
    trend: Trend | None = None


@dataclass(frozen=True)
class Curve:
    """A target's curve as text ready for SVG, in tenths of a millimetre: `lines` are points of polylines, `dots` values that
    stand alone and this quarter's; `goal` a height, `years` places along the quarters; `straight` and `recent` the
    forecasts from now to the due quarter."""

    lines: tuple[str, ...]
    dots: tuple[tuple[str, str], ...]
    goal: str | None
    straight: str | None
    recent: str | None
    years: tuple[str, ...]
    since: str
    until: str


@dataclass(frozen=True)
class CurveRow:
    """A target's curve with what stands beside it; `told` says it to whoever cannot see."""

    id: str
    name: str
    now: str
    target: str
    light: Light | None
    flag: str
    curve: Curve
    told: str


@dataclass(frozen=True)
class Split:
    """The values of one breakdown of one part, in a sentence: `省级3家、市级5家`."""

    name: str
    column: str
    text: str
    id: str = ""


@dataclass(frozen=True)
class TownTable:
    """Figures by town: the columns' names, and for each town its values as printed, and a bar of the first."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...], Bar], ...]


@dataclass(frozen=True)
class AwardRow:
    """One clause: how many units, what they are entitled to, what was paid, what is missing, in 万元."""

    clause: str
    title: str
    units: str
    entitled: str
    paid: str
    gap: str
    state: str = ""
    note: str = ""


@dataclass(frozen=True)
class GapBar:
    """What was paid of what a clause entitles to, in thousandths of the largest amount of all clauses, as text ready for SVG."""

    clause: str
    title: str
    entitled: str
    paid: str
    gap: str
    told: str


@dataclass(frozen=True)
class DepartmentAwards:
    """The clauses of one department: how many, the sums of those whose amount is stated (None with none), and what is not in them."""

    department: str
    clauses: str
    sums: AwardRow | None
    note: str


@dataclass(frozen=True)
class Awards:
    """The award table of a task or of all, with what must be said beside it; by department and as bars where several stand together."""

    rows: tuple[AwardRow, ...]
    total: AwardRow | None
    remarks: tuple[str, ...]
    departments: tuple[DepartmentAwards, ...] = ()
    bars: tuple[GapBar, ...] = ()


@dataclass(frozen=True)
class FirmAward:
    """One award unit of one firm that is not paid in full, or got more than its clause gives, in 万元."""

    clause: str
    name: str
    entitled: str
    paid: str
    gap: str
    state: str
    days: str


@dataclass(frozen=True)
class FirmAwards:
    """Award units by firm, the largest gap first; `remarks` say what is not listed here, and why."""

    unpaid: tuple[FirmAward, ...]
    overpaid: tuple[FirmAward, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class DatasetRow:
    """One table that departments delivered: read = accepted + set aside + rejected."""

    table: str
    name: str
    senders: str
    read: str
    accepted: str
    quarantined: str
    rejected: str
    status: str
    balanced: bool = True


@dataclass(frozen=True)
class FindingRow:
    """How often one rule spoke about one department's table."""

    severity: str
    sender: str
    table: str
    rule: str
    message: str
    times: str


@dataclass(frozen=True)
class DepartmentRow:
    """What was found in one department's deliveries, by severity, and which of them came late."""

    department: str
    blocking: str
    returned: str
    hinted: str
    late: str


@dataclass(frozen=True)
class Quality:
    """The rows behind a report and what the rules said of them."""

    datasets: tuple[DatasetRow, ...]
    total: DatasetRow | None
    summary: str
    departments: tuple[DepartmentRow, ...]
    findings: tuple[FindingRow, ...]
    findings_left: str
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """What one department reported in words (D26)."""

    department: str
    progress: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()


@dataclass(frozen=True)
class TaskText:
    """What a department reported in words on one task (D26)."""

    task: int
    title: str
    told: Told


@dataclass(frozen=True)
class TownFigure:
    """An indicator's number in a town, what changed since last quarter, and its bar among the towns'; None where none is shown.
    `rank` is empty unless ranks are asked for."""

    now: str
    change: str
    bar: Bar | None
    rank: str = ""


@dataclass(frozen=True)
class TownRow:
    """A town's figures, one an indicator."""

    town: str
    figures: tuple[TownFigure, ...]


@dataclass(frozen=True)
class ReadingRow:
    """One reading in force (B-01…B-28)."""

    id: str
    wording: str
    value: str
    explanation: str
    mark: str


@dataclass(frozen=True)
class Origin:
    """One delivery that the report rests on."""

    table: str
    sender: str
    source: str
    rows: str
    digest: str


@dataclass(frozen=True)
class Step:
    """A title or pool in the picture of the ladder: where its box stands, and its counts; `promoted` is empty where none was."""

    name: str
    x: str
    y: str
    opening: str
    entered: str
    left: str
    closing: str
    promoted: str


@dataclass(frozen=True)
class Stairs:
    """The picture of the ladder: its steps, the other titles, the pools; `told` says it to whoever cannot see."""

    steps: tuple[Step, ...]
    others: tuple[Step, ...]
    pools: tuple[Step, ...]
    told: str


@dataclass(frozen=True)
class TierRow:
    """How many firms of the district hold a title, and how many did a quarter ago."""

    tier: str
    now: str
    then: str
    change: str
    left: str


@dataclass(frozen=True)
class FlowRow:
    """A title or pool from one quarter's end to the next: counts, and their causes in a sentence."""

    kind: str
    name: str
    opening: str
    entered: str
    left: str
    closing: str
    causes: str
    note: str = ""


@dataclass(frozen=True)
class Corrected:
    """One figure that differs from the last issue: old and new as printed, its light where it has one, and why it differs.

    `listed`: may it stand in a table? Not where neither value may be printed.
    """

    task: int
    id: str
    name: str
    breakdown: str
    old: str
    new: str
    old_light: Light | None
    new_light: Light | None
    cause: str
    listed: bool = True


@dataclass(frozen=True)
class Order:
    """Why an issued revision is corrected, who approved it, and on which day (`2025-02-20`)."""

    why: str
    approved_by: str
    day: str


@dataclass(frozen=True)
class Notice:
    """A 更正说明: its number within the quarter, the issued revision that it corrects, the order, and every figure that differs,
    those with a light first; `order` None while nobody has approved it."""

    number: int
    since: int
    order: Order | None
    lines: tuple[Corrected, ...]


@dataclass(frozen=True)
class Correction:
    """A 更正说明 as one report prints it: its own figures alone; `left` says what is not listed here."""

    title: str
    sentences: tuple[str, ...]
    lines: tuple[Corrected, ...]
    left: str
