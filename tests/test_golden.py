"""The golden quarters: the miniature district's figures against those worked out by hand in the `README.md` beside them."""

import csv

import pypdf
import pytest
from conftest import COURSE, COURSE_QUARTERS, MINIATURE

from zjtx_pipeline import outputs
from zjtx_pipeline.stages import intake, measuring
from zjtx_pipeline.tables import load_tables

WHOLE = "2024Q4"
LEAST = {WHOLE: 600, "2023Q4": 280, "2025Q4": 300, "2026Q2": 290}
NO_COLUMN_OF_FIGURES = {"notes"}
WORDS = ("台账推算，待经信局确认", "逾期完成", "回落", "按现有台账回算", "未达到")


@pytest.fixture(params=[WHOLE, *COURSE_QUARTERS])
def golden(request):
    """A run of a quarter and the folder of what it must give."""
    if request.param == WHOLE:
        return request.getfixturevalue("golden_run"), MINIATURE / "golden" / WHOLE
    return request.getfixturevalue("course_runs")[request.param], COURSE / "golden" / request.param


def lines(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def figure_id(line):
    return line["indicator"], line["part"], line["breakdown"]


def test_every_golden_figure_is_met_with_its_pace_and_light(golden):
    run, folder = golden
    made = {figure_id(line): line for line in lines(run.reports / "figures.csv")}
    wanted = {figure_id(line): line for line in lines(folder / "figures.csv")}
    assert len(wanted) > LEAST[str(run.quarter)]
    missing = [found for found in wanted if found not in made]
    wrong = {
        found: {
            name: (made[found][name], line[name])
            for name in line
            if name not in NO_COLUMN_OF_FIGURES and made[found][name] != line[name]
        }
        for found, line in wanted.items()
        if found in made
    }
    assert not missing
    assert not {found: changes for found, changes in wrong.items() if changes}


@pytest.mark.parametrize("name", ["awards.csv", "tiers.csv", "rows.csv"])
def test_every_golden_table_is_met_line_by_line(golden, name):
    run, folder = golden
    assert_same_lines(run.reports / name, folder / name)


def test_each_report_holds_its_own_figures_as_the_folder_has_them_less_those_that_may_not_be_printed(golden_run):
    every = (golden_run.reports / "figures.csv").read_text(encoding="utf-8-sig").splitlines()
    sent = {path.name[:2]: attached(path) for path in golden_run.reports.glob("*.pdf")}
    for number, lines_sent in sent.items():
        own = [line for line in every[1:] if number == "00" or line.split(",")[1] == str(int(number))]
        assert lines_sent[0] == every[0] and set(lines_sent[1:]) <= set(own), number
        assert len(lines_sent) > 0.7 * len(own), number
    assert len(sent["10"]) < len([line for line in every if ",T10-" in line])


def attached(path):
    [figures] = pypdf.PdfReader(path).attachments["figures.csv"]
    return figures.decode("utf-8-sig").splitlines()


def test_the_golden_forecast_is_met_line_by_line(golden_run):
    assert_same_lines(golden_run.reports / "forecast.csv", MINIATURE / "golden" / WHOLE / "forecast.csv")


def assert_same_lines(made, wanted):
    made, wanted = (sorted(tuple(line.values()) for line in lines(path)) for path in (made, wanted))
    assert [line for line in made if line not in wanted] == []
    assert [line for line in wanted if line not in made] == []


def test_the_rows_set_aside_are_the_golden_ones_and_no_others(golden):
    run, folder = golden
    judged = [intake.verdict_on(run, table_id, run.quarter).set_aside for table_id in load_tables()]
    made = {place for rows in judged for place in zip(rows["source"], rows["place"], strict=True)}
    assert made == {(line["source"], f"第{line['line']}行") for line in lines(folder / "set_aside.csv")}


def test_the_figures_compared_with_are_those_of_the_quarter_before(golden_run):
    before = golden_run.quarter - 1
    frame = outputs.figures_frame(measuring.figures_before(golden_run), golden_run.settings.rules, before)
    made = {figure_id(line): line for line in frame.to_dict("records")}
    for line in lines(MINIATURE / "golden" / str(before) / "figures.csv"):
        assert {name: made[figure_id(line)][name] for name in line} == line


@pytest.mark.parametrize("quarter", COURSE_QUARTERS)
def test_a_quarter_before_that_delivered_nothing_is_nothing_to_compare_with(course_runs, quarter):
    assert measuring.figures_before(course_runs[quarter]) is None


@pytest.mark.parametrize("quarter", COURSE_QUARTERS)
def test_the_words_beside_a_baseline_and_a_light_are_the_golden_ones(course_runs, quarter):
    run = course_runs[quarter]
    told = {
        (each.figure.indicator, each.figure.part, each.figure.breakdown): f"{each.note}；{each.baseline_note}"
        for each in measuring.figures_of(run, run.settings.rules.tasks)
    }
    wanted = [line for line in lines(COURSE / "golden" / quarter / "figures.csv") if line["target"]]
    for word in WORDS:
        bearing = {figure_id(line) for line in wanted if word in line["notes"].split("；")}
        assert {found for found in told if word in told[found]} == bearing
