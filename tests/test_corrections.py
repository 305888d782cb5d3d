"""更正说明: what the reports say of figures that were issued otherwise, to whom, by whose order; and one quarter's whole course."""

import hashlib
import json
import os
import re
import shutil
from dataclasses import replace
from html import unescape
from io import BytesIO
from pathlib import Path

import made_results
import page
import pandas as pd
import pypdf
import pytest
from conftest import deliver_miniature, opened
from mail_server import open_mailbox
from made_deliveries import deliver

from zjtx_pipeline import ahead, causes, outputs, revisions, stages, store
from zjtx_pipeline.delivery import send_quarter
from zjtx_pipeline.ledger import issued
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.manifest import write_output
from zjtx_pipeline.report import compose, correction_rows, distribution, pages, pdf
from zjtx_pipeline.report.grounds import Notice, Order
from zjtx_pipeline.rules import load_rules
from zjtx_pipeline.settings import Audience, Delivery, Letterhead, Recipient, Settings
from zjtx_pipeline.stages import correcting, edition, gathering, printing

RULES = load_rules()
ROOT = Path(__file__).parents[1]
ORDER = Order("区财政局补报政府采购合同台账。", "李四", "2025-02-20")


def frame(progress):
    return outputs.figures_frame(progress, RULES, made_results.QUARTER)


def lines(now, then, firms=None, **changed):
    """What is told of figures that were issued as `then` and are `now`, values by figure id."""
    inputs = made_results.inputs(progress=made_results.progress(**now), firms_behind=firms or {}, **changed)
    before = frame(made_results.progress(**then))
    told = revisions.changes(before, frame(inputs.progress)).assign(cause="迟报补齐")
    return correction_rows.lines(inputs, told, before)


def with_notices(*notices, **changed):
    return made_results.inputs(notices=notices, **changed)


def notice(number=1, order=ORDER, **figures):
    """A notice on figures that were one less."""
    figures = figures or {"T13_5b": 4, "T01_1a": 9000}
    return Notice(number, number, order, lines(figures, {name: value - 1 for name, value in figures.items()}))


def text_of(report):
    return "".join(unescape(re.sub(r"<[^>]*>", " ", pages.html(report))).split())


@pytest.mark.parametrize("figure, then, now, old, new", [
    ("T13_5a", 35_000_050, None, "3,500.01万元", "尚未测算"),
    ("T13_5b", None, 4, "尚未测算", "4宗"),
    ("T12_2a", 0, 1, "否", "是"),
    ("T10_1a", 2, 5, "<3人", "5人"),
    ("T10_1a", 5, 2, "5人", "<3人"),
    ("T01_7a", 100, 120, "不列", "120.00%"),  # beside the new sum the old one would tell the amount of the firm that came later
    ("T03_8c", 5_000, 5_350, "不列", "5,350.00万元"),
])  # fmt: skip
def test_old_and_new_stand_as_printed_each_withheld_by_its_own_small_numbers(figure, then, now, old, new):
    [line] = lines({figure: now}, {figure: then}, {"T01-7a": 6, "T03-8c": 6})
    assert (line.old, line.new, line.listed) == (old, new, True)


@pytest.mark.parametrize("figure, then, now", [("T10_1a", 1, 2), ("T01_7a", 100, 120)])
def test_what_may_be_printed_neither_then_nor_now_is_counted_and_not_listed(figure, then, now):
    few = {"T01-7a": 2}
    made = Notice(1, 1, ORDER, lines({figure: now}, {figure: then}, few))
    inputs = with_notices(made, progress=made_results.progress(**{figure: now}), firms_behind=few)
    [correction] = correction_rows.corrections(inputs, RULES.tasks)
    assert correction.lines == () and "共1项" in correction.sentences[0] and "另有1项未列" in correction.left


def test_lights_come_first_then_totals_then_breakdowns():
    inputs = made_results.inputs()
    before = frame(made_results.progress(seed=8))
    changed = revisions.changes(before, frame(inputs.progress)).assign(cause="来源更正")
    told = correction_rows.lines(inputs, changed, before)
    kinds = [0 if line.old_light or line.new_light else 2 if line.breakdown else 1 for line in told]
    assert kinds == sorted(kinds) and set(kinds) == {0, 1, 2} and len(told) == len(changed)


