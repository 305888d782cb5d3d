"""Knows what one measured figure is; leaves its measuring to `indicators`, its pace and light to `progress`."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Status = Literal["正常", "尚未测算", "待补", "沿用上期", "待明确", "无适用对象"]


@dataclass(frozen=True)
class Figure:
    """One part of an indicator, in total or for one value of a breakdown.

    `value` is exact, in the part's unit of `rules/indicators.yaml` (元 for money, percent points for %);
    None where there is none, and then `status` says why. `year` and `scope`: of which year and of whom the rows say that
    it speaks, where the rule leaves that to what was delivered (T03-5).
    """

    indicator: str
    part: str
    breakdown: str = ""
    value: Fraction | None = None
    status: Status = "正常"
    year: int | None = None
    scope: str = ""

    @property
    def id(self) -> str:
        """`T04-4a`, the name by which reports, files and traces speak of the figure."""
        return self.indicator + self.part
