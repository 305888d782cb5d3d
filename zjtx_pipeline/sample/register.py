"""Knows the business register's two tables (D01, D02) as they stand on a day; leaves the stories to `firms`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zjtx_pipeline.sample.draws import NEVER, choose, later, stream
from zjtx_pipeline.sample.firms import NUMBER, Firms
from zjtx_pipeline.sample.names import TRADES
from zjtx_pipeline.sample.places import ELSEWHERE, TOWN_NAMES

_TYPES = {"有限责任公司(自然人投资或控股)": 55, "有限责任公司(自然人投资或控股的法人独资)": 15, "N/A": 18, "其他股份有限公司(非上市)": 6, "": 6}
_ASIDE = {"歇业": 3, "变更中": 3, "备案中": 2, "迁出中": 1, "注销中": 1}


def register_on(firms: Firms, on: np.datetime64) -> pd.DataFrame:
    """D01 on a quarter's last day: one row a code, codes given up, moved and struck off included."""
    known = np.flatnonzero(firms.founded_on <= on)
    recoded = known[firms.recoded_on[known] <= on]
    fixed = _fixed_traits()
    rows = pd.concat([_entries(firms, known, on, fixed, former=True), _entries(firms, recoded, on, fixed, former=False)])
    return rows.reset_index(drop=True)


def _fixed_traits() -> dict[str, np.ndarray]:
    """What a firm is registered with and never changes."""
    chance = stream("register")
    return {
        "enterprise_type": choose(chance, NUMBER, _TYPES),
        "registered_capital_fen": np.round(np.exp(chance.random(NUMBER) * 5 + 3.5)) * 1e6,
        "currency": choose(chance, NUMBER, {"人民币": 95, "美元": 2, "": 3}),
        "aside": np.where(chance.random(NUMBER) < 0.008, choose(chance, NUMBER, _ASIDE), "开业"),
        "house": 1 + (chance.random(NUMBER) * 998).astype(int),
        "elsewhere": choose(chance, NUMBER, dict.fromkeys(ELSEWHERE, 1)),
    }


def _entries(firms: Firms, firm: np.ndarray, on, fixed, former: bool) -> pd.DataFrame:
    away = (firms.left_on[firm] <= on) | (firms.arrived_on[firm] > on)
    town = np.where(away, fixed["elsewhere"][firm], firms.town[firm])
    renamed = firms.renamed_on[firm] <= on
    return pd.DataFrame({
        "firm": firm,
        "uscc": (firms.code if former else firms.later_code)[firm],
        "name": np.where(renamed, firms.later_name[firm], firms.name[firm]),
        "enterprise_type": fixed["enterprise_type"][firm],
        "registration_status": _status(firms, firm, on, fixed["aside"][firm], former),
        "founded_on": firms.founded_on[firm],
        "approved_on": _last_change(firms, firm, on),
        "registered_capital_fen": fixed["registered_capital_fen"][firm],
        "currency": fixed["currency"][firm],
        "industry_code": [TRADES[trade][1] for trade in firms.trade[firm]],
        "address": [_address(code, house) for code, house in zip(town, fixed["house"][firm])],
        "street_code": town,
        "former_names": np.where(renamed, firms.name[firm], ""),
    })  # fmt: skip


def _address(town: str, house: int) -> str:
    place = TOWN_NAMES.get(town, ELSEWHERE.get(town, ""))  # the towns of 钱塘 still write 萧山
    return f"浙江省杭州市萧山区{place}示例路{house}号" if town[:6] in ("330109", "330114") else f"{place}示例路{house}号"


def _status(firms: Firms, firm, on, aside, former: bool) -> np.ndarray:
    ended = (firms.cancelled_on[firm] <= on) | (firms.merged_on[firm] <= on)
    ended |= former & (firms.recoded_on[firm] <= on)
    status = np.where(firms.left_on[firm] <= on, "迁出", aside)
    return np.where(ended, "注销", np.where(firms.revoked_on[firm] <= on, "吊销未注销", status))


def _last_change(firms: Firms, firm, on) -> np.ndarray:
    last = firms.founded_on[firm]
    for days in (firms.renamed_on, firms.recoded_on, firms.arrived_on, firms.left_on, firms.cancelled_on, firms.merged_on, firms.revoked_on):
        last = np.fmax(last, np.where(days[firm] <= on, days[firm], NEVER))
    return last


def changes(firms: Firms) -> pd.DataFrame:
    """D02, the whole history: one row a change, with the successor's code where there is one."""
    names = {code: place for code, place in TOWN_NAMES.items()}
    town = np.array([names.get(code, "钱塘区") for code in firms.town], dtype=object)
    place = np.array([ELSEWHERE[code] for code in _fixed_traits()["elsewhere"]], dtype=object)
    blank = np.full(NUMBER, "", dtype=object)
    parts = [
        _change(firms, "更名", firms.renamed_on, firms.name, firms.later_name),
        _change(firms, "换码", firms.recoded_on, firms.code, firms.later_code, firms.later_code),
        _change(firms, "合并", firms.merged_on, blank, blank, _code_then(firms, firms.merged_into, firms.merged_on)),
        _change(firms, "分立", firms.split_on, blank, blank, _code_then(firms, firms.split_to, firms.split_on)),
        _change(firms, "迁入", firms.arrived_on, place, town),
        _change(firms, "迁出", firms.left_on, town, place),
        _change(firms, "注销", firms.cancelled_on, blank, blank),
        _change(firms, "吊销", firms.revoked_on, blank, blank),
    ]
    rows = pd.concat(parts, ignore_index=True).sort_values("changed_on", kind="stable", ignore_index=True)
    return rows.assign(known_on=later(rows["changed_on"].to_numpy("datetime64[D]"), stream("changes"), 0, 9))


def _code_then(firms: Firms, other: np.ndarray, on: np.ndarray) -> np.ndarray:
    return np.where(other >= 0, firms.sign(other, on)["uscc"].to_numpy(object), "")


def _change(firms: Firms, item: str, on, before, after, successor=None) -> pd.DataFrame:
    firm = np.flatnonzero(~np.isnat(on))
    code = firms.code if item == "换码" else firms.sign(np.arange(NUMBER), on)["uscc"].to_numpy(object)
    return pd.DataFrame({
        "firm": firm, "uscc": code[firm], "name": firms.sign(firm, on[firm])["name"], "item": item,
        "changed_on": on[firm], "before": before[firm], "after": after[firm],
        "successor_uscc": "" if successor is None else successor[firm],
    })  # fmt: skip