def test_a_long_list_is_cut_and_says_how_many_are_left_and_where_they_stand():
    inputs = made_results.inputs()
    before = frame(made_results.progress(seed=8))
    changed = revisions.changes(before, frame(inputs.progress)).assign(cause="迟报补齐、来源更正")
    made = Notice(2, 4, None, correction_rows.lines(inputs, changed, before))
    [correction] = correction_rows.corrections(with_notices(made), RULES.tasks)
    assert len(correction.lines) == 20
    assert correction.left == f"另有{len(changed) - 20:,}项未列，见区经信局留存的revisions.csv（第5版起）。"
    assert f"迟报补齐{len(changed):,}项、来源更正{len(changed):,}项" in correction.sentences[0]


def test_the_overall_report_begins_with_it_and_says_why_when_and_who():
    report = compose.overall_report(with_notices(notice()))
    assert (report.sections[0].title, report.cover.edition) == ("更正说明", "更正第1号")
    text = text_of(report)
    assert "原因说明：区财政局补报政府采购合同台账。批准人：李四，日期：2025年2月20日。" in text
    assert "与第1版相比，数值、状态或亮灯改变的共2项。原因类别：迟报补齐2项。" in text and "T13-5b政府采购·单一来源3宗4宗—迟报补齐" in text


def test_what_was_withdrawn_is_counted_as_a_source_corrected_and_said_beside():
    first, *others = notice().lines
    gone = replace(first, cause="来源更正", beside="来源撤回")
    told = text_of(compose.overall_report(with_notices(Notice(1, 1, ORDER, (gone, *others)))))
    assert "原因类别：迟报补齐1项、来源更正1项，其中来源撤回1项。" in told and "来源更正来源撤回" in told


def test_before_it_is_approved_it_says_so():
    assert "批准：待批准。" in text_of(compose.overall_report(with_notices(notice(order=None))))


def test_a_light_that_turned_is_shown_from_what_to_what():
    made = notice(T01_1a=9000)
    [line] = made.lines
    turned = replace(made, lines=(replace(line, old_light=line.new_light, new_light=line.old_light and replace(line.old_light, name="红", sign="■")),))
    text = text_of(compose.overall_report(with_notices(turned)))
    assert f"{line.old_light.sign}{line.old_light.name}→■红" in text and "其中亮灯改变1项" in text


def test_a_task_and_a_department_carry_the_lines_of_their_own_figures():
    inputs = with_notices(notice(T13_5b=4, T01_1a=9000), notice(2, T01_2a=900))
    ids = {number: [line.id for each in compose.task_report(inputs, number).corrections for line in each.lines] for number in RULES.tasks}
    assert {number: found for number, found in ids.items() if found} == {1: ["T01-2a", "T01-1a"], 13: ["T13-5b"]}
    assert [compose.task_report(inputs, number).cover.edition for number in (1, 2, 13)] == ["更正第2号", "", "更正第1号"]
    for name in RULES.departments:
        own = {task.number for task in RULES.tasks_of(name)}
        told = [line.id for each in distribution.report(inputs, name).corrections for line in each.lines]
        assert told == [*(ids[1] if 1 in own else []), *(ids[13] if 13 in own else [])], name


def test_the_towns_table_says_whether_a_correction_concerns_it():
    town, [figure, *_] = RULES.towns[3], notice().lines
    own = replace(figure, id="T01-3a", breakdown=f"镇街={town}")
    told = distribution.report(with_notices(Notice(1, 1, ORDER, (figure, own)), Notice(2, 2, None, (figure,))), distribution.TOWNS)
    assert told.cover.edition == "更正第1号"
    assert told.notices == (
        "更正第1号（详见总报告）：本表各数与第1版相比，数值、状态或亮灯改变的共1项。原因类别：迟报补齐1项。",
    )
    elsewhere = distribution.report(with_notices(Notice(2, 2, ORDER, (figure,))), distribution.TOWNS)
    assert (elsewhere.cover.edition, elsewhere.notices) == ("", ("本季报告有更正（更正第2号，见总报告的更正说明），不涉及本表各数。",))
    assert distribution.report(made_results.inputs(), distribution.TOWNS).notices == () and "更正第1号" in text_of(told)


