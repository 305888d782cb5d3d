"""Knows exact money: whole fen, rounded half up once; leaves display to `report.formats`."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

FEN_PER_YUAN = 100
FEN_PER_WAN = 1_000_000  # 1 万元 = 10,000 元: six decimals of a 万元 are exactly one fen


def half_up(amount: Fraction | Decimal | int) -> int:
    """The whole number nearest to an exact amount, a half going away from zero.

    >>> half_up(Fraction(5, 2)), half_up(Fraction(-5, 2)), half_up(Fraction(7, 3))
    (3, -3, 2)
    """
    exact = Fraction(amount)
    whole, _ = divmod(abs(exact.numerator) * 2 + exact.denominator, exact.denominator * 2)
    return whole if exact >= 0 else -whole


def share_fen(base_fen: int, rate: Fraction) -> int:
    """A rate of a base, to the fen, half up: 20 % of 12.34 元 is `share_fen(1234, Fraction(1, 5))`."""
    return half_up(base_fen * rate)


def yuan_text(fen: int) -> str:
    """`1234567` fen as `12345.67`, the form of the machine-readable files.

    >>> yuan_text(-5), yuan_text(1234567)
    ('-0.05', '12345.67')
    """
    sign, amount = ("-" if fen < 0 else ""), abs(fen)
    return f"{sign}{amount // 100}.{amount % 100:02d}"


def fen_of_yuan(text: str) -> int:
    """An amount written in 元, as fen, half up.

    >>> fen_of_yuan("3000000"), fen_of_yuan("0.125")
    (300000000, 13)
    """
    return int((Decimal(text) * FEN_PER_YUAN).quantize(Decimal(1), rounding=ROUND_HALF_UP))
