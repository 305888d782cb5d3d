"""Knows what one delivery is once read: text rows with their lineage, lines that are no rows, notes for the sender.

Leaves opening them to `workbook`, `delimited`, `database` and `gateway`, and judging the rows to the suites.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import pandas as pd

from zjtx_pipeline.sources.oddities import value_notes
from zjtx_pipeline.sources.screen import IDENTITY_DIGITS, NUMBERS, screened
from zjtx_pipeline.tables import Table, comparable
from zjtx_pipeline.untrusted.cells import NOT_CALCULATED

LINEAGE = ("sender", "received_at", "source", "place")
ZERO_REPORT = "零报送"
OURS = ("退回原因", "应填", "建议更正", "原位置")  # what a workbook sent back has beside the department's columns
SUPERSEDED = "按增删改标志不再有效"  # how the reason of a rejected line begins that is no fault of its sender
NOT_OURS = "不属于这份报送"  # so begins that of a row which a gateway gave unasked: another quarter's, another department's
ANOTHER_SHEET = "写在另一张工作表上"  # and that of a row on a sheet that is not read
ABOVE_HEADERS = "写在表头的上面"
NO_HEADERS = "前 10 行里没有认得的表头：请按空白模板的表头填写后重报。"
BESIDE_EACH_OTHER = "同一张工作表上并排着两份表格，右边的会读不到：请上下接成一份，只留一行表头后重报。"
TITLE_ROWS = 10  # above the headers a department may write titles, units, dates
SUM, REMARK, CAPTION = "合计或小计行", "填表说明或签名行", "只有一格的小标题行"
HEADING, NUMBERING, ORDINALS = "重复的表头", "只有序号的行", "栏次行"
NO_RECORDS = frozenset({SUM, REMARK, CAPTION, HEADING, NUMBERING, ORDINALS})  # lines that nobody need send again
# What stands in a workbook's cell that holds no value; typed or pasted as text it is no value either.
NO_VALUES = frozenset({
    "#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", NOT_CALCULATED,
})  # fmt: skip
REJECTED = ("sender", "source", "place", "text", "reason", "cells")


@dataclass(frozen=True)
class Origin:
    """Where a delivery came from: the department's full name, file or view, 报送时间 (datasets.md 5.8, 6)."""

    sender: str
    source: str
    received_at: datetime
    kind: str


@dataclass(frozen=True)
class Raw:
    """One delivery as read.

    `rows`: text under the delivered headers ("" where blank) beside the lineage columns. `rejected`: lines that
    cannot be read as a row; `cells`: what is written in them by header, as JSON, "" where it stands under none. `read`: how many rows and lines the reader met, counted apart from the two frames.
    `fault`: why it could not be read at all. `refused`: why it may not be kept (datasets.md 5.4), and then it
    holds neither rows nor bytes. `sheets`: `read` of each sheet of a workbook. `titles`: what a list that somebody published says above its headers.
    `is_answer`: a workbook that went back, delivered again: it bears our columns, which are not read.
    """

    origin: Origin
    rows: pd.DataFrame
    rejected: pd.DataFrame
    read: int
    headers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_zero: bool = False
    fault: str = ""
    refused: str = ""
    original: dict[str, bytes] = field(default_factory=dict)
    sha256: str = ""
    size: int = 0
    titles: tuple[str, ...] = ()
    is_answer: bool = False
    sheets: dict[str, int] = field(default_factory=dict)

    def check_conservation(self) -> None:
        """Every row met is a row or a rejected line, on each sheet; anything else is a defect of the reader."""
        places = [*self.rows["place"].tolist(), *self.rejected["place"].tolist()]
        kept = Counter(sheet_of(place) for place in places)
        if self.read != len(places) or kept != Counter(self.sheets):
            raise AssertionError(f"{self.origin.source}: read {self.read} {self.sheets}, kept {dict(kept)}")


@dataclass(frozen=True)
class Line:
    """One row of a file: its place and its cells, or, when it cannot be a row, the reason.

    `loose`: the cells are not those of the delivered headers.
    """

    place: str
    cells: Sequence[str]
    reason: str = ""
    loose: bool = False


def goes_back(reason: str) -> bool:
    """Should a rejected line have been sent otherwise? Not what is no record, was withdrawn or belongs elsewhere."""
    return reason not in NO_RECORDS and not reason.startswith((SUPERSEDED, NOT_OURS))


def unreadable(origin: Origin, fault: str) -> Raw:
    """A delivery that could not be opened: no rows, and a sentence for its sender."""
    return Raw(origin, _rows([], [], origin), _rejected([], origin), 0, fault=fault)


