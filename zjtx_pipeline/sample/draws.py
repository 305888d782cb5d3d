"""Knows where the sample's chance comes from: one seed and a stream of its own for each subject.

Leaves what is drawn to the rooms that ask; no order of asking changes what a subject gets.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import date

import numpy as np

from zjtx_pipeline.quarter import Quarter, quarters

SEED = 20221209  # the day the plan was printed
FIRST, LAST = Quarter(2023, 1), Quarter(2026, 3)  # the quarters that the departments deliver
HISTORY = quarters(Quarter(2021, 1), Quarter(2026, 4))  # the quarters in which things happen
END = np.datetime64("2026-11-01", "D")  # nothing happens from this day on
NEVER = np.datetime64("NaT", "D")
BASE = np.datetime64("2022-12-31", "D")  # the day from which the plan counts


def stream(subject: str) -> np.random.Generator:
    """The random numbers of one subject, always the same ones."""
    return np.random.Generator(np.random.PCG64([SEED, zlib.crc32(subject.encode())]))


def day(text: str | date) -> np.datetime64:
    return np.datetime64(text, "D")


def weekday(days: np.ndarray) -> np.ndarray:
    """The same days, those of a weekend moved to the Friday before; NaT stays."""
    return np.where(np.isnat(days), days, np.busday_offset(np.where(np.isnat(days), BASE, days), 0, roll="backward"))


def days_in(chance: np.random.Generator, quarter: Quarter, number: int) -> np.ndarray:
    """That many weekdays of a quarter, in order."""
    first, last = day(quarter.first_day), day(quarter.last_day)
    drawn = first + (chance.random(number) * ((last - first).astype(int) + 1)).astype("timedelta64[D]")
    return np.sort(np.maximum(weekday(drawn), np.busday_offset(first, 0, roll="forward")))


def later(days: np.ndarray, chance: np.random.Generator, least: int, most: int) -> np.ndarray:
    """Weekdays that lie `least` to `most` days after the given ones."""
    return weekday(days + least + (chance.random(len(days)) * (most - least + 1)).astype("timedelta64[D]"))


def choose(chance: np.random.Generator, number: int, weights: dict[str, float]) -> np.ndarray:
    """That many of the given words, each as often as its weight asks."""
    words = np.array(list(weights), dtype=object)
    edges = np.cumsum(list(weights.values())) / sum(weights.values())
    return words[np.minimum(np.searchsorted(edges, chance.random(number), side="right"), len(words) - 1)]


def some(chance: np.random.Generator, candidates: np.ndarray, number: int) -> np.ndarray:
    """That many of the candidates, each at most once while they last."""
    draws = chance.random(len(candidates))
    if number < len(candidates):  # the smallest draws, without sorting all of them
        few = np.argpartition(draws, number)[:number]
        return candidates[few[np.argsort(draws[few])]]
    return candidates[np.resize(np.argsort(draws), number)] if len(candidates) else candidates[:0]


def by_quarter(number) -> Iterator[tuple[Quarter, int]]:
    """Each quarter of the history with how many things happen in it; the last one is cut short by END.

    `number` is a mean, or gives one for a quarter; fractions add up from quarter to quarter.
    """
    total = 0.5
    for quarter in HISTORY:
        mean = number(quarter) if callable(number) else number
        before, total = total, total + mean * (1 / 3 if quarter == HISTORY[-1] else 1)
        yield quarter, int(total) - int(before)
