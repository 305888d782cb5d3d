"""Knows payments that a rule of the plan speaks against: nothing set them off, paid twice, too much, or due back.

They have happened and stay 已兑; `breaches` tells of them. What needs D06a and D06b alone (an unknown 兑现编号, more paid
than approved, two 兑现编号 applied for) is told by these tables' suites. Source: datasets.md 5.5.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from zjtx_pipeline.awards.caps import unit_caps
from zjtx_pipeline.awards.ledger import PAID_OUT, applications, payments
from zjtx_pipeline.awards.tally import UNTRIGGERED, units
from zjtx_pipeline.awards.triggers import UNIT, matching
from zjtx_pipeline.books import Books, looked_up, once

Found = Iterator[tuple[str, str, pd.DataFrame]]


def faults(books: Books) -> Found:
    """Rule, Chinese sentence ({值} is the payment's amount) and the payments, D06b's rows under their labels.

    Only payments since the term's first day are held to the plan; earlier ones still tell what had been paid before.
    """
    paid = unit_payments(books)
    paid = paid[paid["paid_on"] >= pd.Timestamp(books.rules.plan.starts_on)]
    yield from _without_cause(paid)
    yield from _twice(paid)
    yield from _too_much(books, paid)
    message = "已拨付“{值}”元，而有关资质已被撤销或示范已移出名单：原文未写追回办法，请核实是否应当追回。"
    yield "拨付金额.撤销后待追回", message, paid[paid["lost_on"].notna() & (paid["unit_paid_fen"] > 0)]


@once
def unit_payments(books: Books) -> pd.DataFrame:
    """The own purse's 拨付 of known 兑现编号, earliest first, each with what is known of its unit.

    Beside D06b's columns: `unit_state`, entitled_fen (NA not stated), unit_approved_fen, eligible, lost_on;
    `unit_paid_fen`, net of what was taken back; `before_fen`, net before this payment; `first_no`, the unit's first
    兑现编号 that was paid.
    """
    rows = payments(books).sort_values(["paid_on", "award_no", "payment_no"])
    tied = applications(books).drop_duplicates("award_no").set_index("award_no")
    rows = rows.assign(**{name: looked_up(tied[name], rows["award_no"]) for name in UNIT})
    rows = rows[rows["match"].notna()]
    known = _tallied(books)
    rows = rows.merge(known, on=UNIT, how="left", validate="m:1").set_axis(rows.index)
    of_unit = rows.groupby(UNIT, sort=False)
    before = of_unit["net_fen"].cumsum() - rows["net_fen"]
    rows = rows.assign(unit_paid_fen=of_unit["net_fen"].transform("sum"), before_fen=before)
    rows = rows[rows["payment_type"].eq(PAID_OUT)]
    return rows.assign(first_no=rows.groupby(UNIT, sort=False)["award_no"].transform("first"))


def _tallied(books: Books) -> pd.DataFrame:
    """The award units by what ties D06a's rows to them."""
    rows = units(books).dropna(subset=["trigger_key"])
    rows = rows.assign(match=matching(books, rows["clause"], rows["trigger_key"])).drop_duplicates(UNIT)
    named = {"state": "unit_state", "approved_fen": "unit_approved_fen"}
    return rows.rename(columns=named)[[*UNIT, *named.values(), "triggered_on", "entitled_fen", "eligible", "lost_on"]]


def _without_cause(paid: pd.DataFrame) -> Found:
    """Paid although nothing set it off, or what did entitles to nothing; what was taken back in full is settled."""
    kept = paid[paid["unit_paid_fen"] > 0]
    untriggered = kept["unit_state"].eq(UNTRIGGERED)
    message = "已拨付“{值}”元，而触发事项在相应的台账中找不到：请核对触发事项键，属误拨的请追回。"
    yield "拨付金额.无触发", message, kept[untriggered]
    message = "已拨付“{值}”元，而触发事项在条款有效期以外、企业当日不在萧或不属适用对象、或不是首次，测算应兑为零：请核对。"
    told = kept["unit_state"].notna()  # of a clause whose triggers nobody delivered nothing is said
    yield "拨付金额.不合条件", message, kept[told & ~untriggered & ~kept["eligible"].eq(True)]


def _twice(paid: pd.DataFrame) -> Found:
    """A second 兑现编号 that was paid for one unit, and a payment after all that is due had been paid."""
    kept = paid[(paid["unit_paid_fen"] > 0) & paid["eligible"].eq(True)]
    message = "同一触发事项已按另一兑现编号拨付，又拨付“{值}”元：请核对是否重复兑现。"
    yield "拨付金额.两个编号", message, kept[kept["award_no"].ne(kept["first_no"])]
    due = kept["entitled_fen"].fillna(kept["unit_approved_fen"])
    again = _true((due > 0) & (kept["before_fen"] >= due) & (kept["unit_paid_fen"] > due))
    message = "该兑现单元此前已足额拨付，又拨付“{值}”元：请核对是否重复拨付。"
    yield "拨付金额.重复拨付", message, kept[again]


def _too_much(books: Books, paid: pd.DataFrame) -> Found:
    """The payment with which a unit passed what its formula gives, or the clause's cap, and has not come back since."""
    own = paid[paid["eligible"].eq(True)]
    for rule, limit, what in (
        ("拨付金额.超应兑", own["entitled_fen"], "按条款测算的应兑金额"),
        ("拨付金额.超上限", unit_caps(books.rules, own["clause"], own["triggered_on"]), "条款上限"),
    ):
        passed = (own["unit_paid_fen"] > limit) & (own["before_fen"] <= limit) & (own["before_fen"] + own["net_fen"] > limit)
        yield rule, f"拨付“{{值}}”元以后，该兑现单元累计已兑超过{what}：请核对，多付的请追回。", own[_true(passed)]


def _true(condition: pd.Series) -> pd.Series:
    return condition.fillna(False).astype(bool)
