"""The second opinion: SQL and the first computation agree, and where they do not, nothing is printed."""

import pytest

from zjtx_pipeline import stages
from zjtx_pipeline.stages import opinion


def differences(run):
    numbers = (stages.TITLES, *stages.reviewed_tasks(run.settings.rules))
    return [sentence for number in numbers for sentence in stages.review(run, number)["differences"]]


def test_both_agree_on_the_miniature_district(golden_run):
    assert differences(golden_run) == []


@pytest.mark.parametrize("quarter", ["2023Q4", "2025Q4", "2026Q2"])
def test_both_agree_in_the_course_of_the_plan(course_runs, quarter):
    assert differences(course_runs[quarter]) == []
