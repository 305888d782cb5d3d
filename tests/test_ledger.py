"""What departments write of awards, one thing at a time: which applications are known, what was paid, to whom, for which unit."""

import pandas as pd
import pytest
from builders import books

from zjtx_pipeline.awards import ledger

KEY = "甲|小巨人|四"


def application(**cells):
    return {"uscc": "甲", "award_no": "1", "clause": "A02", "trigger_key": KEY, "applied_on": "2024-07-01", "state": "审核中", **cells}


def payment(**cells):
    return {"uscc": "甲", "award_no": "1", "clause": "A02", "paid_fen": "100", "paid_on": "2024-09-01", "payment_type": "拨付", "purse": "区", **cells}


@pytest.mark.parametrize(
    ("cells", "known", "decided"),
    [
        ({}, True, False),
        ({"applied_on": "2024-12-31"}, True, False),
        ({"applied_on": "2025-01-01"}, False, None),
        ({"applied_on": None}, True, False),
        ({"applied_on": None, "approved_on": "2025-01-01", "state": "已核定"}, False, None),
        ({"approved_on": "2024-12-31", "state": "已核定"}, True, True),
        ({"approved_on": "2025-01-01", "state": "已核定"}, True, False),
        ({"approved_on": None, "state": "已核定"}, True, True),
        ({"approved_on": None, "state": "不予兑现"}, True, True),
        ({"applied_on": None, "approved_on": None, "state": "已核定"}, True, True),
        ({"approved_on": "2024-12-31", "state": "审核中"}, True, True),
        ({"applied_on": "2025-01-01", "approved_on": "2024-12-31", "state": "已核定"}, True, True),
        ({"applied_on": "2025-01-01", "approved_on": None, "state": "已核定"}, True, True),
        ({"applied_on": "2025-01-01", "approved_on": "2025-01-01", "state": "已核定"}, False, None),
    ],
)
def test_an_application_is_known_from_the_day_that_it_was_made_or_decided(cells, known, decided):
    found = ledger.applications(books(D06a=[application(**cells)]))
    assert found["decided"].tolist() == ([decided] if known else [])


def test_what_has_been_paid_for_is_known_whatever_its_days_say():
    late = application(applied_on="2025-01-01")
    assert len(ledger.applications(books(D06a=[late], D06b=[payment()]))) == 1
    assert ledger.applications(books(D06a=[late], D06b=[payment(award_no="2")])).empty
    assert ledger.applications(books(D06a=[late], D06b=[payment(purse="市")])).empty


def test_an_application_is_its_firms_of_today_and_meets_the_unit_under_that_code():
    changed = [{"uscc": "甲", "item": "换码", "changed_on": "2024-08-01", "successor_uscc": "乙"}]
    found = ledger.applications(books(D02=changed, D06a=[application()])).iloc[0]
    assert (found["firm"], found["match"]) == ("乙", "乙|小巨人|四")
    keys = pd.Series(["甲|2024", "甲", "丙|甲|x", ""])
    assert ledger.matching(books(D02=changed), pd.Series("A02", index=keys.index), keys).tolist() == ["乙|2024", "乙", "丙|甲|x", ""]


PAID = [
    payment(paid_fen="100.01"), payment(paid_fen="30", payment_type="退回"), payment(paid_fen="5", paid_on="2024-12-31"),
    payment(paid_fen="7", paid_on="2025-01-01"), payment(paid_fen="11", purse="市"), payment(paid_fen="13", paid_on="2022-12-31"),
    payment(paid_fen="17", paid_on="2023-01-01"),
]  # fmt: skip


def test_payments_count_to_the_quarters_end_less_what_came_back_each_purse_apart():
    held = books(D06b=PAID)
    assert ledger.all_payments(held)["net_fen"].tolist() == [10001, -3000, 500, 1100, 1300, 1700]
    assert ledger.payments(held)["net_fen"].tolist() == [10001, -3000, 500, 1300, 1700]


def test_money_parts_count_from_the_terms_first_day_with_the_year_that_a_buyers_key_names():
    keys = {"1": "甲|2023", "2": "甲|智能工厂|省级|一|厂", "3": "甲|20234", "4": "甲|2024"}
    held = books(D06a=[application(award_no=number, trigger_key=key) for number, key in keys.items()],
                 D06b=[payment(award_no=number, paid_on=day) for number, day in (("1", "2023-01-01"), ("2", "2024-01-01"), ("3", "2024-01-01"), ("4", "2022-12-31"), ("9", "2024-01-01"))])  # fmt: skip
    found = ledger.net_paid(held)
    assert found["award_no"].tolist() == ["1", "2", "3", "9"]
    assert found["年度"].fillna("").tolist() == ["2023", "", "", ""]
    assert found["条款"].eq("A02").all()


def test_a_unit_of_several_applications_has_their_sums_and_the_outermost_days():
    held = books(
        D06a=[
            application(award_no="2", applied_on="2024-06-01", approved_on="2024-08-01", approved_fen="40", state="已核定"),
            application(award_no="1", applied_on="2024-07-01", approved_on="2024-07-02", approved_fen="60.05", state="已核定"),
            application(award_no="3", applied_on="2024-07-03", approved_on="2025-01-02", approved_fen="5", state="已核定"),
            application(award_no="4", uscc="乙", trigger_key="乙|小巨人|四", approved_on="2024-07-02", state="不予兑现"),
        ],
        D06b=[
            payment(paid_fen="10", paid_on="2024-09-01"), payment(paid_fen="20", paid_on="2024-10-01", award_no="2"),
            payment(paid_fen="1", paid_on="2024-11-01", payment_type="退回"), payment(paid_fen="3", purse="市", paid_on="2024-12-01"),
        ],
    )  # fmt: skip
    first, second = ledger.applied(held).to_dict("records")
    assert (first["approved_fen"], first["paid_fen"], first["other_purses_fen"]) == (10005, 2900, 300)
    assert (f"{first['applied_on']:%m-%d}", f"{first['paid_on']:%m-%d}") == ("06-01", "10-01")
    assert (first["approved"], first["refused"], first["applied"]) == (True, False, True)
    assert (second["uscc"], second["approved"], second["refused"]) == ("乙", False, True)
    assert pd.isna(second["approved_fen"]) and pd.isna(second["paid_fen"]) and pd.isna(second["other_purses_fen"]) and pd.isna(second["paid_on"])


def test_a_unit_is_refused_only_when_all_its_applications_are_and_approved_when_one_is():
    states = [application(award_no="1", state="不予兑现"), application(award_no="2", state="已核定")]
    [found] = ledger.applied(books(D06a=states)).to_dict("records")
    assert (found["approved"], found["refused"]) == (True, False)
    later = [application(award_no="1", state="不予兑现", approved_on="2025-01-02")]
    assert ledger.applied(books(D06a=later))["refused"].tolist() == [False]


def test_payments_of_a_number_that_nobody_applied_under_are_told_of_a_row_a_number():
    held = books(
        D06a=[application()],
        D06b=[payment(), payment(award_no="9", payment_no="2", paid_fen="5"), payment(award_no="9", payment_no="1", paid_fen="1", name="先公司"), payment(award_no="8", paid_fen="3", purse="市")],
    )  # fmt: skip
    [found] = ledger.unknown_payments(held).to_dict("records")
    assert (found["award_no"], found["clause"], found["firm"], found["paid_fen"], found["name"]) == ("9", "A02", "甲", 600, "先公司")
