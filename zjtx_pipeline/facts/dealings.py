"""Knows odd rows of accounts, awards, projects and purchases (D05–D16); leaves what they are worth to `awards`."""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.facts.scene import Scene, fact, truth


@fact("uscc", "period", "basis", "revenue_fen")
def unit_slip(scene: Scene) -> pd.Series:
    """营业收入 about 10⁴ times, or a 10⁴th of, the same period's of the year before: 元 for 万元 or the reverse."""
    return _against_year_before(scene).pipe(lambda ratio: ratio.between(2_000, 50_000) | ratio.between(1 / 50_000, 1 / 2_000))


def _against_year_before(scene: Scene) -> pd.Series:
    rows = scene.typed[["uscc", "period", "basis", "revenue_fen"]].assign(sender=scene.rows["sender"])
    rows = rows.assign(last=(pd.to_numeric(rows["period"].str[:4]) - 1).astype("str").str[:4] + rows["period"].str[4:].fillna(""))
    before = rows[["uscc", "period", "basis", "sender", "revenue_fen"]].dropna().drop_duplicates(["uscc", "period", "basis", "sender"])
    before = before.rename(columns={"period": "last", "revenue_fen": "revenue_before"})
    pairs = rows.merge(before, on=["uscc", "last", "basis", "sender"], how="left", validate="m:1").set_axis(rows.index)
    earlier = pairs["revenue_before"].astype("Float64")
    return (pairs["revenue_fen"].astype("Float64") / earlier.mask(earlier.eq(0))).fillna(1).astype(float)


@fact("uscc", "period", "basis", "revenue_fen")
def falls_within_year(scene: Scene) -> pd.Series:
    """A cumulative 营业收入 below that of an earlier quarter of the year."""
    rows = scene.typed[["uscc", "period", "basis", "revenue_fen"]]
    rows = rows[truth(rows["period"].str.len().eq(6)) & rows["revenue_fen"].notna()].sort_values("period", kind="stable")
    earlier = rows.groupby([rows["uscc"], rows["basis"], rows["period"].str[:4]])["revenue_fen"]
    return truth((rows["revenue_fen"] < earlier.cummax()).reindex(scene.rows.index))


@fact("uscc", "clause", "trigger_key")
def claimed_twice(scene: Scene) -> pd.Series:
    """Two 兑现编号 for one 码, 条款号 and 触发事项键."""
    claim = scene.typed[["uscc", "clause", "trigger_key"]]
    others = scene.standing.eq("repeated")
    return claim.notna().all(axis=1) & claim[~others].duplicated(keep=False).reindex(claim.index, fill_value=False)


@fact("award_no", beside=("D06a",))
def award_not_approved(scene: Scene) -> pd.Series:
    number = scene.column("award_no")
    return number.notna() & ~number.isin(scene.accepted("D06a")["award_no"])


@fact("award_no", "clause", beside=("D06a",))
def paid_under_another_clause(scene: Scene) -> pd.Series:
    """A 条款号 other than D06a's of the same 兑现编号; D06a's counts (5.8, 1)."""
    known = scene.accepted("D06a").drop_duplicates("award_no").set_index("award_no")["clause"]
    approved = scene.column("award_no").map(known)
    return scene.column("clause").notna() & approved.notna() & approved.ne(scene.column("clause"))


@fact("award_no", "payment_type", "paid_fen", beside=("D06a",))
def paid_above_approved(scene: Scene) -> pd.Series:
    """Σ拨付 − 退回 − 追回 of a 兑现编号 above its 核定金额: every row of it."""
    rows = scene.typed
    signed = rows["paid_fen"].where(rows["payment_type"].eq("拨付"), -rows["paid_fen"]).fillna(0)
    net = signed.groupby(rows["award_no"]).transform("sum")
    approved = scene.accepted("D06a").drop_duplicates("award_no").set_index("award_no")["approved_fen"]
    return truth(net > rows["award_no"].map(approved))


@fact("planned_investment_fen", "invested_fen")
def invested_far_above_plan(scene: Scene) -> pd.Series:
    """累计完成投资 above 1.2 × 总投资."""
    return truth(scene.column("invested_fen") * 5 > scene.column("planned_investment_fen") * 6)


@fact("uscc", "organ_type", "level", "status")
def two_live_organs(scene: Scene) -> pd.Series:
    live = scene.typed[truth(scene.column("status").eq("有效")) & ~scene.standing.eq("repeated")]
    organ = live[["uscc", "organ_type", "level"]]
    return (organ.notna().all(axis=1) & organ.duplicated(keep=False)).reindex(scene.rows.index, fill_value=False)


@fact("category", "level")
def category_without_level(scene: Scene) -> pd.Series:
    """A 类别 of D13 with a 级别 that does not stand beside it in 5.3."""
    return _unpaired(scene, "category")


@fact("demonstration", "level")
def demonstration_without_level(scene: Scene) -> pd.Series:
    """A 示范类型 of D16 with a 级别 that does not stand beside it in 5.3."""
    return _unpaired(scene, "demonstration")


def _unpaired(scene: Scene, name: str) -> pd.Series:
    pairs = next(pairs for pairs in scene.rules.pairs if pairs.table == scene.table.id)
    allowed = pd.MultiIndex.from_tuples([(kind, level) for kind, levels in pairs.allowed.items() for level in levels])
    written = scene.typed[[name, "level"]]
    known = written[name].isin(pairs.allowed) & written["level"].notna()  # an unknown one is another rule's
    return known & ~pd.Series(pd.MultiIndex.from_frame(written).isin(allowed), index=written.index)


@fact("net_purchase_fen", "tax_fen", "contract_fen", "reversed_invoice_no")
def negative_without_original(scene: Scene) -> pd.Series:
    """A negative amount without 原发票号: no red invoice."""
    amounts = scene.typed[["net_purchase_fen", "tax_fen", "contract_fen"]]
    return amounts.lt(0).fillna(False).any(axis=1) & scene.column("reversed_invoice_no").isna()


@fact("approved_investment_fen", "planned_investment_fen", "increase_reason")
def increased_without_reason(scene: Scene) -> pd.Series:
    """核定投资额 above 计划投资 without 核增原因."""
    increased = truth(scene.column("approved_investment_fen") > scene.column("planned_investment_fen"))
    return increased & scene.column("increase_reason").isna()


@fact("product_no", "supplier_uscc", beside=("D13",))
def product_of_another(scene: Scene) -> pd.Series:
    """产品编号 that D13 does not list for this 供方."""
    owned = pd.MultiIndex.from_frame(scene.accepted("D13")[["product_no", "uscc"]])
    bought = scene.typed[["product_no", "supplier_uscc"]]
    return bought.notna().all(axis=1) & ~pd.Series(pd.MultiIndex.from_frame(bought).isin(owned), index=bought.index)


@fact("product_no", "contracted_on", beside=("D13",))
def contracted_before_recognition(scene: Scene) -> pd.Series:
    recognised = scene.accepted("D13").groupby("product_no")["recognised_on"].min()
    return truth(scene.column("contracted_on") < scene.column("product_no").map(recognised))
