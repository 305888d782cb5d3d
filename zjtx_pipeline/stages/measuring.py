"""Knows what a run makes of its books: titles, awards, figures with pace and light, and those of earlier quarters.

Leaves how each is counted to `tiers`, `awards`, `indicators` and `progress`, and printing to `printing`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from zjtx_pipeline import ahead, awards, breaches, candidates, carried, flows, glances, history, progress, store, tiers, validate, watch
from zjtx_pipeline.books import Books
from zjtx_pipeline.indicators import measure as measured
from zjtx_pipeline.indicators.layout import UNDELIVERED as UNTOLD
from zjtx_pipeline.progress import Progress
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.stages.intake import books, existing, keep_ahead, take_in
from zjtx_pipeline.stages.run import Run
from zjtx_pipeline.tables import load_tables
from zjtx_pipeline.verdicts import UNDELIVERED

_SHORTLY, _LONG = 0.05, 3.0  # seconds to wait for what the run has in hand, and at most


def tally_tiers(run: Run) -> dict:
    """The titles valid on the quarter's last day; none where a table that tells of them was not delivered."""
    _ask_for_figures(run)
    held, titles = books(run), tiers.titles(books(run))
    untold = held.lacks(flows.RESTS_ON[flows.TITLES])
    store.write_frame(tally_path(run, "tiers"), titles.iloc[:0] if untold else titles)
    if untold:
        return dict.fromkeys(run.settings.rules.tiers.types, UNTOLD)
    inside = titles.loc[titles["in_district"], "tier"].value_counts()
    return {tier: int(inside.get(tier, 0)) for tier in run.settings.rules.tiers.types}


LADDER = ("flows", "watchlist", "effects", "candidates")


def tally_ladder(run: Run) -> dict:
    """How titles and pools moved in the quarter, which titles run out soon and what that costs, who might rise."""
    _ask_for_figures(run)
    found = ladder_of(run)
    for name, frame in found.items():
        store.write_frame(tally_path(run, name), frame)
    _forget_traces(run, ["L[123]*"])
    counts = {"lapsing": len(found["watchlist"]), "candidates": len(found["candidates"])}
    return counts | {"table_markdown": glances.flows_table(found["flows"])}


def ladder_of(run: Run) -> dict[str, pd.DataFrame]:
    """The frames of LADDER as the accepted rows make them."""
    now = books(run)
    effects = watch.effects(now)
    exact = effects.assign(**{name: effects[name].astype("str") for name in ("now", "then")})
    frames = (flows.flow(now, books(run, run.quarter - 1)), watch.watchlist(now), exact, candidates.candidates(now))
    return dict(zip(LADDER, frames, strict=True))


def tally_path(run: Run, name: str) -> Path:
    return run.work / f"{name}.parquet"


def tally_of(run: Run, name: str) -> pd.DataFrame:
    """What `tally_tiers` kept under the name of `tiers`, `tally_ladder` under those of LADDER."""
    return store.read_frame(existing(tally_path(run, name)))


def tally_awards(run: Run, number: int) -> dict:
    """Every award unit of a task's clauses to the quarter's last day."""
    _ask_for_figures(run)
    units = awards.units(books(run))
    units = units[units["clause"].isin(run.settings.rules.grants_of(number))].reset_index(drop=True)
    store.write_frame(awards_path(run, number), units)
    _forget_traces(run, run.settings.rules.grants_of(number))
    return {"units": len(units), "table_markdown": glances.awards_table(units)}


def look_ahead(run: Run) -> None:
    """Begin, in a second process, what `pull` and `compare` will ask for."""
    worker = ahead.begin(run.key)
    keep_ahead(run)
    for quarter, table_id in _earlier_tables(run):
        worker.ask(("taken in", quarter, table_id), take_in, run, table_id, quarter, worker.began)
    for number in reversed(_in_turn(run)):
        worker.ask(("before", number), _measured_once_taken_in, run, number, worker.began)


