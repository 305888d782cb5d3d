"""Knows the sample's service organisations, services rendered, and the departments' activities (D22a, D22b, D23)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zjtx_pipeline.quarter import Quarter, quarters
from zjtx_pipeline.sample.codes import credit_codes
from zjtx_pipeline.sample.draws import HISTORY, NEVER, choose, day, days_in, later, stream
from zjtx_pipeline.sample.names import body_names
from zjtx_pipeline.sample.scene import Scene, numbered

PROVIDERS = 78
_AGREED = (22, 23, 24, 28, 29, 29, 33, 34, 35, 36, 41, 43, 41, 41, 38, 39)  # at the end of 2022Q4 … 2026Q3
_FIELDS = {"政策": 20, "管理": 16, "质量": 10, "知识产权": 14, "数字化": 16, "法律": 8, "金融": 8, "人才": 6, "其他": 2}
_SERVICES = {"政策推送": 34, "申报指导": 20, "专项指导": 8, "项目申报": 10, "法律援助": 4, "管理诊断": 6, "管理咨询": 6, "金融服务": 6, "质量服务": 5, "其他": 1}
_CHANNELS = {"综合服务平台": 45, "企业码": 27, "一站式平台": 8, "线下": 20}
_TRAININGS = {  # 专题培训 that count, quarter by quarter
    2021: (1, 1, 1, 1), 2022: (1, 2, 2, 2), 2023: (1, 3, 3, 4), 2024: (3, 3, 2, 3), 2025: (0, 2, 2, 6), 2026: (2, 3, 3, 1),
}  # fmt: skip
_ACTIVITIES = {  # (type, host): how many a quarter
    ("申报政策培训会", "区经信局"): 1.4, ("管理培训", "区经信局"): 2.6, ("管理培训", "区市场监管局"): 0.8, ("上市专场", "区发改局"): 1,
    ("展会论坛", "区商务局"): 2.2, ("新品发布会", "区商务局"): 0.6, ("供需对接", "区科技局"): 1.8, ("技术成果对接", "区科技局"): 1.6,
    ("高校毕业生对接", "区人社局"): 1.8, ("电商对接", "区商务局"): 1.2,
}  # fmt: skip
_MILESTONES = (("培育库建立", "2023-04-18", "示萧经信〔2023〕21号"), ("服务联盟组建", "2024-05-28", "示萧经信〔2024〕33号"))


def providers() -> pd.DataFrame:
    """D22a: one row an agreement; the number in force follows the staircase above."""
    chance = stream("providers")
    codes, names = credit_codes(np.array(["91330109"] * PROVIDERS, dtype=object), "providers"), body_names("咨询服务", PROVIDERS, "providers")
    begin, end = np.full(PROVIDERS, NEVER), np.full(PROVIDERS, NEVER)
    for step, quarter in enumerate(quarters(Quarter(2022, 4), Quarter(2026, 3))):
        last, inside = day(quarter.last_day), ~np.isnat(begin) & np.isnat(end)
        leaving = np.flatnonzero(inside & (chance.random(PROVIDERS) < 0.05))
        leaving = np.union1d(leaving, np.flatnonzero(inside)[: max(0, inside.sum() - len(leaving) - _AGREED[step])])
        end[leaving] = last - 20
        number = _AGREED[step] - (inside.sum() - len(leaving))
        begin[np.flatnonzero(np.isnat(begin))[: max(0, number)]] = last - (500 if step == 0 else 55)
    firm = np.flatnonzero(~np.isnat(begin))
    frame = pd.DataFrame({"provider_uscc": codes[firm], "provider_name": names[firm], "category": choose(chance, len(firm), _FIELDS),
                          "begin": begin[firm], "end": end[firm]})  # fmt: skip
    return _agreements(frame, chance)


def _agreements(frame: pd.DataFrame, chance) -> pd.DataFrame:
    """Agreements of two years, renewed without a gap while the organisation stays."""
    parts, begin = [], frame["begin"].to_numpy("datetime64[D]")
    stays = np.where(frame["end"].isna(), day("2028-12-31"), frame["end"].to_numpy("datetime64[D]"))
    for term in range(4):
        start, stop = begin + 730 * term, begin + 730 * (term + 1) - 1
        parts.append(frame.assign(agreed_from=start, agreed_to=np.minimum(stop, stays))[start < np.minimum(stays, day("2026-11-01"))])
    rows = pd.concat(parts, ignore_index=True).sort_values("agreed_from", kind="stable", ignore_index=True)
    joined = np.maximum(rows["agreed_from"].to_numpy("datetime64[D]") + 30, day("2024-05-28"))
    member = (rows["provider_uscc"].str[12].astype("str") < "7").to_numpy()
    rows["joined_on"] = np.where(member, joined, NEVER)
    rows["is_alliance_member"] = "否"  # until the day of joining, see `ledgers`
    return rows.assign(kept=True, known_on=rows["agreed_from"] - pd.Timedelta(days=5))


def services(scene: Scene, agreements: pd.DataFrame) -> pd.DataFrame:
    """D22b: single services to firms of the pools and titles, most of them closed within weeks."""
    rows = scene.happenings("services", lambda quarter: 950 + 170 * (quarter.year - 2021) + 120 * (quarter.number == 2), "P12", 0.25)
    rows = rows.rename(columns={"on": "served_on"})
    chance, number, served = stream("services.rows"), len(rows), rows["served_on"].to_numpy("datetime64[D]")
    order = np.searchsorted(agreements["agreed_from"].to_numpy("datetime64[D]"), served)
    chosen = agreements.iloc[np.maximum(0, order - 1 - (chance.random(number) * np.minimum(np.maximum(order, 1), 22)).astype(int))]
    valid = (chosen["agreed_to"].to_numpy("datetime64[D]") >= served) | (chance.random(number) < 0.02)
    rows["provider_uscc"] = np.where((chance.random(number) < 0.6) & valid & (order > 0), chosen["provider_uscc"].to_numpy(object), "")
    rows["item"], rows["channel"] = choose(chance, number, _SERVICES), choose(chance, number, _CHANNELS)
    rows["closed_on"] = np.where(chance.random(number) < 0.94, later(served, chance, 1, 35), NEVER)
    rows["is_closed"] = "是"
    rows["record_no"] = numbered("示FW", rows["served_on"], 5)
    return scene.signed(rows, "services", "served_on", 2)


def activities() -> pd.DataFrame:
    """D23: trainings, meetings, fairs and the two milestones, each by its host."""
    parts = [_trainings()]
    for (kind, host), number in _ACTIVITIES.items():
        chance = stream(f"activities.{kind}.{host}")
        for quarter in HISTORY:
            count = int(number + chance.random())
            parts.append(pd.DataFrame({"held_on": days_in(chance, quarter, count), "activity_type": kind, "host": host, "kept": False}))
    stones = pd.DataFrame(_MILESTONES, columns=["activity_type", "held_on", "document_no"])
    stones["held_on"] = stones["held_on"].to_numpy("datetime64[D]")
    rows = pd.concat([*parts, stones.assign(host="区经信局", kept=True)], ignore_index=True)
    rows = rows[rows["held_on"] < day("2026-10-31")].sort_values("held_on", kind="stable", ignore_index=True)
    return _attended(rows.drop_duplicates(["held_on", "activity_type"], ignore_index=True), stream("activities.rows"))


def _trainings() -> pd.DataFrame:
    """专题培训: the ones that count, and a few without theme or proof of signing in."""
    chance, parts = stream("trainings"), []
    for quarter in HISTORY:
        number = _TRAININGS[quarter.year][quarter.number - 1]
        parts.append(pd.DataFrame({"held_on": _apart(chance, quarter, number), "kept": True, "proof": True, "theme": "是"}))
        faulty = int(chance.random() < 0.5)
        parts.append(pd.DataFrame({"held_on": days_in(chance, quarter, faulty), "kept": False, "proof": chance.random() < 0.5, "theme": "否"}))
    return pd.concat(parts, ignore_index=True).assign(activity_type="专题培训", host="区经信局")


def _apart(chance, quarter: Quarter, number: int) -> np.ndarray:
    """Days in different weeks, so that no two trainings fall on one day."""
    first = np.busday_offset(day(quarter.first_day), 3, roll="forward")
    weeks = np.sort(np.argsort(chance.random(11), kind="stable")[:number])
    return np.busday_offset(first, weeks * 5 + 1, roll="forward")


def _attended(rows: pd.DataFrame, chance) -> pd.DataFrame:
    number, stone = len(rows), rows["document_no"].notna()
    heads = np.floor(30 + chance.random(number) * 170)
    shares = np.stack([chance.random(number) * 0.4, chance.random(number) * 0.3, chance.random(number) * 0.25])
    trained = rows["activity_type"].isin(["专题培训", "管理培训", "申报政策培训会"])
    columns = {"firms": np.floor(heads * 0.7), "attendances": heads}
    columns |= {name: np.where(trained, np.floor(heads * share), np.nan) for name, share in zip(("managers", "professionals", "workers"), shares)}
    rows = rows.assign(**{name: np.where(stone, np.nan, values) for name, values in columns.items()})
    rows["activity_no"] = numbered("示HD", rows["held_on"])
    rows["activity_name"] = "示例" + rows["activity_type"] + rows["held_on"].dt.strftime("%m%d")
    proof = rows["proof"].fillna(True).astype(bool) & (rows["activity_type"] == "专题培训")
    rows["sign_in_proof"] = np.where(proof, "签到表" + rows["activity_no"].str[-4:], "")
    rows["is_zjtx_theme"] = rows["theme"].fillna("是")
    known = later(rows["held_on"].to_numpy("datetime64[D]"), chance, 0, 9)
    return rows.assign(document_no=rows["document_no"].fillna(""), sender=rows["host"], known_on=known)
