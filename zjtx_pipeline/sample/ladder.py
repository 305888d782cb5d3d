"""Knows how the sample's firms climb the ladder: every recognition, review, lapse, revocation and transfer (D04).

Leaves what a title is worth to the rooms of awards, and validity on a day to `zjtx_pipeline.tiers`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from zjtx_pipeline.sample.draws import END, day, stream
from zjtx_pipeline.sample.firms import LADDER, Firms

STARTER, PROVINCIAL, HIDDEN, GIANT, CHAMPION, LOCAL = (
    "创新型", "省专精特新", "省隐形冠军", "小巨人", "国家单项冠军", "省单项冠军"
)  # fmt: skip
P2 = (PROVINCIAL, GIANT, HIDDEN, CHAMPION)
_BATCHES = {  # tier: day of publication → how many firms of the district
    CHAMPION: {"2018-11-19": 1, "2020-11-26": 1, "2021-11-08": 2, "2022-11-28": 3, "2024-04-22": 5},
    GIANT: {"2019-06-05": 2, "2020-11-13": 6, "2021-07-19": 12, "2022-08-08": 22, "2023-07-14": 30, "2024-09-02": 37,
            "2025-10-20": 34, "2026-09-10": 18},
    HIDDEN: {"2020-01-15": 3, "2021-01-20": 3, "2022-01-18": 4, "2023-01-17": 3, "2024-02-06": 4, "2025-01-16": 4,
             "2026-03-18": 4},
    PROVINCIAL: {"2020-12-28": 40, "2021-12-30": 92, "2022-06-24": 75, "2022-12-20": 112, "2023-06-30": 66,
                 "2023-12-22": 80, "2024-06-28": 66, "2024-12-20": 78, "2025-06-27": 64, "2025-12-19": 80,
                 "2026-06-26": 62},
    LOCAL: {"2025-09-25": 12, "2026-07-15": 9},
    STARTER: {"2022-07-25": 150, "2022-11-18": 230, "2023-04-14": 150, "2023-08-18": 150, "2023-12-08": 160,
              "2024-05-17": 180, "2024-10-25": 200, "2025-04-18": 190, "2025-09-19": 200, "2026-04-24": 160,
              "2026-08-21": 130},
}  # fmt: skip
_PASS = {CHAMPION: 0.9, GIANT: 0.72, HIDDEN: 0.6, PROVINCIAL: 0.75, LOCAL: 1.0, STARTER: 0.64}
_FAIL = 0.6  # of those that do not pass: reviewed and failed; the others never asked for a review
_PUBLICITY = {STARTER: 0.35}  # how many recognitions have their 公示 in the ledger; all of them elsewhere
_ISSUERS = {CHAMPION: "示工信政法", GIANT: "示工信企业", HIDDEN: "示浙经信企业", LOCAL: "示浙经信大企"}


@dataclass
class Ladder:
    """`events`: the rows of D04. `spells`: firm, tier, begin, end — a title from its publication to the day it ends.

    `firsts`: firm, tier, batch, day of each firm's first recognition in a tier.
    """

    events: pd.DataFrame
    spells: pd.DataFrame
    firsts: pd.DataFrame

    def holders(self, number: int, on: np.datetime64, tiers: tuple[str, ...] = P2) -> np.ndarray:
        """True for each firm that holds one of the tiers on a day."""
        spells = self.spells
        valid = spells["tier"].isin(tiers) & (spells["begin"] <= on) & (spells["end"] > on)
        held = np.zeros(number, dtype=bool)
        held[spells.loc[valid, "firm"]] = True
        return held


@dataclass
class _Book:
    events: list[tuple] = field(default_factory=list)
    spells: list[tuple] = field(default_factory=list)
    firsts: dict[tuple, tuple] = field(default_factory=dict)

    def write(self, firm, tier, batch, event, year, on, begin=None, end=None, former=-1) -> None:
        self.events.append((firm, tier, batch, event, year, on, begin, end, former))

    def hand_over(self, firm: int, heir: int, tier: str, moved, end) -> None:
        """The heir of a 分立 holds the title from that day, the old firm no longer."""
        self.spells = [
            (*spell[:3], min(spell[3], moved)) if spell[:2] == (firm, tier) and spell[2] < moved else spell
            for spell in self.spells
        ]
        self.spells.append((heir, tier, moved, end + 1))


def climb(firms: Firms) -> Ladder:
    """The whole history of titles, from 2018 to the end of the sample."""
    book, chance = _Book(), stream("ladder")
    for tier in (CHAMPION, PROVINCIAL, GIANT, HIDDEN, LOCAL, STARTER):
        held: dict[int, np.datetime64] = {}
        for number, (text, size) in enumerate(_BATCHES[tier].items(), 1):
            on = day(text)
            for firm in _chosen(chance, firms, book, tier, on, size, held):
                held[firm] = _title(chance, firms, book, firm, tier, _batch(tier, on, number), on)
    _transfers(firms, book)
    _renamings(firms, book)
    return Ladder(_events(firms, book), _spells(firms, book), _firsts(book))


def _batch(tier: str, on: np.datetime64, number: int) -> str:
    year = int(str(on)[:4])
    if tier in (CHAMPION, GIANT):
        return f"第{'一二三四五六七八九'[number - 1]}批"
    same_year = [text for text in _BATCHES[tier] if text[:4] == str(year)]
    return f"{year}年" + (f"第{'一二三四'[same_year.index(str(on))]}批" if len(same_year) > 1 else "")


def _chosen(chance, firms: Firms, book: _Book, tier, on, size, held) -> list[int]:
    """Firms free to take a tier on a day, in an order that favours the strong."""
    limit = 4_600 if tier == STARTER else LADDER
    free = firms.active(on)[:limit] & (firms.founded_on[:limit] < on - 900)
    for firm, until in held.items():
        free[firm] &= until < on - 200 and chance.random() < 0.25  # some come back after a lapse
    free &= _allowed(book, tier, on, limit)
    reach = {CHAMPION: 40, GIANT: 700, HIDDEN: 300, LOCAL: 400}.get(tier, limit)
    draw = np.where(free & (np.arange(limit) < reach), chance.random(limit), 2)
    return [int(firm) for firm in np.argsort(draw, kind="stable")[:size] if draw[firm] < 2]


def _allowed(book: _Book, tier, on, limit: int) -> np.ndarray:
    """The rungs: 小巨人 climb from 省专精特新; a 小巨人 or 单项冠军 takes no new 隐形冠军 (one slips through)."""
    below = {GIANT: (PROVINCIAL,), LOCAL: (PROVINCIAL, GIANT)}.get(tier)
    barred = {HIDDEN: (GIANT, CHAMPION), GIANT: (CHAMPION,)}.get(tier, ())
    allowed = np.full(limit, below is None)
    for firm, name, begin, end in book.spells:
        if firm < limit and name in (below or ()) and begin < on - 150 and end > on:
            allowed[firm] = True
    for firm, name, begin, end in book.spells:
        if firm < limit and name in barred and begin <= on < end:
            allowed[firm] = tier == HIDDEN and firm % 97 == 5
    return allowed


def _title(chance, firms: Firms, book: _Book, firm: int, tier, batch, on) -> np.datetime64:
    """One firm's title from recognition through its reviews to its end; returns the day it ends."""
    year = int(str(on)[:4])
    book.firsts.setdefault((firm, tier), (batch, on))
    if chance.random() < _PUBLICITY.get(tier, 1.0):
        book.write(firm, tier, batch, "公示", year, on - 12)
    begin = on
    while True:
        end = _three_years(begin) - (30 if chance.random() < 0.004 else 0)  # a few certificates are misprinted
        book.write(firm, tier, batch, "认定" if begin is on else "复核通过", year, on, begin, end)
        stopped = _stopped(chance, firms, book, firm, tier, batch, year, on, end)
        if stopped is not None:
            book.spells.append((firm, tier, on, stopped))
            return stopped
        published = end - 60 + int(chance.random() * 90)  # some reviews come out after the lapse
        gone = firms.gone_on()[firm]
        if end >= END or gone <= published or chance.random() >= _PASS[tier]:
            if end < END and not gone <= published and chance.random() < _FAIL:
                book.write(firm, tier, f"{batch}({str(end)[:4]}年复核)", "复核未过", year, published)
            book.spells.append((firm, tier, on, end + 1))
            return end + 1
        book.spells.append((firm, tier, on, end + 1))
        batch = batch.split("(")[0] + f"({str(end)[:4]}年复核)"
        book.write(firm, tier, batch, "复核公示", year, published - 10)
        on, begin = published, end + 1