def test_a_corrected_towns_table_still_fits_its_pages():
    own = replace(notice().lines[0], id="T01-3a", breakdown=f"镇街={RULES.towns[3]}")
    pages_of = [
        len(pypdf.PdfReader(BytesIO(pdf.render_report(distribution.report(made_results.inputs(notices=notices), distribution.TOWNS)))).pages)
        for notices in ((), (Notice(1, 1, replace(ORDER, why="因" * 200), (own,)), Notice(2, 2, ORDER, (own,))))
    ]
    assert pages_of[0] == pages_of[1]


def test_a_department_that_may_not_see_its_tasks_is_told_nothing_of_them():
    inputs = with_notices(notice(), settings=Settings(audience=Audience(tasks=("区商务局",))))
    assert distribution.report(inputs, "区财政局").corrections == () and distribution.report(inputs, "区商务局").corrections


def test_what_was_kept_of_a_notice_prints_the_same():
    made = notice(T13_5b=4, T01_1a=9000)
    again = correction_rows.from_kept(json.loads(json.dumps(correction_rows.kept(made), sort_keys=True)))
    assert again == made


def test_with_it_a_report_keeps_the_rules_of_archives_and_of_screen_readers():
    report = compose.task_report(with_notices(notice(), notice(2, None, T13_5b=7)), 13)
    content = pdf.render_report(report)
    assert [page.validate_pdf_bytes(content, profile=profile).failures for profile in ("3a", "ua1")] == [[], []]


def test_cover_and_overview_say_that_it_is_a_correction_and_the_newest_notice_stands_first():
    content = pdf.render_report(compose.overall_report(with_notices(notice(), notice(2, None, T01_1a=9000))))
    cover, contents, overview, notices, *_ = ["".join(each.extract_text().split()) for each in pypdf.PdfReader(BytesIO(content)).pages]
    assert "更正第2号" in cover and "一、更正说明" in contents
    assert "本报告为更正第2号" in overview and "任务亮灯取其目标中最差者" in overview and notices.index("第2号") < notices.index("第1号")


WRONG = {
    "没有写原因": ("　 ", "李四", "更正原因没有写"),
    "原因里有企业": ("杭州某某科技有限公司补报研发费用", "李四", "更正原因含有企业名称或代码"),
    "没有写批准人": ("补报", "", "批准人姓名没有写"),
    "原因太长": ("补" * 201, "李四", "更正原因超过 200 字"),
    "姓名太长": ("补报", "李" * 31, "批准人姓名超过 30 字"),
    "换行": ("补报\n更正", "李四", "更正原因含有换行或控制字符"),
    "反向书写": ("补报\u202e更正", "李四", "更正原因含有换行或控制字符"),
    "身份证号": ("核对 330109199003071235 的补贴", "李四", "更正原因含有身份证号"),
    "手机号": ("补报", "李四 13800000000", "批准人姓名含有手机号"),
    "印不出的字": ("补报😀", "李四", "更正原因含有印不出的字符“😀”"),
    "还没有发出过": ("补报", "李四", "还没有发出过"),
}


@pytest.mark.parametrize("why, who, said", WRONG.values(), ids=WRONG)
def test_an_order_that_reports_could_not_bear_is_refused_in_a_sentence(tmp_path, why, who, said):
    with pytest.raises(ZjtxError, match=said):
        stages.correct(Settings(inbox="inbox"), tmp_path, made_results.QUARTER, why, who)
    assert not (tmp_path / "revisions").exists()


# ---- one quarter's course: issued, delivered late, made again, ordered, issued again -----------------------------------

LATE = "D24a"
NUMBER, DEPARTMENT = 13, "区财政局"
SHOWN = ("00-总报告.pdf", "13-助力企业市场开拓.pdf", "分发/03-区财政局.pdf")
LEADER = Recipient(name="区领导", address="leader@xs.example.gov.cn")


