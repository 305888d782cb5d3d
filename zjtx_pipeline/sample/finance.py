"""Knows the sample's listings and loans, land and premises, public contracts, brands and deductions (D19, D21, D24, D25)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zjtx_pipeline.sample.draws import END, HISTORY, NEVER, choose, day, days_in, later, some, stream
from zjtx_pipeline.sample.scene import Scene, numbered

_LISTED = {  # new firms in the listing reserve, quarter by quarter: 2023 and 2025 reach ten, 2024 does not
    2021: (2, 2, 1, 2), 2022: (1, 2, 2, 1), 2023: (1, 4, 3, 4), 2024: (2, 1, 3, 2), 2025: (3, 2, 3, 3), 2026: (2, 2, 2, 0),
}  # fmt: skip
_FUNDING = {"基金直投": (4, "区财政局"), "投贷联动": (5, "区财政局"), "债券": (0.8, "区发改局"), "担保": (34, "区经信局"), "专属贷款": (70, "区经信局")}
_METHODS = {"公开招标": 44, "邀请招标": 5, "竞争性谈判": 8, "竞争性磋商": 18, "询价": 12, "单一来源": 6, "不招标": 3, "其他": 4}
_BUYERS = [f"示例采购单位{letter}" for letter in "甲乙丙丁戊己庚辛壬癸"]
_SHOPS = ["示例商城", "示例优选", "示例直播", "示例跨境站"]


def listings_and_loans(scene: Scene) -> pd.DataFrame:
    """D19: the reserve's newcomers as planned above, some not of P2, and money of five kinds."""
    parts = [_reserve(scene)]
    for item, (number, sender) in _FUNDING.items():
        rows = scene.happenings(f"finance.{item}", lambda quarter: number * (0.7 + 0.1 * (quarter.year - 2021)), "P2", 0.15)
        parts.append(rows.assign(item=item, sender=sender, institution=f"示例{item[:2]}机构"))
    rows = pd.concat(parts, ignore_index=True).rename(columns={"on": "dated_on"})
    rows = rows.sort_values("dated_on", kind="stable", ignore_index=True)
    chance, on = stream("finance"), rows["dated_on"].to_numpy("datetime64[D]")
    money = rows["item"] != "入后备库"
    amount = np.round(np.exp(chance.random(len(rows)) * 2.6 + 4.6)) * 1e6 * np.where(rows["item"] == "债券", 20, 1)
    rows["amount_fen"] = np.where(money, amount, np.nan)
    lent = rows["item"].isin(["担保", "专属贷款"])
    rows["due_on"] = np.where(lent, later(on, chance, 180, 1_000), NEVER)
    rows["balance_fen"] = np.nan
    rows["business_no"] = numbered("示YW", rows["dated_on"], 5)
    rows["kept"] = rows["kept"].fillna(False).astype(bool)
    return scene.signed(rows, "listings_and_loans", "dated_on", 10)


def outstanding(rows: pd.DataFrame, on: np.datetime64) -> pd.DataFrame:
    """The ledger as of a day: what is still owed, in thirds of the term, nothing once it is due."""
    lent = rows["due_on"].notna()
    term = (rows["due_on"] - rows["dated_on"]) / pd.Timedelta(days=1)
    left = np.ceil(np.clip((rows["due_on"] - pd.Timestamp(on)) / pd.Timedelta(days=1) / term, 0, 1) * 3) / 3
    return rows.assign(balance_fen=np.where(lent, np.round(rows["amount_fen"] * left / 1e4) * 1e4, np.nan))


def _reserve(scene: Scene) -> pd.DataFrame:
    chance, seen, parts = stream("reserve"), set(), []
    for quarter in HISTORY:
        number = _LISTED[quarter.year][quarter.number - 1]
        fresh = np.array([firm for firm in scene.met("P2", quarter) if firm not in seen], dtype=int)
        chosen = some(chance, fresh, number)
        seen |= set(chosen.tolist())
        parts.append(pd.DataFrame({"firm": chosen, "on": days_in(chance, quarter, number), "kept": True}))
    rows = pd.concat(parts, ignore_index=True)
    again = rows[rows.index % 8 == 3].assign(on=lambda r: r["on"] + pd.Timedelta(days=420), kept=False)  # entered twice
    outside = scene.happenings("reserve.outside", 0.6, "all")
    outside = outside[~outside["firm"].isin(seen)].assign(kept=False)
    rows = pd.concat([rows, again[again["on"] < day("2026-10-20")], outside], ignore_index=True)
    return rows.assign(item="入后备库", sender="区发改局", institution="")


def parcels(scene: Scene) -> pd.DataFrame:
    """D21a: industrial land; some starts below the standard, a few of those without approval or below 70 %."""
    rows = scene.happenings("parcels", 6, "P12", 0.45).rename(columns={"on": "sold_on"})
    chance, number = stream("parcels.rows"), len(rows)
    standard = choose(chance, number, {"336.00": 4, "384.00": 5, "480.00": 3}).astype(float)
    share = choose(chance, number, {"1.0": 52, "0.7": 28, "0.8": 10, "0.9": 6, "0.65": 4}).astype(float)
    share = np.where(rows.index % 29 == 5, 1.15, share)
    rows["standard_price_fen"], rows["start_price_fen"] = standard * 100, np.round(standard * share * 100)
    approved = (share < 1) & (chance.random(number) < 0.93)
    rows["approved_on"] = np.where(approved, later(rows["sold_on"].to_numpy("datetime64[D]"), chance, -70, -10), NEVER)
    rows["approval_no"] = np.where(approved, [f"示萧政批{count:03d}号" for count in range(number)], "")
    rows["area_mu"] = np.round(8 + chance.random(number) ** 2 * 90, 2)
    rows["with_project"] = choose(chance, number, {"是": 55, "否": 45})
    rows["parcel_no"] = numbered("示萧工出", rows["sold_on"])
    return scene.signed(rows, "parcels", "sold_on", 8)


