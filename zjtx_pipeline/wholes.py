"""Knows what can be wrong with a delivery as a whole: unreadable, late, empty, columns missing or unknown, too many faults.

Leaves single rows to the suites. Rules without a place in a suite bear ids that begin with `报送`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.snapshots import Snapshot, Source
from zjtx_pipeline.sources.margins import OTHER_HEADING
from zjtx_pipeline.sources.raw import NO_RECORDS, NOT_OURS, SUPERSEDED, ZERO_REPORT, goes_back, is_doubled
from zjtx_pipeline.suites import BLOCKING, NOTED, RETURNED, Suite
from zjtx_pipeline.tables import Table, comparable
from zjtx_pipeline.tables.typed import said_under, values
from zjtx_pipeline.verdicts import first, owners, shared_columns, shown

Found = dict[str, str]
STOPS = "stops"  # beside a finding: the department whose delivery cannot be used, while the others' stand


def whole_findings(
    snapshot: Snapshot, settings: Settings, suite: Suite, text: pd.DataFrame, returned: pd.Series
) -> Iterator[Found]:
    """Findings about whole deliveries and about the table, in the order of its sources."""
    common = {"quarter": str(snapshot.quarter), "dataset": snapshot.table.id}
    for found in _all(snapshot, settings, suite, text, returned):
        yield {**common, **found}


def _all(
    snapshot: Snapshot, settings: Settings, suite: Suite, text: pd.DataFrame, returned: pd.Series
) -> Iterator[Found]:
    table = snapshot.table
    if not snapshot.sources:
        yield _found(NOTED, "报送.未报送", f"{table.title}本季未报送：未报送不等于零报送，请{'、'.join(table.senders)}补报。")
    for source in snapshot.sources:
        about = {"sender": source.sender, "source": source.source}
        for found in _of_source(snapshot, settings, suite, source):
            yield {**found, **about}
        if table.columns_of:
            yield from ({**found, **about} for found in _of_other_senders(table, snapshot, source, text))
            yield from ({**found, **about} for found in _of_first_owners(table, snapshot, source, text[~returned]))
    yield from _of_lines(snapshot)
    yield from _of_shares(snapshot, suite, returned)
    if table.id == "D26":
        yield from _of_lead_departments(settings, snapshot)


def _of_source(snapshot: Snapshot, settings: Settings, suite: Suite, source: Source) -> Iterator[Found]:
    if source.refused:
        yield _found(BLOCKING, "报送.拒收", source.refused)
    if source.fault:
        yield _found(BLOCKING, "报送.读不出", source.fault)
    for note in source.notes:
        yield _found(NOTED, "报送.说明", note)
    if not source.refused and not source.fault:
        yield from _of_columns(snapshot.table, suite, source, settings)
        yield from _of_rows(snapshot, suite, source)
        yield from _of_named_sender(snapshot, settings, source)
        yield from _of_other_quarters(snapshot, settings, source)
    yield from _of_time(snapshot, settings, suite, source)
    if source.sender not in snapshot.table.senders and not source.refused and not source.fault:
        usual = "、".join(snapshot.table.senders)
        yield _found(NOTED, "报送.部门", f"本表通常由{usual}报送：{source.sender}的数据已收下，请核对。")


def _of_suite(suite: Suite, name: str, value: str = "") -> Found:
    rule = suite.whole[name]
    return _found(rule.severity, f"{suite.name}.{name}", rule.message.replace("{值}", value), value=value)


def _found(severity: str, rule: str, message: str, header: str = "", value: str = "") -> Found:
    return {"severity": severity, "rule": rule, "header": header, "value": shown(value), "message": message}


def _of_columns(table: Table, suite: Suite, source: Source, settings: Settings) -> Iterator[Found]:
    known = table.by_header()
    borne = {known[comparable(header)].name for header in source.headers if comparable(header) in known}
    missing = [table.columns[name].header for name in expected_columns(table, source.sender) if name not in borne]
    if missing and not source.is_zero:
        yield _of_suite(suite, "缺列", first(missing, 10))
    beside = (settings.quarter_column, settings.sender_column, settings.received_column, ZERO_REPORT)
    own = {comparable(name) for name in beside}
    for header in source.headers:
        if comparable(header) not in {*known, *own} and not is_doubled(header):
            yield {**_of_suite(suite, "未知列", shown(header)), "header": shown(header)}


def _of_rows(snapshot: Snapshot, suite: Suite, source: Source) -> Iterator[Found]:
    """No rows, or fewer than lines that should have been rows: what can be read tells nothing about the quarter."""
    rows, lines = (frame[source.sent(frame)] for frame in (snapshot.rows, snapshot.rejected))
    lost = sum(goes_back(reason) and reason != OTHER_HEADING for reason in lines["reason"])
    if source.is_zero:
        return
    if lost > len(rows):
        message = f"有 {lost} 行读不成一条记录，读成的只有 {len(rows)} 行：请按各行的原因更正后重报。"
        yield _found(BLOCKING, "报送.多数行读不成", message)
    elif rows.empty:
        yield _of_suite(suite, "空表")


def _of_named_sender(snapshot: Snapshot, settings: Settings, source: Source) -> Iterator[Found]:
    """Rows of a file that name another department than the file's name does; that of a view decides whose its rows are."""
    rows = snapshot.rows[source.sent(snapshot.rows)]
    said = None if source.kind == "database" else said_under(rows, settings.sender_column)
    if said is None or any(comparable(column.header) == comparable(settings.sender_column) for column in snapshot.table.columns.values()):
        return
    names = {name: settings.rules.department(name.strip()) or name.strip() for name in said.dropna().unique()}
    strange = said.map(names).replace("", pd.NA).dropna()
    strange = strange[strange.ne(source.sender)]
    if len(strange):
        message = f"有 {len(strange)} 行的“{settings.sender_column}”写的是{first(list(strange.unique()))}，按文件名都算作{source.sender}报送：请核对。"
        yield _found(NOTED, "报送.部门不符", message, settings.sender_column, strange.iloc[0])


