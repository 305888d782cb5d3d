"""Knows the shape of the reference tables beside the plan: lists, tiers, regions, chains, readings.

Leaves the plan, its indicators and its awards to `model`.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, field_validator, model_validator

from zjtx_pipeline.rules.model import Dated, Exact, Rule


class Alias(Dated):
    name: str


class ListValue(Dated):
    """One allowed value, its other spellings, and the group it belongs to (在册 / 不在册)."""

    value: str
    group: str | None = None
    aliases: tuple[Alias, ...] = ()

    @field_validator("aliases", mode="before")
    @classmethod
    def _plain_alias(cls, aliases):
        return [{"name": alias} if isinstance(alias, str) else alias for alias in aliases]


class ClosedList(Rule):
    """The values that a column may hold (R8), in their order; an open list refuses nothing."""

    name: str
    columns: tuple[str, ...] = ()
    ordered: bool = False
    open: bool = False
    departments: bool = False
    to_be_confirmed: str | None = None
    values: tuple[ListValue, ...]

    @field_validator("values", mode="before")
    @classmethod
    def _plain_value(cls, values):
        return [{"value": value} if isinstance(value, str) else value for value in values]

    @model_validator(mode="after")
    def _no_spelling_twice(self):
        spellings = [value.value for value in self.values]
        spellings += [alias.name for value in self.values for alias in value.aliases]
        if len(spellings) != len(set(spellings)):
            raise ValueError(f"值域“{self.name}”中有重复的取值或别名")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The values as text, in order."""
        return tuple(value.value for value in self.values)

    def group(self, name: str) -> tuple[str, ...]:
        """The values of one group, in order: `rules.lists["登记状态"].group("在册")`."""
        return tuple(value.value for value in self.values if value.group == name)

    def spellings(self, day: date | None = None) -> dict[str, str]:
        """Each accepted spelling and its value, on a day or, without one, at any time."""
        found = {value.value: value.value for value in self.values if day is None or value.holds_on(day)}
        for value in self.values:
            for alias in value.aliases:
                if value.value in found and (day is None or alias.holds_on(day)):
                    found[alias.name] = value.value
        return found


class Pairs(Rule):
    """Which levels stand beside which kind in one table."""

    column: str
    level: str
    allowed: dict[str, tuple[str, ...]]

    @property
    def table(self) -> str:
        return self.column.partition(".")[0]


class PopulationRule(Rule):
    """A population of B-14: the holders of some titles, the members of a pool, or a union of others."""

    name: str
    types: tuple[str, ...] = ()
    pool: str | None = None
    union: tuple[str, ...] = ()
    note: str | None = None


class TierEvents(Rule):
    """What each event of D04 does to a title."""

    granting: tuple[str, ...]
    ending: tuple[str, ...]
    running_out: tuple[str, ...]
    never_counting: tuple[str, ...]
    succeeding: tuple[str, ...]


class Threshold(Rule):
    """What is asked of a number; `measure` names what of D05 answers it, None where D05 has no data for it."""

    condition: str
    threshold: Exact
    unit: str
    comparison: Literal[">=", "<="]
    measure: str | None = None


class Band(Rule):
    """Firms whose measure lies from … below, in yuan; an end not given is open."""

    measure: str
    low: Exact | None = Field(None, alias="from")
    below: Exact | None = None


class Condition(Threshold):
    """One numeric threshold of a rule version.

    `alternative` does as well; `direct` does in place of those marked `or_direct`; `when` tells whom it is asked of;
    `review_too`: reviews ask it as well.
    """

    type: str
    alternative: Threshold | None = Field(None, alias="or")
    direct: bool = False
    or_direct: bool = False
    when: Band | None = None
    review_too: bool = True
    mark: Literal["L", "M"]


class TierVersion(Dated):
    id: str
    title: str
    reference: str
    types: tuple[str, ...]
    renamed: dict[str, str] = {}
    requires: dict[str, str] = {}
    conditions: tuple[Condition, ...]


class SizeClass(Rule):
    """From what size on firms of some divisions of GB/T 4754 are large: both, employees and revenue (yuan)."""

    industry: str
    first_division: str = Field(pattern=r"^\d{2}$")
    last_division: str = Field(pattern=r"^\d{2}$")
    employees: Exact
    revenue: Exact


class Sizes(Dated):
    """Which titles are for small and medium firms alone, and from where on a firm is large."""

    reference: str
    mark: Literal["L", "M"]
    titles: tuple[str, ...]
    classes: tuple[SizeClass, ...]


class Screening(Rule):
    """How many open conditions a near miss of the screening may have."""

    open_up_to: int
    mark: Literal["P", "L", "M"]


