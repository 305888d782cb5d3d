"""Knows how a run prints its reports, and what goes to each department, and closes with its tables and manifest.

Leaves pages to `report`, files to `outputs`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from zjtx_pipeline import __version__, ahead, bundled, fonts, glances, letterhead, outputs, revisions, snapshots, store
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.indicators.disclosure import firms_behind
from zjtx_pipeline.manifest import folder_digest, mark_unfinished, write_manifest, write_output
from zjtx_pipeline.report import compose, distribution
from zjtx_pipeline.report.rows import Notice
from zjtx_pipeline.rules import Task
from zjtx_pipeline.stages.correcting import beside, notices, pending, settled_path
from zjtx_pipeline.stages.intake import books, existing, verdict_on
from zjtx_pipeline.stages.measuring import (
    LADDER,
    awards_of,
    awards_path,
    breaches_of,
    breaches_path,
    figures_before,
    figures_of,
    figures_path,
    tally_of,
)
from zjtx_pipeline.stages.opinion import refuse_if_disputed, unreviewed
from zjtx_pipeline.stages.run import Run
from zjtx_pipeline.tables import load_tables
from zjtx_pipeline.verdicts import Verdict

if TYPE_CHECKING:
    from zjtx_pipeline.report.inputs import ReportInputs
    from zjtx_pipeline.report.model import Report

OVERALL = 0
TEXTS = "D26"


def render(run: Run, number: int) -> dict:
    """Print the report on a task, or the overall one (0); a second process prints others of the same run meanwhile.

    ZjtxError where the second opinion differs from what it would print.
    """
    refuse_if_disputed(run, number)
    began = time.perf_counter()
    worker = ahead.of(run.key) or ahead.IDLE
    _print_ahead(run, worker)
    content = worker.answer(("printed", number)) or printed(run, number)
    path = write_output(run.reports, compose.file_name(number, run.settings.rules), content)
    return {"path": str(path), "seconds": time.perf_counter() - began, **glances.of_pdf(path)}


def _print_ahead(run: Run, worker: ahead.Worker) -> None:
    """Let the second process print from the other end, once all that reports rest on has been made in this run."""
    if worker.saw(_behind_reports(run)):
        for other in reversed([*run.settings.rules.tasks, OVERALL]):
            worker.ask(("printed", other), printed, run, other)
        for name in reversed(distribution.recipients(run.settings.rules)):
            worker.ask(("printed", name), printed_for, run, name)


def printed(run: Run, number: int) -> bytes:
    """One report as PDF, its figures attached."""
    from zjtx_pipeline.report import pdf, privacy

    inputs = _report_inputs(run, number)
    figures = outputs.figures_frame(privacy.printable(inputs), run.settings.rules, run.quarter)
    attached = {"figures.csv": outputs.csv_bytes(figures)}
    return pdf.render_report(_composed(inputs, number), attached, run.settings.fonts.named)


def printed_for(run: Run, name: str) -> bytes:
    """What goes to one department alone, or the towns' table, as PDF."""
    from zjtx_pipeline.report import pdf

    return pdf.render_report(distribution.report(_report_inputs(run, OVERALL), name), own_fonts=run.settings.fonts.named)


def composed(run: Run, asked: int | str) -> Report:
    """What a measured quarter's report says, of a task, overall (0), or for a department or the towns, by name.

    ZjtxError where the quarter has not been measured, or the second opinion differs from what the report says.
    """
    if not all(path.exists() for path in _behind_reports(run)):
        raise ZjtxError(f"{run.quarter} 还没有出过报告：请先运行 zjtx report {run.quarter}。")
    number = asked if isinstance(asked, int) else OVERALL
    refuse_if_disputed(run, number)
    inputs = _report_inputs(run, number)
    return _composed(inputs, number) if isinstance(asked, int) else distribution.report(inputs, asked)


def _composed(inputs: ReportInputs, number: int) -> Report:
    return compose.task_report(inputs, number) if number else compose.overall_report(inputs)


def distribute(run: Run) -> dict:
    """Print what goes to each department, the workbooks of firms beside it for those that may see them; what an earlier
    run left there is taken away.

    ZjtxError where the second opinion differs from what it would print.
    """
    refuse_if_disputed(run, OVERALL)
    rules, worker = run.settings.rules, ahead.of(run.key) or ahead.IDLE
    _print_ahead(run, worker)
    made = {}
    for name in distribution.recipients(rules):
        made[distribution.file_name(name, rules)] = worker.answer(("printed", name)) or printed_for(run, name)
    made |= dict(_annexes(run))
    for path in (run.reports / distribution.FOLDER).glob(distribution.OURS):
        if path.is_file() and path.relative_to(run.reports).as_posix() not in made:
            path.unlink()
    paths = [write_output(run.reports, name, content) for name, content in made.items()]
    store.write_json(_audience(run), run.settings.audience.digest)
    return {"folder": str(run.reports / distribution.FOLDER), "files": [path.name for path in paths]}


