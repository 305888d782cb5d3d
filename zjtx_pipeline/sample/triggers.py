"""Knows which rows of the sample call for an award, under which key and on which base (datasets.md 5.5).

Leaves what then happens to the money to `awards`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from zjtx_pipeline.sample.draws import END, stream
from zjtx_pipeline.sample.ladder import CHAMPION, GIANT, HIDDEN, PROVINCIAL
from zjtx_pipeline.sample.scene import Scene

_TIERS = {CHAMPION: "A01", GIANT: "A02", HIDDEN: "A03", PROVINCIAL: "A04"}
_FACTORIES = {  # (示范类型, 级别): clause, yuan
    ("未来工厂", "省级"): ("A11", 3_000_000), ("数字化车间", "省级"): ("A12", 1_000_000), ("智能工厂", "省级"): ("A13", 1_000_000),
    ("链主工厂", "市级"): ("A14", 5_000_000), ("智能工厂", "市级"): ("A15", 2_000_000), ("数字化车间", "市级"): ("A16", 800_000),
    ("绿色工厂", "省级"): ("A17", 500_000), ("绿色工厂", "国家级"): ("A18", 1_000_000),
}  # fmt: skip
_CAP_FEN = 3_000_000_00


def award_units(scene: Scene, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row an award unit: firm, uscc, name, clause, trigger_key, triggered_on, base_fen, due_fen (NaN: not stated).

    Units from 2022 on: those before and after the plan's term are asked for less often.
    """
    parts = [
        _recognitions(scene, tables["D04"]), *_projects(tables), _purchases(scene, tables), _upgrades(tables["D15"]),
        *_demonstrations(tables["D16"]), _rents(tables["D20"]), _premises(tables["D21c"]),
    ]  # fmt: skip
    units = pd.concat(parts, ignore_index=True)
    units["triggered_on"] = units["triggered_on"].astype("datetime64[s]")
    inside = units["triggered_on"].between("2023-01-01", "2025-12-31")
    asked = inside | (stream("triggers").random(len(units)) < 0.2)
    recent = units["triggered_on"].between("2022-06-01", str(END))
    return units[asked & recent & (units["uscc"] != "")].reset_index(drop=True)


def _unit(rows: pd.DataFrame, clause, key, on: str, base=np.nan, due=np.nan) -> pd.DataFrame:
    columns = {"clause": clause, "trigger_key": key, "triggered_on": rows[on], "base_fen": base, "due_fen": due}
    return rows[["firm", "uscc", "name"]].assign(**columns)


def joined(rows: pd.DataFrame, *columns: str) -> pd.Series:
    """The key's values, joined by a bar."""
    texts = [rows[column].astype("str") for column in columns]
    return texts[0].str.cat(texts[1:], sep="|") if len(texts) > 1 else texts[0]


def _recognitions(scene: Scene, events: pd.DataFrame) -> pd.DataFrame:
    rows = events[(events["event"] == "认定") & events["tier"].isin(list(_TIERS))]
    rows = rows.drop_duplicates(["firm", "tier"])
    return _unit(rows, rows["tier"].map(_TIERS), joined(rows, "uscc", "tier", "batch"), "announced_on")


def _projects(tables: dict[str, pd.DataFrame]) -> list[pd.DataFrame]:
    raised = tables["D07"].query("project_type == '募投' and started_on.notna()")
    deals = tables["D12"].query("category == '技术交易' and role == '牵头' and industrialised_on.notna()")
    products = tables["D13"].query("category in ('首台套', '首版次') and level in ('国内', '省内')")
    return [
        _unit(raised, "A05", raised["project_no"], "started_on"),
        _unit(deals, "A06", deals["project_no"], "industrialised_on", deals["deal_fen"]),
        _unit(products, "A07", joined(products, "product_no", "category", "level"), "recognised_on"),
    ]


