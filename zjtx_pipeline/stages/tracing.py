"""Knows how a finished quarter's figure is traced: from what the run kept, with what it printed beside.

Leaves the account to `trace`; reads kept verdicts alone, so that it answers at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from zjtx_pipeline import trace
from zjtx_pipeline.awards import units
from zjtx_pipeline.books import Books
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.progress import CARRIED
from zjtx_pipeline.rules import Indicator, Rules
from zjtx_pipeline.stages.intake import books, verdict_on
from zjtx_pipeline.stages.measuring import LADDER, awards_of, awards_path, figures_of, figures_path, ladder_of, tally_of, tally_path
from zjtx_pipeline.stages.run import Run
from zjtx_pipeline.trace import Trace, rule

_CLAUSE = re.compile(r"[Aa]\d\d")
INTERNAL = "内部"  # ends the name of a workbook that is for 区经信局 alone
_TOLD = ["trigger_key", "entitled_fen", "paid_fen", "state"]


@dataclass(frozen=True, eq=False)
class Traced:
    """A figure's account and the workbook that holds it."""

    trace: Trace
    path: Path

    @property
    def summary(self) -> list[str]:
        """Three lines for a shell: the number, how it is counted, how many rows stand in the workbook."""
        said = dict(self.trace.facts)
        rows = [f"{sheet.title} {len(sheet.rows)} 行" for sheet in self.trace.sheets]
        return [
            f"{said['编号']}　{said['指标']}　{said['季度']}：{said['数值']}",
            f"怎么数：{said.get('怎么数', '没有可数的行')}",
            f"工作簿：{'、'.join(rows)}" + (f"。{rule.CONFIDENTIAL}" if self.trace.confidential else ""),
        ]


def trace_figure(run: Run, name: str, breakdown: str = "") -> Traced:
    """Write the workbook of one figure, of a clause's line in the award table, or of what stands beside the ladder (L1 to
    L3), into the run's folder of traces.

    ZjtxError where there is no such figure, the quarter was not measured, or what was measured has changed since.
    """
    if _CLAUSE.fullmatch(name) and not breakdown:
        found = _clause(run, name.upper())
    else:
        found = _ladder(run, name.upper(), breakdown) if name.upper() in trace.LADDER else _figure(run, name, breakdown)
    marked = INTERNAL if found.confidential else ""
    title = "_".join(filter(None, [found.figure.id, breakdown.replace(";", "_").replace("/", ""), marked]))
    return Traced(found, trace.write_workbook(run.traces / f"{title}.xlsx", found))


def _figure(run: Run, name: str, breakdown: str) -> Trace:
    indicator, letter = trace.figures_named(run.settings.rules, name)
    held = _measured_books(run, figures_path(run, indicator.task))
    lines = {(each.figure.id, each.figure.breakdown): each for each in figures_of(run, [indicator.task])}
    name = indicator.id + letter
    found = trace.explain(held, name, breakdown, _set_aside(run, held), lines.get((name, breakdown)))
    kept = [each.figure for each in lines.values()]
    if replace(found.figure, status=CARRIED) in [replace(each, value=None) for each in kept]:
        raise ZjtxError(f"{found.figure.id} {run.quarter} 沿用上期的数：请溯源 {run.quarter - 1} 的这个数。")
    if found.figure not in kept:
        raise _changed(run, found.figure.id)
    return found


def _clause(run: Run, clause: str) -> Trace:
    award = trace.clause_named(run.settings.rules, clause)
    held = _measured_books(run, awards_path(run, award.task))
    kept, now = (rows[rows["clause"].eq(clause)] for rows in (awards_of(run, [award.task]), units(held)))
    if not kept[_TOLD].reset_index(drop=True).equals(now[_TOLD].reset_index(drop=True)):
        raise _changed(run, clause)
    return trace.explain_clause(held, clause, _set_aside(run, held))


def _ladder(run: Run, name: str, breakdown: str) -> Trace:
    held, now = _measured_books(run, tally_path(run, LADDER[0])), ladder_of(run)
    if any(not now[each].astype("str").equals(tally_of(run, each).astype("str")) for each in LADDER):
        raise _changed(run, name)
    return trace.explain_ladder(held, name, breakdown, _set_aside(run, held), books(run, run.quarter - 1))


def _measured_books(run: Run, measured: Path) -> Books:
    if not measured.exists():
        asked = f" --as-of {run.as_of}" if run.as_of else ""
        raise ZjtxError(f"{run.quarter} 还没有测算：请先运行 zjtx report {run.quarter}{asked}。")
    return books(run)


def _set_aside(run: Run, held: Books) -> dict[str, pd.DataFrame]:
    return {table: verdict_on(run, table, run.quarter).set_aside for table in held.tables}


def _changed(run: Run, name: str) -> ZjtxError:
    """A workbook that tells of another number than the report would mislead."""
    return ZjtxError(f"{name} 报告中的数与现有台账、口径算出的不同：请重出 {run.quarter} 的报告后再溯源。")


def trace_task(run: Run, number: int, names: Iterable[str] = ()) -> dict:
    """Workbooks of a task's figures as anybody who sees the run may have them; of those that say most without names.

    What shows single firms' business or tax figures is left to `trace_figure` (datasets.md 5.4).
    """
    rules, names = run.settings.rules, [" ".join(name.split()) for name in names]
    beside = [name for name in names if _id(name) in trace.LADDER]
    parts = [trace.figures_named(rules, name) for name in names if name not in beside] if names else _telling(rules, number)
    strange = [indicator.id for indicator, _ in parts if indicator.task != number]
    if strange or (beside and number != trace.LADDER_TASK):
        strange = strange or beside
        raise ZjtxError(f"{'、'.join(strange)} 不是任务{number}报告里的数。")
    withheld = [indicator.id + letter for indicator, letter in parts if rule.is_confidential(indicator.parts[letter].tables)]
    withheld += [name for name in beside if _id(name) in trace.BUREAU_ONLY]
    asked = [name for name in [*(indicator.id + letter for indicator, letter in parts), *beside] if name not in withheld]
    return {"files": {name: str(trace_figure(run, *name.split(maxsplit=1)).path) for name in asked}, "withheld": withheld}


def _id(name: str) -> str:
    return name.partition(" ")[0].upper()


def _telling(rules: Rules, number: int) -> list[tuple[Indicator, str]]:
    """The figures that a task's targets are held against; without a target its awards' gaps, else its first figure."""
    own = rules.indicators_of(number)
    targets = [(indicator, "a") for indicator in own if indicator.target]
    gaps = [(indicator, part.letter) for indicator in own for part in indicator.parts.values() if part.nature == "gap"]
    return targets or gaps or [(own[0], "a")]
