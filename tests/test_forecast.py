"""趋势测算: the formulas at every edge, what they rest on, how they are shown, and laws over all values."""

from fractions import Fraction
from math import ceil, floor

import pytest
from builders import books, cases
from hypothesis import given
from hypothesis import strategies as st

from zjtx_pipeline import glances, outputs
from zjtx_pipeline.figures import Figure
from zjtx_pipeline.forecast import Forecast, forecast
from zjtx_pipeline.goals import Goal
from zjtx_pipeline.progress import RECALCULATED, Progress, assess, looked_back_on
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.report.trends import trend
from zjtx_pipeline.rules import load_rules

RULES = load_rules()


def pool(number):
    """So many places in the pool of T01-2, from long ago."""
    return [{"uscc": f"企{each}", "pool": "专精特新", "entered_on": "2022-01-01"} for each in range(number)]


def held(case):
    """Books of the quarter, with the baseline that the case gives, or ledgers that cannot tell one."""
    value = case.get("基期")
    if value == "不明":
        return books(case["季度"], undelivered=["D03"])
    rules = RULES if value is None else RULES.overlay({"baselines": {RULES.indicators[case["指标"]].target: str(value)}})
    return books(case["季度"], rules, **_as_of_2022(case))


def _as_of_2022(case):
    """Present ledgers in which a falling target stood at ten, so that a quarter before the plan has a value."""
    if case["指标"] != "T03-3":
        return {}
    term = {"tier": "省专精特新", "event": "认定", "announced_on": "2022-01-01", "valid_from": "2022-01-01", "valid_to": "2026-12-31"}
    then = 10 if case["季度"] == "2023Q2" else 0
    return {"D04": [{"uscc": f"企{each}", **term} for each in range(then)]}


def a_year_ago(case):
    if "上年同期" not in case:
        return {}
    then = Quarter.parse(case["季度"]) - 4
    return {then: books(str(then), D03=pool(case["上年同期"]))}


@pytest.mark.parametrize("case", cases("forecast"))
def test_forecast(case):
    value = None if case["值"] is None else Fraction(case["值"])
    status = case.get("状态", "正常" if value is not None else "待补")
    figure = Figure(case["指标"], "a", case.get("分列", ""), value, status)
    (found,) = assess([figure], held(case), a_year_ago(case))
    if case.get("结果") == "无":
        assert found.forecast is None
        return
    wanted = [None if case[name] is None else Fraction(case[name]) for name in ("匀速", "近四季")]
    ahead = found.forecast
    assert [ahead.straight_line, ahead.last_four_quarters, ahead.needed] == [*wanted, case["每季需"]]
    assert ahead.year_ago_note == case.get("说明", "")


def test_the_value_of_a_year_ago_is_that_quarters_own_else_the_present_ledgers_and_marked():
    present = books("2024Q4", D03=pool(500))
    figure = Figure("T01-2", "a", "", Fraction(700))
    (own,) = assess([figure], present, {Quarter(2023, 4): books("2023Q4", D03=pool(400))})
    (recalculated,) = assess([figure], present, {})
    (undelivered,) = assess([figure], present, {Quarter(2023, 4): books("2023Q4", undelivered=["D03"])})
    assert (own.forecast.year_ago, own.forecast.year_ago_note) == (400, "")
    assert (recalculated.forecast.year_ago, recalculated.forecast.year_ago_note) == (500, RECALCULATED)
    assert undelivered.forecast == recalculated.forecast


def test_only_stocks_and_ratios_whose_due_quarter_lies_ahead_look_back_a_year():
    def asked(quarter):
        return [target.id for target in looked_back_on(RULES, Quarter.parse(quarter))]

    assert asked("2023Q3") == ["Q01", "Q02", "Q03", "Q04", "Q05", "Q06", "Q07", "Q08", "Q10"]
    assert asked("2025Q3") == ["Q01", "Q02", "Q03", "Q04", "Q07", "Q08", "Q10"]
    assert asked("2025Q4") == []


def line(indicator="T01-2", note="", **ahead):
    target = RULES.targets[RULES.indicators[indicator].target]
    values = {"straight_line": None, "last_four_quarters": None, "needed": 0} | ahead
    due = Quarter.of(target.due) if target.due else Quarter(2024, 4)
    return Progress(
        Figure(indicator, "a", "", Fraction(3)), Fraction(300), "部门确认", Fraction(target.value), due, forecast=Forecast(**values)
    )


SHOWN = {
    "不足一家的舍去": ("T01-2", Fraction(2399, 2), 1200, "1,199/1,200", "匀速推算1,199家，近四季推算1,200家，每季需新增7家"),
    "低于零的列为零": ("T01-2", -5, 3, "0/3", "匀速推算0家，近四季推算3家，每季需新增7家"),
    "没有的略去": ("T01-2", None, 3, "—/3", "近四季推算3家，每季需新增7家"),
    "超过百分之百的列为百分之百": ("T03-1", Fraction(209, 2), Fraction(99999, 1000), "100.00/99.99%", "匀速推算100.00%，近四季推算99.99%，每季需提高7个百分点"),
    "越低越好的进一": ("T03-3", Fraction(1, 3), -2, "1/0", "匀速推算1家，近四季推算0家，每季需减少7家"),
    "按年的只有匀速": ("T09-1", 6, None, "6/—", "匀速推算6家，每季需新增7家"),
}


