"""Firms: which code on which day, and 在萧."""

import pandas as pd
import pytest
from builders import books, case_books, cases
from hypothesis import given
from hypothesis import strategies as st

from zjtx_pipeline.firms import DAY, current, hand_on, in_district, names, towns
from zjtx_pipeline.quarter import Quarter


@pytest.mark.parametrize("case", cases("firms"))
def test_a_code_and_its_place_on_a_day(case):
    held = case_books(case)
    for asked in case["问"]:
        code, day = pd.Series([asked["码"]], dtype="str"), pd.Timestamp(asked["日"])
        if "现码" in asked:
            assert current(held, code, day).tolist() == [asked["现码"]]
        if "在萧" in asked:
            assert in_district(held, code, day).tolist() == [asked["在萧"]]


def test_towns_and_names_come_from_the_register():
    held = books(D01=[{"uscc": "甲", "name": "NA", "street_code": "330109100"}, {"uscc": "乙", "street_code": "330114003"}])
    codes = pd.Series(["甲", "乙", "丙"], dtype="str", index=[5, 5, 7])
    assert towns(held, codes).fillna("").tolist() == ["楼塔镇", "", ""]
    assert names(held, codes, pd.Series(["a", "b", "c"], index=[5, 5, 7])).tolist() == ["NA", "某", "c"]


def test_ledgers_read_as_of_an_earlier_quarter_undo_the_moves_since():
    """D01 shows the state of the quarter it came with, on whatever day the ledgers are read."""
    here, gone = {"uscc": "甲"}, {"uscc": "乙", "street_code": "330114003"}
    moves = [{"uscc": "甲", "item": "迁入", "changed_on": "2024-04-01"}, {"uscc": "乙", "item": "迁出", "changed_on": "2024-09-10"}]
    held, codes = books("2024Q4", D01=[here, gone], D02=moves), pd.Series(["甲", "乙"], dtype="str")
    assert in_district(held, codes).tolist() == [True, False]
    for then, standing in (("2023Q4", [False, True]), ("2024Q2", [True, True])):
        earlier = held.at(Quarter.parse(then))
        assert in_district(earlier, codes).tolist() == standing
        assert in_district(held, codes, earlier.day).tolist() == standing


DAYS = st.integers(0, 400).map(lambda days: pd.Timestamp("2024-01-01") + days * DAY)
STEPS = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 5), DAYS).filter(lambda step: step[0] < step[1]), max_size=6, unique_by=lambda step: step[0])


@given(steps=STEPS, start=DAYS, length=st.integers(0, 300), first=st.integers(0, 5))
def test_a_span_handed_on_keeps_each_of_its_days_exactly_once(steps, start, length, first):
    steps = pd.DataFrame([(*step, True) for step in steps], columns=["uscc", "successor", "handed_on", "old_stays"])
    steps = steps.astype({"uscc": "str", "successor": "str", "handed_on": "datetime64[us]", "old_stays": "bool"})
    span = pd.DataFrame({"uscc": pd.Series([str(first)], dtype="str"), "starts_on": [start], "ends_on": [start + length * DAY]})
    parts = hand_on(span, steps, ["uscc"]).sort_values("starts_on")
    assert parts["starts_on"].iloc[0] == start and parts["ends_on"].iloc[-1] == start + length * DAY
    assert (parts["starts_on"].iloc[1:].array == (parts["ends_on"] + DAY).iloc[:-1].array).all()


def test_nothing_is_asked_of_an_empty_register():
    none = pd.Series([], dtype="str")
    assert current(books(), none).empty and in_district(books(), none).empty
