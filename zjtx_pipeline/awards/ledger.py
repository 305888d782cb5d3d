"""Knows what was applied for, approved and paid (D06a, D06b); leaves what was due to `tally`.

Source: datasets.md 5.5, 5.8 (1).
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.awards.triggers import UNIT, matching
from zjtx_pipeline.books import Books, found_in, looked_up, once
from zjtx_pipeline.firms import current

OWN_PURSE, PAID_OUT = "区", "拨付"
REFUSED, APPROVED = "不予兑现", "已核定"


@once
def applications(books: Books) -> pd.DataFrame:
    """D06a's rows known by the quarter's end, with `firm`, `match` (what ties them to a unit) and `decided` by then."""
    rows = books["D06a"]
    undated = rows["approved_on"].isna()
    decided = (rows["approved_on"] <= books.day) | (undated & rows["state"].isin([APPROVED, REFUSED]))
    known = decided | (rows["applied_on"] <= books.day) | (undated & rows["applied_on"].isna())
    known |= found_in(rows["award_no"], payments(books)["award_no"])
    match = matching(books, rows["clause"], rows["trigger_key"])
    return rows.assign(decided=decided, firm=current(books, rows["uscc"]), match=match)[known]


@once
def all_payments(books: Books) -> pd.DataFrame:
    """D06b's rows of every purse to the quarter's end, with `firm` and `net_fen`, negative when taken back.

    `clause` is what D06a says of the 兑现编号, D06b's own where D06a lacks it (5.8, 1).
    """
    rows = books["D06b"]
    rows = rows[rows["paid_on"] <= books.day]
    net = rows["paid_fen"].mask(rows["payment_type"].ne(PAID_OUT), -rows["paid_fen"])
    return rows.assign(net_fen=net, firm=current(books, rows["uscc"]), clause=clauses_paid(books, rows))


def clauses_paid(books: Books, rows: pd.DataFrame) -> pd.Series:
    """Under which clause each row of D06b was paid."""
    known = books["D06a"].drop_duplicates("award_no").set_index("award_no")["clause"]
    return looked_up(known, rows["award_no"]).fillna(rows["clause"])


@once
def payments(books: Books) -> pd.DataFrame:
    """Those of the district's own purse, the only ones that are 已兑."""
    rows = all_payments(books)
    return rows[rows["purse"].eq(OWN_PURSE)]


@once
def net_paid(books: Books) -> pd.DataFrame:
    """The payments that money parts over C count: those from the term's first day on, with 条款 and 年度 of the trigger.

    年度 is the year that a buyer's trigger key names (A08, A09), NA for other clauses and unknown 兑现编号.
    """
    rows = payments(books)
    rows = rows[rows["paid_on"] >= pd.Timestamp(books.rules.plan.starts_on)]
    keys = books["D06a"].drop_duplicates("award_no").set_index("award_no")["trigger_key"]
    years = looked_up(keys, rows["award_no"]).str.extract(r"^[^|]+\|(\d{4})$")[0]
    return rows.assign(条款=rows["clause"], 年度=years)


def applied(books: Books) -> pd.DataFrame:
    """One row a unit of D06a: what it says of itself, approved_fen, paid_fen, other_purses_fen, the last day paid_on,
    and `approved`, `refused`."""
    rows, paid = applications(books).sort_values("award_no"), payments(books)
    others = all_payments(books).loc[lambda each: each["purse"].ne(OWN_PURSE)]
    rows = rows.assign(
        paid_fen=looked_up(paid.groupby("award_no")["net_fen"].sum(), rows["award_no"]).astype("Int64"),
        other_purses_fen=looked_up(others.groupby("award_no")["net_fen"].sum(), rows["award_no"]).astype("Int64"),
        paid_on=looked_up(paid[paid["payment_type"].eq(PAID_OUT)].groupby("award_no")["paid_on"].max(), rows["award_no"]),
        approved_fen=rows["approved_fen"].where(rows["decided"]),
        approved=rows["decided"] & rows["state"].eq(APPROVED),
        refused=rows["decided"] & rows["state"].eq(REFUSED),
    )
    tied = rows.groupby(UNIT, sort=False)
    said = tied[["uscc", "name", "trigger_key", "triggered_on"]].first()
    sums = tied[["approved_fen", "paid_fen", "other_purses_fen"]].sum(min_count=1)
    flags = pd.DataFrame({"approved": tied["approved"].any(), "refused": tied["refused"].all()})
    days = {"applied_on": tied["applied_on"].min(), "paid_on": tied["paid_on"].max()}
    return pd.concat([said, sums, flags], axis=1).assign(**days, applied=True).reset_index()


def unknown_payments(books: Books) -> pd.DataFrame:
    """Payments whose 兑现编号 D06a lacks, a row a number: clause, uscc, name, firm, paid_fen (5.8, 1)."""
    rows = payments(books)
    rows = rows[~found_in(rows["award_no"], books["D06a"]["award_no"])]
    tied = rows.sort_values("payment_no").groupby(["award_no", "clause", "uscc"], sort=False)
    return tied.agg(name=("name", "first"), firm=("firm", "first"), paid_fen=("net_fen", "sum")).reset_index()
