"""Knows how the rules' YAML files become the typed rules; leaves what they must agree on to `checks`."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.rules.adopted import adopted
from zjtx_pipeline.rules.checks import check
from zjtx_pipeline.rules.clauses import Award
from zjtx_pipeline.rules.model import POPULATION_TABLES, Department, Indicator, Target, Task
from zjtx_pipeline.rules.reference import Chains, ClosedList, Pairs, Reading, Regions, Tiers
from zjtx_pipeline.rules.rulebook import Plan, Rules

FILES = ("awards", "chains", "indicators", "lists", "plan", "readings", "regions", "tiers")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # safe both; the C one is eight times as fast


@cache
def load_rules() -> Rules:
    """The rules that the program carries, checked; the same object each time."""
    return rules_from(Path(str(files(__package__))))


def rules_from(folder: Path) -> Rules:
    """The rules of a folder of YAML files; ZjtxError names the file, the entry and what is wrong with it."""
    texts = {name: (folder / f"{name}.yaml").read_bytes() for name in FILES}
    book = {name: yaml.load(text, Loader=_LOADER) for name, text in texts.items()}
    plan, lists = dict(book["plan"]), book["lists"]
    departments = _numbered("plan.yaml departments", Department, plan.pop("departments"), "name")
    chains = typed("chains.yaml", Chains, book["chains"])
    rules = Rules(
        departments=departments,
        tasks=_numbered("plan.yaml tasks", Task, plan.pop("tasks"), "number"),
        targets=_numbered("plan.yaml targets", Target, plan.pop("targets"), "id"),
        plan=typed("plan.yaml", Plan, plan),
        indicators=_numbered("indicators.yaml", Indicator, [_indicator(raw) for raw in book["indicators"]], "id"),
        awards=_named("awards.yaml", Award, book["awards"]),
        readings=_named("readings.yaml", Reading, book["readings"]),
        tiers=typed("tiers.yaml", Tiers, book["tiers"]),
        regions=typed("regions.yaml", Regions, book["regions"]),
        chains=chains,
        closed_lists=tuple(_closed_list(raw, departments, chains) for raw in lists["lists"]),
        pairs=tuple(typed("lists.yaml pairs", Pairs, raw) for raw in lists["pairs"]),
        digest=_digest(texts),
    )
    rules = adopted(rules, rules.readings)
    check(rules)
    return rules


def typed(where: str, kind: type, values: Any):
    """One rule of its type; ZjtxError says where it stands and what is wrong, in one line."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(step) for step in (where, *fault["loc"]))
        raise ZjtxError(f"{place}：{_complaint(fault)}。") from None


def _complaint(fault: dict) -> str:
    known = {
        "extra_forbidden": "没有这个项目，请检查拼写",
        "missing": "缺少此项",
        "decimal_parsing": f"“{fault['input']}”不是数字",
        "decimal_type": f"“{fault['input']}”不是数字",
        "finite_number": f"“{fault['input']}”不是有限的数字",
        "date_from_datetime_parsing": f"“{fault['input']}”不是日期，请写成 2024-12-31 的样子",
        "date_type": f"“{fault['input']}”不是日期，请写成 2024-12-31 的样子",
        "date_parsing": f"“{fault['input']}”不是日期，请写成 2024-12-31 的样子",
        "literal_error": f"“{fault['input']}”不在可选值之内：{fault.get('ctx', {}).get('expected', '')}",
        "model_type": "应写成“名称: 值”的形式",
        "model_attributes_type": "应写成“名称: 值”的形式",
        "string_type": f"“{fault['input']}”应为文本，请加引号",
    }
    return known.get(fault["type"], fault["msg"].removeprefix("Value error, "))


def _numbered(where: str, kind: type, entries: list, key: str) -> dict:
    found: dict = {}
    for raw in entries:
        entry = typed(f"{where} {raw.get(key, '?')}", kind, raw)
        if getattr(entry, key) in found:
            raise ZjtxError(f"{where}：“{getattr(entry, key)}”写了两次。")
        found[getattr(entry, key)] = entry
    return found


def _named(where: str, kind: type, entries: dict) -> dict:
    return {name: typed(f"{where} {name}", kind, {"id": name, **raw}) for name, raw in entries.items()}


def _indicator(raw: dict) -> dict:
    """What stands beside `parts` holds for every part that does not say otherwise."""
    shared = {key: raw[key] for key in ("period", "population", "tables", "by") if key in raw}
    own = {key: value for key, value in raw.items() if key not in shared and key != "parts"}
    parts = {letter: _part(letter, raw["kind"], shared | part) for letter, part in raw["parts"].items()}
    return own | {"parts": parts}


def _part(letter: str, kind: str, raw: dict) -> dict:
    named = raw.get("tables", ())
    tables = [*dict.fromkeys(name.partition(".")[0] for name in named)]
    needs = set(tables) | POPULATION_TABLES.get(raw.get("population"), set())
    part = {key: value for key, value in raw.items() if key != "by"} | {"tables": tables, "columns": [name for name in named if "." in name]}
    breakdowns = [{"columns": tuple(by), "values": tuple(by.values())} for by in raw.get("by", ())]
    return {"kind": kind, **part, "letter": letter, "needs": sorted(needs), "breakdowns": breakdowns}


def _closed_list(raw: dict, departments: dict[str, Department], chains: Chains) -> ClosedList:
    """The list of departments comes from the plan, that of the new scenes from the chains."""
    if raw.get("departments"):
        raw = raw | {"values": [{"value": name, "aliases": each.spellings[1:]} for name, each in departments.items()]}
    if raw.get("open") and chains.scenes:
        values = [{"value": each.name, "from": each.valid_from, "to": each.valid_to} for each in chains.scenes]
        raw = raw | {"open": False, "values": values}
    return typed(f"lists.yaml {raw.get('name', '?')}", ClosedList, raw)


def _digest(texts: dict[str, bytes]) -> str:
    """SHA-256 over the files' names and bytes, so that moving a rule between files changes it too."""
    whole = hashlib.sha256()
    for name in sorted(texts):
        whole.update(f"{name}\0{len(texts[name])}\0".encode() + texts[name])
    return whole.hexdigest()
