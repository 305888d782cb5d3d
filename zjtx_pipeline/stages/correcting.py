"""Knows how a run corrects what was issued of its quarter: which issue, by whose order, on what grounds; how an order is given.

Leaves causes to `causes`, wording to `report.correction_rows`, keeping to `revisions`. What was issued and ordered is noted as the
run opens, so that all its reports say the same, whatever is sent or approved meanwhile. A draft corrects nothing, nor does a
quarter told as of a day.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from zjtx_pipeline import __version__, causes, outputs, revisions, snapshots, store
from zjtx_pipeline.causes import Basis
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.report import correction_rows
from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.report.grounds import Notice, Order
from zjtx_pipeline.revisions import Revision
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.sources.screen import mark
from zjtx_pipeline.stages.measuring import measured_tables
from zjtx_pipeline.stages.run import CHINA, Run

LONGEST_WHY, LONGEST_NAME = 200, 30
_FIRM = re.compile("(?:有限|股份|集团|责任)公司|[0-9A-HJ-NPQRTUWXY]{18}")
_NOTHING: dict[str, Any] = {"issued": [], "order": None}


def settle(run: Run) -> None:
    """Note what was issued of the quarter, and the order for correcting the last of it; the note is as old as what it says."""
    from zjtx_pipeline import ledger

    numbers = [] if run.draft or run.as_of is not None else ledger.issued(run.home, run.quarter, run.settings)
    told = {"issued": numbers, "order": revisions.ordered(run.home, run.quarter, numbers[-1]) if numbers else None}
    if told != _settled(run):
        store.write_json(settled_path(run), told)


def settled_path(run: Run) -> Path:
    return run.work / "issued.json"


def _settled(run: Run) -> dict[str, Any]:
    path = settled_path(run)
    return store.read_json(path) if path.exists() else _NOTHING


def notices(run: Run, inputs: ReportInputs) -> tuple[Notice, ...]:
    """The quarter's 更正说明 by number: those of its issued revisions as they were printed, then the one being made, if figures of
    these results differ from the last issue."""
    issued = _issued(run)
    if not issued:
        return ()
    told = tuple(correction_rows.from_kept(each.notice) for each in issued if each.notice)
    order = _settled(run)["order"]
    lines = _lines(run, inputs, issued[-1])
    made = Notice(len(told) + 1, issued[-1].number, order and Order(**order), lines, issued[-1].edition)
    return (*told, made) if lines else told


def _issued(run: Run) -> list[Revision]:
    numbers = _settled(run)["issued"]
    return [each for each in revisions.kept(run.home, run.quarter) if each.number in numbers]


def _lines(run: Run, inputs: ReportInputs, last: Revision) -> tuple:
    """What differs from the last issue, of the tasks that these results are about."""
    rules, figures = run.settings.rules, outputs.figures_frame(inputs.progress, run.settings.rules, run.quarter)
    before = last.figures[last.figures["task"].isin(figures["task"])]
    changed = revisions.changes(before, figures)
    if changed.empty:
        return ()
    told = causes.told(changed, _kept_basis(last), basis(run), rules, run.quarter, _bases_before(run, last))
    return correction_rows.lines(inputs, told, before)


def _kept_basis(revision: Revision) -> Basis | None:
    return revision.basis and Basis.from_record(revision.basis)


def _bases_before(run: Run, last: Revision) -> list[Basis]:
    """What the revisions before rested on, issued or not, as far as it was kept."""
    found = (_kept_basis(each) for each in revisions.kept(run.home, run.quarter) if each.number < last.number)
    return [each for each in found if each]


def basis(run: Run) -> Basis:
    """What a run's figures rest on."""
    rules = run.settings.rules
    tables = {(quarter, table): run.pointer("pulled", quarter, table) for quarter, table in measured_tables(run)}
    kept = {f"{quarter}/{table}": run.home / store.read_json(path) for (quarter, table), path in tables.items() if path.exists()}
    delivered = {name: _delivered(path) for name, path in kept.items()}
    return Basis(__version__, rules.digest, causes.in_force(rules, run.settings), delivered)


@lru_cache(maxsize=512)
def _delivered(path: Path) -> dict[str, str]:
    """Who delivered what, of a snapshot, which is never changed."""
    return snapshots.contents(snapshots.load(path))


def beside(run: Run, inputs: ReportInputs, figures: pd.DataFrame) -> dict[str, Any]:
    """What is kept with a revision: what it rests on, the notice that its reports carry on the last issue, and its changes."""
    last, grounds = revisions.newest(run.home, run.quarter), basis(run)
    changed = last and causes.told(revisions.changes(last.figures, figures), _kept_basis(last), grounds, run.settings.rules, run.quarter)
    made = pending(run, inputs)
    return {
        "changed": changed,
        "basis": grounds.record(),
        "notice": made and correction_rows.kept(made),
    }


def pending(run: Run, inputs: ReportInputs) -> Notice | None:
    """The notice among those of some results that no issued revision carries yet."""
    last = max(_settled(run)["issued"], default=None)
    return next((each for each in inputs.notices if each.since == last), None)


def correct(settings: Settings, home: Path, quarter: Quarter, why: str, approved_by: str) -> int:
    """Write down, as of today, why the last issue of a quarter is to be corrected and who approved it; its revision's number.

    ZjtxError where nothing was issued, or a text may not be printed.
    """
    from zjtx_pipeline import ledger

    why, approved_by = _printable("更正原因", why, LONGEST_WHY), _printable("批准人姓名", approved_by, LONGEST_NAME)
    numbers = ledger.issued(home, quarter, settings)
    if not numbers:
        raise ZjtxError(f"{quarter} 的报告还没有发出过，不用更正说明：数据改好后重新运行 zjtx report {quarter} 即可。")
    revisions.order(home, quarter, numbers[-1], why, approved_by, datetime.now(CHINA).date())
    return numbers[-1]


def _printable(what: str, text: str, longest: int) -> str:
    """A text that every report of a correction may bear; ZjtxError says what is wrong with it."""
    from zjtx_pipeline.report.printable import unprintable

    text = text.strip()
    faults: Sequence[tuple[bool, str]] = (
        (not text, "没有写"),
        (len(text) > longest, f"超过 {longest} 字"),
        (any(unicodedata.category(sign)[0] in "CZ" and sign not in " \u3000" for sign in text), "含有换行或控制字符"),
        (bool(mark(text)), f"含有{mark(text)}"),
        (bool(_FIRM.search(text)), "含有企业名称或代码，更正说明人人可见"),
        (bool(unknown := unprintable(text)), f"含有印不出的字符“{''.join(unknown)}”"),
    )
    for holds, said in faults:
        if holds:
            raise ZjtxError(f"{what}{said}：请改正后重新运行 zjtx correct。")
    return text
