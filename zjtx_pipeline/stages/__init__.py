"""Knows the stages of a quarter's run and what each hands to the next; leaves each stage's work to its own module,
and when and in what order to run them to the orchestrator.
"""

from zjtx_pipeline.stages.correcting import correct
from zjtx_pipeline.stages.course import close, opening, reach, run_all, strays
from zjtx_pipeline.stages.intake import check, pull
from zjtx_pipeline.stages.measuring import compare, measure, tally_awards, tally_ladder, tally_tiers
from zjtx_pipeline.stages.opinion import TITLES, review, reviewed_tasks, stop_if_disputed
from zjtx_pipeline.stages.overdue import delivered_nothing, undelivered
from zjtx_pipeline.stages.previewing import Preview, preview
from zjtx_pipeline.stages.gathering import OVERALL
from zjtx_pipeline.stages.printing import distribute, render
from zjtx_pipeline.stages.publishing import publish
from zjtx_pipeline.stages.reconciling import Reconciled, reconcile_list
from zjtx_pipeline.stages.returning import GivenBack, give_back
from zjtx_pipeline.stages.run import CHINA, Run, day_named, open_run
from zjtx_pipeline.stages.tracing import Traced, trace_figure, trace_task

__all__ = [
    "CHINA", "OVERALL", "TITLES", "GivenBack", "Preview", "Reconciled", "Run", "Traced", "check", "close", "compare", "correct", "day_named", "delivered_nothing", "distribute", "give_back",
    "measure", "open_run", "opening", "preview", "publish", "pull", "reach", "reconcile_list", "render", "review", "reviewed_tasks", "run_all", "stop_if_disputed", "strays",
    "tally_awards", "tally_ladder", "tally_tiers", "trace_figure", "trace_task", "undelivered",
]  # fmt: skip
