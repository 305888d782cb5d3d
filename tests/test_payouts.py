"""Payments that a rule speaks against: which payment is told, one condition at a time, to the fen."""

import pandas as pd
import pytest
from builders import books

from zjtx_pipeline.awards import payouts
from zjtx_pipeline.awards.payouts import UNTRIGGERED, faults
from zjtx_pipeline.awards.tally import PAID

NOBODY_TOLD = None  # the state of a unit whose clause has no units, its triggers' table not being delivered


def paid(**columns):
    """One payment with all that is known of its unit: entitled to, approved and paid 100 fen, all in this payment."""
    row = {
        "unit_paid_fen": 100, "before_fen": 0, "net_fen": 100, "entitled_fen": 100, "unit_approved_fen": 100, "unit_state": PAID,
        "eligible": True, "award_no": "1", "first_no": "1", "clause": "A17", "triggered_on": pd.Timestamp("2024-01-01"),
    }  # fmt: skip
    kinds = {name: "Int64" for name in row if name.endswith("_fen")}
    return pd.DataFrame([row | columns]).astype(kinds)


def told(found, rule):
    (rows,) = [rows for name, _, rows in found if name == rule]
    return len(rows) == 1


@pytest.mark.parametrize(("net", "due"), [(100, True), (1, True), (0, False), (-1, False)])
@pytest.mark.parametrize(
    ("rule", "of", "columns"),
    [
        ("拨付金额.无触发", payouts._without_cause, {"unit_state": UNTRIGGERED}),
        ("拨付金额.不合条件", payouts._without_cause, {"eligible": False}),
        ("拨付金额.两个编号", payouts._twice, {"award_no": "2"}),
    ],
)
def test_what_was_taken_back_in_full_is_settled(rule, of, columns, net, due):
    assert told(of(paid(unit_paid_fen=net, **columns)), rule) == due


@pytest.mark.parametrize(
    ("state", "eligible", "without_trigger", "outside"),
    [
        (UNTRIGGERED, False, True, False),
        (UNTRIGGERED, True, True, False),
        (PAID, True, False, False),
        (PAID, False, False, True),
        (PAID, None, False, True),
        (NOBODY_TOLD, False, False, False),
        (NOBODY_TOLD, True, False, False),
    ],
)
def test_without_trigger_or_outside_the_conditions_but_not_both_and_neither_where_nobody_can_tell(state, eligible, without_trigger, outside):
    rows = paid(unit_state=state, eligible=eligible)
    found = list(payouts._without_cause(rows))
    assert (told(found, "拨付金额.无触发"), told(found, "拨付金额.不合条件")) == (without_trigger, outside)


@pytest.mark.parametrize(
    ("award_no", "eligible", "twice"), [("1", True, False), ("2", True, True), ("0", True, True), ("2", False, False), ("2", None, False)]
)
def test_a_second_number_is_told_of_a_unit_that_is_entitled(award_no, eligible, twice):
    assert told(payouts._twice(paid(award_no=award_no, eligible=eligible)), "拨付金额.两个编号") == twice


@pytest.mark.parametrize(
    ("due", "before", "net_of_all", "again"),
    [
        (100, 100, 101, True),
        (100, 101, 150, True),
        (100, 99, 150, False),  # not all had been paid before
        (100, 100, 100, False),  # what was too much has come back
        (100, 100, 99, False),
        (1, 1, 2, True),
        (0, 0, 1, False),  # entitled to nothing: told by another rule
        (-1, 0, 1, False),
    ],
)
@pytest.mark.parametrize("stated", [True, False])
def test_paid_again_after_all_that_is_due_had_been_paid(due, before, net_of_all, again, stated):
    sums = {"entitled_fen": due, "unit_approved_fen": 7} if stated else {"entitled_fen": pd.NA, "unit_approved_fen": due}
    assert told(payouts._twice(paid(before_fen=before, unit_paid_fen=net_of_all, **sums)), "拨付金额.重复拨付") == again


def test_where_neither_amount_is_known_nothing_was_paid_again():
    assert not told(payouts._twice(paid(before_fen=100, unit_paid_fen=200, entitled_fen=pd.NA, unit_approved_fen=pd.NA)), "拨付金额.重复拨付")


