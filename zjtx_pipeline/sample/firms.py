"""Knows the sample's firms: who they are, where they sit, and how they are renamed, moved, merged and ended (D01, D02).

Leaves titles, pools and all they do to the other rooms, which name a firm by its index here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zjtx_pipeline.sample.codes import credit_codes
from zjtx_pipeline.sample.draws import END, NEVER, choose, day, some, stream, weekday
from zjtx_pipeline.sample.names import TRADES, firm_names, firm_words
from zjtx_pipeline.sample.places import QIANTANG, TOWNS

NUMBER = 13_900
LADDER = 1_400  # the firms with the lowest indexes are the strongest: titles go to them
POOLED = 12_600  # firms up to here may enter a pool; those above buy, build, sell, or come from elsewhere
_HOW_MANY = {"renamed": 840, "cancelled": 330, "left": 165, "arrived": 110, "recoded": 54, "revoked": 40, "merged": 36}
_PREFIXES = {"91330109": 908, "91330100": 84, "91330000": 3, "91330181": 3, "91330110": 1, "91330106": 1}


@dataclass
class Firms:
    """Arrays with one place a firm; days are datetime64[D], NaT where a thing never happens.

    `rooted`: its town lies in the district (but see `arrived_on`, `left_on`).
    """

    code: np.ndarray
    name: np.ndarray
    trade: np.ndarray
    town: np.ndarray
    rooted: np.ndarray
    founded_on: np.ndarray
    arrived_on: np.ndarray
    left_on: np.ndarray
    cancelled_on: np.ndarray
    revoked_on: np.ndarray
    merged_on: np.ndarray
    merged_into: np.ndarray
    split_on: np.ndarray
    split_to: np.ndarray
    renamed_on: np.ndarray
    later_name: np.ndarray
    recoded_on: np.ndarray
    later_code: np.ndarray
    strength: np.ndarray

    def __len__(self) -> int:
        return len(self.code)

    def gone_on(self) -> np.ndarray:
        """The day from which a firm does nothing more under its own flag, NaT if it goes on."""
        return np.fmin(np.fmin(self.left_on, self.cancelled_on), self.merged_on)

    def active(self, on: np.datetime64) -> np.ndarray:
        """Firms in the district, from here and not gone, on a day."""
        come = np.where(np.isnat(self.arrived_on), self.founded_on, self.arrived_on)
        return self.rooted & (come + 30 < on) & ~(self.gone_on() <= on)

    def sign(self, firm: np.ndarray, on: np.ndarray) -> pd.DataFrame:
        """The code and name that each firm bears on each day: columns `uscc`, `name`."""
        code = np.where(self.recoded_on[firm] <= on, self.later_code[firm], self.code[firm])
        name = np.where(self.renamed_on[firm] <= on, self.later_name[firm], self.name[firm])
        return pd.DataFrame({"uscc": code, "name": name})


def make_firms() -> Firms:
    """All firms ever named in the sample district, the strongest first."""
    chance = stream("firms")
    trade = (chance.random(NUMBER) * len(TRADES)).astype(int)
    words = firm_words(NUMBER + 1200)
    names = firm_names(words[:NUMBER], trade, "first")
    codes = credit_codes(choose(chance, NUMBER + 60, _PREFIXES), "firms")
    town, founded = _towns(chance), _founded(chance)
    return Firms(
        code=codes[:NUMBER], name=names, trade=trade, town=town, rooted=np.isin(town, TOWNS), founded_on=founded,
        strength=np.clip(1 - np.arange(NUMBER) / NUMBER + (chance.random(NUMBER) - 0.5) * 0.2, 0.01, 1),
        **_lives(chance, founded, trade, words[NUMBER:], names, codes[NUMBER:]),
    )  # fmt: skip


def _founded(chance: np.random.Generator) -> np.ndarray:
    index, share = np.arange(NUMBER), chance.random(NUMBER)
    last = np.where(index < 8000, day("2018-06-30"), np.where(index < POOLED, day("2022-05-31"), day("2025-12-31")))
    young = index >= POOLED + 700  # incoming firms, split-offs and other late ones
    first = np.where(young, day("2021-01-01"), day("1995-01-01"))
    return weekday(first + ((last - first).astype(int) * share**0.7).astype("timedelta64[D]"))


def _towns(chance: np.random.Generator) -> np.ndarray:
    weights = dict(zip(TOWNS, 1 + 5 * stream("firms.towns").random(len(TOWNS))))
    town = choose(chance, NUMBER, weights)
    crossed = chance.random(NUMBER) < 0.025  # the towns that went to 钱塘 in 2021
    return np.where(crossed, choose(chance, NUMBER, dict.fromkeys(QIANTANG, 1)), town)


def _lives(chance, founded, trade, words, names, codes) -> dict[str, np.ndarray]:
    """Everything that happens to firms, each kind to firms of its own so that stories stay readable."""
    order = some(chance, np.arange(12, NUMBER - 300), NUMBER - 312)
    order = order[founded[order] < day("2018-12-31")]
    firm, lives = {"split": order[order < 600][:14]}, {}
    rest = order[~np.isin(order, firm["split"])]
    for kind, number in _HOW_MANY.items():
        firm[kind], rest = rest[:number], rest[number:]
    for kind, chosen in firm.items():
        days = day("2019-03-01") + (chance.random(len(chosen)) * 2_800).astype("timedelta64[D]")
        lives[f"{kind}_on"] = np.full(NUMBER, NEVER)
        lives[f"{kind}_on"][chosen] = np.minimum(weekday(days), END - 1)
    return lives | _successors(chance, firm, founded, lives["split_on"]) | _renewed(firm, trade, words, names, codes)


def _successors(chance, firm, founded, split_on) -> dict[str, np.ndarray]:
    split_to, merged_into = np.full(NUMBER, -1), np.full(NUMBER, -1)
    split_to[firm["split"]] = NUMBER - 1 - np.arange(len(firm["split"]))
    founded[split_to[firm["split"]]] = split_on[firm["split"]]
    quiet = np.setdiff1d(np.arange(100, 900), np.concatenate(list(firm.values())))
    merged_into[firm["merged"]] = some(chance, quiet, len(firm["merged"]))
    return {"split_to": split_to, "merged_into": merged_into}


def _renewed(firm, trade, words, names, codes) -> dict[str, np.ndarray]:
    later_name, later_code = names.copy(), np.full(NUMBER, "", dtype=object)
    renamed, recoded = firm["renamed"], firm["recoded"]
    later_name[renamed] = firm_names(words[: len(renamed)], trade[renamed], "later")
    later_code[recoded] = codes[: len(recoded)]
    return {"later_name": later_name, "later_code": later_code}
