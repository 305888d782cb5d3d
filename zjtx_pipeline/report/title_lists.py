"""Knows the lists of firms behind L2 and L3 as a workbook: whose title runs out, who might rise, and what each lacks.

Leaves who may see them to `audience` in the settings, the sentences of a report to `flow_rows`. Conditions are named, a firm's values never.
"""

from __future__ import annotations

from collections.abc import Iterator

from zjtx_pipeline import workbooks
from zjtx_pipeline.candidates import MARK
from zjtx_pipeline.measures import NEEDS
from zjtx_pipeline.report import formats
from zjtx_pipeline.report.inputs import ReportInputs

LAPSING = {"编号": 6, "统一社会信用代码": 22, "企业名称": 34, "资质类型": 14, "有效期起": 12, "有效期止": 12, "复核情况": 16, "所涉目标": 24}
RISING = {
    "编号": 6, "统一社会信用代码": 22, "企业名称": 34, "现有": 18, "下一层级": 14, "规则版本": 10, "结果": 16, "符合": 60, "不符合": 40, "缺数据": 40,
    "排除情形": 24,
}  # fmt: skip
REMARKS = (
    "编号与季度报告一致：L2为两个季度内到期的资质，L3为晋级初筛；zjtx trace L2、zjtx trace L3可看每一行的来源。",
    f"L3是按数值条件的{MARK}。含企业名称，仅发送配置中列明的单位，不得转发。",
)


def workbook(inputs: ReportInputs, title: str) -> bytes:
    """Both lists whole, a sheet each, and what must be said beside them; the same results give the same bytes."""

    def fill(book) -> None:
        workbooks.add_list(book, "L2 到期资质", LAPSING, _lapsing(inputs))
        workbooks.add_list(book, "L3 晋级初筛", RISING, _rising(inputs))
        absent = inputs.absence(("D01", "D02", "D03", "D04", *NEEDS))
        workbooks.add_list(book, "说明", {"说明": 100}, ((said,) for said in (*REMARKS, *([f"{absent}，所涉名单待补。"] if absent else []))))

    return workbooks.made(title, fill)


def _lapsing(inputs: ReportInputs) -> Iterator[tuple[str, ...]]:
    if inputs.watchlist is not None:
        for row in inputs.watchlist.itertuples():
            yield "L2", row.uscc, formats.plain(row.name), row.tier, f"{row.since:%Y-%m-%d}", f"{row.until:%Y-%m-%d}", row.review, row.targets


def _rising(inputs: ReportInputs) -> Iterator[tuple[str, ...]]:
    if inputs.candidates is not None:
        columns = ["uscc", "name", "holds", "next_tier", "version", "outcome", "met", "unmet", "without_data", "exclusion"]
        for row in inputs.candidates[columns].itertuples(index=False):
            yield "L3", *map(formats.plain, row)
