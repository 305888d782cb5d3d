"""Files as odd as they come: each with its outcome written by hand, and every line of each accounted for."""

import warnings
from datetime import datetime
from pathlib import Path

import odd_files
import pytest
import yaml

from zjtx_pipeline.sources.delimited import read_delimited
from zjtx_pipeline.sources.raw import Origin
from zjtx_pipeline.sources.workbook import read_workbook
from zjtx_pipeline.tables import load_tables

ORIGIN = Origin("区经信局", "2024Q4/file", datetime(2025, 1, 8), "workbook")


def cases(name):
    text = (Path(__file__).parent / "cases" / name).read_text(encoding="utf-8")
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


WORKBOOKS, TEXTS = cases("workbooks.yaml"), cases("texts.yaml")


def check(case, read):
    """The outcome that the case expects, no more and no less."""
    read.check_conservation()
    assert case.get("fault", "") in read.fault and bool(read.fault) == ("fault" in case), read.fault
    assert case.get("refused", "") in read.refused and bool(read.refused) == ("refused" in case), read.refused
    unread = "fault" in case or "refused" in case
    assert len(read.rows) == (0 if unread else case.get("rows", 1)), read.rows.to_string()
    if "count" in case:
        assert read.rejected["reason"].value_counts().to_dict() == case["count"]
        return
    rejected = dict(read.rejected[["place", "reason"]].itertuples(index=False))
    assert list(rejected) == list(case.get("rejected", {})), rejected
    assert all(words in rejected[place] for place, words in case.get("rejected", {}).items()), rejected
    assert len(read.notes) == len(case.get("notes", [])), read.notes
    assert all(words in note for words, note in zip(case.get("notes", []), read.notes, strict=True)), read.notes
    assert read.is_zero == case.get("zero", False)
    if "places" in case:
        assert read.rows["place"].tolist() == case["places"]
    for at, cells in ((0, case.get("cells", {})), (-1, case.get("last", {}))):
        assert all(read.rows.iloc[at][header] == str(text) for header, text in cells.items()), read.rows.iloc[at].to_dict()


@pytest.mark.parametrize("case", WORKBOOKS, ids=lambda case: case["name"])
def test_workbooks(case):
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # two parts of one name are the case's intent
        content = odd_files.workbook_of(case)
    check(case, read_workbook(content, load_tables()[case.get("table", "D03")], ORIGIN))


@pytest.mark.parametrize("case", TEXTS, ids=lambda case: case["name"])
def test_texts(case):
    check(case, read_delimited(odd_files.text_of(case), load_tables()[case.get("table", "D03")], ORIGIN))


def test_there_are_as_many_as_promised_and_no_two_of_one_name():
    for corpus in (WORKBOOKS, TEXTS):
        assert len({case["name"] for case in corpus}) == len(corpus) >= 120
