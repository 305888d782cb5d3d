"""Knows when a delivery is not what its name says: last quarter's file, another quarter's, district's or table's.

Leaves faults of single rows to the suites and all else about whole deliveries to `wholes`. How grave:

阻断 where counting it would put a wrong number, or a nought, in place of one that was not delivered: a register (S) or a
year's records (A) that is last quarter's file to the byte; sums by quarter (D20) without one row of the quarter; 数据期 of
another quarter in every row; a register of other towns, or rows of firms that D01 does not know, in more than half; the
headers of another table. Where some department's delivery is sound, the figure is made of that, as where a department
sent nothing (indicators.md, small print 12), and the others' fault is 提示; what these alone have to fill is 待补 (`unfilled`) where 数据期 or the firms are others'. 提示 too for a ledger (L) that is last
quarter's to the byte, for a quarter may bring no new row; for texts (T), of which only the quarter's own are printed; and
for D05 without a row of the quarter, whose audited years and 跟踪评价 other figures rest on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pandas as pd

from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.snapshots import Snapshot, Source
from zjtx_pipeline.sources.raw import headers_score
from zjtx_pipeline.suites import BLOCKING, NOTED
from zjtx_pipeline.tables import Table, load_tables
from zjtx_pipeline.wholes import STOPS, named_quarters

IMPLAUSIBLE = "SA"  # natures of which an identical file can hardly be
PERIODS = ("quarter", "period")
FEWEST_ROWS = 10  # of fewer, a majority says little
Found = dict[str, str]


def misfiled(
    snapshot: Snapshot, settings: Settings, text: pd.DataFrame, known: pd.Series | None, same: Collection[str]
) -> Iterator[Found]:
    """Findings (severity, rule, message, sender, source) on deliveries that belong elsewhere.

    `text`: the rows under the dictionary's headers; `known`: the codes of D01, None where it was not delivered; `same`:
    the departments whose file is the one that they sent last quarter.
    """
    table, quarter = snapshot.table, snapshot.quarter
    read = [source for source in snapshot.sources if not (source.is_zero or source.fault or source.refused)]
    for source in read:
        if source.sender in same:
            severity = BLOCKING if table.nature in IMPLAUSIBLE else NOTED
            yield _about(source, severity, "报送.与上季相同", _same(table, quarter))
    rows = {source: source.sent(snapshot.rows) for source in read if source.read}
    by_name = {source: _of_named_quarter(snapshot, settings, own) for source, own in rows.items()}
    by_rows = {source: _of_quarter(snapshot, text, own) for source, own in rows.items()}
    elsewhere = {source: _of_district(snapshot, settings, text, own, known) for source, own in rows.items()}
    yield from _told("报送.别的季度", by_name, stops=table.nature != "T")
    yield from _told("报送.别的季度", by_rows, stops=table.nature == "P" and _kind(table) == "quarter", unusable=False)
    yield from _told("报送.别的区县", elsewhere, stops=True)
    for source in read:
        if other := _fits_better(table, source):
            message = f"表头更像{other.title}：请核对是否放错了文件、写错了表号。"
            yield _about(source, BLOCKING, "报送.别的表", message)


def _told(rule: str, told: dict[Source, str], *, stops: bool, unusable: bool = True) -> Iterator[Found]:
    """A fault that stops a table does so where every delivery of it has it; else it is noted, and stops what its sender alone
    has to fill, unless the rows may be all that there are (`unusable` no): of earlier quarters, as none brought anything since.
    """
    severity = BLOCKING if stops and all(told.values()) else NOTED
    for source, message in told.items():
        if message:
            yield _about(source, severity, rule, message) | ({STOPS: source.sender} if stops and unusable else {})


def _about(source: Source, severity: str, rule: str, message: str) -> Found:
    about = {"sender": source.sender, "source": source.source, "header": "", "value": ""}
    return {"severity": severity, "rule": rule, "message": message} | about


def _same(table: Table, quarter: Quarter) -> str:
    told = f"与 {quarter - 1} 报送的文件一字不差"
    if table.nature in IMPLAUSIBLE:
        return f"{told}，像是误报了上季度的文件：请报送本季数据；确无变化的，请在表头右侧加“备注”一列写明后重报。"
    return f"{told}：本季确无变化的无需处理，否则请报送本季的数据。"


def _kind(table: Table) -> str:
    """How a table's rows tell their own quarter: each bears one (`quarter`), or a period that may be a year; else ""."""
    return next((column.kind for column in table.columns.values() if column.kind in PERIODS), "")


def _of_quarter(snapshot: Snapshot, text: pd.DataFrame, own: pd.Series) -> str:
    """A sentence where no row is of the quarter by the table's own column."""
    header = next((each.header for each in snapshot.table.columns.values() if each.kind in PERIODS), None)
    return _other(header, text.loc[own, header], snapshot.quarter) if header in text else ""


def _of_named_quarter(snapshot: Snapshot, settings: Settings, own: pd.Series) -> str:
    """A sentence where a file bears the column 数据期, and no row of it is of the quarter."""
    said = named_quarters(snapshot.rows[own], settings)
    return "" if said is None else _other(settings.quarter_column, said, snapshot.quarter)


def _other(header: str, said: pd.Series, quarter: Quarter) -> str:
    said = said.dropna()[said.dropna().ne("")]
    if not len(said) or said.eq(str(quarter)).any():
        return ""
    return f"“{header}”没有 {quarter} 的行，写的是 {said.max()}，像是别的季度的数据：请报送本季数据。"


def _of_district(
    snapshot: Snapshot, settings: Settings, text: pd.DataFrame, own: pd.Series, known: pd.Series | None
) -> str:
    """A sentence where most rows are of towns, or of firms, that are not the district's."""
    rows = int(own.sum())
    if rows < FEWEST_ROWS:
        return ""
    strange, what = _strange(snapshot, settings, text, own, known)
    if strange * 2 <= rows:
        return ""
    return f"{rows} 行中有 {strange} 行的{what}，像是别的区县的数据：请核对后报送本区数据。"


def _strange(
    snapshot: Snapshot, settings: Settings, text: pd.DataFrame, own: pd.Series, known: pd.Series | None
) -> tuple[int, str]:
    """How many rows are not the district's, and what about them says so."""
    headers = {name: column.header for name, column in snapshot.table.columns.items() if column.header in text}
    if "street_code" in headers:
        towns = list(settings.rules.regions.codes_inside(snapshot.quarter.last_day))
        codes = text.loc[own, headers["street_code"]].dropna()
        return int((~codes.str[:9].isin(towns)).sum()), "街道代码不在本区"
    if known is not None and "uscc" in headers:
        codes = text.loc[own, headers["uscc"]].dropna()
        absent = pd.Index(known.unique()).get_indexer(codes.array) < 0  # `isin` is slow where there are many texts
        return int(absent.sum()), "统一社会信用代码不在企业主体（D01）之内"
    return 0, ""


def _fits_better(table: Table, source: Source) -> Table | None:
    """Another table that more of the headers belong to than to this one; the first-named of equals is this one."""
    own = headers_score(table, source.headers)
    if own == len(source.headers):
        return None
    scores = {each.id: headers_score(each, source.headers) for each in load_tables().values()}
    best = max(scores, key=lambda each: (scores[each], each == table.id))
    return None if scores[best] == own else load_tables()[best]
