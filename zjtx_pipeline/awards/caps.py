"""Knows what a clause's formula gives each unit, and under which cap (B-02); leaves who may have it to `tally`.

Amounts, rates and caps are the rules'. Sources: plan.md 1.3; datasets.md 5.5.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pandas as pd

from zjtx_pipeline.awards.purchases import BY_UNIT, product_bases
from zjtx_pipeline.books import Books
from zjtx_pipeline.firms import NEVER
from zjtx_pipeline.money import FEN_PER_YUAN, half_up, share_fen
from zjtx_pipeline.rules import Award, AwardTerms, Rules

WHOLE_PLAN, EACH_PRODUCT = "每企业整个计划期", "每产品"


def capped(books: Books, rows: pd.DataFrame, award: Award, terms: AwardTerms) -> pd.Series:
    """The formula under its cap: a unit's own (payee × year), or one a product (B-02); `within_plan` has the third way."""
    reading = books.rules.reading("B-02")
    if terms.cap and terms.rate and reading == EACH_PRODUCT and award.trigger.table == "D14":
        return _capped_by_product(books, rows, award, terms)
    shares = _formula(rows, terms)
    if terms.cap is None or reading == WHOLE_PLAN:
        return shares
    return shares.clip(upper=_fen(terms.cap))


def within_plan(rules: Rules, rows: pd.DataFrame) -> pd.Series:
    """What one cap a firm for the whole plan leaves of one clause's units, whatever terms they fall under; else all (B-02)."""
    caps = unit_caps(rules, rows["clause"], rows["triggered_on"])
    if rules.reading("B-02") != WHOLE_PLAN or caps.isna().all():
        return rows["alone_fen"]
    return under_one_cap(rows, rows["alone_fen"], caps)


def _capped_by_product(books: Books, rows: pd.DataFrame, award: Award, terms: AwardTerms) -> pd.Series:
    """Each product's share under a cap of its own, added up and then rounded once a unit, never below 0."""
    rate, cap = Fraction(terms.rate), Fraction(_fen(terms.cap))
    parts = product_bases(books, award)
    sums: dict[tuple, Fraction] = {}
    for firm, year, base in zip(*(parts[name] for name in (*BY_UNIT, "base_fen")), strict=True):
        sums[firm, year] = sums.get((firm, year), Fraction(0)) + min(int(base) * rate, cap)
    units = zip(rows["uscc"], rows["triggered_on"].dt.year, strict=True)
    return pd.Series([max(0, half_up(sums[unit])) for unit in units], index=rows.index, dtype="Int64")


def under_one_cap(rows: pd.DataFrame, shares: pd.Series, caps_fen: pd.Series) -> pd.Series:
    """What is left of one cap a firm for each of its units, earliest first; the cap is that of the unit's own day."""
    order = rows.sort_values(["triggered_on", "trigger_key"]).index
    used = shares.loc[order].groupby(rows.loc[order, "firm"]).cumsum()
    left = (caps_fen.loc[order] - (used - shares.loc[order])).clip(lower=0)
    return shares.loc[order].clip(upper=left).reindex(rows.index)


def _formula(rows: pd.DataFrame, terms: AwardTerms) -> pd.Series:
    """Amount a unit, or rate × base: rounded half up to the fen once a unit, never below 0."""
    if terms.rate is not None:
        rate = Fraction(terms.rate)
        sums = [pd.NA if pd.isna(base) else max(0, share_fen(int(base), rate)) for base in rows["base_fen"]]
    else:
        sums = [pd.NA if terms.amount is None else _fen(terms.amount)] * len(rows)
    return pd.Series(sums, index=rows.index, dtype="Int64")


def in_term(days: pd.Series, terms: AwardTerms) -> pd.Series:
    """Do the terms hold on each day?"""
    until = pd.Timestamp(terms.valid_to) if terms.valid_to else NEVER
    return (pd.Timestamp(terms.valid_from) <= days) & (days <= until)


def unit_caps(rules: Rules, clauses: pd.Series, days: pd.Series) -> pd.Series:
    """The cap in fen of a unit of each clause set off on each day; NA without one, or where each product has its own (B-02)."""
    caps = _caps(rules, clauses, days)
    return caps.mask(caps.notna()) if rules.reading("B-02") == EACH_PRODUCT else caps


def _caps(rules: Rules, clauses: pd.Series, days: pd.Series) -> pd.Series:
    caps = pd.Series(pd.NA, index=clauses.index, dtype="Int64")
    for award in rules.awards.values():
        for terms in (each for each in award.terms if each.cap):
            caps = caps.mask(clauses.eq(award.id) & in_term(days, terms), _fen(terms.cap))
    return caps


def by_plan(books: Books, rows: pd.DataFrame) -> pd.Series:
    """What A08's eligible units would get under one cap for the whole plan; NA for all others."""
    award = books.rules.awards["A08"]
    rows = rows[rows["clause"].eq("A08") & rows["eligible"]]
    caps = _caps(books.rules, rows["clause"], rows["triggered_on"])
    if caps.isna().any() or rows.empty:
        return pd.Series(pd.NA, index=rows.index, dtype="Int64")
    shares = [_formula(held, terms) for terms in award.terms for held in [rows[in_term(rows["triggered_on"], terms)]]]
    return under_one_cap(rows, pd.concat(shares).reindex(rows.index), caps)


def changed_by_plan_cap(units: pd.DataFrame) -> pd.DataFrame:
    """The units that one cap for the whole plan would change; what they would get is `by_plan_fen` (B-02, listed beside)."""
    return units[(units["by_plan_fen"] != units["alone_fen"]).fillna(False)]


def _fen(yuan: Decimal) -> int:
    return int(yuan * FEN_PER_YUAN)
