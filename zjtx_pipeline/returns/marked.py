"""Knows which rows and cells of one delivery are at fault, why, what is expected there, and what may have been meant.

Leaves how that looks to `workbook`. Holds nothing but what the department itself delivered (datasets.md 5.4).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

import pandas as pd

from zjtx_pipeline.codes import suggested_credit_codes
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.rules import Rules
from zjtx_pipeline.snapshots import Snapshot, Source
from zjtx_pipeline.sources import OURS
from zjtx_pipeline.sources.screen import mark
from zjtx_pipeline.suites import BLOCKING, NOTED, RETURNED, load_suite
from zjtx_pipeline.tables import Column, Table, comparable
from zjtx_pipeline.tables.blanks import form
from zjtx_pipeline.tables.typed import canonical
from zjtx_pipeline.verdicts import UNDELIVERED, Verdict, shown
from zjtx_pipeline.wholes import expected_columns
from zjtx_pipeline.workbooks import LONGEST_CELL

UNREAD = "无法识别"
LISTED = ("dataset", "source", "place", "severity", "header", "value", "message")
_GRAVITY = {UNREAD: 0, RETURNED: 1, NOTED: 2}
# Rules about a cell by itself: the column's form says what is expected. Of the others the sentence says all.
_OF_A_CELL = {"not_be_null", "read_as", "be_in_set", "be_credit_codes", "be_patent_numbers"}


@dataclass(frozen=True, eq=False)
class Returned:
    """One delivery as it goes back to its department.

    `rows`: every row as delivered, text under the headings it is to come back in, beside OURS; those at fault first, the
    gravest before. `severities`: one a row, "" where nothing is wrong. `marks`: `row` (position in `rows`), `header`,
    `severity`, one a cell at fault. `lacking`: headings that the delivery lacked.
    """

    table: Table
    quarter: Quarter
    source: Source
    rows: pd.DataFrame
    severities: pd.Series
    marks: pd.DataFrame
    lacking: tuple[str, ...]

    def count(self, severity: str) -> int:
        """How many rows go back as 无法识别, 退回 or 提示."""
        return int(self.severities.eq(severity).sum())


def returned(snapshot: Snapshot, verdict: Verdict, source: Source, rules: Rules) -> Returned | None:
    """What goes back of one delivery; None where there is nothing in it to correct or to look at."""
    table, own = snapshot.table, _own(snapshot.rows, source)
    if not len(own) and not source.rejected:
        return None
    delivered = own[list(source.headers)].reset_index(drop=True)
    faults = _faults(verdict, source, own["place"].reset_index(drop=True), delivered, rules)
    headings = _headings(table, source)
    lacking = tuple(heading for heading, header in headings.items() if not header)
    unread = _own(snapshot.rejected, source)
    if not len(faults) and not len(unread) and not lacking:
        return None
    rows = _sent_back(delivered, own["place"], headings).join(_told(faults).reindex(range(len(own)), fill_value=""))
    severities = faults.groupby("row")["severity"].agg(_gravest).reindex(range(len(own)), fill_value="")
    return _in_order(snapshot, source, [_unread(unread, rows.columns), rows], severities, _marks(faults, headings), lacking)


def listed(verdict: Verdict, sender: str, departments: Collection[str]) -> pd.DataFrame:
    """All that is said of a table to one of the departments, the gravest first; columns LISTED.

    What a sender that is no department did wrong is said to the table's first: it runs the view.
    """
    findings = verdict.findings
    own = findings["sender"].eq(sender)
    if sender == verdict.table.senders[0]:
        own |= findings["sender"].ne("") & ~findings["sender"].isin(departments)
    if verdict.status == UNDELIVERED and sender in verdict.table.senders:
        own |= findings["rule"].eq("报送.未报送")
    if own.any():  # what stops the table concerns everybody who delivered to it
        own |= findings["sender"].eq("") & findings["severity"].eq(BLOCKING)
    told = findings.loc[own, list(LISTED)]
    return told.sort_values("severity", key=lambda column: column.map([BLOCKING, RETURNED, NOTED].index), kind="stable")


def _own(rows: pd.DataFrame, source: Source) -> pd.DataFrame:
    return rows[rows["sender"].eq(source.sender) & rows["source"].eq(source.source)]


def _headings(table: Table, source: Source) -> dict[str, str]:
    """The headings to come back in, each with the delivered header it stands for, "" where the delivery lacked it.

    A workbook keeps its own, what a table or text file held gets the dictionary's; lacking ones come last or in place.
    """
    borne = _borne(table, source)
    lacking = [table.columns[name].header for name in expected_columns(table, source.sender) if name not in borne]
    if source.kind == "workbook":
        return {header: header for header in source.headers} | dict.fromkeys(lacking, "")
    return {each.header: borne.get(each.name, "") for each in table.columns.values() if each.name in borne or each.header in lacking}


def _borne(table: Table, source: Source) -> dict[str, str]:
    """The delivered header of each column of the dictionary that the delivery bears; of two the first is read."""
    known = table.by_header()
    return {known[comparable(header)].name: header for header in reversed(source.headers) if comparable(header) in known}


# Faults


def _faults(verdict: Verdict, source: Source, places: pd.Series, delivered: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """One line a rule and row at fault: row, header as delivered, severity, message, expected, suggested."""
    told = _own(verdict.findings, source)
    told = told[told["rule"].isin(_row_rules(verdict.table.id))]
    rows = places.rename_axis("row").reset_index(name="place")
    faults = told.merge(rows, on="place", how="inner", validate="many_to_many")
    faults = faults[_is_meant(faults, places, delivered, verdict.table, rules)]
    faults = faults[_is_set_aside(faults, _own(verdict.set_aside, source)["place"])]
    faults = pd.concat([faults, _too_long(delivered, verdict.table, source)], ignore_index=True)
    faults = faults.sort_values(["row", "severity"], key=lambda each: each.replace(_GRAVITY) if each.name == "severity" else each, kind="stable")
    return faults.reset_index(drop=True).pipe(_with_advice, verdict.table, source, delivered, rules)


def _too_long(delivered: pd.DataFrame, table: Table, source: Source) -> pd.DataFrame:
    """Cells of a text file that hold more than a workbook's cell can: cut there, which must not pass in silence."""
    message = f"这一格超过 Excel 的 {LONGEST_CELL} 字，在这里只能截短：请在原文件中更正。"
    cut = [
        {"row": row, "header": table.columns[name].header, "severity": NOTED, "message": message, "rule": "", "value": "", "place": ""}
        for name, header in _borne(table, source).items()
        for row in delivered.index[delivered[header].str.len() > LONGEST_CELL]
    ]
    return pd.DataFrame(cut, columns=["row", "header", "severity", "message", "rule", "value", "place"])