def compare(run: Run) -> dict:
    """Measure the quarter before from its own deliveries, and lay open those of due quarters and of a year ago.

    The second process works from the first table and the last task on; what it has not begun is done here from the other end.
    """
    worker = ahead.of(run.key) or ahead.IDLE
    done: set[tuple[Quarter, str]] = set()
    for quarter, table_id in reversed(_earlier_tables(run)):
        _taken_in(run, worker, quarter, table_id, done)
    before, due = run.quarter - 1, progress.due_quarters(run.settings.rules, run.quarter)
    delivered = [each for each in books(run, before).status.values() if each != UNDELIVERED]
    store.write_json(run.work / "before.json", _measured_before(run, worker) if delivered else None)
    return {"上季度": str(before) if delivered else "没有报送", "到期季度": "、".join(map(str, due)) or "无"}


def _earlier_tables(run: Run) -> list[tuple[Quarter, str]]:
    """What is read of earlier quarters: all of the one before, and what the targets need of due quarters and a year ago."""
    before = run.quarter - 1
    quarters = sorted({before, *_looked_at(run)})
    wanted = {quarter: set(validate.order()) if quarter == before else _tables_then(run, quarter) for quarter in quarters}
    return [(quarter, table_id) for quarter in quarters for table_id in validate.order() if table_id in wanted[quarter]]


def _taken_in(run: Run, worker: ahead.Worker, quarter: Quarter, table_id: str, done: set[tuple[Quarter, str]]) -> None:
    """A table that the second process has judged or judges now; else judged here, after those it needs."""
    if (quarter, table_id) in done:
        return
    done.add((quarter, table_id))
    if worker.answer(("taken in", quarter, table_id)):
        return
    for other in validate.needs(table_id):
        _taken_in(run, worker, quarter, other, done)
    take_in(run, table_id, quarter)


def _measured_before(run: Run, worker: ahead.Worker) -> list[dict]:
    """All figures of the quarter before, as records, by task."""
    found = {number: worker.answer(("before", number)) or measured_before(run, number) for number in _in_turn(run)}
    return [record for number in run.settings.rules.tasks for record in found[number]]


def _in_turn(run: Run) -> list[int]:
    """The tasks, those that rest on award units first; the second process begins from the other end, where it can do without
    working these out for itself. (The quarter's own figures the run measures in Dagster's order.)"""
    rules = run.settings.rules
    return sorted(rules.tasks, key=lambda number: not rules.grants_of(number))


def _measured_once_taken_in(run: Run, number: int, began: float) -> list[dict]:
    """For the second process: the last tables of earlier quarters may be in the run's own hands yet.

    TimeoutError where they do not come: the run measures itself.
    """
    deadline = time.monotonic() + _LONG
    while not ahead.are_since(began, [run.pointer("judged", *each) for each in _earlier_tables(run)]):
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(_SHORTLY)
    return measured_before(run, number)


def measured_before(run: Run, number: int) -> list[dict]:
    """A task's figures of the quarter before, as records."""
    return [each.record() for each in _progress(run, number, run.quarter - 1)]


def _progress(run: Run, number: int, quarter: Quarter, carrying: bool = False) -> list[Progress]:
    """A task's figures with their standing; only those of the run's own quarter may carry what the last one's were."""
    held = books(run, quarter)
    figures = measured(number, held)
    if carrying:
        figures = carried.carried(figures, lambda: measured(number, books(run, quarter - 1)), held)
    return progress.assess(figures, held, _earlier(run, quarter))


def _earlier(run: Run, quarter: Quarter) -> dict[Quarter, Books]:
    """The books of the quarters before this one that the run has read."""
    return {then: books(run, then) for then in {run.quarter - 1, *_looked_at(run)} if then < quarter}


def _looked_at(run: Run) -> set[Quarter]:
    """The quarters whose own deliveries lights and forecasts ask for: due and watch quarters, and the one a year ago."""
    year_ago = {run.quarter - progress.YEAR_AGO} & set(run.settings.quarters)
    return {*progress.due_quarters(run.settings.rules, run.quarter), *year_ago}


