"""Knows what a letter tells of a quarter's reports: each task's targets with light, what turned, what needs a decision, who is late.

Leaves to whom which task is told to `delivery`; says nothing that the reports do not.
"""

from __future__ import annotations

from typing import Any

from zjtx_pipeline.report.changes import turned
from zjtx_pipeline.report.dataset_rows import partly
from zjtx_pipeline.report.decisions import decisions
from zjtx_pipeline.report.figure_rows import aim_name, target_row
from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.report.sentences import lamp
from zjtx_pipeline.report.shown import bearing
from zjtx_pipeline.rules import Indicator
from zjtx_pipeline.tables import load_tables

NAME = "summary.json"


def synopsis(inputs: ReportInputs) -> dict[str, Any]:
    """As JSON keeps it: `targets` one a target (task, name, now, target, due, light), the rest sentences."""
    aimed = [indicator for indicator in inputs.rules.indicators.values() if indicator.kind == "H"]
    return {
        "targets": [_target(inputs, each) for each in aimed],
        "turned": list(turned(inputs, aimed)),
        "decisions": list(decisions(inputs)),
        "absent": _absent(inputs),
        "notice": max((notice.number for notice in inputs.notices), default=None),
    }


def _target(inputs: ReportInputs, indicator: Indicator) -> dict[str, Any]:
    figure = bearing(inputs, indicator)
    row = target_row(figure)
    light = lamp(row.light.name) if row.light else ""
    return {"task": indicator.task, "name": aim_name(figure), "now": row.now_in_full, "target": row.target, "due": row.due, "light": light}


def _absent(inputs: ReportInputs) -> str:
    """What the overall report says of tables, columns and departments that are missing; empty where nothing is."""
    wholly = inputs.absence(inputs.status)
    return (f"{wholly}。" if wholly else "") + partly(inputs, tuple(load_tables()))
