"""Knows the register of firms (D01, with D02's renames) and which rows do not agree with it; leaves codes' form to the suites."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from zjtx_pipeline.codes import credit_code_faults
from zjtx_pipeline.facts.scene import Scene, fact, truth

if TYPE_CHECKING:
    from zjtx_pipeline.verdicts import Verdict

_RENAMED = "更名"
_BETWEEN_NAMES = r"[；;、，,|\n]"


@dataclass(frozen=True)
class Register:
    """The codes of D01, and every name a code may bear, as `code|name` without differences of width or blanks."""

    codes: pa.Array
    names: pa.Array


@lru_cache(maxsize=8)
def register(firms: Verdict, changes: Verdict | None) -> Register:
    """The register of one quarter; 曾用名, and D02's names before and after a 更名, are names too."""
    former = firms.accepted[["uscc", "former_names"]].dropna()
    former = former.assign(name=former["former_names"].str.split(_BETWEEN_NAMES, regex=True)).explode("name")
    known = [_named(firms.accepted, "name"), _named(former, "name")]
    if changes is not None:
        known += _renames(changes.accepted)
    return Register(_array(firms.accepted["uscc"]), _array(pd.concat(known).drop_duplicates()))


def _renames(changes: pd.DataFrame) -> list[pd.Series]:
    if not {"uscc", "item", "before", "after"} <= set(changes.columns):
        return []
    renamed = changes[truth(changes["item"].eq(_RENAMED))]
    return [_named(renamed, "before"), _named(renamed, "after")]


def _named(rows: pd.DataFrame, column: str) -> pd.Series:
    return (rows["uscc"] + "|" + plain_names(rows[column])).dropna()


def plain_names(names: pd.Series) -> pd.Series:
    """Names without differences of width or blanks: （） and () are the same; nothing else is."""
    spellings = {name: "".join(unicodedata.normalize("NFKC", name).split()) for name in names.dropna().unique()}
    return names.map(spellings).astype("str")


def _array(texts: Iterable[str]) -> pa.Array:
    return pa.array(texts, pa.string(), from_pandas=True)


def _among(texts: pd.Series, known: pa.Array) -> pd.Series:
    """Series.isin, without turning a long list of known texts into Python objects each time."""
    return pd.Series(pc.is_in(_array(texts), value_set=known).to_numpy(zero_copy_only=False), index=texts.index)


def _register(scene: Scene) -> Register:
    return register(scene.beside["D01"], scene.beside.get("D02"))


@fact("uscc", beside=("D01",))
def outside_register(scene: Scene) -> pd.Series:
    """A sound 码 that D01 does not hold."""
    return _strangers(scene, "uscc")


@fact("successor_uscc", beside=("D01",))
def successor_outside_register(scene: Scene) -> pd.Series:
    return _strangers(scene, "successor_uscc")


def _strangers(scene: Scene, column: str) -> pd.Series:
    codes = scene.column(column)
    strangers = codes[codes.notna() & ~_among(codes, _register(scene).codes)]
    return (~credit_code_faults(strangers).isin(["form", "check"])).reindex(codes.index, fill_value=False)


@fact("uscc", "name", beside=("D01",))
def misnamed(scene: Scene) -> pd.Series:
    """A name that is neither the register's for this 码 nor one of its aliases."""
    known = _register(scene)
    written = scene.column("uscc") + "|" + plain_names(scene.column("name"))
    right = _among(written, known.names)
    if scene.table.id == "D02":  # the table itself says what a firm was called
        own = [each for each in _renames(scene.typed) if len(each)]
        right |= written.isin(pd.concat(own)) if own else False
    return written.notna() & _among(scene.column("uscc"), known.codes) & ~right
