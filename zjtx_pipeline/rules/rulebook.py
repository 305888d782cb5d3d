"""Knows all the rules together, and how the rooms behind look one up; checks that they agree with each other.

Leaves reading the YAML to `load`, a district's own values to `overlay`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from zjtx_pipeline.rules.clauses import Award
from zjtx_pipeline.rules.model import (
    Breakdown,
    Dated,
    Department,
    Exact,
    Indicator,
    Part,
    Rule,
    Source,
    Target,
    Task,
)
from zjtx_pipeline.rules.reference import Chains, ClosedList, Pairs, Reading, Regions, Tiers


class Lights(Rule):
    """The edges between green, yellow and red: lag behind pace in percentage points, both included."""

    green_up_to: Exact
    yellow_up_to: Exact


class Term(Dated):
    reading: str


class Plan(Rule):
    """The plan's title, source, term and baseline day (B-01)."""

    title: str
    source: Source
    term: Term
    baseline_day: date
    lights: Lights
    pillars: tuple[str, ...]

    @property
    def starts_on(self) -> date:
        return self.term.valid_from

    @property
    def ends_on(self) -> date:
        return self.term.valid_to


@dataclass(frozen=True)
class Rules:
    """What the documents say, by the names that the documents use; `digest` changes with every rule."""

    plan: Plan
    departments: dict[str, Department]
    tasks: dict[int, Task]
    targets: dict[str, Target]
    indicators: dict[str, Indicator]
    awards: dict[str, Award]
    readings: dict[str, Reading]
    tiers: Tiers
    regions: Regions
    chains: Chains
    closed_lists: tuple[ClosedList, ...]
    pairs: tuple[Pairs, ...]
    digest: str

    @cached_property
    def lists(self) -> dict[str, ClosedList]:
        """Each closed list under its own name and under each column that it closes (`D16.级别`)."""
        return {name: closed for closed in self.closed_lists for name in (closed.name, *closed.columns)}

    def spellings(self, day: date | None = None) -> dict[str, dict[str, str]]:
        """For each list, each accepted spelling and its value; with a day, those in force on it."""
        return {name: closed.spellings(day) for name, closed in self.lists.items()}

    @property
    def towns(self) -> tuple[str, ...]:
        """The district's towns, streets and platforms, in the order of R4."""
        return tuple(region.name for region in self.regions.towns)

    def indicators_of(self, task: int) -> list[Indicator]:
        """A task's indicators, in order."""
        return [indicator for indicator in self.indicators.values() if indicator.task == task]

    def targets_of(self, task: int) -> list[Target]:
        return [target for target in self.targets.values() if target.task == task]

    def tasks_of(self, department: str) -> list[Task]:
        """The tasks that name a department, in order."""
        return [task for task in self.tasks.values() if department in task.departments]

    def tasks_led_by(self, department: str) -> list[Task]:
        return [task for task in self.tasks.values() if task.lead == department]

    def tables_of(self, task: int) -> tuple[str, ...]:
        """The tables that a task's figures and awards rest on, in the dictionary's order, and the words of D26."""
        found = {table for each in self.indicators_of(task) for part in each.parts.values() for table in part.needs}
        awards = [award for award in self.awards.values() if award.task == task]
        found |= {award.trigger.table for award in awards} | {"D26"}
        found |= {"D06a", "D06b"} if any(award.is_grant for award in awards) else set()
        return tuple(sorted(found))

    def grants_of(self, task: int) -> tuple[str, ...]:
        """The clauses under which a task pays out money."""
        return tuple(award.id for award in self.awards.values() if award.task == task and award.is_grant)

    def department(self, spelling: str) -> str | None:
        """The full name behind a department's full or short name; None if it is neither."""
        return self.lists["部门"].spellings().get(spelling)

    def reading(self, reading_id: str, key: str | None = None) -> str:
        """The choice in force for one of B-01…B-28, or for a key within it."""
        reading = self.readings[reading_id]
        return reading.keys[key].value if key else reading.value

    def population_types(self, name: str) -> tuple[str, ...]:
        """The titles whose holders are P2, P3 or P4 (B-14)."""
        return self.tiers.populations[name].types

    def stack_rule(self, award: str, day: date) -> str:
        """How an award adds to others on a day: its own terms', else reading B-11."""
        terms = self.awards[award].terms_on(day)
        return (terms.stack_rule if terms else None) or self.reading("B-11")

    def figure_name(self, indicator: str, part: str) -> str:
        """What `figures.csv` and the reports call a figure."""
        return self.indicators[indicator].part_title(part)

    def breakdown_rows(self, part: Part, year: int) -> list[str]:
        """The breakdowns of a part in a quarter of `year`, in order: "" for the total, then `列=值`."""
        return [""] + [row for breakdown in part.breakdowns for row in self._rows(breakdown, year)]

    def _rows(self, breakdown: Breakdown, year: int) -> list[str]:
        rows = [""]
        for column, values in zip(breakdown.columns, breakdown.values, strict=True):
            pairs = [f"{column}={value}" for value in self._values(values, year)]
            rows = [f"{row};{pair}" if row else pair for row in rows for pair in pairs]
        return rows

    def _values(self, values: tuple[str, ...] | str, year: int) -> tuple[str, ...]:
        first = self.plan.starts_on.year
        given = {
            "towns": self.towns,
            "years": tuple(str(each) for each in range(first, year + 1)),
            "finished_years": tuple(str(each) for each in range(first, min(year, self.plan.ends_on.year + 1))),
        }
        return given[values] if isinstance(values, str) else values

    def overlay(self, own: Mapping[str, Any]) -> Rules:
        """These rules with a district's own values on top; ZjtxError names the key that does not fit."""
        from zjtx_pipeline.rules.overlay import overlaid  # it builds Rules and so stands after this module

        return overlaid(self, own)

    @property
    def indicator_count(self) -> int:
        """86: every indicator, and each part that is counted on its own (T03-3b)."""
        parts = [part for indicator in self.indicators.values() for part in indicator.parts.values()]
        return len(self.indicators) + sum(part.counted_alone for part in parts)
