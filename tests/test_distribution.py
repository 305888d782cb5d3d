"""What goes to each department: its own and nobody else's, firms by name to those alone that may see them."""

import re
from dataclasses import replace
from fractions import Fraction
from io import BytesIO

import made_results
import openpyxl
import pandas as pd
import page
import pypdfium2
import pytest

from zjtx_pipeline import stages
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.report import compose, distribution, pages, pdf
from zjtx_pipeline.rules import load_rules
from zjtx_pipeline.settings import Audience, Settings, load_settings
from zjtx_pipeline.tables import load_tables

RULES = load_rules()
MAY_SEE_FIRMS = {"区经信局", "区财政局"}
FIRMS = ["杭州甲甲一机械有限公司", "杭州乙乙二电子有限公司", "=HYPERLINK(1)有限公司"]


def units():
    return made_results.awards(
        {"clause": "A17", "name": FIRMS[0], "entitled_fen": 50_000_001, "paid_fen": 10_000_000, "state": "部分拨付"},
        {"clause": "A10", "name": FIRMS[1], "entitled_fen": 1_000_005, "paid_fen": 3_000_000, "state": "超付"},
        {"clause": "A11", "name": FIRMS[2], "entitled_fen": 300_000_000, "paid_fen": 0, "state": "未申请"},
        {"clause": "A12", "name": "杭州已兑足有限公司", "entitled_fen": 100, "paid_fen": 100, "state": "已拨付"},
    )


@pytest.fixture(scope="module")
def inputs():
    delivered = made_results.sources()
    counts = [(str(made_results.QUARTER), one.table, one.sender, one.source, 100, 97, 2, 1) for one in delivered]
    frame = made_results.counts()
    return made_results.inputs(awards=units(), counts=type(frame)(counts, columns=frame.columns))


@pytest.fixture(scope="module")
def printed(inputs):
    """The text of every PDF for a department, without blanks."""
    return {name: text_of(pdf.render_report(distribution.report(inputs, name))) for name in distribution.recipients(RULES)}


def text_of(content):
    return "".join(re.sub(r"\s", "", page.get_textpage().get_text_range()) for page in pypdfium2.PdfDocument(content))


def test_there_is_one_for_each_department_and_one_of_the_towns(printed):
    assert list(printed) == [*RULES.departments, "分镇街情况"] and len(printed) == 14
    assert distribution.file_name("区财政局", RULES) == "分发/03-区财政局.pdf"


def test_firms_are_named_to_those_alone_that_may_see_them(printed):
    for name, text in printed.items():
        seen = [firm for firm in FIRMS if firm in text]
        assert seen == (FIRMS if name in MAY_SEE_FIRMS else []), name


def test_no_code_and_no_firm_that_is_paid_in_full_stands_anywhere(printed):
    assert not [name for name, text in printed.items() if made_results.CODE in text or "已兑足有限公司" in text]


def test_the_reports_that_everybody_gets_name_no_firm(inputs):
    every = [compose.overall_report(inputs), *(compose.task_report(inputs, number) for number in RULES.tasks)]
    assert not [report.cover.title for report in every if any(firm in pages.html(report) for firm in [*FIRMS, "&#61;HYPERLINK"])]


def test_each_sees_its_own_deliveries_and_no_other_s(printed):
    files = {one.source.removeprefix("2024Q4/"): one.sender for one in made_results.sources()}
    for name in RULES.departments:
        theirs = {sender for file, sender in files.items() if file in printed[name]}
        assert theirs == {name} if name in files.values() else not theirs


def test_what_was_read_of_a_department_is_told_without_the_others(inputs):
    report = distribution.report(inputs, "区科技局")
    tables = [table for table in load_tables().values() if "区科技局" in table.senders]
    assert [row.table for row in report.quality.datasets] == [table.id for table in tables]
    assert report.quality.total.read == str(100 * len(tables)) and {row.sender for row in report.quality.findings} <= {"区科技局"}


def test_each_has_its_own_tasks_figures_and_clauses(inputs):
    for name in RULES.departments:
        report = distribution.report(inputs, name)
        assert [task.number for task in report.tasks] == [task.number for task in RULES.tasks.values() if name in task.departments]
        borne = {row.id.partition(" ")[0][:6].rstrip("abcdefgh") for row in (*report.targets, *report.others) if row.id}
        assert borne == {each.id for each in RULES.indicators.values() if each.owner == name}
        clauses = [row.clause for row in report.awards.rows] if report.awards else []
        assert clauses == [each.id for each in RULES.awards.values() if each.department == name and each.is_grant]


