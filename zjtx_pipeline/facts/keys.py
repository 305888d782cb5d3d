"""Knows when two rows are the same record: equal keys, with equal or with other content (datasets.md C0).

Leaves the sentence about it to the suites.
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.codes import is_no_credit_code
from zjtx_pipeline.tables import Table


def key_of(table: Table, content: pd.DataFrame, sender: pd.Series) -> pd.Series:
    """Each row's key as one text; NA where a part that must be filled is empty, or a code is none, so that it equals
    nothing."""
    parts = [sender if name == "sender" else content.get(name, pd.Series("", index=sender.index)) for name in table.key]
    key = parts[0].astype("str").str.cat([part.astype("str") for part in parts[1:]], sep="\x1f")
    asked = [name for name in table.key if name != "sender" and not table.columns[name].optional]
    incomplete = pd.Series(False, index=sender.index)
    for name in asked:
        incomplete |= content[name].eq("") if name in content else True
    key = key.mask(incomplete)
    shared = key.notna() & key.duplicated(keep=False)  # few rows: only their codes need be looked at
    for name in [name for name in table.key if name in table.codes and name in content]:
        codes = content.loc[shared, name]
        key = key.mask(is_no_credit_code(codes.mask(codes.eq(""))).reindex(key.index, fill_value=False))
    return key


def standing(key: pd.Series, content: pd.DataFrame) -> pd.Series:
    """Each row among those of its key, in the order read: "", `repeated` or `contradicted`.

    Same key, same content: all but the first are `repeated`. Same key, other content: all are `contradicted`.
    `content` need only hold the rows whose key stands more than once.
    """
    whole = pd.util.hash_pandas_object(content, index=False)
    kinds = whole.groupby(key).transform("nunique").reindex(key.index)
    contradicted = key.notna() & kinds.gt(1)
    repeated = key.notna() & key.duplicated() & ~contradicted
    return pd.Series("", index=key.index, dtype="str").mask(repeated, "repeated").mask(contradicted, "contradicted")