def factory_buildings(scene: Scene) -> pd.DataFrame:
    """D21b: standard factory buildings, begun and finished."""
    rows = scene.happenings("buildings", 3.4, "big").rename(columns={"on": "started_on"})
    chance, started = stream("buildings.rows"), rows["started_on"].to_numpy("datetime64[D]")
    finished = later(started, chance, 300, 800)
    rows["completed_on"] = np.where((chance.random(len(rows)) < 0.9) & (finished < END), finished, NEVER)
    rows["started_m2"] = np.round(6_000 + chance.random(len(rows)) ** 2 * 90_000, 2)
    rows["completed_m2"] = np.round(rows["started_m2"] * (0.97 + 0.05 * chance.random(len(rows))), 2)
    rows["project_no"] = numbered("示CF", rows["started_on"])
    return scene.signed(rows, "factory_buildings", "started_on", 10)


def premises(scene: Scene) -> pd.DataFrame:
    """D21c: offices and workshops rented or bought."""
    rows = scene.happenings("premises", 5, "P2", 0.2).rename(columns={"on": "began_on"})
    chance = stream("premises.rows")
    rows["mode"] = choose(chance, len(rows), {"租用": 76, "购买": 24})
    rows["area_m2"] = np.round(300 + chance.random(len(rows)) ** 2 * 9_000, 2)
    return scene.signed(rows, "premises", "began_on", 10)


def public_contracts(scene: Scene) -> pd.DataFrame:
    """D24a: contracts of public buyers; sole sources mostly with a reason."""
    rows = scene.happenings("contracts", lambda quarter: 60 + 30 * (quarter.number == 4), "P2", 0.5)
    rows = rows.rename(columns={"on": "signed_on"})
    chance, number = stream("contracts.rows"), len(rows)
    rows["method"] = choose(chance, number, _METHODS)
    rows["buyer"] = choose(chance, number, dict.fromkeys(_BUYERS, 1))
    rows["contract_fen"] = np.round(np.exp(chance.random(number) * 4 + 11) * 100)
    direct = rows["method"].isin(["单一来源", "不招标"]) & (chance.random(number) < 0.93)
    rows["sole_source_reason"] = np.where(direct, "采用不可替代的专利或专有技术", "")
    rows["contract_no"] = numbered("示ZFCG", rows["signed_on"])
    return scene.signed(rows, "public_contracts", "signed_on", 8)


def brands(scene: Scene) -> pd.DataFrame:
    """D24b: brands sold online, with their live rooms."""
    rows = scene.happenings("brands", lambda quarter: 5 + 1.5 * (quarter.year - 2021), "P12", 0.4)
    rows = rows.rename(columns={"on": "created_on"})
    chance, created = stream("brands.rows"), rows["created_on"].to_numpy("datetime64[D]")
    stopped = later(created, chance, 200, 1_200)
    rows["stopped_on"] = np.where((chance.random(len(rows)) < 0.2) & (stopped < END), stopped, NEVER)
    rows["platform"] = choose(chance, len(rows), dict.fromkeys(_SHOPS, 1))
    rows["live_rooms"] = np.floor(chance.random(len(rows)) ** 2 * 6)
    rows["brand_no"] = numbered("示PP", rows["created_on"])
    rows["brand_name"] = ["示例牌" + text[-4:] for text in rows["brand_no"]]
    return scene.signed(rows, "brands", "created_on", 14)


def deductions(scene: Scene) -> pd.DataFrame:
    """D25: a year's sums known in June after it, and the firms of P2 one by one."""
    parts = []
    for year in range(2020, 2026):
        chance, last = stream(f"deductions.{year}"), day(f"{max(year, 2021)}-12-31")
        firm = np.flatnonzero(scene.population("P2", last))
        firm = firm[chance.random(len(firm)) < 0.82]
        amount = np.round(np.exp(chance.random(len(firm)) * 2.6 + 4.8) * 100) * 1e4
        alone = pd.DataFrame({"firm": firm, "deduction_fen": amount, "scope": "", "households": np.nan})
        sums = {"firm": -1, "scope": ["P2", "全区"], "households": [len(firm), 1_450 + 130 * (year - 2020)],
                "deduction_fen": [amount.sum(), np.round(amount.sum() / 1e6 * 2.9) * 1e6]}  # fmt: skip
        parts.append(pd.concat([pd.DataFrame(sums), alone]).assign(year=year, on=day(f"{year}-12-31"), known_on=day(f"{year + 1}-06-12")))
    rows = pd.concat(parts, ignore_index=True)
    signed = scene.firms.sign(rows["firm"].to_numpy(), rows["on"].to_numpy("datetime64[D]"))
    return pd.concat([rows, signed.mask(rows["firm"] < 0, "")], axis=1)
