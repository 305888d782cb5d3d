"""Knows which of a run's results a report is made of: those of one task, or of all, with the deliveries behind them.

Leaves making them to the stages before, and composing and printing to `printing`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from zjtx_pipeline import __version__, snapshots, store
from zjtx_pipeline.indicators.disclosure import firms_behind
from zjtx_pipeline.report import compose
from zjtx_pipeline.rules import Task
from zjtx_pipeline.stages import edition
from zjtx_pipeline.stages.correcting import notices
from zjtx_pipeline.stages.intake import books, existing, verdict_on
from zjtx_pipeline.stages.measuring import LADDER, awards_of, breaches_of, figures_before, figures_of, tally_of
from zjtx_pipeline.stages.opinion import unreviewed
from zjtx_pipeline.stages.run import Run
from zjtx_pipeline.tables import load_tables
from zjtx_pipeline.verdicts import Verdict

if TYPE_CHECKING:
    from zjtx_pipeline.report.inputs import ReportInputs

OVERALL = 0
TEXTS = "D26"


def report_inputs(run: Run, number: int) -> ReportInputs:
    """What the report on a task, or the overall one (0), is made of."""
    from zjtx_pipeline.report.inputs import ReportInputs

    rules, every = run.settings.rules, number == OVERALL
    numbers = list(rules.tasks) if every else [number]
    judged = [verdict_on(run, table_id, run.quarter) for table_id in load_tables() if every or table_id in rules.tables_of(number)]
    found = ReportInputs(
        rules=rules,
        settings=run.settings,
        quarter=run.quarter,
        due_on=run.dated_on,
        progress=figures_of(run, numbers),
        progress_before=figures_before(run),
        awards=awards_of(run, numbers),
        tiers=tally_of(run, "tiers"),
        **{name: tally_of(run, name) for name in LADDER if every or number == compose.LADDER},
        findings=pd.concat([*(each.findings for each in judged), breaches_of(run, numbers)], ignore_index=True),
        counts=pd.concat([each.counts for each in judged], ignore_index=True),
        texts=verdict_on(run, TEXTS, run.quarter).accepted,
        sources=sources(run, [each.table.id for each in judged]),
        status={need: status for each in judged for need, status in each.statuses.items()},
        missing={each.table.id: _missing(each, rules.tasks.get(number)) for each in judged},
        version=__version__,
        edition=edition.mark(run),
        draft=run.draft,
        retold=run.as_of is not None,
        unreviewed=unreviewed(rules, number),
        firms_behind=firms_behind(books(run)) if every or "D05" in rules.tables_of(number) else {},
    )
    return replace(found, notices=notices(run, found))


def _missing(verdict: Verdict, task: Task | None) -> tuple[str, ...]:
    """Who delivered nothing of a table; of the progress texts only the task's own departments are asked."""
    if task is None or verdict.table.id != TEXTS:
        return verdict.missing_senders
    return tuple(sender for sender in verdict.missing_senders if sender in task.departments)


def sources(run: Run, table_ids: Iterable[str]) -> list[snapshots.SourceFile]:
    """Every delivery that a report rests on, with its digest."""
    pointers = [existing(run.pointer("pulled", run.quarter, table_id)) for table_id in table_ids]
    return snapshots.source_files([snapshots.load(run.home / store.read_json(pointer)) for pointer in pointers])
