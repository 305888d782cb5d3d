"""Knows what of one delivery goes back to its department: every row under its own headings, those at fault first.

Lines that nobody need send again (sums, remarks, what a batch withdrew) stay behind: delivered again they would be rows.

Leaves which cells are at fault to `faults`, how it looks to `workbook`. Holds nothing but what the department itself
delivered (datasets.md 5.4).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pandas as pd

from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.returns.faults import GRAVITY, UNREAD, borne_headers, faults_of, harmless, own_rows
from zjtx_pipeline.rules import Rules
from zjtx_pipeline.snapshots import Snapshot, Source
from zjtx_pipeline.sources import OURS
from zjtx_pipeline.sources.margins import OTHER_HEADING
from zjtx_pipeline.sources.raw import ANOTHER_SHEET, NO_VALUES, goes_back
from zjtx_pipeline.suites import RETURNED
from zjtx_pipeline.tables import Table
from zjtx_pipeline.verdicts import Verdict
from zjtx_pipeline.wholes import expected_columns


@dataclass(frozen=True, eq=False)
class Returned:
    """One delivery as it goes back to its department.

    `rows`: every row as delivered, text under the headings it is to come back in, beside OURS; those at fault first, the
    gravest before. `severities`: one a row, "" where nothing is wrong. `marks`: `row` (position in `rows`), `header`,
    `severity`, one a cell at fault. `lacking`: headings that the delivery lacked. `left_out`: how many lines need not be sent again.
    """

    table: Table
    quarter: Quarter
    source: Source
    rows: pd.DataFrame
    severities: pd.Series
    marks: pd.DataFrame
    lacking: tuple[str, ...]
    left_out: int = 0

    def count(self, severity: str) -> int:
        """How many rows go back as 无法识别, 退回 or 提示."""
        return int(self.severities.eq(severity).sum())


def returned(snapshot: Snapshot, verdict: Verdict, source: Source, rules: Rules) -> Returned | None:
    """What goes back of one delivery; None where there is nothing in it to correct or to look at."""
    table, own = snapshot.table, own_rows(snapshot.rows, source)
    rejected = own_rows(snapshot.lines, source)
    unread = rejected[rejected["reason"].map(goes_back).astype(bool)]
    if not len(own) and not len(unread):
        return None
    delivered = own[list(source.headers)].reset_index(drop=True)
    faults = faults_of(verdict, source, own["place"].reset_index(drop=True), delivered, rules)
    headings = _headings(table, source)
    lacking = tuple(heading for heading, header in headings.items() if not header)
    if not len(faults) and not len(unread) and not lacking:
        return None
    rows = _sent_back(delivered, own["place"], headings).join(_told(faults).reindex(range(len(own)), fill_value=""))
    severities = faults.groupby("row")["severity"].agg(_gravest).reindex(range(len(own)), fill_value="")
    lines = [_line(line, headings, source) for line in unread[["text", "reason", "place", "cells"]].itertuples(index=False)]
    sent = pd.DataFrame([cells for cells, _ in lines], columns=rows.columns, dtype="str").fillna("")
    broken = pd.DataFrame([(row, at, UNREAD) for row, (_, red) in enumerate(lines) for at in red], columns=["row", "header", "severity"])
    marks = pd.concat([broken, _marks(faults.assign(row=faults["row"] + len(sent)), headings)], ignore_index=True)
    back = _in_order(snapshot, source, [sent, rows], severities, marks, lacking)
    return replace(back, left_out=len(rejected) - len(unread))


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


def _line(line: tuple[str, str, str, str], headings: dict[str, str], source: Source) -> tuple[dict[str, str], list[str]]:
    """A line that is no row, and which of its cells are at fault.

    Under its own headings where its cells are known, from another sheet too; else its text in the first cell, so that none is lost.
    """
    text, reason, place, cells = line
    if not cells or reason == OTHER_HEADING:
        first = next(iter(headings))
        said = f"这一行读不成一条记录（{reason}）：请把第一格的内容分填到各列。"
        return {first: text, OURS[0]: said, OURS[3]: place}, [first]
    written = json.loads(cells)
    own = {heading: written.get(header, "") for heading, header in headings.items()}
    red = [heading for heading, cell in own.items() if cell in NO_VALUES]
    why, is_moved = (ANOTHER_SHEET, True) if reason.startswith(ANOTHER_SHEET) else (reason, False)
    advice = ["请更正标红的单元格"] * bool(red) + ["已并到这里，应报的请核对后留下，不应报的把整行删除"] * is_moved
    return {**own, OURS[0]: f"这一行没有计入（{why}）：{'；'.join(advice)}。", OURS[3]: place}, red


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
        marks=marks.assign(row=marks["row"].map(position)).reset_index(drop=True),
        lacking=lacking,
    )
