"""Knows the whole of the sample's history, made once a process; leaves what a delivery shows of it to `ledgers`."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from zjtx_pipeline.sample import awards, economy, finance, industry, innovation, projects, quality, register, services
from zjtx_pipeline.sample.firms import NUMBER, Firms
from zjtx_pipeline.sample.scene import set_stage


@cache
def world() -> tuple[Firms, dict[str, pd.DataFrame]]:
    """The firms, and every ledger's rows from first to last by table id; D01 and D26 are made a quarter at a time.

    Beside the dictionary's columns a row bears `known_on` (from when a ledger shows it) and, where it matters,
    `sender`, and `kept` (a target hangs on it: only mild faults).
    """
    scene = set_stage()
    products, agreements = projects.new_products(scene), services.providers()
    tables = {
        "D02": register.changes(scene.firms),
        "D03": scene.pools.rows,
        "D04": scene.ladder.events,
        "D05": economy.business_figures(scene),
        "D07": industry.chain_projects(scene),
        "D08": industry.leaders_purchases(scene),
        "D09": innovation.research_organs(scene),
        "D10": innovation.patents(scene),
        "D11": innovation.standards_records(scene),
        "D12": projects.science_projects(scene),
        "D13": products,
        "D14": projects.product_purchases(scene, products),
        "D15": industry.digital_projects(scene, agreements["provider_uscc"].unique()),
        "D16": industry.demonstrations(scene),
        "D17": quality.star_ratings(scene),
        "D18": quality.quality_items(scene),
        "D19": finance.listings_and_loans(scene),
        "D20": economy.talent_counts(scene),
        "D21a": finance.parcels(scene),
        "D21b": finance.factory_buildings(scene),
        "D21c": finance.premises(scene),
        "D22a": agreements,
        "D22b": services.services(scene, agreements),
        "D23": services.activities(),
        "D24a": finance.public_contracts(scene),
        "D24b": finance.brands(scene),
        "D25": finance.deductions(scene),
    }
    tables["D06a"], tables["D06b"] = awards.awards(scene, tables)
    return scene.firms, {table: _plain(rows) for table, rows in tables.items()}


def _plain(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with what every delivery needs: a lasting row number and the two marks."""
    rows = rows.reset_index(drop=True)
    kept = rows["kept"].fillna(False).astype(bool) if "kept" in rows else np.zeros(len(rows), dtype=bool)
    return rows.assign(kept=kept, row=np.arange(len(rows)))


def register_rows(on: np.datetime64) -> pd.DataFrame:
    """D01 on a day, its row numbers the firms' own."""
    rows = register.register_on(world()[0], on)
    second = rows.duplicated("firm").to_numpy()
    return rows.assign(row=rows["firm"] + NUMBER * second, kept=False)
