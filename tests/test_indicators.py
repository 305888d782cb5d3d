"""Indicators: each part at its edges, and laws that hold for all of them."""

from fractions import Fraction

import pandas as pd
import pytest
from builders import books, case_books, cases, frame
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st

from zjtx_pipeline.books import Books
from zjtx_pipeline.figures import Figure
from zjtx_pipeline.indicators import formula, headline, layout, measure
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.rules import load_rules

RULES = load_rules()


def _named(figure):
    return f"{figure.id} {figure.breakdown}".strip()


@pytest.mark.parametrize("case", cases("indicators"))
def test_figures(case):
    held = case_books(case)
    tasks = {int(name[1:3]) for name in case["数"]}
    found = {_named(figure): figure for task in tasks for figure in measure(task, held)}
    got = {name: found[name].status if found[name].value is None else found[name].value for name in case["数"]}
    assert got == {name: value if value in layout_words() else Fraction(str(value)) for name, value in case["数"].items()}


def layout_words():
    return RULES.lists["测算状态"].names


@pytest.mark.parametrize("task", RULES.tasks)
def test_every_part_and_breakdown_of_the_rules_appears_once_in_order(task):
    held = books()
    expected = [
        f"{indicator.id}{letter} {row}".strip()
        for indicator in RULES.indicators_of(task)
        for letter, part in indicator.parts.items()
        for row in RULES.breakdown_rows(part, 2024)
    ]
    assert [_named(figure) for figure in measure(task, held)] == expected


@pytest.mark.parametrize("indicator", RULES.indicators)
def test_every_indicator_has_its_formula_and_counts_all_its_parts(indicator):
    parts = formula(indicator)(books())
    assert set(parts) == set(RULES.indicators[indicator].parts)
    assert formula(indicator).__doc__


def test_an_indicator_without_formula_says_so_and_is_never_zero():
    figures = layout.figures(books(), RULES.indicators["T03-1"], None)
    assert {(figure.value, figure.status) for figure in figures} == {(None, "尚未测算")}


def test_where_nothing_was_delivered_everything_waits():
    held = Books(Quarter(2024, 4), {}, {}, {}, RULES)
    found = [figure for task in RULES.tasks for figure in measure(task, held)]
    assert {(figure.value, figure.status) for figure in found} == {(None, "待补")}
    assert headline("T03-1", held) is None


def test_zero_reports_give_zeros_not_blanks():
    found = {_named(figure): figure for task in RULES.tasks for figure in measure(task, books())}
    assert found["T01-1a"] == Figure("T01-1", "a", "", Fraction(0))
    assert found["T03-1a"].status == "无适用对象" and found["T05-6a"].value == 0


# Laws

DAYS = st.dates(pd.Timestamp("2021-06-01").date(), pd.Timestamp("2025-03-31").date())
CODES = st.sampled_from("甲乙丙丁戊")


def rows(**columns):
    return st.lists(st.fixed_dictionaries({"uscc": CODES, **columns}), max_size=6)


DISTRICT = st.fixed_dictionaries(
    {
        "D02": rows(item=st.sampled_from(["迁入", "迁出", "换码", "注销"]), changed_on=DAYS, successor_uscc=st.just("己")),
        "D03": rows(pool=st.sampled_from(["创新型", "专精特新"]), entered_on=DAYS, chain=st.sampled_from(["智能汽车", "无此链"])),
        "D04": rows(tier=st.sampled_from(["省专精特新", "小巨人"]), event=st.sampled_from(["认定", "复核通过", "撤销"]), announced_on=DAYS, valid_from=DAYS).map(
            lambda found: [row | {"valid_to": "2024-12-31"} for row in found]
        ),
        "D09": rows(organ_type=st.just("企业研究院"), level=st.sampled_from(["省级", "市级"]), built_by=st.just("自建"), recognised_on=DAYS),
        "D11": rows(record_type=st.just("贯标评价"), issued_on=DAYS, conclusion=st.just("通过"), rated_on=DAYS, rating=st.just("良好")),
        "D16": rows(demonstration=st.sampled_from(["绿色工厂", "管理标杆"]), level=st.just("省级"), announced_on=DAYS),
        "D19": rows(item=st.sampled_from(["入后备库", "基金直投"]), dated_on=DAYS, amount_fen=st.just("1.5")),
        "D22b": rows(served_on=DAYS, item=st.just("申报指导"), channel=st.just("企业码")),
    }
)
TOUCHED = [1, 2, 3, 5, 6, 7, 9, 12]  # the tasks that these tables feed
REGISTER = frame("D01", *({"uscc": code, "name": code, "street_code": town} for code, town in zip("甲乙丙丁戊己", ["330109001", "330109100", "330114003"] * 2)))


def all_figures(tables):
    held = Books(Quarter(2024, 4), {"D01": REGISTER, **tables}, dict.fromkeys(books().status, "已报送"), {}, RULES)
    return [figure for task in TOUCHED for figure in measure(task, held)]


def shaken(table, order):
    positions = list(range(len(table)))
    order.shuffle(positions)
    return table.iloc[positions].reset_index(drop=True)


@examples(4)
@given(district=DISTRICT, order=st.randoms(use_true_random=False))
def test_shuffled_rows_give_the_same_figures(district, order):
    tables = {table: frame(table, *found) for table, found in district.items()}
    assert all_figures({table: shaken(found, order) for table, found in tables.items()}) == all_figures(tables)


LATER = {
    "D02": {"item": "注销", "changed_on": "2025-01-01"},
    "D03": {"pool": "专精特新", "entered_on": "2025-01-01", "chain": "智能汽车"},
    "D04": {"tier": "小巨人", "event": "认定", "announced_on": "2025-01-01", "valid_from": "2024-01-01", "valid_to": "2026-12-31"},
    "D09": {"organ_type": "企业研究院", "level": "国家级", "built_by": "自建", "recognised_on": "2025-01-01"},
    "D11": {"record_type": "贯标评价", "issued_on": "2025-01-01", "conclusion": "通过", "rated_on": "2025-01-01", "rating": "良好"},
    "D16": {"demonstration": "管理标杆", "level": "省级", "announced_on": "2025-01-01"},
    "D19": {"item": "入后备库", "dated_on": "2025-01-01"},
    "D22b": {"served_on": "2025-01-01", "item": "申报指导", "channel": "企业码"},
}


@examples(4)
@given(district=DISTRICT, code=CODES)
def test_rows_of_after_the_quarter_and_of_unknown_firms_change_nothing(district, code):
    tables = {table: frame(table, *found) for table, found in district.items()}
    more = {table: frame(table, *found, {"uscc": code, **LATER[table]}) for table, found in district.items()}
    strange = {
        table: frame(table, *found, {"uscc": "不在登记库", **{name: value.replace("2025-01-01", "2024-06-30") for name, value in LATER[table].items()}})
        for table, found in district.items()
        if table != "D02"
    }
    expected = all_figures(tables)
    assert all_figures(more) == expected
    assert all_figures(tables | strange) == expected
