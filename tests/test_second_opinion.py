"""The second opinion: SQL and the first computation agree, and where they do not, nothing is printed."""

import dataclasses
import re
import shutil
import tempfile
from pathlib import Path

import made_results
import pandas as pd
import pytest
from builders import ELSEWHERE, TOWN, books, case_books, cases
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st
from test_layers import imported

from zjtx_pipeline import second_opinion as second
from zjtx_pipeline import stages, store
from zjtx_pipeline.awards import units
from zjtx_pipeline.books import UNDELIVERED
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.indicators import formula, layout
from zjtx_pipeline.money import yuan_text
from zjtx_pipeline.report import method_rows
from zjtx_pipeline.rules import load_rules
from zjtx_pipeline.second_opinion import computed
from zjtx_pipeline.second_opinion.readings import FOLLOWED
from zjtx_pipeline.settings import load_settings
from zjtx_pipeline.stages import opinion
from zjtx_pipeline.tiers import titles


def compared(held, tasks=None):
    """(what, first, second) of everything that both compute from these books; of some tasks alone, if named."""
    rules, absent = held.rules, {table for table, status in held.status.items() if status == UNDELIVERED}
    with tempfile.TemporaryDirectory() as folder:
        files = {table: store.write_frame(Path(folder) / f"{table}.parquet", rows) for table, rows in held.tables.items()}
        opinion = second.opinion(rules, held.quarter, files)
    found, awarded = second.compared_tiers(opinion, titles(held), absent), units(held)
    seen = [rules.indicators[name] for name in dict.fromkeys(indicator for indicator, _, _ in opinion.figures)]
    asked = stages.reviewed_tasks(rules) if tasks is None else tasks
    for task in [each for each in asked if not second.unfollowed(rules, each)]:
        figures = [figure for indicator in seen if indicator.task == task for figure in layout.figures(held, indicator, formula(indicator.id))]
        found += second.compared_figures(opinion, figures, task, rules, absent)
        found += second.compared_awards(opinion, awarded, rules.grants_of(task), rules, absent)
    return found


def differences(held, tasks=None):
    return [str(each) for each in second.differences(compared(held, tasks))]


def reviewed(run):
    return [stages.review(run, number) for number in (stages.TITLES, *stages.reviewed_tasks(run.settings.rules))]


def test_both_agree_on_the_miniature_district(golden_run):
    found = reviewed(golden_run)
    assert [each["differences"] for each in found if each["differences"]] == []
    assert sum(each["compared"] for each in found) > 200


@pytest.mark.parametrize("quarter", ["2023Q4", "2025Q4", "2026Q2"])
def test_both_agree_in_the_course_of_the_plan(course_runs, quarter):
    assert [each["differences"] for each in reviewed(course_runs[quarter]) if each["differences"]] == []


REVIEWED_CASES = [pytest.param(case.values[0], id=f"{name}：{case.id}") for name in ("awards", "tiers", "indicators") for case in cases(name)]


def touched(held):
    """The tasks whose targets or awards rest on a table that holds rows, and whose readings the SQL follows."""
    rules, rows = held.rules, set(held.tables) - {"D01", "D02"}
    tables = {task: {rules.awards[clause].trigger.table for clause in rules.grants_of(task)} for task in stages.reviewed_tasks(rules)}
    for target in rules.targets.values():
        tables[target.task] |= set(rules.indicators[target.indicator].parts["a"].tables)
    return [task for task, found in tables.items() if found & rows and not second.unfollowed(rules, task)]


@pytest.mark.parametrize("case", REVIEWED_CASES)
def test_both_agree_on_every_case(case):
    held = case_books(case)
    assert differences(held, touched(held)) == []


FIRMS = "甲乙丙丁戊"
DAYS = st.dates(pd.Timestamp("2022-10-01").date(), pd.Timestamp("2025-01-10").date())
TIERS = st.sampled_from(["创新型", "省专精特新", "小巨人", "省隐形冠军", "国家单项冠军"])


def rows(size, unique=None, **columns):
    """Up to so many rows of a table, each a firm's; numbered where a key needs it."""
    row = st.fixed_dictionaries({"uscc": st.sampled_from(FIRMS)} | columns)
    return st.lists(row, max_size=size, unique_by=unique and (lambda each: tuple(each[name] for name in unique)))


