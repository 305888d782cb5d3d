"""What was not delivered in time: each table down in turn is never a silent zero, or carries last quarter's value by configuration."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from conftest import deliver_miniature
from hypothesis import given
from hypothesis import strategies as st

from zjtx_pipeline import outputs, progress, stages
from zjtx_pipeline.awards import units
from zjtx_pipeline.books import Books
from zjtx_pipeline.carried import carried
from zjtx_pipeline.flows import RESTS_ON, flow
from zjtx_pipeline.indicators import measure
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.report import compose
from zjtx_pipeline.settings import load_settings
from zjtx_pipeline.stages import intake, measuring, printing
from zjtx_pipeline.tables import load_tables
from zjtx_pipeline.verdicts import UNDELIVERED

TABLES = tuple(load_tables())


@pytest.fixture(scope="module")
def whole(golden_run):
    """The miniature district's books of 2024Q4, and all their figures by id and breakdown."""
    held = without(intake.books(golden_run))
    return held, measured(held)


def without(held, *tables, settings=None):
    """The same books with some tables 未报送."""
    kept = {table: rows for table, rows in held.tables.items() if table not in tables}
    status = dict(held.status) | dict.fromkeys(tables, UNDELIVERED)
    return Books(held.quarter, kept, status, held.missing, held.rules, settings or held.settings)


def measured(held, tasks=None):
    figures = [figure for task in tasks or held.rules.tasks for figure in measure(task, held)]
    return {(figure.id, figure.breakdown): figure for figure in figures}


def needs(held, figure):
    return held.rules.indicators[figure.indicator].parts[figure.part].needs


@pytest.mark.parametrize("table", TABLES)
def test_with_a_table_down_what_needs_it_is_wanting_and_nothing_else_changes(whole, table):
    held, all_figures = whole
    resting = {figure.indicator for figure in all_figures.values() if table in needs(held, figure)}
    tasks = sorted({held.rules.indicators[indicator].task for indicator in resting})
    down = measured(without(held, table), tasks) if tasks else {}
    for key, figure in down.items():
        if table in needs(held, figure):
            assert (figure.value, figure.status) == (None, "待补"), key
        else:
            assert figure == all_figures[key], key
    assert tasks or table == "D26"  # words alone rest on D26


def test_a_figure_needs_no_table_but_those_that_it_names(whole):
    """All figures of one list of tables come out the same with every other table down at once."""
    held, all_figures = whole
    wanted = {}
    for key, figure in all_figures.items():
        wanted.setdefault(needs(held, figure), []).append(key)
    for tables, keys in wanted.items():
        alone = without(held, *(set(TABLES) - set(tables)))
        tasks = sorted({held.rules.indicators[all_figures[key].indicator].task for key in keys})
        found = measured(alone, tasks)
        assert {key: found[key] for key in keys} == {key: all_figures[key] for key in keys}, tables


@pytest.mark.parametrize("table", ["D01", "D02", "D03", "D04", "D06a", "D06b", "D13", "D15"])
def test_what_was_paid_or_set_off_is_unknown_without_its_tables_and_never_nought(whole, table):
    held, _ = whole
    full, down = units(held), units(without(held, table))
    clauses = {award.id for award in held.rules.awards.values() if table in award.needs}
    assert not set(down["clause"]) & clauses
    left = full[~full["clause"].isin(clauses)]
    if table in ("D06a", "D06b"):
        assert down["paid_fen"].isna().all() and down["gap_fen"].isna().all() and set(down["state"]) == {"待补"}
        triggered = left[left["state"].ne("无触发")]
        assert down["entitled_fen"].tolist() == triggered["entitled_fen"].tolist() and len(down)
    else:
        pd.testing.assert_frame_equal(down.reset_index(drop=True), left.reset_index(drop=True))


@pytest.mark.parametrize("table", ["D01", "D02", "D03", "D04"])
def test_titles_and_pools_have_no_flow_without_the_tables_that_tell_of_them(whole, table):
    held, _ = whole
    told = flow(without(held, table), None)
    assert set(told["kind"]) == {kind for kind, tables in RESTS_ON.items() if table not in tables}
    assert not told[told["step"].isin(["期初", "期末"])].empty or table in ("D01", "D02")