def named_quarters(rows: pd.DataFrame, settings: Settings) -> pd.Series | None:
    """What rows say under 数据期, a quarter as `2024Q4` however it is spelt; None where none bears the column."""
    said = said_under(rows, settings.quarter_column)
    if said is None:
        return None
    keys = {text: str(Quarter.spelt(comparable(text)) or text.strip()) for text in said.dropna().unique()}
    return said.map(keys).astype("str")


def _of_other_quarters(snapshot: Snapshot, settings: Settings, source: Source) -> Iterator[Found]:
    """Rows of a file that name another 数据期 than its folder, while others name this one; where all do, `misfiled` says so."""
    said = named_quarters(snapshot.rows[source.sent(snapshot.rows)], settings)
    own = str(snapshot.quarter)
    if said is None or not said.eq(own).any():
        return
    others = said[said.fillna("").ne("") & said.ne(own)]
    if len(others):
        named = first(sorted(others.unique()))
        message = f"有 {len(others)} 行的“{settings.quarter_column}”写的是{named}，按文件夹都算作 {own} 报送：不是本季的请删去后重报。"
        yield _found(NOTED, "报送.数据期不符", message, settings.quarter_column, others.iloc[0])


def expected_columns(table: Table, sender: str) -> tuple[str, ...]:
    """The columns that a sender's delivery must bear; of a table that several fill, the shared ones and its own."""
    if not table.columns_of:
        return tuple(table.columns)
    return tuple(name for name in table.columns if name in shared_columns(table) or owners(table, name)[0] == sender)


def _of_time(snapshot: Snapshot, settings: Settings, suite: Suite, source: Source) -> Iterator[Found]:
    """A file that came after the deadline; the time of reading a database or the gateway says nothing about a delivery."""
    deadline = settings.due_on(snapshot.quarter)
    if source.kind not in ("database", "gateway") and source.received.date() > deadline:
        yield _of_suite(suite, "逾期", f"{source.received:%Y-%m-%d} 报送，期限 {deadline}")


def _of_other_senders(table: Table, snapshot: Snapshot, source: Source, text: pd.DataFrame) -> Iterator[Found]:
    """A value in a column that another department fills is ignored (5.4); one finding a column."""
    rows = source.sent(snapshot.rows)
    for column in table.columns.values():
        if column.name in shared_columns(table) or column.header not in text or source.sender in owners(table, column.name):
            continue
        cells = text.loc[rows, column.header].dropna()
        if len(cells):
            by = "、".join(owners(table, column.name))
            message = f"“{column.header}”由{by}填报：{source.sender}填的 {len(cells)} 处没有采用。"
            yield _of_cell(snapshot, text, "报送.非本部门列", message, column.header, cells.index[0])