def header_position(table: Table, lines: Sequence[Sequence[str]]) -> int:
    """Which of the first lines holds the headers: the one that names most columns; -1 where nothing is written."""
    known = set(table.by_header())
    best, best_score = -1, -1
    for position, cells in enumerate(lines[:TITLE_ROWS]):
        score = sum(comparable(cell) in known for cell in cells)
        if any(cell.strip() for cell in cells) and score > best_score:
            best, best_score = position, score
    return best


def headers_score(table: Table, cells: Sequence[str]) -> int:
    known = set(table.by_header())
    return sum(comparable(cell) in known for cell in cells)


def assemble(
    table: Table,
    origin: Origin,
    delivered: Sequence[str],
    lines: Iterable[Line],
    *,
    says_zero: bool = False,
    around: Iterable[str] = (),
    notes: Iterable[str] = (),
    met: Mapping[str, int] | None = None,
) -> Raw:
    """Headers and lines as one delivery; wholly blank lines and the row 零报送=是 are no rows (5.1, 5.8).

    `around`: titles above the headers, other sheets: not read, but looked through for what must not be kept; likewise
    the columns that a return workbook adds.
    `met`: how many written lines the reader counted, of each sheet; without it they are counted here.
    """
    is_answer = any(comparable(header) in OURS for header in delivered)
    delivered, lines, beside, cleared = _without_ours(delivered, lines)
    headers, doubled = _distinct(table, delivered)
    is_zero_row = _zero_rows(table, headers)
    rows, rejected, zeros = [], [], Counter()
    for line in lines:
        if line.reason:
            rejected.append(line)
        elif not _is_written(line):
            continue
        elif is_zero_row(line.cells):
            says_zero = True
            zeros[sheet_of(line.place)] += 1
        else:
            rows.append(line)
    frame = _without_blank_columns(_rows(rows, headers, origin))
    said = [*notes, *value_notes(table, frame), *(f"表头“{header}”出现多次，只用第一列。" for header in doubled)]
    if says_zero and rows:
        said.append(f"注明了零报送，却有 {len(rows)} 行数据：按有数据处理，请核对。")
    counted = Counter(sheet_of(line.place) for line in (*rows, *rejected)) if met is None else Counter(met) - zeros - cleared
    raw = Raw(
        origin,
        frame,
        _rejected(rejected, origin, headers, set(frame.columns)),
        counted.total(),
        headers=tuple(column for column in frame.columns if column not in LINEAGE),
        notes=tuple(said),
        is_zero=says_zero and not rows and all(_counts_for_nothing(line.reason) for line in rejected),
        is_answer=is_answer,
        sheets=dict(counted),
    )
    raw.check_conservation()
    raw = screened(table, raw, (*around, *beside, *_texts(table, headers, rejected)))
    return unreadable(origin, BESIDE_EACH_OTHER) if not raw.refused and _stands_twice(table, raw.rows) else raw


def nothing_to_report(table: Table, origin: Origin, around: Iterable[str] = ()) -> Raw:
    """A file in which nothing is written and whose name says 零报送: that there are no headers either is no fault."""
    return assemble(table, origin, (), (), says_zero=True, around=around)


def _counts_for_nothing(reason: str) -> bool:
    """Is a rejected line, beside a row 零报送=是, no record that was meant to be reported?"""
    return reason in NO_RECORDS or reason.startswith(SUPERSEDED)


def _without_ours(
    delivered: Sequence[str], lines: Iterable[Line]
) -> tuple[Sequence[str], Iterable[Line], list[str], Counter[str]]:
    """Headers and lines without the columns that a return workbook adds, what stood in those, and of each sheet how many
    lines held nothing else: rows that were cleared."""
    ours = {at for at, header in enumerate(delivered) if comparable(header) in OURS}
    if not ours:
        return delivered, lines, [], Counter()
    lines = list(lines)
    wide = [line for line in lines if len(line.cells) > 1 and not line.loose]
    beside = [cell for line in wide for at, cell in enumerate(line.cells) if at in ours]
    own = [replace(line, cells=_but(ours, line.cells)) if len(line.cells) > 1 and not line.loose else line for line in lines]
    pairs = zip(lines, own, strict=True)
    cleared = Counter(sheet_of(line.place) for line, left in pairs if not line.reason and _is_written(line) and not _is_written(left))
    return _but(ours, delivered), own, beside, cleared


def _zero_rows(table: Table, headers: Sequence[str]) -> Callable[[Sequence[str]], bool]:
    """What tells the row 零报送=是: one that fills a column of the table besides is a row like any other."""
    at = next((at for at, header in enumerate(headers) if comparable(header) == ZERO_REPORT), None)
    if at is None:
        return lambda cells: False
    known = table.by_header()
    own = [at for at, header in enumerate(headers) if comparable(header) in known]

    def tells(cells: Sequence[str]) -> bool:
        says = at < len(cells) and cells[at].strip() == "是"
        return says and not any(cells[column].strip() for column in own if column < len(cells))

    return tells


