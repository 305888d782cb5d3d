"""Knows which cells of a delivery are at fault, what is expected there and what may have been meant.

Leaves what goes back to `marked`.
"""

from __future__ import annotations

from functools import cache

import pandas as pd

from zjtx_pipeline.codes import suggested_credit_codes
from zjtx_pipeline.rules import Rules
from zjtx_pipeline.snapshots import Source
from zjtx_pipeline.sources.screen import mark
from zjtx_pipeline.suites import NOTED, RETURNED, load_suite
from zjtx_pipeline.tables import Column, Table, comparable
from zjtx_pipeline.tables.blanks import form
from zjtx_pipeline.tables.typed import canonical
from zjtx_pipeline.verdicts import Verdict, shown
from zjtx_pipeline.workbooks import LONGEST_CELL

UNREAD = "无法识别"
GRAVITY = {UNREAD: 0, RETURNED: 1, NOTED: 2}
# Rules about a cell by itself: the column's form says what is expected. Of the others the sentence says all.
_OF_A_CELL = {"not_be_null", "be_read", "be_in_set", "be_credit_codes", "be_patent_numbers"}


def faults_of(verdict: Verdict, source: Source, places: pd.Series, delivered: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """One line a rule and row at fault: row, header as delivered, severity, message, expected, suggested."""
    told = own_rows(verdict.findings, source)
    told = told[told["rule"].isin(_row_rules(verdict.table.id))]
    rows = places.rename_axis("row").reset_index(name="place")
    faults = told.merge(rows, on="place", how="inner", validate="many_to_many")
    faults = faults[_is_meant(faults, places, delivered, verdict.table, rules)]
    faults = faults[_is_set_aside(faults, own_rows(verdict.set_aside, source)["place"])]
    faults = pd.concat([faults, _too_long(delivered, verdict.table, source)], ignore_index=True)
    faults = faults.sort_values(["row", "severity"], key=lambda each: each.replace(GRAVITY) if each.name == "severity" else each, kind="stable")
    return faults.reset_index(drop=True).pipe(_with_advice, verdict.table, source, delivered, rules)


def _too_long(delivered: pd.DataFrame, table: Table, source: Source) -> pd.DataFrame:
    """Cells of a text file that hold more than a workbook's cell can: cut there, which must not pass in silence."""
    message = f"这一格超过 Excel 的 {LONGEST_CELL} 字，在这里只能截短：请在原文件中更正。"
    cut = [
        {"row": row, "header": table.columns[name].header, "severity": NOTED, "message": message, "rule": "", "value": "", "place": ""}
        for name, header in borne_headers(table, source).items()
        for row in delivered.index[delivered[header].str.len() > LONGEST_CELL]
    ]
    return pd.DataFrame(cut, columns=["row", "header", "severity", "message", "rule", "value", "place"])


@cache
def _row_rules(table_id: str) -> dict[str, str]:
    """The rules about rows, each with what it expects."""
    return {rule.id: rule.type.rpartition("_values_to_")[2] for rule in load_suite(table_id).rules}


def _is_meant(faults: pd.DataFrame, places: pd.Series, delivered: pd.DataFrame, table: Table, rules: Rules) -> pd.Series:
    """Is the row the one that was found at fault? Rows of a database that share a key are told apart by the cell's value."""
    doubled = faults["place"].isin(places[places.duplicated()])
    if not doubled.any():
        return ~doubled
    text = canonical(table, delivered, rules.spellings())
    pairs = faults.loc[doubled, ["row", "header", "value"]].itertuples(index=False)
    same = [header not in text or shown(text.at[row, header]) == value for row, header, value in pairs]
    return pd.Series(True, index=faults.index).mask(doubled, pd.Series(same, index=faults.index[doubled], dtype=bool))


def _is_set_aside(faults: pd.DataFrame, places: pd.Series) -> pd.Series:
    """Was the row set aside, if the fault says so? Of rows that are the same throughout the first was accepted."""
    broken = faults[faults["severity"].eq(RETURNED)].drop_duplicates("row").sort_values("row")
    from_the_last = broken.groupby("place").cumcount(ascending=False)
    aside = broken["place"].map(places.value_counts()).astype("Int64")
    kept = broken.loc[(from_the_last < aside).fillna(False), "row"]
    return faults["severity"].ne(RETURNED) | faults["row"].isin(kept)


def _with_advice(faults: pd.DataFrame, table: Table, source: Source, delivered: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    columns = {column.header: column for column in table.columns.values()}
    borne = {table.columns[name].header: header for name, header in borne_headers(table, source).items()}
    about_cell = faults["rule"].map(_row_rules(table.id)).isin(_OF_A_CELL) & faults["header"].isin(columns)
    expected = faults["header"].map({header: f"{header}：{form(column, rules)}" for header, column in columns.items()})
    return faults.assign(
        expected=expected.where(about_cell, ""),
        suggested=_suggested(faults, columns, borne, delivered),
        header=faults["header"].map(borne).fillna(""),
    )


def _suggested(faults: pd.DataFrame, columns: dict[str, Column], borne: dict[str, str], delivered: pd.DataFrame) -> pd.Series:
    """For each fault in a code column the code that may have been meant, else ""."""
    suggested = pd.Series("", index=faults.index, dtype="str")
    for header in [header for header in borne if columns[header].kind == "code"]:
        at = faults.index[faults["header"].eq(header)]
        cells = delivered[borne[header]].loc[faults.loc[at, "row"]].set_axis(at)
        codes = suggested_credit_codes(cells)
        suggested.loc[at] = (f"{header}：" + codes).where(codes.ne(""), "")
    return suggested


def own_rows(rows: pd.DataFrame, source: Source) -> pd.DataFrame:
    """The rows, findings or lines of one delivery."""
    return rows[source.sent(rows)]


def borne_headers(table: Table, source: Source) -> dict[str, str]:
    """The delivered header of each column of the dictionary that the delivery bears; of two the first is read."""
    known = table.by_header()
    return {known[comparable(header)].name: header for header in reversed(source.headers) if comparable(header) in known}


def harmless(message: str, value: str) -> str:
    """A sentence for a file that comes back: an amount that it quotes may look like a telephone, and the file be refused."""
    return message.replace(value, "…") if mark(message) else message
