"""Knows who delivers what in a quarter, on which day, under which file name, and what is missing or late.

Leaves what is told to `ledgers`, what is wrong with it to `dirt`, and bytes to `writing`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from pathlib import Path

import pandas as pd

from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.sample.cells import cells
from zjtx_pipeline.sample.dirt import soil
from zjtx_pipeline.sample.draws import day, stream
from zjtx_pipeline.sample.ledgers import shown
from zjtx_pipeline.sample.writing import write_delimited, write_workbook
from zjtx_pipeline.tables import Table, load_tables
from zjtx_pipeline.workdays import workday_after

_SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
_MISSING = {  # never delivered: the table by anyone (None), or by one department
    ("D22a", "2023Q1", None), ("D24b", "2023Q2", None), ("D23", "2024Q1", "区人社局"), ("D08", "2025Q3", "区商务局"),
}  # fmt: skip
_SHORT_NAMED = {("D17", "2025Q1", "区经信局"): "经信局", ("D19", "2024Q2", "区发改局"): "发改局"}
_TWICE = {("D15", "2024Q3", "区经信局"), ("D18", "2025Q2", "区市场监管局")}  # a first, shorter delivery was replaced
_NOTHING = "零报送"


@dataclass(frozen=True)
class Delivery:
    """One table by one department in one quarter: `rows` are cells in the dictionary's order."""

    table: Table
    sender: str
    received: datetime
    rows: pd.DataFrame
    broken: frozenset[int] = frozenset()


def deliveries(quarter: Quarter, kinds: tuple[str, ...]) -> Iterator[Delivery]:
    """Every delivery of the quarter whose table is of one of the kinds `workbook`, `delimited`, `database`."""
    for table in load_tables().values():
        if table.delivered not in kinds or (table.id, str(quarter), None) in _MISSING:
            continue
        for sender in table.senders:
            delivery = _delivery(table, quarter, sender)
            silent = (table.id, str(quarter), sender) in _MISSING or (table.nature == "T" and delivery.rows.empty)
            if not silent:
                yield delivery


def _delivery(table: Table, quarter: Quarter, sender: str) -> Delivery:
    received = _received(table, quarter, sender)
    on = day(received.date())
    rows = shown(table, quarter, on)
    if "sender" in rows:
        rows = rows[rows["sender"] == sender]
    soiled, broken = soil(table, cells(table, _own_columns(table, rows, sender)), rows, quarter)
    return Delivery(table, sender, received, soiled, broken)


def _own_columns(table: Table, rows: pd.DataFrame, sender: str) -> pd.DataFrame:
    """Where departments fill different columns of one row, each fills its own and leaves the others' empty."""
    if table.id != "D05":
        return rows
    key = ["uscc", "name", "period", "basis", "row"]
    theirs = set().union(*table.columns_of.values())
    if sender in table.columns_of:
        return rows[[*key, *table.columns_of[sender]]]
    return rows.drop(columns=list(theirs))


def _received(table: Table, quarter: Quarter, sender: str) -> datetime:
    """When the file came in: the third to tenth working day, one in sixteen some days late."""
    chance = stream(f"received.{table.id}.{quarter}.{sender}")
    workday = 11 + int(chance.random() * 3) if chance.random() < 0.06 else 3 + int(chance.random() * 8)
    workday = 8 if table.delivered == "database" else workday
    clock = time(9 + int(chance.random() * 8), int(chance.random() * 60))
    return datetime.combine(workday_after(quarter, workday), clock, _SHANGHAI)


def write_files(folder: Path, quarter: Quarter) -> None:
    """Every workbook and text file of the quarter into a folder, each with the time it was delivered."""
    for delivery in deliveries(quarter, ("workbook", "delimited")):
        key = (delivery.table.id, str(quarter), delivery.sender)
        stem = f"{delivery.table.title}_{_SHORT_NAMED.get(key, delivery.sender)}"
        if key in _TWICE:
            shorter = delivery.rows.head(int(len(delivery.rows) * 0.9))
            _write(folder, stem, delivery, shorter, delivery.received - timedelta(days=1))
            stem += "_2"
        if len(delivery.rows):
            _write(folder, stem, delivery, delivery.rows, delivery.received)
        elif quarter.number % 2:
            _write(folder, f"{stem}_{_NOTHING}", delivery, delivery.rows, delivery.received)
        else:  # the other way to say it: a row of its own
            row = pd.DataFrame([[*[""] * delivery.rows.shape[1], "是"]], columns=[*delivery.rows.columns, _NOTHING])
            _write(folder, stem, delivery, row, delivery.received)


def _write(folder: Path, stem: str, delivery: Delivery, rows: pd.DataFrame, received: datetime) -> None:
    columns = delivery.table.columns
    headers = [columns[name].header if name in columns else name for name in rows.columns]
    if delivery.table.delivered == "delimited":
        path = folder / f"{stem}.csv"
        write_delimited(path, headers, rows, delivery.broken)
    else:
        path = folder / f"{stem}.xlsx"
        write_workbook(path, delivery.table, headers, rows)
    os.utime(path, (received.timestamp(), received.timestamp()))