def _of_cell(snapshot: Snapshot, text: pd.DataFrame, rule: str, message: str, header: str, row: int) -> Found:
    """What is noted of a column, at the first of its cells that it is about."""
    return {**_found(NOTED, rule, message, header, text.at[row, header]), "place": snapshot.rows.at[row, "place"]}


def _of_first_owners(table: Table, snapshot: Snapshot, source: Source, text: pd.DataFrame) -> Iterator[Found]:
    """A value other than that of the department named first for the column, on the same record: the first's counts (5.4)."""
    key = [table.columns[name].header for name in table.key if name != "sender"]
    for column in table.columns.values():
        first_named, *others = owners(table, column.name) or ("",)
        if source.sender not in others or not {*key, column.header} <= set(text):
            continue
        said = text[key].assign(said=values(text[column.header], column.kind).astype("str")).dropna()
        rows = snapshot.rows.loc[said.index]
        theirs = said[rows["sender"].eq(first_named)].drop_duplicates(key)
        both = said[source.sent(rows)].reset_index().merge(theirs, on=key, suffixes=("", "_theirs"), validate="m:1")
        differing = both.loc[both["said"].ne(both["said_theirs"]), "index"]
        if len(differing):
            message = f"“{column.header}”有 {len(differing)} 处与{first_named}填的不同，以{first_named}的为准：请两家核对。"
            yield _of_cell(snapshot, text, "报送.两家不同", message, column.header, differing.iloc[0])


_REMEDIES = {"gateway": "检查接口给出的这一行"}


def _of_lines(snapshot: Snapshot) -> Iterator[Found]:
    """Lines that are no rows: what a table bears beside its records is told, what should have been one goes back."""
    kinds = {source.source: source.kind for source in snapshot.sources}
    for sender, source, place, text, reason in snapshot.rejected.itertuples(index=False):
        about = {"sender": sender, "source": source, "place": place}
        if reason.startswith((SUPERSEDED, NOT_OURS)):
            rule = "报送.已更替" if reason.startswith(SUPERSEDED) else "报送.非本期本部门"
            yield {**_found(NOTED, rule, f"这一行没有采用：{reason}。", value=text), **about}
        elif reason in NO_RECORDS:
            yield {**_found(NOTED, "报送.非数据行", f"{reason}，不是一条记录，没有计入：请核对。", value=text), **about}
        else:
            remedy = _REMEDIES.get(kinds[source], "更正")
            message = f"这一行读不成一条记录（{reason}）：请{remedy}后重报。"
            yield {**_found(RETURNED, "报送.坏行", message, value=text), **about}


def _of_shares(snapshot: Snapshot, suite: Suite, returned: pd.Series) -> Iterator[Found]:
    """More returned rows than the suite allows: the table cannot be relied on, or of a table that can one department's rows.

    What such a department alone has to fill is 待补 then (`unfilled`); sound rows stand, its own too, as where it sent fewer.
    """
    if too_many := _too_many(suite, returned):
        yield _of_suite(suite, "退回过多", too_many)
        return
    for source in snapshot.sources:
        if too_many := _too_many(suite, returned[source.sent(snapshot.rows)]):
            about = {"severity": NOTED, "sender": source.sender, "source": source.source, STOPS: source.sender}
            yield _of_suite(suite, "退回过多", too_many) | about


def _too_many(suite: Suite, returned: pd.Series) -> str:
    """The share of the returned rows where it is above the suite's limit."""
    bad, rows = int(returned.sum()), len(returned)
    return f"{bad / rows:.1%}（{rows} 行中 {bad} 行）" if bad * 100 > suite.limit_pct * rows else ""


def _of_lead_departments(settings: Settings, snapshot: Snapshot) -> Iterator[Found]:
    """The first-named department of a task that sent no text (D26)."""
    sent = {source.sender for source in snapshot.sources}
    for task in settings.rules.tasks.values():
        if snapshot.sources and task.lead not in sent:
            yield {**_found(NOTED, "报送.牵头部门", f"任务{task.number}由{task.lead}报送的进展文字没有报来：请补报。"), "sender": task.lead}
