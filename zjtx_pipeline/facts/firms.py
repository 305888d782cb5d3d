"""Knows odd rows of the register, the changes, the pools and the titles (D01–D04); leaves their effect to `firms` and `tiers`."""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.facts.scene import Scene, fact, truth
from zjtx_pipeline.tables.typed import said_under


@fact("registration_status")
def not_registered(scene: Scene) -> pd.Series:
    """登记状态 outside 在册."""
    return scene.column("registration_status").isin(scene.rules.lists["登记状态"].group("不在册"))


@fact("street_code")
def outside_district(scene: Scene) -> pd.Series:
    """街道代码 that does not belong to the district on the quarter's last day (在萧=否)."""
    inside = list(scene.rules.regions.codes_inside(scene.quarter.last_day))
    code = scene.column("street_code")
    return code.notna() & ~code.str[:9].isin(inside)


@fact("name")
def branch_office(scene: Scene) -> pd.Series:
    return truth(scene.column("name").str.contains("分公司"))


@fact("uscc", "successor_uscc")
def in_cycle(scene: Scene) -> pd.Series:
    """A code that succeeds itself through a chain of 换码, 合并, 分立: every row of the circle."""
    hop = scene.typed[["uscc", "successor_uscc"]].dropna().drop_duplicates()
    open_ends = None
    while open_ends is None or open_ends.any():  # peel rows off that lead nowhere, or that nothing leads to
        open_ends = ~hop["successor_uscc"].isin(hop["uscc"]) | ~hop["uscc"].isin(hop["successor_uscc"])
        hop = hop[~open_ends]
    inside = pd.MultiIndex.from_frame(_on_circles(hop))
    return pd.Series(pd.MultiIndex.from_frame(scene.typed[["uscc", "successor_uscc"]]).isin(inside), index=scene.rows.index)


def _on_circles(hop: pd.DataFrame) -> pd.DataFrame:
    """Of the hops left, those from whose end a walk comes back to their start; few, if any, are left."""
    onward = hop.groupby("uscc")["successor_uscc"].agg(list).to_dict()

    def returns(start: str, end: str) -> bool:
        seen, ahead = set(), [end]
        while ahead:
            code = ahead.pop()
            if code == start:
                return True
            if code not in seen:
                seen.add(code)
                ahead += onward.get(code, [])
        return False

    back = [returns(start, end) for start, end in zip(hop["uscc"], hop["successor_uscc"], strict=True)]
    return hop[pd.Series(back, index=hop.index, dtype=bool)]


@fact("uscc", "pool", "entered_on", "left_on")
def overlaps_earlier(scene: Scene) -> pd.Series:
    """A stay [入库, 出库) that begins before an earlier one of the same 码 and 库别 has ended; the later is at fault."""
    stays = scene.typed[["uscc", "pool", "entered_on", "left_on"]]
    stays = stays.assign(uscc=scene.firms(), left_on=stays["left_on"].fillna(pd.Timestamp("9999-12-31")))
    stays = stays[stays["entered_on"] < stays["left_on"]].dropna(subset=["uscc", "pool"])
    stays = stays.sort_values("entered_on", kind="stable")
    firm = [stays["uscc"], stays["pool"]]
    latest_end = stays["left_on"].groupby(firm).cummax().groupby(firm).shift()
    return truth((stays["entered_on"] < latest_end).reindex(scene.rows.index))


@fact("event", "valid_from", "valid_to")
def validity_not_three_years(scene: Scene) -> pd.Series:
    """止 ≠ 起 + 3 years − 1 day."""
    rows = scene.typed
    expected = rows["valid_from"] + pd.DateOffset(years=scene.rules.tiers.validity_years) - pd.Timedelta(days=1)
    granted = rows["event"].isin(scene.rules.tiers.events.granting)
    return granted & rows["valid_from"].notna() & rows["valid_to"].notna() & rows["valid_to"].ne(expected)


@fact("uscc", "tier", "batch", "event", "announced_on")
def granted_and_ended_at_once(scene: Scene) -> pd.Series:
    """认定 or 复核通过 and 撤销 or 主动放弃 of one 码, 资质类型 and 批次 on one day: which came first nobody can say."""
    events = scene.rules.tiers.events
    alike = [scene.firms(), *(scene.column(name) for name in ("tier", "batch", "announced_on"))]
    granted, ended = scene.column("event").isin(events.granting), scene.column("event").isin(events.ending)
    both = granted.groupby(alike).transform("any") & ended.groupby(alike).transform("any")
    return truth(both) & (granted | ended)


@fact("tier", "announced_on")
def tier_name_out_of_time(scene: Scene) -> pd.Series:
    """A name of a tier that was not yet in use on 公布日期 (科技和创新型 from 2026-04-01)."""
    names = [name for name, column in scene.table.by_header().items() if column.name == "tier"]
    written = said_under(scene.rows, *names).str.strip()
    since = {alias.name: alias.valid_from for value in scene.rules.lists["资质类型"].values for alias in value.aliases}
    return truth(scene.column("announced_on") < pd.to_datetime(written.map(since)))