@pytest.mark.parametrize("indicator, straight, recent, pair, told", SHOWN.values(), ids=SHOWN)
def test_paper_shows_a_forecast_within_what_is_possible_and_never_rounded_onto_its_target(indicator, straight, recent, pair, told):
    exact = [None if each is None else Fraction(each) for each in (straight, recent)]
    shown = trend(line(indicator, straight_line=exact[0], last_four_quarters=exact[1], needed=7), RULES)
    assert (shown.pair, shown.told) == (pair, told)


def test_forecast_csv_bears_the_formulas_own_values_and_what_they_rest_on():
    ahead = line(straight_line=Fraction(2399, 2), last_four_quarters=Fraction(1, 3), needed=7, year_ago=Fraction(2), year_ago_note=RECALCULATED)
    frame = outputs.forecast_frame([ahead, Progress(Figure("T01-3", "a", "", Fraction(3)))], RULES, Quarter(2024, 4))
    assert outputs.csv_bytes(frame).decode("utf-8-sig").splitlines() == [
        "quarter,indicator,part,straight_line,last_four_quarters,needed_per_quarter,due,basis",
        "2024Q4,T01-2,a,1199.50,0.33,7,2025-12-31,基期300（部门确认）；2023Q4为2（按现有台账回算）",
    ]


@given(value=st.fractions(0, 100, max_denominator=997), indicator=st.sampled_from(["T01-2", "T03-2", "T03-3"]))
def test_paper_and_forecast_csv_never_tell_two_values(value, indicator):
    one = line(indicator, straight_line=value)
    told = Fraction(outputs.forecast_frame([one], RULES, Quarter(2024, 4))["straight_line"].item())
    whole = {"T01-2": floor(told), "T03-2": told, "T03-3": ceil(told)}[indicator]
    assert Fraction(trend(one, RULES).straight_line.rstrip("家%")) == whole
    assert abs(told - value) <= Fraction(1, 100) and (told == 100) <= (value >= Fraction(99995, 1000))


@pytest.mark.parametrize("indicator, value, csv, paper", [
    ("T03-2", Fraction(96077, 1000), "96.08", "96.08%"), ("T03-2", Fraction(99996, 1000), "99.99", "99.99%"),
    ("T03-2", Fraction(100), "100.00", "100.00%"), ("T03-3", Fraction(1, 1000), "0.01", "1家"), ("T01-2", Fraction(1199996, 1000), "1199.99", "1,199家"),
])  # fmt: skip
def test_a_forecast_is_rounded_half_up_yet_never_onto_a_target_that_it_misses(indicator, value, csv, paper):
    one = line(indicator, straight_line=value)
    assert outputs.forecast_frame([one], RULES, Quarter(2024, 4))["straight_line"].item() == csv
    assert trend(one, RULES).straight_line == paper


def test_the_basis_says_what_is_lacking():
    def basis(one):
        return outputs.forecast_frame([one], RULES, Quarter(2024, 3))["basis"].item()

    unknown = Progress(Figure("T01-2", "a", "", Fraction(3)), None, "基期待确认", Fraction(1200), Quarter(2025, 4), forecast=Forecast(None, None, 1))
    assert basis(unknown) == "基期待确认；2023Q3无数据"
    assert basis(line("T09-1", straight_line=Fraction(6))) == "按本年累计"


def test_a_glance_at_the_figures_shows_the_forecast_beside_the_light():
    table = glances.figures_table([line(straight_line=Fraction(1200), needed=2)], RULES)
    assert "不是承诺" in table and "匀速推算1,200家，每季需新增2家" in table


def test_a_forecast_survives_its_record():
    one = line(straight_line=Fraction(1, 3), needed=2, year_ago=Fraction(5, 7), year_ago_note="某")
    assert Progress.from_record(one.record()) == one


VALUES = st.fractions(-50, 1500, max_denominator=50)
STEPS = st.integers(1, 11)


def goal(target, baseline, step, falling=False):
    return Goal(target, falling, Quarter(2025, 4), baseline, "", step, 12)


@given(target=VALUES, baseline=VALUES, step=STEPS)
def test_who_is_exactly_on_pace_is_forecast_exactly_at_the_target(target, baseline, step):
    held_to = goal(target, baseline, step)
    assert forecast(held_to.pace, held_to).straight_line == target


@given(target=VALUES, baseline=VALUES, value=VALUES, step=STEPS)
def test_ahead_of_pace_and_forecast_past_the_target_are_the_same(target, baseline, value, step):
    held_to = goal(target, baseline, step)
    assert (value >= held_to.pace) == (forecast(value, held_to).straight_line >= target)


@given(target=VALUES, value=VALUES, step=STEPS, falling=st.booleans())
def test_what_is_needed_each_quarter_is_the_least_whole_number_that_reaches_the_target(target, value, step, falling):
    held_to, left = goal(target, None, step, falling), 12 - step
    needed = forecast(value, held_to).needed
    reached = value - needed * left if falling else value + needed * left
    assert held_to.met_by(reached)
    short = reached + left if falling else reached - left
    assert needed == 0 or not held_to.met_by(short)


@given(baseline=VALUES, value=VALUES)
def test_four_quarters_after_the_baseline_both_forecasts_agree(baseline, value):
    ahead = forecast(value, goal(Fraction(1200), baseline, 4), year_ago=baseline)
    assert ahead.straight_line == ahead.last_four_quarters


@given(value=VALUES, year_ago=VALUES, step=STEPS)
def test_growth_over_the_last_year_forecasts_no_less_than_today_and_loss_no_more(value, year_ago, step):
    ahead = forecast(value, goal(Fraction(1200), None, step), year_ago)
    assert (ahead.last_four_quarters >= value) == (value >= year_ago)
    assert ahead.straight_line is None
