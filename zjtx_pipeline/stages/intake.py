"""Knows how a run takes in a quarter's tables: pulled, judged, and opened as books; leaves what is made of them to
the stages ahead.
"""

from __future__ import annotations

import shutil
from collections import OrderedDict
from pathlib import Path

from zjtx_pipeline import glances, snapshots, sources, store, validate, verdicts
from zjtx_pipeline.books import Books
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.snapshots import Snapshot
from zjtx_pipeline.stages.run import Run
from zjtx_pipeline.tables import load_tables
from zjtx_pipeline.verdicts import Verdict


def pull(run: Run, table_id: str, quarter: Quarter | None = None) -> dict:
    """Keep what was delivered of a table for the run's quarter, or an earlier one that it compares with."""
    snapshot = pull_table(run, table_id, quarter or run.quarter)
    return {
        "rows": sum(source.read for source in snapshot.sources),
        "senders": [source.sender for source in snapshot.sources],
        "status": verdicts.status_of(snapshot),
        "digest": snapshot.digest,
        "sources": [source.source for source in snapshot.sources],
    }


def pull_table(run: Run, table_id: str, quarter: Quarter) -> Snapshot:
    _let_sample_deliver(run, quarter)
    table = load_tables()[table_id]
    found = sources.deliveries(run.settings, table, quarter)
    snapshot = snapshots.keep(run.home, quarter, table, found)
    if snapshot.is_silent and quarter != run.quarter:
        # An earlier quarter's files may have been cleared away since, or the gateway be down: what was kept stands in.
        snapshot = snapshots.latest(run.home, quarter, table) or snapshot
    store.write_json(run.pointer("pulled", quarter, table_id), str(snapshot.path.relative_to(run.home)))
    return snapshot


def _let_sample_deliver(run: Run, quarter: Quarter) -> None:
    if run.settings.sample:
        from zjtx_pipeline.sample import deliver

        deliver(run.home, quarter)


def check(run: Run, table_id: str, quarter: Quarter | None = None) -> dict:
    """Judge a pulled table; those that its suite compares with have to be judged before."""
    quarter = quarter or run.quarter
    before = _judged_before(run, table_id, quarter)
    verdict = judge_table(run, table_id, quarter)
    if quarter == run.quarter and _judged_before(run, table_id, quarter) != before:
        _forget_returns(run)
    totals = verdict.counts[["read", "accepted", "quarantined", "rejected"]].sum()
    return {
        **{name: int(total) for name, total in totals.items()},
        "findings": len(verdict.findings),
        "findings_markdown": glances.findings_table(verdict.findings),
        "blocked": list(verdict.blocked),
        "status": verdict.status,
        "missing": list(verdict.missing_senders),
    }


def _judged_before(run: Run, table_id: str, quarter: Quarter) -> str:
    pointer = run.pointer("judged", quarter, table_id)
    return store.read_json(pointer) if pointer.exists() else ""


def _forget_returns(run: Run) -> None:
    """Workbooks that went back for an earlier delivery would ask for what has been put right since."""
    shutil.rmtree(run.returns, ignore_errors=True)


def judge_table(run: Run, table_id: str, quarter: Quarter) -> Verdict:
    snapshot = snapshots.load(run.home / store.read_json(existing(run.pointer("pulled", quarter, table_id))))
    beside = {other: verdict_on(run, other, quarter) for other in validate.needs(table_id)}
    verdict = validate.judge(run.home, snapshot, run.settings, beside)
    path = verdicts.path_of(run.home, verdict.table, verdict.digest)
    store.write_json(run.pointer("judged", quarter, table_id), str(path.relative_to(run.home)))
    return verdict


def take_in(run: Run, table_id: str, quarter: Quarter) -> bool:
    """Pull and judge a table of an earlier quarter; those that its suite compares with have to be judged before."""
    pull_table(run, table_id, quarter)
    judge_table(run, table_id, quarter)
    return True


def existing(pointer: Path) -> Path:
    if not pointer.exists():
        raise ZjtxError(f"{pointer.stem} 还没有取数或校验：请连同上游一起运行。")
    return pointer


def verdict_on(run: Run, table_id: str, quarter: Quarter) -> Verdict:
    return verdicts.load(run.home / store.read_json(existing(run.pointer("judged", quarter, table_id))))


_IN_HAND: OrderedDict[tuple, Books] = OrderedDict()
MOST_IN_HAND = 6  # a run needs its own quarter, the one before and the due ones


def books(run: Run, quarter: Quarter | None = None) -> Books:
    """The accepted tables that a run has judged for a quarter, in hand for measuring; opened once a process."""
    quarter = quarter or run.quarter
    paths = _judged_tables(run, quarter)
    key = (run.home, quarter, paths, run.settings.rules.digest)
    if key not in _IN_HAND:
        _IN_HAND[key] = _opened(run, quarter, paths)
        while len(_IN_HAND) > MOST_IN_HAND:
            _IN_HAND.popitem(last=False)
    return _IN_HAND[key]


def _judged_tables(run: Run, quarter: Quarter) -> tuple[tuple[str, str], ...]:
    pointers = {table_id: run.pointer("judged", quarter, table_id) for table_id in load_tables()}
    return tuple((table_id, store.read_json(path)) for table_id, path in pointers.items() if path.exists())


def _opened(run: Run, quarter: Quarter, paths: tuple[tuple[str, str], ...]) -> Books:
    """A blocked table is as good as undelivered: what must stop has stopped before, what compares goes without it."""
    found = {table_id: verdicts.load(run.home / path) for table_id, path in paths}
    usable = {table_id: each for table_id, each in found.items() if not each.blocked}
    return Books(
        quarter,
        {table_id: each.accepted for table_id, each in usable.items()},
        {table_id: each.status for table_id, each in usable.items()},
        {table_id: each.missing_senders for table_id, each in usable.items()},
        run.settings.rules,
        run.settings,
    )
