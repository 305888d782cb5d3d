"""Knows what a reading other than the default makes of the plan's rules: its term, its clauses, its populations.

Leaves readings that say which rows count to the modules that count them; they ask `rules.reading`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from datetime import date

from zjtx_pipeline.rules.clauses import Award
from zjtx_pipeline.rules.model import POPULATION_TABLES, Indicator, Part, Target
from zjtx_pipeline.rules.rulebook import Rules

OPEN_TO_ANY = tuple(f"A{number:02d}" for number in range(8, 20))  # printed without a population (B-27)
ABOVE_THE_PROVINCE = ("A14", "A15")  # the city's amount is higher than the province's (B-10)
RANGES = ("P2", "省级以上")  # populations that the words “专精特新企业” and “省级以上” stand for


def adopted(rules: Rules, names: Iterable[str]) -> Rules:
    """The rules as the choices in force for these readings make them, in the order of their ids; all else stays."""
    for name in sorted(names):
        rules = _noted(MAKES.get((name, rules.reading(name)), _unchanged)(rules), name)
    return rules


def _unchanged(rules: Rules) -> Rules:
    return rules


def _noted(rules: Rules, name: str) -> Rules:
    """Definitions that a choice departs from say so."""
    reading = rules.readings[name]
    if not reading.chosen:
        return rules
    note = f"（现行口径{name}：{reading.meaning}。）"
    told = {id: rules.indicators[id] for id in reading.indicators if note not in rules.indicators[id].definition}
    told = {id: each.model_copy(update={"definition": each.definition + note}) for id, each in told.items()}
    return dataclasses.replace(rules, indicators=rules.indicators | told)


# ---- B-01, B-26: from when to when ----------------------------------------------------------------------------------

MOVED_WORDS = {  # how texts name the term's days
    "2023年1月1日": "2022年1月1日", "2022年12月31日": "2021年12月31日", "2025年12月31日": "2024年12月31日",
    "2023年以来": "2022年以来", "2023年前": "2022年前", "2023年起": "2022年起", "2025年四季度以后": "2024年四季度以后",
}  # fmt: skip


def _a_year_earlier(rules: Rules) -> Rules:
    """B-01: the term, its baseline day, the targets that have their date from it, and what its clauses pay."""
    first, last = date(2022, 1, 1), date(2024, 12, 31)
    term = rules.plan.term.model_copy(update={"valid_from": first, "valid_to": last})
    plan = rules.plan.model_copy(update={"term": term, "baseline_day": date(2021, 12, 31)})
    targets = {name: each.model_copy(update=_dated(each, first, last)) for name, each in rules.targets.items()}
    rules = _worded(dataclasses.replace(rules, plan=plan, targets=targets))
    return _with_terms(rules, rules.awards, lambda terms: {"valid_from": first, "valid_to": last})


def _dated(target: Target, first: date, last: date) -> dict:
    """What a target has from the term: its years, or its date where the text gives none."""
    if target.years:
        return {"years": tuple(range(first.year, last.year + 1))}
    return {"due": last} if target.reading == "B-01" else {}


def _worded(rules: Rules) -> Rules:
    """Texts that name the term's days name the new ones."""

    def moved(text: str) -> str:
        for old, new in MOVED_WORDS.items():
            text = text.replace(old, new)
        return text

    def defined(each: Indicator) -> Indicator:
        parts = {letter: part.model_copy(update={"name": moved(part.name)}) for letter, part in each.parts.items()}
        return each.model_copy(update={"definition": moved(each.definition), "parts": parts})

    others = {name: each for name, each in rules.readings.items() if name != "B-01"}
    readings = {name: each.model_copy(update={"explanation": moved(each.explanation)}) for name, each in others.items()}
    targets = {name: each.model_copy(update={"note": moved(each.note)}) for name, each in rules.targets.items()}
    indicators = {name: defined(each) for name, each in rules.indicators.items()}
    return dataclasses.replace(rules, readings=rules.readings | readings, targets=targets, indicators=indicators)


def _since_publication(rules: Rules) -> Rules:
    """B-26: clauses pay from the day the plan was printed."""
    return _with_terms(rules, rules.awards, lambda terms: {"valid_from": rules.plan.source.published_on})


def _until_ended(rules: Rules) -> Rules:
    """B-26: clauses pay from that day on, until the bureau enters their end."""
    return _with_terms(_since_publication(rules), rules.awards, lambda terms: {"valid_to": None})


# ---- B-06, B-10, B-20, B-27: what a clause asks and pays ------------------------------------------------------------


def _with_terms(rules: Rules, clauses: Iterable[str], change: Callable) -> Rules:
    """Some clauses with changed terms."""

    def changed(award: Award) -> Award:
        return award.model_copy(update={"terms": tuple(each.model_copy(update=change(each)) for each in award.terms)})

    return dataclasses.replace(rules, awards=rules.awards | {name: changed(rules.awards[name]) for name in clauses})


