"""Knows the sample's chain projects, chain leaders' purchases, digital upgrades and demonstrations (D07, D08, D15, D16).

Leaves what the district pays for them to `awards`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from zjtx_pipeline.sample.draws import END, FIRST, NEVER, choose, day, later, some, stream
from zjtx_pipeline.sample.names import TRADES
from zjtx_pipeline.sample.scene import Scene, numbered

_PROJECTS = {"强链补链": (7, "区经信局"), "并购重组": (1.6, "区经信局"), "募投": (2.2, "区经信局"), "招引": (4, "区投资促进局")}
_LISTINGS = {  # (demonstration, level): how many a year, sender
    ("未来工厂", "省级"): (2, "区经信局"), ("数字化车间", "省级"): (6, "区经信局"), ("智能工厂", "省级"): (5, "区经信局"),
    ("链主工厂", "市级"): (1, "区经信局"), ("智能工厂", "市级"): (5, "区经信局"), ("数字化车间", "市级"): (13, "区经信局"),
    ("智能制造示范", "国家级"): (1, "区经信局"), ("智能制造示范", "省级"): (2, "区经信局"), ("智能制造示范", "市级"): (3, "区经信局"),
    ("工业互联网平台", "国家级"): (0.4, "区经信局"), ("工业互联网平台", "省级"): (2, "区经信局"), ("工业互联网平台", "市级"): (3, "区经信局"),
    ("绿色工厂", "国家级"): (3, "区经信局"), ("绿色工厂", "省级"): (8, "区经信局"), ("绿色工厂", "市级"): (10, "区经信局"),
    ("绿色工厂", "区级"): (14, "生态环境萧山分局"), ("能效领跑者", "国家级"): (0.7, "区发改局"), ("能效领跑者", "省级"): (3, "区发改局"),
    ("水效领跑者", "国家级"): (0.4, "区发改局"), ("水效领跑者", "省级"): (2, "区发改局"), ("公共服务平台", "国家级"): (0.4, "区经信局"),
    ("公共服务平台", "省级"): (1, "区经信局"), ("公共服务平台", "市级"): (1.5, "区经信局"), ("公共服务平台", "区级"): (2, "区经信局"),
    ("特色产业集群", "国家级"): (0.3, "区经信局"), ("特色产业集群", "省级"): (0.8, "区经信局"), ("特色园区", "省级"): (0.4, "区经信局"),
    ("特色园区", "市级"): (1, "区经信局"), ("特色园区", "区级"): (2, "区经信局"), ("双创基地推荐", "国家级"): (0.7, "区经信局"),
}  # fmt: skip
_BENCHMARKS = ("2021-11-20", "2022-10-18", "2023-11-22", "2024-07-30", "2024-12-05", "2025-06-24", "2025-09-17")
_PLACES = {"数字化车间": "车间", "智能工厂": "工厂", "未来工厂": "未来工厂", "链主工厂": "工厂", "绿色工厂": "厂区", "特色园区": "专精特新产业园",
           "工业互联网平台": "行业平台", "公共服务平台": "公共服务平台", "特色产业集群": "产业集群", "双创基地推荐": "双创基地"}  # fmt: skip


def chain_projects(scene: Scene) -> pd.DataFrame:
    """D07: investments by kind; 累计完成投资 grows from quarter to quarter (see `invested_by`)."""
    parts = []
    for kind, (number, sender) in _PROJECTS.items():
        who = "big" if kind == "招引" else "P2"
        rows = scene.happenings(f"chain.{kind}", number, who, 0.2)
        parts.append(rows.assign(project_type=kind, sender=sender))
    rows = pd.concat(parts, ignore_index=True).rename(columns={"on": "signed_on"})
    return _invested(scene, rows.sort_values("signed_on", kind="stable", ignore_index=True), stream("chain"))


def _invested(scene: Scene, rows: pd.DataFrame, chance) -> pd.DataFrame:
    """The course of each project, its size and its name."""
    signed = rows["signed_on"].to_numpy("datetime64[D]")
    started = np.where(chance.random(len(rows)) < 0.86, later(signed, chance, 40, 300), NEVER)
    rows["started_on"] = np.where(started < END, started, NEVER)
    produced = np.where(chance.random(len(rows)) < 0.8, later(np.where(np.isnat(started), signed, started), chance, 300, 800), NEVER)
    rows["in_production_on"] = np.where((produced < END) & ~np.isnat(started), produced, NEVER)
    rows["stopped"] = np.isnat(started) & (chance.random(len(rows)) < 0.4)
    rows["planned_investment_fen"] = np.round(np.exp(chance.random(len(rows)) * 3 + 7)) * 1e6
    rows["pace_days"], rows["overrun"] = 400 + chance.random(len(rows)) * 500, 0.9 + chance.random(len(rows)) ** 4 * 0.45
    trade = np.array([entry[2] or "高端装备" for entry in TRADES], dtype=object)[scene.firms.trade[rows["firm"]]]
    rows["chain"] = np.where(chance.random(len(rows)) < 0.94, trade, "")
    rows["project_no"] = numbered("示XM", rows["signed_on"])
    rows["project_name"] = [f"示例{chain or '工业'}{kind}项目" for chain, kind in zip(rows["chain"], rows["project_type"])]
    incoming = choose(chance, len(rows), {"无": 50, "省专精特新": 22, "小巨人": 14, "创新型": 12, "国家单项冠军": 2})
    rows["incoming_tier"] = np.where(rows["project_type"] == "招引", incoming, "无")
    rows = scene.signed(rows, "chain_projects", "signed_on", 12)
    unborn = (rows["project_type"] == "招引") & (chance.random(len(rows)) < 0.4)  # not yet registered here
    return rows.assign(uscc=rows["uscc"].mask(unborn, ""), name=rows["name"].mask(unborn, ""))


def invested_by(rows: pd.DataFrame, on: np.datetime64) -> pd.DataFrame:
    """The ledger as of a day: what is built and spent by then, and the status that follows."""
    since = (on - rows["started_on"].to_numpy("datetime64[D]")).astype(float)
    done = np.clip(np.where(np.isnat(rows["started_on"].to_numpy("datetime64[D]")), 0, since) / rows["pace_days"], 0, 1)
    slip = np.where((rows.index % 41 == 7) & (done > 0.4), 0.93 if int(str(on)[5:7]) > 6 else 1, 1)  # a few are corrected downwards
    invested = np.round(rows["planned_investment_fen"] * done * rows["overrun"] * slip / 1e5) * 1e5
    produced = rows["in_production_on"] <= on
    status = np.where(rows["stopped"], "终止", np.where(produced, "投产", "在建"))
    return rows.assign(invested_fen=invested, status=status)


def leaders_purchases(scene: Scene) -> pd.DataFrame:
    """D08: contracts of fourteen chain leaders, mostly with suppliers in P2; 区商务局 keeps its own since 2023Q3."""
    chance = stream("leaders")
    rows = scene.happenings("leaders.contracts", lambda quarter: 26 + 4 * (quarter.year - 2021), "P2", 0.12)
    rows = rows.rename(columns={"on": "contracted_on", "firm": "supplier"})
    leaders = np.append(np.arange(6), some(chance, scene.met("big", FIRST), 8))
    rows["firm"] = leaders[(chance.random(len(rows)) ** 1.5 * len(leaders)).astype(int)]
    rows = rows[rows["firm"] != rows["supplier"]].reset_index(drop=True)
    rows["contract_no"] = numbered("示LZ", rows["contracted_on"])
    rows["purchase_fen"] = np.round(np.exp(chance.random(len(rows)) * 3.5 + 3)) * 1e6
    own = (rows["contracted_on"] >= day("2023-07-01")) & (chance.random(len(rows)) < 0.25)
    rows["sender"] = np.where(own, "区商务局", "区经信局")
    rows = scene.signed(rows, "leaders_purchases", "contracted_on", 15)
    supplier = scene.firms.sign(rows["supplier"].to_numpy(), rows["contracted_on"].to_numpy("datetime64[D]"))
    return rows.assign(supplier_uscc=supplier["uscc"], supplier_name=supplier["name"])


def digital_projects(scene: Scene, providers: np.ndarray) -> pd.DataFrame:
    """D15: diagnosis, project, acceptance; columns of what has not happened yet are hidden by the delivery."""
    chance = stream("digital")
    rows = scene.happenings("digital.diagnosis", lambda quarter: 24 + 6 * (quarter.year - 2021), "P12", 0.35)
    rows = rows.rename(columns={"on": "diagnosed_on"})
    on, number = rows["diagnosed_on"].to_numpy("datetime64[D]"), len(rows)
    established = np.where(chance.random(number) < 0.82, later(on, chance, 10, 120), NEVER)
    accepted = np.where(chance.random(number) < 0.88, later(np.where(np.isnat(established), on, established), chance, 150, 480), NEVER)
    rows["established_on"] = np.where(established < END, established, NEVER)
    rows["accepted_on"] = np.where((accepted < END) & ~np.isnat(established), accepted, NEVER)
    rows["provider_uscc"] = providers[(chance.random(number) ** 1.5 * 30).astype(int)]
    rows["planned_investment_fen"] = np.round(np.exp(chance.random(number) * 3 + 12.5) * 100)
    share = np.where(chance.random(number) < 0.05, 1.06, 0.72 + chance.random(number) * 0.28)
    rows["approved_investment_fen"] = np.round(rows["planned_investment_fen"] * share)
    rows["increase_reason"] = np.where((share > 1) & (chance.random(number) < 0.7), "现场核增设备投入", "")
    rows["acceptance_standard"] = choose(chance, number, {"市级": 82, "其他": 18})
    rows["acceptance"] = choose(chance, number, {"通过": 88, "未通过": 5, "整改": 7})
    trade = np.array([entry[2] or "高端装备" for entry in TRADES], dtype=object)[scene.firms.trade[rows["firm"]]]
    rows["scene"] = np.where(chance.random(number) < 0.9, trade, "")
    rows["year"] = rows["diagnosed_on"].dt.year
    rows["project_no"] = numbered("示SZ", rows["diagnosed_on"])
    rows["project_name"] = [f"示例{label}数字化改造项目" for label in np.array([entry[3] for entry in TRADES], object)[scene.firms.trade[rows["firm"]]]]
    return scene.signed(rows, "digital_projects", "diagnosed_on", 10)


def demonstrations(scene: Scene) -> pd.DataFrame:
    """D16: lists of demonstration factories, parks, platforms; five new 管理标杆 in the plan's term, two before."""
    parts = []
    for (kind, level), (yearly, sender) in _LISTINGS.items():
        who = "big" if kind in ("特色园区", "公共服务平台", "特色产业集群", "双创基地推荐") else "P12"
        rows = _yearly(scene, f"demonstrations.{kind}.{level}", yearly, who)
        parts.append(rows.assign(demonstration=kind, level=level, sender=sender))
    days = np.array(_BENCHMARKS, dtype="datetime64[D]")
    strong = np.flatnonzero(scene.firms.active(day("2021-01-01")) & scene.firms.active(END - 1))[20:20 + len(days)]
    parts.append(pd.DataFrame({"firm": strong, "on": days, "demonstration": "管理标杆", "level": "省级", "sender": "区经信局", "kept": True}))
    rows = pd.concat(parts, ignore_index=True).rename(columns={"on": "announced_on"})
    rows = rows.sort_values("announced_on", kind="stable", ignore_index=True)
    chance, on = stream("demonstrations"), rows["announced_on"].to_numpy("datetime64[D]")
    rows["list_year"] = rows["announced_on"].dt.year
    rows["batch"] = rows["list_year"].astype("str") + np.where(rows["announced_on"].dt.month <= 6, "年第一批", "年第二批")
    rows["item_name"] = [f"示例{'一二三四五六七八九'[count % 9]}号{_PLACES.get(kind, '项目')}" for count, kind in enumerate(rows["demonstration"])]
    removed = later(on, chance, 400, 1_100)
    ends = (chance.random(len(rows)) < 0.05) & (removed < END) & (rows["demonstration"] != "管理标杆")
    rows["removed_on"] = np.where(ends, removed, NEVER)
    rows["document_no"] = "示经信示范〔" + rows["list_year"].astype("str") + "〕" + (rows.index % 70 + 1).astype("str") + "号"
    return scene.signed(rows.assign(kept=rows["kept"].fillna(False).astype(bool)), "demonstrations", "announced_on", 12)


def _yearly(scene: Scene, subject: str, yearly: float, who: str) -> pd.DataFrame:
    """Lists come out once a year, each in its season; a firm may be listed again with another workshop."""
    season = 2 + int(stream(f"{subject}.season").random() * 3)
    return scene.happenings(subject, lambda quarter: yearly if quarter.number == season else 0, who)
