"""The second opinion: SQL and the first computation agree, and where they do not, nothing is printed."""

import tempfile
from pathlib import Path

import pandas as pd
import pytest
from builders import ELSEWHERE, TOWN, books, case_books, cases
from hypothesis import given, settings
from hypothesis import strategies as st

from zjtx_pipeline import second_opinion as second
from zjtx_pipeline import stages, store
from zjtx_pipeline.awards import units
from zjtx_pipeline.books import UNDELIVERED
from zjtx_pipeline.indicators import measure
from zjtx_pipeline.money import yuan_text
from zjtx_pipeline.tiers import titles


def compared(held, tasks=()):
    """(what, first, second) of everything that both compute from these books; of some tasks alone, if named."""
    rules, absent = held.rules, {table for table, status in held.status.items() if status == UNDELIVERED}
    with tempfile.TemporaryDirectory() as folder:
        files = {table: store.write_frame(Path(folder) / f"{table}.parquet", rows) for table, rows in held.tables.items()}
        opinion = second.opinion(rules, held.quarter, files)
    found, awarded = second.compared_tiers(opinion, titles(held), absent), units(held)
    for task in tasks or stages.reviewed_tasks(rules):
        found += second.compared_figures(opinion, measure(task, held), rules, absent)
        found += second.compared_awards(opinion, awarded, rules.grants_of(task), rules, absent)
    return found


def differences(held, tasks=()):
    return [str(each) for each in second.differences(compared(held, tasks))]


def reviewed(run):
    return [stages.review(run, number) for number in (stages.TITLES, *stages.reviewed_tasks(run.settings.rules))]


def test_both_agree_on_the_miniature_district(golden_run):
    found = reviewed(golden_run)
    assert [each["differences"] for each in found if each["differences"]] == []
    assert sum(each["compared"] for each in found) > 200


@pytest.mark.parametrize("quarter", ["2023Q4", "2025Q4", "2026Q2"])
def test_both_agree_in_the_course_of_the_plan(course_runs, quarter):
    assert [each["differences"] for each in reviewed(course_runs[quarter]) if each["differences"]] == []


FOLLOWED_CASES = [
    pytest.param(each.values[0], id=f"{name}：{each.id}") for name in ("awards", "tiers", "indicators", "flows", "watch") for each in cases(name)
]


@pytest.mark.parametrize("case", FOLLOWED_CASES)
def test_both_agree_on_every_case(case):
    held = case_books(case)
    tasks = [task for task in stages.reviewed_tasks(held.rules) if not second.unfollowed(held.rules, task)]
    assert differences(held, tasks) == []
