"""Knows what of one delivery goes back to its department: every row under its own headings, those at fault first.

Leaves which cells are at fault to `faults`, how it looks to `workbook`. Holds nothing but what the department itself
delivered (datasets.md 5.4).
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.returns.faults import GRAVITY, UNREAD, borne_headers, faults_of, harmless, own_rows
from zjtx_pipeline.rules import Rules
from zjtx_pipeline.snapshots import Snapshot, Source
from zjtx_pipeline.sources import OURS
from zjtx_pipeline.suites import RETURNED
from zjtx_pipeline.tables import Table
from zjtx_pipeline.verdicts import Verdict
from zjtx_pipeline.wholes import expected_columns


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
    table, own = snapshot.table, own_rows(snapshot.rows, source)
    if not len(own) and not source.rejected:
        return None
    delivered = own[list(source.headers)].reset_index(drop=True)
    faults = faults_of(verdict, source, own["place"].reset_index(drop=True), delivered, rules)
    headings = _headings(table, source)
    lacking = tuple(heading for heading, header in headings.items() if not header)
    unread = own_rows(snapshot.rejected, source)
    if not len(faults) and not len(unread) and not lacking:
        return None
    rows = _sent_back(delivered, own["place"], headings).join(_told(faults).reindex(range(len(own)), fill_value=""))
    severities = faults.groupby("row")["severity"].agg(_gravest).reindex(range(len(own)), fill_value="")
    return _in_order(snapshot, source, [_unread(unread, rows.columns), rows], severities, _marks(faults, headings), lacking)


def _headings(table: Table, source: Source) -> dict[str, str]:
    """The headings to come back in, each with the delivered header it stands for, "" where the delivery lacked it.

    A workbook keeps its own, what a table or text file held gets the dictionary's; lacking ones come last or in place.
    """
    borne = borne_headers(table, source)
    lacking = [table.columns[name].header for name in expected_columns(table, source.sender) if name not in borne]
    if source.kind == "workbook":
        return {header: header for header in source.headers} | dict.fromkeys(lacking, "")
    return {each.header: borne.get(each.name, "") for each in table.columns.values() if each.name in borne or each.header in lacking}


def _told(faults: pd.DataFrame) -> pd.DataFrame:
    """One line a row at fault: the sentences, what is expected, what may have been meant; each once."""
    sentences = pd.Series(map(harmless, faults["message"], faults["value"]), index=faults.index, dtype="str")
    said = faults.assign(message=sentences.where(faults["severity"].eq(RETURNED), "提示：" + sentences))
    told = {title: said.groupby("row")[name].agg(_each_once) for title, name in zip(OURS, ("message", "expected", "suggested"))}
    return pd.DataFrame(told, columns=list(OURS[:3]), dtype="str")


def _each_once(sentences: pd.Series) -> str:
    return "\n".join(filter(None, dict.fromkeys(sentences)))


def _gravest(severities: pd.Series) -> str:
    return min(severities, key=GRAVITY.__getitem__)


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
    order = severities.map(GRAVITY).fillna(len(GRAVITY)).sort_values(kind="stable").index
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