def made_again(run, *late):
    """The quarter made again as far as a delivery for task 13 reaches; what says nothing of it would come out the same."""
    correcting.settle(run)
    for table in late:
        stages.pull(run, table)
        assert stages.check(run, table)["blocked"] == []
    stages.measure(run, NUMBER)
    for number in (stages.OVERALL, NUMBER):
        stages.render(run, number)
    write_output(run.reports, distribution.file_name(DEPARTMENT, RULES), printing.printed_for(run, DEPARTMENT))
    for path in run.reports.rglob("*.*"):
        os.utime(path)
    told = stages.publish(run)["revision"]
    return told, {name: hashlib.sha256((run.reports / name).read_bytes()).hexdigest() for name in SHOWN}


def words(run, name):
    return "".join("".join(each.extract_text().split()) for each in pypdf.PdfReader(run.reports / name).pages)


@pytest.fixture(scope="module")
def course(golden_run, tmp_path_factory):
    """What was said at each step, and the run in whose home it happened."""
    folder = tmp_path_factory.mktemp("corrected")
    config = deliver_miniature(folder)
    shutil.copytree(golden_run.home, folder / "home")
    [run] = opened(config, folder / "home", "2024Q4")
    steps = {"golden": {name: hashlib.sha256((run.reports / name).read_bytes()).hexdigest() for name in SHOWN}}
    with open_mailbox() as mailbox:
        post = Delivery(host="127.0.0.1", port=mailbox.port, security="none", sender="zjtx@xs.example.gov.cn",
                        allowed_domains=("example.gov.cn",), recipients=(LEADER,))  # fmt: skip
        run = replace(run, settings=run.settings.model_copy(update={"delivery": post}))

        def send():
            try:
                return [each.state for each in send_quarter(run.settings, run.home, run.quarter, "张三", revised=True)]
            except ZjtxError as error:
                return str(error)

        steps["first issue"] = send()
        [contracts] = (folder / "inbox" / "2024Q3").glob(f"{LATE}_*.csv")
        deliver(folder, contracts.name, contracts.read_bytes(), received="2025-02-20 10:00:00")
        steps["made again"] = made_again(run, LATE)
        steps["unapproved"] = {name: words(run, name) for name in SHOWN}
        steps["sent unapproved"] = send()
        stages.correct(run.settings, run.home, run.quarter, "区财政局补报政府采购合同台账", "李四")
        steps["sent unprinted"] = send()
        steps["ordered"] = made_again(run)
        steps["approved"] = {name: words(run, name) for name in SHOWN}
        steps["second issue"] = send()
        steps["once more"] = made_again(run)
        steps["letters"] = len(mailbox.letters)
    return run, steps


def test_what_came_late_is_told_with_old_value_new_value_and_cause(course):
    _, steps = course
    for text in steps["unapproved"].values():
        assert "T13-5a政府采购·合同额待补35.00万元—迟报补齐" in text and "共3项。原因类别：迟报补齐3项。批准：待批准。" in text
    made = revisions.numbered(course[0].home, course[0].quarter, 2).edition
    assert steps["made again"][0] == f"第 2 版（版本标识 {made}），与上一版相比改动 3 个数，见 revisions.csv；更正说明第 1 号待批准（zjtx correct），批准前不能发送"


def test_every_report_bears_the_mark_of_its_revision_and_a_notice_that_of_the_one_it_corrects(course):
    run, steps = course
    first, second, third = (each.edition for each in revisions.kept(run.home, run.quarter))
    assert len(first) == 8 and first != second == third  # an approval is said on the first page; the mark is of what figures rest on
    assert all(f"版本标识{second}：" in text and f"与第1版（版本标识{first}）相比" in text for text in steps["approved"].values())
    assert store.read_json(run.reports / "manifest.json")["digests"]["edition"] == second


