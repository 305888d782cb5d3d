"""What a report says: composed from rules and results, withheld where it must be, never trusting a source."""

import re
from dataclasses import replace
from fractions import Fraction
from html import unescape

import made_results
import pandas as pd
import pytest

from zjtx_pipeline.figures import Figure
from zjtx_pipeline.forecast import Forecast
from zjtx_pipeline.progress import Progress
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.report import compose, figure_rows, firm_rows, pages, privacy
from zjtx_pipeline.rules import load_rules
from zjtx_pipeline.settings import Settings

RULES = load_rules()
TASKS = list(RULES.tasks)


def with_figure(inputs, indicator, part="a", **standing):
    """The results with one total replaced."""
    value, status = standing.pop("value", None), standing.pop("status", "正常")
    new = Progress(Figure(indicator, part, "", value, status), **standing)
    kept = [
        new if (one.figure.indicator, one.figure.part, one.figure.breakdown) == (indicator, part, "") else one
        for one in inputs.progress
    ]
    return replace(inputs, progress=kept)


def text_of(report):
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", pages.html(report))).split())


def row(report, name):
    return next(one for one in report.targets + report.others if one.name == name)


@pytest.fixture(scope="module")
def inputs():
    return made_results.inputs()


@pytest.fixture(scope="module")
def texts(inputs):
    return {number: text_of(compose.task_report(inputs, number)) for number in TASKS}


@pytest.mark.parametrize("number", TASKS)
def test_every_task_report_names_its_clause_departments_and_every_indicator(number, texts):
    task, text = RULES.tasks[number], texts[number]
    assert task.clause in text and "、".join(task.departments) in text and task.label in text
    assert all(indicator.id in text and indicator.title in text for indicator in RULES.indicators_of(number))


@pytest.mark.parametrize("number", TASKS)
def test_every_task_report_has_the_parts_that_the_issue_names(number, texts):
    sections = ("总体情况", "指标进展", "较上季变化", "责任单位报送情况", "数据质量情况", "口径说明", "数据来源与版本")
    assert all(section in texts[number] for section in sections)
    assert RULES.digest[:16] in texts[number] and "程序版本0.1.0" in texts[number]


def test_a_task_without_target_has_neither_light_nor_pace(inputs):
    report = compose.task_report(inputs, 2)
    assert report.light is None and report.targets == () and "未设量化目标" in text_of(report)


def test_a_task_s_light_is_the_worst_of_its_targets():
    aimed = dict(target=Fraction(1), due=Quarter(2025, 4), value=Fraction(0))
    inputs = made_results.inputs()
    for indicator, light in (("T01-1", "绿"), ("T01-2", "已完成"), ("T01-8", "灰")):
        inputs = with_figure(inputs, indicator, light=light, **aimed)
    assert compose.task_report(inputs, 1).light.name == "灰"
    assert compose.task_report(with_figure(inputs, "T01-1", light="黄", **aimed), 1).light.name == "黄"


def test_a_light_is_told_by_shape_and_word_as_well_as_colour(inputs):
    lights = [line.figure.light for line in compose.overall_report(inputs).targets]
    assert len({light.sign for light in lights}) == len({light.name for light in lights}) == 5


def test_a_target_row_shows_target_due_rate_and_pace(inputs):
    inputs = with_figure(
        inputs,
        "T01-1",
        value=Fraction(8912),
        baseline=Fraction(5000),
        target=Fraction(10000),
        due=Quarter(2025, 4),
        pace=Fraction(25000, 3),
        light="绿",
    )
    shown = row(compose.task_report(inputs, 1), "创新型中小企业培育库在库企业")
    assert (shown.now_in_full, shown.target, shown.due, shown.done, shown.pace, shown.light.name) == (
        "8,912家",
        "10,000家",
        "2025年末",
        "89.12%",
        "8,333.33",
        "绿",
    )


def test_a_target_without_any_figure_is_grey_and_its_task_still_has_one(inputs):
    inputs = replace(inputs, progress=[one for one in inputs.progress if not one.figure.indicator.startswith("T09")])
    report = compose.task_report(inputs, 9)
    assert report.light.name == "灰" and "暂无法评价1项" in report.summary[0]


