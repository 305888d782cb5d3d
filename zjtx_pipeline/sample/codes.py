"""Knows how to issue credit codes and patent numbers that no real firm or patent bears, check digits right.

Leaves judging a delivered code to `zjtx_pipeline.codes`.
"""

from __future__ import annotations

import numpy as np

from zjtx_pipeline.sample.draws import stream

_ALPHABET = np.array(list("0123456789ABCDEFGHJKLMNPQRTUWXY"))  # GB 32100-2015
_INNER = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # GB 11714-1997 counts I, O, S, V, Z too
_INNER_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
_OUTER_WEIGHTS = 3 ** np.arange(17) % 31
_BLOCKS = {"firms": 10, "providers": 20, "strangers": 24}  # the third letter of a body, so that subjects never meet
_PATENT_WEIGHTS = np.array([2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5])


def credit_codes(prefixes: np.ndarray, subject: str) -> np.ndarray:
    """One different code for each prefix such as `91330109`; bodies begin with WY, a series never issued."""
    chance, number = stream(f"codes.{subject}"), len(prefixes)
    serial = np.argsort(chance.random(10_000 * (1 + number // 10_000)), kind="stable")[:number]
    tail = _ALPHABET[(chance.random(number) * 31).astype(int)]
    block = _ALPHABET[_BLOCKS[subject] + serial // 10_000]
    bodies = [f"WY{letter}{count % 10_000:04d}{last}" for letter, count, last in zip(block, serial, tail)]
    inner = (11 - _digits(bodies, _INNER) @ _INNER_WEIGHTS % 11) % 11
    stems = [f"{prefix}{body}{'0123456789X'[digit]}" for prefix, body, digit in zip(prefixes, bodies, inner)]
    check = (31 - _digits(stems, "".join(_ALPHABET)) @ _OUTER_WEIGHTS % 31) % 31
    return np.array([stem + _ALPHABET[digit] for stem, digit in zip(stems, check)], dtype=object)


def _digits(texts: list[str], alphabet: str) -> np.ndarray:
    value = {sign: index for index, sign in enumerate(alphabet)}
    return np.array([[value[sign] for sign in text] for text in texts])


def patent_numbers(years: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Numbers such as `ZL202410123456.7` with serials from 8,000,000 up, which no year has reached."""
    serials = 8_000_000 + np.arange(len(years)) * 7 % 1_999_993
    stems = [f"{year}{kind}{serial}" for year, kind, serial in zip(years, kinds, serials)]
    digits = np.array([[int(digit) for digit in stem] for stem in stems]).reshape(-1, 12)
    checks = digits @ _PATENT_WEIGHTS % 11
    return np.array([f"ZL{stem}.{'0123456789X'[check]}" for stem, check in zip(stems, checks)], dtype=object)
