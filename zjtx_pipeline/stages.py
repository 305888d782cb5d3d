"""Knows the stages of a quarter's run and what each hands to the next; leaves each stage's work to its own module,
and when and in what order to run them to the orchestrator.

Tables and verdicts are immutable and lie under their digests; a run keeps, in `work/<its quarter>/`, which of them it
used for each data quarter. So a stage can be run again by itself, and the same inputs give the same bytes.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path

import pandas as pd

from zjtx_pipeline import (
    __version__,
    ahead,
    awards,
    breaches,
    bundled,
    glances,
    outputs,
    progress,
    snapshots,
    sources,
    store,
    tiers,
    validate,
    verdicts,
)
from zjtx_pipeline.books import Books
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.indicators import measure as measured
from zjtx_pipeline.indicators.disclosure import firms_behind
from zjtx_pipeline.progress import Progress
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.report import compose
from zjtx_pipeline.rules import Task
from zjtx_pipeline.settings import Settings, home
from zjtx_pipeline.snapshots import Snapshot
from zjtx_pipeline.tables import load_tables
from zjtx_pipeline.verdicts import UNDELIVERED, Verdict
from zjtx_pipeline.workdays import workday_after

CHINA = timezone(timedelta(hours=8))
OVERALL = 0
AWARD_TABLES = ("D06a", "D06b")
TEXTS = "D26"


@dataclass(frozen=True)
class Run:
    """One quarter's run: whose district, which quarter, draft or not, and where its products lie."""

    settings: Settings
    quarter: Quarter
    draft: bool
    home: Path

    @property
    def work(self) -> Path:
        """Which snapshots and verdicts this quarter's run used, and what it measured."""
        return self.home / "work" / str(self.quarter)

    @property
    def reports(self) -> Path:
        return self.home / "reports" / str(self.quarter)

    @property
    def due_on(self) -> date:
        """The day by which departments have to deliver; the date that stands on the reports."""
        return workday_after(self.quarter, self.settings.delivery_deadline_workday)

    @property
    def key(self) -> tuple[str, str]:
        return str(self.home), str(self.quarter)

    def pointer(self, kind: str, quarter: Quarter, table_id: str) -> Path:
        return self.work / kind / str(quarter) / f"{table_id}.json"


def open_run(settings: Settings, quarter: Quarter, draft: bool = False, today: date | None = None) -> Run:
    """A quarter's run; ZjtxError where the quarter lies outside the plan, or has not ended and no draft is asked for."""
    today = today or datetime.now(CHINA).date()
    known = settings.quarters
    if quarter not in known:
        raise ZjtxError(f"{quarter} 不在可出报告的季度之内：可选 {known[0]} 至 {known[-1]}。")
    if quarter.first_day > today:
        raise ZjtxError(f"{quarter} 还没有开始，不能出报告。")
    if quarter.last_day >= today and not draft:
        raise ZjtxError(f"{quarter} 要到 {quarter.last_day} 才结束：现在只能出草稿（--draft）。")
    return Run(settings, quarter, draft and quarter.last_day >= today, home())


def opening(run: Run) -> dict:
    """What is known of a quarter before anything is read; a second process begins to look back meanwhile.

    ZjtxError where the 收件目录 or the database cannot be reached.
    """
    sources.reach(run.settings)
    ahead.begin(run.key).ask("compare", compare_alone, run)
    ends = run.settings.rules.plan.ends_on
    return {
        "季度": run.quarter.chinese,
        "阶段": "三年行动计划期内" if run.quarter.last_day <= ends else "收官后跟踪",
        "报送截止日": str(run.due_on),
        "报告日": str(workday_after(run.quarter, run.settings.report_workday)),
        "草稿": "是" if run.draft else "否",
        "不认识的文件": "；".join(f"{file}：{sentence}" for file, sentence in sources.strays(run.settings, run.quarter)) or "无",
    }


def pull(run: Run, table_id: str, quarter: Quarter | None = None) -> dict:
    """Keep what was delivered of a table for the run's quarter, or an earlier one that it compares with."""
    snapshot = _pulled(run, table_id, quarter or run.quarter)
    return {
        "rows": sum(source.read for source in snapshot.sources),
        "senders": [source.sender for source in snapshot.sources],
        "status": verdicts.status_of(snapshot),
        "digest": snapshot.digest,
        "sources": [source.source for source in snapshot.sources],
    }


