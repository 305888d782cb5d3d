"""What needs a decision: one thing of each kind in turn, never more than three, and nothing where there is nothing."""

from dataclasses import replace
from fractions import Fraction

import made_results

from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.report.decisions import decisions
from zjtx_pipeline.rules import load_rules

RULES = load_rules()
PAID = {"clause": "A11", "entitled_fen": 100, "paid_fen": 100, "state": "已拨付"}


def with_lights(lights, inputs=None, forecast=True):
    """The results with these lights alone, by indicator; all other targets are green."""
    inputs = inputs or made_results.inputs(awards=made_results.awards(PAID))
    kept = [replace(one, light=one.light and lights.get(one.figure.indicator, "绿"), forecast=one.forecast if forecast else None) for one in inputs.progress]
    return replace(inputs, progress=kept)


def test_where_all_is_green_and_settled_nothing_is_asked():
    assert decisions(with_lights({})) == ()


def test_the_red_target_farthest_from_its_end_comes_first_with_what_each_quarter_has_to_bring():
    inputs = with_lights({"T01-1": "红", "T01-2": "红", "T12-1": "黄"})
    kept = [replace(one, figure=replace(one.figure, value=Fraction(300))) if one.figure.indicator in ("T01-1", "T01-2") else one for one in inputs.progress]
    first, second, third = decisions(replace(inputs, progress=kept))
    assert first == "任务1的创新型中小企业培育库在库企业亮红灯：本季300家，目标10,000家（2025年末），每季需新增7家方能如期完成，请研究推进措施。"
    assert "任务12" in second and "亮黄灯" in second and "专精特新中小企业培育库" in third


def test_a_target_that_falls_is_as_far_as_its_way_from_the_baseline_and_one_met_late_is_no_question():
    inputs = with_lights({"T01-1": "红", "T03-3": "红"})
    at = {"T01-1": dict(value=Fraction(300)), "T03-3": dict(value=Fraction(1))}
    kept = [replace(one, figure=replace(one.figure, **at[one.figure.indicator]), baseline=Fraction(100)) if one.figure.indicator in at and one.light else one for one in inputs.progress]
    first, second = decisions(replace(inputs, progress=kept))
    assert "创新型" in first and "知识产权贯标清零" in second and "期限已到" in second
    late = [replace(one, note="逾期完成") if one.figure.indicator == "T03-3" else one for one in kept]
    assert len(decisions(replace(inputs, progress=late))) == 1


def test_what_is_yes_or_no_is_asked_without_numbers_and_is_not_due_before_its_day():
    [told] = decisions(with_lights({"T01-8": "黄"}))
    assert told == "任务1的区级企业动态培育库建立亮黄灯：尚未完成（2025年末），请研究推进措施。"


def test_a_target_whose_day_has_come_says_so():
    [told] = decisions(with_lights({"T09-1": "红"}, forecast=False))
    assert "任务9" in told and "期限已到，请研究推进措施。" in told


def test_of_every_kind_one_is_asked_before_a_second_of_any():
    units = made_results.awards(
        {"clause": "A12", "entitled_fen": 0, "paid_fen": 700_000, "state": "无触发", "eligible": False}, {"clause": "A10", "entitled_fen": 100, "paid_fen": 5_000_100, "state": "超付"}, {}, {"clause": "A07"}
    )
    inputs = with_lights({}, made_results.inputs(awards=units, status={"D15": "未报送"}))
    doubt, unstated, absent = decisions(inputs)
    assert doubt == "已拨付但查无触发事项的奖补1个单元、0.70万元，请核查处理。"
    assert unstated == "A01、A07的奖补金额未明确，2个符合条件的单元无法测算，请明确兑现标准。"
    assert absent == "截至2025年1月15日未报送：D15_数字化改造，请督促报送。"
    more = decisions(with_lights({}, made_results.inputs(awards=units[units["state"].isin(["无触发", "超付"])])))
    assert more[1:] == ("超付的奖补1个单元、5.00万元，请核查处理。",)


def test_what_is_missing_is_named_as_far_as_a_line_holds_it():
    inputs = with_lights({}, made_results.inputs(awards=made_results.awards(PAID), status=dict.fromkeys(["D07", "D09", "D10", "D15"], "未报送")))
    assert "D07" in decisions(inputs)[0] and "等4张表" in decisions(inputs)[0] and "D15" not in decisions(inputs)[0]


def test_a_quarter_without_forecasts_or_values_can_be_asked_about():
    bare = made_results.inputs(progress=[], awards=made_results.awards(PAID).head(0), quarter=Quarter(2026, 1))
    assert decisions(bare) == ()