def test_after_the_plan_a_yearly_target_stands_by_its_last_year():
    quarter = Quarter(2026, 2)
    inputs = made_results.inputs(
        quarter=quarter, progress=made_results.progress(quarter), progress_before=made_results.progress(quarter - 1)
    )
    inputs = with_figure(inputs, "T09-1", value=Fraction(4))
    line = next(line.figure for line in compose.overall_report(inputs).targets if line.figure.id == "T09-1a 年度=2025")
    assert (line.name, line.target, line.due, line.light.name) == (
        "新纳入上市后备企业库（2025年度）",
        "10家",
        "2025年末",
        "已完成",
    )
    report = compose.task_report(inputs, 9)
    assert report.light.name == "已完成" and "（2025年度）" in report.summary[0]
    assert [row.now_in_full for row in report.targets][0] == "4家" and report.targets[0].light is None


@pytest.mark.parametrize("word", ["回落", "逾期完成"])
def test_what_became_of_a_target_after_its_due_quarter_stands_beside_the_light(word, inputs):
    inputs = with_figure(
        inputs,
        "T03-4",
        value=Fraction(90),
        target=Fraction(100),
        due=Quarter(2023, 4),
        pace=Fraction(100),
        light="已完成",
        note=word,
    )
    report = compose.overall_report(inputs)
    assert next(line.figure.flag for line in report.targets if line.figure.id == "T03-4a") == word
    assert word in compose.task_report(inputs, 3).summary[0]


def test_a_falling_target_has_no_rate_of_completion(inputs):
    inputs = with_figure(
        inputs,
        "T03-3",
        value=Fraction(4),
        baseline=Fraction(40),
        target=Fraction(0),
        due=Quarter(2023, 4),
        pace=Fraction(0),
        light="红",
    )
    shown = row(compose.task_report(inputs, 3), "知识产权贯标清零（未贯标企业）")
    assert (shown.done, shown.bar.filled) == ("—", "81.82")


@pytest.mark.parametrize("status", ["尚未测算", "待补", "待明确", "无适用对象"])
def test_a_figure_without_value_stands_in_its_table_under_its_status(status, inputs):
    report = compose.task_report(with_figure(inputs, "T02-2", status=status), 2)
    shown = row(report, "产业链并购重组")
    assert (shown.now, shown.change) == (status, "—")


def test_a_figure_that_was_never_made_shows_as_not_measured(inputs):
    inputs = replace(inputs, progress=[one for one in inputs.progress if one.figure.indicator != "T02-2"])
    assert row(compose.task_report(inputs, 2), "产业链并购重组").now == "尚未测算"


def test_changes_tell_value_then_now_and_difference(inputs):
    inputs = with_figure(
        inputs, "T01-1", value=Fraction(8912), target=Fraction(10000), due=Quarter(2025, 4), light="绿"
    )
    then = with_figure(
        replace(inputs, progress=inputs.progress_before), "T01-1", value=Fraction(8800), light="黄"
    ).progress
    changes = "".join(compose.task_report(replace(inputs, progress_before=then), 1).changes)
    assert "转为绿灯：创新型中小企业培育库在库企业（上季黄灯）" in changes
    assert "由8,800家变为8,912家，增加112家" in changes


@pytest.mark.parametrize(("left", "told"), [
    (Fraction(0), ""),
    (Fraction(1234567), "；合计中另有123.46万元不在所列年度，属计划期以前年度的触发事项，或者兑现编号在奖补核定（D06a）中查不到、不知年度"),
])  # fmt: skip
def test_what_was_paid_in_no_listed_year_stands_beside_the_years_with_its_reason(left, told, inputs):
    years = [one.figure.value for one in inputs.progress if one.figure.id == "T04-4b" and one.figure.breakdown]
    report = compose.task_report(with_figure(inputs, "T04-4", "b", value=sum(years) + left), 4)
    (split,) = [each for each in report.splits if each.id == "T04-4b"]
    assert split.text.partition("；")[1:] == (told[:1], told[1:])


