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
from zjtx_pipeline.money import FEN_PER_WAN, FEN_PER_YUAN, fen_of_yuan, half_up, share_fen, yuan_text
from zjtx_pipeline.quarter import Quarter, quarters
from zjtx_pipeline.workdays import Announced, UnknownHolidays, is_known, is_workday, workday_after

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


def test_ten_thousand_yuan_are_a_wan():
    assert FEN_PER_WAN == fen_of_yuan("10000") == 1_000_000
    assert FEN_PER_YUAN == fen_of_yuan("1") == 100


@pytest.mark.parametrize(("fen", "text"), [(0, "0.00"), (1, "0.01"), (-1, "-0.01"), (-100, "-1.00"), (99, "0.99"), (100, "1.00")])
def test_yuan_about_nought_bear_a_sign_only_below_it(fen, text):
    assert yuan_text(fen) == text


def test_a_ten_thousand_of_yuan_is_a_million_fen():
    assert FEN_PER_WAN == 10_000 * FEN_PER_YUAN == 1_000_000


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
    with pytest.warns(UnknownHolidays, match="2089"):  # 1–3 October are off by law, whatever is announced beside
        assert workday_after(Quarter(2089, 3), 1) == date(2089, 10, 4)


def test_what_an_office_tells_of_a_year_counts_and_the_year_is_known():
    told = Announced(off=frozenset(date(2089, 10, day) for day in range(1, 8)), worked=frozenset([date(2089, 10, 8)]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert workday_after(Quarter(2089, 3), 1, told) == date(2089, 10, 8)  # a Saturday
        assert workday_after(Quarter(2088, 4), 1, told) == date(2089, 1, 3)
    assert is_known(2089, told) and not is_known(2089) and not is_known(2088, told)


def test_one_day_that_an_office_tells_of_a_known_year_changes_that_day_alone():
    told = Announced(off=frozenset([date(2025, 1, 2)]))
    assert workday_after(Quarter(2024, 4), 10, told) == date(2025, 1, 16) and is_workday(date(2025, 1, 26), told)


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


SLIPS = {"O": "0", "I": "1", "Z": "2", "S": "5"}
BODIES = st.tuples(st.sampled_from(["91330109", "91330182", "92330105"]), st.text(ALPHABET, min_size=8, max_size=8)).map("".join)


def suggested(code):
    return codes.suggested_credit_codes(pd.Series([code], dtype="str")).item()


def sound(body):
    """A code with both check digits, from its first sixteen characters."""
    values = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    total = sum(values.index(sign) * weight for sign, weight in zip(body[8:], (3, 7, 9, 10, 5, 8, 4, 2)))
    body += "0123456789X"[-total % 11]
    return body + weighted_check_digit(body)


@given(BODIES, st.sampled_from("OIZS"))
def test_a_letter_taken_for_a_digit_is_traced_back_only_to_a_code_whose_check_digits_fit(body, letter):
    code = sound(body)
    found = suggested(code.replace(SLIPS[letter], letter).lower())
    assert found == (code if SLIPS[letter] in code else "")


@given(st.text(ALPHABET + "OIZSV -．", max_size=20))
def test_a_suggestion_is_a_sound_code_or_none(text):
    found = suggested(text)
    assert not found or codes.credit_code_faults(pd.Series([found], dtype="str")).item() == ""


@pytest.mark.parametrize(
    ("code", "found"),
    [
        pytest.param("91330109-XJ0000A11N", "91330109XJ0000A11N", id="分隔符"),
        pytest.param("91330109XJ0000A11N\u200b", "91330109XJ0000A11N", id="看不见的字符"),
        pytest.param("9133O1O9XJOOOOA11N", "91330109XJ0000A11N", id="O 当作 0"),
        pytest.param("９１３３ｏ１ｏ９ＸＪｏｏｏｏＡ１１Ｎ", "91330109XJ0000A11N", id="全角小写的 o"),
        pytest.param("91330109XJ0000A11N", "", id="本来就对"),
        pytest.param(" ９1330109xj0000a11n", "", id="只是全角小写，读取时已经规范"),
        pytest.param("9I33O1O9XJOOOOA11N", "", id="两种笔误：不猜"),
        pytest.param("91330109XJ0000A12N", "", id="抄错一位：不猜"),
        pytest.param("91330109XJ0000A11", "", id="缺一位"),
        pytest.param(None, "", id="空"),
    ],
)
def test_a_suggested_correction_explains_one_kind_of_slip_alone(code, found):
    assert suggested(code) == found


def test_b_stands_for_eight_only_where_the_standard_has_digits():
    code = sound("9133018210000000")
    assert suggested(code[:6] + "B" + code[7:]) == code
    other = sound("9133010918000000")
    assert suggested(other.replace("18000000", "1B000000")) == ""


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
