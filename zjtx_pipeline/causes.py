"""Knows why a figure differs between two revisions, as far as what each rests on can tell: deliveries, rules, program.

Leaves gathering what a run rests on to `stages.correcting`. A cause is never guessed: all that apply are told, in the order of
CAUSES, and what nothing tells is 原因待核.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any

import pandas as pd

from zjtx_pipeline import store, validate
from zjtx_pipeline.progress import CARRIED, quarters_of
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.revisions import UNTOLD
from zjtx_pipeline.rules import Indicator, Part, Rules
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.suites import RETURNED, load_suite
from zjtx_pipeline.tables import load_tables

LATE, CORRECTED, REDEFINED, MISTAKEN = "迟报补齐", "来源更正", "口径调整", "计算差错"
CAUSES = (LATE, CORRECTED, REDEFINED, MISTAKEN, UNTOLD)
BETWEEN = "、"
WITHDRAWN, RETURNED = "来源撤回", "撤回后重报"  # said beside 来源更正 and 迟报补齐, which count them
_DIGITS = 16


@dataclass(frozen=True)
class Basis:
    """What a revision rests on.

    `deliveries`: under `2024Q4/D03` each sender's delivery by its digest; a table of which nothing came has no senders.
    `rules`: every rule that bears on figures by its name (`reading B-02`), in words or by its digest; `digest`: of all rules.
    """

    version: str
    digest: str
    rules: Mapping[str, str]
    deliveries: Mapping[str, Mapping[str, str]]

    def record(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Basis:
        """The basis that `record` wrote; what another program's wrote besides is passed over."""
        return cls(**{each.name: record[each.name] for each in fields(cls)})


def told(
    changed: pd.DataFrame, before: Basis | None, now: Basis, rules: Rules, quarter: Quarter, earlier: Sequence[Basis] = ()
) -> pd.DataFrame:
    """Figures that changed (`revisions.changes`) with `cause` and what is said `beside` it (WITHDRAWN, RETURNED), each joined by “、”.

    `before` None: what they rested on was not kept; `earlier`: what the revisions before that rested on, as far as it was kept.
    """
    keys = [changed["indicator"], changed["part"], changed["old_status"].eq(CARRIED) | changed["new_status"].eq(CARRIED)]
    every = list(zip(*keys, strict=True))
    resting = {key: behind(rules, quarter, *key) for key in dict.fromkeys(every)}
    cause = {key: BETWEEN.join(_causes(before, now, *rests)) for key, rests in resting.items()}
    beside = {key: BETWEEN.join(_beside(before, now, earlier, tables)) for key, (tables, _) in resting.items()}
    columns = {name: [found[key] for key in every] for name, found in (("cause", cause), ("beside", beside))}
    return changed.assign(**{name: pd.Series(texts, index=changed.index, dtype="str") for name, texts in columns.items()})


def _causes(before: Basis | None, now: Basis, tables: set[str], names: set[str]) -> tuple[str, ...]:
    """Why a figure that rests on these tables and rules differs, in the order of CAUSES."""
    if before is None:
        return (UNTOLD,)
    both = _both(before, now, tables)
    apply = {
        LATE: any(new.keys() - old.keys() for old, new in both),
        CORRECTED: any(new.get(sender) != delivered for old, new in both for sender, delivered in old.items()),
        REDEFINED: any(before.rules.get(name) != now.rules.get(name) for name in names),
    }
    found = tuple(cause for cause, does in apply.items() if does)
    return found or ((MISTAKEN,) if before.version != now.version else (UNTOLD,))


def _beside(before: Basis | None, now: Basis, earlier: Sequence[Basis], tables: set[str]) -> Iterator[str]:
    """Did a delivery go that was there, or one come back that an earlier revision still had?"""
    both = _both(before, now, tables) if before else []
    if any(old.keys() - new.keys() for old, new in both):
        yield WITHDRAWN
    once = {(each, sender) for basis in earlier for each in tables for sender in basis.deliveries.get(each, ())}
    if before and any((each, sender) in once for each in tables for sender in now.deliveries.get(each, {}).keys() - before.deliveries.get(each, {}).keys()):
        yield RETURNED


def _both(before: Basis, now: Basis, tables: set[str]) -> list[tuple[Mapping[str, str], Mapping[str, str]]]:
    """Who delivered what then and now, of the tables that both know."""
    return [(before.deliveries[each], now.deliveries[each]) for each in tables if each in before.deliveries and each in now.deliveries]


