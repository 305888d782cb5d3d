"""Knows how deliveries go wrong: about two rows in a hundred, of many kinds, some mended a delivery or two later.

A row's fault hangs on the row alone, so that it is the same whenever it is asked for. Leaves finding them to the suites.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.sample.draws import FIRST, stream
from zjtx_pipeline.sample.faults import DOUBLING, MILD, spoiled, spoilers_of
from zjtx_pipeline.tables import Table

_SHARE = {"D01": 0.012}  # the register is cleaner than what is written by hand
_USUAL_SHARE = 0.02
_STYLES = 0.006  # codes in lower case or full width: not wrong, only written otherwise
_FILLERS = ("无", "/", "—", "N/A")
_FILLED = 0.01  # empty cells that say so in a word
_BROKEN = 0.002  # text lines with a field too many
_ROOM = 60_000  # more rows than a table will ever have, so that a longer history leaves the faults where they are


def soil(table: Table, cells: pd.DataFrame, rows: pd.DataFrame, quarter: Quarter) -> tuple[pd.DataFrame, frozenset[int]]:
    """The cells with their faults, doubled rows included, and which lines of a text file are broken.

    `cells` and `rows` stand in the same order; `rows` bears `row`, `kept` and `known_on`.
    """
    number = rows["row"].to_numpy()
    chance = stream(f"dirt.{table.id}")
    draws = chance.random((5, _ROOM))[:, number]
    dirty = (draws[0] < _SHARE.get(table.id, _USUAL_SHARE)) & ~_mended(draws[1], rows["known_on"], quarter)
    cells = _styled(table, cells, draws[3])
    cells, twins = _spoil(table, cells, np.flatnonzero(dirty), draws[4], rows["kept"].to_numpy())
    cells = _filled(table, cells, draws[2])
    broken = np.zeros(len(cells), dtype=bool)
    if table.delivered == "delimited":
        broken = draws[2] > 1 - _BROKEN
    return _with_twins(cells, twins, broken)


def _mended(draw: np.ndarray, known_on: pd.Series, quarter: Quarter) -> np.ndarray:
    """Every third fault is put right one or two deliveries after the row first came in."""
    first = known_on.dt.year * 4 + known_on.dt.quarter - 1
    age = quarter.year * 4 + quarter.number - 1 - np.maximum(first, FIRST.year * 4)
    return ((draw < 0.33) & (age > 1 + (draw < 0.15))).to_numpy()


def _filled(table: Table, cells: pd.DataFrame, draw: np.ndarray) -> pd.DataFrame:
    """Some empty optional cells bear a word for nothing; a different row for each column."""
    columns = {}
    for place, column in enumerate(table.columns.values()):
        if column.optional and column.kind in ("text", "event", "date", "list"):
            chosen = ((draw + place * 0.137) % 1 < _FILLED) & (cells[column.name] == "").to_numpy()
            columns[column.name] = cells[column.name].mask(chosen, _FILLERS[place % len(_FILLERS)])
    return cells.assign(**columns)


def _styled(table: Table, cells: pd.DataFrame, draw: np.ndarray) -> pd.DataFrame:
    if not table.has_firm:
        return cells
    code = cells["uscc"].astype("str")
    wide = code.str.translate({sign: sign + 0xFEE0 for sign in range(0x21, 0x7F)})
    code = code.mask(draw < _STYLES, code.str.lower()).mask(draw > 1 - _STYLES / 4, wide)
    return cells.assign(uscc=code.astype(object))


def _spoil(table: Table, cells: pd.DataFrame, places: np.ndarray, draw: np.ndarray, kept: np.ndarray):
    """Each chosen row with one fault of those its table knows; returns the cells and the rows that come twice."""
    known = spoilers_of(table)
    mild = [name for name in known if name in MILD]
    columns, twins = {name: cells[name].to_numpy(object, copy=True) for name in cells}, {}
    for place in places:
        row = {column: values[place] for column, values in columns.items()}
        name, change = spoiled(table, row, mild if kept[place] else known, int(draw[place] * 1e6))
        if name in DOUBLING:
            twins[place] = change
            continue
        for column, value in change.items():
            columns[column][place] = value
    return pd.DataFrame(columns, columns=cells.columns, dtype=object), twins


def _with_twins(cells: pd.DataFrame, twins: dict[int, dict], broken: np.ndarray) -> tuple[pd.DataFrame, frozenset[int]]:
    """The doubled rows a few lines below their firsts."""
    extra = pd.DataFrame(list(twins.values()), columns=cells.columns, dtype=object)
    order = np.append(np.arange(len(cells), dtype=float), np.array(list(twins), dtype=float) + 3.5)
    lines = np.argsort(order, kind="stable")
    whole = pd.concat([cells, extra], ignore_index=True).iloc[lines]
    return whole, frozenset(np.flatnonzero(np.append(broken, np.zeros(len(extra), bool))[lines]).tolist())