@pytest.mark.parametrize(
    ("quarter", "sentence"),
    [(Quarter(2023, 1), "本季为计划期首个报告季，无上季可比。"), (Quarter(2024, 4), "上季没有报送数据，不作比较。")],
)
def test_where_there_is_no_quarter_before_nothing_is_compared(quarter, sentence, inputs):
    made = replace(inputs, quarter=quarter, progress=made_results.progress(quarter), progress_before=None)
    report = compose.task_report(made, 1)
    assert report.changes == (sentence,) and row(report, "各层级有效企业").then == "—"


def test_a_count_of_the_year_is_not_compared_across_new_year(inputs):
    inputs = replace(
        inputs,
        quarter=Quarter(2025, 1),
        progress=made_results.progress(Quarter(2025, 1)),
        progress_before=made_results.progress(),
    )
    assert row(compose.task_report(inputs, 2), "产业链并购重组").change == "新年度"


@pytest.mark.parametrize(("persons", "shown"), [(0, "<3"), (2, "<3"), (3, "3")])
def test_few_persons_are_masked(persons, shown):
    report = compose.task_report(made_results.inputs(progress=made_results.progress(T10_1a=Fraction(persons))), 10)
    assert row(report, "新增补贴人数").now == shown
    assert (row(report, "补贴额").now == "不列") == (persons < 3)
    assert (row(report, "新增补贴人数").change == "—") == (persons < 3)


@pytest.mark.parametrize("persons", [2, 3])
def test_what_is_masked_on_paper_does_not_travel_with_it(persons):
    inputs = made_results.inputs(progress=made_results.progress(T10_1a=Fraction(persons), T10_5a=Fraction(1)))
    sent = {each.figure.indicator + each.figure.part for each in privacy.printable(inputs) if not each.figure.breakdown}
    assert ("T10-1a" in sent) == ("T10-1b" in sent) == (persons >= 3) and "T10-5a" in sent


def test_an_event_of_the_talent_task_is_no_person():
    report = compose.task_report(made_results.inputs(progress=made_results.progress(T10_5a=Fraction(1))), 10)
    assert row(report, "对接活动").now == "1"


@pytest.mark.parametrize(("firms", "shown"), [(2, False), (3, True)])
def test_business_figures_stand_only_as_sums_over_three_firms(firms, shown):
    inputs = made_results.inputs(firms_behind={f"T03-8{part}": firms for part in "abc"} | {"T01-7b": firms})
    assert (row(compose.task_report(inputs, 3), "营业收入").now != "不列") == shown
    assert (row(compose.task_report(inputs, 1), "实缴税金同比").now != "不列") == shown


def test_tax_relief_of_two_firms_is_not_printed():
    report = compose.task_report(made_results.inputs(progress=made_results.progress(T03_5a=Fraction(2))), 3)
    assert row(report, "加计扣除额").now == "不列" and row(report, "户数").now == "2"


def test_tax_relief_says_of_which_year_and_of_whom_it_is(inputs):
    lines = [replace(one, figure=replace(one.figure, year=2022, scope="全区")) if one.figure.indicator == "T03-5" else one for one in inputs.progress]
    said = replace(inputs, progress=lines)
    assert row(compose.task_report(said, 3), "研发费用加计扣除").note == "2022年度，汇总范围：全区"
    assert "2022年度，汇总范围：全区" in text_of(compose.task_report(said, 3))


def test_a_share_of_firms_is_no_business_figure(inputs):
    assert row(compose.task_report(inputs, 1), "覆盖率").now != "不列"


def test_an_amount_that_the_plan_does_not_state_is_never_zero(inputs):
    awards = {line.clause: line for line in compose.task_report(inputs, 1).awards.rows}
    assert [awards["A01"].entitled, awards["A01"].gap] == ["待兑现政策明确"] * 2
    assert [awards["A04"].entitled, awards["A04"].gap] == ["待兑现政策明确"] * 2


def test_a_unit_outside_the_term_does_not_make_an_unstated_clause_known():
    units = made_results.awards(
        {"clause": "A02", "entitled_fen": 0, "paid_fen": 100, "state": "超付", "eligible": False}, {"clause": "A02"}
    )
    awards = compose.task_report(made_results.inputs(awards=units), 1).awards
    assert next(line for line in awards.rows if line.clause == "A02").entitled == "待兑现政策明确"
    assert awards.total is None and not [remark for remark in awards.remarks if "就高" in remark]