def _pulled(run: Run, table_id: str, quarter: Quarter) -> Snapshot:
    _let_sample_deliver(run, quarter)
    table = load_tables()[table_id]
    found = sources.deliveries(run.settings, table, quarter)
    snapshot = snapshots.keep(run.home, quarter, table, found)
    if not found and quarter != run.quarter:
        # An earlier quarter's files may have been cleared away since: what was kept of them stands in.
        snapshot = snapshots.latest(run.home, quarter, table) or snapshot
    store.write_json(run.pointer("pulled", quarter, table_id), str(snapshot.path.relative_to(run.home)))
    return snapshot


def _let_sample_deliver(run: Run, quarter: Quarter) -> None:
    if run.settings.sample:
        from zjtx_pipeline.sample import deliver

        deliver(run.home, quarter)


def check(run: Run, table_id: str, quarter: Quarter | None = None) -> dict:
    """Judge a pulled table; those that its suite compares with have to be judged before."""
    verdict = _judged(run, table_id, quarter or run.quarter)
    totals = verdict.counts[["read", "accepted", "quarantined", "rejected"]].sum()
    return {
        **{name: int(total) for name, total in totals.items()},
        "findings": len(verdict.findings),
        "findings_markdown": glances.findings_table(verdict.findings),
        "blocked": list(verdict.blocked),
        "status": verdict.status,
        "missing": list(verdict.missing_senders),
    }


def _judged(run: Run, table_id: str, quarter: Quarter) -> Verdict:
    snapshot = snapshots.load(run.home / store.read_json(_existing(run.pointer("pulled", quarter, table_id))))
    beside = {other: _verdict(run, other, quarter) for other in validate.needs(table_id)}
    verdict = validate.judge(run.home, snapshot, run.settings, beside)
    path = verdicts.path_of(run.home, verdict.table, verdict.digest)
    store.write_json(run.pointer("judged", quarter, table_id), str(path.relative_to(run.home)))
    return verdict


def _existing(pointer: Path) -> Path:
    if not pointer.exists():
        raise ZjtxError(f"{pointer.stem} 还没有取数或校验：请连同上游一起运行。")
    return pointer


def _verdict(run: Run, table_id: str, quarter: Quarter) -> Verdict:
    return _kept_verdict(run.home / store.read_json(_existing(run.pointer("judged", quarter, table_id))))


@lru_cache(maxsize=256)
def _kept_verdict(path: Path) -> Verdict:
    """A verdict is immutable, so one reading a process is enough."""
    return verdicts.load(path)


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
    found = {table_id: _kept_verdict(run.home / path) for table_id, path in paths}
    usable = {table_id: each for table_id, each in found.items() if not each.blocked}
    return Books(
        quarter,
        {table_id: each.accepted for table_id, each in usable.items()},
        {table_id: each.status for table_id, each in usable.items()},
        {table_id: each.missing_senders for table_id, each in usable.items()},
        run.settings.rules,
        run.settings,
    )


def tally_tiers(run: Run) -> dict:
    """The titles valid on the quarter's last day."""
    titles = tiers.titles(books(run))
    store.write_frame(run.work / "tiers.parquet", titles)
    inside = titles.loc[titles["in_district"], "tier"].value_counts()
    return {tier: int(inside.get(tier, 0)) for tier in run.settings.rules.tiers.types}


def tally_awards(run: Run) -> dict:
    """Every award unit to the quarter's last day; entitled, paid and gap by clause; and what breaks a rule of the plan."""
    units = awards.units(books(run))
    store.write_frame(run.work / "awards.parquet", units)
    store.write_frame(run.work / "breaches.parquet", breaches.findings(books(run), books(run, run.quarter - 1)))
    return {"units": len(units), "table_markdown": glances.awards_table(units)}


def compare(run: Run) -> dict:
    """Measure the quarter before from its own deliveries, and lay open those of due quarters (indicators.md)."""
    worker = ahead.of(run.key)
    return (worker and worker.answer("compare")) or compare_alone(run)


