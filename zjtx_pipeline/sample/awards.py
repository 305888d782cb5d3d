"""Knows what the sample district granted and paid for what its firms did (D06a, D06b).

Most units are computed as the clauses say; some are late, partly paid, overpaid, returned, or plainly wrong. Leaves
what a unit is entitled to, and every comparison, to `zjtx_pipeline.awards`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from zjtx_pipeline.rules import load_rules
from zjtx_pipeline.sample.draws import NEVER, choose, later, stream
from zjtx_pipeline.sample.scene import numbered
from zjtx_pipeline.sample.triggers import award_units

_FATES = {  # what becomes of a unit
    "已拨付": 47, "部分拨付": 9, "未拨": 8, "审核": 6, "未申请": 15, "不予兑现": 4, "超付": 2.5, "退回": 2, "追回": 1.5, "市区共担": 5,
}  # fmt: skip
_PAID = ("已拨付", "部分拨付", "超付", "退回", "追回", "市区共担")
_GRANTED = {  # yuan, where the plan names no amount: what the sample's departments approved by rules of their own
    "A01": 1_000_000, "A02": 500_000, "A03": 300_000, "A04": 200_000, "A05": 1_000_000, "A07": 500_000, "A09": 100_000,
    "A20": 0, "A21": 1_000_000, "A23": 80_000,
}  # fmt: skip


def awards(scene, tables: dict[str, pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of D06a, as they end up, and of D06b; `approvals_by` shows D06a as of a day."""
    units = _applied(award_units(scene, tables), stream("awards"))
    return units, _payments(units, stream("awards.payments"))


def _applied(units: pd.DataFrame, chance) -> pd.DataFrame:
    """Each unit with its fate, its days, and the amount that was approved."""
    number, triggered = len(units), units["triggered_on"].to_numpy("datetime64[D]")
    units["fate"] = choose(chance, number, _FATES)
    units = units[units["fate"] != "未申请"].reset_index(drop=True)
    number, triggered = len(units), units["triggered_on"].to_numpy("datetime64[D]")
    units["applied_on"] = later(triggered, chance, 15, 110)
    decided = later(units["applied_on"].to_numpy("datetime64[D]"), chance, 40, 150)
    units["approved_on"] = np.where(units["fate"] == "审核", NEVER, decided)
    asked = units["due_fen"].fillna(units["clause"].map(_GRANTED).astype(float) * 100)
    asked = asked.mask(units["clause"] == "A20", units["base_fen"]).mask(units["clause"] == "A06", (units["base_fen"] * 0.1).round())
    slip = choose(chance, number, {"1": 96.5, "1.1": 1, "0.9": 1, "1.5": 1, "0.5": 0.5}).astype(float)  # wrong sums happen
    units["approved_fen"] = (asked * slip).round().mask(units["fate"] == "不予兑现", 0)
    units["department"] = [load_rules().awards[clause].department for clause in units["clause"]]
    units = units.sort_values(["applied_on", "clause", "trigger_key"], kind="stable", ignore_index=True)
    units["award_no"] = numbered("示DX", units["applied_on"], 5)
    year = units["approved_on"].dt.year.astype("Int64").astype("str")
    units["notice_no"] = np.where(units["approved_on"].isna(), "", "示公示〔" + year + "〕" + (units.index % 40 + 1).astype("str") + "号")
    known = later(units["applied_on"].to_numpy("datetime64[D]"), chance, 0, 6)
    return _twice(units.assign(sender=units["department"], known_on=known))


def _twice(units: pd.DataFrame) -> pd.DataFrame:
    """A few units are applied for, and sometimes paid, a second time under another number."""
    again = units[(units.index % 173 == 11) & units["fate"].isin(["已拨付", "未拨"])]
    shift = pd.Timedelta(days=75)
    again = again.assign(award_no=again["award_no"] + "B", **{name: again[name] + shift for name in ("applied_on", "approved_on", "known_on")})
    return pd.concat([units, again], ignore_index=True)


def approvals_by(units: pd.DataFrame, on: np.datetime64) -> pd.DataFrame:
    """D06a as of a day: base, amount, day and notice appear with the decision."""
    open_still = (units["approved_on"].isna() | (units["approved_on"] > on)).to_numpy()
    fresh = (units["applied_on"] + pd.Timedelta(days=25) > on).to_numpy()
    decided = np.where(units["fate"] == "不予兑现", "不予兑现", "已核定")
    return units.assign(
        state=np.where(open_still, np.where(fresh, "已申请", "审核中"), decided),
        base_fen=units["base_fen"].mask(open_still),
        approved_fen=units["approved_fen"].mask(open_still),
        approved_on=units["approved_on"].mask(open_still),
        notice_no=units["notice_no"].mask(open_still, ""),
    )


def _payments(units: pd.DataFrame, chance) -> pd.DataFrame:
    """D06b: instalments, surpluses, money returned and clawed back; other purses beside the district's."""
    paid = units[units["fate"].isin(_PAID) & (units["approved_fen"] > 0)].reset_index(drop=True)
    first_on = later(paid["approved_on"].to_numpy("datetime64[D]"), chance, 15, 110)
    half = (paid["fate"] == "部分拨付") | (chance.random(len(paid)) < 0.15)
    shared, city = paid["fate"] == "市区共担", (paid["approved_fen"] * 0.3).round()  # the city's purse bears three tenths
    half &= ~shared
    amount = np.where(half, (paid["approved_fen"] / 2).round(), paid["approved_fen"] - city.where(shared, 0))
    first = _payment(paid, first_on, amount, "1", "拨付", "区")
    rest = half & (paid["fate"] != "部分拨付")
    second_on = later(first_on, chance, 60, 200)
    parts = [first, _payment(paid, second_on, paid["approved_fen"] - (paid["approved_fen"] / 2).round(), "2", "拨付", "区")[rest]]
    extra = (paid["approved_fen"] * 0.2).round()
    parts.append(_payment(paid, second_on, extra, "3", "拨付", "区")[paid["fate"] == "超付"])
    parts.append(_payment(paid, later(first_on, chance, 30, 300), (paid["approved_fen"] * 0.3).round(), "3", "退回", "区")[paid["fate"] == "退回"])
    parts.append(_payment(paid, later(second_on, chance, 60, 400), paid["approved_fen"], "4", "追回", "区")[paid["fate"] == "追回"])
    parts.append(_payment(paid, second_on, city, "5", "拨付", "市")[shared])
    stray = first[first.index % 140 == 9]  # paid under a number that nobody approved
    parts.append(stray.assign(award_no=stray["award_no"] + "X"))
    rows = pd.concat(parts).sort_values(["paid_on", "award_no", "payment_no"], kind="stable", ignore_index=True)
    return rows[rows["paid_fen"] > 0].assign(known_on=lambda r: r["paid_on"] + pd.Timedelta(days=1)).reset_index(drop=True)


def _payment(paid: pd.DataFrame, on, amount, number: str, kind: str, purse: str) -> pd.DataFrame:
    rows = paid[["firm", "uscc", "name", "award_no", "clause"]]
    return rows.assign(payment_no=number, payment_type=kind, paid_fen=np.asarray(amount), paid_on=on, purse=purse)
