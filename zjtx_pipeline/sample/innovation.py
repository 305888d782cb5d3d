"""Knows the sample's research organs, patents and 贯标 records (D09, D10, D11), and how their coverage grows.

Leaves projects and products to `projects`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from zjtx_pipeline.sample.codes import patent_numbers
from zjtx_pipeline.sample.draws import BASE, END, NEVER, choose, day, later, stream, weekday
from zjtx_pipeline.sample.firms import LADDER, NUMBER
from zjtx_pipeline.sample.ladder import GIANT
from zjtx_pipeline.sample.scene import Scene

_ORGANS = {"企业技术中心": 40, "研发中心": 32, "企业研究院": 20, "工程研究中心": 8}
_PARTNERS = 3_000  # joint holders are among the larger firms
_PLAN_DAYS = (day("2025-12-31") - BASE).astype(int)


def spread(share: np.ndarray, before: float, after: float, since: str = "2012-01-01") -> np.ndarray:
    """A day for each drawn share: `before` of them up to 2022, on to `after` evenly over the plan's term, the rest never."""
    early = day(since) + (share / before * (BASE - day(since)).astype(int)).astype("timedelta64[D]")
    during = BASE + ((share - before) / (after - before) * _PLAN_DAYS + 1).astype("timedelta64[D]")
    return weekday(np.where(share < before, early, np.where(share < after, during, NEVER)))


def research_organs(scene: Scene) -> pd.DataFrame:
    """D09: own organs (growing coverage of P2), upgrades, and shares in centres of others."""
    chance = stream("organs")
    ladder = np.arange(LADDER)
    first = spread(chance.random(LADDER), 0.52, 0.95)
    others = LADDER + (chance.random(420) * 6_000).astype(int)
    rows = pd.DataFrame({"firm": np.append(ladder, others), "recognised_on": np.append(first, spread(chance.random(420), 0.5, 1.0))})
    rows = rows[rows["recognised_on"].notna()].assign(level=lambda r: choose(chance, len(r), {"区级": 45, "市级": 40, "省级": 15}))
    rows["organ_type"] = choose(chance, len(rows), _ORGANS)
    rows["built_by"] = choose(chance, len(rows), {"自建": 86, "联合建设": 12, "参与": 2})
    higher = rows[chance.random(len(rows)) < 0.16]
    raised = higher.assign(
        recognised_on=later(higher["recognised_on"].to_numpy("datetime64[D]"), chance, 300, 1_400),
        level=higher["level"].map({"区级": "市级", "市级": "省级", "省级": "国家级"}),
    )
    shared = scene.happenings("organs.shared", 7, "P2", 0.2).rename(columns={"on": "recognised_on"})
    shared = shared.assign(level="省级", built_by="参与", organ_type=choose(chance, len(shared), {"创新中心": 4, "创新服务综合体": 6}))
    rows = pd.concat([rows, raised, shared], ignore_index=True)
    rows = rows[rows["recognised_on"] < END].drop_duplicates(["firm", "organ_type", "level"])
    return _organs_described(scene, rows.sort_values("recognised_on", kind="stable", ignore_index=True), chance)


def _organs_described(scene: Scene, rows: pd.DataFrame, chance) -> pd.DataFrame:
    on = rows["recognised_on"].to_numpy("datetime64[D]")
    ended = later(on, chance, 400, 2_500)
    rows["revoked_on"] = np.where((chance.random(len(rows)) < 0.03) & (ended < END), ended, NEVER)
    rows["status"] = "有效"
    rows = scene.signed(rows, "organs", "recognised_on", 20)
    short = rows["name"].str.replace(r"(?:股份|责任)?有限(?:责任)?公司.*$", "", regex=True)
    rows["organ_name"] = short + rows["level"] + rows["organ_type"]
    rows["document_no"] = "示区科〔" + rows["recognised_on"].dt.year.astype("str") + "〕" + (rows.index % 90 + 1).astype("str") + "号"
    return rows


