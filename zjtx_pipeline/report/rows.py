"""Knows the lines of a report's tables and pictures of figures, titles, towns and words, every number already text.

Leaves awards to `payments`, what a report rests on to `grounds`, the reports that they stand in to `model`.
"""

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
