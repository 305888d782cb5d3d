"""Knows the sample's science projects, new products and who bought them (D12, D13, D14).

Leaves what the district pays for them to `awards`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from zjtx_pipeline.sample.draws import END, NEVER, choose, day, later, some, stream
from zjtx_pipeline.sample.names import TRADES
from zjtx_pipeline.sample.scene import Scene, numbered

_CATEGORIES = {  # category: how many a quarter, sender
    "重点研发": (13, "区科技局"), "揭榜": (4, "区科技局"), "技术交易": (15, "区科技局"),
    "产业基础再造": (2, "区经信局"), "制造业高质量发展": (3, "区经信局"),
    "专利导航": (4, "区市场监管局"), "高价值组合": (3, "区市场监管局"), "IP联盟": (0.5, "区市场监管局"),
    "知识产权管理能力建设": (5, "区市场监管局"),
}  # fmt: skip
_PRODUCTS = {"首台套": 7, "首批次": 2.5, "首版次": 2.5, "省新产品试制": 12, "杭州创新目录": 6}


def science_projects(scene: Scene) -> pd.DataFrame:
    """D12: one row a firm of a project; amounts on the leader's row alone."""
    parts = []
    for category, (number, sender) in _CATEGORIES.items():
        rows = scene.happenings(f"science.{category}", lambda quarter: number * (0.8 + 0.1 * (quarter.year - 2021)), "P2", 0.25)
        parts.append(rows.assign(category=category, sender=sender))
    rows = pd.concat(parts, ignore_index=True).rename(columns={"on": "established_on"})
    rows = rows.sort_values("established_on", kind="stable", ignore_index=True)
    chance = stream("science")
    rows["project_no"] = numbered("示KJ", rows["established_on"])
    product = np.array([entry[4] for entry in TRADES], dtype=object)[scene.firms.trade[rows["firm"]]]
    rows["project_name"] = [f"示例{thing}{kind}项目" for thing, kind in zip(product, rows["category"])]
    rows["level"] = choose(chance, len(rows), {"国家级": 6, "省级": 30, "市级": 34, "区级": 30})
    rows["level"] = rows["level"].mask(rows["category"].isin(["技术交易", "IP联盟"]), "")
    rows["role"] = "牵头"
    rows = _deals(rows, chance)
    partners = rows[chance.random(len(rows)) < 0.18]
    partners = partners.assign(firm=some(chance, np.arange(2_000), len(partners)), role="参与", registration_no="", deal_fen=np.nan,
                               contract_registered_on=NEVER, industrialised="", industrialised_on=NEVER)  # fmt: skip
    rows = pd.concat([rows, partners], ignore_index=True).drop_duplicates(["project_no", "firm"])
    rows = rows.sort_values("established_on", kind="stable", ignore_index=True)
    rows = scene.signed(rows, "science_projects", "established_on", 10)
    return rows.assign(known_on=np.fmax(rows["known_on"], rows["contract_registered_on"].fillna(rows["known_on"])))


def _deals(rows: pd.DataFrame, chance) -> pd.DataFrame:
    deal, on = (rows["category"] == "技术交易").to_numpy(), rows["established_on"].to_numpy("datetime64[D]")
    registered, made = later(on, chance, 0, 40), later(on, chance, 120, 600)
    rows["contract_registered_on"] = np.where(deal, registered, NEVER)
    rows["registration_no"] = np.where(deal, numbered("示技合", on, 5), "")
    rows["deal_fen"] = np.where(deal, np.round(np.exp(chance.random(len(rows)) * 3.4 + 11.6)) * 100, np.nan)
    rows["industrialised_on"] = np.where(deal & (chance.random(len(rows)) < 0.45) & (made < END), made, NEVER)
    rows["industrialised"] = np.where(deal, "否", "")
    return rows


def new_products(scene: Scene) -> pd.DataFrame:
    """D13: products by category and level; most of their firms are in P3."""
    parts = []
    for category, number in _PRODUCTS.items():
        parts.append(scene.happenings(f"products.{category}", number, "P3", 0.2).assign(category=category))
    rows = pd.concat(parts, ignore_index=True).rename(columns={"on": "recognised_on"})
    rows = rows.sort_values("recognised_on", kind="stable", ignore_index=True)
    chance = stream("products")
    rows["level"] = choose(chance, len(rows), {"国际": 4, "国内": 30, "省内": 66})
    rows["level"] = rows["level"].mask(rows["category"] == "省新产品试制", "省级").mask(rows["category"] == "杭州创新目录", "市级")
    rows["product_no"] = numbered("示CP", rows["recognised_on"])
    product = np.array([entry[4] for entry in TRADES], dtype=object)[scene.firms.trade[rows["firm"]]]
    rows["product_name"] = [f"示例{10 + count % 80}型{thing}" for count, thing in enumerate(product)]
    removed = later(rows["recognised_on"].to_numpy("datetime64[D]"), chance, 300, 1_200)
    rows["removed_on"] = np.where((chance.random(len(rows)) < 0.06) & (removed < END), removed, NEVER)
    rows["document_no"] = "示浙经信技〔" + rows["recognised_on"].dt.year.astype("str") + "〕" + (rows.index % 60 + 1).astype("str") + "号"
    again = rows[(rows["category"] == "首台套") & (rows["level"] == "省内") & (rows.index % 9 == 0)]  # raised a level later
    again = again.assign(level="国内", recognised_on=later(again["recognised_on"].to_numpy("datetime64[D]"), chance, 200, 500))
    rows = pd.concat([rows, again[again["recognised_on"] < day(END)]], ignore_index=True)
    return scene.signed(rows.sort_values("recognised_on", kind="stable", ignore_index=True), "new_products", "recognised_on", 20)


