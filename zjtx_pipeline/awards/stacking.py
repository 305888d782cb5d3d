"""Knows how several awards of one firm stand beside each other (B-11); leaves what each alone gives to `tally`.

The text is silent, so each rule is a named choice; a clause's own terms may name another than the reading. Firms are
told by their codes at the quarter's end: awards already triggered are compared under the successor (datasets.md 5.1).
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.rules import Rules

ORDER = ["triggered_on", "clause", "trigger_key"]


def stacked(rules: Rules, rows: pd.DataFrame) -> pd.Series:
    """entitled_fen of each unit, from `alone_fen` under the unit's `stack` rule; what is not stated stays NA."""
    due = rows["alone_fen"]
    for rule, beside in (("就高", highest), ("补差", topped_up)):
        own = rows[rows["eligible"] & rows["stack"].eq(rule)]
        due = due.mask(due.index.isin(own.index), beside(rules, own).reindex(due.index))
    return due


def highest(rules: Rules, rows: pd.DataFrame) -> pd.Series:
    """就高: of a firm's units the highest, the earliest of equals; the others 0. Unstated amounts are not compared."""
    among = ["firm"] if rules.reading("B-11", "就高范围") == "全部条款" else ["firm", "task"]
    tasks = rows["clause"].map({each.id: each.task for each in rules.awards.values()})
    known = rows.assign(task=tasks)[rows["alone_fen"].notna()]
    best = known.sort_values(["alone_fen", *ORDER], ascending=[False, True, True, True]).drop_duplicates(among)
    return rows["alone_fen"].mask(rows.index.isin(known.index.difference(best.index)), 0)


def topped_up(rules: Rules, rows: pd.DataFrame) -> pd.Series:
    """补差: of a firm's units on one ladder each adds what it gives above the highest before it, so that together they
    give the highest; NA once one before it is not stated. Clauses on no ladder give what they give alone."""
    ladders = rows["clause"].map({each.id: each.ladder for each in rules.awards.values()})
    rungs = rows.assign(ladder=ladders)[ladders.notna()].sort_values(["triggered_on", "alone_fen", "clause", "trigger_key"])
    tied = rungs.groupby(["firm", "ladder"])["alone_fen"]
    before = tied.cummax().groupby([rungs["firm"], rungs["ladder"]]).shift().fillna(0)
    unknown = rungs["alone_fen"].isna().groupby([rungs["firm"], rungs["ladder"]]).cummax()
    added = (rungs["alone_fen"] - before).clip(lower=0).mask(unknown)
    return rows["alone_fen"].mask(rows.index.isin(rungs.index), added.reindex(rows.index))
