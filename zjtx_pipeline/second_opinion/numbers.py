"""Knows which numbers of the rules the second opinion borrows: days, titles, populations, towns, the clauses' terms.

Leaves everything that is done with them to the SQL.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from zjtx_pipeline.money import half_up
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.rules import Rules

ALWAYS, NEVER = date(1, 1, 1), date(9999, 12, 31)
FROZEN_WITH = "Q05"  # whose due day freezes the firms of T03-3 (B-12)


def numbers(rules: Rules, quarter: Quarter) -> dict[str, tuple[dict[str, str], list[tuple]]]:
    """Each borrowed table: its columns with their SQL types, and its rows. Days run from (included) to (excluded)."""
    frozen_on = min(quarter.last_day, rules.targets[FROZEN_WITH].due)
    grants = [award for award in rules.awards.values() if award.is_grant]
    champions = [(award.id, tier) for award in grants for tier in award.trigger.where.get("资质类型", ())]
    return {
        "asked": (
            {"q": "DATE", "plan_from": "DATE", "plan_to": "DATE", "frozen_on": "DATE"},
            [(quarter.last_day, rules.plan.starts_on, rules.plan.ends_on, frozen_on)],
        ),
        "tiers": ({"tier": "VARCHAR"}, [(tier,) for tier in rules.tiers.types]),
        "types": (
            {"population": "VARCHAR", "tier": "VARCHAR"},
            [(name, tier) for name, meant in rules.tiers.populations.items() for tier in meant.types],
        ),
        "towns": (
            {"street": "VARCHAR", "since": "DATE", "until": "DATE"},
            [(town.code, *_span(town)) for town in rules.regions.all if town.parent == rules.regions.district.code],
        ),
        "clauses": ({"clause": "VARCHAR"}, [(award.id,) for award in grants]),
        "firsts": ({"clause": "VARCHAR", "tier": "VARCHAR"}, champions),
        "terms": (
            {"clause": "VARCHAR", "since": "DATE", "until": "DATE", "population": "VARCHAR", "amount_fen": "BIGINT",
             "rate_numerator": "BIGINT", "rate_denominator": "BIGINT", "cap_fen": "BIGINT"},
            [(award.id, *_terms(terms)) for award in grants for terms in award.terms],
        ),
    }  # fmt: skip


def _span(dated: Any) -> tuple[date, date]:
    """From when until when (excluded) something is in force."""
    return dated.valid_from or ALWAYS, dated.valid_to + timedelta(days=1) if dated.valid_to else NEVER


def _terms(terms: Any) -> Iterable:
    rate = (None, None) if terms.rate is None else Fraction(terms.rate).as_integer_ratio()
    return *_span(terms), terms.population, _fen(terms.amount), *rate, _fen(terms.cap)


def _fen(yuan: Any) -> int | None:
    return None if yuan is None else half_up(Fraction(yuan) * 100)
