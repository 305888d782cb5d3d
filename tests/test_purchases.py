"""Purchases, one condition at a time: which invoices count, and to whose unit."""

import pandas as pd
import pytest
from builders import ELSEWHERE, TOWN, books

from zjtx_pipeline.awards import purchases
from zjtx_pipeline.rules import load_rules

RULES = load_rules()
FIRST_SETS, FIRST_BUYS = RULES.awards["A08"], RULES.awards["A09"]
PRODUCT = {"uscc": "丁", "product_no": "P1", "category": "首台套", "level": "国内", "recognised_on": "2023-05-01"}


def reading(**choices):
    return RULES.overlay({"readings": {"B-03": choices}})


def invoice(**cells):
    return {
        "uscc": "甲", "supplier_uscc": "丁", "product_no": "P1", "contracted_on": "2024-02-01", "invoiced_on": "2024-05-01",
        "net_purchase_fen": "100", "tax_fen": "13", "contract_fen": "500", "is_related_party": False, **cells,
    }  # fmt: skip


def counted(*invoices, rules=RULES, products=(PRODUCT,), **tables):
    register = [{"uscc": code, "street_code": TOWN} for code in "甲丙丁戊"] + [{"uscc": "外", "street_code": ELSEWHERE}]
    return purchases.counted_purchases(books(rules=rules, **({"D01": register, "D13": list(products), "D14": list(invoices)} | tables)))


@pytest.mark.parametrize(
    ("cells", "counts"),
    [
        ({}, True),
        ({"invoiced_on": "2024-12-31"}, True),
        ({"invoiced_on": "2025-01-01"}, False),
        ({"is_related_party": True}, False),
        ({"is_related_party": None}, False),  # who does not say is taken for related
        ({"uscc": "外"}, False),
        ({"supplier_uscc": "外"}, False),
        ({"supplier_uscc": "戊"}, False),  # not the seller's own product
        ({"product_no": "P2"}, False),
        ({"contracted_on": "2023-05-01"}, True),
        ({"contracted_on": "2023-04-30"}, False),
        ({"net_purchase_fen": "-100"}, True),  # a red invoice is judged like any row
    ],
)
def test_an_invoice_counts_by_its_days_its_parties_and_its_product(cells, counts):
    assert len(counted(invoice(**cells))) == counts


@pytest.mark.parametrize(("removed_on", "counts"), [(None, True), ("2024-02-02", True), ("2024-02-01", False), ("2024-01-31", False)])
def test_a_product_counts_until_the_day_before_it_is_taken_off_the_list(removed_on, counts):
    assert len(counted(invoice(), products=[{**PRODUCT, "removed_on": removed_on}])) == counts


def test_a_sellers_product_is_looked_for_among_all_of_that_number():
    others = [{**PRODUCT, "uscc": "戊"}, PRODUCT, {**PRODUCT, "product_no": "P2"}]
    assert len(counted(invoice(), invoice(product_no="P2"), invoice(product_no="P3"), products=others)) == 2


@pytest.mark.parametrize(
    ("category", "purchase_type", "reading_b05", "counts"),
    [
        ("首台套", "首台套采购", "仅首台（套）", True),
        ("首批次", "首台套采购", "仅首台（套）", False),
        ("首批次", "首台套采购", "含首批次首版次", True),
        ("首批次", "首购首用", "仅首台（套）", True),
        ("首台套", "首购首用", "仅首台（套）", True),
    ],
)
def test_first_sets_ask_for_their_category_first_buys_for_any(category, purchase_type, reading_b05, counts):
    rules = RULES.overlay({"readings": {"B-05": reading_b05}})
    product = {**PRODUCT, "category": category, "level": "国内" if category == "首台套" else "省内"}
    assert len(counted(invoice(purchase_type=purchase_type), rules=rules, products=[product])) == counts


def test_the_readings_ask_less_of_the_buyer():
    related, outside = invoice(is_related_party=True), invoice(uscc="外")
    assert len(counted(related, rules=reading(关联方="计入"))) == 1
    assert len(counted(outside, rules=reading(采购方地域="不限"))) == 1
    assert len(counted(outside, rules=reading(关联方="计入"))) == 0
    assert len(counted(related, rules=reading(采购方地域="不限"))) == 0
    assert len(counted(invoice(supplier_uscc="外"), rules=reading(采购方地域="不限"), products=[{**PRODUCT, "uscc": "外"}])) == 0


