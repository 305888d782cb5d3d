"""The parts of an award's sum one by one, at their edges: term, formula, caps and their order."""

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from builders import books

from zjtx_pipeline.awards import caps
from zjtx_pipeline.rules import load_rules

RULES = load_rules()
FIRST_SETS = RULES.awards["A08"]
CAP_FEN = 300_000_000


def reading(**readings):
    return RULES.overlay({"readings": {name.replace("_", "-"): value for name, value in readings.items()}})


def changed(model, **to):
    return model.model_copy(update=to)


def days(*texts):
    return pd.Series(pd.to_datetime(list(texts)))


def fen(*values):
    return pd.Series(list(values), dtype="Int64")


@pytest.mark.parametrize(
    ("valid_to", "inside"),
    [(date(2024, 6, 30), [False, True, True, False, False]), (None, [False, True, True, True, True])],
)
def test_terms_hold_from_their_first_day_to_their_last(valid_to, inside):
    terms = changed(FIRST_SETS.terms[0], valid_from=date(2024, 1, 1), valid_to=valid_to)
    asked = days("2023-12-31", "2024-01-01", "2024-06-30", "2024-07-01", "2999-01-01")
    assert caps.in_term(asked, terms).tolist() == inside


def test_only_a_capped_clause_in_its_term_has_a_cap():
    clauses = pd.Series(["A08", "A10", "A08", "A08"])
    asked = days("2024-01-01", "2024-01-01", "2022-12-31", "2025-12-31")
    assert caps.unit_caps(RULES, clauses, asked).fillna(0).tolist() == [CAP_FEN, 0, 0, CAP_FEN]
    assert caps.unit_caps(reading(B_02="每产品"), clauses, asked).isna().all()
    assert caps.unit_caps(reading(B_02="每企业整个计划期"), clauses, asked).fillna(0).tolist() == [CAP_FEN, 0, 0, CAP_FEN]


def units_of(*units):
    """Units as (clause, day, base or share in fen, eligible) of one firm."""
    clause, day, sums, eligible = zip(*units)
    return pd.DataFrame(
        {"clause": clause, "triggered_on": pd.to_datetime(list(day)), "base_fen": fen(*sums), "alone_fen": fen(*sums),
         "eligible": eligible, "firm": "甲", "uscc": "甲", "trigger_key": [str(number) for number in range(len(units))]}
    )  # fmt: skip


def test_one_cap_for_the_plan_is_used_up_from_the_earliest_unit_on():
    rows = units_of(("A08", "2024-05-01", 250_000_000, True), ("A08", "2023-05-01", 200_000_000, True), ("A08", "2025-05-01", 1, True))
    assert caps.within_plan(reading(B_02="每企业整个计划期"), rows).tolist() == [100_000_000, 200_000_000, 0]
    for other in (RULES, reading(B_02="每产品")):
        assert caps.within_plan(other, rows).tolist() == rows["alone_fen"].tolist()


def test_a_clause_without_a_cap_is_left_whole_by_the_plans():
    rows = units_of(("A10", "2024-05-01", 900_000_000, True))
    assert caps.within_plan(reading(B_02="每企业整个计划期"), rows).tolist() == [900_000_000]


def test_what_one_cap_for_the_plan_would_leave_is_asked_of_eligible_units_of_a08_alone():
    held = books()
    rows = units_of(
        ("A08", "2023-05-01", 2_900_000_000, True), ("A08", "2024-05-01", 2_000_000_000, True),
        ("A08", "2023-06-01", 2_000_000_000, False), ("A10", "2023-07-01", 2_000_000_000, True),
    )  # fmt: skip
    assert caps.by_plan(held, rows).to_dict() == {0: 290_000_000, 1: 10_000_000}
    assert caps.by_plan(held, rows[rows["clause"].eq("A10")]).empty
    late = units_of(("A08", "2023-05-01", 10, True), ("A08", "2026-01-01", 10, True))  # no cap is in force for the second
    assert caps.by_plan(held, late).isna().tolist() == [True, True]


def test_a_plans_cap_changes_what_it_makes_less_and_what_cannot_be_told_it_does_not():
    units = pd.DataFrame({"by_plan_fen": fen(1, 2, None, 3), "alone_fen": fen(2, 2, 5, 2)})
    assert caps.changed_by_plan_cap(units).index.tolist() == [0, 3]


@pytest.mark.parametrize(("base", "share"), [(5, 1), (4, 0), (15, 2), (-100, 0), (None, None), (3_000_000_000, CAP_FEN), (3_000_000_010, CAP_FEN)])
def test_a_share_is_rounded_half_up_once_never_below_nought_nor_above_the_cap(base, share):
    rows = units_of(("A08", "2024-05-01", base, True))
    [found] = caps.capped(books(), rows, FIRST_SETS, FIRST_SETS.terms[0])
    assert (None if pd.isna(found) else found) == share


def test_a_fixed_amount_is_the_same_for_every_unit_and_one_not_stated_is_none():
    rows = units_of(("A10", "2024-05-01", 7, True), ("A10", "2024-05-02", None, True))
    stated = changed(FIRST_SETS.terms[0], rate=None, cap=None, amount=Decimal("500000"))
    assert caps.capped(books(), rows, FIRST_SETS, stated).tolist() == [50_000_000, 50_000_000]
    assert caps.capped(books(), rows, FIRST_SETS, changed(stated, amount=None)).isna().all()


def bought(product, amount, firm="甲", day="2024-05-01"):
    return {"uscc": firm, "supplier_uscc": "丁", "product_no": product, "contracted_on": "2024-01-02", "invoiced_on": day, "net_purchase_fen": amount}


PRODUCTS = [{"uscc": "丁", "product_no": product, "category": "首台套", "level": "国内", "recognised_on": "2022-01-01"} for product in ("P1", "P2", "P3")]


def test_each_products_own_cap_is_drawn_before_the_sum_is_rounded_and_a_return_never_makes_it_negative():
    """P1 above its cap, P2 half a fen, P3 sent back: 3,000,000.00 + 0.005 - 0.05 yuan; of 乙 nothing but what it sent back."""
    held = books(
        rules=reading(B_02="每产品"), D13=PRODUCTS,
        D14=[bought("P1", "30000010"), bought("P2", "0.05"), bought("P3", "-0.50"), bought("P1", "-80", "乙"), bought("P2", "1.00", day="2023-05-01")],
    )  # fmt: skip
    rows = pd.DataFrame({"uscc": ["甲", "乙", "甲"], "triggered_on": pd.to_datetime(["2024-05-01", "2024-05-01", "2023-05-01"]), "base_fen": fen(1, 1, 1)})
    assert caps.capped(held, rows, FIRST_SETS, FIRST_SETS.terms[0]).tolist() == [299_999_996, 0, 10]


def test_without_a_cap_or_a_rate_products_are_not_looked_at():
    held, rows = books(rules=reading(B_02="每产品")), units_of(("A08", "2024-05-01", 100, True))
    terms = FIRST_SETS.terms[0]
    assert caps.capped(held, rows, FIRST_SETS, changed(terms, cap=None)).tolist() == [10]
    assert caps.capped(held, rows, FIRST_SETS, changed(terms, rate=None, amount=Decimal("5000000"))).tolist() == [CAP_FEN]
    elsewhere = changed(FIRST_SETS, trigger=changed(FIRST_SETS.trigger, table="D15"))
    assert caps.capped(held, rows, elsewhere, terms).tolist() == [10]
