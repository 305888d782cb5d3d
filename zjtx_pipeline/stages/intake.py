"""Knows how a run takes in a quarter's tables: pulled, judged, and opened as books; leaves what is made of them to
the stages ahead.
"""

from __future__ import annotations

import hashlib
import shutil
from collections import OrderedDict
from pathlib import Path

from zjtx_pipeline import ahead, glances, known, manifest, snapshots, sources, store, validate, verdicts
from zjtx_pipeline.books import Books
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.snapshots import Snapshot
from zjtx_pipeline.stages.run import Run
from zjtx_pipeline.tables import Table, load_tables
from zjtx_pipeline.verdicts import Verdict


def keep_ahead(run: Run) -> None:
    """Let the second process keep the files of the run's quarter, from the last table on."""
    if run.as_of is None:
        _let_sample_deliver(run, run.quarter)
        for table_id in reversed(validate.order()):
            _worker(run).ask(("kept", table_id), _keep_files, run, table_id)


def _worker(run: Run) -> ahead.Worker:
    return ahead.of(run.key) or ahead.IDLE


def _keep_files(run: Run, table_id: str) -> None:
    """What is found kept afterwards is not read again; a look into the sources, which a run notes, this is not."""
    table = load_tables()[table_id]
    files = sources.files_alone(run.settings, table, run.quarter)
    if files:  # to keep that there are none would be to say that nothing was delivered
        snapshots.keep(run.home, run.quarter, table, files)


def _judge_ahead(run: Run, first: str) -> None:
    """Let the second process judge what has been pulled, and whose tables to compare with have been judged, since the run
    began: the one to be judged now, then from the last on. The run finds the verdict kept."""
    worker = _worker(run)
    for table_id in (first, *reversed(validate.order())):
        beside = [run.pointer("judged", run.quarter, other) for other in validate.needs(table_id)]
        if worker.saw([run.pointer("pulled", run.quarter, table_id), *beside]):
            worker.ask(("judged", table_id), _keep_verdict, run, table_id)


def pull(run: Run, table_id: str, quarter: Quarter | None = None) -> dict:
    """Keep what was delivered of a table for the run's quarter, or an earlier one that it compares with."""
    if quarter is None:
        _worker(run).answer(("kept", table_id))
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
    snapshot = _snapshot(run, load_tables()[table_id], quarter)
    store.write_json(run.pointer("pulled", quarter, table_id), str(snapshot.path.relative_to(run.home)))
    return snapshot


def _snapshot(run: Run, table: Table, quarter: Quarter) -> Snapshot:
    later = quarter != run.quarter
    if run.as_of is not None:
        return known.on_day(run.home, run.settings, table, quarter, run.as_of, later)
    return (known.look_back if later else known.look)(run.home, run.settings, table, quarter)


def _let_sample_deliver(run: Run, quarter: Quarter) -> None:
    if run.settings.sample:
        from zjtx_pipeline.sample import deliver

        deliver(run.home, quarter)


def any_known(run: Run) -> bool:
    """Had any department delivered anything of the run's quarter by the day that it tells of?"""
    return any([pull_table(run, table_id, run.quarter).sources for table_id in load_tables()])


def check(run: Run, table_id: str, quarter: Quarter | None = None) -> dict:
    """Judge a pulled table; those that its suite compares with have to be judged before."""
    quarter = quarter or run.quarter
    before = _judged_before(run, table_id, quarter)
    question = _question(run, table_id, quarter)
    if quarter == run.quarter:
        _judge_ahead(run, table_id)
        if not validate.is_kept(run.home, *question):
            validate.get_ready()  # meanwhile the second process begins
        _worker(run).answer(("judged", table_id))
    verdict = _judged(run, question)
    if quarter == run.quarter and _judged_before(run, table_id, quarter) != before:
        _forget_returns(run)
    if quarter == run.quarter and (verdict.blocked or (run.reports / manifest.STOPPED).exists()):
        manifest.tell_stopped(run.reports, _blocked(run))
    totals = verdict.counts[["read", "accepted", "quarantined", "rejected"]].sum()
    return {
        **{name: int(total) for name, total in totals.items()},
        "findings": len(verdict.findings),
        "findings_markdown": glances.findings_table(verdict.findings),
        "blocked": list(verdict.blocked),
        "status": verdict.status,
        "missing": list(verdict.missing_senders),
    }


