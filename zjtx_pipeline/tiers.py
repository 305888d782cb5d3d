"""Knows who holds which title, and who belongs to which population, on any day; leaves counting to `indicators`.

Sources: datasets.md D03, D04, 5.1 and 5.8 (3–5); reading B-14.
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.books import Books, found_in, looked_up, once
from zjtx_pipeline.firms import DAY, NEVER, current, follow, hand_on, in_district, names, register, successions, towns

DEREGISTERED, DIVIDED = "注销", "分立"
TITLE = ["uscc", "tier"]


@once
def announced(books: Books) -> pd.DataFrame:
    """D04's rows published to the quarter's last day."""
    rows = books["D04"]
    return rows[rows["announced_on"] <= books.day]


@once
def title_successions(books: Books) -> pd.DataFrame:
    """Which code took over which title: uscc, tier, successor, handed_on (换码, 合并; 分立 where D04 has 承继)."""
    tiers = pd.DataFrame({"tier": pd.Series(books.rules.tiers.types, dtype="str")})
    every = successions(books).merge(tiers, how="cross")
    both = pd.concat([every, _divided(books)], ignore_index=True)
    return both.sort_values(["handed_on", "successor"]).drop_duplicates(TITLE)


@once
def _title_steps(books: Books) -> pd.DataFrame:
    steps = title_successions(books)
    keys = {"successor": title_key(steps["successor"], steps["tier"])}
    return steps.assign(**keys, key=title_key(steps["uscc"], steps["tier"])).set_index("key")


def title_key(codes: pd.Series, tiers: pd.Series) -> pd.Series:
    """`code|tier`: what a firm's standing in one 资质类型 goes by."""
    return codes + "|" + tiers


def title_holder(books: Books, keys: pd.Series, days: pd.Series | pd.Timestamp) -> pd.Series:
    """Who has, on a day, the title and its 首次 that each `code|tier` was given."""
    return follow(keys, days, _title_steps(books))


def _divided(books: Books) -> pd.DataFrame:
    """Titles that a 分立 handed on, from D02's date (5.8, 4); D04's 公布日期 where D02 has no such row."""
    events, changes = announced(books), books["D02"]
    taken = events[events["event"].isin(books.rules.tiers.events.succeeding) & events["former_uscc"].notna()]
    taken = taken[["former_uscc", "tier", "uscc", "announced_on"]]
    taken = taken.set_axis(["uscc", "tier", "successor", "announced_on"], axis=1)
    divided = changes[changes["item"].eq(DIVIDED) & (changes["changed_on"] <= books.day)]
    divided = divided[["uscc", "successor_uscc", "changed_on"]].set_axis(["uscc", "successor", "changed_on"], axis=1)
    divided = divided.sort_values("changed_on").drop_duplicates(["uscc", "successor"])
    replaced = taken["uscc"].isin(successions(books)["uscc"])
    dated = taken[~replaced].merge(divided, on=["uscc", "successor"], how="left", validate="m:1")
    handed_on = dated["changed_on"].fillna(dated["announced_on"])
    return dated.assign(handed_on=handed_on, old_stays=True)[[*TITLE, "successor", "handed_on", "old_stays"]]


@once
def grants(books: Books) -> pd.DataFrame:
    """Recognitions and passed reviews by holder: uscc, tier, starts_on, ends_on, valid_from, valid_to,
    received_on, ended_on, reason.

    `grant` is the label of D04's row, whose title several holders may have had in turn.
    `ends_on` is the last day of the holder's part; `ended_on` and `reason` say what ended the title before its time
    (撤销, 主动放弃, 注销), NA where it runs or was handed on.
    """
    events = announced(books)
    dated = events["valid_from"].notna() & events["valid_to"].notna()
    rows = events[dated & events["event"].isin(books.rules.tiers.events.granting)]
    starts = rows["valid_from"].where(rows["valid_from"] > rows["announced_on"], rows["announced_on"])
    rows = rows.assign(starts_on=starts, ends_on=rows["valid_to"], grant=rows.index)
    rows = rows[["uscc", "tier", "starts_on", "ends_on", "valid_from", "valid_to", "announced_on", "event", "name", "grant"]]
    rows = hand_on(rows[rows["starts_on"] <= rows["ends_on"]], title_successions(books), TITLE)
    return _cut(rows, _endings(books))


def _endings(books: Books) -> pd.DataFrame:
    """What ends titles on its day: uscc, tier, ended_on, reason; 注销 ends every title."""
    events, changes = announced(books), books["D02"]
    ended = events[events["event"].isin(books.rules.tiers.events.ending)]
    ended = ended.assign(uscc=current(books, ended["uscc"], ended["announced_on"]))
    ended = ended[["uscc", "tier", "announced_on", "event"]].set_axis(["uscc", "tier", "ended_on", "reason"], axis=1)
    gone = changes[changes["item"].eq(DEREGISTERED) & (changes["changed_on"] <= books.day)]
    gone = gone[["uscc", "changed_on", "item"]].set_axis(["uscc", "ended_on", "reason"], axis=1)
    tiers = pd.DataFrame({"tier": pd.Series(books.rules.tiers.types, dtype="str")})
    return pd.concat([ended, gone.merge(tiers, how="cross")], ignore_index=True)