def _audience(run: Run) -> Path:
    """For whom the files that go to departments were made."""
    return run.work / "audience.json"


def _annexes(run: Run) -> Iterator[tuple[str, bytes]]:
    inputs = _report_inputs(run, OVERALL)
    for department in run.settings.rules.departments:
        yield from distribution.annexes(inputs, department).items()


def _behind_reports(run: Run) -> list[Path]:
    """Everything that reports rest on; printed ahead of a part of it, a report could be made of older work.

    What was issued is not among it: that is settled before the second process begins, and stays as old as it is.
    """
    made = [run.pointer(kind, run.quarter, table_id) for kind in ("pulled", "judged") for table_id in load_tables()]
    made += [path(run, number) for path in (figures_path, breaches_path) for number in run.settings.rules.tasks]
    made += [awards_path(run, number) for number in run.settings.rules.tasks if run.settings.rules.grants_of(number)]
    return made + [run.work / name for name in ("before.json", *(f"{tally}.parquet" for tally in ("tiers", *LADDER)))]


def _report_inputs(run: Run, number: int) -> ReportInputs:
    from zjtx_pipeline.report.inputs import ReportInputs

    rules, every = run.settings.rules, number == OVERALL
    numbers = list(rules.tasks) if every else [number]
    judged = [verdict_on(run, table_id, run.quarter) for table_id in load_tables() if every or table_id in rules.tables_of(number)]
    found = ReportInputs(
        rules=rules,
        settings=run.settings,
        quarter=run.quarter,
        due_on=run.dated_on,
        progress=figures_of(run, numbers),
        progress_before=figures_before(run),
        awards=awards_of(run, numbers),
        tiers=tally_of(run, "tiers"),
        **{name: tally_of(run, name) for name in LADDER if every or number == compose.LADDER},
        findings=pd.concat([*(each.findings for each in judged), breaches_of(run, numbers)], ignore_index=True),
        counts=pd.concat([each.counts for each in judged], ignore_index=True),
        texts=verdict_on(run, TEXTS, run.quarter).accepted,
        sources=_sources(run, [each.table.id for each in judged]),
        status={need: status for each in judged for need, status in each.statuses.items()},
        missing={each.table.id: _missing(each, rules.tasks.get(number)) for each in judged},
        version=__version__,
        draft=run.draft,
        retold=run.as_of is not None,
        unreviewed=unreviewed(rules, number),
        firms_behind=firms_behind(books(run)) if every or "D05" in rules.tables_of(number) else {},
    )
    return replace(found, notices=notices(run, found))


def _missing(verdict: Verdict, task: Task | None) -> tuple[str, ...]:
    """Who delivered nothing of a table; of the progress texts only the task's own departments are asked."""
    if task is None or verdict.table.id != TEXTS:
        return verdict.missing_senders
    return tuple(sender for sender in verdict.missing_senders if sender in task.departments)


def _sources(run: Run, table_ids: Iterable[str]) -> list[snapshots.SourceFile]:
    """Every delivery that a report rests on, with its digest."""
    pointers = [existing(run.pointer("pulled", run.quarter, table_id)) for table_id in table_ids]
    return snapshots.source_files([snapshots.load(run.home / store.read_json(pointer)) for pointer in pointers])


def publish(run: Run) -> dict:
    """Close a quarter: the machine-readable files, and last of all the manifest that names every file by its digest.

    ZjtxError where the second opinion differs, or a report is missing or older than its figures.
    """
    ahead.end(run.key)
    refuse_if_disputed(run, OVERALL)
    rules, quarter, pdfs = run.settings.rules, run.quarter, [*_pdfs(run), *_distributed(run)]
    judged = [verdict_on(run, table_id, quarter) for table_id in load_tables()]
    figures, units = figures_of(run, rules.tasks), awards_of(run, rules.tasks)
    frames = {
        "figures.csv": outputs.figures_frame(figures, rules, quarter),
        "forecast.csv": outputs.forecast_frame(figures, rules, quarter),
        "awards.csv": outputs.awards_frame(units, quarter),
        "awards_detail.csv": outputs.awards_detail_frame(units, quarter),
        "tiers.csv": outputs.tiers_frame(tally_of(run, "tiers"), quarter),
        "flows.csv": outputs.flows_frame(tally_of(run, "flows"), quarter),
        "watchlist.csv": outputs.watchlist_frame(tally_of(run, "watchlist"), quarter),
        "candidates.csv": outputs.candidates_frame(tally_of(run, "candidates"), quarter),
        "rows.csv": outputs.rows_frame(pd.concat([each.counts for each in judged], ignore_index=True)),
    }
    mark_unfinished(run.reports)
    tables = [*outputs.write_outputs(run.reports, frames), _synopsis(run)]
    revision, told = _revision(run, [*pdfs, *tables], frames["figures.csv"])
    tables += outputs.write_outputs(run.reports, {"revisions.csv": revisions.revisions_frame(run.home, quarter)} if revision else {})
    store.sweep(run.reports)
    listed = write_manifest(
        run.reports,
        [*pdfs, *tables],
        version=__version__,
        quarter=quarter,
        draft=run.draft,
        due_on=run.due_on,
        known_on=run.as_of,
        revision=revision,
        digests={
            "rules": rules.digest,
            "suites": folder_digest(bundled.expectations()),
            "templates": folder_digest(bundled.report_templates()),
            "audience": run.settings.audience.digest,
            "district": run.settings.district_digest,
            **fonts.digests(run.settings.fonts.named),
            **_letterhead(run),
        },
        sources=_sources(run, load_tables()),
    )
    files = [path.relative_to(run.reports).as_posix() for path in [*pdfs, *tables, listed]]
    return {"folder": str(run.reports), "files": files, "revision": told}


