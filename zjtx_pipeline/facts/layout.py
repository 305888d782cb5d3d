"""Knows the frame that a suite is run over: text under Chinese headers, values under English names, lineage, facts,
and the quarter's last day.

Leaves running it to `validate`.
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.facts.scene import FACTS, Scene
from zjtx_pipeline.sources import LINEAGE
from zjtx_pipeline.suites import Suite, SuiteRule


def laid_out(suite: Suite, scene: Scene) -> tuple[pd.DataFrame, list[tuple[SuiteRule, list[str]]]]:
    """The frame, and the rules whose fact needs tables that were not delivered, with those tables."""
    found, incomparable = {}, []
    for rule in suite.rules:
        for fact in (FACTS[name] for name in rule.columns if name in FACTS):
            absent = [table for table in fact.tables if table not in scene.beside]
            if absent:
                incomparable.append((rule, absent))
            elif set(fact.columns) <= set(scene.typed.columns):
                found[fact.name] = fact.find(scene).astype(bool)
    found["quarter_end"] = pd.Timestamp(scene.quarter.last_day)
    parts = [scene.text, scene.typed, scene.rows[list(LINEAGE)], pd.DataFrame(found, index=scene.rows.index)]
    return pd.concat(parts, axis=1), incomparable


def runs_on(rule: SuiteRule, frame: pd.DataFrame) -> bool:
    """Does the frame hold every column that the rule, or its condition, speaks of?"""
    return {*rule.columns, *rule.when} <= set(frame.columns)
