"""Knows the money parts 应兑, 已兑, 差额 of the clauses over the plan's term; leaves award units to `awards`.

Source: indicators.md (notation, small print 2 and 3), datasets.md 5.5.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pandas as pd

from zjtx_pipeline.awards import net_paid, units
from zjtx_pipeline.awards.ledger import OWN_PURSE, clauses_paid
from zjtx_pipeline.awards.purchases import counted_purchases, payee
from zjtx_pipeline.awards.triggers import trigger_keys
from zjtx_pipeline.books import Books, once
from zjtx_pipeline.firms import current, in_district
from zjtx_pipeline.indicators.parts import SUM, WINNERS, Counted, Difference, Part
from zjtx_pipeline.indicators.readings import pays_since
from zjtx_pipeline.indicators.selection import since
from zjtx_pipeline.rules import Award
from zjtx_pipeline.sieve import UNITS, Rows, rows_of
from zjtx_pipeline.tables import load_tables

_OF_APPROVALS = ["clause", "trigger_key", "triggered_on", "applied_on", "base_fen", "approved_fen", "approved_on", "state"]


def money(books: Books, *clauses: str, first: str = "a") -> dict[str, Part]:
    """The three money parts from a letter on."""
    a, b, c = (chr(ord(first) + step) for step in range(3))
    return {a: entitled(books, *clauses), b: paid(books, *clauses), c: Difference(a, b)}


def triggered(books: Books, *clauses: str) -> Rows:
    """Award units set off over C, with 条款 and 年度, and the rows of the clauses' tables that set them off."""
    tallied, first = units(books), pays_since(books)
    rows = Rows(tallied[tallied["clause"].isin(clauses)], UNITS)
    rows = rows.where(rows["triggered_on"] >= first, f"没有触发，或触发日期早于{first.date()}")
    rows = rows.assign(条款=rows["clause"], 年度=rows["triggered_on"].dt.year.astype("str"))
    for clause in clauses:
        rows = rows.resting_on(f"{clause}触发", partial(triggers, books, clause))
    return rows.resting_on("核定", partial(approvals, books, *clauses))


def approvals(books: Books, *clauses: str) -> Rows:
    """What D06a says of some clauses."""
    rows = books["D06a"]
    return Rows(rows[rows["clause"].isin(clauses)], "D06a").telling(*_OF_APPROVALS)


def payments(books: Books, *clauses: str) -> Rows:
    """What was paid or taken back under some clauses from the district's own purse, to the quarter's end (by D06a's clause)."""
    rows = rows_of(books, "D06b")
    rows = rows.assign(clause=clauses_paid(books, rows.frame)).having("clause", *clauses).having("purse", OWN_PURSE)
    rows = rows.telling("payment_type", "paid_fen", "paid_on")
    return rows.where(rows["paid_on"] <= books.day, "拨付日期在季末之后")


def entitled(books: Books, *clauses: str) -> Counted:
    """应兑; 待明确 while one of the clauses, or a unit of it, has neither amount nor rate."""
    rows = triggered(books, *clauses)
    unstated = pd.DataFrame({"条款": pd.Series([clause for clause in clauses if not _stated(books, clause)], dtype="str")})
    unstated = unstated.set_axis(-1 - unstated.index)  # no unit's label
    known = pd.concat([rows.frame, unstated.assign(entitled_fen=pd.Series(pd.NA, index=unstated.index, dtype="Int64"))])
    return Counted(replace(rows, frame=known), _sum_if_known, SUM, ("entitled_fen",), in_fen=True, absent="待明确")


def _stated(books: Books, clause: str) -> bool:
    return any(terms.amount is not None or terms.rate is not None for terms in books.rules.awards[clause].terms)


def _sum_if_known(rows: pd.DataFrame) -> int | None:
    return None if rows["entitled_fen"].isna().any() else int(rows["entitled_fen"].sum())


def entitled_firms(books: Books, *clauses: str) -> Rows:
    """Units that meet the conditions of 5.5, amount known or not."""
    rows = triggered(books, *clauses)
    return rows.where(rows["eligible"], "触发日期不在条款有效期、企业当日不在萧或不属适用对象，或不是首次")


def paid(books: Books, *clauses: str) -> Counted:
    """已兑: the district's own purse over C, less what was taken back."""
    return Counted(_paid_rows(books, *clauses), lambda part: int(part["net_fen"].sum()), SUM, ("net_fen",), in_fen=True)


def paid_firms(books: Books, *clauses: str) -> Counted:
    """Firms to which more was paid than taken back, over C."""

    def winners(part: pd.DataFrame) -> int:
        return int((part.groupby("firm")["net_fen"].sum() > 0).sum())

    return Counted(_paid_rows(books, *clauses), winners, WINNERS, ("firm", "net_fen"))


def _paid_rows(books: Books, *clauses: str) -> Rows:
    net = net_paid(books)
    return payments(books, *clauses).only(net[net["clause"].isin(clauses)], f"拨付日期早于{since(books, 'C').date()}")


@once
def purchases(books: Books) -> Rows:
    """D14's rows that count (A08, A09), with `firm` and `year`; of the others, what speaks against them first."""
    counted, rows = counted_purchases(books), rows_of(books, "D14")
    reasons = {
        "发票日期在季末之后": rows["invoiced_on"] <= books.day,
        "关联方采购": ~rows["is_related_party"].fillna(True),
        "采购方发票日期当日不在萧": _local(books, rows["uscc"], rows["invoiced_on"]),
        "供方合同日期当日不在萧": _local(books, rows["supplier_uscc"], rows["contracted_on"]),
    }
    for otherwise, holds in reasons.items():
        rows = rows.where(holds.reindex(rows.frame.index) | rows.frame.index.isin(counted.index), otherwise)
    return rows.only(counted, "合同日期当日产品不在目录、不是供方的产品，或类别不合条款")


def paid_for(books: Books, award: Award) -> Rows:
    """The purchases that count for a clause, `firm` the code of whoever is paid for them (B-03)."""
    rows = purchases(books)
    return rows.assign(firm=rows[payee(books, award)[0]])


def _local(books: Books, codes: pd.Series, days: pd.Series) -> pd.Series:
    return in_district(books, current(books, codes, days), days)


def triggers(books: Books, clause: str) -> Rows:
    """The rows that set a clause's units off to the quarter's end: `trigger_key`, their unit's, and what they add to its base."""
    award, tallied = books.rules.awards[clause], units(books)
    bought = award.trigger.table == "D14"
    rows = paid_for(books, award) if bought else rows_of(books, award.trigger.table)
    columns = load_tables()[rows.table].by_header()
    for header, values in award.trigger.where.items():
        column = columns[header]
        rows = rows.having(column.name, *(value == "是" if column.kind == "bool" else value for value in values))
    rows = rows.having("role", "牵头") if "role" in rows.frame else rows
    keys = trigger_keys(award, rows.frame)
    known = tallied.loc[tallied["clause"].eq(clause), "trigger_key"]
    base = {"base_fen": rows["amount_fen" if bought else columns[award.trigger.base].name]} if award.trigger.base else {}
    return rows.assign(trigger_key=keys, **base).where(keys.isin(known), f"没有触发：{award.trigger.date}未填或在季末之后，或不是首次")