def _synopsis(run: Run) -> Path:
    """What letters tell of these reports."""
    from zjtx_pipeline.report import synopsis

    return store.write_json(run.reports / synopsis.NAME, synopsis.synopsis(_report_inputs(run, OVERALL)))


def _letterhead(run: Run) -> dict[str, str]:
    """The digest of what the office sets above and under its reports, where it does."""
    own = run.settings.letterhead
    named = [own.head, *(part for pair in sorted(own.numbers.items()) for part in pair), letterhead.seal(own.seal).sha256 if own.seal else ""]
    return {"letterhead": store.digest(*named)} if any(named) else {}


def _revision(run: Run, files: list[Path], figures: pd.DataFrame) -> tuple[int | None, str]:
    """Which revision of the quarter these files are, and what to say of it; a draft, or a day gone by, is none."""
    if run.draft or run.as_of is not None:
        return None, "不计版次"
    digests = {path.relative_to(run.reports).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    inputs = _report_inputs(run, OVERALL)
    number = revisions.recorded(run.home, run.quarter, digests, figures, **beside(run, inputs, figures))
    return number, _told(run, number) + _unapproved(pending(run, inputs))


def _told(run: Run, number: int) -> str:
    changed = revisions.revisions_frame(run.home, run.quarter)["revision"].eq(str(number)).sum()
    return f"第 {number} 版" + (f"，与上一版相比改动 {changed} 个数，见 revisions.csv" if number > 1 else "")


def _unapproved(notice: Notice | None) -> str:
    return "" if notice is None or notice.order else f"；更正说明第 {notice.number} 号待批准（zjtx correct），批准前不能发送"


def _pdfs(run: Run) -> list[Path]:
    """The fifteen reports; ZjtxError names one that has not been printed, or not since its figures were measured."""
    rules = run.settings.rules
    settled = _settled_at(run)
    measured = {number: max(existing(figures_path(run, number)).stat().st_mtime_ns, settled) for number in rules.tasks}
    measured[OVERALL] = max(measured.values())
    return _fresh(run, {compose.file_name(number, rules): measured[number] for number in (OVERALL, *rules.tasks)})


def _distributed(run: Run) -> list[Path]:
    """What goes to departments: what the audience makes of it, no more and no less; ZjtxError as for the reports."""
    rules, audience = run.settings.rules, run.settings.audience
    if not _audience(run).exists() or store.read_json(_audience(run)) != audience.digest:
        raise ZjtxError("分发材料不是按现在的 audience 配置做的：请重新生成分发材料。")
    names = [distribution.file_name(name, rules) for name in distribution.recipients(rules)]
    names += [name for each in rules.departments for name in distribution.annex_names(each, rules, audience)]
    measured = max(existing(figures_path(run, number)).stat().st_mtime_ns for number in rules.tasks)
    return _fresh(run, dict.fromkeys(names, max(measured, _settled_at(run))))


def _settled_at(run: Run) -> int:
    """Since when what was issued, and ordered to be corrected, is as the reports must say."""
    path = settled_path(run)
    return path.stat().st_mtime_ns if path.exists() else 0


def _fresh(run: Run, since: Mapping[str, int]) -> list[Path]:
    """The files of these names; ZjtxError names one that is missing, or older than what it shows (`since`, in nanoseconds)."""
    paths = {name: run.reports / name for name in since}
    missing = [name for name, path in paths.items() if not path.exists()]
    if missing:
        raise ZjtxError(f"报告不齐，缺 {'、'.join(missing)}：请先生成这些报告。")
    older = [name for name, path in paths.items() if path.stat().st_mtime_ns < since[name]]
    if older:
        raise ZjtxError(f"{'、'.join(older)} 印出以后指标又测算过，或又有报告发出、更正批准：请重新生成这些报告。")
    return list(paths.values())
