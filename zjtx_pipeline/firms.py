"""Knows which firm a code stands for on a day, and whether that firm is 在萧; leaves its titles to `tiers`.

Sources: datasets.md 5.1 (codes that change, 在萧 on a day), reading B-15.
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.books import Books, found_in, looked_up, once
from zjtx_pipeline.tables.typed import DATES

RENUMBERED = "换码"
REPLACING = (RENUMBERED, "合并")  # 分立 hands on only what D04 says
MOVED_IN, MOVED_OUT = "迁入", "迁出"
ALWAYS, NEVER = pd.Timestamp("1900-01-01"), pd.Timestamp("9999-12-31")
DAY = pd.Timedelta(days=1)


@once
def successions(books: Books, items: tuple[str, ...] = REPLACING) -> pd.DataFrame:
    """Which code took over from which, by 换码 and 合并 or one of them: uscc, successor, handed_on, old_stays (False).

    A code that D02 lets go twice went with the first.
    """
    changes = books["D02"]
    rows = changes[changes["item"].isin(items) & changes["successor_uscc"].notna() & (changes["changed_on"] <= books.day)]
    rows = rows.sort_values(["changed_on", "successor_uscc"]).drop_duplicates("uscc")
    named = {"successor_uscc": "successor", "changed_on": "handed_on"}
    return rows[["uscc", "successor_uscc", "changed_on"]].rename(columns=named).assign(old_stays=False).reset_index(drop=True)


def current(books: Books, codes: pd.Series, days: pd.Series | pd.Timestamp | None = None) -> pd.Series:
    """The code under which each firm goes on a day (the quarter's last without one), chains followed to their end."""
    return follow(codes, books.day if days is None else days, successions(books).set_index("uscc"))


def renumbered(books: Books, codes: pd.Series) -> pd.Series:
    """The code that each firm bears at the quarter's end while it is still the same firm: 换码 followed, 合并 not."""
    return follow(codes, books.day, successions(books, (RENUMBERED,)).set_index("uscc"))


def follow(keys: pd.Series, days: pd.Series | pd.Timestamp, steps: pd.DataFrame) -> pd.Series:
    """The successor that each key has on a day; `steps` holds successor and handed_on by key."""
    for _ in range(len(steps)):  # no chain is longer than the table, so a circle cannot hold us
        passed = looked_up(steps["handed_on"], keys) <= days
        if not passed.any():
            break
        keys = keys.mask(passed, looked_up(steps["successor"], keys))
    return keys


def hand_on(spans: pd.DataFrame, steps: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Spans of days (starts_on … ends_on, both included) divided among their successive holders, and when each
    `received_on` its part: ALWAYS for the first.

    `by` names the columns that `steps` are keyed by, `uscc` first. A span handed on before it starts belongs to the
    successor alone, unless the old code stays on (`old_stays`, 分立) and may get new ones.
    """
    spans = spans.assign(received_on=ALWAYS)
    done, columns = [], list(spans.columns)
    for _ in range(len(steps) + 1):
        if spans.empty:
            break
        spans = spans.merge(steps, on=by, how="left", validate="m:1")
        own = spans["old_stays"].eq(True) & (spans["starts_on"] >= spans["handed_on"])
        passed = (spans["handed_on"] <= spans["ends_on"]) & ~own
        kept = spans[columns].assign(ends_on=spans["ends_on"].mask(passed, spans["handed_on"] - DAY))
        done.append(kept[kept["starts_on"] <= kept["ends_on"]])
        onward = spans[passed]
        since = {name: onward[name].where(onward[name] > onward["handed_on"], onward["handed_on"]) for name in ("starts_on", "received_on")}
        spans = onward.assign(uscc=onward["successor"], **since)[columns]
    return pd.concat(done, ignore_index=True) if done else spans


@once
def register(books: Books) -> pd.DataFrame:
    """D01 by code: name, town (R4's on the quarter's last day, NA outside), here_from and here_to of its street.

    The last two say from when to when R4 counts the street to the district; NA for streets elsewhere.
    """
    firms, regions = books["D01"].set_index("uscc")[["name", "street_code"]], books.rules.regions
    streets = firms["street_code"].str[:9]
    own = {region.code: region for region in regions.all if region.parent == regions.district.code}
    since = {code: pd.Timestamp(region.valid_from or ALWAYS) for code, region in own.items()}
    until = {code: pd.Timestamp(region.valid_to or NEVER) for code, region in own.items()}
    return pd.DataFrame(
        {
            "name": firms["name"],
            "town": streets.map(regions.codes_inside(books.quarter.last_day)).astype("str"),
            "here_from": streets.map(since).astype(DATES),
            "here_to": streets.map(until).astype(DATES),
        }
    )


@once
def _moves(books: Books) -> pd.DataFrame:
    """Arrivals and departures to the day whose state D01 shows: uscc, changed_on, left."""
    changes = books["D02"]
    moves = changes[changes["item"].isin([MOVED_IN, MOVED_OUT]) & (changes["changed_on"] <= books.snapshot_day)]
    return moves.assign(left=moves["item"].eq(MOVED_OUT))[["uscc", "changed_on", "left"]]


def in_district(books: Books, codes: pd.Series, days: pd.Series | pd.Timestamp | None = None) -> pd.Series:
    """Is the firm of each code 在萧 on the day (the quarter's last without one)? False for codes not in D01.

    D01's town decides, with the arrivals and departures since that day undone (B-15); the code's digits never do.
    """
    rows = pd.DataFrame({"uscc": codes.array, "day": books.day if days is None else getattr(days, "array", days)})
    streets = register(books).reindex(codes.array).reset_index(drop=True)
    inside = (streets["here_from"] <= rows["day"]) & (rows["day"] <= streets["here_to"])
    moved = found_in(rows["uscc"], _moves(books)["uscc"]) & streets["name"].notna()
    if moved.any():
        inside = inside.mask(moved, _undone(books, rows.assign(inside=inside)[moved]).reindex(rows.index))
    return inside.astype(bool).set_axis(codes.index)


def _undone(books: Books, rows: pd.DataFrame) -> pd.Series:
    """For firms that ever moved: were they here on the day? The earliest move after it tells, else D01."""
    later = rows.rename_axis("row").reset_index().merge(_moves(books), on="uscc", validate="m:m")
    later = later[later["changed_on"] > later["day"]].sort_values(["changed_on", "left"]).drop_duplicates("row")
    before = later.set_index("row")["left"].reindex(rows.index)
    return rows["inside"].mask(before.notna(), before.eq(True))


def towns(books: Books, codes: pd.Series) -> pd.Series:
    """镇街 of each code on the quarter's last day; NA outside the district."""
    return looked_up(register(books)["town"], codes)


def names(books: Books, codes: pd.Series, delivered: pd.Series) -> pd.Series:
    """The register's name of each code, or the delivered one where the register lacks it."""
    return looked_up(register(books)["name"], codes).fillna(delivered)