def test_parties_stand_under_todays_codes_and_are_judged_under_those_of_their_day():
    changed = [{"uscc": "甲", "item": "换码", "changed_on": "2024-08-01", "successor_uscc": "丙"}, {"uscc": "丁", "item": "换码", "changed_on": "2024-08-02", "successor_uscc": "戊"}]
    found = counted(invoice(), D02=changed).iloc[0]
    assert (found["firm"], found["seller"], found["year"], found["amount_fen"]) == ("丙", "戊", 2024, 10000)


@pytest.mark.parametrize(
    ("basis", "sums"),
    [("不含税发票额", [10000, 20000, -3000, 700]), ("含税发票额", [11300, 21300, -1700, 2000]), ("合同额", [50000, 0, 0, 60000])],
)
def test_the_amount_is_of_the_invoice_with_or_without_tax_or_of_the_contract_on_its_first_invoice(basis, sums):
    rules = RULES.overlay({"readings": {"B-04": basis}})
    held = [
        invoice(contract_no="C", invoice_no="1"), invoice(contract_no="C", invoice_no="2", net_purchase_fen="200"),
        invoice(contract_no="C", invoice_no="0", net_purchase_fen="-30"), invoice(contract_no="E", invoice_no="3", net_purchase_fen="7", contract_fen="600"),
    ]  # fmt: skip
    assert counted(*held, rules=rules)["amount_fen"].tolist() == sums


def test_a_contracts_first_invoice_is_the_earliest_of_the_same_buyer_and_seller_a_sum_of_nought_too():
    rules = RULES.overlay({"readings": {"B-04": "合同额"}})
    held = [
        invoice(contract_no="C", invoice_no="2", invoiced_on="2024-06-01"), invoice(contract_no="C", invoice_no="3", invoiced_on="2024-05-01", net_purchase_fen="0"),
        invoice(contract_no="C", invoice_no="1", uscc="丙", invoiced_on="2024-07-01"),
    ]  # fmt: skip
    assert counted(*held, rules=rules)["amount_fen"].tolist() == [0, 50000, 50000]


def units(award, *invoices, rules=RULES):
    register = [{"uscc": code, "street_code": TOWN} for code in "甲丙丁"]
    held = books(rules=rules, D01=register, D13=[PRODUCT, {**PRODUCT, "product_no": "P2"}], D14=list(invoices))
    return purchases.purchase_units(held, award), purchases.product_bases(held, award)


def test_a_unit_is_a_payee_and_year_named_as_on_its_last_invoice_and_set_off_by_it():
    (first, second), bases = (each.to_dict("records") for each in units(
        FIRST_SETS, invoice(name="新名"), invoice(name="旧名", invoiced_on="2024-04-01", product_no="P2", net_purchase_fen="1"),
        invoice(invoiced_on="2024-05-01", net_purchase_fen="50", uscc="丙"), invoice(purchase_type="首购首用", net_purchase_fen="9"),
    ))  # fmt: skip
    assert (first["firm"], first["year"], first["name"], first["base_fen"], f"{first['triggered_on']:%m-%d}") == ("甲", 2024, "新名", 10100, "05-01")
    assert (second["firm"], second["base_fen"]) == ("丙", 5000)
    assert {(each["firm"], each["product_no"]): each["base_fen"] for each in bases} == {("甲", "P1"): 10000, ("甲", "P2"): 100, ("丙", "P1"): 5000}


def test_first_sets_pay_whom_b03_says_first_buys_the_buyer():
    rules = RULES.overlay({"readings": {"B-03": "销售方"}})
    assert units(FIRST_SETS, invoice(), rules=rules)[0]["firm"].tolist() == ["丁"]
    assert units(FIRST_BUYS, invoice(purchase_type="首购首用"), rules=rules)[0]["firm"].tolist() == ["甲"]
    assert purchases.payee(books(), FIRST_SETS) == ("firm", "name")


@pytest.mark.parametrize(("begins", "base"), [("2024-05-01", 10100), ("2024-05-02", 100), ("2023-05-02", 10100), ("2025-01-01", 10100)])
def test_of_the_year_in_which_a_clause_begins_to_pay_only_what_is_invoiced_since_counts(begins, base):
    award = FIRST_SETS.model_copy(update={"terms": tuple(each.model_copy(update={"valid_from": pd.Timestamp(begins).date()}) for each in FIRST_SETS.terms)})
    found, _ = units(award, invoice(), invoice(invoiced_on="2024-05-02", net_purchase_fen="1"))
    assert found["base_fen"].tolist() == [base]
