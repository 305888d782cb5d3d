"""Knows what each award unit is entitled to, and what came of it; leaves the triggering rows to `triggers`.

The formula and its cap are `caps`', how several awards of one firm add up `stacking`'s. Sources: datasets.md 5.5,
5.8 (1); reading B-27.
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.awards.caps import by_plan, capped, in_term, within_plan
from zjtx_pipeline.awards.ledger import applied, unknown_payments
from zjtx_pipeline.awards.stacking import highest, stacked
from zjtx_pipeline.awards.triggers import UNIT, trigger_rows
from zjtx_pipeline.books import Books, once
from zjtx_pipeline.firms import names
from zjtx_pipeline.rules import AwardTerms, Rules
from zjtx_pipeline.tiers import members

COLUMNS = [
    "clause", "uscc", "name", "trigger_key", "triggered_on", "base_fen", "entitled_fen",
    "applied_on", "approved_fen", "paid_fen", "gap_fen", "state", "firm", "eligible",
    "alone_fen", "other_purses_fen", "days_since_trigger", "in_p2", "lost_on", "by_plan_fen",
]  # fmt: skip
UNKNOWN, UNTRIGGERED, UNAPPLIED, PENDING, UNPAID = "待明确", "无触发", "未申请", "审核中", "已核定未拨"
PAYMENTS = ("D06a", "D06b")
UNDELIVERED = "待补"
PART_PAID, PAID, OVERPAID, REFUSED = "部分拨付", "已拨付", "超付", "不予兑现"


@once
def units(books: Books) -> pd.DataFrame:
    """One row an award unit to the quarter's end, by clause and day; money in fen.

    Columns of awards.csv (`entitled_fen` and `gap_fen` NA while the clause's amount is not stated), and beside them
    `firm`, the code at the quarter's end; `eligible`: do 5.5's conditions hold, amount known or not?; `alone_fen`, what
    the clause gives before B-11; `other_purses_fen`, paid by city, province, state; `days_since_trigger`, to the last
    payment where all is paid, else to the quarter's end; `in_p2` at the quarter's end, NA without D04; `lost_on`, the day that took the
    title or listing away again; `by_plan_fen`, of A08, under one cap for the whole plan. A clause whose triggers nobody
    could tell, as a table it needs was not delivered, has no units; without D06a or D06b nobody knows what was paid.
    """
    rows = _tied(books)
    rows = rows[rows["clause"].isin(told(books))]
    inside = members(books, "P2", rows["uscc"])
    inside = inside.astype("boolean").mask(pd.Series(True, index=rows.index)) if books.lacks(("D04",)) else inside
    rows = rows.assign(name=names(books, rows["uscc"], rows["name"]), in_p2=inside)
    rows = rows.assign(gap_fen=rows["entitled_fen"] - rows["paid_fen"], state=_state(rows))
    rows = _without_payments(rows) if books.lacks(PAYMENTS) else rows
    rows = rows.assign(days_since_trigger=_days(books, rows), by_plan_fen=by_plan(books, rows).reindex(rows.index))
    order = ["clause", "triggered_on", "uscc", "trigger_key", "award_no"]
    return rows.sort_values(order, kind="stable", na_position="last")[COLUMNS].reset_index(drop=True)


def told(books: Books) -> list[str]:
    """The clauses whose triggers can be told: every table that they need was delivered."""
    return [clause for clause, award in books.rules.awards.items() if not books.lacks(award.needs)]


def _without_payments(rows: pd.DataFrame) -> pd.DataFrame:
    """What was paid is unknown, not nought, and so is what became of a unit; what nothing set off is no unit then."""
    unknown = dict.fromkeys(["paid_fen", "gap_fen", "other_purses_fen"], pd.array([pd.NA] * len(rows), dtype="Int64"))
    return rows.assign(**unknown, state=UNDELIVERED)[rows["triggered"]]


def _tied(books: Books) -> pd.DataFrame:
    """Triggers with what D06a and D06b say of them, and what these say without a trigger: entitled to nothing."""
    triggered = entitled(books, trigger_rows(books)).assign(triggered=True)
    rows = triggered.merge(applied(books), on=UNIT, how="outer", validate="1:1", suffixes=("", "_applied"))
    for column in ("uscc", "name", "trigger_key", "triggered_on"):
        rows[column] = rows[column].fillna(rows[f"{column}_applied"])
    rows = pd.concat([rows, unknown_payments(books)], ignore_index=True)
    flags = ("triggered", "eligible", "approved", "refused", "applied")
    rows = rows.assign(**{name: rows[name].fillna(0) for name in ("paid_fen", "other_purses_fen")})
    rows = rows.assign(**{flag: rows[flag].eq(True) for flag in flags})
    return rows.assign(**{name: rows[name].mask(~rows["triggered"], 0) for name in ("entitled_fen", "alone_fen")})


def entitled(books: Books, rows: pd.DataFrame) -> pd.DataFrame:
    """Add `eligible`, `alone_fen` and `entitled_fen` to triggers: 0 outside term, district or population or listed
    later, NA if not stated."""
    rows = rows.assign(eligible=False, stack="", alone_fen=pd.Series(0, index=rows.index, dtype="Int64"))
    for clause in rows["clause"].unique():
        award = books.rules.awards[clause]
        for terms in award.terms:
            held = _meant(books, rows[rows["clause"].eq(clause) & rows["first"] & rows["local"]], terms)
            own = rows.index.isin(held.index)
            sums = capped(books, held, award, terms).reindex(rows.index)
            stack = terms.stack_rule or books.rules.reading("B-11")
            known = {"stack": rows["stack"].mask(own, stack), "alone_fen": rows["alone_fen"].mask(own, sums)}
            rows = rows.assign(eligible=rows["eligible"] | own, **known)
        own = rows["clause"].eq(clause) & rows["eligible"]
        rows = rows.assign(alone_fen=rows["alone_fen"].mask(own, within_plan(books.rules, rows[own]).reindex(rows.index)))
    return rows.assign(entitled_fen=stacked(books.rules, rows))


def _meant(books: Books, rows: pd.DataFrame, terms: AwardTerms) -> pd.DataFrame:
    """The triggers that fall in the terms' time and population, on the trigger's day (B-27)."""
    rows = rows[in_term(rows["triggered_on"], terms)]
    if terms.population == "在萧企业":
        return rows
    return rows[members(books, terms.population, rows["uscc"], rows["triggered_on"]).astype(bool)]


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