def _stopped(chance, firms: Firms, book: _Book, firm, tier, batch, year, on, end) -> np.datetime64 | None:
    """The day a title ends early: revoked, given up, or with the firm itself; None if it runs to its end."""
    draw, struck = chance.random(), np.fmin(firms.cancelled_on[firm], firms.merged_on[firm])
    when = on + 120 + int(chance.random() * 800)
    if draw < 0.022 and when < min(end, END) and not struck <= when:
        book.write(firm, tier, batch, "撤销" if draw < 0.012 else "主动放弃", year, when)
        return when
    if not on < struck <= end:
        return None
    if struck == firms.merged_on[firm]:  # the firm it went into holds the title to its end
        book.spells.append((int(firms.merged_into[firm]), tier, struck, end + 1))
    return struck


def _three_years(begin: np.datetime64) -> np.datetime64:
    text = str(begin)
    return day(f"{int(text[:4]) + 3}{text[4:]}" if text[5:] != "02-29" else f"{int(text[:4]) + 3}-03-01") - 1


def _transfers(firms: Firms, book: _Book) -> None:
    """承继 on a 分立 and, for the record, on a new code; every second firm forgets to report it."""
    for firm, tier, batch, event, year, on, _, end, _ in list(book.events):
        moved = firms.split_on[firm] if firms.split_to[firm] >= 0 else firms.recoded_on[firm]
        if event != "认定" or np.isnat(moved) or not on < moved <= end or firm % 2:
            continue
        heir = int(firms.split_to[firm]) if firms.split_to[firm] >= 0 else firm
        book.write(heir, tier, batch, "承继", year, moved + 21, moved, end, firm)
        if heir != firm:
            book.hand_over(firm, heir, tier, moved, end)


