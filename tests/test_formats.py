"""Display: the one place where numbers are rounded, and how foreign text is made fit to print."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.report import formats

fractions = st.fractions(min_value=-(10**12), max_value=10**12, max_denominator=10**6)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (Fraction(9717, 100), "%", "97.17"),
        (Fraction(200, 3), "%", "66.67"),
        (Fraction(100), "%", "100.00"),
        (Fraction(5), "家", "5"),
        (Fraction(0), "家", "0"),
        (Fraction(1), "是否", "1"),
        (Fraction(0), "是否", "0"),
        (Fraction(1234567, 100), "元", "12345.67"),
        (Fraction(5, 1000), "元", "0.01"),
        (Fraction(-5, 1000), "万元", "-0.01"),
        (Fraction("12.345"), "亩", "12.35"),
        (Fraction("12.344999"), "㎡", "12.34"),
        (None, "家", ""),
    ],
)
def test_figures_csv_bears_counts_whole_and_all_else_with_two_decimals(value, unit, text):
    assert formats.machine(value, unit) == text


@given(fractions)
def test_rounding_is_half_up_away_from_zero_for_any_number(value):
    shown = Decimal(formats.fixed(value, 2))
    assert abs(Fraction(shown) - value) <= Fraction(1, 200)
    if abs(Fraction(shown) - value) == Fraction(1, 200):
        assert abs(Fraction(shown)) > abs(value)


@given(fractions)
def test_thousands_are_grouped_without_changing_the_number(value):
    assert formats.fixed(value, 2, grouped=True).replace(",", "") == formats.fixed(value, 2)


@given(fractions, fractions, st.sampled_from(["家", "%", "元", "万元", "亩"]))
def test_a_printed_change_is_the_difference_of_the_printed_numbers(now, then, unit):
    def number(text):
        return Fraction(text.replace(",", "").replace(formats.MINUS, "-"))

    moved = formats.difference(now, then, unit)
    assert number("0" if moved == "持平" else moved) == number(formats.printed(now, unit)) - number(
        formats.printed(then, unit)
    )


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (Fraction(10000), "家", "10,000家"),
        (Fraction(9717, 100), "%", "97.17%"),
        (Fraction(12345678), "元", "1,234.57万元"),
        (Fraction(-3, 2), "万元", "−1.50万元"),
        (Fraction(1), "是否", "是"),
        (Fraction(0), "是否", "否"),
        (None, "家", "—"),
    ],
)
def test_paper_shows_yuan_in_wan_and_yes_or_no_in_words(value, unit, text):
    assert formats.with_unit(value, unit) == text


def test_a_target_bears_no_idle_decimals():
    assert formats.target_text(Fraction(100), "%") == "100%"
    assert formats.target_text(Fraction(10000), "家") == "10,000家"
    assert formats.target_text(Fraction(1), "是否") == "是"
    assert formats.target_text(Fraction("97.5"), "%") == "97.50%"


def test_a_change_of_a_rate_is_told_in_points():
    assert formats.difference_words(Fraction(98), Fraction("96.5"), "%") == "提高1.50个百分点"
    assert formats.difference_words(Fraction(3), Fraction(5), "家") == "减少2家"
    assert formats.difference_words(Fraction(3), Fraction(3), "家") == "持平"


def test_fen_are_shown_in_wan_with_two_decimals():
    assert [formats.wan(fen) for fen in (0, 5_000, 4_999, 300_000_000, -1_000_000, None)] == [
        "0.00",
        "0.01",
        "0.00",
        "300.00",
        "−1.00",
        "—",
    ]


def test_days_and_dues_are_written_as_chinese_writes_them():
    assert formats.day(date(2025, 1, 5)) == "2025年1月5日"
    assert formats.due_text(Quarter(2025, 4)) == "2025年末"
    assert formats.due_text(date(2024, 6, 30)) == "2024年6月30日"
    assert formats.due_text(None) == ""


@given(st.text())
def test_foreign_text_loses_every_control_and_direction_character(text):
    kept = formats.plain(text)
    assert not [
        sign
        for sign in kept
        if sign != "\n" and (ord(sign) < 32 or sign in "\u202a\u202b\u202e\u2066\u200b\ufeff\x7f\x85")
    ]
    assert formats.plain(kept) == kept


def test_missing_text_is_no_text():
    import pandas as pd

    assert [formats.plain(nothing) for nothing in (None, float("nan"), pd.NA)] == ["", "", ""]
