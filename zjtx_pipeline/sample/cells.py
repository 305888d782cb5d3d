"""Knows how a typed row looks in a sheet: dates as ISO text, money in the header's unit, blanks empty."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zjtx_pipeline.tables import Column, Table

_PER_FEN = {"yuan": 100, "wan": 1_000_000}


def cells(table: Table, rows: pd.DataFrame) -> pd.DataFrame:
    """One object column a column of the dictionary, in its order; an empty cell is the empty text."""
    columns = {name: _cells(column, rows.get(name), len(rows)) for name, column in table.columns.items()}
    return pd.DataFrame(columns, index=rows["row"].to_numpy())


def _cells(column: Column, values: pd.Series | None, number: int) -> np.ndarray:
    if values is None:
        return np.full(number, "", dtype=object)
    if column.kind in ("event", "date"):
        days = values.to_numpy("datetime64[D]")
        return np.where(np.isnat(days), "", np.datetime_as_string(days)).astype(object)
    if column.kind in ("yuan", "wan", "count", "decimal", "year"):
        return _numbers(values.to_numpy(float), column.kind)
    return values.fillna("").astype(object).to_numpy()


def _numbers(values: np.ndarray, kind: str) -> np.ndarray:
    scaled = values / _PER_FEN[kind] if kind in _PER_FEN else values
    cells = scaled.astype(object)
    if kind in ("count", "year"):
        cells = np.where(np.isnan(values), 0, values).astype(np.int64).astype(object)
    cells[np.isnan(values)] = ""
    return cells


def as_text(cell) -> str:
    """A cell as a database or a text file holds it: no exponent, two to six decimals, none for whole numbers."""
    if isinstance(cell, float):
        text = f"{cell:.6f}".rstrip("0")
        return text + "0" * max(0, 2 - len(text.partition(".")[2]))
    return str(cell)