def test_the_mark_is_of_what_a_run_s_reports_are_made_of_and_of_nothing_else(course):
    run, _ = course
    other = Settings(letterhead=Letterhead(head="工作简报")).letterhead
    changed = [replace(run, settings=run.settings.model_copy(update=update)) for update in ({"letterhead": other}, {"town_ranks": True}, {"minimum_sum_firms": 5})]
    marks = {edition.mark(each) for each in [run, *changed]}
    assert len(marks) == 4 and edition.mark(replace(run, draft=True)) in marks
    assert edition.mark(replace(run, settings=run.settings.model_copy(update={"delivery": Delivery(host="other")}))) == edition.mark(run)


def test_no_setting_that_a_report_shows_is_left_out_of_the_mark():
    sources = " ".join(path.read_text(encoding="utf-8") for path in (ROOT / "zjtx_pipeline" / "report").glob("*.py"))
    shown = set(re.findall(r"\bsettings\.(\w+)", sources)) - {"district_digest"}
    digested = {"district", "sample", "audience", "letterhead"}  # each by a digest of the manifest
    assert shown and not shown - digested - set(edition.PRINTED)


def test_it_does_not_leave_before_somebody_approved_it_and_the_reports_say_so(course):
    run, steps = course
    assert steps["first issue"] == steps["second issue"] == ["sent"] and steps["letters"] == 2
    assert "zjtx correct 2024Q4 --why" in steps["sent unapproved"] and "报告里还没有印上" in steps["sent unprinted"]
    assert all("批准人：李四" in text and "待批准" not in text for text in steps["approved"].values())
    assert issued(run.home, run.quarter) == [1, 3]


def test_once_issued_it_is_history_and_the_same_bytes_are_made_for_ever(course):
    _, steps = course
    assert steps["golden"] != steps["made again"][1] != steps["ordered"][1] == steps["once more"][1]
    assert [steps[name][0].partition("（")[0] for name in ("made again", "ordered", "once more")] == ["第 2 版", "第 3 版", "第 3 版"]


def test_the_table_of_revisions_tells_the_causes_too(course):
    run, _ = course
    told = pd.read_csv(run.reports / "revisions.csv", dtype="str", keep_default_na=False)
    assert told[["revision", "indicator", "old_status", "new_status", "cause"]].to_numpy().tolist() == [
        ["2", "T13-5", "待补", "正常", "迟报补齐"]] * 3  # fmt: skip


def test_a_second_process_prints_the_same(course):
    run, steps = course
    worker = ahead.begin("corrected")
    try:
        worker.ask("printed", printing.printed, run, NUMBER)
        content = worker._begun["printed"][1].result(120)
    finally:
        ahead.end_all()
    assert hashlib.sha256(content).hexdigest() == steps["once more"][1][SHOWN[1]]


@pytest.mark.parametrize("changed", [{"draft": True}, {"as_of": made_results.QUARTER.last_day}])
def test_a_draft_and_a_quarter_told_as_of_a_day_carry_none(course, changed):
    run, _ = course
    other = replace(run, **changed)
    inputs = gathering.report_inputs(run, NUMBER)
    assert inputs.notices
    before = correcting.settled_path(run).read_bytes()
    try:
        correcting.settle(other)
        assert correcting.notices(other, replace(inputs, notices=())) == ()
    finally:
        store.write_bytes(correcting.settled_path(run), before)


def test_what_was_sent_or_ordered_since_the_reports_were_printed_does_not_close_the_quarter(course, tmp_path):
    run, _ = course
    shutil.copytree(run.home, tmp_path / "home")
    other = replace(run, home=tmp_path / "home")
    stages.correct(other.settings, other.home, other.quarter, "再次更正", "王五")
    correcting.settle(other)
    with pytest.raises(ZjtxError, match="又有报告发出、更正批准"):
        stages.publish(other)


def test_what_a_revision_rests_on_names_its_deliveries_and_rules(course):
    run, _ = course
    first, second, _ = revisions.kept(run.home, run.quarter)
    assert first.basis["deliveries"][f"2024Q4/{LATE}"] == {} and set(second.basis["deliveries"][f"2024Q4/{LATE}"]) == {DEPARTMENT}
    assert first.basis["rules"] == causes.in_force(RULES, run.settings) and first.basis["digest"] == RULES.digest
    assert first.notice is None and second.notice["order"] is None
