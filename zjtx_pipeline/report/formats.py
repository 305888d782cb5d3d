"""Knows how a number, a date or a foreign text is shown; the only place where anything is rounded for display.

Leaves which number to show to `compose`, and exact arithmetic to `money`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from math import ceil, floor

from zjtx_pipeline.money import FEN_PER_WAN, half_up
from zjtx_pipeline.quarter import Quarter

TWO_DECIMALS = {"%", "元", "万元", "亩", "㎡"}
YUAN_PER_WAN = 10_000
NOTHING = "—"
MINUS = "−"
_NUMERALS = "零一二三四五六七八九"


def fixed(value: Fraction | int, decimals: int = 0, *, grouped: bool = False) -> str:
    """An exact number with so many decimals, half up.

    >>> fixed(Fraction(2, 3), 2), fixed(Fraction(-1, 200), 2), fixed(1234567, 2, grouped=True)
    ('0.67', '-0.01', '1,234,567.00')
    """
    scaled = half_up(Fraction(value) * 10**decimals)
    whole, rest = divmod(abs(scaled), 10**decimals)
    text = f"{whole:,}" if grouped else str(whole)
    return ("-" if scaled < 0 else "") + text + (f".{rest:0{decimals}d}" if decimals else "")


def decimals(unit: str) -> int:
    """How many decimals a unit bears: two for %, money and areas, none for counts and 是否 (indicators.md, Value)."""
    return 2 if unit in TWO_DECIMALS else 0


def machine(value: Fraction | None, unit: str) -> str:
    """A figure as the machine-readable files bear it; empty where there is none.

    >>> machine(Fraction(9717, 100), "%"), machine(Fraction(5), "家"), machine(None, "元")
    ('97.17', '5', '')
    """
    return "" if value is None else fixed(value, decimals(unit))


def machine_pace(value: Fraction | None) -> str:
    """Pace bears two decimals, whatever its unit."""
    return "" if value is None else fixed(value, 2)


def machine_forecast(value: Fraction | None, target: Fraction | None = None, *, falling: bool = False) -> str:
    """A forecast in the files: as the formula gives it, with two decimals like pace.

    >>> machine_forecast(Fraction(96077, 1000)), machine_forecast(Fraction(99999, 1000), Fraction(100)), machine_forecast(None)
    ('96.08', '99.99', '')
    """
    return "" if value is None else fixed(_short_of(value, target, falling), 2)


def _short_of(value: Fraction, target: Fraction | None, falling: bool) -> Fraction:
    """Two decimals, half up, but never rounded onto a target that the exact value misses."""
    told = Fraction(half_up(value * 100), 100)
    if target is None or value == told:
        return told
    if falling:
        return told + Fraction(1, 100) if told <= target < value else told
    return told - Fraction(1, 100) if value < target <= told else told


def printed_unit(unit: str) -> str:
    """The unit on paper: 元 is shown in 万元 (B-25), 是否 bears none."""
    return {"元": "万元", "是否": ""}.get(unit, unit)


def _on_paper(value: Fraction, unit: str) -> Fraction:
    """The number as printed, rounded, so that what stands beside it can be checked by hand."""
    scale = 10 ** decimals(unit)
    return Fraction(half_up((value / YUAN_PER_WAN if unit == "元" else value) * scale), scale)


def printed(value: Fraction | None, unit: str) -> str:
    """A figure as a person reads it, without its unit.

    >>> printed(Fraction(12345678), "元"), printed(Fraction(1), "是否"), printed(None, "家")
    ('1,234.57', '是', '—')
    """
    if value is None:
        return NOTHING
    if unit == "是否":
        return "是" if value >= 1 else "否"
    return signed(fixed(_on_paper(value, unit), decimals(unit), grouped=True))


def with_unit(value: Fraction | None, unit: str) -> str:
    """`10,000家`, `97.17%`, `1,234.57万元`, `是`."""
    return printed(value, unit) + (printed_unit(unit) if value is not None else "")


def target_text(value: Fraction, unit: str) -> str:
    """A target as the plan writes it: `10,000家`, `100%`, without idle decimals."""
    whole = Fraction(value).denominator == 1 and unit != "是否"
    return fixed(value, grouped=True) + unit if whole and unit != "元" else with_unit(value, unit)


def pace_text(value: Fraction | None, unit: str) -> str:
    """A pace as printed: two decimals, grouped, a percentage with its sign."""
    return NOTHING if value is None else signed(fixed(value, 2, grouped=True)) + ("%" if unit == "%" else "")


def cautious(value: Fraction | None, unit: str, target: Fraction | None = None, *, falling: bool = False) -> str:
    """A forecast as printed: the files' number, within what the unit can hold; of a count whole units alone, away from the target.

    >>> cautious(Fraction(9, 2), "家"), cautious(Fraction(1, 2), "家", falling=True), cautious(Fraction(205, 2), "%"), cautious(None, "家")
    ('4', '1', '100.00%', '—')
    """
    if value is None:
        return NOTHING
    told = max(_short_of(value, target, falling), Fraction(0))
    if unit == "%":
        return fixed(min(told, Fraction(100)), 2, grouped=True) + "%"
    return fixed(ceil(told) if falling else floor(told), grouped=True)


def percent(share: Fraction | None) -> str:
    """A share as `97.17%`."""
    return NOTHING if share is None else f"{signed(fixed(share * 100, 2, grouped=True))}%"


def difference(now: Fraction | None, then: Fraction | None, unit: str) -> str:
    """What changed, counted on the numbers as printed, with its sign; 持平 where nothing did.

    >>> difference(Fraction(12), Fraction(10), "家"), difference(Fraction(1), Fraction(3), "%")
    ('+2', '−2.00')
    """
    if now is None or then is None:
        return NOTHING
    if unit == "是否":
        return "持平" if now == then else f"{printed(then, unit)}→{printed(now, unit)}"
    moved = _on_paper(now, unit) - _on_paper(then, unit)
    if moved == 0:
        return "持平"
    return ("+" if moved > 0 else "") + signed(fixed(moved, decimals(unit), grouped=True))


def difference_words(now: Fraction, then: Fraction, unit: str) -> str:
    """The same in a sentence: `增加12家`, `下降1.20个百分点`, `持平`."""
    moved = _on_paper(now, unit) - _on_paper(then, unit)
    if moved == 0:
        return "持平"
    amount = fixed(abs(moved), decimals(unit), grouped=True)
    if unit == "%":
        return f"{'提高' if moved > 0 else '下降'}{amount}个百分点"
    return f"{'增加' if moved > 0 else '减少'}{amount}{printed_unit(unit)}"


def wan(fen: int | None) -> str:
    """Whole fen as 万元 with two decimals, grouped.

    >>> wan(123_456_789_00), wan(-1_000_000), wan(None)
    ('12,345.68', '−1.00', '—')
    """
    return NOTHING if fen is None else signed(fixed(Fraction(fen, FEN_PER_WAN), 2, grouped=True))


def count(number: int) -> str:
    """A count with its thousands apart."""
    return f"{number:,}"


def signed(number: str) -> str:
    """A number with a true minus sign, as print has it."""
    return number.replace("-", MINUS)


def day(value: date) -> str:
    """`2024年12月31日`."""
    return f"{value.year}年{value.month}月{value.day}日"


def due_text(due: date | Quarter | None) -> str:
    """When a target is due: `2025年末` for the last day of a year, else the day; empty without one."""
    if due is None:
        return ""
    last = due.last_day if isinstance(due, Quarter) else due
    return f"{last.year}年末" if (last.month, last.day) == (12, 31) else day(last)


def numeral(number: int) -> str:
    """The number of a heading in Hanzi, up to 99.

    >>> numeral(3), numeral(10), numeral(14), numeral(20)
    ('三', '十', '十四', '二十')
    """
    tens, ones = divmod(number, 10)
    ten = "" if not tens else ("" if tens == 1 else _NUMERALS[tens]) + "十"
    return ten + (_NUMERALS[ones] if ones or not tens else "")


def listed(names: Iterable[str], limit: int | None = None, measure: str = "项") -> str:
    """Names joined as Chinese joins them, cut with 等N项 past a limit."""
    names = list(names)
    if limit is None or len(names) <= limit:
        return "、".join(names)
    return f"{'、'.join(names[:limit])}等{len(names)}{measure}"


def plain(text: object) -> str:
    """A text from a source as it may be printed: composed, without control or direction characters.

    >>> plain("a\\x00b\\u202ec\\r\\nd\\t")
    'abc\\nd'
    """
    if not isinstance(text, str):  # None or NA
        return ""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    kept = "".join(
        sign for sign in lines if sign == "\n" or unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
    )
    return kept.strip()


def paragraphs(text: object) -> tuple[str, ...]:
    """A text from a source, one string a paragraph, empty ones left out."""
    return tuple(line.strip() for line in plain(text).split("\n") if line.strip())
