"""A quarter made again: the same revision from the same deliveries, else the next one, with every figure that changed."""

from datetime import date

import pandas as pd
import pytest

from zjtx_pipeline import outputs, revisions
from zjtx_pipeline.quarter import Quarter

QUARTER = Quarter(2024, 4)


def figures(**values):
    """figures.csv's frame: values by id, written T01_1a here; a status where there is no number."""
    rows = [dict.fromkeys(outputs.FIGURES, "") | _named(name) | _said(value) for name, value in values.items()]
    return pd.DataFrame(rows, columns=outputs.FIGURES, dtype="str")


def _named(name):
    indicator, part = name[:-1].replace("_", "-"), name[-1]
    return {"quarter": "2024Q4", "indicator": indicator, "part": part, "name": f"指标{indicator}", "unit": "家"}


def _said(value):
    number = value.isdigit()
    return {"value": value if number else "", "status": "正常" if number else value, "light": "绿" if number else "灰"}


FIRST, SECOND = figures(T01_1a="7", T01_2a="待补"), figures(T01_1a="7", T01_2a="5")


def made(home, digest, frame):
    return revisions.recorded(home, QUARTER, {"figures.csv": digest, "00.pdf": "same"}, frame)


def test_from_the_same_it_is_the_same_revision_and_what_came_late_makes_the_next(tmp_path):
    assert [made(tmp_path, "a", FIRST), made(tmp_path, "a", FIRST)] == [1, 1]
    assert revisions.revisions_frame(tmp_path, QUARTER).empty
    assert [made(tmp_path, "b", SECOND), made(tmp_path, "b", SECOND)] == [2, 2]
    [row] = revisions.revisions_frame(tmp_path, QUARTER).to_dict("records")
    assert row == {
        "quarter": "2024Q4", "revision": "2", "indicator": "T01-2", "part": "a", "breakdown": "", "name": "指标T01-2", "unit": "家",
        "old_value": "", "new_value": "5", "old_light": "灰", "new_light": "绿", "old_status": "待补", "new_status": "正常",
        "cause": "原因待核",
    }  # fmt: skip


def test_back_to_what_it_was_is_a_revision_too_and_every_change_stays_told(tmp_path):
    for number, (digest, frame) in enumerate([("a", FIRST), ("b", SECOND), ("a", FIRST)], 1):
        assert made(tmp_path, digest, frame) == number
    told = revisions.revisions_frame(tmp_path, QUARTER)
    assert told[["revision", "old_status", "new_status"]].to_numpy().tolist() == [["2", "待补", "正常"], ["3", "正常", "待补"]]


def test_files_that_differ_without_a_figure_are_a_revision_in_which_no_figure_changed(tmp_path):
    made(tmp_path, "a", FIRST)
    assert made(tmp_path, "b", FIRST) == 2 and revisions.revisions_frame(tmp_path, QUARTER).empty


@pytest.mark.parametrize("old, new, said", [({}, {"T01_1a": "3"}, ["", "3"]), ({"T01_1a": "3"}, {}, ["3", ""])])
def test_a_figure_that_only_one_revision_has_is_empty_in_the_other(old, new, said):
    told = revisions.changes(figures(**old), figures(**new))
    assert told[["old_value", "new_value"]].to_numpy().tolist() == [said] and told["name"].tolist() == ["指标T01-1"]


def test_quarters_are_revised_each_by_itself(tmp_path):
    made(tmp_path, "a", FIRST)
    assert revisions.recorded(tmp_path, QUARTER - 1, {"figures.csv": "b"}, SECOND) == 1


def test_what_is_kept_beside_a_revision_is_found_again_and_its_causes_stay_told(tmp_path):
    made(tmp_path, "a", FIRST)
    changed = revisions.changes(FIRST, SECOND).assign(cause="迟报补齐")
    revisions.recorded(tmp_path, QUARTER, {"figures.csv": "b"}, SECOND, changed, basis={"version": "0.1.0"}, notice={"number": 1})
    first, second = revisions.kept(tmp_path, QUARTER)
    assert (first.basis, first.notice) == (None, None) and (second.basis, second.notice) == ({"version": "0.1.0"}, {"number": 1})
    assert revisions.revisions_frame(tmp_path, QUARTER)["cause"].tolist() == ["迟报补齐"]
    assert revisions.newest(tmp_path, QUARTER).number == 2 and revisions.numbered(tmp_path, QUARTER, 3) is None


def test_an_order_belongs_to_one_issued_revision_and_the_last_word_counts(tmp_path):
    for why in ("补报", "补报合同台账"):
        revisions.order(tmp_path, QUARTER, 2, why, "李四", date(2025, 2, 20))
    assert revisions.ordered(tmp_path, QUARTER, 2) == {"why": "补报合同台账", "approved_by": "李四", "day": "2025-02-20"}
    assert revisions.ordered(tmp_path, QUARTER, 1) is None and revisions.kept(tmp_path, QUARTER) == []