def test_an_amount_that_a_district_entered_is_counted_and_the_older_units_are_named():
    rules = RULES.overlay({"awards": {"A02": [{"from": "2024-01-01", "amount": "500000"}]}})
    units = made_results.awards({"clause": "A02", "entitled_fen": 50_000_000, "state": "未申请"}, {"clause": "A02"})
    line = next(
        line
        for line in compose.task_report(made_results.inputs(rules=rules, awards=units), 1).awards.rows
        if line.clause == "A02"
    )
    assert (line.entitled, line.note) == ("50.00", "另1个单元金额待明确，不在内")


def test_the_award_table_counts_every_clause_and_sums_the_known_ones():
    units = made_results.awards(
        {"clause": "A08", "entitled_fen": 50_000_000, "paid_fen": 20_000_000, "state": "部分拨付"},
        {"clause": "A08", "entitled_fen": 10_000_000, "paid_fen": 30_000_000, "state": "超付"},
        {"clause": "A07", "paid_fen": 1_000_000, "state": "待明确"},
    )
    awards = compose.task_report(made_results.inputs(awards=units), 4).awards
    line = next(line for line in awards.rows if line.clause == "A08")
    assert (line.units, line.entitled, line.paid, line.gap) == ("2", "60.00", "50.00", "10.00")
    assert (awards.total.entitled, awards.total.paid, awards.total.gap) == ("60.00", "50.00", "10.00")
    assert "超付1个兑现单元，合计20.00万元" in awards.remarks[0]


def _remarks(task, *rows, **readings):
    rules = RULES.overlay({"readings": {name.replace("_", "-"): value for name, value in readings.items()}})
    return " ".join(compose.task_report(made_results.inputs(awards=made_results.awards(*rows), rules=rules), task).awards.remarks)


def test_beside_the_award_table_stand_other_purses_the_share_of_p2_and_how_long_units_have_waited():
    units = [
        {"clause": "A17", "entitled_fen": 50_000_000, "state": "未申请", "days_since_trigger": 10, "other_purses_fen": 70_000_000},
        {"clause": "A17", "entitled_fen": 50_000_000, "state": "审核中", "days_since_trigger": 90, "in_p2": False},
        {"clause": "A17", "entitled_fen": 50_000_000, "paid_fen": 50_000_000, "state": "已拨付", "days_since_trigger": 400},
    ]
    told = _remarks(6, *units)
    assert "另有市级以上资金拨付70.00万元" in told and "季末为专精特新企业的100.00万元" in told
    assert "尚未兑足的2个单元，自触发起至季末最长90天" in told


def test_the_other_ways_to_add_up_and_to_cap_stand_beside_the_one_in_force():
    units = [
        {"clause": "A08", "entitled_fen": 0, "alone_fen": 30_000_000, "by_plan_fen": 10_000_000, "state": "未申请"},
        {"clause": "A08", "entitled_fen": 30_000_000, "by_plan_fen": 30_000_000, "state": "未申请", "trigger_key": "甲|2023"},
    ]
    assert "同一企业多项资助按累加计；如按就高计，测算应兑为30.00万元" in _remarks(4, *units)
    told = _remarks(4, *units, B_11="就高")
    assert "同一企业多项资助按就高计；如按累加计，测算应兑为60.00万元" in told
    assert "如按整个计划期封顶，首台（套）采购资助有1个单元改变，由30.00万元改为10.00万元" in told


def test_units_that_were_refused_stay_in_entitled_and_gap_and_both_the_table_and_the_method_say_so():
    units = [
        {"clause": "A17", "entitled_fen": 50_000_000, "state": "不予兑现"}, {"clause": "A17", "entitled_fen": 20_000_000, "state": "未申请", "trigger_key": "又"},
        {"clause": "A17", "entitled_fen": 0, "state": "不予兑现", "eligible": False, "trigger_key": "期外"},
    ]  # fmt: skip
    report = compose.task_report(made_results.inputs(awards=made_results.awards(*units)), 6)
    line = next(line for line in report.awards.rows if line.clause == "A17")
    assert (line.units, line.entitled, line.gap, line.state) == ("2", "70.00", "70.00", "未申请1、不予兑现1")
    assert "核定不予兑现的1个单元仍计入测算应兑和差额（合计差额50.00万元），是否扣除待主管部门明确。" in report.awards.remarks
    assert [each for each in report.method.open_points if "不予兑现" in each and each.endswith("待主管部门明确")]
    assert "不予兑现" not in _remarks(6, units[1]) and "不予兑现" not in str(compose.task_report(made_results.inputs(), 14).method.open_points)