def product_purchases(scene: Scene, products: pd.DataFrame) -> pd.DataFrame:
    """D14: invoices of listed products; some break a condition and do not count, a few are reversed."""
    chance = stream("purchases")
    rows = scene.happenings("purchases.invoices", lambda quarter: 60 + 6 * (quarter.year - 2021) + 25 * (quarter.number == 4), "big", 0.3)
    rows = rows.rename(columns={"on": "invoiced_on"})
    few = some(chance, np.unique(rows["firm"]), 110)  # the same buyers come again
    rows["firm"] = np.where(chance.random(len(rows)) < 0.75, few[(chance.random(len(rows)) ** 2.6 * len(few)).astype(int)], rows["firm"])
    rows["contracted_on"] = later(rows["invoiced_on"].to_numpy("datetime64[D]"), chance, -140, -20)
    rows["purchase_type"] = choose(chance, len(rows), {"首台套采购": 70, "首购首用": 30})
    rows = _bought(rows, products, chance)
    rows["contract_no"] = numbered("示CGHT", rows["contracted_on"])
    rows["invoice_no"] = [f"示票{count:07d}" for count in range(len(rows))]
    net = np.round(np.exp(chance.random(len(rows)) * 3.2 + 12.1 + 2.4 * (chance.random(len(rows)) < 0.08)) * 100)
    rows["net_purchase_fen"], rows["tax_fen"] = net, np.round(net * 0.13)
    rows["contract_fen"] = net + rows["tax_fen"]
    rows["is_related_party"] = choose(chance, len(rows), {"否": 97, "是": 3})
    rows["reversed_invoice_no"] = ""
    return _purchases_signed(scene, _with_reversals(rows, chance))


def _bought(rows: pd.DataFrame, products: pd.DataFrame, chance) -> pd.DataFrame:
    """A product of the right kind for each row, listed by the contract's day for nearly all."""
    chosen = np.empty(len(rows), dtype=int)
    for kind, first in (("首台套采购", True), ("首购首用", False)):
        wanted = np.flatnonzero(rows["purchase_type"] == kind)
        listed = products[(products["category"] == "首台套") == first].drop_duplicates("product_no")
        days = listed["recognised_on"].to_numpy("datetime64[D]")
        before = np.searchsorted(days, rows["contracted_on"].to_numpy("datetime64[D]")[wanted])
        early = chance.random(len(wanted)) < 0.03  # bought before it was listed
        place = np.where(early | (before == 0), before, (chance.random(len(wanted)) * before).astype(int))
        chosen[wanted] = listed.index.to_numpy()[np.minimum(place, len(listed) - 1)]
    rows["seller"] = products["firm"].to_numpy()[chosen]
    rows["product_no"] = products["product_no"].to_numpy()[chosen]
    stranger = chance.random(len(rows)) < 0.015  # a product that is not this seller's
    rows["seller"] = np.where(stranger, (rows["seller"] + 17) % 1_000, rows["seller"])
    return rows[rows["seller"] != rows["firm"]].reset_index(drop=True)


def _with_reversals(rows: pd.DataFrame, chance) -> pd.DataFrame:
    red = rows[chance.random(len(rows)) < 0.025]
    amounts = {column: -red[column] for column in ("net_purchase_fen", "tax_fen")}
    red = red.assign(reversed_invoice_no=red["invoice_no"], invoice_no=red["invoice_no"] + "R", **amounts,
                     invoiced_on=later(red["invoiced_on"].to_numpy("datetime64[D]"), chance, 5, 90))  # fmt: skip
    rows = pd.concat([rows, red], ignore_index=True)
    return rows[rows["invoiced_on"] < day(END)].sort_values("invoiced_on", kind="stable", ignore_index=True)


def _purchases_signed(scene: Scene, rows: pd.DataFrame) -> pd.DataFrame:
    rows = scene.signed(rows, "purchases", "invoiced_on", 12)
    supplier = scene.firms.sign(rows["seller"].to_numpy(), rows["contracted_on"].to_numpy("datetime64[D]"))
    return rows.assign(supplier_uscc=supplier["uscc"], supplier_name=supplier["name"])
