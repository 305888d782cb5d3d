"""Curves of targets: quarters gone by, gaps, years that begin anew, forecasts to the due quarter; and the history behind them."""

from dataclasses import replace
from fractions import Fraction

import made_results
import pytest
from builders import books
from hypothesis import given
from hypothesis import strategies as st

from zjtx_pipeline.figures import Figure
from zjtx_pipeline.forecast import Forecast
from zjtx_pipeline.history import QUARTERS, with_history
from zjtx_pipeline.progress import CARRIED, Progress
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.report.curves import HEIGHT, WIDTH, curve, curve_rows
from zjtx_pipeline.rules import load_rules

RULES = load_rules()
NOW = Quarter(2024, 4)


def quarters(*values):
    """These values at the ends of the last quarters."""
    return [(NOW - back, None if value is None else Fraction(value)) for back, value in zip(range(len(values) - 1, -1, -1), values, strict=True)]


def drawn(values, target=10, ahead=None, due=Quarter(2025, 4), yearly=False, percent=False):
    return curve(values, Fraction(target), ahead, due, yearly=yearly, percent=percent)


def points(line):
    return [tuple(map(float, point.split(","))) for point in line.split()]


def test_a_curve_goes_from_the_first_quarter_to_now_and_from_nought_to_the_highest():
    made = drawn(quarters(0, 5, 10))
    [line] = made.lines
    (left, low), (_, middle), (right, high) = points(line)
    assert 0 <= left < right <= WIDTH and high < middle < low <= HEIGHT and middle == pytest.approx((low + high) / 2)
    assert (float(made.goal), made.dots) == (high, ((f"{right:.1f}", f"{high:.1f}"),))
    assert (made.since, made.until, made.straight, made.recent) == ("2024年第二季度", "2024年第四季度", None, None)


def test_a_gap_is_no_nought_and_a_value_between_two_gaps_is_a_dot():
    made = drawn(quarters(4, 4, None, 7, None, 8, 8))
    assert [len(points(line)) for line in made.lines] == [2, 1, 2] and len(made.dots) == 2


def test_a_yearly_count_begins_anew_each_year():
    made = drawn(quarters(2, 4, 6, 9, 1, 3, 5, 8), yearly=True)
    assert [len(points(line)) for line in made.lines] == [4, 4] and len(made.years) == 2
    assert len(drawn(quarters(2, 4, 6, 9, 1, 3, 5, 8)).lines) == 1


def test_both_forecasts_lead_from_now_to_the_due_quarter_and_a_percentage_ends_at_a_hundred():
    made = drawn(quarters(60, 80), target=100, ahead=Forecast(Fraction(100), Fraction(160), 1), percent=True)
    now, (due, height) = points(made.straight)
    assert points(made.recent) == [now, (due, height)] and height == float(made.goal) and made.until == "2025年第四季度"
    assert drawn(quarters(60, None), ahead=Forecast(Fraction(70), None, 1)).straight is None


def test_a_target_that_is_to_fall_stands_at_the_foot():
    made = drawn(quarters(130, 3, 0), target=0)
    assert float(made.goal) == points(made.lines[0])[-1][1] == HEIGHT - 6


@given(st.lists(st.none() | st.fractions(0, 10**17), min_size=1, max_size=12), st.fractions(0, 10**17), st.booleans())
def test_no_curve_leaves_its_picture(values, target, yearly):
    ahead = Forecast(target * 3, Fraction(-5), 1)
    made = drawn(quarters(*values), target, ahead if values[-1] is not None else None, yearly=yearly)
    every = [point for line in (*made.lines, *filter(None, (made.straight, made.recent))) for point in points(line)]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in [*every, (0, float(made.goal))])


def test_every_target_with_a_number_has_its_curve_and_a_carried_value_no_point():
    inputs = made_results.inputs()
    aimed = [each for each in RULES.indicators.values() if each.kind == "H"]
    assert len(curve_rows(inputs, aimed)) == len([each for each in aimed if each.parts["a"].unit != "是否"]) == 11
    kept = [replace(one, figure=replace(one.figure, status=CARRIED)) if one.figure.indicator == "T01-1" else one for one in inputs.progress]
    [own], [carried] = (curve_rows(each, [RULES.indicators["T01-1"]]) for each in (inputs, replace(inputs, progress=kept)))
    assert len(points(own.curve.lines[-1])) == len(points(carried.curve.lines[-1])) + 1
    assert carried.now.endswith("（沿用上期）") and "—" in carried.told and "—家" not in carried.told
    assert curve_rows(replace(inputs, progress=[]), aimed) == ()


def test_a_yearly_count_goes_on_without_an_aim_once_its_last_year_is_over():
    after = made_results.inputs(progress=[replace(one, target=None, light=None, forecast=None) if not one.figure.breakdown else one for one in made_results.progress()])
    [row] = curve_rows(after, [RULES.indicators["T09-1"]])
    assert (row.target, row.light, row.curve.goal) == ("", None, None) and "年度" not in row.name and "目标" not in row.told


# The history behind them


def test_the_history_is_by_each_quarter_s_own_deliveries_else_by_the_present_ledgers_and_not_before_the_baseline():
    places = [{"uscc": f"企{number}", "pool": "专精特新", "entered_on": day} for number, day in enumerate(["2022-01-01", "2023-02-01", "2023-05-01", "2023-08-01"])]
    held, own = books("2023Q4", D03=places), books("2023Q2", D03=places[:1])
    lines = [Progress(Figure("T01-2", "a", "", Fraction(4))), Progress(Figure("T01-2", "b", "", Fraction(4))), Progress(Figure("T01-8", "a", "", Fraction(1)))]
    first, *others = with_history(lines, held, {Quarter(2023, 2): own})
    assert [(str(quarter), value) for quarter, value in first.history] == [("2022Q4", 1), ("2023Q1", 2), ("2023Q2", 1), ("2023Q3", 4)]
    assert all(other.history == () for other in others)
    later = with_history(lines[:1], books("2026Q1", D03=places), {})[0].history
    assert len(later) == QUARTERS - 1 and str(later[0][0]) == "2023Q2"


def test_a_history_survives_its_record_with_what_was_unknown():
    line = Progress(Figure("T03-1", "a", "", Fraction(1, 3)), history=((Quarter(2024, 2), None), (Quarter(2024, 3), Fraction(2, 7))))
    assert Progress.from_record(line.record()) == line
    old = line.record()
    del old["history"]
    assert Progress.from_record(old) == replace(line, history=())
