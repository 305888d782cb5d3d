"""Award units: what sets them off, what they entitle to, what came of them."""

import pandas as pd
import pytest
from builders import books, case_books, cases
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st

from zjtx_pipeline.awards import changed_by_plan_cap, highest_only_fen, units
from zjtx_pipeline.awards.triggers import trigger_keys, trigger_rows
from zjtx_pipeline.money import yuan_text
from zjtx_pipeline.rules import load_rules

CAP_FEN = 300_000_000


def _shown(unit, name):
    value = unit[name if name in unit else f"{name}_fen"]
    if pd.isna(value):
        return ""
    if name not in unit:
        return yuan_text(int(value))
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value)


@pytest.mark.parametrize("case", cases("awards"))
def test_award_units(case):
    found = units(case_books(case))
    found = found[~found["clause"].isin(case.get("除外", []))].to_dict("records")
    expected = case["单元"]
    assert [{name: _shown(unit, name) for name in want} for unit, want in zip(found, expected)] == [
        {name: str(value) for name, value in want.items()} for want in expected
    ]
    assert len(found) == len(expected)


@pytest.mark.parametrize(("removed", "lost"), [("2024-07-01", True), ("2024-12-31", True), ("2025-01-01", False)])
def test_a_listing_is_lost_from_the_day_of_its_removal_on(removed, lost):
    listing = {"uscc": "甲", "demonstration": "绿色工厂", "level": "省级", "batch": "一", "item_name": "厂", "announced_on": "2024-01-01"}
    [found] = trigger_rows(books(D16=[listing | {"removed_on": removed}]))["lost_on"]
    assert (None if pd.isna(found) else str(found.date())) == (removed if lost else None)


def test_a_clause_s_key_is_of_its_own_table_s_columns_and_of_purchases_buyer_and_year():
    awards, bought = load_rules().awards, pd.DataFrame({"firm": ["甲"], "year": [2024]})
    assert trigger_keys(awards["A08"], bought).tolist() == ["甲|2024"]
    listed = books(D16=[{"uscc": "甲", "demonstration": "绿色工厂", "level": "省级", "batch": "一", "item_name": "厂"}])["D16"]
    assert trigger_keys(awards["A17"], listed).tolist() == ["甲|绿色工厂|省级|一|厂"]


INVOICES = st.lists(
    st.fixed_dictionaries(
        {
            "uscc": st.sampled_from("甲乙丙"),
            "supplier_uscc": st.sampled_from("丙丁"),
            "product_no": st.sampled_from(["P1", "P2"]),
            "contracted_on": st.sampled_from(["2023-01-01", "2023-09-01"]),
            "invoiced_on": st.dates(pd.Timestamp("2022-06-01").date(), pd.Timestamp("2025-03-31").date()),
            "net_purchase_fen": st.integers(-2_000_000_000, 5_000_000_000).map(yuan_text),
            "is_related_party": st.booleans(),
        }
    ),
    max_size=12,
)
PRODUCTS = [
    {"uscc": "丙", "product_no": "P1", "category": "首台套", "level": "国际", "recognised_on": "2022-01-01"},
    {"uscc": "丁", "product_no": "P2", "category": "首台套", "level": "省内", "recognised_on": "2023-06-01"},
]


@examples(8)
@given(invoices=INVOICES, order=st.randoms(use_true_random=False))
def test_no_buyer_ever_passes_the_cap_in_a_year_in_any_order_of_rows(invoices, order):
    register = [{"uscc": code} for code in "甲乙丙丁"]
    renamed = [{"uscc": "甲", "item": "换码", "changed_on": "2024-06-01", "successor_uscc": "乙"}]
    rows = [row | {"invoice_no": str(number)} for number, row in enumerate(invoices)]
    found = units(books(D01=register, D02=renamed, D13=PRODUCTS, D14=rows))
    assert found["entitled_fen"].between(0, CAP_FEN).all()
    years = found["trigger_key"].str[-4:]
    assert (found.groupby([found["firm"], years])["entitled_fen"].sum() <= CAP_FEN).all()
    shuffled = order.sample(rows, len(rows))
    pd.testing.assert_frame_equal(units(books(D01=register, D02=renamed, D13=PRODUCTS, D14=shuffled)), found)


