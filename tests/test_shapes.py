"""What titles and awards hand out: these columns and no others, labels from 0 where rows are new, worked out once for a quarter's books."""

import pandas as pd
import pytest
from builders import books

from zjtx_pipeline import tiers
from zjtx_pipeline.awards import caps, firsts, ledger, payouts, purchases, tally, triggers

LABELLED_ANEW = [
    (tiers.titles, ["uscc", "name", "tier", "since", "until", "in_district"]),
    (tiers.roster, ["firm", "镇街", "口径"]),
    (tiers.grants, ["uscc", "tier", "starts_on", "ends_on", "valid_from", "valid_to", "announced_on", "event", "name", "grant", "received_on", "ended_on", "reason"]),
    (triggers.trigger_rows, [*triggers.COLUMNS, "firm", "match"]),
    (tally.units, tally.COLUMNS),
    (ledger.applied, [
        *ledger.UNIT, "uscc", "name", "trigger_key", "triggered_on", "approved_fen", "paid_fen", "other_purses_fen",
        "approved", "refused", "applied_on", "paid_on", "applied",
    ]),
    (ledger.unknown_payments, ["award_no", "clause", "uscc", "name", "firm", "paid_fen"]),
]  # fmt: skip
ONCE = [
    tiers.announced, tiers.title_successions, tiers._title_steps, tiers.grants, tiers.pool_spans, tiers._spans, tiers.roster,
    ledger.applications, ledger.all_payments, ledger.payments, ledger.net_paid, payouts.unit_payments,
    purchases.counted_purchases, tally.units, triggers.trigger_rows, triggers._first_ever,
]  # fmt: skip
WHICH = {tiers.pool_spans: ["创新型"], tiers._spans: ["P2"], tiers.roster: ["P2"]}
OF_PURCHASES = {
    purchases.purchase_units: ["firm", "year", "name", "base_fen", "triggered_on"],
    purchases.product_bases: ["firm", "year", "product_no", "base_fen"],
}


@pytest.fixture
def district():
    """Of everything something: titles, pools, purchases, listings, what was applied for and paid."""
    recognised = {"tier": "小巨人", "event": "认定", "announced_on": "2024-05-01", "valid_from": "2024-05-01", "valid_to": "2027-04-30"}
    return books(
        D01=[{"uscc": code, "name": f"{code}公司"} for code in "甲乙丙"],
        D03=[{"uscc": "甲", "pool": "创新型", "entered_on": "2023-05-01"}],
        D04=[{"uscc": code, "batch": "第一批"} | recognised for code in "乙甲"],
        D06a=[{"uscc": "甲", "award_no": "1", "clause": "A17", "trigger_key": "甲|绿色工厂|省级|一|厂", "applied_on": "2024-02-01"}],
        D06b=[
            {"uscc": "甲", "award_no": number, "clause": "A17", "paid_fen": "100", "paid_on": "2024-05-01", "payment_type": "拨付", "purse": "区"}
            for number in "19"
        ],
        D13=[{"uscc": "丙", "product_no": "P1", "category": "首台套", "level": "省内", "recognised_on": "2023-06-01"}],
        D14=[
            {"uscc": "甲", "supplier_uscc": "丙", "product_no": "P1", "purchase_type": "首台套采购", "contracted_on": "2024-01-01",
             "invoiced_on": "2024-02-01", "net_purchase_fen": "10000", "is_related_party": False}
        ],
        D16=[{"uscc": "甲", "demonstration": "绿色工厂", "level": "省级", "batch": "一", "item_name": "厂", "announced_on": "2024-01-01"}],
    )  # fmt: skip


@pytest.mark.parametrize(("ask", "columns"), LABELLED_ANEW, ids=lambda each: getattr(each, "__name__", ""))
def test_these_columns_and_labels_from_nought(district, ask, columns):
    found = ask(district, *WHICH.get(ask, []))
    assert list(found.columns) == columns
    assert len(found)
    assert found.index.equals(pd.RangeIndex(len(found)))


@pytest.mark.parametrize("ask", OF_PURCHASES, ids=lambda each: each.__name__)
def test_purchases_added_up_have_these_columns(district, ask):
    found = ask(district, district.rules.awards["A08"])
    assert list(found.columns) == OF_PURCHASES[ask]
    assert found["base_fen"].tolist() == [1_000_000]


@pytest.mark.parametrize("ask", ONCE, ids=lambda each: each.__name__)
def test_it_is_worked_out_once(district, ask):
    assert ask(district, *WHICH.get(ask, [])) is ask(district, *WHICH.get(ask, []))


def test_what_is_reckoned_for_rows_comes_back_under_their_labels(district):
    rows = tally.entitled(district, triggers.trigger_rows(district))
    rows = rows.set_axis(range(9, 9 - len(rows), -1))
    assert list(caps.within_plan(district.rules, rows).index) == list(rows.index)
    assert list(caps.unit_caps(district.rules, rows["clause"], rows["triggered_on"]).index) == list(rows.index)
    assert list(firsts.revoked_on(district, tiers.announced(district).assign(triggered_on=pd.Timestamp("2024-05-01"))).index) == [0, 1]
