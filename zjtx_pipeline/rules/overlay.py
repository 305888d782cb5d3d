"""Knows how a district's own values are laid over the rules; leaves where they are written to `settings`.

Everything is checked as the rules themselves are: a wrong value is refused with the key that bears it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.rules.adopted import adopted
from zjtx_pipeline.rules.checks import check
from zjtx_pipeline.rules.clauses import Award, AwardTerms
from zjtx_pipeline.rules.load import typed
from zjtx_pipeline.rules.model import Target
from zjtx_pipeline.rules.reference import Chains, ClosedList, Reading
from zjtx_pipeline.rules.rulebook import Lights, Rules

TARGET_KEYS = {"value", "due", "years", "watch_day", "note"}
TERM_KEYS = set(AwardTerms.model_fields) - {"valid_from", "valid_to"} | {"from", "to"}


def overlaid(rules: Rules, own: Mapping[str, Any]) -> Rules:
    """The rules with a district's own readings, awards, targets, baselines, lists and light edges.

    ZjtxError names the key (`awards.A01.amount`) and says what is wrong with it.
    """
    for section, values in own.items():
        if section not in _SECTIONS:
            raise ZjtxError(f"配置项 {section}：没有这个项目，可写：{'、'.join(_SECTIONS)}。")
        if not isinstance(values, Mapping):
            raise ZjtxError(f"配置项 {section}：应写成“编号: 值”的形式。")
    for section in (each for each in _SECTIONS if each in own):  # readings first: what a district enters stands above them
        rules = _SECTIONS[section](rules, own[section])
    check(rules)
    return dataclasses.replace(rules, digest=_digest(rules.digest, own)) if own else rules


def _readings(rules: Rules, own: Mapping) -> Rules:
    readings = dict(rules.readings)
    for name, given in own.items():
        _known("readings", name, readings)
        readings[name] = _reading(readings[name], given)
    return adopted(dataclasses.replace(rules, readings=readings), own)


def _reading(current: Reading, given: Any) -> Reading:
    """A plain value, or {value, a key's value, explanation}; a changed choice is explained by its options' words."""
    own = dict(given) if isinstance(given, Mapping) else {"value": given}
    _only(f"readings.{current.id}", own, {"value", "explanation", *current.keys})
    written = _written(current)
    keys = {name: choice | ({"value": own.pop(name)} if name in own else {}) for name, choice in written["keys"].items()}
    chosen = typed(f"配置项 readings.{current.id}", Reading, written | {"keys": keys} | own)
    if chosen.in_force == current.in_force:
        return chosen
    explanation = own.get("explanation", f"{current.wording}：{chosen.meaning}。")
    return chosen.model_copy(update={"explanation": explanation, "chosen": True})


def _awards(rules: Rules, own: Mapping) -> Rules:
    awards = dict(rules.awards)
    for name, given in own.items():
        _known("awards", name, awards)
        terms = _terms(awards[name], f"awards.{name}", given)
        awards[name] = typed(f"配置项 awards.{name}", Award, _written(awards[name]) | terms)
    return dataclasses.replace(rules, awards=awards)


def _terms(award: Award, where: str, given: Any) -> dict:
    """A mapping amends the printed terms; a list gives successors, and the terms before end where each begins."""
    confirmed = {}
    if isinstance(given, Mapping):
        given = dict(given)
        if "to_be_confirmed" in given:
            confirmed = {"to_be_confirmed": given.pop("to_be_confirmed")}
        _only(where, given, TERM_KEYS)
        return {"terms": [_written(award.terms[0]) | given, *map(_written, award.terms[1:])], **confirmed}
    if not isinstance(given, list) or not given or not all(isinstance(each, Mapping) for each in given):
        raise ZjtxError(f"配置项 {where}：应写成“名称: 值”，或由若干段这样的条款组成的列表。")
    terms = [_written(each) for each in award.terms]
    for number, each in enumerate(given):
        _only(f"{where}.{number}", each, TERM_KEYS)
        if "from" not in each:
            raise ZjtxError(f"配置项 {where}.{number}：后续条款须写明起效日 from。")
        terms = _succeeded(where, terms, dict(each))
    return {"terms": terms}


def _succeeded(where: str, terms: list[dict], own: dict) -> list[dict]:
    """The terms with a successor: what was in force ends the day before it, its unwritten keys carry over."""
    first = typed(f"配置项 {where}", AwardTerms, terms[-1] | {"to": None} | own)
    start, own = first.valid_from, own | {"from": first.valid_from} | ({"to": first.valid_to} if "to" in own else {})  # a quoted day too
    kept = [each for each in terms if each["from"] < start]
    if kept and (kept[-1]["to"] is None or kept[-1]["to"] >= start):
        kept[-1] = kept[-1] | {"to": start - _DAY}
    end = terms[-1]["to"]
    return [*kept, (kept or terms)[-1] | {"to": None if end and end < start else end} | own]


def _targets(rules: Rules, own: Mapping) -> Rules:
    targets = dict(rules.targets)
    for name, given in own.items():
        _known("targets", name, targets)
        own_values = dict(given) if isinstance(given, Mapping) else {"value": given}
        _only(f"targets.{name}", own_values, TARGET_KEYS)
        targets[name] = typed(f"配置项 targets.{name}", Target, _written(targets[name]) | own_values)
    return dataclasses.replace(rules, targets=targets)


def _baselines(rules: Rules, own: Mapping) -> Rules:
    targets = dict(rules.targets)
    for name, given in own.items():
        _known("baselines", name, targets)
        baseline = dict(given) if isinstance(given, Mapping) else {"value": given}
        merged = _written(targets[name]) | {"baseline": baseline}
        targets[name] = typed(f"配置项 baselines.{name}", Target, merged)
    return dataclasses.replace(rules, targets=targets)


def _lists(rules: Rules, own: Mapping) -> Rules:
    """More values for a closed list, and for 产业链 and 新场景; new aliases of values that it has."""
    closed = {each.name: each for each in rules.closed_lists}
    chains = rules.chains
    for name, given in own.items():
        if name == "产业链":
            chains = _more_chains(chains, given)
            continue
        _known("lists", name, rules.lists)
        current = closed[rules.lists[name].name]
        closed[current.name] = typed(f"配置项 lists.{name}", ClosedList, _extended(current, name, given))
    return dataclasses.replace(rules, closed_lists=tuple(closed.values()), chains=chains)


def _more_chains(chains: Chains, given: Any) -> Chains:
    more = [{"name": each} if isinstance(each, str) else each for each in _listed("lists.产业链", given)]
    return typed("配置项 lists.产业链", Chains, _written(chains) | {"chains": [*_written(chains)["chains"], *more]})


def _extended(current: ClosedList, name: str, given: Any) -> dict:
    """A list of new values, or {values: [...], aliases: {别名: 值}}."""
    own = dict(given) if isinstance(given, Mapping) else {"values": given}
    _only(f"lists.{name}", own, {"values", "aliases"})
    written = _written(current)
    more = [{"value": each} if isinstance(each, str) else each for each in _listed(f"lists.{name}", own.get("values", []))]
    values = [*written["values"], *more]
    aliases = own.get("aliases") or {}
    if not isinstance(aliases, Mapping):
        raise ZjtxError(f"配置项 lists.{name}.aliases：应写成“别名: 值”的形式。")
    for alias, value in aliases.items():
        if value not in current.names:
            raise ZjtxError(f"配置项 lists.{name}.aliases.{alias}：值域中没有“{value}”。")
        values = [
            each | {"aliases": [*each.get("aliases", ()), alias]} if each["value"] == value else each for each in values
        ]
    return written | {"values": values, "open": current.open and not own.get("values")}


def _lights(rules: Rules, own: Mapping) -> Rules:
    lights = typed("配置项 lights", Lights, _written(rules.plan.lights) | dict(own))
    return dataclasses.replace(rules, plan=rules.plan.model_copy(update={"lights": lights}))


def _listed(where: str, given: Any) -> list:
    if not isinstance(given, list) or not all(isinstance(each, (str, Mapping)) for each in given):
        raise ZjtxError(f"配置项 {where}：应写成由文本组成的列表，例如 [甲, 乙]。")
    return given


def _known(section: str, name: str, known: Mapping) -> None:
    if name not in known:
        raise ZjtxError(f"配置项 {section}.{name}：没有“{name}”，可写 {', '.join(list(known)[:3])} 等。")


def _only(where: str, own: Mapping, allowed: set[str]) -> None:
    for key in own:
        if key not in allowed:
            raise ZjtxError(f"配置项 {where}.{key}：没有这个项目，可写：{'、'.join(sorted(allowed))}。")


def _written(rule: Any) -> dict:
    """A rule as it would stand in YAML, under the keys that a person writes."""
    return rule.model_dump(by_alias=True)


def _digest(base: str, own: Mapping) -> str:
    text = json.dumps(own, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(f"{base}\n{text}".encode()).hexdigest()


_DAY = timedelta(days=1)
_SECTIONS = {
    "readings": _readings,
    "awards": _awards,
    "targets": _targets,
    "baselines": _baselines,
    "lists": _lists,
    "lights": _lights,
}