@examples(6)
@given(invoices=INVOICES, order=st.randoms(use_true_random=False), cap=st.sampled_from(["每企业整个计划期", "每产品"]), payee=st.sampled_from(["采购方", "销售方"]))
def test_no_firm_passes_its_cap_however_it_is_read_and_whatever_the_order_of_rows(invoices, order, cap, payee):
    rules = load_rules().overlay({"readings": {"B-02": cap, "B-03": payee}})
    rows = [row | {"invoice_no": str(number)} for number, row in enumerate(invoices)]
    tables = {"D01": [{"uscc": code} for code in "甲乙丙丁"], "D13": PRODUCTS}
    found = units(books(rules=rules, **tables, D14=rows))
    caps = {"每企业整个计划期": 1, "每产品": len(PRODUCTS)}
    by = found["firm"] if cap == "每企业整个计划期" else found["trigger_key"]
    assert (found["entitled_fen"] >= 0).all()
    assert (found.groupby(by)["entitled_fen"].sum() <= caps[cap] * CAP_FEN).all()
    pd.testing.assert_frame_equal(units(books(rules=rules, **tables, D14=order.sample(rows, len(rows)))), found)


@examples(6)
@given(invoices=INVOICES)
def test_one_cap_for_the_whole_plan_never_gives_more(invoices):
    whole = load_rules().overlay({"readings": {"B-02": "每企业整个计划期"}})
    rows = {"D01": [{"uscc": code} for code in "甲乙丙丁"], "D13": PRODUCTS, "D14": invoices}
    yearly, by_plan = units(books(**rows)), units(books(rules=whole, **rows))
    assert (by_plan["entitled_fen"] <= yearly["entitled_fen"]).all()
    assert (by_plan.groupby("firm")["entitled_fen"].sum() <= CAP_FEN).all()
    changed = yearly["entitled_fen"].ne(by_plan["entitled_fen"])
    beside = changed_by_plan_cap(yearly)
    assert beside["by_plan_fen"].tolist() == by_plan.loc[changed, "entitled_fen"].tolist()


@examples(6)
@given(
    payments=st.lists(
        st.fixed_dictionaries(
            {
                "uscc": st.sampled_from("甲乙"),
                "award_no": st.sampled_from(["1", "2", "9"]),
                "clause": st.just("A17"),
                "paid_fen": st.integers(1, 90_000_000).map(yuan_text),
                "paid_on": st.sampled_from(["2022-05-01", "2024-05-01", "2025-01-01"]),
                "payment_type": st.sampled_from(["拨付", "退回", "追回"]),
                "purse": st.sampled_from(["区", "市"]),
            }
        ),
        max_size=8,
    )
)
def test_every_fen_of_the_own_purse_paid_by_the_quarters_end_stands_in_one_unit(payments):
    listed = [{"uscc": code, "demonstration": "绿色工厂", "level": "省级", "batch": "一", "item_name": "厂", "announced_on": "2024-01-01"} for code in "甲乙"]
    claims = [
        {"uscc": code, "award_no": number, "clause": "A17", "trigger_key": f"{code}|绿色工厂|省级|一|厂", "applied_on": "2024-02-01"}
        for code, number in [("甲", "1"), ("乙", "2")]
    ]
    found = units(books(D16=listed, D06a=claims, D06b=payments))
    signs = {"拨付": 1, "退回": -1, "追回": -1}
    counted = [row for row in payments if row["purse"] == "区" and row["paid_on"] <= "2024-12-31"]
    assert int(found["paid_fen"].sum()) == sum(signs[row["payment_type"]] * round(float(row["paid_fen"]) * 100) for row in counted)
    assert (found["gap_fen"] == found["entitled_fen"] - found["paid_fen"]).all()


def test_highest_only_counts_one_unit_a_firm():
    listed = [
        {"uscc": "甲", "demonstration": "数字化车间", "level": "市级", "announced_on": "2023-05-01"},
        {"uscc": "甲", "demonstration": "数字化车间", "level": "省级", "announced_on": "2024-05-01"},
        {"uscc": "乙", "demonstration": "绿色工厂", "level": "省级", "announced_on": "2024-05-01"},
    ]
    found = units(books(D16=listed))
    assert int(found["entitled_fen"].sum()) == 230_000_000
    assert highest_only_fen(load_rules(), found) == 150_000_000


