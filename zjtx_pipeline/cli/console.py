"""Knows how a shell shows what is going on: a live bar on a terminal, a line a stage elsewhere, tables, one-line errors.

Leaves what is going on to the verbs.
"""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from zjtx_pipeline.quarter import Quarter
    from zjtx_pipeline.stages import GivenBack, Reconciled

# Emojis are off: a source's `:name:` stays text, and no table of them is loaded just as memory runs out.
out = Console(highlight=False, soft_wrap=True, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
MOST_NAMED = 30


class RunShown:
    """Shows one quarter's run; hears of each step as it begins and ends (`assets.launch.Step`)."""

    def __init__(self, title: str, steps_of_stages: dict[str, int]) -> None:
        self.title, self.planned = title, steps_of_stages
        self.told = 0  # stages of which a line was printed
        self.ended: Counter[str] = Counter()
        self.seconds: Counter[str] = Counter()
        self.live = out.is_terminal
        self.bar = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=out, transient=True, disable=not self.live,
        )  # fmt: skip

    def __enter__(self) -> RunShown:
        out.print(f"[bold]{self.title}[/]：共 {sum(self.planned.values())} 步")
        self.bar.start()
        self.row = self.bar.add_task(self.title, total=sum(self.planned.values()))
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.bar.stop()

    def hear(self, step) -> None:
        """One step began or ended, or all of them wait."""
        if step.state == "等候":
            out.print(f"  {step.sentence}", markup=False)
            return
        if step.state == "开始":
            self.bar.update(self.row, description=f"{step.stage} {step.called}")
            return
        self.ended[step.stage] += 1
        self.seconds[step.stage] += step.seconds
        self.bar.advance(self.row)
        self._tell_stages()

    def _tell_stages(self) -> None:
        """A line for each stage that has ended, once those before it have: then the sums add up, though later steps may end early."""
        for stage in list(self.planned)[self.told :]:
            if self.ended[stage] < self.planned[stage]:
                return
            self.told += 1
            self._stage_ended(stage)

    def _stage_ended(self, stage: str) -> None:
        done = sum(list(self.planned.values())[: self.told])
        out.print(
            f"  [{self.told}/{len(self.planned)}] {stage}　{self.planned[stage]} 步　{self.seconds[stage]:.1f} 秒"
            f"　（累计 {done}/{sum(self.planned.values())} 步）",
            markup=False,
        )


class Clock:
    """Where the time goes, from the start of the process's work on."""

    def __init__(self) -> None:
        self.started = self.last = time.perf_counter()
        self.laps: list[tuple[str, float]] = []

    def lap(self, name: str) -> float:
        """Seconds since the lap before, kept under a name."""
        now = time.perf_counter()
        self.laps.append((name, now - self.last))
        self.last = now
        return self.laps[-1][1]

    @property
    def total(self) -> float:
        return self.last - self.started


def profile(clock: Clock, steps: Iterable) -> None:
    """Print where the time went: laps, stages, and the slowest steps."""
    steps = sorted(steps, key=lambda step: -step.seconds)
    stages: Counter[str] = Counter()
    for step in steps:
        stages[step.stage] += step.seconds
    rows = [(name, f"{seconds:.2f}") for name, seconds in clock.laps]
    rows += [(f"　其中{stage}", f"{seconds:.2f}") for stage, seconds in stages.items()]
    rows += [(f"　　最慢 {step.stage} {step.called}", f"{step.seconds:.2f}") for step in steps[:8]]
    table("时间去向", ("环节", "秒"), [*rows, ("合计", f"{clock.total:.2f}"), ("内存峰值（MiB）", f"{_peak_mib():.0f}")])


def _peak_mib() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(title: str, headers: Iterable[str], rows: Iterable[Iterable[str]], whole: Container[str] = ()) -> None:
    """Print rows under headers. `whole`: the headers under which nothing is broken, however narrow the screen."""
    shown, told = Table(title=escape(title), title_justify="left"), [list(row) for row in rows]
    for place, header in enumerate(headers):
        widest = max((cell_len(row[place]) for row in told), default=0) if header in whole else None
        shown.add_column(header, overflow="fold", no_wrap=header in whole, min_width=widest)  # else a long sentence goes on in the next line, whole
    for row in told:
        shown.add_row(*map(escape, row))
    out.print(shown)


def compared(quarter: Quarter, found: Reconciled) -> None:
    """Print what came of a published list: the counts, the first differing firms by name, and where all of them stand."""
    rows = found.comparison.differences
    counts = ((name, str(number)) for name, number in found.comparison.counts.items())
    table(f"{quarter} {found.tier} {found.batch} 对账", ("项目", "家数"), counts)
    for sentence in [*found.remarks, *rows["message"].head(MOST_NAMED)]:
        out.print(sentence, markup=False)
    left = f"（以上为前 {MOST_NAMED} 条）" if len(rows) > MOST_NAMED else ""
    out.print(f"差异共 {len(rows)} 条{left}，全部在：\n{found.path}", markup=False)


def given_back(quarter: Quarter, found: GivenBack) -> None:
    """Print what goes back to each department, and where it lies."""
    from zjtx_pipeline.glances import RETURNS

    table(f"{quarter} 退回表", RETURNS, ([str(cell) for cell in row] for row in found.counts.itertuples(index=False)))
    if found.unjudged:
        out.print(f"还没有校验，不在其中：{'、'.join(found.unjudged)}。请先运行 zjtx report {quarter}；运行过的，是它们要对照的表被停用，待那张表更正后才能校验。", markup=False)
    out.print(f"退回表在：\n{found.folder}", markup=False)


@contextmanager
def warnings_told() -> Iterator[None]:
    """Our own warnings as one line each; those of libraries concern who mends the program, not who uses it."""

    def told(message: Warning, category: type[Warning], *_: object, **__: object) -> None:
        if category.__module__.startswith("zjtx_pipeline"):
            complain(str(message))

    with warnings.catch_warnings():
        warnings.showwarning = told
        yield


def complain(sentence: str) -> None:
    """One line on stderr, nothing else."""
    err.print(" ".join(sentence.split()), markup=False)
