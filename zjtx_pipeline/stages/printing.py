"""Knows how a run prints its reports, and what goes to each department.

Leaves pages to `report`, what they are made of to `gathering`, and closing the quarter to `publishing`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from zjtx_pipeline import ahead, glances, outputs, store
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.manifest import write_output
from zjtx_pipeline.report import compose, distribution
from zjtx_pipeline.stages.gathering import OVERALL, report_inputs
from zjtx_pipeline.stages.measuring import LADDER, awards_path, breaches_path, figures_path
from zjtx_pipeline.stages.opinion import refuse_if_disputed
from zjtx_pipeline.stages.run import Run
from zjtx_pipeline.tables import load_tables

if TYPE_CHECKING:
    from zjtx_pipeline.report.inputs import ReportInputs
    from zjtx_pipeline.report.model import Report


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

    inputs = report_inputs(run, number)
    figures = outputs.figures_frame(privacy.printable(inputs), run.settings.rules, run.quarter)
    attached = {"figures.csv": outputs.csv_bytes(figures)}
    return pdf.render_report(_composed(inputs, number), attached, run.settings.fonts.named)


def printed_for(run: Run, name: str) -> bytes:
    """What goes to one department alone, or the towns' table, as PDF."""
    from zjtx_pipeline.report import pdf

    return pdf.render_report(distribution.report(report_inputs(run, OVERALL), name), own_fonts=run.settings.fonts.named)


def composed(run: Run, asked: int | str) -> Report:
    """What a measured quarter's report says, of a task, overall (0), or for a department or the towns, by name.

    ZjtxError where the quarter has not been measured, or the second opinion differs from what the report says.
    """
    if not all(path.exists() for path in _behind_reports(run)):
        raise ZjtxError(f"{run.quarter} 还没有出过报告：请先运行 zjtx report {run.quarter}。")
    number = asked if isinstance(asked, int) else OVERALL
    refuse_if_disputed(run, number)
    inputs = report_inputs(run, number)
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
    store.write_json(audience_path(run), run.settings.audience.digest)
    return {"folder": str(run.reports / distribution.FOLDER), "files": [path.name for path in paths]}


def audience_path(run: Run) -> Path:
    """For whom the files that go to departments were made."""
    return run.work / "audience.json"


def _annexes(run: Run) -> Iterator[tuple[str, bytes]]:
    inputs = report_inputs(run, OVERALL)
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
