"""Knows what in a delivery looks right and is not: a unit that contradicts the headers, codes that lost digits.

Leaves single values to the suites. A note tells the sender; no value is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from zjtx_pipeline.tables import Table, comparable

_UNIT = re.compile(r"单位[:：]?(?:人民币)?(亿元|千万元|百万元|十万元|万元|千元|元)")
_MONEY = re.compile(r"\((元|万元)\)$")
_LOST = r"^\s*[0-9](?:\.[0-9]+)?[eE]\+?1[5-9]\s*$"
_GARBLED = "[\ufffd\ue000-\uf8ff]|锟斤拷|烫烫"


def unit_notes(table: Table, headers: Sequence[str], titles: Iterable[str]) -> Iterator[str]:
    """A unit written above the headers that is not the one in the headers."""
    said = [found[1] for title in titles if (found := _UNIT.search(comparable(title)))]
    known = table.by_header()
    units = {header: found[1] for header in headers if (found := _MONEY.search(comparable(header))) and comparable(header) in known}
    for unit in dict.fromkeys(said):
        other = [header for header, own in units.items() if own != unit]
        if other:
            yield f"表头上方写着“单位：{unit}”，与“{'”“'.join(other[:5])}”的单位不符：按表头的单位读入，没有换算，请核对后重报。"


def in_yuan(header: str) -> str:
    """How much of the plain unit one of a column is.

    >>> in_yuan("总投资(万元)"), in_yuan("核定金额(元)"), in_yuan("从业人员(人)")
    ('10000', '1', '1')
    """
    found = _MONEY.search(header)
    return "10000" if found and found[1] == "万元" else "1"


def value_notes(table: Table, rows: pd.DataFrame) -> Iterator[str]:
    """Columns whose cells have lost digits to a number format, or characters to a wrong encoding."""
    known = table.by_header()
    for header in rows.columns:
        column = known.get(comparable(header))
        if column is None:
            continue
        lost = _places(rows, header, _LOST) if column.kind in ("code", "text", "patent") else []
        if lost:
            yield (
                f"“{header}”列有 {len(lost)} 处成了科学计数（如 {lost[0]}），末几位已经丢失："
                "请把该列设为文本，从原始材料重新填写。"
            )
        garbled = _places(rows, header, _GARBLED)
        if garbled:
            yield f"“{header}”列有 {len(garbled)} 处乱码（如 {garbled[0]}）：请用原文件重新导出。"


def _places(rows: pd.DataFrame, header: str, pattern: str) -> list[str]:
    """Where a column's cells hold a pattern of RE2's."""
    return [rows["place"].iat[at] for at in holds(rows[header], pattern).nonzero()[0]]


def holds(text: pd.Series, pattern: str) -> np.ndarray:
    """Which texts hold a pattern; by Arrow, for pandas would look at each by itself."""
    return pc.match_substring_regex(pa.array(text, pa.string(), from_pandas=True), pattern).to_numpy(zero_copy_only=False)
