"""The second opinion: SQL and the first computation agree, and where they do not, nothing is printed."""

import tempfile
from pathlib import Path

import pandas as pd
import pytest
from builders import ELSEWHERE, TOWN, books, case_books, cases
from hypothesis import given, settings
from hypothesis import strategies as st

from zjtx_pipeline import second_opinion as second
from zjtx_pipeline import stages, store
from zjtx_pipeline.awards import units
from zjtx_pipeline.books import UNDELIVERED
from zjtx_pipeline.indicators import measure
from zjtx_pipeline.money import yuan_text
from zjtx_pipeline.tiers import titles


def compared(held, tasks=()):
    """(what, first, second) of everything that both compute from these books; of some tasks alone, if named."""
    rules, absent = held.rules, {table for table, status in held.status.items() if status == UNDELIVERED}
    with tempfile.TemporaryDirectory() as folder:
        files = {table: store.write_frame(Path(folder) / f"{table}.parquet", rows) for table, rows in held.tables.items()}
        opinion = second.opinion(rules, held.quarter, files)
    found, awarded = second.compared_tiers(opinion, titles(held), absent), units(held)
    for task in tasks or stages.reviewed_tasks(rules):
        found += second.compared_figures(opinion, measure(task, held), rules, absent)
        found += second.compared_awards(opinion, awarded, rules.grants_of(task), rules, absent)
    return found


def differences(held, tasks=()):
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
)  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(STANDINGS)
def test_titles_pools_and_targets_come_to_the_same_for_any_ledgers(held):
    assert differences(held, (1, 3, 7, 9)) == []


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


@settings(max_examples=20, deadline=None)
@given(MONEY)
def test_awards_come_to_the_same_for_any_purchases_listings_and_payments(held):
    assert differences(held, (1, 4, 5, 6)) == []