def test_words_of_others_are_not_passed_on(inputs):
    ours, theirs = (distribution.report(inputs, name) for name in ("区经信局", "区财政局"))
    assert [(text.task, text.title) for text in ours.texts] == [(1, "优化企业培育梯队")] and "任务1" not in ours.silent.split("、")
    assert theirs.texts == () and "任务1" in theirs.silent.split("、")


def test_the_audience_is_a_table_of_the_configuration(inputs):
    chosen = made_results.inputs(awards=units(), settings=Settings(audience=Audience(firms=("区科技局",), quality=())))
    assert distribution.report(chosen, "区财政局").firms is None and distribution.annexes(chosen, "区财政局") == {}
    assert distribution.report(chosen, "区科技局").firms.unpaid
    assert "数据报送和问题" not in [section.title for section in distribution.report(chosen, "区科技局").sections]


def test_a_name_that_is_no_department_is_refused(tmp_path):
    (tmp_path / "c.yaml").write_text("inbox: 收件\naudience: {firms: [财政]}\n", encoding="utf-8")
    with pytest.raises(ZjtxError, match="audience.firms写了“财政”，不是责任单位的全称"):
        load_settings(tmp_path / "c.yaml")


def test_the_workbook_lists_every_unit_exactly_and_none_of_its_cells_acts(inputs):
    [(name, content)] = distribution.annexes(inputs, "区财政局").items()
    others = distribution.annexes(inputs, "区经信局")
    assert name == "分发/03-区财政局-奖补单元明细.xlsx" and others["分发/01-区经信局-奖补单元明细.xlsx"] == content and distribution.annexes(inputs, "区科技局") == {}
    book = openpyxl.load_workbook(BytesIO(content))
    lines = {name: [[cell.value for cell in line] for line in book[name].iter_rows(min_row=2)] for name in book.sheetnames}
    assert [(line[0], line[2], line[5], line[6], line[7], line[8]) for line in lines["未兑足"]] == [
        ("A11", FIRMS[2], "3000000.00", "0.00", "3000000.00", "未申请"),
        ("A17", FIRMS[0], "500000.01", "100000.00", "400000.01", "部分拨付"),
    ]
    assert [(line[0], line[7]) for line in lines["超付"]] == [("A10", "-19999.95")]
    assert all(cell.data_type in "sn" and cell.data_type != "f" for name in book.sheetnames for line in book[name] for cell in line)


def test_a_page_holds_the_largest_and_says_how_many_are_left():
    many = made_results.awards(*({"clause": "A17", "uscc": f"{number}", "entitled_fen": 100 * number, "state": "未申请"} for number in range(1, 26)))
    firms = distribution.report(made_results.inputs(awards=many), "区财政局").firms
    assert len(firms.unpaid) == 20 and firms.unpaid[0].gap == "0.00" and "另有5个单元从略" in firms.remarks[0]


def test_what_is_not_known_is_not_told_as_settled():
    status = dict.fromkeys(load_tables(), "已报送") | {"D06b": "未报送"}
    inputs = made_results.inputs(awards=made_results.awards({"clause": "A01", "state": "待明确"}), status=status)
    firms, said = distribution.report(inputs, "区财政局").firms, pages.html(distribution.report(inputs, "区财政局"))
    assert "未报送：D06b" in firms.remarks[0] and "另有1个单元金额待明确" in firms.remarks[1] and "本季没有" not in said
    book = openpyxl.load_workbook(BytesIO(*distribution.annexes(inputs, "区财政局").values()))
    assert "D06b" in book["说明"]["A3"].value


def test_a_quarter_without_any_delivery_has_its_reports_too():
    bare = made_results.inputs()
    empty = made_results.inputs(counts=bare.counts.head(0), sources=[], findings=bare.findings.head(0), status=dict.fromkeys(load_tables(), "未报送"), texts=bare.texts.head(0))
    for name in distribution.recipients(RULES):
        assert pages.html(distribution.report(empty, name))


def test_who_delivered_nothing_of_a_table_that_others_delivered_is_told_so():
    report = distribution.report(made_results.inputs(missing={"D23": ("区科技局",)}), "区科技局")
    [row] = [row for row in report.quality.datasets if row.table == "D23"]
    assert (row.status, row.senders) == ("未报送", "区科技局")
    assert any("部分部门未报送：D23" in remark for remark in report.quality.remarks) and not any("待补" in remark for remark in report.quality.remarks)

