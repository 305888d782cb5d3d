"""Knows how a run closes a quarter: which PDFs belong to it, its tables for machines, its revision, and the manifest of them all.

Leaves printing to `printing`, tables to `outputs`, revisions to `revisions`. What is older than what it shows is not published.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from zjtx_pipeline import __version__, ahead, outputs, revisions, store
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.manifest import mark_unfinished, write_manifest
from zjtx_pipeline.report import compose, distribution
from zjtx_pipeline.report.grounds import Notice
from zjtx_pipeline.stages import edition
from zjtx_pipeline.stages.correcting import beside, pending, settled_path
from zjtx_pipeline.stages.gathering import OVERALL, report_inputs, sources
from zjtx_pipeline.stages.intake import existing, verdict_on
from zjtx_pipeline.stages.measuring import awards_of, figures_of, figures_path, tally_of
from zjtx_pipeline.stages.opinion import refuse_if_disputed
from zjtx_pipeline.stages.printing import audience_path
from zjtx_pipeline.stages.run import Run
from zjtx_pipeline.tables import load_tables


def publish(run: Run) -> dict:
    """Close a quarter: the machine-readable files, and last of all the manifest that names every file by its digest.

    ZjtxError where the second opinion differs, or a report is missing or older than its figures.
    """
    ahead.end(run.key)
    refuse_if_disputed(run, OVERALL)
    rules, quarter, pdfs = run.settings.rules, run.quarter, [*_pdfs(run), *_distributed(run)]
    frames = _frames(run)
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
        digests=edition.digests(run) | {"edition": edition.mark(run)},
        sources=sources(run, load_tables()),
    )
    files = [path.relative_to(run.reports).as_posix() for path in [*pdfs, *tables, listed]]
    return {"folder": str(run.reports), "files": files, "revision": told}


def _frames(run: Run) -> dict[str, pd.DataFrame]:
    """The tables for machines by file name; revisions.csv comes once the revision is known."""
    rules, quarter = run.settings.rules, run.quarter
    judged = [verdict_on(run, table_id, quarter) for table_id in load_tables()]
    figures, units = figures_of(run, rules.tasks), awards_of(run, rules.tasks)
    return {
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


def _synopsis(run: Run) -> Path:
    """What letters tell of these reports."""
    from zjtx_pipeline.report import synopsis

    return store.write_json(run.reports / synopsis.NAME, synopsis.synopsis(report_inputs(run, OVERALL)))


def _revision(run: Run, files: list[Path], figures: pd.DataFrame) -> tuple[int | None, str]:
    """Which revision of the quarter these files are, and what to say of it; a draft, or a day gone by, is none."""
    if run.draft or run.as_of is not None:
        return None, "不计版次"
    digests = {path.relative_to(run.reports).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    inputs = report_inputs(run, OVERALL)
    number = revisions.recorded(run.home, run.quarter, digests, figures, **beside(run, inputs, figures), edition=inputs.edition)
    return number, _told(run, number, inputs.edition) + _unapproved(pending(run, inputs))


def _told(run: Run, number: int, mark: str) -> str:
    changed = revisions.revisions_frame(run.home, run.quarter)["revision"].eq(str(number)).sum()
    return f"第 {number} 版（版本标识 {mark}）" + (f"，与上一版相比改动 {changed} 个数，见 revisions.csv" if number > 1 else "")


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
    if not audience_path(run).exists() or store.read_json(audience_path(run)) != audience.digest:
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
