"""Pace and light: each rule of “Pace and light”, and laws over all values."""

from fractions import Fraction

import pytest
from builders import books, cases
from hypothesis import given
from hypothesis import strategies as st

from zjtx_pipeline.figures import Figure
from zjtx_pipeline.progress import DERIVED, Progress, assess, due_quarters
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.rules import load_rules

RULES = load_rules()


def _with_baseline(case):
    """The rules with a confirmed baseline, and books whose own ledgers cannot tell one where it is to be unknown."""
    value = case.get("基期")
    target = RULES.indicators[case["指标"]].target
    if value is None or value == "不明":
        return books(case["季度"], undelivered=["D03"] if value == "不明" else [])
    return books(case["季度"], RULES.overlay({"baselines": {target: str(value)}}))


def _at_due(case):
    """Books of the due quarters gone by, with ledgers in which the indicator had the value that the case gives."""
    if "到期值" not in case:
        return {}
    due = due_quarters(RULES, Quarter.parse(case["季度"]))
    return {each: books(str(each), **_ledgers(case["指标"], case["到期值"], each.year)) for each in due}


def _ledgers(indicator, value, year):
    """As many recognised firms as it takes: without 贯标, newly in the reserve, or with a patent each."""
    firms = [f"企{number}" for number in range(1 if indicator == "T03-2" else value)]
    term = {"tier": "省专精特新", "event": "认定", "announced_on": "2022-01-01", "valid_from": "2022-01-01", "valid_to": "2026-12-31"}
    tables = {"D04": [{"uscc": firm, **term} for firm in firms]}
    if indicator == "T03-2":
        tables["D10"] = [{"uscc": firm, "patent_type": "发明", "granted_on": "2022-01-01"} for firm in firms]
    if indicator == "T09-1":
        tables["D19"] = [{"uscc": firm, "item": "入后备库", "dated_on": f"{year}-06-01"} for firm in firms]
    return tables


@pytest.mark.parametrize("case", cases("progress"))
def test_pace_and_light(case):
    value = None if case["值"] is None else Fraction(case["值"])
    figure = Figure(case["指标"], "a", case.get("分列", ""), value, "正常" if value is not None else "待补")
    (found,) = assess([figure], _with_baseline(case), _at_due(case))
    pace = None if case["序时"] is None else Fraction(case["序时"])
    assert (found.pace, found.light, found.note) == (pace, case["灯"], case.get("说明", ""))
    if "到期" in case:
        assert str(found.due) == case["到期"]


def test_a_baseline_comes_from_the_ledgers_as_of_the_baseline_day():
    places = [{"uscc": code, "pool": "专精特新", "entered_on": day} for code, day in [("甲", "2022-12-31"), ("乙", "2023-01-01")]]
    (found,) = assess([Figure("T01-2", "a", "", Fraction(2))], books(D03=places), {})
    assert (found.baseline, found.baseline_note) == (1, DERIVED)


def test_a_due_quarter_without_deliveries_is_recalculated_from_the_present_ledgers():
    activities = [{"activity_type": "专题培训", "held_on": f"2023-05-{day:02}", "is_zjtx_theme": True, "sign_in_proof": "表"} for day in range(1, 11)]
    held = books("2024Q1", D23=activities)
    figure = Figure("T14-1", "a", "年度=2023", Fraction(10))
    (found,) = assess([figure], held, {})
    assert (found.light, found.note) == ("已完成", "按现有台账回算")
    (found,) = assess([figure], held, {Quarter(2023, 4): books("2023Q4", undelivered=["D23"])})
    assert found.note == "按现有台账回算"
    (found,) = assess([figure], held, {Quarter(2023, 4): books("2023Q4")})
    assert (found.light, found.note) == ("黄", "逾期完成")


def test_only_part_a_of_a_target_bears_pace_and_light():
    figures = [Figure("T03-3", "b", "", Fraction(3)), Figure("T03-1", "a", "口径=P3", Fraction(3)), Figure("T07-2", "b", "", Fraction(3))]
    assert assess(figures, books(), {}) == [Progress(figure) for figure in figures]


def test_the_edges_of_the_lights_are_the_districts_own():
    own = RULES.overlay({"baselines": {"Q02": "300"}, "lights": {"yellow_up_to": "10"}})
    (found,) = assess([Figure("T01-2", "a", "", Fraction(800))], books(rules=own), {})
    assert found.light == "红"


def test_due_quarters_are_those_gone_by():
    assert [str(due) for due in due_quarters(RULES, Quarter(2024, 4))] == ["2023Q4"]
    assert [str(due) for due in due_quarters(RULES, Quarter(2026, 1))] == ["2023Q4", "2024Q4", "2025Q4"]


QUARTERS = st.integers(0, 11).map(lambda number: Quarter(2023, 1) + number)
VALUES = st.fractions(0, 1500, max_denominator=100)


@given(quarter=QUARTERS, baseline=st.integers(0, 1300), values=st.lists(VALUES, min_size=2, max_size=2))
def test_a_higher_value_never_gives_a_worse_light(quarter, baseline, values):
    held = books_of(str(quarter), baseline)
    lower, higher = (assess([Figure("T01-2", "a", "", value)], held, {})[0].light for value in sorted(values))
    order = ["红", "黄", "绿", "已完成"]
    assert order.index(lower) <= order.index(higher)


@given(quarter=QUARTERS, baseline=st.integers(0, 1100))
def test_pace_runs_from_the_baseline_to_the_target_in_equal_steps(quarter, baseline):
    (found,) = assess([Figure("T01-2", "a", "", Fraction(0))], books_of(str(quarter), baseline), {})
    gone = quarter - Quarter(2022, 4)
    assert found.pace == baseline + Fraction((1200 - baseline) * gone, 12)


def test_a_progress_survives_its_record():
    (found,) = assess([Figure("T01-2", "a", "", Fraction(1, 3))], books_of("2024Q2", 7), {})
    assert Progress.from_record(found.record()) == found


def books_of(quarter, baseline, known={}):
    """One set of empty books a quarter, with a baseline laid over the rules."""
    from dataclasses import replace

    if quarter not in known:
        known[quarter] = books(quarter)
    return replace(known[quarter], rules=RULES.overlay({"baselines": {"Q02": str(baseline)}}), memory={})