def test_refused_units_are_in_no_list_of_firms_and_the_list_says_how_many():
    units = made_results.awards({"clause": "A17", "entitled_fen": 50_000_000, "state": "不予兑现"})
    listed = firm_rows.firm_awards(made_results.inputs(awards=units))
    assert listed.unpaid == () and listed.remarks == ("另有1个单元核定不予兑现，不在本表内。",)


@pytest.mark.parametrize("rule", ["累加", "就高", "补差"])
def test_what_is_not_stated_prints_as_waiting_for_the_policy_under_every_stack_rule(rule):
    rules = RULES.overlay({"readings": {"B-11": rule}})
    table = compose.task_report(made_results.inputs(awards=made_results.awards({}, {"trigger_key": "又"}), rules=rules), 1).awards
    (line,) = [each for each in table.rows if each.clause == "A01"]
    assert (line.units, line.entitled, line.gap, line.state) == ("2", "待兑现政策明确", "待兑现政策明确", "待明确2")
    assert table.total is None


def test_a_reading_is_printed_with_the_choices_within_it():
    rows = {row.id: row for row in compose.task_report(made_results.inputs(), 4).method.readings}
    assert rows["B-03"].value == "采购方；采购方地域：须在萧；关联方：不计"


def test_entitlement_is_always_called_unaudited(texts):
    assert all("测算应兑 （未经审核）" in texts[number] for number in (1, 2, 4, 5, 6, 10, 11))
    inputs = made_results.inputs()
    entitled = {task for task in RULES.tasks for each in RULES.indicators_of(task) for part in each.parts.values() if part.nature == "entitled"}
    for task in entitled:
        report = compose.task_report(inputs, task)
        names = [row.name for row in (*report.targets, *report.others) if "应兑" in row.name]
        assert set(names) - {"应兑企业"} == {"测算应兑（未经审核）"}, names
        assert not [line for line in report.summary if "（应兑）" in line]
    key = [row.name for task in entitled for each in RULES.indicators_of(task) for row in [figure_rows.key_row(inputs, each)] if each.parts["a"].nature == "entitled"]
    assert len(key) == 4 and all(name.endswith("·测算应兑（未经审核）") for name in key), key


def test_a_task_without_grants_has_no_award_section(texts):
    assert not [number for number in (3, 7, 8, 9, 12, 13, 14) if "奖补兑现情况" in texts[number]]


def test_only_approved_words_are_printed_and_silent_departments_are_named(inputs):
    text = text_of(compose.task_report(inputs, 1))
    assert "本季组织培育库动态调整" in text and "责任单位：区科技局、区财政局" in text
    draft = compose.task_report(replace(inputs, texts=made_results.texts(review_state="草稿")), 1)
    assert draft.told == () and draft.silent == "区经信局、区科技局、区财政局"


def test_nothing_from_a_source_is_trusted():
    evil = "<script>alert(1)</script>{{ 7*7 }}{% raw %}\x00\x1b\u202e<img src='file:///etc/passwd'>&amp;"
    texts = made_results.texts(main_progress=evil)
    findings = made_results.findings(4).assign(message=evil, sender=evil)
    page = pages.html(compose.task_report(made_results.inputs(texts=texts, findings=findings), 1))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}{% raw %}" in page
    assert "<script" not in page and "<img" not in page and "\x00" not in page and "\u202e" not in page


def test_a_finding_is_told_without_the_cell_of_one_firm():
    findings = made_results.findings(1).assign(
        message="“123456.78”大于营业收入，请核对。", value="123456.78", dataset="D05"
    )
    quality = compose.task_report(made_results.inputs(findings=findings), 1).quality
    assert [line.message for line in quality.findings] == ["“…”大于营业收入，请核对。"]