def compare_alone(run: Run) -> dict:
    """As `compare`, in this process."""
    before, due = run.quarter - 1, progress.due_quarters(run.settings.rules, run.quarter)
    for quarter in sorted({before, *due}):
        for table_id in validate.order():
            if quarter == before or table_id in _due_tables(run, quarter):
                _pulled(run, table_id, quarter)
                _judged(run, table_id, quarter)
    delivered = [each for each in books(run, before).status.values() if each != UNDELIVERED]
    lines = _all_progress(run, before) if delivered else None
    store.write_json(run.work / "before.json", lines and [each.record() for each in lines])
    return {"上季度": str(before) if delivered else "没有报送", "到期季度": "、".join(map(str, due)) or "无"}


def _all_progress(run: Run, quarter: Quarter) -> list[Progress]:
    return [each for number in run.settings.rules.tasks for each in _progress(run, number, quarter)]


def _progress(run: Run, number: int, quarter: Quarter) -> list[Progress]:
    held = books(run, quarter)
    at_due = {due: books(run, due) for due in progress.due_quarters(run.settings.rules, quarter)}
    return progress.assess(measured(number, held), held, at_due)


def _due_tables(run: Run, due: Quarter) -> set[str]:
    """What the targets due or watched in a quarter are measured from, and what those tables' suites compare with."""
    rules = run.settings.rules
    targets = [target for target in rules.targets.values() if due in progress.quarters_of(target)]
    parts = [part for target in targets for part in rules.indicators[target.indicator].parts.values()]
    tables = {table_id for part in parts for table_id in part.needs}
    return tables | {other for table_id in tables for other in validate.needs(table_id)}


def measure(run: Run, number: int) -> dict:
    """All figures of a task with pace and light."""
    lines = _progress(run, number, run.quarter)
    store.write_json(run.work / "figures" / f"T{number:02d}.json", [each.record() for each in lines])
    lights = [each.light for each in lines if each.light and not each.figure.breakdown]
    return {
        "figures": len(lines),
        "lights": {light: lights.count(light) for light in dict.fromkeys(lights)},
        "table_markdown": glances.figures_table(lines, run.settings.rules),
    }


def _figures(run: Run, numbers: Iterable[int]) -> list[Progress]:
    paths = [_existing(run.work / "figures" / f"T{number:02d}.json") for number in numbers]
    return [Progress.from_record(line) for path in paths for line in store.read_json(path)]


def _figures_before(run: Run) -> list[Progress] | None:
    lines = store.read_json(_existing(run.work / "before.json"))
    return lines and [Progress.from_record(line) for line in lines]


def render(run: Run, number: int) -> dict:
    """Print the report on a task, or the overall one (0); a second process prints others of the same run meanwhile."""
    began = time.perf_counter()
    worker = ahead.of(run.key)
    if worker and _is_measured(run, worker):
        for other in reversed([*run.settings.rules.tasks, OVERALL]):
            worker.ask(("printed", other), printed, run, other)
    content = (worker and worker.answer(("printed", number))) or printed(run, number)
    path = store.write_bytes(run.reports / compose.file_name(number, run.settings.rules), content)
    return {"path": str(path), "seconds": time.perf_counter() - began, **glances.of_pdf(path)}


def printed(run: Run, number: int) -> bytes:
    """One report as PDF."""
    from zjtx_pipeline.report import pdf

    inputs = _report_inputs(run, number)
    return pdf.render_report(compose.task_report(inputs, number) if number else compose.overall_report(inputs))


def _is_measured(run: Run, worker: ahead.Worker) -> bool:
    """Has everything that reports rest on been made since the run began? Else a report could be made of older work."""
    made = [run.pointer(kind, run.quarter, table_id) for kind in ("pulled", "judged") for table_id in load_tables()]
    made += [run.work / "figures" / f"T{number:02d}.json" for number in run.settings.rules.tasks]
    made += [run.work / name for name in ("tiers.parquet", "awards.parquet", "breaches.parquet", "before.json")]
    return all(path.exists() and path.stat().st_mtime >= worker.began for path in made)