@st.composite
def changes(draw):
    """Successions and splits, each to a code further on, so that there is no circle; moves; firms struck off."""
    pairs = [(one, other) for place, one in enumerate(FIRMS) for other in FIRMS[place + 1 :]]
    steps = draw(st.lists(st.tuples(st.sampled_from(pairs), st.sampled_from(["换码", "合并", "分立"]), DAYS), max_size=3, unique_by=lambda each: each[0][0]))
    found = [{"uscc": old, "successor_uscc": new, "item": item, "changed_on": day} for (old, new), item, day in steps]
    return found + draw(rows(3, ("uscc", "changed_on"), item=st.sampled_from(["迁入", "迁出", "注销"]), changed_on=DAYS))


@st.composite
def title_events(draw, changed):
    """Recognitions, reviews, ends, and a 承继 for some of the splits."""
    events = draw(rows(6, None, tier=TIERS, event=st.sampled_from(["认定", "认定", "复核通过", "撤销", "公示", "复核未过"]), announced_on=DAYS, days=st.integers(30, 900)))
    for number, row in enumerate(events):
        row |= {"batch": f"第{number}批", "valid_from": row["announced_on"], "valid_to": row["announced_on"] + pd.Timedelta(days=row.pop("days"))}
    splits = [row for row in changed if row["item"] == "分立"]
    return events + [
        {"uscc": row["successor_uscc"], "former_uscc": row["uscc"], "event": "承继", "tier": draw(TIERS), "announced_on": row["changed_on"], "batch": "承继"}
        for row in splits
    ]


@st.composite
def ledgers(draw, **tables):
    """Books with a register, changes and titles, and these tables beside."""
    changed = draw(changes())
    register = [{"uscc": code, "street_code": draw(st.sampled_from([TOWN, TOWN, ELSEWHERE]))} for code in FIRMS]
    return books(D01=register, D02=changed, D04=draw(title_events(changed)), **{name: draw(found) for name, found in tables.items()})


STANDINGS = ledgers(
    D03=rows(5, ("uscc", "pool"), pool=st.sampled_from(["创新型", "专精特新"]), entered_on=DAYS, left_on=st.none() | DAYS),
    D09=rows(3, None, organ_type=st.sampled_from(["企业研究院", "创新中心"]), built_by=st.sampled_from(["自建", "参与"]), recognised_on=DAYS, revoked_on=st.none() | DAYS),
    D10=rows(3, None, patent_type=st.sampled_from(["发明", "实用新型"]), granted_on=DAYS, lapsed_on=st.none() | DAYS),
    D11=rows(4, None, record_type=st.sampled_from(["认证证书", "贯标评价"]), status=st.sampled_from(["有效", "暂停"]), issued_on=DAYS, valid_to=DAYS,
             conclusion=st.sampled_from(["通过", "未通过"]), rated_on=st.none() | DAYS, rating=st.none() | st.just("良好")),
    D16=rows(3, None, demonstration=st.just("管理标杆"), level=st.just("省级"), announced_on=DAYS, removed_on=st.none() | DAYS),
    D17=rows(3, None, rated_on=DAYS),
    D19=rows(4, None, item=st.just("入后备库"), dated_on=DAYS),
    D22a=st.lists(st.fixed_dictionaries({"provider_uscc": st.sampled_from(FIRMS), "agreed_from": DAYS, "agreed_to": DAYS | st.just("2025-12-31")}), max_size=3),
)  # fmt: skip


@examples(12)
@given(STANDINGS)
def test_titles_pools_and_targets_come_to_the_same_for_any_ledgers(held):
    assert differences(held, (1, 3, 7, 9, 12)) == []


LISTED = [("未来工厂", "省级"), ("智能工厂", "市级"), ("绿色工厂", "省级"), ("绿色工厂", "国家级"), ("能效领跑者", "省级")]
FEN = st.integers(-20_000_000_00, 50_000_000_00).map(yuan_text)
MONEY = ledgers(
    D13=st.just([{"uscc": "丁", "product_no": "P1", "category": "首台套", "level": "国内", "recognised_on": "2022-01-01"},
                 {"uscc": "戊", "product_no": "P2", "category": "首批次", "level": "省内", "recognised_on": "2023-06-01", "removed_on": "2024-06-01"}]),
    D14=rows(8, None, supplier_uscc=st.sampled_from("丁戊"), product_no=st.sampled_from(["P1", "P1", "P2"]), purchase_type=st.sampled_from(["首台套采购", "首购首用"]),
             contracted_on=DAYS, invoiced_on=DAYS, net_purchase_fen=FEN, is_related_party=st.sampled_from([False, False, True])),
    D15=rows(3, None, acceptance=st.sampled_from(["通过", "整改"]), acceptance_standard=st.sampled_from(["市级", "其他"]), accepted_on=DAYS,
             approved_investment_fen=st.integers(1, 10**9).map(yuan_text)),
    D16=rows(5, ("uscc", "listed"), listed=st.sampled_from(LISTED), announced_on=DAYS).map(
        lambda found: [{**{name: value for name, value in row.items() if name != "listed"}, "demonstration": row["listed"][0], "level": row["listed"][1]} for row in found]),
    D06b=rows(4, None, clause=st.sampled_from(["A08", "A10", "A11", "A17", "A04"]), payment_type=st.sampled_from(["拨付", "退回"]),
              paid_fen=st.integers(1, 10**9).map(yuan_text), paid_on=DAYS, purse=st.sampled_from(["区", "市"])),
)  # fmt: skip


