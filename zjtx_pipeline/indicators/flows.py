"""Knows how titles came and went: recognised, promoted, lapsed, and why; leaves standings to `tiers`.

Source: indicators.md T01-4 and small print 4.
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.books import Books, once
from zjtx_pipeline.firms import DAY, MOVED_OUT, current, in_district
from zjtx_pipeline.flows import RUN_OUT
from zjtx_pipeline.tiers import announced, grants, title_holder, title_key


@once
def recognitions(books: Books, since: pd.Timestamp) -> pd.DataFrame:
    """认定 from a day on, of firms 在萧 that day, of a type they did not hold the day before: firm, 资质类型.

    Rows keep their labels of D04.
    """
    events = announced(books)
    rows = events[events["event"].eq("认定") & (events["announced_on"] >= since)]
    rows = rows.assign(holder=current(books, rows["uscc"], rows["announced_on"]), row=range(len(rows)))
    rows = rows[in_district(books, rows["holder"], rows["announced_on"])]
    held = _held_before(books, rows)
    rows = rows[~rows["row"].isin(held.loc[held["tier"] == held["tier_before"], "row"])]
    return rows.assign(firm=current(books, rows["uscc"]), 资质类型=rows["tier"])


def promotions(books: Books, since: pd.Timestamp) -> pd.DataFrame:
    """Those recognitions whose firm held a lower title of the ladder the day before."""
    rows = recognitions(books, since)
    held = _held_before(books, rows)
    rungs = {tier: rank for rank, tier in enumerate(books.rules.tiers.ladder)}
    rose = held["tier_before"].map(rungs) < held["tier"].map(rungs)
    return rows[rows["row"].isin(held.loc[rose, "row"])]


def _held_before(books: Books, rows: pd.DataFrame) -> pd.DataFrame:
    """Pairs of a recognition and a title that its firm held the day before: row, tier, tier_before."""
    before = grants(books)[["uscc", "tier", "starts_on", "ends_on"]]
    pairs = rows[["row", "holder", "tier", "announced_on", "uscc"]].assign(firm=current(books, rows["uscc"]))
    before = before.assign(firm=current(books, before["uscc"]))
    pairs = pairs.merge(before, on="firm", suffixes=("", "_before"), validate="m:m")
    eve = pairs["announced_on"] - DAY
    pairs = pairs[(pairs["starts_on"] <= eve) & (eve <= pairs["ends_on"])]
    return pairs[current(books, pairs["uscc_before"], pairs["announced_on"]) == pairs["holder"]]


def lapses(books: Books, since: pd.Timestamp) -> pd.DataFrame:
    """Titles lost from a day on by firms 在萧 the day before: firm, 资质类型, 原因, lost_on.

    Rows bear the labels of the rows of D04 that gave the titles.
    """
    rows = pd.concat([_run_out(books), _ended(books), _moved_out(books)]).set_index("grant")
    rows = rows[(rows["lost_on"] >= since) & (rows["lost_on"] <= books.day)]
    rows = rows[in_district(books, rows["uscc"], rows["lost_on"] - DAY)]
    return rows.assign(firm=current(books, rows["uscc"]), 资质类型=rows["tier"])


LOST = ["uscc", "tier", "lost_on", "原因", "grant"]


def _run_out(books: Books) -> pd.DataFrame:
    """Titles at the day after 有效期止, unless another grant, or a review published later, covers that day."""
    rows = grants(books)
    rows = rows.assign(lost_on=rows["ends_on"] + DAY, 原因=RUN_OUT, row=range(len(rows)))
    rows = rows.assign(key=title_key(rows["uscc"], rows["tier"]))
    over = rows[rows["ended_on"].isna() & (rows["ends_on"] == rows["valid_to"])]
    over = over.assign(key=title_holder(books, over["key"], over["lost_on"]))  # whoever would hold it that day
    pairs = over.merge(rows, on="key", suffixes=("", "_other"), validate="m:m")
    reviewed = pairs["event_other"].eq("复核通过") & (pairs["valid_from_other"] <= pairs["lost_on"])
    covered = ((pairs["starts_on_other"] <= pairs["lost_on"]) | reviewed) & (pairs["lost_on"] <= pairs["ends_on_other"])
    return over.loc[~over["row"].isin(pairs.loc[covered, "row"]), LOST]


def _ended(books: Books) -> pd.DataFrame:
    """Titles that an event or 注销 ended before their time."""
    rows = grants(books)
    rows = rows[rows["ended_on"].notna()]
    return rows.assign(lost_on=rows["ended_on"], 原因=rows["reason"])[LOST]


def _moved_out(books: Books) -> pd.DataFrame:
    """Titles that a firm held the day before it left the district."""
    moves = books["D02"]
    moves = moves[moves["item"].eq(MOVED_OUT) & (moves["changed_on"] <= books.day)]
    moves = moves[["uscc", "changed_on"]].assign(uscc=current(books, moves["uscc"], moves["changed_on"]))
    pairs = moves.merge(grants(books), on="uscc", validate="m:m")
    eve = pairs["changed_on"] - DAY
    pairs = pairs[(pairs["starts_on"] <= eve) & (eve <= pairs["ends_on"])]
    return pairs.assign(lost_on=pairs["changed_on"], 原因=MOVED_OUT)[LOST]
