"""Knows how a delivered text becomes a value of its kind; leaves what to do about unreadable ones to the suites.

Everything arrives as text, so that no code, date or amount changes silently (datasets.md 5.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import reduce

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from zjtx_pipeline.codes import normal_form, patent_normal_form
from zjtx_pipeline.tables import Column, Table, comparable

EMPTY_WORDS = ["N/A", "n/a", "/", "—", "——", "-", "无", "null", "NULL", r"\n", r"\N"]
DATES = "datetime64[us]"
DECIMALS = pd.ArrowDtype(pa.decimal128(20, 6))
_TIME = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_DATE = (
    r"(?P<y>\d{4})(?:[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})|年(?P<m1>\d{1,2})月(?P<d1>\d{1,2})日|(?P<m2>\d{2})(?P<d2>\d{2}))"
    + _TIME
)
_NEVER = r"(?:9999(?:[-/.]\d{1,2}[-/.]\d{1,2}|年\d{1,2}月\d{1,2}日|\d{4})?|2099(?:[-/.]12[-/.]31|年12月31日|1231))" + _TIME
_NUMBER = r"(?P<sign>[-+]?)(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<decimals>\d+))?"


def canonical(table: Table, raw: pd.DataFrame, lists: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """The delivered cells under the dictionary's headers: text, NA where empty, aliases of closed lists mapped.

    `raw` holds text under the delivered headers, NA under those that another delivery beside it spells otherwise: each of
    them may write a header in its own way. `lists` gives, for a closed list, each spelling's value.
    Columns that the delivery lacks are left out here, unknown ones too: both are findings of the table.
    """
    known = table.by_header()
    delivered: dict[Column, pd.Series] = {}
    for header in raw.columns:
        column = known.get(comparable(header))
        if column is not None:
            delivered[column] = delivered[column].fillna(raw[header]) if column in delivered else raw[header]
    return pd.DataFrame({column.header: _cells(text, column, lists) for column, text in delivered.items()}, index=raw.index)


def said_under(rows: pd.DataFrame, *names: str) -> pd.Series | None:
    """What rows say under a header, however each delivery spells it; None where none of them bears it."""
    wanted = set(map(comparable, names))
    borne = [rows[header] for header in rows.columns if comparable(header) in wanted]
    return reduce(lambda first, other: first.fillna(other), borne) if borne else None


def _cells(text: pd.Series, column: Column, lists: Mapping[str, Mapping[str, str]]) -> pd.Series:
    text = text.astype("str").str.strip("\ufeff\u3000\u00a0 \t\r\n")
    text = text.mask(text.eq("") | (text.isin(EMPTY_WORDS) if column.optional and column.name != "name" else False))
    if column.is_event:  # the far-off days that exports write for “not yet” are no days
        text = text.mask(text.str.fullmatch(_NEVER).fillna(False).astype(bool))
    if column.kind == "code":
        return normal_form(text)
    if column.kind == "patent":
        return patent_normal_form(text)
    if column.kind == "list":
        spelling = lists[column.list_name]
        return text.map(lambda value: spelling.get(value, value), na_action="ignore").astype("str")
    return text


def typed(table: Table, text: pd.DataFrame) -> pd.DataFrame:
    """The canonical cells as values under the dictionary's English names; NA where a cell cannot be read."""
    columns = {
        column.name: values(text[column.header], column.kind)
        for column in table.columns.values()
        if column.header in text
    }
    return pd.DataFrame(columns, index=text.index)


