"""Knows why a figure is what it is: its rule, the rows that count, those that do not and why, and where each came from.

`explain` goes from a figure's id to its rows, `clause` from a line of the award table, `ladder` from what stands beside the
tiers; `rule` says the rule in words, `shown` puts rows under their Chinese headers, `workbook` writes what a clerk opens.
"""

from zjtx_pipeline.trace.clause import clause_named, explain_clause
from zjtx_pipeline.trace.explain import Sheet, Trace, explain, figures_named
from zjtx_pipeline.trace.ladder import BUREAU_ONLY, LADDER, LADDER_TASK, explain_ladder
from zjtx_pipeline.trace.workbook import write_workbook

__all__ = [
    "BUREAU_ONLY", "LADDER", "LADDER_TASK", "Sheet", "Trace", "clause_named", "explain", "explain_clause", "explain_ladder",
    "figures_named", "write_workbook",
]  # fmt: skip
