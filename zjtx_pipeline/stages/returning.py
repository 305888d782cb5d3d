"""Knows what a judged quarter gives back to the departments, and where: a folder a department, a workbook a delivery.

Leaves what stands in them to `returns`; reads kept verdicts alone, so that a quarter that was stopped can be given back too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from zjtx_pipeline import returns, snapshots, sources, store
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.snapshots import Snapshot
from zjtx_pipeline.stages.intake import is_judged, verdict_on
from zjtx_pipeline.stages.run import Run
from zjtx_pipeline.suites import NOTED, RETURNED
from zjtx_pipeline.tables import load_tables
from zjtx_pipeline.verdicts import Verdict
from zjtx_pipeline.workbooks import LAST_ROW, file_name

FILES = ("workbook", "delimited")  # kinds of source that bear a 序号
LIST = "00-退回清单.xlsx"
_ROWS = {"returned": RETURNED, "unread": returns.UNREAD, "noted": NOTED}


@dataclass(frozen=True)
class GivenBack:
    """Where a quarter's returns lie; `counts`: sender, workbooks, rows returned, unread, noted; which tables are not judged yet."""

    folder: Path
    counts: pd.DataFrame
    unjudged: tuple[str, ...]


def give_back(run: Run, folder: Path | None = None) -> GivenBack:
    """Write a judged quarter's workbooks of faults, into the run's own folder unless another is named.

    Nothing stays in the run's own folder of what is no longer at fault. ZjtxError where nothing has been judged.
    """
    judged = {table_id for table_id in load_tables() if is_judged(run, table_id)}
    if not judged:
        raise ZjtxError(f"{run.quarter} 还没有取数校验：请先运行 zjtx report {run.quarter}。")
    kept = [(_snapshot(run, table_id), verdict_on(run, table_id, run.quarter)) for table_id in load_tables() if table_id in judged]
    target, counts, written = folder or run.returns, [], set()
    for sender in run.settings.rules.departments:
        for path, content, count in _of_department(run, sender, kept):
            written.add(store.write_bytes(target / file_name(sender) / path, content))
            counts.append({"sender": sender, **count})
    if folder is None:
        _remove_all_but(target, written)
    return GivenBack(target, _summed(counts), tuple(table_id for table_id in load_tables() if table_id not in judged))


def _snapshot(run: Run, table_id: str) -> Snapshot:
    return snapshots.load(run.home / store.read_json(run.pointer("pulled", run.quarter, table_id)))


def _of_department(run: Run, sender: str, kept: list[tuple[Snapshot, Verdict]]) -> Iterator[tuple[str, bytes, dict]]:
    """A department's workbooks: file name, bytes, rows by severity; last the list of all that is said to it."""
    told = []
    for snapshot, verdict in kept:
        name = ""
        for source in (each for each in snapshot.sources if each.sender == sender):
            back = returns.returned(snapshot, verdict, source, run.settings.rules)
            if back is not None and len(back.rows) <= LAST_ROW:
                name = f"{_name(run, snapshot, source)}.xlsx"
                yield name, returns.return_workbook(back, name), {each: back.count(severity) for each, severity in _ROWS.items()}
        said = returns.listed(verdict, sender, run.settings.rules.departments)
        told.append(said.assign(workbook=said["workbook"].mask(said["place"].ne(""), name)))
    rows = pd.concat(told, ignore_index=True)
    if len(rows):
        yield LIST, returns.list_workbook(sender, str(run.quarter), rows), {}


def _name(run: Run, snapshot: Snapshot, source: snapshots.Source) -> str:
    """The name under which the corrected workbook replaces what was delivered; what was no file is replaced by a first one."""
    before = source.source if source.kind in FILES else ""
    return file_name(sources.next_name(run.settings, snapshot.table, run.quarter, source.sender, before))


def _summed(counts: list[dict]) -> pd.DataFrame:
    frame = pd.DataFrame(counts, columns=["sender", *_ROWS])
    frame.insert(1, "workbooks", frame["returned"].notna())
    totals = frame.astype({"sender": "str"}).fillna(0).groupby("sender", sort=False).sum()
    return totals.astype("int64").reset_index()


def _remove_all_but(folder: Path, written: set[Path]) -> None:
    for path in [path for path in folder.rglob("*") if path.is_file() and path not in written]:
        path.unlink()
    for path in [path for path in folder.glob("*") if path.is_dir() and not any(path.iterdir())]:
        path.rmdir()
