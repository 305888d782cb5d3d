"""Knows the stage on which all else happens: firms, ladder and pools, and who can be met in a quarter.

Leaves what they do there to the rooms of the tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.sample.draws import by_quarter, day, days_in, later, some, stream
from zjtx_pipeline.sample.firms import NUMBER, POOLED, Firms, make_firms
from zjtx_pipeline.sample.ladder import CHAMPION, GIANT, HIDDEN, PROVINCIAL, Ladder, climb
from zjtx_pipeline.sample.pools import KEEN, Pools, fill_pools

_TITLED = {"P2": (PROVINCIAL, GIANT, HIDDEN, CHAMPION), "P3": (PROVINCIAL, GIANT), "P4": (GIANT,)}


@dataclass
class Scene:
    firms: Firms
    ladder: Ladder
    pools: Pools
    _met: dict = field(default_factory=dict)

    def population(self, who: str, on: np.datetime64) -> np.ndarray:
        """True for each firm of P1, P2, P3, P4 or P12 on a day, of the district alone."""
        inside = np.zeros(NUMBER, dtype=bool)
        if who in _TITLED or who == "P12":
            inside |= self.ladder.holders(NUMBER, on, _TITLED.get(who, _TITLED["P2"]))
        if who in ("P1", "P12"):
            inside |= self.pools.members(on, KEEN)
        return inside & self.firms.active(on)

    def met(self, who: str, quarter: Quarter) -> np.ndarray:
        """Indexes of the firms of a population (or `all`, or `big` buyers and builders) through a whole quarter."""
        if (who, quarter) not in self._met:
            active = self.firms.active(day(quarter.first_day)) & self.firms.active(day(quarter.last_day))
            if who in ("P1", "P2", "P3", "P4", "P12"):
                active &= self.population(who, day(quarter.first_day)) & self.population(who, day(quarter.last_day))
            elif who == "big":
                active[: POOLED - 200] = False
            self._met[who, quarter] = np.flatnonzero(active)
        return self._met[who, quarter]

    def happenings(self, subject: str, number, who: str = "P2", strays: float = 0.0) -> pd.DataFrame:
        """Things that happen to firms: columns `firm`, `on`. `strays`: the share that falls to any other firm."""
        chance, parts = stream(subject), []
        for quarter, count in by_quarter(number):
            if not count:
                continue
            firm = some(chance, self.met(who, quarter), count)
            if strays:
                other = some(chance, self.met("all", quarter), count)
                firm = np.where(chance.random(count) < strays, other, firm)
            parts.append(pd.DataFrame({"firm": firm, "on": days_in(chance, quarter, count)}))
        nothing = pd.DataFrame({"firm": np.array([], int), "on": np.array([], "datetime64[s]")})
        return pd.concat(parts, ignore_index=True) if parts else nothing

    def signed(self, rows: pd.DataFrame, subject: str, deciding: str, slowest: int) -> pd.DataFrame:
        """The rows with the firm's code and name of the deciding day, and the day the ledger learns of them.

        `slowest`: how many days a clerk may take to enter a row; one in fifty takes a month longer, but none of
        those that a target hangs on.
        """
        on, chance = rows[deciding].to_numpy("datetime64[D]"), stream(f"{subject}.known")
        parties = self.firms.sign(rows["firm"].to_numpy(), on)
        slow = chance.random(len(rows)) < np.where(rows["kept"], 0, 0.02) if "kept" in rows else chance.random(len(rows)) < 0.02
        known = later(on, chance, 0, slowest) + np.where(slow, 31, 0).astype("timedelta64[D]")
        return pd.concat([rows.reset_index(drop=True), parties], axis=1).assign(known_on=np.maximum(known, on))


def numbered(prefix: str, days: pd.Series | np.ndarray, width: int = 4) -> list[str]:
    """Running numbers within a year: `SZGZ-2024-0007`."""
    years = pd.Series(np.asarray(days, "datetime64[D]")).dt.year
    return [f"{prefix}-{year}-{count + 1:0{width}d}" for year, count in zip(years, years.groupby(years).cumcount())]


def set_stage() -> Scene:
    firms = make_firms()
    ladder = climb(firms)
    return Scene(firms, ladder, fill_pools(firms, ladder))
