"""Knows the suites of `expectations/`: for each table its rules, how grave each is, and what to say to whoever can mend it.

Leaves running them to `validate`; reads plain YAML, so that suites can be looked at without Great Expectations.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from zjtx_pipeline.bundled import expectations
from zjtx_pipeline.rules import Rules

RETURNED, NOTED, BLOCKING = "退回", "提示", "阻断"


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast over 5,000 lines, and as safe


class SuiteRule(BaseModel):
    """One expectation: `type` and `kwargs` as Great Expectations knows them, `message` with {值} for the cell.

    `header` names the column to show where kwargs do not; `when` limits the rule to rows with certain values under
    certain headers; `kwargs` may hold {list: 库别} for the values of a closed list. Columns: see `facts.layout`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    type: str
    kwargs: dict[str, Any]
    severity: Literal["退回", "提示", "阻断"]
    message: str = Field(pattern=r"[。！]$")
    header: str | None = None
    when: dict[str, tuple[str, ...]] = {}

    @property
    def columns(self) -> tuple[str, ...]:
        """The frame's columns that the rule looks at."""
        single = [self.kwargs[key] for key in ("column", "column_A", "column_B") if key in self.kwargs]
        return tuple(single) + tuple(self.kwargs.get("column_list", ()))


class WholeRule(BaseModel):
    """How grave a fault of a delivery as a whole is, and what to say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    severity: Literal["退回", "提示", "阻断"]
    message: str = Field(pattern=r"。$")


class Suite(BaseModel):
    """The rules of one table; `limit_pct`: the share of returned rows above which the table is stopped.

    `whole`: the faults of deliveries as a whole, found by `wholes`, not by Great Expectations.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    table: str
    limit_pct: int = Field(ge=0, le=100)
    whole: dict[Literal["缺列", "空表", "退回过多", "未知列", "逾期"], WholeRule] = Field(min_length=5)
    rules: tuple[SuiteRule, ...]


@cache
def load_suite(table_id: str) -> Suite:
    """The suite of one table; a misspelt key or a repeated id is refused."""
    suite = Suite.model_validate(yaml.load(suite_text(table_id), _LOADER))
    ids = [rule.id for rule in suite.rules]
    doubled = sorted({rule_id for rule_id in ids if ids.count(rule_id) > 1})
    if suite.name != table_id or doubled:
        raise ValueError(f"expectations/{table_id}.yaml: name {suite.name!r}, repeated ids {doubled}")
    return suite


@cache
def suite_text(table_id: str) -> str:
    return (expectations() / f"{table_id}.yaml").read_text(encoding="utf-8")


def suite_digest(table_id: str) -> str:
    """SHA-256 of a suite's file."""
    return hashlib.sha256(suite_text(table_id).encode("utf-8")).hexdigest()


def filled(value: Any, rules: Rules) -> Any:
    """A rule's kwargs with closed lists in place of their names."""
    match value:
        case {"list": str(name)}:
            return list(rules.lists[name].names)
        case dict():
            return {key: filled(part, rules) for key, part in value.items()}
    return value