def _is_written(line: Line) -> bool:
    return any(cell.strip() for cell in line.cells)


def _but(positions: set[int], cells: Sequence[str]) -> list[str]:
    return [cell for at, cell in enumerate(cells) if at not in positions]


def sheet_of(place: str) -> str:
    """The sheet in a place `sheet!row` of a workbook; "" in other places."""
    sheet, _, row = place.rpartition("!")
    return sheet if row.isdecimal() else ""


def _texts(table: Table, headers: Sequence[str], rejected: Iterable[Line]) -> Iterator[str]:
    """What rejected lines say, less the numbers but those as long as an identity number: a sum of eleven digits is no telephone."""
    known = table.by_header()
    columns = [known.get(comparable(header)) for header in headers]
    for line in rejected:
        for at, cell in enumerate(line.cells):
            column = columns[at] if len(line.cells) > 1 and at < len(columns) else None
            if cell and (column is None or column.kind not in NUMBERS or len(cell) >= IDENTITY_DIGITS):
                yield cell


def with_original(raw: Raw, name: str, content: bytes) -> Raw:
    """The delivery beside the bytes it was read from; of a refused one only their digest and number are kept.

    So too of one that could not be read: nobody has looked whether it holds what must not be kept.
    """
    kept = {} if raw.refused or raw.fault else {name: content}
    return replace(raw, original=kept, sha256=hashlib.sha256(content).hexdigest(), size=len(content))


def _distinct(table: Table, delivered: Sequence[str]) -> tuple[list[str], list[str]]:
    """Headers made distinct: a repeated one, or another name of the same column, gets a number, a blank one its position."""
    known, headers, seen, doubled = table.by_header(), [], Counter(LINEAGE), []
    for position, text in enumerate(delivered, start=1):
        header = " ".join(text.split()) or f"第{position}列"
        bare = comparable(header)
        one = known[bare].header if bare in known else bare
        seen[one] += 1
        if seen[one] > 1:
            doubled.append(header)
            header = f"{header}〔{seen[one]}〕"
        headers.append(header)
    return headers, doubled


def is_doubled(header: str) -> bool:
    """Does a header stand for the second or a later column of that name?"""
    return header.endswith("〕")


def _stands_twice(table: Table, rows: pd.DataFrame) -> bool:
    """Do rows hold a second record of their own, at the right of the first? Its key is written too, and more of its columns."""
    known = table.by_header()
    again = {header: known.get(comparable(header.partition("〔")[0])) for header in rows.columns if is_doubled(header)}
    names = {column.name: header for header, column in again.items() if column is not None}
    return len(names) > 2 and table.key[0] in names and bool(rows[names[table.key[0]]].str.strip().ne("").any())


def _rows(lines: Sequence[Line], headers: Sequence[str], origin: Origin) -> pd.DataFrame:
    width = len(headers)
    cells = [[*line.cells[:width], *[""] * (width - len(line.cells))] for line in lines]
    columns = list(zip(*cells, strict=True)) or [()] * width
    frame = pd.DataFrame({header: pd.Series(column, dtype="str") for header, column in zip(headers, columns, strict=True)})
    frame = frame.reindex(range(len(lines)))
    frame["sender"] = pd.Series(origin.sender, index=frame.index, dtype="str")
    frame["received_at"] = pd.Series(origin.received_at, index=frame.index, dtype="datetime64[us]")
    frame["source"] = pd.Series(origin.source, index=frame.index, dtype="str")
    frame["place"] = pd.Series([line.place for line in lines], index=frame.index, dtype="str")
    return frame


def _without_blank_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns that bear neither header nor value are the sheet's margin."""
    margin = [
        column
        for column in frame.columns
        if column.startswith("第") and column.endswith("列") and not frame[column].str.strip().ne("").any()
    ]
    return frame.drop(columns=margin)


def _rejected(lines: Sequence[Line], origin: Origin, headers: Sequence[str] = (), kept: Collection[str] = ()) -> pd.DataFrame:
    values = [
        (origin.sender, origin.source, line.place, "｜".join(filter(None, line.cells)), line.reason, _by_header(line, headers, kept))
        for line in lines
    ]
    return pd.DataFrame(values, columns=list(REJECTED), dtype="str")


def _by_header(line: Line, headers: Sequence[str], kept: Collection[str]) -> str:
    """The written cells of a line by header, as JSON; "" where one has no header that is kept: then only its text is whole."""
    if line.loose or len(line.cells) < 2 or len(line.cells) != len(headers):
        return ""
    written = {header: cell for header, cell in zip(headers, line.cells, strict=True) if cell.strip()}
    return json.dumps(written, ensure_ascii=False) if written.keys() <= set(kept) else ""