def behind(rules: Rules, quarter: Quarter, indicator: str, part: str, carried: bool = False) -> tuple[set[str], set[str]]:
    """The tables that a figure rests on, as `2024Q4/D03`, and the names of its rules; `carried`: it was last quarter's in one revision.

    The light of a target asks the quarters in which it fell due as well. Of what the rules know no more its own name is left.
    """
    known = rules.indicators.get(indicator)
    if known is None or part not in known.parts:
        return set(), {f"part {indicator}{part}"}
    target = rules.targets.get(known.target or "") if part == "a" else None
    quarters = {quarter, *(due for due in (quarters_of(target) if target else ()) if due < quarter)}
    tables = _with_those_beside(known.parts[part].needs)
    asked = {f"{each}/{table}" for each in (quarters | {quarter - 1} if carried else quarters) for table in tables}
    return asked, {*_rules_behind(rules, known, known.parts[part], tables), *(("lights", f"target {target.id}") if target else ())}


def _with_those_beside(tables: Iterable[str]) -> set[str]:
    """Some tables, and those whose rows decide which rows of them are accepted."""
    return {*tables, *(deeper for table in tables for deeper in _with_those_beside(validate.needs(table)))}


def _rules_behind(rules: Rules, indicator: Indicator, part: Part, tables: set[str]) -> Iterator[str]:
    yield from (*_EVERYWHERE, f"part {indicator.id}{part.letter}")
    yield from (f"reading {each.id}" for each in rules.readings.values() if not each.tasks or indicator.task in each.tasks)
    yield from (f"list {each.name}" for each in rules.closed_lists if tables & {column.partition(".")[0] for column in each.columns})
    yield from (f"suite {table}" for table in tables)
    yield from (f"missing {table}" for table in part.needs)
    if any(each.nature == "entitled" for each in indicator.parts.values()):
        yield from (f"award {clause}" for clause in rules.grants_of(indicator.task))


_EVERYWHERE = ("term", "tiers", "regions", "chains")
_OF_TIERS = {"types", "ladder", "validity_years", "populations", "events"}  # the conditions of the next tier move no figure
_OF_TARGETS = {**dict.fromkeys(("value", "due", "years", "watch_day", "direction", "kind"), True), "baseline": {"value"}}
_OF_TRIGGERS = {"table", "date", "key", "where", "base", "population"}
_OF_TERMS = {"valid_from", "valid_to", "amount", "rate", "cap", "cap_period", "population", "stack_rule"}
_OF_AWARDS = {"ladder": True, "trigger": _OF_TRIGGERS, "terms": {"__all__": _OF_TERMS}}


def in_force(rules: Rules, settings: Settings) -> dict[str, str]:
    """Every rule that bears on figures by its name: readings and amounts as they are, what is longer by its digest."""
    plan = rules.plan
    said = {"term": f"{plan.starts_on}/{plan.ends_on}/{plan.baseline_day}", "lights": _text(plan.lights.model_dump(mode="json"))}
    said |= {f"reading {name}": each.in_force for name, each in rules.readings.items()}
    said |= {f"target {name}": _text(each.model_dump(mode="json", include=_OF_TARGETS)) for name, each in rules.targets.items()}
    said |= {f"award {name}": _text(award.model_dump(mode="json", include=_OF_AWARDS)) for name, award in rules.awards.items()}
    said |= {f"missing {name}": "沿用上期" if settings.carries(name) else "待补" for name in load_tables()}
    return said | _longer(rules)


def _longer(rules: Rules) -> dict[str, str]:
    """What would take pages, by its digest; words that no figure hangs on are left out."""
    shaped = {"tiers": rules.tiers.model_dump(mode="json", include=_OF_TIERS)}
    shaped |= {name: each.model_dump(mode="json") for name, each in (("regions", rules.regions), ("chains", rules.chains))}
    shaped |= {f"list {each.name}": each.model_dump(mode="json", include={"values", "ordered", "open"}) for each in rules.closed_lists}
    parts = [(indicator.id, part) for indicator in rules.indicators.values() for part in indicator.parts.values()]
    shaped |= {f"part {id}{part.letter}": part.model_dump(mode="json", exclude={"name", "kind"}) for id, part in parts}
    digests = {name: store.digest(_text(shape))[:_DIGITS] for name, shape in shaped.items()}
    return digests | {f"suite {table}": _setting_aside(table) for table in load_tables()}


@cache
def _setting_aside(table: str) -> str:
    """The digest of a suite's rules that set rows aside, without their words."""
    suite = load_suite(table)
    held = [rule.model_dump(mode="json", exclude={"message"}) for rule in suite.rules if rule.severity == RETURNED]
    return store.digest(_text([suite.limit_pct, held]))[:_DIGITS]


def _text(shape: Any) -> str:
    return json.dumps(shape, ensure_ascii=False, sort_keys=True)
