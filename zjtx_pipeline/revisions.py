"""Knows which revision of a quarter its reports are, and which figures each revision changed.

Leaves saying so to recipients, with who approved it and why, to whoever sends the reports. A quarter is revised when it
is made again and any of its files comes out otherwise: a late delivery, a correction, a rule, another program. Made again
from the same it is the same revision. What is kept of each, under `revisions/<quarter>/<number>`, is never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from zjtx_pipeline import store
from zjtx_pipeline.quarter import Quarter

FIGURE = ["indicator", "part", "breakdown"]
TOLD = ["value", "light", "status"]
REVISIONS = ["quarter", "revision", *FIGURE, "name", "unit", *(f"{when}_{name}" for name in TOLD for when in ("old", "new"))]


def recorded(home: Path, quarter: Quarter, files: Mapping[str, str], figures: pd.DataFrame) -> int:
    """The number of the revision that these files (SHA-256 by name) are, from 1; a new one is kept with its figures.

    `figures`: the frame of figures.csv.
    """
    folder, digest = _folder(home, quarter), store.digest(*(part for pair in sorted(files.items()) for part in pair))
    last = len(_kept(folder))
    if last and store.read_json(folder / str(last) / "revision.json") == digest:
        return last
    with store.new_folder(folder / str(last + 1)) as new:
        store.write_frame(new / "figures.parquet", figures)
        store.write_json(new / "revision.json", digest)
    return last + 1


def revisions_frame(home: Path, quarter: Quarter) -> pd.DataFrame:
    """revisions.csv: every figure that a revision changed, old beside new, by revision; empty with one alone."""
    kept = [store.read_frame(path / "figures.parquet") for path in _kept(_folder(home, quarter))]
    steps = enumerate(zip(kept, kept[1:], strict=False), 2)
    changed = [changes(old, new).assign(revision=str(number)) for number, (old, new) in steps]
    return pd.concat([_nothing(), *changed], ignore_index=True).assign(quarter=str(quarter))[REVISIONS]


def changes(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """The figures whose value, light or status two frames of figures.csv tell otherwise; empty in one that lacks them."""
    columns = [*FIGURE, "name", "unit", *TOLD]
    both = old[columns].merge(new[columns], on=FIGURE, how="outer", validate="1:1", suffixes=("_old", "_new")).fillna("")
    differs = pd.concat([both[f"{name}_old"].ne(both[f"{name}_new"]) for name in TOLD], axis=1).any(axis=1)
    named = {name: both[f"{name}_new"].mask(both[f"{name}_new"].eq(""), both[f"{name}_old"]) for name in ("name", "unit")}
    beside = {f"{when}_{name}": both[f"{name}_{when}"] for name in TOLD for when in ("old", "new")}
    return both[FIGURE].assign(**named, **beside)[differs].reset_index(drop=True)


def _nothing() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="str") for name in REVISIONS})


def _folder(home: Path, quarter: Quarter) -> Path:
    return home / "revisions" / str(quarter)


def _kept(folder: Path) -> list[Path]:
    """The revisions by number."""
    return sorted((path for path in folder.glob("[0-9]*")), key=lambda path: int(path.name))
