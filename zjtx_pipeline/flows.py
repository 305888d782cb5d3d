"""Knows how every title and pool came from one quarter's end to the next: opening + in − out = closing, a cause a firm.

Both ends are standings (T01-1 to T01-3), so who comes and goes within the quarter does not move. Leaves who holds what on
a day to `tiers`, and what was published in a year (T01-4) to `indicators`.
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.books import Books, found_in, once
from zjtx_pipeline.firms import DAY, MOVED_IN, MOVED_OUT, current, in_district, register, successions
from zjtx_pipeline.tiers import grants, pool_spans, title_key, title_successions

TITLES, POOLS = "资质", "培育库"
RESTS_ON = {TITLES: ("D01", "D02", "D04"), POOLS: ("D01", "D02", "D03")}
OPENING, IN, KEPT, OUT, CLOSING = "期初", "转入", "保持", "转出", "期末"
NEW, PROMOTED, REGAINED, PASSED_ON, PASSED_AWAY = "新认定", "晋级", "恢复或再认定", "承继转入", "承继转出"
REVIEWED, SUCCEEDED, RUNNING = "复核通过", "承继", "有效期内"
ENTERED, REENTERED, STAYED, UNSAID = "入库", "再入库", "在库", "未注明原因"
RUN_OUT, MERGED = "到期未复核", "合并归一"
UNIT = ["kind", "name", "unit"]
LATER = {RUN_OUT: 1, MOVED_OUT: 2, PROMOTED: 1, NEW: 2}  # gives way to any other cause of the same day


def causes(books: Books, kind: str) -> dict[str, tuple[str, ...]]:
    """Every cause of a kind, by step, in printed order."""
    if kind == TITLES:
        ended = (*books.rules.tiers.events.ending, "注销")
        return {
            IN: (NEW, PROMOTED, REGAINED, MOVED_IN, PASSED_ON),
            KEPT: (REVIEWED, SUCCEEDED, RUNNING),
            OUT: (RUN_OUT, *ended, MOVED_OUT, PASSED_AWAY, MERGED),
        }
    left = books.rules.lists["D03.出库原因"].names
    return {IN: (ENTERED, REENTERED), KEPT: (SUCCEEDED, STAYED), OUT: (*left, UNSAID, MERGED)}


def flow(books: Books, before: Books | None = None) -> pd.DataFrame:
    """The flow table: kind, name, step, cause, firms, note; opening first, closing last, every cause, zeros too.

    `before`: the quarter before's own books; where its closing was another, the note of the opening says so.
    Titles are left out where D04 was not delivered, pools where D03 was not, both without D01 or D02: who counts is
    unknown then, not nought.
    """
    moved = movements(books)
    sums = moved.groupby(["kind", "name", "step", "cause"])["firms"].sum().to_dict()
    lines = [line for kind, name in _named(books) for line in _lines(books, kind, name, sums)]
    frame = pd.DataFrame(lines, columns=["kind", "name", "step", "cause", "firms"]).astype({"firms": "int64"})
    return frame.assign(note=_notes(frame, revisions(books, before)))


def _named(books: Books) -> list[tuple[str, str]]:
    titles = [] if books.lacks(RESTS_ON[TITLES]) else [(TITLES, tier) for tier in books.rules.tiers.types]
    return titles + ([] if books.lacks(RESTS_ON[POOLS]) else [(POOLS, pool) for pool in books.rules.lists["D03.库别"].names])


def _lines(books: Books, kind: str, name: str, sums: dict[tuple, int]) -> list[tuple]:
    """Opening and closing are counted for themselves; that they balance is a law that the tests hold them to."""
    between = [(step, cause) for step, named in causes(books, kind).items() for cause in named]
    lines = [(kind, name, step, cause, sums.get((kind, name, step, cause), 0)) for step, cause in between]
    ends = {OPENING: opening_day(books), CLOSING: books.day}
    first, last = ((kind, name, step, "", _stock(books, kind, name, day)) for step, day in ends.items())
    return [first, *lines, last]


def _stock(books: Books, kind: str, name: str, day: pd.Timestamp) -> int:
    rows = counted(books, day)
    return int(rows.loc[rows["kind"].eq(kind) & rows["name"].eq(name), "uscc"].nunique())


def opening_day(books: Books) -> pd.Timestamp:
    """The last day of the quarter before."""
    return pd.Timestamp((books.quarter - 1).last_day)


@once
def counted(books: Books, day: pd.Timestamp) -> pd.DataFrame:
    """Who counts on a day, as T01-1 to T01-3 count: kind, name, unit, uscc (the holder's code of that day)."""
    rows = parts(books)
    rows = rows[(rows["starts_on"] <= day) & (day <= rows["ends_on"])]
    return rows.loc[_counts(books, rows, day), [*UNIT, "uscc"]].drop_duplicates()


def _counts(books: Books, rows: pd.DataFrame, days: pd.Series | pd.Timestamp) -> pd.Series:
    """A pool asks for no place; a title counts while its holder is 在萧."""
    return rows["kind"].eq(POOLS) | in_district(books, rows["uscc"], days)


@once
def parts(books: Books) -> pd.DataFrame:
    """Spans of standing by holder: kind, name, uscc, unit, starts_on, ends_on, ending, grant, event, announced_on.

    `unit` is the code that the standing has come to by the quarter's end, through every rename, merger and division;
    `ending` says why a span ends that nobody takes over.
    """
    pools = [] if books.lacks(("D03",)) else [_pool_parts(books, pool) for pool in books.rules.lists["D03.库别"].names]
    found = pd.concat([_title_parts(books), *pools], ignore_index=True)
    return found.astype(dict.fromkeys([*UNIT, "uscc", "ending", "event"], "str"))


def _title_parts(books: Books) -> pd.DataFrame:
    rows = grants(books).rename(columns={"name": "firm_name"})
    run_out = pd.Series(RUN_OUT, index=rows.index, dtype="str").where(rows["ends_on"] == rows["valid_to"])
    ending = rows["reason"].astype("str").fillna(run_out).fillna(PASSED_AWAY)
    steps = title_successions(books)
    steps = steps.assign(uscc=title_key(steps["uscc"], steps["tier"]), successor=title_key(steps["successor"], steps["tier"]))
    unit = _comes_to(title_key(rows["uscc"], rows["tier"]), rows["starts_on"], steps)
    rows = rows.assign(kind=TITLES, name=rows["tier"], ending=ending, unit=unit.str.split("|").str[0])
    return rows[[*UNIT, "uscc", "starts_on", "ends_on", "ending", "grant", "event", "announced_on"]]


def _pool_parts(books: Books, pool: str) -> pd.DataFrame:
    rows = pool_spans(books, pool)
    ending = rows["left_because"].astype("str").fillna(UNSAID)
    unit = _comes_to(rows["uscc"], rows["starts_on"], successions(books))
    return rows.assign(kind=POOLS, name=pool, ending=ending, unit=unit)[[*UNIT, "uscc", "starts_on", "ends_on", "ending"]]


def _comes_to(keys: pd.Series, since: pd.Series, steps: pd.DataFrame) -> pd.Series:
    """The last holder of what each key has had since a day; what an old code got after a 分立 stays with it."""
    steps = steps.set_index("uscc")
    for _ in range(len(steps)):
        step = steps.reindex(keys.array).set_axis(keys.index)
        passed = step["handed_on"].notna() & ~(step["old_stays"].eq(True) & (since >= step["handed_on"]))
        if not passed.any():
            break
        keys, since = keys.mask(passed, step["successor"]), since.mask(passed, step["handed_on"])
    return keys


@once
def movements(books: Books) -> pd.DataFrame:
    """Between the two ends, each standing with its one cause: kind, name, unit, step, cause, firms.

    `firms` is 1, but for 合并归一: how many fewer they are because firms that all held it became one.
    """
    ends = _ends(books)
    kept, held, holds = _kept(books, ends[ends["open"].gt(0) & ends["closed"]]), ends["open"].gt(0), ends["closed"]
    left, entered = _left(books, ends[held & ~holds]), _entered(books, ends[~held & holds])
    merged = ends[ends["open"] > 1].assign(step=OUT, cause=MERGED, firms=lambda rows: rows["open"] - 1)
    found = pd.concat([entered, kept, left, merged], ignore_index=True)
    return found[[*UNIT, "step", "cause", "firms"]].astype({"cause": "str", "firms": "int64"})


def _ends(books: Books) -> pd.DataFrame:
    """For each standing that counts at one of the ends: open (how many codes then), closed, same (under the same code)."""
    first, last = counted(books, opening_day(books)), counted(books, books.day)
    opened = first.assign(same=first["uscc"] == first["unit"]).groupby(UNIT, as_index=False)
    opened = opened.agg(open=("uscc", "nunique"), same=("same", "any"))
    ends = opened.merge(last[UNIT].drop_duplicates().assign(closed=True), on=UNIT, how="outer", validate="1:1")
    return ends.assign(open=ends["open"].fillna(0).astype("int64"), same=ends["same"].eq(True), closed=ends["closed"].eq(True))


def _kept(books: Books, ends: pd.DataFrame) -> pd.DataFrame:
    """Kept by a review published in the quarter, by a successor, or because it runs on."""
    rows = parts(books)
    reviewed = rows[rows["event"].eq(REVIEWED) & (rows["announced_on"] > opening_day(books))]
    cause = ends["kind"].map({TITLES: RUNNING, POOLS: STAYED}).mask(~ends["same"], SUCCEEDED)
    cause = cause.mask(_of(ends, reviewed), REVIEWED)
    return ends.assign(step=KEPT, cause=cause, firms=1)


def _of(ends: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """Is each standing among those of some rows?"""
    keys = [frame["kind"] + "|" + frame["name"] + "|" + frame["unit"] for frame in (ends, rows)]
    return found_in(*keys)


def _left(books: Books, ends: pd.DataFrame) -> pd.DataFrame:
    """What happened after the last day that a standing counted: it ended, or its holder was no longer 在萧."""
    eve, turn = _turns(books, ends, True)
    here = eve[eve["counts"]]
    still = found_in(_span(here, "uscc"), _span(turn, "uscc"))
    return _caused(ends, here.assign(cause=here["ending"].mask(still, MOVED_OUT)), OUT)


def _entered(books: Books, ends: pd.DataFrame) -> pd.DataFrame:
    """What happened on the day from which a standing counted: recognised, come back, moved or handed in."""
    eve, turn = _turns(books, ends, False)
    here = turn[turn["counts"]]
    cause = here["kind"].map({TITLES: NEW, POOLS: ENTERED})
    earlier = _earlier(here, parts(books))
    again = here["kind"].map({TITLES: REGAINED, POOLS: REENTERED})
    titles = here["kind"].eq(TITLES)
    cause = cause.mask(titles & _rose(books, here), PROMOTED).mask(earlier | here["event"].eq(REVIEWED), again)
    cause = cause.mask(titles & found_in(_span(here, "grant"), _span(eve, "grant")), PASSED_ON)
    cause = cause.mask(found_in(_span(here, "uscc"), _span(eve, "uscc")), MOVED_IN)
    return _caused(ends, here.assign(cause=cause), IN)


def _span(rows: pd.DataFrame, column: str) -> pd.Series:
    return rows["kind"] + "|" + rows["name"] + "|" + rows["unit"] + "|" + rows[column].astype("str")


def _earlier(here: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """Had the standing a span that began before the day?"""
    first = rows.groupby(UNIT)["starts_on"].min().rename("first").reset_index()
    found = here.merge(first, on=UNIT, how="left", validate="m:1")
    return (found["first"] < found["day"]).set_axis(here.index)


def _rose(books: Books, here: pd.DataFrame) -> pd.Series:
    """Did the firm hold a lower title of the ladder on the day before?"""
    rungs = {tier: rank for rank, tier in enumerate(books.rules.tiers.ladder)}
    lower = parts(books)
    lower = lower.loc[lower["kind"].eq(TITLES) & lower["name"].isin(rungs), ["name", "uscc", "starts_on", "ends_on"]]
    firm = {"firm": current(books, lower["uscc"])}
    asked = here.assign(row=range(len(here)), firm=current(books, here["uscc"]))[["row", "name", "uscc", "day", "firm"]]
    pairs = asked.merge(lower.assign(**firm), on="firm", suffixes=("", "_lower"), validate="m:m")
    eve = pairs["day"] - DAY
    pairs = pairs[(pairs["starts_on"] <= eve) & (eve <= pairs["ends_on"])]
    pairs = pairs[pairs["name_lower"].map(rungs) < pairs["name"].map(rungs)]
    pairs = pairs[current(books, pairs["uscc_lower"], pairs["day"]) == pairs["uscc"]]
    return pd.Series(asked["row"].isin(pairs["row"]).array, index=here.index)


def _caused(ends: pd.DataFrame, here: pd.DataFrame, step: str) -> pd.DataFrame:
    """One cause a standing: where two fall on one day, an event before what merely ran out, and that before a move."""
    here = here.assign(rank=here["cause"].map(LATER).fillna(0))
    first = here.sort_values(["rank", "cause"]).drop_duplicates(UNIT)
    return ends.merge(first[[*UNIT, "cause"]], on=UNIT, how="left", validate="1:1").assign(step=step, firms=1)


def _turns(books: Books, ends: pd.DataFrame, counting: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The spans that hold on the last day on which each standing was as at the opening (eve), and those on the next.

    `counts` says whether a span's holder counts on the day.
    """
    rows = parts(books)
    rows = rows[_of(rows, ends)]
    days = _days(books, rows)
    on = _held(books, rows, days).groupby([*UNIT, "day"], as_index=False)["counts"].any()
    on = days.merge(on, on=[*UNIT, "day"], how="left", validate="1:1")
    eve = on[on["counts"].eq(True) == counting].groupby(UNIT, as_index=False)["day"].max()
    return _held(books, rows, eve), _held(books, rows, eve.assign(day=eve["day"] + DAY))


def _held(books: Books, rows: pd.DataFrame, days: pd.DataFrame) -> pd.DataFrame:
    """The spans that hold on the days asked of each standing, with `counts`."""
    held = days.merge(rows, on=UNIT, validate="m:m")
    held = held[(held["starts_on"] <= held["day"]) & (held["day"] <= held["ends_on"])]
    return held.assign(counts=_counts(books, held, held["day"]))


def _days(books: Books, rows: pd.DataFrame) -> pd.DataFrame:
    """Every day of the quarter, the opening day included, after which a standing may be another."""
    moves, streets = books["D02"][["uscc", "changed_on"]], register(books)[["here_from", "here_to"]].reset_index()
    moved = rows[[*UNIT, "uscc"]].drop_duplicates()
    turns = [
        rows[UNIT].assign(day=opening_day(books)),
        rows[UNIT].assign(day=rows["starts_on"] - DAY),
        rows[UNIT].assign(day=rows["ends_on"]),
        moved.merge(moves, on="uscc", validate="m:m").assign(day=lambda found: found["changed_on"] - DAY),
        moved.merge(streets, on="uscc", validate="m:1").assign(day=lambda found: found["here_from"] - DAY),
        moved.merge(streets, on="uscc", validate="m:1").assign(day=lambda found: found["here_to"]),
    ]
    days = pd.concat([turn[[*UNIT, "day"]] for turn in turns], ignore_index=True).drop_duplicates()
    return days[(days["day"] >= opening_day(books)) & (days["day"] < books.day)].reset_index(drop=True)


def revisions(books: Books, before: Books | None) -> dict[tuple[str, str], str]:
    """Where the quarter before counted otherwise at its own closing: a sentence by kind and name."""
    if before is None:
        return {}
    told = {}
    for kind, name in _named(books):
        if not before.lacks(RESTS_ON[kind]):
            then, now = counted(before, before.day), counted(books, opening_day(books))
            told[kind, name] = _revision(_codes(then, kind, name), _codes(now, kind, name))
    return {key: sentence for key, sentence in told.items() if sentence}


def _codes(rows: pd.DataFrame, kind: str, name: str) -> set[str]:
    return set(rows.loc[rows["kind"].eq(kind) & rows["name"].eq(name), "uscc"])


def _revision(then: set[str], now: set[str]) -> str:
    more, less = len(now - then), len(then - now)
    return f"台账修订：上季末按上季报送为{len(then):,}家，现增{more:,}家、减{less:,}家" if more or less else ""


def _notes(frame: pd.DataFrame, told: dict[tuple[str, str], str]) -> pd.Series:
    """The sentences beside the openings, nothing elsewhere."""
    keys = pd.MultiIndex.from_frame(frame[["kind", "name"]])
    notes = pd.Series([told.get(key, "") for key in keys], index=frame.index, dtype="str")
    return notes.where(frame["step"].eq(OPENING), "")