def _report_inputs(run: Run, number: int):
    from zjtx_pipeline.report.inputs import ReportInputs

    rules, every = run.settings.rules, number == OVERALL
    has_awards = every or any(award.task == number and award.is_grant for award in rules.awards.values())
    judged = [_verdict(run, table_id, run.quarter) for table_id in load_tables() if every or table_id in rules.tables_of(number)]
    return ReportInputs(
        rules=rules,
        settings=run.settings,
        quarter=run.quarter,
        due_on=run.due_on,
        progress=_figures(run, rules.tasks if every else [number]),
        progress_before=_figures_before(run),
        awards=_awards(run) if has_awards else pd.DataFrame(),
        tiers=pd.read_parquet(_existing(run.work / "tiers.parquet")),
        findings=pd.concat([*(each.findings for each in judged), _breaches(run, has_awards)], ignore_index=True),
        counts=pd.concat([each.counts for each in judged], ignore_index=True),
        texts=_verdict(run, TEXTS, run.quarter).accepted,
        sources=_sources(run, [each.table.id for each in judged]),
        status={each.table.id: each.status for each in judged},
        missing={each.table.id: _missing(each, rules.tasks.get(number)) for each in judged},
        version=__version__,
        draft=run.draft,
        firms_behind=firms_behind(books(run)) if every or "D05" in rules.tables_of(number) else {},
    )


def _missing(verdict: Verdict, task: Task | None) -> tuple[str, ...]:
    """Who delivered nothing of a table; of the progress texts only the task's own departments are asked."""
    if task is None or verdict.table.id != TEXTS:
        return verdict.missing_senders
    return tuple(sender for sender in verdict.missing_senders if sender in task.departments)


def _breaches(run: Run, has_awards: bool) -> pd.DataFrame:
    found = pd.read_parquet(_existing(run.work / "breaches.parquet")) if has_awards else None
    return verdicts.findings_frame([]) if found is None else found


def _awards(run: Run) -> pd.DataFrame:
    return pd.read_parquet(_existing(run.work / "awards.parquet"))


def _sources(run: Run, table_ids: Iterable[str]) -> list[snapshots.SourceFile]:
    """Every delivery that a report rests on, with its digest."""
    pointers = [_existing(run.pointer("pulled", run.quarter, table_id)) for table_id in table_ids]
    return snapshots.source_files([snapshots.load(run.home / store.read_json(pointer)) for pointer in pointers])


def publish(run: Run) -> dict:
    """Close a quarter: the machine-readable files, and last of all the manifest that names every file by its digest."""
    close(run)
    rules, quarter = run.settings.rules, run.quarter
    judged = [_verdict(run, table_id, quarter) for table_id in load_tables()]
    frames = {
        "figures.csv": outputs.figures_frame(_figures(run, rules.tasks), rules, quarter),
        "awards.csv": outputs.awards_frame(_awards(run), quarter),
        "tiers.csv": outputs.tiers_frame(pd.read_parquet(_existing(run.work / "tiers.parquet")), quarter),
        "rows.csv": outputs.rows_frame(pd.concat([each.counts for each in judged], ignore_index=True)),
    }
    tables = outputs.write_outputs(run.reports, frames)
    store.sweep(run.reports)
    manifest = outputs.write_manifest(
        run.reports,
        [*_pdfs(run), *tables],
        version=__version__,
        quarter=quarter,
        draft=run.draft,
        due_on=run.due_on,
        digests={
            "rules": rules.digest,
            "suites": outputs.folder_digest(bundled.expectations()),
            "templates": outputs.folder_digest(bundled.report_templates()),
        },
        sources=_sources(run, load_tables()),
    )
    return {"folder": str(run.reports), "files": [path.name for path in [*_pdfs(run), *tables, manifest]]}


def _pdfs(run: Run) -> list[Path]:
    """The fifteen reports; ZjtxError names one that has not been printed."""
    names = [compose.file_name(number, run.settings.rules) for number in (OVERALL, *run.settings.rules.tasks)]
    missing = [name for name in names if not (run.reports / name).exists()]
    if missing:
        raise ZjtxError(f"报告不齐，缺 {'、'.join(missing)}：请先生成这些报告。")
    return [run.reports / name for name in names]


def run_all(run: Run) -> dict:
    """Every stage of a quarter in order, without an orchestrator; ZjtxError where a table is blocked."""
    try:
        return _run_all(run)
    finally:
        close(run)


def close(run: Run) -> None:
    """Let go of what a run holds, however it ended."""
    ahead.end(run.key)


def _run_all(run: Run) -> dict:
    numbers = run.settings.rules.tasks
    opening(run)
    for table_id in validate.order():
        pull(run, table_id)
        blocked = check(run, table_id)["blocked"]
        if blocked:
            raise ZjtxError(blocked[0])
    for stage in (compare, tally_tiers, tally_awards):
        stage(run)
    for number in numbers:
        measure(run, number)
    for number in (OVERALL, *numbers):
        render(run, number)
    return publish(run)
