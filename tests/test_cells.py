"""What a single cell may hold, from full-width digits to far-off days, and what becomes of its row."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from made_deliveries import deliver, judged, row, verdict, workbook

from zjtx_pipeline.tables import comparable, load_tables

# Every cell is text: no day or number is read by YAML.
COLUMNS = yaml.load((Path(__file__).parent / "cases" / "cells.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)
KEYS = {"D07": "项目代码", "D13": "产品编号", "D14": "发票号", "D15": "项目编号", "D08": "合同号", "D19": "业务编号", "D21a": "宗地编号",
        "D21b": "项目编号", "D22b": "记录号", "D24a": "合同号", "D24b": "品牌编号"}  # fmt: skip


def rows_of(case):
    """One row a cell, each under a key of its own."""
    numbered = enumerate(case["cells"], start=1)
    beside = case.get("beside", {})
    return [row(case["table"], **beside, **{KEYS[case["table"]]: f"编号{number}", case["header"]: cell}) for number, (cell, _, _) in numbered]


def outcomes(found, case):
    """By the row's number: 退回 where it went back for this column alone, as a row or as a line that is none, else the value."""
    rules = {place: names for place, names in zip(found.set_aside["place"], found.set_aside["rules"])}
    column = load_tables()[case["table"]].by_header()[comparable(case["header"])].name
    for place, names in rules.items():
        assert {name.split(".")[1] for name in names.split("；")} == {case["header"]}, (place, names)
    values = dict(zip(found.accepted["place"], found.accepted[column]))
    unread = found.findings[found.findings["rule"].eq("报送.坏行")]
    assert unread["message"].str.contains(f"“{case['header']}”", regex=False).all()
    return {**dict.fromkeys([*rules, *unread["place"]], "退回"), **{place: shown(value) for place, value in values.items()}}


def shown(value):
    if pd.isna(value):
        return "空"
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value)


def expected(case, place):
    return {place.format(number + 2): becomes for number, (_, _, becomes) in enumerate(case["cells"])}


def labelled(case, found):
    """What came of each cell beside its label, so that a failure says which hazard it was."""
    return [(what, came) for (_, what, _), came in zip(case["cells"], found.values(), strict=True)]


def name_of(case):
    return f"{case['table']}.{case['header']}"


def test_two_hundred_hazards_are_labelled():
    labels = [(name_of(case), cell) for case in COLUMNS for cell, _, _ in case["cells"]]
    assert len(labels) == len(set(labels)) >= 200


@pytest.mark.parametrize("case", COLUMNS, ids=name_of)
def test_cells_of_a_delimited_file(tmp_path, case):
    found = judged(tmp_path, case["table"], rows_of(case))
    came, meant = outcomes(found, case), expected(case, "第{}行")
    assert labelled(case, {place: came[place] for place in meant}) == labelled(case, meant)
    assert len(came) == len(meant)


@pytest.mark.parametrize("case", COLUMNS, ids=name_of)
def test_cells_of_a_workbook_that_hold_text(tmp_path, case):
    table = load_tables()[case["table"]]
    deliver(tmp_path, f"{table.title}_{table.senders[0]}.xlsx", workbook(rows_of(case)))
    found = verdict(tmp_path, case["table"])
    came, meant = outcomes(found, case), expected(case, "数据!{}")
    assert labelled(case, {place: came[place] for place in meant}) == labelled(case, meant)
    assert len(came) == len(meant)
