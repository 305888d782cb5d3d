"""Knows which revision of a quarter its reports are, which figures each changed and why, what each rests on and what it says of the one
issued before it; and the orders under which issued ones are corrected.

Leaves which were issued to `delivery.record`, telling causes to `causes`. A quarter is revised when it is made again and
any of its files comes out otherwise: a late delivery, a correction, a rule, another program. Made again from the same it
is the same revision. What is kept of each, under `revisions/<quarter>/<number>`, is never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from zjtx_pipeline import store
from zjtx_pipeline.quarter import Quarter

FIGURE = ["indicator", "part", "breakdown"]
TOLD = ["value", "light", "status"]
CHANGES = [*FIGURE, "name", "unit", *(f"{when}_{name}" for name in TOLD for when in ("old", "new")), "cause"]
REVISIONS = ["quarter", "revision", *CHANGES]
UNTOLD = "原因待核"  # the cause where what was kept cannot tell it


@dataclass(frozen=True)
class Revision:
    """One kept revision of a quarter; what was kept by an earlier program lacks `basis` and `notice`."""

    number: int
    path: Path

    @cached_property
    def figures(self) -> pd.DataFrame:
        """The frame of its figures.csv."""
        return store.read_frame(self.path / "figures.parquet")

    @cached_property
    def basis(self) -> dict[str, Any] | None:
        """What it rests on (`causes.Basis`), as JSON keeps it."""
        return self._kept("basis")

    @cached_property
    def notice(self) -> dict[str, Any] | None:
        """The 更正说明 that its reports carry on how they differ from the last issue; None where they carry none."""
        return self._kept("notice")

    @cached_property
    def edition(self) -> str:
        """The mark that its reports bear; empty where an earlier program made them."""
        return self._kept("edition") or ""

    @cached_property
    def digest(self) -> str:
        """Of all its files."""
        return self._kept("revision")

    def _kept(self, name: str) -> Any:
        path = self.path / f"{name}.json"
        return store.read_json(path) if path.exists() else None


def recorded(
    home: Path,
    quarter: Quarter,
    files: Mapping[str, str],
    figures: pd.DataFrame,
    changed: pd.DataFrame | None = None,
    **beside: Mapping[str, Any] | str | None,
) -> int:
    """The number of the revision that these files (SHA-256 by name) are, from 1; a new one is kept.

    `figures`: the frame of figures.csv; `changed`: those that differ from the newest revision's, with their causes; `beside`:
    `basis`, `notice` and `edition`.
    """
    last, digest = newest(home, quarter), store.digest(*(part for pair in sorted(files.items()) for part in pair))
    if last and last.digest == digest:
        return last.number
    number = last.number + 1 if last else 1
    with store.new_folder(_folder(home, quarter) / str(number)) as new:
        store.write_frame(new / "figures.parquet", figures)
        if changed is not None:
            store.write_frame(new / "changes.parquet", changed[CHANGES])
        for name, content in {**beside, "revision": digest}.items():
            if content is not None:
                store.write_json(new / f"{name}.json", content)
    return number


def kept(home: Path, quarter: Quarter) -> list[Revision]:
    """A quarter's revisions by number."""
    numbers = sorted(int(path.name) for path in _folder(home, quarter).glob("[0-9]*"))
    return [Revision(number, _folder(home, quarter) / str(number)) for number in numbers]


def newest(home: Path, quarter: Quarter) -> Revision | None:
    return next(reversed(kept(home, quarter)), None)


def numbered(home: Path, quarter: Quarter, number: int | None) -> Revision | None:
    """The revision of that number, if it was kept."""
    return next((each for each in kept(home, quarter) if each.number == number), None)


def revisions_frame(home: Path, quarter: Quarter) -> pd.DataFrame:
    """revisions.csv: every figure that a revision changed, old beside new, with the cause, by revision; empty with one alone."""
    every = kept(home, quarter)
    changed = [_changed(old, new).assign(revision=str(new.number)) for old, new in zip(every, every[1:], strict=False)]
    return pd.concat([_nothing(), *changed], ignore_index=True).assign(quarter=str(quarter))[REVISIONS]


def _changed(old: Revision, new: Revision) -> pd.DataFrame:
    told = new.path / "changes.parquet"
    return store.read_frame(told) if told.exists() else changes(old.figures, new.figures).assign(cause=UNTOLD)


def changes(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """The figures whose value, light or status two frames of figures.csv tell otherwise; empty in one that lacks them."""
    columns = [*FIGURE, "name", "unit", *TOLD]
    both = old[columns].merge(new[columns], on=FIGURE, how="outer", validate="1:1", suffixes=("_old", "_new")).fillna("")
    differs = pd.concat([both[f"{name}_old"].ne(both[f"{name}_new"]) for name in TOLD], axis=1).any(axis=1)
    named = {name: both[f"{name}_new"].mask(both[f"{name}_new"].eq(""), both[f"{name}_old"]) for name in ("name", "unit")}
    beside = {f"{when}_{name}": both[f"{name}_{when}"] for name in TOLD for when in ("old", "new")}
    return both[FIGURE].assign(**named, **beside)[differs].reset_index(drop=True)


def order(home: Path, quarter: Quarter, issued: int, why: str, approved_by: str, day: date) -> None:
    """Write down why an issued revision is to be corrected, and who approved it on which day; an order of before is replaced."""
    store.write_json(_order(home, quarter, issued), {"why": why, "approved_by": approved_by, "day": day.isoformat()})


def ordered(home: Path, quarter: Quarter, issued: int) -> dict[str, str] | None:
    """The order for correcting an issued revision, if it was given."""
    path = _order(home, quarter, issued)
    return store.read_json(path) if path.exists() else None


def _order(home: Path, quarter: Quarter, issued: int) -> Path:
    return _folder(home, quarter) / "orders" / f"{issued}.json"


def _nothing() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="str") for name in REVISIONS})


def _folder(home: Path, quarter: Quarter) -> Path:
    return home / "revisions" / str(quarter)
