"""Knows what of the sample's history one delivery shows: the rows known by its day, and nothing of what comes later.

Natures L, A, S, P and T are those of datasets.md 5.1. Leaves faults to `dirt` and files to `writing`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.sample.awards import approvals_by
from zjtx_pipeline.sample.draws import day
from zjtx_pipeline.sample.finance import outstanding
from zjtx_pipeline.sample.industry import invested_by
from zjtx_pipeline.sample.texts import progress_texts
from zjtx_pipeline.sample.world import register_rows, world
from zjtx_pipeline.tables import Table

_LATER = {  # table: day on which something becomes known, what stands there before, what after (None: as it is)
    "D03": [("left_on", {"left_because": ("", None)})],
    "D05": [("evaluated_on", {"evaluation": ("", None)})],
    "D07": [("started_on", {}), ("in_production_on", {})],
    "D09": [("revoked_on", {"status": ("有效", "撤销")})],
    "D10": [("lapsed_on", {"legal_status": ("有效", "失效")})],
    "D11": [("rated_on", {"rating": ("", None)})],
    "D12": [("industrialised_on", {"industrialised": (None, "是")})],
    "D13": [("removed_on", {})],
    "D15": [
        ("established_on", {"scene": ("", None), "planned_investment_fen": (np.nan, None)}),
        ("accepted_on", {"approved_investment_fen": (np.nan, None), "increase_reason": ("", None),
                         "acceptance_standard": ("", None), "acceptance": ("", None)}),
    ],
    "D16": [("removed_on", {})],
    "D21b": [("completed_on", {"completed_m2": (np.nan, None)})],
    "D22a": [("joined_on", {"is_alliance_member": ("否", "是")})],
    "D22b": [("closed_on", {"is_closed": ("否", "是")})],
    "D24b": [("stopped_on", {})],
}  # fmt: skip
_STATES = {"D06a": approvals_by, "D07": invested_by, "D19": outstanding}  # columns worked out for the day itself


def shown(table: Table, quarter: Quarter, on: np.datetime64) -> pd.DataFrame:
    """The rows that a table's departments hold on the day of delivery, by the dictionary's English names.

    Private columns beside: `row`, `kept`, `known_on`, and `sender` where departments deliver different rows.
    """
    if table.id == "D01":
        return register_rows(day(quarter.last_day)).assign(known_on=day(quarter.last_day))
    if table.id == "D26":
        rows = progress_texts(quarter)
        return rows.assign(row=np.arange(len(rows)), kept=False, known_on=day(quarter.last_day))
    rows = world()[1][table.id]
    rows = rows[_in_span(table, rows, quarter) & (rows["known_on"] <= on)]
    rows = _STATES[table.id](rows, on) if table.id in _STATES else rows
    return _as_of(rows, _LATER.get(table.id, []), on)


def _in_span(table: Table, rows: pd.DataFrame, quarter: Quarter) -> np.ndarray:
    """A: the quarter's year. P: that year and the two before, up to the quarter. L: everything."""
    if table.nature == "A":
        return (rows["served_on"].dt.year == quarter.year).to_numpy()
    if table.nature == "P":
        years = rows["on"].dt.year
        return ((years >= quarter.year - 2) & (rows["on"] <= day(quarter.last_day))).to_numpy()
    return np.ones(len(rows), dtype=bool)


def _as_of(rows: pd.DataFrame, events: list, on: np.datetime64) -> pd.DataFrame:
    for date, changes in events:
        happened = (rows[date] <= on).to_numpy()
        columns = {date: rows[date].where(happened)}
        for column, (before, after) in changes.items():
            value = rows[column] if after is None else rows[column].mask(happened, after)
            columns[column] = value if before is None else value.where(happened, before)
        rows = rows.assign(**columns)
    return rows