@pytest.mark.parametrize(
    ("before", "net", "net_of_all", "too_much"),
    [
        (90, 20, 110, True),
        (100, 10, 110, True),
        (0, 101, 101, True),
        (101, 9, 110, False),  # an earlier payment passed the limit
        (90, 20, 100, False),  # came back since
        (90, 20, 99, False),
        (80, 20, 110, False),  # a later one will pass it
        (70, 20, 110, False),
    ],
)
def test_the_payment_that_passes_the_limit_is_told(before, net, net_of_all, too_much):
    rows = paid(before_fen=before, net_fen=net, unit_paid_fen=net_of_all)
    assert told(payouts._too_much(books(), rows), "拨付金额.超应兑") == too_much
    assert not told(payouts._too_much(books(), rows.assign(eligible=False)), "拨付金额.超应兑")
    assert not told(payouts._too_much(books(), rows.assign(entitled_fen=pd.array([pd.NA], dtype="Int64"))), "拨付金额.超应兑")


@pytest.mark.parametrize(("more", "too_much"), [(0, False), (1, True)])
def test_the_clause_s_cap_is_a_limit_of_its_own(more, too_much):
    held = books()
    (cap,) = {int(terms.cap * 100) for terms in held.rules.awards["A08"].terms}
    rows = paid(clause="A08", entitled_fen=10 * cap, net_fen=cap + more, unit_paid_fen=cap + more)
    found = list(payouts._too_much(held, rows))
    assert (told(found, "拨付金额.超应兑"), told(found, "拨付金额.超上限")) == (False, too_much)


def listed(removed_on=None, *, paid_back="0", paid_on="2024-03-01", took_back="退回"):
    """A green factory whose prize was paid, and given back in part."""
    given = {"uscc": "甲", "award_no": "1", "clause": "A17", "purse": "区"}
    payments = [given | {"payment_no": "一", "paid_fen": "1", "paid_on": paid_on, "payment_type": "拨付"}]
    if paid_back != "0":
        payments.append(given | {"payment_no": "二", "paid_fen": paid_back, "paid_on": "2024-09-01", "payment_type": took_back})
    return books(
        D06a=[{"uscc": "甲", "award_no": "1", "clause": "A17", "trigger_key": "甲|绿色工厂|省级|一|厂", "applied_on": "2024-02-01"}],
        D06b=payments,
        D16=[
            {"uscc": "甲", "demonstration": "绿色工厂", "level": "省级", "batch": "一", "item_name": "厂",
             "announced_on": "2024-01-01", "removed_on": removed_on}
        ],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("removed_on", "paid_back", "due_back"),
    [
        ("2024-06-01", "0", True),
        ("2024-06-01", "0.99", True),
        ("2024-06-01", "1", False),
        ("2024-06-01", "1.01", False),
        (None, "0", False),
        ("2025-01-01", "0", False),  # after the quarter's end
    ],
)
def test_what_was_paid_for_a_place_since_lost_is_due_back(removed_on, paid_back, due_back):
    assert told(faults(listed(removed_on, paid_back=paid_back)), "拨付金额.撤销后待追回") == due_back


@pytest.mark.parametrize(("paid_on", "held_to_the_plan"), [("2022-12-31", False), ("2023-01-01", True)])
def test_payments_before_the_term_are_not_held_to_the_plan(paid_on, held_to_the_plan):
    assert told(faults(listed("2024-06-01", paid_on=paid_on)), "拨付金额.撤销后待追回") == held_to_the_plan


def test_each_payment_knows_what_went_before_and_by_which_number_its_unit_was_first_paid():
    key = "甲|绿色工厂|省级|一|厂"
    numbered = [("乙号", "3", "2024-03-01", "拨付"), ("甲号", "5", "2024-05-01", "拨付"), ("乙号", "2", "2024-04-01", "退回"), ("乙号", "7", "2024-05-01", "拨付")]
    held = books(
        D06a=[{"uscc": "甲", "award_no": number, "clause": "A17", "trigger_key": key} for number in ("甲号", "乙号")],
        D06b=[
            {"uscc": "甲", "award_no": number, "payment_no": str(at), "clause": "A17", "paid_fen": yuan, "paid_on": day, "payment_type": kind, "purse": "区"}
            for at, (number, yuan, day, kind) in enumerate(numbered)
        ],
        D16=[{"uscc": "甲", "demonstration": "绿色工厂", "level": "省级", "batch": "一", "item_name": "厂", "announced_on": "2024-01-01"}],
    )  # fmt: skip
    found = payouts.unit_payments(held)
    assert list(found.index) == [0, 3, 1]  # D06b's labels, by day and number; what was taken back is no payment
    assert found["before_fen"].tolist() == [0, 100, 800]
    assert found["unit_paid_fen"].tolist() == [1300] * 3
    assert found["first_no"].tolist() == ["乙号"] * 3