def contents(table: Table, text: pd.DataFrame, known: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """Each cell of some columns as what it says: the value where it can be read, else the text; 1.0 and 1.00 are the same."""
    shown = {}
    for column in (table.columns[name] for name in names if name in known):
        value = known[column.name].astype("str")
        shown[column.name] = value.where(known[column.name].notna(), text[column.header]).astype("str").fillna("")
    return pd.DataFrame(shown, index=text.index, dtype="str")


def with_all_columns(table: Table, known: pd.DataFrame) -> pd.DataFrame:
    """Values in the dictionary's order, with a column of NA, of its kind, for each that no delivery bore."""
    absent = [column.header for column in table.columns.values() if column.name not in known]
    nothing = pd.DataFrame({header: pd.Series(pd.NA, index=known.index, dtype="str") for header in absent}, index=known.index)
    return pd.concat([known, typed(table, nothing)], axis=1)[list(table.columns)]


def values(text: pd.Series, kind: str) -> pd.Series:
    """Canonical text as values of one kind; NA where empty or unreadable."""
    return _READERS.get(kind, _text)(text)


def _text(text: pd.Series) -> pd.Series:
    return text


def _parts(text: pd.Series, pattern: str) -> pd.DataFrame:
    """The named groups of a pattern that must fit the whole text: NA where it does not, "" for a group not taken."""
    found = pc.extract_regex(_half_width(pa.array(text, pa.string(), from_pandas=True)), f"^(?:{pattern})$")
    return pd.DataFrame(
        {field.name: pd.Series(pc.struct_field(found, field.name), dtype="str") for field in found.type}
    ).set_index(text.index)


def _half_width(text: pa.Array) -> pa.Array:
    """Full-width characters as their plain ones; NA where a sign such as ③, ² or ㏤ would turn into another number: 10² is not 102."""
    if pc.all(pc.string_is_ascii(text)).as_py():
        return text
    odd = pc.match_substring_regex(text, r"[\p{No}\p{Nl}\p{So}]")
    return pc.utf8_normalize(pc.if_else(odd, None, text), form="NFKC")


def _dates(text: pd.Series) -> pd.Series:
    parts = _parts(text, _DATE)
    month, day = parts["m"] + parts["m1"] + parts["m2"], parts["d"] + parts["d1"] + parts["d2"]
    joined = parts["y"] + "-" + month.str.zfill(2) + "-" + day.str.zfill(2)
    return pd.to_datetime(joined, format="%Y-%m-%d", errors="coerce").astype(DATES)


def _events(text: pd.Series) -> pd.Series:
    """Days of things that happened; the far-off days that exports write for “not yet” are none."""
    return _dates(text.mask(text.str.fullmatch(_NEVER).fillna(False).astype(bool)))


def _whole(scale: int) -> Callable[[pd.Series], pd.Series]:
    """A reader of numbers with at most `scale` decimals as whole multiples of 10^-scale."""

    def read(text: pd.Series) -> pd.Series:
        parts = _parts(text, _NUMBER)
        decimals = parts["decimals"].str.rstrip("0")
        digits = parts["whole"].str.replace(",", "") + decimals.str.pad(scale, side="right", fillchar="0")
        digits = digits.where((decimals.str.len() <= scale) & (digits.str.len() <= 18))
        whole = pc.cast(pa.array(digits, pa.string(), from_pandas=True), pa.int64())
        amount = pd.Series(pd.Int64Dtype().__from_arrow__(whole), index=text.index)  # pandas itself would go through floats
        return amount.mask(parts["sign"].eq("-").fillna(False).astype(bool), -amount)

    return read


def _counts(text: pd.Series) -> pd.Series:
    counts = _whole(0)(text)
    return counts.mask(counts < 0)


def _decimals(text: pd.Series) -> pd.Series:
    millionths = _whole(6)(text)
    exact = [None if pd.isna(number) else int(number) * Decimal("0.000001") for number in millionths]
    return pd.Series(pa.array(exact, pa.decimal128(20, 6)), index=text.index, dtype=DECIMALS)


def _matching(pattern: str) -> Callable[[pd.Series], pd.Series]:
    def read(text: pd.Series) -> pd.Series:
        return text.where(text.str.fullmatch(pattern).fillna(False).astype(bool))

    return read


def _years(text: pd.Series) -> pd.Series:
    return pd.to_numeric(_parts(text, r"(?P<year>(?:19|20)\d{2})年?")["year"]).astype("Int64")


def _booleans(text: pd.Series) -> pd.Series:
    return text.map({"是": True, "否": False}).astype("boolean")


def _tasks(text: pd.Series) -> pd.Series:
    number = _parts(text, r"[Tt]?0*(?P<number>\d{1,2})")["number"]
    return pd.to_numeric(number.where(number.isin([str(task) for task in range(1, 15)]))).astype("Int64")


_READERS: dict[str, Callable[[pd.Series], pd.Series]] = {
    "event": _events,
    "date": _dates,
    "yuan": _whole(2),
    "wan": _whole(6),
    "count": _counts,
    "decimal": _decimals,
    "year": _years,
    "quarter": _matching(r"[0-9]{4}Q[1-4]"),
    "period": _matching(r"[0-9]{4}(?:Q[1-4])?"),
    "bool": _booleans,
    "task": _tasks,
}