def patents(scene: Scene) -> pd.DataFrame:
    """D10: one row a right holder; the first invention of a ladder firm decides its coverage."""
    chance = stream("patents")
    first = spread(chance.random(LADDER), 0.79, 0.985, "2008-01-01")
    owner = np.repeat(np.arange(LADDER), 1 + (chance.random(LADDER) ** 2 * 7).astype(int))
    more = np.append(owner, LADDER + (chance.random(1_700) * 9_000).astype(int))
    rows = pd.concat([
        pd.DataFrame({"firm": np.arange(LADDER), "granted_on": first, "patent_type": "发明"}),
        pd.DataFrame({"firm": more, "granted_on": spread(chance.random(len(more)), 0.62, 0.94, "2009-01-01"),
                      "patent_type": choose(chance, len(more), {"实用新型": 68, "发明": 20, "外观设计": 12})}),
    ])  # fmt: skip
    bare = np.flatnonzero(np.isnat(first))  # whoever has no first invention has no other either
    rows = rows[rows["granted_on"].notna() & ~((rows["patent_type"] == "发明") & rows["firm"].isin(bare))]
    late = (rows["patent_type"] == "发明") & (rows["granted_on"] < first[np.minimum(rows["firm"], LADDER - 1)]) & (rows["firm"] < LADDER)
    return _patents_described(scene, rows[~late].sort_values("granted_on", kind="stable", ignore_index=True), chance)


def _patents_described(scene: Scene, rows: pd.DataFrame, chance) -> pd.DataFrame:
    granted = rows["granted_on"].to_numpy("datetime64[D]")
    invention = (rows["patent_type"] == "发明").to_numpy()
    filed = granted - np.where(invention, 760, 260)
    kinds = rows["patent_type"].map({"发明": 1, "实用新型": 2, "外观设计": 3})
    rows["patent_no"] = patent_numbers(pd.Series(filed).dt.year.to_numpy(), kinds.to_numpy())
    ended = later(granted, chance, 700, 3_600)
    rows["lapsed_on"] = np.where((chance.random(len(rows)) < np.where(invention, 0.05, 0.3)) & (ended < END), ended, NEVER)
    rows["legal_status"], rows["holder_rank"] = "有效", 1
    rows["acquired_by"] = choose(chance, len(rows), {"原始取得": 91, "受让": 9})
    joint = rows[chance.random(len(rows)) < 0.03]
    joint = joint.assign(firm=(joint["firm"] * 7 + 31) % _PARTNERS, holder_rank=2)
    rows = pd.concat([rows, joint], ignore_index=True).sort_values("granted_on", kind="stable", ignore_index=True)
    return scene.signed(rows, "patents", "granted_on", 25)


def standards_records(scene: Scene) -> pd.DataFrame:
    """D11: certificates and evaluations. The frozen firms of 2023 are covered late, the 小巨人 graded in time."""
    chance = stream("standards")
    covered, rated = _covered_on(scene, chance), _rated_on(scene, chance)
    covered = np.where(rated < covered, rated, covered)  # a grade is proof of the evaluation
    covered = np.where(np.isnat(covered), rated, covered)
    firm = np.flatnonzero(~np.isnat(covered))
    evaluated = ~np.isnat(rated[firm]) | (chance.random(len(firm)) < 0.6)
    evaluations = pd.DataFrame({"firm": firm, "issued_on": covered[firm], "rated_on": rated[firm]})[evaluated]
    evaluations = evaluations.assign(record_type="贯标评价", conclusion="通过", valid_to=NEVER)
    evaluations["rating"] = choose(chance, len(evaluations), {"优秀": 22, "良好": 50, "合格": 26, "不合格": 2})
    evaluations["rating"] = evaluations["rating"].mask(evaluations["rated_on"].isna(), "")
    failed = evaluations[chance.random(len(evaluations)) < 0.05]
    failed = failed.assign(conclusion="未通过", issued_on=failed["issued_on"] - pd.Timedelta(days=150), rated_on=NEVER, rating="")
    certificates = _certificates(chance, firm[~evaluated | (chance.random(len(firm)) < 0.35)], covered)
    rows = pd.concat([evaluations, failed, certificates], ignore_index=True)
    rows = rows[rows["issued_on"] < END].sort_values("issued_on", kind="stable", ignore_index=True)
    due = scene.ladder.holders(NUMBER, day("2023-12-31")) | (rated <= day("2023-12-31"))
    rows["kept"] = due[rows["firm"]]  # the two targets of 2023 hang on these rows: their faults are of the mild kind
    rows["status"] = "有效"
    rows["standard_no"] = np.where(rows["issued_on"] < day("2024-01-01"), "GB/T 29490-2013", "GB/T 29490-2023")
    rows["record_no"] = [f"示IPMS{count:05d}" for count in range(len(rows))]
    return scene.signed(rows, "standards_records", "issued_on", 8)


