"""Quarters, money, working days and codes: the laws they keep."""

import warnings
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from zjtx_pipeline import codes
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.money import fen_of_yuan, half_up, share_fen, yuan_text
from zjtx_pipeline.quarter import Quarter, quarters
from zjtx_pipeline.workdays import UnknownHolidays, workday_after

QUARTERS = st.builds(Quarter, st.integers(1990, 2090), st.integers(1, 4))


@given(QUARTERS, st.integers(-80, 80))
def test_adding_quarters_and_taking_them_away_ends_where_it_began(quarter, steps):
    assert quarter + steps - steps == quarter
    assert (quarter + steps) - quarter == steps


@given(st.dates(date(1990, 1, 1), date(2090, 12, 31)))
def test_every_day_lies_in_its_quarter(day):
    quarter = Quarter.of(day)
    assert quarter.first_day <= day <= quarter.last_day
    assert Quarter.parse(str(quarter)) == quarter


@pytest.mark.parametrize("text", ["2024", "2024Q5", "2024q4", "24Q4", "2024Q4 ", "", "２０２４Q4", "../2024Q4"])
def test_what_is_no_quarter_is_refused_in_one_sentence(text):
    with pytest.raises(ZjtxError, match="不是季度"):
        Quarter.parse(text)


def test_a_row_of_quarters_holds_both_ends():
    assert [str(quarter) for quarter in quarters(Quarter(2023, 4), Quarter(2024, 2))] == ["2023Q4", "2024Q1", "2024Q2"]


@given(st.decimals(-(10**12), 10**12, places=4))
def test_rounding_is_half_up_as_decimal_does_it(amount):
    assert half_up(amount) == int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@given(st.integers(-(10**14), 10**14))
def test_fen_written_as_yuan_read_back_the_same(fen):
    assert fen_of_yuan(yuan_text(fen)) == fen


def test_a_fifth_of_an_odd_amount_is_rounded_half_up_to_the_fen():
    assert share_fen(1_2345_67 + 1, Fraction(1, 5)) == 246914  # 2469.136 元 → 2469.14 元
    assert share_fen(5, Fraction(1, 10)) == 1  # half a fen goes up


@pytest.mark.parametrize(
    ("quarter", "number", "day"),
    [
        (Quarter(2024, 4), 10, date(2025, 1, 15)),  # 1 January off
        (Quarter(2024, 4), 11, date(2025, 1, 16)),
        (Quarter(2023, 3), 11, date(2023, 10, 19)),  # 1–6 October off, 7 and 8 October worked
    ],
)
def test_the_deadline_counts_chinese_working_days(quarter, number, day):
    assert workday_after(quarter, number) == day


def test_a_year_without_announced_holidays_counts_monday_to_friday_and_says_so():
    with pytest.warns(UnknownHolidays, match="2089"):
        assert workday_after(Quarter(2088, 4), 1) == date(2089, 1, 3)


ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def weighted_check_digit(body):
    """GB 32100-2015 by its own words: weights 3^(i-1) mod 31, the digit that makes the sum a multiple of 31."""
    return ALPHABET[-sum(ALPHABET.index(sign) * 3**place for place, sign in enumerate(body)) % 31]


@given(st.text(ALPHABET, min_size=17, max_size=17))
def test_the_outer_check_digit_is_the_standards(body):
    code = body + weighted_check_digit(body)
    wrong = body + ALPHABET[(ALPHABET.index(code[-1]) + 1) % 31]
    faults = codes.credit_code_faults(pd.Series([code, wrong], dtype="str")).tolist()
    assert faults[0] in ("", "inner") and faults[1] == "check"


def test_the_placeholder_that_passes_the_outer_check_fails_the_inner_one():
    assert uscc.is_valid("123456789012345678")
    assert codes.credit_code_faults(pd.Series(["123456789012345678"], dtype="str")).tolist() == ["inner"]


def test_codes_come_to_their_normal_form():
    given_codes = pd.Series([" 91330109ma2h3ydm6j", "９１３３０１０９ＭＡ２Ｈ３ＹＤＭ６Ｊ", None], dtype="str")
    assert codes.normal_form(given_codes).tolist()[:2] == ["91330109MA2H3YDM6J"] * 2
    assert codes.normal_form(given_codes).isna().tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("number", "fault"),
    [("ZL200410016940.6", False), ("2004100169406", False), ("200410016940.7", True), ("2004160169406", True),
     ("CN85100001.0", False), ("85100001.5", True), ("专利", True)],
)  # fmt: skip
def test_patent_numbers_are_held_to_their_check_digit(number, fault):
    assert codes.patent_number_faults(pd.Series([number], dtype="str")).tolist() == [fault]


def test_no_warning_in_a_known_year():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        workday_after(Quarter(2025, 3), 11)