class Exclusion(Dated):
    """Holders of `held` are not newly given `not_new` from one day to another; a breach is a finding, never refused.

    `note`: what of its days is not known.
    """

    held: tuple[str, ...]
    not_new: str
    reference: str
    note: str = ""
    mark: Literal["L", "M"]

    @model_validator(mode="after")
    def _dated(self):
        if self.valid_from is None:
            raise ValueError("资质互斥须写明起效日 from")
        return self

    @property
    def cited(self) -> str:
        """`工信厅企业函〔2026〕117号，2026-01-01起，确切起止日待确认`."""
        days = f"{self.valid_from}起" if self.valid_to is None else f"{self.valid_from}至{self.valid_to}"
        return "，".join(filter(None, [self.reference, days, self.note]))


class Tiers(Rule):
    """The titles in order, the ladder among them, the populations and the rule versions (R3)."""

    types: tuple[str, ...]
    ladder: tuple[str, ...]
    validity_years: int
    populations: dict[str, PopulationRule]
    events: TierEvents
    versions: tuple[TierVersion, ...]
    exclusions: tuple[Exclusion, ...]
    sizes: Sizes
    screening: Screening

    def lower(self, tier: str) -> tuple[str, ...]:
        """The titles below one on the ladder; none for a title beside it."""
        return self.ladder[: self.ladder.index(tier)] if tier in self.ladder else ()

    def version_on(self, day: date) -> TierVersion | None:
        return next((version for version in self.versions if version.holds_on(day)), None)


class Region(Dated):
    """A town, street or platform: `code` of nine digits, `parent` the district's six."""

    code: str = Field(pattern=r"^\d{9}$")
    name: str
    parent: str = Field(pattern=r"^\d{6}$")
    platform: bool = False


class District(Rule):
    code: str = Field(pattern=r"^\d{6}$")
    name: str


class Regions(Rule):
    """R4: the district's towns in order, neighbours' codes, and what changed hands."""

    district: District
    towns: tuple[Region, ...]
    elsewhere: tuple[Region, ...] = ()
    former: tuple[Region, ...] = ()

    @property
    def all(self) -> tuple[Region, ...]:
        return self.towns + self.elsewhere + self.former

    def codes_inside(self, day: date) -> dict[str, str]:
        """Code and name of every town that belongs to the district on a day (在萧, B-15)."""
        return {
            region.code: region.name
            for region in self.all
            if region.parent == self.district.code and region.holds_on(day)
        }


class Chain(Dated):
    """An industry chain or a new scene (R6); `group` is its part of 2+3+X."""

    name: str
    group: str | None = None


class Chains(Rule):
    chains: tuple[Chain, ...]
    scenes: tuple[Chain, ...] = ()

    def names_on(self, day: date) -> tuple[str, ...]:
        return tuple(chain.name for chain in self.chains if chain.holds_on(day))

    def scenes_on(self, day: date) -> tuple[str, ...]:
        """The six new scenes on a day; empty while 待明确."""
        return tuple(scene.name for scene in self.scenes if scene.holds_on(day))


class Choice(Rule):
    """What may be chosen, each option with what it means, and the one in force.

    `unsupported` options are thought of, but no delivered column tells them apart: choosing one is refused, and why.
    """

    value: str
    options: dict[str, str]
    unsupported: dict[str, str] = {}

    @model_validator(mode="after")
    def _known_choice(self):
        if self.value in self.unsupported:
            why = self.unsupported[self.value]
            raise ValueError(f"取值“{self.value}”无法测算（{why}），可选：{'、'.join(self.options)}")
        if self.value not in self.options:
            raise ValueError(f"没有取值“{self.value}”，可选：{'、'.join(self.options)}")
        return self


class Reading(Choice):
    """One of B-01…B-28 (R9): an unclear wording and the choice in force.

    `keys`: choices of their own within the reading; `chosen`: a district chose otherwise than the default. `tasks`:
    those that it bears on, all where none is named; `indicators`: those whose printed definition then gets a note.
    """

    id: str
    wording: str
    tasks: tuple[int, ...] = ()
    indicators: tuple[str, ...] = ()
    keys: dict[str, Choice] = {}
    explanation: str
    mark: Literal["P", "L", "M"]
    chosen: bool = False

    @property
    def in_force(self) -> str:
        """The choice as a report prints it, with those within it: `采购方；采购方地域：须在萧；关联方：不计`."""
        return "；".join([self.value, *(f"{name}：{choice.value}" for name, choice in self.keys.items())])

    @property
    def meaning(self) -> str:
        """What the choice in force means, in the words of its options."""
        chosen = [self, *self.keys.values()]
        return "；".join(each.options[each.value] for each in chosen)
