"""Knows what a run makes of its books: titles, awards, figures with pace and light, and those of earlier quarters.

Leaves how each is counted to `tiers`, `awards`, `indicators` and `progress`, and printing to `printing`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from zjtx_pipeline import ahead, awards, breaches, candidates, flows, glances, progress, store, tiers, validate, watch
from zjtx_pipeline.indicators import measure as measured
from zjtx_pipeline.progress import Progress
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.stages.intake import books, existing, judge_table, pull_table
from zjtx_pipeline.stages.run import Run
from zjtx_pipeline.verdicts import UNDELIVERED


def tally_tiers(run: Run) -> dict:
    """The titles valid on the quarter's last day, how they came there, which run out soon, and who might rise."""
    now, before = books(run), books(run, run.quarter - 1)
    titles, flowed = tiers.titles(now), flows.flow(now, before)
    effects = watch.effects(now)
    beside = {
        "flows": flowed,
        "watchlist": watch.watchlist(now),
        "effects": effects.assign(**{name: effects[name].astype("str") for name in ("now", "then")}),
        "candidates": candidates.candidates(now),
    }
    for name, frame in (beside | {"tiers": titles}).items():
        store.write_frame(run.work / f"{name}.parquet", frame)
    inside = titles.loc[titles["in_district"], "tier"].value_counts()
    counts = {tier: int(inside.get(tier, 0)) for tier in run.settings.rules.tiers.types}
    lengths = {"lapsing": len(beside["watchlist"]), "candidates": len(beside["candidates"])}
    return {"counts": counts, **lengths, "table_markdown": glances.flows_table(flowed)}


def tally_of(run: Run, name: str) -> pd.DataFrame:
    """What `tally_tiers` kept: tiers, flows, watchlist, effects, candidates."""
    return pd.read_parquet(existing(run.work / f"{name}.parquet"))


def tally_awards(run: Run, number: int) -> dict:
    """Every award unit of a task's clauses to the quarter's last day."""
    units = awards.units(books(run))
    units = units[units["clause"].isin(run.settings.rules.grants_of(number))].reset_index(drop=True)
    store.write_frame(awards_path(run, number), units)
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
                pull_table(run, table_id, quarter)
                judge_table(run, table_id, quarter)
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
    """All figures of a task with pace and light, and what in its tables breaks a rule of the plan."""
    lines = _progress(run, number, run.quarter)
    store.write_json(figures_path(run, number), [each.record() for each in lines])
    store.write_frame(breaches_path(run, number), breaches.findings(books(run), books(run, run.quarter - 1), number))
    lights = [each.light for each in lines if each.light and not each.figure.breakdown]
    return {
        "figures": len(lines),
        "lights": {light: lights.count(light) for light in dict.fromkeys(lights)},
        "table_markdown": glances.figures_table(lines, run.settings.rules),
    }


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
    found = [pd.read_parquet(existing(awards_path(run, number))) for number in granting]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def breaches_of(run: Run, numbers: Iterable[int]) -> pd.DataFrame:
    """The findings on these tasks' tables; a table that serves several tasks is told of once."""
    found = [pd.read_parquet(existing(breaches_path(run, number))) for number in numbers]
    return pd.concat(found, ignore_index=True).drop_duplicates()


def figures_before(run: Run) -> list[Progress] | None:
    lines = store.read_json(existing(run.work / "before.json"))
    return lines and [Progress.from_record(line) for line in lines]
