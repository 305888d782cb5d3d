"""What letters tell of a quarter's reports is what the reports say."""

from dataclasses import replace

import made_results
import pytest

from zjtx_pipeline.report import compose
from zjtx_pipeline.report.synopsis import synopsis

STATUS = made_results.inputs().status
MISSING = {
    "one department of a table": ({}, {"D26": ("区商务局",)}, "部分部门未报送：D26_进展文字（区商务局）。"),
    "a whole table": ({"D15": "未报送"}, {}, "截至2025年1月15日未报送：D15_数字化改造。"),
    "both": ({"D15": "未报送"}, {"D15": ("区经信局",), "D26": ("区商务局",)}, "截至2025年1月15日未报送：D15_数字化改造。部分部门未报送：D26_进展文字（区商务局）。"),
    "nothing": ({}, {}, ""),
}


@pytest.mark.parametrize("status, missing, said", MISSING.values(), ids=MISSING)
def test_who_has_not_delivered_is_told_as_the_overall_report_tells_it(status, missing, said):
    inputs = replace(made_results.inputs(), status=STATUS | status, missing=missing)
    assert synopsis(inputs)["absent"] == said
    remarks = compose.overall_report(inputs).quality.remarks
    assert bool(said) == bool(remarks) and all(remark in said for remark in remarks if remark.startswith("部分"))


def test_a_column_that_nobody_fills_is_told_too():
    inputs = replace(made_results.inputs(), status=STATUS | {"D20.新增工匠(人)": "未报送"})
    assert "未报送：D20_人才就业(汇总)（区人社局）。" in synopsis(inputs)["absent"]