LISTINGS = st.lists(
    st.fixed_dictionaries(
        {
            "uscc": st.sampled_from("甲乙丙"),
            "kind": st.sampled_from([("数字化车间", "市级"), ("数字化车间", "省级"), ("智能工厂", "市级"), ("智能工厂", "省级"), ("绿色工厂", "省级"), ("绿色工厂", "国家级")]),
            "announced_on": st.sampled_from(["2022-12-31", "2023-01-01", "2023-06-01", "2024-06-01", "2024-12-31"]),
            "item_name": st.sampled_from("一二"),
        }
    ),
    max_size=10,
    unique_by=lambda row: (row["uscc"], row["kind"], row["item_name"], row["announced_on"]),
)
MERGED = [{"uscc": "丙", "item": "合并", "changed_on": "2024-03-01", "successor_uscc": "乙"}]


def _listed(listings, rules, **more):
    rows = [
        {"uscc": each["uscc"], "demonstration": each["kind"][0], "level": each["kind"][1], "batch": each["announced_on"], "item_name": each["item_name"], "announced_on": each["announced_on"]}
        for each in listings
    ]
    return books(rules=rules, D01=[{"uscc": code} for code in "甲乙丙丁"], D02=MERGED, D16=rows, **more)


def _stacked(rule, **more):
    return load_rules().overlay({"readings": {"B-11": {"value": rule, **more}}})


@examples(8)
@given(listings=LISTINGS, order=st.randoms(use_true_random=False))
def test_adding_up_gives_at_least_what_topping_up_gives_and_that_at_least_the_highest_alone(listings, order):
    found = {rule: units(_listed(listings, _stacked(rule))) for rule in ("累加", "补差", "就高")}
    sums = {rule: rows.groupby("firm")["entitled_fen"].sum() for rule, rows in found.items()}
    assert (sums["累加"] >= sums["补差"]).all() and (sums["补差"] >= sums["就高"]).all()
    within = units(_listed(listings, _stacked("就高", 就高范围="同一任务")))
    assert (within.groupby("firm")["entitled_fen"].sum() >= sums["就高"]).all()
    highest = found["累加"].groupby("firm")["entitled_fen"].max()
    assert sums["就高"].tolist() == highest.tolist()
    assert int(sums["就高"].sum()) == highest_only_fen(load_rules(), found["累加"])
    for rule, rows in found.items():
        assert (rows["gap_fen"] == rows["entitled_fen"] - rows["paid_fen"]).all()
        shuffled = order.sample(listings, len(listings))
        pd.testing.assert_frame_equal(units(_listed(shuffled, _stacked(rule))), rows)


@examples(8)
@given(listings=LISTINGS)
def test_a_ladder_topped_up_gives_its_highest_step_however_it_was_climbed(listings):
    rules = _stacked("补差")
    rows, alone = units(_listed(listings, rules)), units(_listed(listings, _stacked("累加")))
    ladder = rows["clause"].map({each.id: each.ladder for each in rules.awards.values()})
    topped, highest = rows.groupby([rows["firm"], ladder])["entitled_fen"].sum(), alone.groupby([alone["firm"], ladder])["entitled_fen"].max()
    assert topped.tolist() == highest.tolist()


@examples(6)
@given(listings=LISTINGS, rule=st.sampled_from(["累加", "补差", "就高"]))
def test_rows_that_no_clause_asks_for_change_nothing(listings, rule):
    rules = _stacked(rule)
    beside = {"D15": [{"uscc": "甲", "acceptance": "未通过", "accepted_on": "2024-05-01"}], "D17": [{"uscc": "甲", "rated_on": "2024-05-01"}]}
    title = {"uscc": "甲", "tier": "创新型", "event": "认定", "announced_on": "2024-01-01", "valid_from": "2024-01-01", "valid_to": "2026-12-31"}
    other = [{"uscc": "丁", "kind": ("绿色工厂", "市级"), "announced_on": "2024-06-01", "item_name": "一"}]
    pd.testing.assert_frame_equal(units(_listed([*listings, *other], rules, D04=[title], **beside)), units(_listed(listings, rules)))