@cache
def _row_rules(table_id: str) -> dict[str, str]:
    """The rules about rows, each with what it expects."""
    return {rule.id: rule.type.removeprefix("expect_column_values_to_") for rule in load_suite(table_id).rules}


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
    borne = {table.columns[name].header: header for name, header in _borne(table, source).items()}
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


def _told(faults: pd.DataFrame) -> pd.DataFrame:
    """One line a row at fault: the sentences, what is expected, what may have been meant; each once."""
    sentences = pd.Series(map(_harmless, faults["message"], faults["value"]), index=faults.index, dtype="str")
    said = faults.assign(message=sentences.where(faults["severity"].eq(RETURNED), "提示：" + sentences))
    told = {title: said.groupby("row")[name].agg(_each_once) for title, name in zip(OURS, ("message", "expected", "suggested"))}
    return pd.DataFrame(told, columns=list(OURS[:3]), dtype="str")


def _harmless(message: str, value: str) -> str:
    """A sentence for a file that comes back: an amount that it quotes may look like a telephone, and the file be refused."""
    return message.replace(value, "…") if mark(message) else message


def _each_once(sentences: pd.Series) -> str:
    return "\n".join(filter(None, dict.fromkeys(sentences)))


def _gravest(severities: pd.Series) -> str:
    return min(severities, key=_GRAVITY.__getitem__)


def _marks(faults: pd.DataFrame, headings: dict[str, str]) -> pd.DataFrame:
    """The cells at fault under the headings that go back; of a cell with several faults the gravest."""
    heading = {header: heading for heading, header in headings.items() if header}
    marks = faults.assign(header=faults["header"].map(heading))[["row", "header", "severity"]]
    return marks.dropna(subset=["header"]).drop_duplicates(["row", "header"])


# Rows


def _sent_back(delivered: pd.DataFrame, places: pd.Series, headings: dict[str, str]) -> pd.DataFrame:
    cells = {heading: delivered[header] if header else "" for heading, header in headings.items()}
    return pd.DataFrame(cells, index=delivered.index, dtype="str").assign(**{OURS[3]: places.to_numpy()})


def _unread(lines: pd.DataFrame, columns: pd.Index) -> pd.DataFrame:
    """Lines that are no rows: their text in the first cell, so that none is lost when nobody looks at it."""
    reasons = "这一行读不成一条记录（" + lines["reason"] + "）：请把第一格的内容分填到各列。"
    cells = {columns[0]: lines["text"], OURS[0]: reasons, OURS[3]: lines["place"]}
    return pd.DataFrame(cells, columns=columns, index=lines.index).fillna("").reset_index(drop=True)


def _in_order(
    snapshot: Snapshot, source: Source, parts: list[pd.DataFrame], severities: pd.Series, marks: pd.DataFrame, lacking: tuple[str, ...]
) -> Returned:
    """The delivery with what is at fault in front; rows of one gravity stay in the order in which they came."""
    unread, rows = parts
    severities = pd.concat([pd.Series(UNREAD, index=unread.index, dtype="str"), severities.astype("str")], ignore_index=True)
    order = severities.map(_GRAVITY).fillna(len(_GRAVITY)).sort_values(kind="stable").index
    position = pd.Series(range(len(order)), index=order)
    columns = [*(name for name in rows.columns if name not in OURS), *OURS]
    return Returned(
        table=snapshot.table,
        quarter=snapshot.quarter,
        source=source,
        rows=pd.concat([unread, rows], ignore_index=True).loc[order, columns].reset_index(drop=True),
        severities=severities.loc[order].reset_index(drop=True),
        marks=marks.assign(row=(marks["row"] + len(unread)).map(position)).reset_index(drop=True),
        lacking=lacking,
    )
