"""Knows what a fact is given, and the list of all facts; leaves finding each to the modules beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from zjtx_pipeline.codes import is_no_credit_code
from zjtx_pipeline.facts.keys import key_of, standing
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.rules import Rules
from zjtx_pipeline.tables import Table
from zjtx_pipeline.tables.typed import contents

if TYPE_CHECKING:
    from zjtx_pipeline.verdicts import Verdict


@dataclass(frozen=True)
class Scene:
    """One table's rows in hand, as text and as values, and the verdicts of the delivered tables it is compared with."""

    table: Table
    quarter: Quarter
    rules: Rules
    rows: pd.DataFrame
    text: pd.DataFrame
    typed: pd.DataFrame
    beside: Mapping[str, Verdict]

    @cached_property
    def key(self) -> pd.Series:
        """Each row's key as one text, NA where it is not whole."""
        keys = contents(self.table, self.text, self.typed, [name for name in self.table.key if name != "sender"])
        return key_of(self.table, keys, self.rows["sender"])

    @cached_property
    def standing(self) -> pd.Series:
        key = self.key
        shared = key.notna() & key.duplicated(keep=False)  # few rows: only they need be compared cell by cell
        if not shared.any():
            return pd.Series("", index=key.index, dtype="str")
        return standing(key, contents(self.table, self.text[shared], self.typed[shared], self.table.columns))

    def column(self, name: str) -> pd.Series:
        return self.typed[name]

    def firms(self) -> pd.Series:
        """The 码 of each row, NA where it is none and tells no firm from another."""
        codes = self.typed["uscc"]
        return codes.mask(is_no_credit_code(codes))

    def accepted(self, table: str) -> pd.DataFrame:
        return self.beside[table].accepted


@dataclass(frozen=True)
class Fact:
    """A fault that a suite may name: `tables` it is checked against, `columns` without which it cannot be.

    Of twins, `twins` tells which rows are one another's, and `between` what is said where the others are another department's;
    `spares_first`: the first of them that is sound otherwise stands.
    """

    name: str
    tables: tuple[str, ...]
    columns: tuple[str, ...]
    find: Callable[[Scene], pd.Series]
    twins: Callable[[Scene], pd.Series] | None = None
    between: str = ""
    spares_first: bool = False


FACTS: dict[str, Fact] = {}


def fact(*columns: str, beside: tuple[str, ...] = (), **of_twins: Any) -> Callable:
    """Enter a function under its own name; `columns` of the table it reads, `beside` the other tables; of twins as `Fact` has it."""

    def entered(find: Callable[[Scene], pd.Series]) -> Callable[[Scene], pd.Series]:
        FACTS[find.__name__] = Fact(find.__name__, beside, columns, find, **of_twins)
        return find

    return entered


def truth(condition: pd.Series) -> pd.Series:
    """A condition as plain booleans; what cannot be told is not a fault."""
    return condition.fillna(False).astype(bool)
