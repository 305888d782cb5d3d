"""Knows the shape of what the plan and the documents around it say: frozen types, one a kind of rule.

Leaves the YAML files to `load`, a district's own values to `overlay`, and every formula to the modules that measure.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


def _exact(value: Any) -> Any:
    """Amounts, rates and targets are quoted in YAML: a float has already lost the number that was written."""
    if isinstance(value, (float, bool)):
        raise ValueError("数字须加引号，写成文本，例如 \"0.10\"")
    return value


Exact = Annotated[Decimal, BeforeValidator(_exact), Field(allow_inf_nan=False)]
Period = Literal["@q", "Y", "C", "L4", "年度"]
Nature = Literal[
    "count", "rate", "numerator", "denominator", "money", "area", "entitled", "paid", "gap", "yes_no"
]  # fmt: skip
Population = Literal["P1", "P2", "P4", "P12", "省级以上", "在萧", "全部"]
POPULATION_TABLES = {  # the tables that tell who belongs to a population
    "P1": {"D01", "D02", "D03"},
    "P2": {"D01", "D02", "D04"},
    "P4": {"D01", "D02", "D04"},
    "P12": {"D01", "D02", "D03", "D04"},
    "省级以上": {"D01", "D02", "D04"},
    "在萧": {"D01", "D02"},
    "全部": set(),
}


class Rule(BaseModel):
    """What all rules share: they cannot be changed, and a misspelt key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Dated(Rule):
    """A rule with its first and last day, both included; None is open."""

    valid_from: date | None = Field(None, alias="from")
    valid_to: date | None = Field(None, alias="to")

    @model_validator(mode="after")
    def _in_order(self):
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError(f"起效日 {self.valid_from} 晚于失效日 {self.valid_to}")
        return self

    def holds_on(self, day: date) -> bool:
        """Is the rule in force on this day?"""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class Source(Rule):
    newspaper: str
    published_on: date
    page: str
    part: str


class Department(Rule):
    """One of the 13 departments: full name as printed in the plan, and the short name that deliveries may bear."""

    name: str
    short: str
    aliases: tuple[str, ...] = ()

    @property
    def spellings(self) -> tuple[str, ...]:
        return (self.name, self.short, *self.aliases)


class Task(Rule):
    """One of the 14 tasks; `departments` in printed order, the first is treated as lead."""

    number: int
    pillar: str
    title: str
    label: Literal["责任单位", "责任部门"]
    departments: tuple[str, ...] = Field(min_length=1)
    clause: str

    @property
    def lead(self) -> str:
        return self.departments[0]


class Baseline(Rule):
    """The value on the baseline day; a confirmed one stays frozen."""

    value: Exact
    source: Literal["部门确认", "台账推算", "口径约定"] = "部门确认"
    reference: str | None = None


class Target(Rule):
    """One of Q01…Q13 (R1). Either `due`, or `years` for a target of each year.

    `value` is in `unit` (% as percent points, 是否 as 1); `stated`: the text itself gives the date, else `reading`
    does; `readings` are those that say what is counted.
    """

    id: str
    task: int
    indicator: str
    title: str
    value: Exact
    unit: str
    due: date | None = None
    years: tuple[int, ...] = ()
    watch_day: date | None = None
    direction: Literal["up", "down"]
    kind: Literal["stock", "ratio", "cumulative", "yearly", "yes_no"]
    stated: bool
    reading: str | None = None
    readings: tuple[str, ...] = ()
    baseline: Baseline | None = None
    clause: str
    note: str

    @model_validator(mode="after")
    def _one_date(self):
        if (self.due is None) == (not self.years) or (self.kind == "yearly") != bool(self.years):
            raise ValueError("按年考核的写 years，其余写 due，二者只写其一")
        if self.stated != (self.reading is None):
            raise ValueError("期限在原文的不写 reading，不在原文的写明所依据的口径")
        if self.value < 0 or (self.unit == "%" and self.value > 100):
            raise ValueError("目标值须不小于零，百分比不大于 100")
        return self


class Breakdown(Rule):
    """One way to break a figure down: columns in order, each with the values that the part can hold, in order.

    In place of values stand `towns` (R4's names), `years` (the term's first to the quarter's), `finished_years`.
    """

    columns: tuple[str, ...]
    values: tuple[tuple[str, ...] | Literal["towns", "years", "finished_years"], ...]


class Part(Rule):
    """One number of an indicator: `T04-4a`. `unit` as printed; `needs` the tables without which it is 待补, `columns` of
    tables that several departments fill those (`D20.新增工匠(人)`) that it reads."""

    letter: str
    name: str
    unit: str
    nature: Nature
    kind: Literal["H", "S"]
    period: Period
    population: Population
    tables: tuple[str, ...]
    needs: tuple[str, ...]
    columns: tuple[str, ...] = ()
    breakdowns: tuple[Breakdown, ...] = ()
    counted_alone: bool = False

    @property
    def rests_on(self) -> tuple[str, ...]:
        """All without which the part is 待补: tables, and columns that somebody must have filled."""
        return (*self.needs, *self.columns)


class Suggestion(Rule):
    """A frequency that we propose where the text says 定期; never an official target."""

    count: int
    per: Literal["季", "半年"]


class Indicator(Rule):
    """One of the 85 indicators; `parts` by letter, in order."""

    id: str
    title: str
    kind: Literal["H", "S"]
    target: str | None = None
    owner: str
    definition: str
    suggestion: Suggestion | None = None
    parts: dict[str, Part] = Field(min_length=1)

    @property
    def task(self) -> int:
        return int(self.id[1:3])

    def part_title(self, letter: str) -> str:
        """The name of a figure: the indicator's title, and the part's name where there are several."""
        return f"{self.title}·{self.parts[letter].name}" if len(self.parts) > 1 else self.title