def test_a_table_that_nobody_delivered_and_a_missing_department_are_named():
    inputs = made_results.inputs(
        status=dict.fromkeys(made_results.load_tables(), "已报送") | {"D03": "未报送"}, missing={"D05": ("区税务局",)}
    )
    text = text_of(compose.task_report(inputs, 1))
    assert "未报送的数据表：D03_培育库" in text and "D05_经营与评价（区税务局）" in text


def test_a_column_that_nobody_fills_is_told_by_table_and_department():
    status = dict.fromkeys(made_results.load_tables(), "已报送") | {"D05.营业收入(万元)": "未报送", "D20.新增工匠(人)": "不能用", "D03": "未报送"}
    inputs = made_results.inputs(status=status)
    assert inputs.absence(["D03", "D05.营业收入(万元)", "D20"]) == "截至2025年1月15日未报送：D03_培育库、D05_经营与评价（区经信局）"
    assert inputs.absence(["D20.新增工匠(人)"]) == "截至2025年1月15日报来而不能用：D20_人才就业(汇总)（区人社局）"
    assert inputs.absence(["D17", "D20.新增高技能人才(人)"]) == ""
    assert "（区人社局），只由其填报的列所涉指标列为“待补”。" in repr(compose.task_report(inputs, 10).quality.remarks)


def test_a_task_prints_the_readings_that_bear_on_it(inputs):
    printed = [line.id for line in compose.task_report(inputs, 9).method.readings]
    assert {"B-01", "B-14", "B-16"} <= set(printed) and not {"B-02", "B-12"} & set(printed)


def test_late_departments_are_named():
    findings = made_results.findings(1).assign(rule="D03.逾期", dataset="D03", sender="区经信局", place="")
    assert [
        line.late for line in compose.task_report(made_results.inputs(findings=findings), 1).quality.departments
    ] == ["D03"]


def test_the_overall_report_says_it_all(inputs):
    report = compose.overall_report(inputs)
    assert len(report.targets) == 13 and len(report.tasks) == 14 and len(report.quality.datasets) == 31
    assert [task.number for task in report.tasks if task.light] == [1, 3, 7, 9, 12, 14]
    text = text_of(report)
    assert all(reading in text for reading in RULES.readings) and all(
        task.title in text for task in RULES.tasks.values()
    )
    assert all(award.id in text for award in RULES.awards.values())


def test_the_overall_table_of_rows_conserves_them(inputs):
    quality = compose.overall_report(inputs).quality
    assert all(line.balanced for line in quality.datasets) and quality.total.balanced


def test_tiers_are_counted_in_the_district_and_beside_it(inputs):
    tiers = {line.tier: line for line in compose.overall_report(inputs).tiers}
    assert list(tiers) == list(RULES.tiers.types)
    assert (tiers["小巨人"].now, tiers["省专精特新"].now, tiers["省专精特新"].left) == ("1", "0", "1")


def test_every_page_of_a_sample_or_a_draft_says_so(inputs):
    marked = replace(inputs, settings=Settings(sample=True), draft=True)
    for report in (compose.task_report(marked, 5), compose.overall_report(marked)):
        assert report.cover.marks == ("示例数据", "草稿（未结账）")
        assert pages.html(report).index('class="marks"') < pages.html(report).index("<h1>")
    assert "示例数据" not in text_of(compose.task_report(inputs, 5))


def test_the_date_on_a_report_is_its_data_deadline(inputs):
    page = pages.html(compose.task_report(inputs, 5))
    assert "数据截至2024年12月31日" in page and "报送截止2025年1月15日" in page
    assert '<meta name="dcterms.created" content="2025-01-15">' in page


def test_file_names_are_a_number_and_the_task_s_title():
    names = [compose.file_name(number, RULES) for number in (0, 1, 14)]
    assert names == ["00-总报告.pdf", "01-优化企业培育梯队.pdf", "14-加强企业培训交流.pdf"]


AIM = {"baseline": Fraction(5000), "target": Fraction(10000), "due": Quarter(2025, 4), "pace": Fraction(25000, 3), "light": "绿"}


