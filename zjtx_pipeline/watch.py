"""Knows which titles run out within two quarters, and what becomes of the targets if none is renewed.

Leaves who holds what to `tiers`, and how a target is counted to `indicators`: its own formula counts the ledger without
these titles. Q09 asks who a firm was on the day of its entry, so no later lapse moves it and no row names it, unless B-16
counts who is in at the year's end.
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.books import Books, found_in, looked_up, once
from zjtx_pipeline.firms import DAY, current
from zjtx_pipeline.indicators import headline
from zjtx_pipeline.rules import Target
from zjtx_pipeline.tiers import announced, grants, roster, title_key, titles

QUARTERS = 2
PUBLISHED, FAILED, UNSEEN = "复核已公示", "复核未过", "未见复核公示"
COLUMNS = ["uscc", "name", "tier", "since", "until", "review", "targets"]


@once
def watchlist(books: Books) -> pd.DataFrame:
    """Titles of firms 在萧 that run out within two quarters after the quarter's end, the first to end first: COLUMNS.

    `until` counts in a review already published that begins where the title ends; `review` says whether one is under way
    (复核公示 never counts as one passed); `targets`: those whose population the firm would leave if none is renewed.
    """
    rows = _lapsing(books)
    return rows.assign(review=_review(books, rows), targets=_targets_of(books, rows["uscc"]))[COLUMNS].reset_index(drop=True)


@once
def _lapsing(books: Books) -> pd.DataFrame:
    rows = titles(books)
    rows = rows[rows["in_district"]]
    rows = rows.assign(until=_covered_to(books, rows))
    horizon = pd.Timestamp((books.quarter + QUARTERS).last_day)
    return rows[rows["until"] <= horizon].sort_values(["until", "tier", "uscc"])


def _covered_to(books: Books, held: pd.DataFrame) -> pd.Series:
    """The last day without a gap, of grants that hold on the quarter's last day and those published that follow on."""
    spans = grants(books)[["uscc", "tier", "starts_on", "ends_on"]]
    spans = spans.assign(key=title_key(spans["uscc"], spans["tier"]))
    keys = title_key(held["uscc"], held["tier"])
    spans = spans[found_in(spans["key"], keys)].sort_values(["key", "starts_on"])
    covered = pd.Series(books.day, index=pd.Index(keys.array, name="key"))
    for _ in range(len(spans)):
        on = spans[spans["starts_on"] <= looked_up(covered, spans["key"]) + DAY]
        further = on.groupby("key")["ends_on"].max().reindex(covered.index)
        if not (further > covered).any():
            break
        covered = covered.mask(further > covered, further)
    return pd.Series(covered.array, index=held.index)


def _review(books: Books, rows: pd.DataFrame) -> pd.Series:
    """What the ledger says of a review since the title began: failed, published for comment, or nothing."""
    events = announced(books)
    events = events.assign(uscc=current(books, events["uscc"]))
    told = pd.Series(UNSEEN, index=rows.index, dtype="str")
    for event, word in (("复核公示", PUBLISHED), ("复核未过", FAILED)):
        last = events[events["event"].eq(event)].groupby(["uscc", "tier"])["announced_on"].max().rename("last")
        found = rows.join(last, on=["uscc", "tier"])
        told = told.mask(found["last"] >= found["since"], word)
    return told


@once
def effects(books: Books) -> pd.DataFrame:
    """Each target that rests on who holds titles: target, indicator, population, firms, now, then (exact, or None).

    `firms`: how many leave its population if none of the watched titles is renewed, 0 where no lapse moves it; `now` its figure, `then` its figure
    without them, all else as it is.
    """
    rows = [_effect(books, target, population) for target, population in _resting_on_titles(books)]
    return pd.DataFrame(rows, columns=["target", "indicator", "population", "firms", "now", "then"])


def _resting_on_titles(books: Books) -> list[tuple[Target, str]]:
    """The targets whose population is made of titles, and which it is."""
    rules = books.rules
    asked = [(target, rules.indicators[target.indicator].parts["a"].population) for target in rules.targets.values()]
    asked = [(target, population) for target, population in asked if population in rules.tiers.populations]
    return [(target, population) for target, population in asked if "D04" in _needs(books, target)]


def _needs(books: Books, target: Target) -> tuple[str, ...]:
    return books.rules.indicators[target.indicator].parts["a"].needs


def _effect(books: Books, target: Target, population: str) -> tuple:
    now = headline(target.indicator, books)
    if _is_past(books, target):
        return target.id, target.indicator, population, 0, now, now
    return target.id, target.indicator, population, len(leaving(books, population)), now, headline(target.indicator, without(books))


def _is_past(books: Books, target: Target) -> bool:
    """Does the target ask who a firm was on the day of an event gone by (T09-1: “in P2 that day”)?"""
    return target.kind == "yearly" and books.rules.reading("B-16") != "年末在库"


@once
def without(books: Books) -> Books:
    """The same books as if the watched titles had run out before the quarter's last day, and all else were as it is."""
    events, watched, spans = books.tables.get("D04", books["D04"]), _lapsing(books), grants(books)
    keys = title_key(spans["uscc"], spans["tier"])
    rows = spans.loc[found_in(keys, title_key(watched["uscc"], watched["tier"])) & (spans["ends_on"] >= books.day), "grant"]
    ended = events["valid_to"].mask(events.index.isin(rows), books.day - DAY)
    tables = {**books.tables, "D04": events.assign(valid_to=ended)}
    return Books(books.quarter, tables, books.status, books.missing, books.rules, books.settings)


@once
def leaving(books: Books, population: str) -> pd.Series:
    """The firms that a population loses if none of the watched titles is renewed."""
    now, then = roster(books, population)["firm"], roster(without(books), population)["firm"]
    return now[~found_in(now, then)]


def _targets_of(books: Books, codes: pd.Series) -> pd.Series:
    told = pd.Series("", index=codes.index, dtype="str")
    moved = [(target, population) for target, population in _resting_on_titles(books) if not _is_past(books, target)]
    for target, population in moved:
        told = told + found_in(codes, leaving(books, population)).map({True: f"{target.id}、", False: ""})
    return told.str.removesuffix("、")