def _purchases(scene: Scene, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """A08 and A09 by buyer and year; applied for after the year's end, so the last counted invoice is known."""
    rows = tables["D14"]
    firsts = tables["D13"].query("category == '首台套'").drop_duplicates("product_no")
    listed = rows[["product_no"]].merge(firsts[["product_no", "firm", "recognised_on", "removed_on"]], how="left", on="product_no", validate="m:1")
    owned = (listed["firm"] == rows["seller"]) & (listed["recognised_on"] <= rows["contracted_on"]) & ~(listed["removed_on"] <= rows["contracted_on"])
    here = _inside(scene, rows["seller"], rows["contracted_on"]) & _inside(scene, rows["firm"], rows["invoiced_on"])
    counted = rows[owned & here & (rows["is_related_party"] == "否") & (rows["purchase_type"] == "首台套采购")]
    sums = _by_buyer(counted)
    due = np.clip((sums["net_purchase_fen"] * 0.1 + 0.5) // 1, 0, _CAP_FEN)
    first_used = _by_buyer(rows[rows["purchase_type"] == "首购首用"])
    return pd.concat([
        _unit(sums, "A08", joined(sums, "uscc", "year"), "invoiced_on", sums["net_purchase_fen"], due),
        _unit(first_used, "A09", joined(first_used, "uscc", "year"), "invoiced_on", first_used["net_purchase_fen"]),
    ])  # fmt: skip


def _by_buyer(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.assign(year=rows["invoiced_on"].dt.year)
    grouped = rows.groupby(["firm", "year"], sort=True)
    return grouped.agg(uscc=("uscc", "last"), name=("name", "last"), invoiced_on=("invoiced_on", "max"), net_purchase_fen=("net_purchase_fen", "sum")).reset_index()


def _inside(scene: Scene, firm: pd.Series, on: pd.Series) -> np.ndarray:
    """Firms of the district on each row's day."""
    firms, who, when = scene.firms, firm.to_numpy(), on.to_numpy("datetime64[D]")
    return firms.rooted[who] & ~(firms.left_on[who] <= when) & ~(firms.arrived_on[who] > when)


def _upgrades(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows[(rows["acceptance"] == "通过") & (rows["acceptance_standard"] == "市级") & rows["accepted_on"].notna()]
    due = (rows["approved_investment_fen"] * 0.2 + 0.5) // 1
    return _unit(rows, "A10", rows["project_no"], "accepted_on", rows["approved_investment_fen"], due)


def _demonstrations(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """First listings, and now and then a later one that somebody asks for all the same."""
    rows = rows.sort_values(["announced_on", "batch", "item_name"], kind="stable")
    repeated = rows.duplicated(["firm", "demonstration", "level"]).to_numpy()
    rows = rows[~repeated | (rows.index % 4 == 0)]
    parts, key = [], joined(rows, "uscc", "demonstration", "level", "batch", "item_name")
    for (kind, level), (clause, yuan) in _FACTORIES.items():
        found = (rows["demonstration"] == kind) & (rows["level"] == level)
        parts.append(_unit(rows[found], clause, key[found], "announced_on", yuan * 100.0, yuan * 100.0))
    runner = rows[rows["demonstration"].isin(["能效领跑者", "水效领跑者"]) & rows["level"].isin(["国家级", "省级"])]
    parts.append(_unit(runner, "A19", joined(runner, "uscc", "demonstration", "level", "list_year"), "announced_on", 200_000_00.0, 200_000_00.0))
    park = rows["demonstration"] == "特色园区"
    return [*parts, _unit(rows[park], "A21", key[park], "announced_on")]


def _rents(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows[(rows["sender"] == "区住建局") & (rows["rent_subsidised_people"] > 0)]
    return _unit(rows, "A20", joined(rows, "uscc", "for_quarter"), "on", rows["rent_subsidy_fen"])


def _premises(rows: pd.DataFrame) -> pd.DataFrame:
    return _unit(rows, "A23", joined(rows, "uscc", "mode", "began_on"), "began_on")
