"""Knows the action plan as data: 14 tasks, 13 targets, 86 indicators, awards A01–A25, readings B-01–B-28, all dated.

Leaves every formula to the modules that measure. `load_rules()` gives what the program carries, `.overlay(…)` a
district's own values on top.
"""

from zjtx_pipeline.rules.clauses import Award, AwardTerms
from zjtx_pipeline.rules.load import load_rules, rules_from
from zjtx_pipeline.rules.model import Baseline, Breakdown, Department, Indicator, Part, Target, Task
from zjtx_pipeline.rules.reference import ClosedList, Reading, Region
from zjtx_pipeline.rules.rulebook import Rules

__all__ = [
    "Award",
    "AwardTerms",
    "Baseline",
    "Breakdown",
    "ClosedList",
    "Department",
    "Indicator",
    "Part",
    "Reading",
    "Region",
    "Rules",
    "Target",
    "Task",
    "load_rules",
    "rules_from",
]
