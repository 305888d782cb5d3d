"""Knows what one figure is held to: target, baseline, due quarter, and the 序时 pace between them.

Leaves lights to `progress` and looking ahead to `forecast`. Source: indicators.md, “Pace and light”.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from zjtx_pipeline.quarter import Quarter


@dataclass(frozen=True)
class Goal:
    """What one figure is held to; `step` of `steps` quarters from the baseline to the due quarter have gone."""

    value: Fraction
    falling: bool
    due: Quarter
    baseline: Fraction | None
    baseline_note: str
    step: int
    steps: int

    def met_by(self, value: Fraction | None) -> bool:
        if value is None:
            return False
        return value <= self.value if self.falling else value >= self.value

    @property
    def pace(self) -> Fraction | None:
        """序时: straight from the baseline to the target; the target itself once the due quarter has come."""
        if self.step >= self.steps:
            return self.value
        if self.baseline is None:
            return None
        return self.baseline + (self.value - self.baseline) * Fraction(self.step, self.steps)

    def lag(self, value: Fraction) -> Fraction:
        """Points behind pace, per hundred of the way from baseline to target; the same for rising and falling."""
        return (self.pace - value) / (self.value - self.baseline) * 100