def is_judged(run: Run, table_id: str) -> bool:
    """Has what was pulled last been judged since?"""
    pulled, judged = (run.pointer(kind, run.quarter, table_id) for kind in ("pulled", "judged"))
    return pulled.exists() and judged.exists() and judged.stat().st_mtime_ns >= pulled.stat().st_mtime_ns


def _blocked(run: Run) -> list[str]:
    """Why each blocked table of the run's quarter is, and what became of its rows."""
    kept = [run.home / path for table_id, path in _judged_tables(run, run.quarter) if is_judged(run, table_id)]
    judged = [verdicts.load(path) for path in kept if path.is_dir()]  # an earlier run's may have been cleared away
    return [f"{each.table.id}（{each.table.name}）：{'；'.join(each.blocked)}{_conserved(each)}" for each in judged if each.blocked]


def _conserved(verdict: Verdict) -> str:
    totals = verdict.counts[["read", "accepted", "quarantined", "rejected"]].sum()
    return "读入 {} 行＝合格 {}＋退回 {}＋无法识别 {}。".format(*totals)


def _judged_before(run: Run, table_id: str, quarter: Quarter) -> str:
    pointer = run.pointer("judged", quarter, table_id)
    return store.read_json(pointer) if pointer.exists() else ""


def _forget_returns(run: Run) -> None:
    """Workbooks that went back for an earlier delivery would ask for what has been put right since."""
    shutil.rmtree(run.returns, ignore_errors=True)


def _judged(run: Run, question: tuple) -> Verdict:
    verdict = validate.judge(run.home, *question)
    path = verdicts.path_of(run.home, verdict.table, verdict.digest)
    store.write_json(run.pointer("judged", verdict.quarter, verdict.table.id), str(path.relative_to(run.home)))
    return verdict


def _keep_verdict(run: Run, table_id: str) -> None:
    validate.judge(run.home, *_question(run, table_id, run.quarter))


def _question(run: Run, table_id: str, quarter: Quarter) -> tuple:
    """What a verdict is asked for: the snapshot, the settings, the verdicts beside it, who sent the same as before."""
    snapshot = snapshots.load(run.home / store.read_json(existing(run.pointer("pulled", quarter, table_id))))
    beside = {other: verdict_on(run, other, quarter) for other in validate.needs(table_id)}
    return snapshot, run.settings, beside, _sent_before(run, snapshot)


def _sent_before(run: Run, snapshot: Snapshot) -> tuple[str, ...]:
    """The departments whose file is the very one that they sent for the quarter before; asked of the run's own quarter."""
    table, before = snapshot.table, snapshot.quarter - 1
    files = {source.sender: source for source in snapshot.sources if source.sha256}
    if not files or snapshot.quarter != run.quarter or before not in run.settings.quarters:
        return ()
    _let_sample_deliver(run, before)
    offered = [] if run.as_of else sources.every_file(run.settings, table, before)
    found = {each.origin.sender for each in offered if _is(each, files.get(each.origin.sender))}
    cleared = files.keys() - {each.origin.sender for each in offered}
    then = _kept_of(run, table, before) if cleared else ()
    return tuple(sorted(found | {each.sender for each in then if each.sender in cleared and each.sha256 == files[each.sender].sha256}))


def _kept_of(run: Run, table: Table, quarter: Quarter) -> tuple[snapshots.Source, ...]:
    """What is known of each department's delivery for an earlier quarter without its file."""
    if run.as_of:
        return pull_table(run, table.id, quarter).sources
    return tuple(each.source for each in known.heard(run.home, quarter, table).values())


def _is(offered: sources.FileDelivery, source: snapshots.Source | None) -> bool:
    """Are these a delivery's bytes? Most differ in length already, and are not read."""
    if source is None or offered.path.stat().st_size != source.bytes:
        return False
    return hashlib.sha256(offered.content).hexdigest() == source.sha256


def take_in(run: Run, table_id: str, quarter: Quarter, began: float = 0.0) -> bool:
    """Pull and judge a table of an earlier quarter; those that its suite compares with have to be judged before.

    False, and nothing is done, where one of those was not judged since `began`: the other process has it in hand.
    """
    if not ahead.are_since(began, [run.pointer("judged", quarter, other) for other in validate.needs(table_id)]):
        return False
    pull_table(run, table_id, quarter)
    _judged(run, _question(run, table_id, quarter))
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
    key = (run.home, quarter, paths, run.settings.rules.digest, str(run.settings.missing))
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
        {need: status for each in usable.values() for need, status in each.statuses.items()},
        {table_id: each.missing_senders for table_id, each in usable.items()},
        run.settings.rules,
        run.settings,
    )