def test_the_towns_stand_in_the_order_of_the_list_with_their_change_and_without_ranks(inputs, printed):
    report = distribution.report(inputs, distribution.TOWNS)
    assert [row.town for row in report.towns] == list(RULES.towns)
    assert all(len(row.figures) == len(report.titles) == 6 for row in report.towns)
    assert all(figure.bar or not figure.now[0].isdigit() for row in report.towns for figure in row.figures)
    assert "排名" not in printed[distribution.TOWNS].replace("不作排名", "") and "名次" not in printed[distribution.TOWNS]


@pytest.mark.parametrize("name", ["区财政局", "区委人才办", "分镇街情况"])
def test_they_keep_the_rules_of_archives_and_of_screen_readers(inputs, name):
    content = pdf.render_report(distribution.report(inputs, name))
    assert [page.validate_pdf_bytes(content, profile=profile).failures for profile in ("3a", "ua1")] == [[], []]


def test_what_is_no_longer_made_is_taken_away_and_what_was_made_for_others_is_not_closed(own_golden_run):
    folder = own_golden_run.reports / distribution.FOLDER
    (folder / "05-区发改局-奖补单元明细.xlsx").write_bytes(b"of an earlier audience")
    (folder / "说明.txt").write_text("a clerk's own")
    narrower = replace(own_golden_run, settings=own_golden_run.settings.model_copy(update={"audience": Audience(firms=("区经信局",))}))
    with pytest.raises(ZjtxError, match="不是按现在的 audience 配置做的"):
        stages.publish(narrower)
    stages.distribute(narrower)
    assert sorted(path.name for path in folder.glob("*.[xt][lx][st]*")) == ["01-区经信局-到期和初筛名单.xlsx", "01-区经信局-奖补单元明细.xlsx", "说明.txt"]
    stages.publish(narrower)


def test_ranks_stand_where_the_office_asks_for_them_equal_numbers_alike():
    values = {f"镇街={town}": Fraction(number // 2) for number, town in enumerate(RULES.towns)}
    progress = [replace(one, figure=replace(one.figure, value=values.get(one.figure.breakdown, one.figure.value))) if one.figure.indicator == "T01-1" else one for one in made_results.progress()]
    report = distribution.report(made_results.inputs(progress=progress, settings=Settings(town_ranks=True)), distribution.TOWNS)
    told = [(row.figures[0].now, row.figures[0].rank) for row in report.towns]
    ranks = [1 + sum(other // 2 > number // 2 for other in range(len(RULES.towns))) for number in range(len(RULES.towns))]
    assert told == [(str(number // 2), str(rank)) for number, rank in enumerate(ranks)] and len(set(ranks)) > 5
    assert "条形后为位次" in report.remarks[0] and "不作排名" not in report.remarks[0]


def test_who_might_rise_and_whose_title_runs_out_is_a_workbook_of_the_bureau_alone_with_the_report_s_ids():
    watchlist = pd.DataFrame([("91330109MA2", FIRMS[2], "小巨人", "2022-02-01", "2025-01-31", "未见复核公示", "Q06")], columns=["uscc", "name", "tier", "since", "until", "review", "targets"])
    watchlist = watchlist.astype({"since": "datetime64[us]", "until": "datetime64[ms]"})
    rising = dict(uscc="91330109MA3", name=FIRMS[0], holds="专精特新培育库企业", next_tier="省专精特新", version="R-2022", outcome="数值条件均符合", met="细分市场年限≥2年", unmet="", without_data="", exclusion=None)
    inputs = made_results.inputs(watchlist=watchlist, candidates=pd.DataFrame([rising]))
    name = "分发/01-区经信局-到期和初筛名单.xlsx"
    assert [each for each in RULES.departments if any("名单" in found for found in distribution.annexes(inputs, each))] == ["区经信局"]
    book = openpyxl.load_workbook(BytesIO(distribution.annexes(inputs, "区经信局")[name]))
    lines = {sheet: [[cell.value for cell in line] for line in book[sheet].iter_rows(min_row=2)] for sheet in book.sheetnames}
    assert lines["L2 到期资质"] == [["L2", "91330109MA2", FIRMS[2], "小巨人", "2022-02-01", "2025-01-31", "未见复核公示", "Q06"]]
    assert lines["L3 晋级初筛"][0][:7] == ["L3", "91330109MA3", FIRMS[0], "专精特新培育库企业", "省专精特新", "R-2022", "数值条件均符合"]
    assert all(cell.data_type in "sn" for sheet in book for line in sheet for cell in line)
