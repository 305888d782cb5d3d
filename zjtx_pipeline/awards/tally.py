"""Knows what each award unit is entitled to, and what came of it; leaves the triggering rows to `triggers`.

Amounts, rates, caps and terms are the rules'; how several awards of one firm add up is `stacking`'s. Sources:
plan.md 1.3; datasets.md 5.5, 5.8 (1); readings B-02, B-27.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pandas as pd

from zjtx_pipeline.awards.ledger import UNIT, applied, unknown_payments
from zjtx_pipeline.awards.purchases import BY_UNIT, product_bases
from zjtx_pipeline.awards.stacking import highest, stacked
from zjtx_pipeline.awards.triggers import trigger_rows
from zjtx_pipeline.books import Books, once
from zjtx_pipeline.firms import NEVER, names
from zjtx_pipeline.money import FEN_PER_YUAN, half_up, share_fen
from zjtx_pipeline.rules import Award, AwardTerms, Rules
from zjtx_pipeline.tiers import members

COLUMNS = [
    "clause", "uscc", "name", "trigger_key", "triggered_on", "base_fen", "entitled_fen",
    "applied_on", "approved_fen", "paid_fen", "gap_fen", "state", "firm", "eligible",
    "alone_fen", "other_purses_fen", "days_since_trigger", "in_p2", "lost_on", "by_plan_fen",
]  # fmt: skip
UNKNOWN, UNTRIGGERED, UNAPPLIED, PENDING, UNPAID = "待明确", "无触发", "未申请", "审核中", "已核定未拨"
WHOLE_PLAN, EACH_PRODUCT = "每企业整个计划期", "每产品"
PART_PAID, PAID, OVERPAID, REFUSED = "部分拨付", "已拨付", "超付", "不予兑现"


@once
def units(books: Books) -> pd.DataFrame:
    """One row an award unit to the quarter's end, by clause and day; money in fen.

    Columns of awards.csv (`entitled_fen` and `gap_fen` NA while the clause's amount is not stated), and beside them
    `firm`, the code at the quarter's end; `eligible`: do 5.5's conditions hold, amount known or not?; `alone_fen`, what
    the clause gives before B-11; `other_purses_fen`, paid by city, province, state; `days_since_trigger`, to the last
    payment where all is paid, else to the quarter's end; `in_p2` at the quarter's end; `lost_on`, the day that took the
    title or listing away again; `by_plan_fen`, of A08, under one cap for the whole plan.
    """
    triggered = entitled(books, trigger_rows(books)).assign(triggered=True)
    rows = triggered.merge(applied(books), on=UNIT, how="outer", validate="1:1", suffixes=("", "_applied"))
    for column in ("uscc", "name", "trigger_key", "triggered_on"):
        rows[column] = rows[column].fillna(rows[f"{column}_applied"])
    rows = pd.concat([rows, unknown_payments(books)], ignore_index=True)
    flags = ("triggered", "eligible", "approved", "refused", "applied")
    rows = rows.assign(**{name: rows[name].fillna(0) for name in ("paid_fen", "other_purses_fen")})
    rows = rows.assign(**{flag: rows[flag].eq(True) for flag in flags})
    rows = rows.assign(**{name: rows[name].mask(~rows["triggered"], 0) for name in ("entitled_fen", "alone_fen")})
    rows = rows.assign(name=names(books, rows["uscc"], rows["name"]), in_p2=members(books, "P2", rows["uscc"]))
    rows = rows.assign(gap_fen=rows["entitled_fen"] - rows["paid_fen"], state=_state(rows))
    rows = rows.assign(days_since_trigger=_days(books, rows), by_plan_fen=_by_plan(books, rows).reindex(rows.index))
    order = ["clause", "triggered_on", "uscc", "trigger_key", "award_no"]
    return rows.sort_values(order, kind="stable", na_position="last")[COLUMNS].reset_index(drop=True)


def entitled(books: Books, rows: pd.DataFrame) -> pd.DataFrame:
    """Add `eligible`, `alone_fen` and `entitled_fen` to triggers: 0 outside term, district or population or listed
    later, NA if not stated."""
    rows = rows.assign(eligible=False, stack="", alone_fen=pd.Series(0, index=rows.index, dtype="Int64"))
    for clause in rows["clause"].unique():
        award = books.rules.awards[clause]
        for terms in award.terms:
            held = _meant(books, rows[rows["clause"].eq(clause) & rows["first"] & rows["local"]], terms)
            own = rows.index.isin(held.index)
            sums = _capped(books, held, award, terms).reindex(rows.index)
            stack = terms.stack_rule or books.rules.reading("B-11")
            rows = rows.assign(
                eligible=rows["eligible"] | own, stack=rows["stack"].mask(own, stack), alone_fen=rows["alone_fen"].mask(own, sums)
            )
    return rows.assign(entitled_fen=stacked(books.rules, rows))


def _meant(books: Books, rows: pd.DataFrame, terms: AwardTerms) -> pd.DataFrame:
    """The triggers that fall in the terms' time and population, on the trigger's day (B-27)."""
    rows = rows[_in_term(rows["triggered_on"], terms)]
    if terms.population == "在萧企业":
        return rows
    return rows[members(books, terms.population, rows["uscc"], rows["triggered_on"]).astype(bool)]


def _in_term(days: pd.Series, terms: AwardTerms) -> pd.Series:
    until = pd.Timestamp(terms.valid_to) if terms.valid_to else NEVER
    return (pd.Timestamp(terms.valid_from) <= days) & (days <= until)


def _capped(books: Books, rows: pd.DataFrame, award: Award, terms: AwardTerms) -> pd.Series:
    """The formula under its cap: a unit's own (payee × year), one for all units of a firm, or one a product (B-02)."""
    reading = books.rules.reading("B-02")
    if terms.cap and terms.rate and reading == EACH_PRODUCT and award.trigger.table == "D14":
        return _capped_by_product(books, rows, award, terms)
    shares = _formula(rows, terms)
    if terms.cap is None:
        return shares
    if reading == WHOLE_PLAN:
        return under_one_cap(rows, shares, _fen(terms.cap))
    return shares.clip(upper=_fen(terms.cap))


def _capped_by_product(books: Books, rows: pd.DataFrame, award: Award, terms: AwardTerms) -> pd.Series:
    """Each product's share under a cap of its own, added up and then rounded once a unit, never below 0."""
    rate, cap = Fraction(terms.rate), Fraction(_fen(terms.cap))
    parts = product_bases(books, award)
    sums: dict[tuple, Fraction] = {}
    for firm, year, base in zip(*(parts[name] for name in (*BY_UNIT, "base_fen")), strict=True):
        sums[firm, year] = sums.get((firm, year), Fraction(0)) + min(int(base) * rate, cap)
    units = zip(rows["uscc"], rows["triggered_on"].dt.year, strict=True)
    return pd.Series([max(0, half_up(sums[unit])) for unit in units], index=rows.index, dtype="Int64")


def under_one_cap(rows: pd.DataFrame, shares: pd.Series, cap_fen: int) -> pd.Series:
    """What is left of one cap a firm for each of its units, earliest first."""
    order = rows.sort_values(["triggered_on", "trigger_key"]).index
    used = shares.loc[order].groupby(rows.loc[order, "firm"]).cumsum()
    left = (cap_fen - (used - shares.loc[order])).clip(lower=0)
    return shares.loc[order].clip(upper=left).reindex(rows.index)


def changed_by_plan_cap(units: pd.DataFrame) -> pd.DataFrame:
    """The units that one cap for the whole plan would change; what they would get is `by_plan_fen` (B-02, listed beside)."""
    return units[(units["by_plan_fen"] != units["alone_fen"]).fillna(False)]


def _by_plan(books: Books, rows: pd.DataFrame) -> pd.Series:
    """What A08's eligible units would get under one cap for the whole plan; NA for all others."""
    award = books.rules.awards["A08"]
    rows = rows[rows["clause"].eq("A08") & rows["eligible"]]
    if award.cap is None or rows.empty:
        return pd.Series(pd.NA, index=rows.index, dtype="Int64")
    shares = [_formula(held, terms) for terms in award.terms for held in [rows[_in_term(rows["triggered_on"], terms)]]]
    return under_one_cap(rows, pd.concat(shares).reindex(rows.index), _fen(award.cap))


def _formula(rows: pd.DataFrame, terms: AwardTerms) -> pd.Series:
    """Amount a unit, or rate × base: rounded half up to the fen once a unit, never below 0."""
    if terms.rate is not None:
        rate = Fraction(terms.rate)
        sums = [pd.NA if pd.isna(base) else max(0, share_fen(int(base), rate)) for base in rows["base_fen"]]
    else:
        sums = [pd.NA if terms.amount is None else _fen(terms.amount)] * len(rows)
    return pd.Series(sums, index=rows.index, dtype="Int64")


def _fen(yuan: Decimal) -> int:
    return int(yuan * FEN_PER_YUAN)


def unit_caps(rules: Rules) -> dict[str, int]:
    """The cap of a unit in fen, by clause; none where each product has its own (B-02)."""
    if rules.reading("B-02") == EACH_PRODUCT:
        return {}
    return {clause: _fen(award.cap) for clause, award in rules.awards.items() if award.cap}


def _state(rows: pd.DataFrame) -> pd.Series:
    """State of each unit (5.5), paid against entitled: the first condition that fits."""
    paid, due = rows["paid_fen"], rows["entitled_fen"]
    conditions = [
        (~rows["triggered"], UNTRIGGERED),
        (due.isna(), UNKNOWN),
        ((paid > 0) & (paid > due), OVERPAID),
        ((paid > 0) & (paid == due), PAID),
        (paid > 0, PART_PAID),
        (~rows["applied"], UNAPPLIED),
        (rows["refused"], REFUSED),
        (rows["approved"], UNPAID),
    ]
    state = pd.Series(PENDING, index=rows.index, dtype="str")
    for holds, name in reversed(conditions):
        state = state.mask(holds.fillna(False).astype(bool), name)
    return state


def _days(books: Books, rows: pd.DataFrame) -> pd.Series:
    """Whole days from trigger to the last payment of a unit paid in full, else to the quarter's end; NA untriggered."""
    until = rows["paid_on"].where(rows["state"].isin([PAID, OVERPAID]) & rows["paid_on"].notna(), books.day)
    return (until - rows["triggered_on"]).dt.days.astype("Int64")


def highest_only_fen(rules: Rules, rows: pd.DataFrame) -> int:
    """What 就高 would entitle these units to: of each firm's only the highest counts (B-11, printed beside the sum)."""
    return int(highest(rules, rows[rows["eligible"]]).sum())