@examples(12)
@given(MONEY)
def test_awards_come_to_the_same_for_any_purchases_listings_and_payments(held):
    assert differences(held, (1, 4, 5, 6)) == []


@pytest.fixture
def copied(golden_run, tmp_path):
    """The golden run in a home of one's own, to plant errors in."""
    for kept in ("snapshots", "validated", "work"):
        shutil.copytree(golden_run.home / kept, tmp_path / kept)
    return dataclasses.replace(golden_run, home=tmp_path)


def plant(path, change):
    """Change what the first computation kept."""
    if path.suffix == ".json":
        store.write_json(path, change(store.read_json(path)))
    else:
        store.write_frame(path, change(pd.read_parquet(path)))


def another_value(figure):
    return lambda lines: [line | {"value": "9"} if [line["indicator"], line["part"], line["breakdown"]] == figure else line for line in lines]


def one_fen_more(units):
    return units.assign(entitled_fen=units["entitled_fen"] + (units["clause"].eq("A08").cumsum().eq(1) & units["clause"].eq("A08")))


PLANTED = {
    "目标值": (9, "figures/T09.json", another_value(["T09-1", "a", ""]), "T09-1a 两种算法不一致：第一算法 9，第二算法 5；"),
    "没有数值": (9, "figures/T09.json", lambda lines: [], "T09-1a 两种算法不一致：第一算法 无数值，第二算法 5；"),
    "应兑差一分": (4, "awards/T04.parquet", one_fen_more, "A08 应兑 两种算法不一致：第一算法 13819999.02，第二算法 13819999.01；"),
    "少一个奖补单元": (5, "awards/T05.parquet", lambda units: units[units["clause"].ne("A10")], "A10 奖补单元 两种算法不一致：第一算法 0，"),
    "少一家企业": (0, "tiers.parquet", lambda rows: rows[rows["tier"].ne("国家单项冠军")], "资质 国家单项冠军有效企业 两种算法不一致：第一算法 0，第二算法 1；"),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_error_is_named_with_both_values_and_nothing_is_printed(copied, planted):
    number, file, change, sentence = PLANTED[planted]
    assert stages.review(copied, number)["differences"] == []
    plant(copied.work / file, change)
    told = stages.review(copied, number)
    assert told["differences"][0].startswith(sentence) and told["differences"][0].endswith("请停止发送并联系维护人员。")
    for report in {number or 8, stages.OVERALL}:
        with pytest.raises(ZjtxError, match=re.escape(told["differences"][0])):
            stages.render(copied, report)
    with pytest.raises(ZjtxError, match=re.escape(told["differences"][0])):
        stages.publish(copied)
    assert not copied.reports.exists()


def test_a_report_printed_again_by_itself_is_reviewed_again(copied):
    assert stages.review(copied, 4)["differences"] == []
    plant(copied.work / "awards" / "T04.parquet", one_fen_more)
    with pytest.raises(ZjtxError, match="A08 应兑 两种算法不一致"):
        stages.render(copied, 4)
    stages.tally_awards(copied, 4)
    assert stages.render(copied, 4)["path"].endswith(".pdf")


def test_in_dagster_a_difference_stops_the_report_with_its_sentence(copied, miniature, monkeypatch):
    from dagster import DagsterInstance, materialize

    from assets.opinions import OPINIONS, opinion_key
    from assets.reports import TASK_REPORTS
    from assets.resources import District

    monkeypatch.setenv("ZJTX_HOME", str(copied.home))
    plant(copied.work / "awards" / "T04.parquet", one_fen_more)
    chosen = [each for each in OPINIONS if each.key == opinion_key(4)] + TASK_REPORTS[3:5]
    with DagsterInstance.ephemeral() as instance:
        made = materialize(chosen, partition_key="2024Q4", resources={"district": District(config=str(miniature))}, instance=instance, raise_on_error=False)
    assert not made.success and [path.name[:3] for path in copied.reports.glob("*.pdf")] == ["05-"]
    assert [each.passed for each in made.get_asset_check_evaluations()] == [False]


def test_what_was_not_delivered_is_not_spoken_of():
    held = books(undelivered=("D09", "D14"), D10=[{"uscc": "甲"}])
    said = {what for what, _, _ in compared(held, (3, 4))}
    assert not {what for what in said if what.startswith(("T03-1", "T04-4a", "T04-4c", "A08", "A09"))}
    assert {"T03-2a", "A07 奖补单元"} <= said


def test_a_reading_that_the_sql_does_not_follow_is_named_and_nothing_compared(copied, miniature):
    own = miniature.with_name("整个计划期.yaml")
    own.write_text(miniature.read_text(encoding="utf-8") + "\nreadings: {B-02: 每企业整个计划期}\n", encoding="utf-8")
    run = dataclasses.replace(copied, settings=load_settings(own))
    told = stages.review(run, 4)
    assert told == {"compared": 0, "differences": [], "unreviewed": "未复核：B-02 取值“每企业整个计划期”，第二算法没有这一口径。"}
    assert stages.review(run, 5)["compared"] > 0


def test_the_defaults_are_all_followed_and_every_reading_has_its_line():
    rules = load_rules()
    assert set(FOLLOWED) == set(rules.readings) and not any(second.unfollowed(rules, task) for task in rules.tasks)


def test_what_is_computed_once_only_is_told_in_the_reports_that_print_it():
    rules = load_rules().overlay({"awards": {"A12": {"stack_rule": "就高"}}, "readings": {"B-02": "每企业整个计划期"}})
    told = {number: opinion.unreviewed(rules, number) for number in (0, 4, 5, 9, 14)}
    assert told == {0: (told[4][0], told[5][0]), 4: ("B-02 取值“每企业整个计划期”",), 5: ("A12 叠加规则“就高”",), 9: (), 14: ()}
    assert not any(opinion.unreviewed(load_rules(), number) for number in range(15))
    (point,) = [each for each in method_rows.method(made_results.inputs(unreviewed=told[5]), [], [], [], [5]).open_points]
    assert point == "A12 叠加规则“就高”：第二算法没有这一口径，有关的数只算了一遍，未经复核"


def test_a_clauses_own_stacking_is_not_followed_either():
    rules = load_rules().overlay({"awards": {"A12": {"stack_rule": "就高"}}})
    assert second.unfollowed(rules, 5) == ("A12 叠加规则“就高”",) and second.unfollowed(rules, 6) == ()


def test_single_champions_of_the_province_are_counted_both_ways():
    rules = load_rules().overlay({"readings": {"B-09": "含省级"}})
    term = {"event": "认定", "announced_on": "2024-03-01", "valid_from": "2024-03-01", "valid_to": "2027-02-28"}
    held = books(rules=rules, D04=[{"uscc": "甲", "tier": "省单项冠军", **term}], D17=[{"uscc": "甲", "rated_on": "2024-05-01"}])
    said = {what: value for what, _, value in compared(held, (1, 7))}
    assert differences(held, (1, 7)) == [] and said["T07-1b"] == 1 and said["A01 奖补单元"] == 1


def test_duckdb_reads_the_rows_given_and_nothing_else(tmp_path):
    import duckdb

    given, other = (store.write_frame(tmp_path / f"{name}.parquet", pd.DataFrame({"a": [1]})) for name in ("given", "other"))
    with computed._connection({"D01": given}) as database:
        assert database.execute(f"FROM read_parquet('{given}')").fetchall() == [(1,)]
        for statement in (f"FROM read_parquet('{other}')", f"COPY (SELECT 1) TO '{tmp_path}/new.csv'", "INSTALL httpfs", "SET enable_external_access = true"):
            with pytest.raises(duckdb.Error):
                database.execute(statement)


def test_every_script_is_run_and_opens_with_its_clauses():
    folder = Path(second.__file__).parent / "sql"
    assert {path.stem for path in folder.glob("*.sql")} == set(computed.SCRIPTS)
    assert all(path.read_text(encoding="utf-8").startswith("-- ") for path in folder.glob("*.sql"))


def test_it_knows_nothing_of_the_first_computation():
    names = {name for path in Path(second.__file__).parent.glob("*.py") for name in imported(path) if name.startswith("zjtx_pipeline.")}
    shared = {"errors", "figures", "money", "quarter", "rules", "tables", "second_opinion"}
    assert names and {name.split(".")[1] for name in names} <= shared
