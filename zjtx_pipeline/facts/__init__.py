"""Knows what can be seen of a row only beside others: its twins, its neighbours, the register, another table.

Each fact is a column of truth values that a suite may name; True is the fault. Leaves severity and wording to the
suites, and faults that need titles or formulas to the rooms ahead.
"""

from zjtx_pipeline.facts import dealings, firms, register, services, twins  # noqa: F401  each enters its facts
from zjtx_pipeline.facts.scene import FACTS, Fact, Scene

__all__ = ["FACTS", "Fact", "Scene"]