def _covered_on(scene: Scene, chance) -> np.ndarray:
    """The day from which a firm counts as 贯标: the frozen ones by this staircase, later ones loosely."""
    covered = np.full(NUMBER, NEVER)
    frozen = np.flatnonzero(scene.ladder.holders(NUMBER, day("2023-12-31")))
    share = (np.argsort(np.argsort(chance.random(len(frozen)))) + 0.5) / len(frozen)
    stairs = {"2016-01-01": 0, "2022-12-31": 0.58, "2023-03-31": 0.645, "2023-06-30": 0.745, "2023-09-30": 0.825,
              "2023-12-31": 0.962, "2024-03-31": 0.977, "2024-06-30": 0.991, "2024-09-26": 1.0}  # fmt: skip
    days = np.array(list(stairs), dtype="datetime64[D]")
    covered[frozen] = np.interp(share, list(stairs.values()), days.astype(float)).astype(int).astype("datetime64[D]")
    firsts = scene.ladder.firsts
    later_ones = firsts[(firsts["tier"] != "创新型") & ~firsts["firm"].isin(frozen)].drop_duplicates("firm")
    loosely = later(later_ones["on"].to_numpy("datetime64[D]"), chance, -300, 500)
    covered[later_ones["firm"]] = np.where(chance.random(len(loosely)) < 0.86, loosely, NEVER)
    return covered


def _rated_on(scene: Scene, chance) -> np.ndarray:
    """The day a 小巨人 gets its grade: all of 2023's by the year's end, later ones within a year or so."""
    rated = np.full(NUMBER, NEVER)
    firsts = scene.ladder.firsts[scene.ladder.firsts["tier"] == GIANT]
    early = firsts[firsts["on"] < day("2023-12-31")]
    share = (np.argsort(np.argsort(chance.random(len(early)))) + 0.5) / len(early)
    stairs = {"2019-01-01": 0, "2022-12-31": 0.3, "2023-03-31": 0.4, "2023-06-30": 0.56, "2023-09-30": 0.7, "2023-12-22": 1}
    days = np.array(list(stairs), dtype="datetime64[D]")
    rated[early["firm"]] = np.interp(share, list(stairs.values()), days.astype(float)).astype(int).astype("datetime64[D]")
    late = firsts[firsts["on"] > day("2023-12-31")]
    rated[late["firm"]] = np.where(chance.random(len(late)) < 0.94, later(late["on"].to_numpy("datetime64[D]"), chance, 40, 420), NEVER)
    return rated


def _certificates(chance, firm: np.ndarray, covered: np.ndarray) -> pd.DataFrame:
    """Certificates of three years, renewed in time but for a few that lapse in 2026."""
    parts, issued = [], covered[firm]
    for _ in range(4):
        due = issued + 1_095
        parts.append(pd.DataFrame({"firm": firm, "issued_on": issued, "valid_to": due - 1}))
        goes_on = (due - 25 < END) & ((due < day("2026-01-01")) | (chance.random(len(firm)) < 0.9))
        firm, issued = firm[goes_on], (due - 25)[goes_on]
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(record_type="认证证书", conclusion="", rated_on=NEVER, rating="")