def _asking(rules: Rules, clause: str, header: str, values: tuple[str, ...]) -> Rules:
    """A clause whose triggering rows bear these values in a column."""
    award = rules.awards[clause]
    trigger = award.trigger.model_copy(update={"where": {**award.trigger.where, header: values}})
    return dataclasses.replace(rules, awards=rules.awards | {clause: award.model_copy(update={"trigger": trigger})})


def _first_batches_too(rules: Rules) -> Rules:
    return _asking(rules, "A07", "类别", ("首台套", "首批次", "首版次"))


def _only_energy(rules: Rules) -> Rules:
    return _asking(rules, "A19", "示范类型", ("能效领跑者",))


def _only_water(rules: Rules) -> Rules:
    return _asking(rules, "A19", "示范类型", ("水效领跑者",))


def _misprinted(rules: Rules) -> Rules:
    """B-10: amounts taken for misprints are not stated until somebody enters them."""
    awards = {name: rules.awards[name].model_copy(update={"measured": False}) for name in ABOVE_THE_PROVINCE}
    rules = dataclasses.replace(rules, awards=rules.awards | awards)
    return _with_terms(rules, ABOVE_THE_PROVINCE, lambda terms: {"amount": None})


def _for_population(name: str) -> Callable[[Rules], Rules]:
    return lambda rules: _with_terms(rules, OPEN_TO_ANY, lambda terms: {"population": name})


# ---- B-09, B-12, B-14: who, and by which tables ---------------------------------------------------------------------


def _with_provincial_champions(rules: Rules) -> Rules:
    """B-09: wherever a rule names 国家单项冠军 as 单项冠军, 省单项冠军 stands beside it."""
    both = ("国家单项冠军", "省单项冠军")
    held = {name: rules.tiers.populations[name] for name in RANGES}
    types = {name: tuple(dict.fromkeys((*each.types, *both))) for name, each in held.items()}
    wider = {name: each.model_copy(update={"types": types[name]}) for name, each in held.items()}
    return _asking(_with_populations(rules, wider), "A01", "资质类型", both)


def _with_populations(rules: Rules, own: dict) -> Rules:
    tiers = rules.tiers.model_copy(update={"populations": rules.tiers.populations | own})
    return dataclasses.replace(rules, tiers=tiers)


def _strictly(rules: Rules) -> Rules:
    """B-14 read as P3: neither hidden champions nor single champions, which may be large firms."""
    types = rules.tiers.populations["P3"].types
    return _with_populations(rules, {name: rules.tiers.populations[name].model_copy(update={"types": types}) for name in RANGES})


def _by_pool(rules: Rules) -> Rules:
    """B-14 read as P1: the pool's firms; “省级以上” still asks for titles."""
    kept = rules.tiers.populations
    pool = kept["P2"].model_copy(update={"types": (), "pool": kept["P1"].pool})
    return _needing(_with_populations(rules, {"P2": pool}), {"P2": POPULATION_TABLES["P1"], "P12": POPULATION_TABLES["P1"]})


def _needing(rules: Rules, tables: dict[str, set[str]]) -> Rules:
    """Parts counted in these populations need these tables, beside their own."""

    def moved(part: Part) -> Part:
        if part.population not in tables:
            return part
        return part.model_copy(update={"needs": tuple(sorted({*part.tables, *tables[part.population]}))})

    indicators = {
        name: each.model_copy(update={"parts": {letter: moved(part) for letter, part in each.parts.items()}})
        for name, each in rules.indicators.items()
    }
    return dataclasses.replace(rules, indicators=indicators)


def _by_patents(rules: Rules) -> Rules:
    """B-12 read as no firm without intellectual property: told by D10 instead of D11."""
    indicator = rules.indicators["T03-3"]
    parts = {
        letter: part.model_copy(update={"tables": ("D10",), "needs": tuple(sorted({*part.needs, "D10"} - {"D11"}))})
        for letter, part in indicator.parts.items()
        if "D11" in part.tables
    }
    own = indicator.model_copy(update={"parts": {**indicator.parts, **parts}})
    return dataclasses.replace(rules, indicators=rules.indicators | {"T03-3": own})


MAKES: dict[tuple[str, str], Callable[[Rules], Rules]] = {
    ("B-01", "2022—2024年"): _a_year_earlier,
    ("B-06", "首批次同奖"): _first_batches_too,
    ("B-09", "含省级"): _with_provincial_champions,
    ("B-10", "视为笔误"): _misprinted,
    ("B-12", "无零知识产权企业"): _by_patents,
    ("B-14", "P1"): _by_pool,
    ("B-14", "P3"): _strictly,
    ("B-20", "仅能效"): _only_energy,
    ("B-20", "仅水效"): _only_water,
    ("B-26", "刊载之日起"): _since_publication,
    ("B-26", "按条款自身期限"): _until_ended,
    ("B-27", "仅专精特新企业"): _for_population("P2"),
    ("B-27", "仅P3企业"): _for_population("P3"),
}