def _renamings(firms: Firms, book: _Book) -> None:
    for firm, tier, batch, event, year, on, _, end, _ in list(book.events):
        renamed = firms.renamed_on[firm]
        if event in ("认定", "复核通过") and tier != STARTER and on < renamed + 30 <= end and renamed + 30 < END:
            book.write(firm, tier, batch, "更名", year, renamed + 30)


def _events(firms: Firms, book: _Book) -> pd.DataFrame:
    columns = ["firm", "tier", "batch", "event", "cohort_year", "announced_on", "valid_from", "valid_to", "former"]
    rows = pd.DataFrame(book.events, columns=columns)
    for column in ("announced_on", "valid_from", "valid_to"):
        rows[column] = rows[column].to_numpy("datetime64[D]")
    rows = rows[rows["announced_on"] < END].sort_values("announced_on", kind="stable", ignore_index=True)
    on = rows["announced_on"].to_numpy("datetime64[D]")
    former = rows.pop("former").to_numpy()
    rows["former_uscc"] = np.where(former >= 0, firms.code[former], "")
    rows["document_no"] = _document(rows)
    lag = (stream("ladder.entry").random(len(rows)) ** 4 * 60).astype("timedelta64[D]")
    signed = firms.sign(rows["firm"].to_numpy(), on)
    renamed = (rows["tier"] == STARTER) & (rows["announced_on"] >= day("2026-04-01"))
    rows["tier"] = rows["tier"].mask(renamed, "科技和创新型")  # the bottom rung's name since R-2026
    return pd.concat([rows, signed], axis=1).assign(known_on=on + lag)


def _document(rows: pd.DataFrame) -> pd.Series:
    issuer = rows["tier"].map(_ISSUERS).fillna("示浙经信企服")
    on = rows["announced_on"].dt
    return issuer + "〔" + on.year.astype("str") + "〕" + on.day_of_year.astype("str") + "号"


def _spells(firms: Firms, book: _Book) -> pd.DataFrame:
    rows = pd.DataFrame(book.spells, columns=["firm", "tier", "begin", "end"])
    left = firms.left_on[rows["firm"]]
    rows["end"] = np.fmin(rows["end"].to_numpy("datetime64[D]"), left)
    rows["begin"] = rows["begin"].to_numpy("datetime64[D]")
    return rows


def _firsts(book: _Book) -> pd.DataFrame:
    rows = [(firm, tier, batch, on) for (firm, tier), (batch, on) in book.firsts.items()]
    return pd.DataFrame(rows, columns=["firm", "tier", "batch", "on"])
