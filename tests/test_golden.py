"""The golden quarter: the miniature district's figures against those worked out by hand in `miniature/README.md`."""

import csv
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "miniature" / "golden" / "2024Q4"


def lines(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def figure_id(line):
    return line["indicator"], line["part"], line["breakdown"]


def test_every_golden_figure_is_met_with_its_pace_and_light(golden_run):
    made = {figure_id(line): line for line in lines(golden_run.reports / "figures.csv")}
    wanted = {figure_id(line): line for line in lines(GOLDEN / "figures.csv")}
    assert len(wanted) > 600
    missing = [found for found in wanted if found not in made]
    wrong = {
        found: {name: (made[found][name], line[name]) for name in line if made[found][name] != line[name]}
        for found, line in wanted.items()
        if found in made
    }
    assert not missing
    assert not {found: changes for found, changes in wrong.items() if changes}


@pytest.mark.parametrize("name", ["awards.csv", "forecast.csv", "tiers.csv", "rows.csv"])
def test_every_golden_table_is_met_line_by_line(golden_run, name):
    made = sorted(tuple(line.values()) for line in lines(golden_run.reports / name))
    wanted = sorted(tuple(line.values()) for line in lines(GOLDEN / name))
    assert [line for line in made if line not in wanted] == []
    assert [line for line in wanted if line not in made] == []