def test_a_task_report_shows_the_forecast_under_its_target_and_says_what_it_is(inputs):
    ahead = Forecast(Fraction(10500), Fraction(29999, 3), 331)
    told = text_of(compose.task_report(with_figure(inputs, "T01-1", value=Fraction(8912), **AIM, forecast=ahead), 1))
    assert "趋势测算：匀速推算10,500家，近四季推算9,999家，每季需新增331家" in told
    assert "算术推算，不是承诺" in told


def test_the_overall_report_shows_forecasts_in_its_overview_and_in_a_section_of_their_own(inputs):
    ahead = Forecast(Fraction(10500), None, 331)
    report = compose.overall_report(with_figure(inputs, "T01-1", value=Fraction(8912), **AIM, forecast=ahead))
    first, _, rest = text_of(report).partition("与上季相比")
    assert "匀速/近四季" in first and "10,500/—" in first and "不是承诺" in first
    assert "趋势测算" in [section.title for section in report.sections]
    assert "新增331家" in rest


def test_once_nothing_lies_ahead_no_report_speaks_of_forecasts(inputs):
    over = replace(inputs, progress=[replace(one, forecast=None) for one in inputs.progress])
    report = compose.overall_report(over)
    assert "趋势" in [section.title for section in report.sections] and "量化目标趋势测算" not in text_of(report)
    assert "匀速/近四季" not in text_of(report)
    assert "趋势测算：" not in text_of(compose.task_report(over, 1))


def test_flows_and_what_runs_out_stand_in_the_overall_report_and_that_of_the_ladder():
    lines = [("期初", "", 5, "台账修订：略"), ("转入", "新认定", 1200, ""), ("转入", "晋级", 0, ""), ("保持", "有效期内", 4, ""), ("转出", "撤销", 1, ""), ("期末", "", 1204, "")]
    flows = pd.DataFrame([("资质", "小巨人", *line) for line in lines], columns=["kind", "name", "step", "cause", "firms", "note"])
    watchlist = pd.DataFrame({"uscc": ["甲", "甲"], "tier": ["小巨人", "创新型"], "review": ["复核已公示", "未见复核公示"]})
    effects = pd.DataFrame([("Q06", "T03-4", "P4", 1, "50", "100/3"), ("Q05", "T03-3", "P2", 1, "0", "0"), ("Q09", "T09-1", "省级以上", 0, "5", "5")], columns=["target", "indicator", "population", "firms", "now", "then"])
    candidates = pd.DataFrame({"next_tier": ["小巨人", "小巨人"], "outcome": ["有条件不符合", "数值条件均符合"]})
    told = made_results.inputs(flows=flows, watchlist=watchlist, effects=effects, candidates=candidates)
    for report in (compose.overall_report(told), compose.task_report(told, 1)):
        (row,) = report.flows
        assert (row.opening, row.entered, row.left, row.closing) == ("5", "1,200", "1", "1,204")
        assert row.causes == "入：新认定1,200；出：撤销1；留：有效期内4" and row.note == "台账修订：略"
        lapsing, stake, rising = report.watch
        assert "2025年6月30日将有2项资质到期，涉及企业1家：创新型1项、小巨人1项；其中复核已公示1项、未见复核公示1项" in lapsing
        assert "（Q06）由50.00%变为33.33%，基数减少1家；Q05（基数减少1家）、Q09数值不变" in stake
        assert "初筛，非认定" in rising and "小巨人数值条件均符合1家、有条件不符合1家" in rising
    silent = made_results.inputs(flows=flows, watchlist=watchlist[:0], effects=effects[:0], candidates=candidates[:0], status={"D04": "未报送", "D05": "未报送"})
    assert compose.task_report(silent, 1).watch == (
        "到期预警：截至2025年1月15日未报送：D04_资质事件，待补。",
        "晋级初筛，非认定：截至2025年1月15日未报送：D04_资质事件、D05_经营与评价，待补。",
    )
    assert compose.task_report(told, 2).flows == () == compose.task_report(told, 2).watch
    assert compose.task_report(made_results.inputs(), 1).watch == ()