def _tables_then(run: Run, quarter: Quarter) -> set[str]:
    """What the targets asked for in an earlier quarter are measured from, and what those tables' suites compare with."""
    rules = run.settings.rules
    targets = [target for target in rules.targets.values() if quarter in progress.quarters_of(target)]
    if quarter == run.quarter - progress.YEAR_AGO:
        targets += progress.looked_back_on(rules, run.quarter)
    parts = [part for target in targets for part in rules.indicators[target.indicator].parts.values()]
    tables = {table_id for part in parts for table_id in part.needs}
    return tables | {other for table_id in tables for other in validate.needs(table_id)}


def measure(run: Run, number: int) -> dict:
    """All figures of a task with pace and light, and what in its tables breaks a rule of the plan."""
    worker = _ask_for_figures(run)
    lines, broken = worker.answer(("measured", number)) or measured_now(run, number)
    store.write_json(figures_path(run, number), [each.record() for each in lines])
    store.write_frame(breaches_path(run, number), broken)
    _forget_traces(run, [f"T{number:02d}-*"])
    lights = [each.light for each in lines if each.light and not each.figure.breakdown]
    without = Counter(each.figure.status for each in lines if each.figure.status in (UNTOLD, progress.CARRIED))
    return {
        "figures": len(lines),
        "absent": "　".join(f"{status} {count}" for status, count in sorted(without.items())),
        "lights": {light: lights.count(light) for light in dict.fromkeys(lights)},
        "table_markdown": glances.figures_table(lines, run.settings.rules),
    }


def measured_now(run: Run, number: int) -> tuple[list[Progress], pd.DataFrame]:
    """A task's figures of the run's quarter, and the findings on its tables."""
    findings = breaches.findings(books(run), books(run, run.quarter - 1), number)
    lines = _progress(run, number, run.quarter, carrying=True)
    return history.with_history(lines, books(run), _earlier(run, run.quarter)), findings


def _ask_for_figures(run: Run) -> ahead.Worker:
    """Let the second process measure from the last task on what was judged since the run began: else a figure could be
    of an older delivery."""
    worker = ahead.of(run.key) or ahead.IDLE
    if worker.saw(run.pointer("judged", quarter, table_id) for quarter, table_id in measured_tables(run)):
        for number in reversed(_in_turn(run)):
            worker.ask(("measured", number), measured_now, run, number)
    return worker


def measured_tables(run: Run) -> list[tuple[Quarter, str]]:
    """All that a quarter's figures rest on: its own tables, and those of earlier quarters that it looks back on."""
    return [*((run.quarter, table_id) for table_id in load_tables()), *_earlier_tables(run)]


def _forget_traces(run: Run, names: Iterable[str]) -> None:
    """Workbooks that explained figures of an earlier state would tell of other rows than the reports."""
    for path in [path for name in names for path in run.traces.glob(f"{name}.xlsx")]:
        path.unlink()


def figures_path(run: Run, number: int) -> Path:
    return run.work / "figures" / f"T{number:02d}.json"


def awards_path(run: Run, number: int) -> Path:
    return run.work / "awards" / f"T{number:02d}.parquet"


def breaches_path(run: Run, number: int) -> Path:
    return run.work / "breaches" / f"T{number:02d}.parquet"


def figures_of(run: Run, numbers: Iterable[int]) -> list[Progress]:
    paths = [existing(figures_path(run, number)) for number in numbers]
    return [Progress.from_record(line) for path in paths for line in store.read_json(path)]


def awards_of(run: Run, numbers: Iterable[int]) -> pd.DataFrame:
    """The award units of these tasks, by clause and day; no rows for tasks that grant nothing."""
    granting = [number for number in numbers if run.settings.rules.grants_of(number)]
    found = [store.read_frame(existing(awards_path(run, number))) for number in granting]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def breaches_of(run: Run, numbers: Iterable[int]) -> pd.DataFrame:
    """The findings on these tasks' tables; a table that serves several tasks is told of once."""
    found = [store.read_frame(existing(breaches_path(run, number))) for number in numbers]
    return pd.concat(found, ignore_index=True).drop_duplicates()


def figures_before(run: Run) -> list[Progress] | None:
    lines = store.read_json(existing(run.work / "before.json"))
    return lines and [Progress.from_record(line) for line in lines]