def _cut(rows: pd.DataFrame, endings: pd.DataFrame) -> pd.DataFrame:
    """Shorten each grant, in all its later parts too, by the first event that ends it."""
    hit = rows.merge(endings, on=TITLE, validate="m:m")
    held = hit["announced_on"] < hit["ended_on"]  # 注销 ends every title, one of its own day too (5.8, 4)
    held |= hit["reason"].eq(DEREGISTERED) & hit["announced_on"].eq(hit["ended_on"])
    in_hand = (hit["received_on"] <= hit["ended_on"]) & (hit["ended_on"] <= hit["ends_on"])  # a successor's earlier end is not the title's
    hit = hit[held & in_hand]
    first = hit.sort_values(["ended_on", "reason"]).drop_duplicates("grant").set_index("grant")
    ended_on, reason = looked_up(first["ended_on"], rows["grant"]), looked_up(first["reason"], rows["grant"])
    cut = ended_on <= rows["ends_on"]
    rows = rows.assign(ends_on=rows["ends_on"].mask(cut, ended_on - DAY))
    rows = rows.assign(ended_on=ended_on.where(cut), reason=reason.where(cut))
    return rows[rows["starts_on"] <= rows["ends_on"]].reset_index(drop=True)


def titles(books: Books, day: pd.Timestamp | None = None) -> pd.DataFrame:
    """The titles valid on a day: uscc (holder of that day), name, tier, since, until, in_district; firms that left included.

    One row a firm and 资质类型, with the dates of the latest-ending event (5.8, 5).
    """
    day = books.day if day is None else day
    rows = grants(books)
    rows = rows[(rows["starts_on"] <= day) & (day <= rows["ends_on"])]
    rows = rows.sort_values(["valid_to", "valid_from", "name"]).drop_duplicates(TITLE, keep="last")
    rows = rows.assign(name=names(books, rows["uscc"], rows["name"]), in_district=in_district(books, rows["uscc"], day))
    rows = rows.rename(columns={"valid_from": "since", "valid_to": "until"})
    order = rows["tier"].map({tier: rank for rank, tier in enumerate(books.rules.tiers.types)})
    rows = rows.assign(order=order).sort_values(["order", "uscc"])
    return rows[["uscc", "name", "tier", "since", "until", "in_district"]].reset_index(drop=True)


@once
def pool_spans(books: Books, pool: str) -> pd.DataFrame:
    """Places in a pool by holder: uscc, starts_on, ends_on, left_because, received_on; codes not in D01 count in no pool."""
    rows = books["D03"]
    rows = rows[rows["pool"].eq(pool) & (rows["entered_on"] <= books.day) & found_in(rows["uscc"], register(books).index)]
    ends = (rows["left_on"] - DAY).fillna(NEVER)
    spans = pd.DataFrame({"uscc": rows["uscc"], "starts_on": rows["entered_on"], "ends_on": ends, "left_because": rows["left_because"]})
    return hand_on(spans[spans["starts_on"] <= spans["ends_on"]], successions(books), ["uscc"])


@once
def _spans(books: Books, population: str) -> pd.DataFrame:
    rule = books.rules.tiers.populations[population]
    if rule.pool:
        return pool_spans(books, rule.pool)
    rows = grants(books)
    return rows.loc[rows["tier"].isin(books.rules.population_types(population)), ["uscc", "starts_on", "ends_on"]]


def members(books: Books, population: str, codes: pd.Series, days: pd.Series | pd.Timestamp | None = None) -> pd.Series:
    """Does the firm of each code belong to a population on the day (the quarter's last without one)?

    A pool asks for no place; titles count only while the firm is 在萧.
    """
    rule = books.rules.tiers.populations[population]
    if rule.union:
        parts = [members(books, part, codes, days) for part in rule.union]
        return pd.concat(parts, axis=1).any(axis=1)
    days = books.day if days is None else days
    return _belong(books, population, current(books, codes, days), days, _spans(books, population).assign(key=lambda spans: spans["uscc"]))


def members_as_merged(books: Books, population: str, firms: pd.Series, days: pd.Series) -> pd.Series:
    """As `members` of a population of titles, for firms under their codes of the quarter's end (small print 7).

    What a code that the firm has since taken over held on the day, the firm held.
    """
    spans = _spans(books, population)
    return _belong(books, population, firms, days, spans.assign(key=current(books, spans["uscc"])))


def _belong(books: Books, population: str, keys: pd.Series, days: pd.Series | pd.Timestamp, spans: pd.DataFrame) -> pd.Series:
    """Does a span under each key hold on its day, and its holder stand 在萧 then, where the population asks for that?"""
    rows = pd.DataFrame({"key": keys, "day": days, "row": range(len(keys))}, index=keys.index)
    held = rows.merge(spans, on="key", validate="m:m")
    held = held[(held["starts_on"] <= held["day"]) & (held["day"] <= held["ends_on"])]
    if not books.rules.tiers.populations[population].pool:
        held = held[in_district(books, held["uscc"], held["day"])]
    return rows["row"].isin(held["row"])


@once
def roster(books: Books, population: str, day: pd.Timestamp | None = None) -> pd.DataFrame:
    """The firms of a population on a day, each once, under their codes of the quarter's end: firm, 镇街, 口径.

    口径 is P3 where the firm is also in P3 that day.
    """
    day = books.day if day is None else day
    rule = books.rules.tiers.populations[population]
    spans = pd.concat([_spans(books, part) for part in rule.union or (population,)], ignore_index=True)
    codes = spans.loc[(spans["starts_on"] <= day) & (day <= spans["ends_on"]), "uscc"].drop_duplicates()
    codes = codes[members(books, population, codes, day)]
    rows = pd.DataFrame({"firm": current(books, codes), "strict": members(books, "P3", codes, day)})
    rows = rows.sort_values("strict").drop_duplicates("firm", keep="last").sort_values("firm")
    narrow = pd.Series("P3", index=rows.index, dtype="str").where(rows["strict"])
    return pd.DataFrame({"firm": rows["firm"], "镇街": towns(books, rows["firm"]), "口径": narrow}).reset_index(drop=True)
