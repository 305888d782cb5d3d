"""Knows award units by firm, for the departments that may see them: unpaid in full, and overpaid (datasets.md 5.4).

Leaves who may see them to `audience` in the settings, and the clauses' sums to `award_rows`.
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline import workbooks
from zjtx_pipeline.money import yuan_text
from zjtx_pipeline.report import formats
from zjtx_pipeline.report.award_rows import PAYMENTS, WAITING, beyond, refused
from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.report.payments import FirmAward, FirmAwards

LONGEST_LIST = 20
COLUMNS = {
    "条款": 7, "统一社会信用代码": 22, "企业名称": 34, "触发事项键": 40, "触发日期": 12, "测算应兑（未经审核，元）": 22, "已兑（元）": 16,
    "差额（元）": 16, "状态": 14, "自触发起天数": 12,
}  # fmt: skip
_MONEY = ("entitled_fen", "paid_fen", "gap_fen")


def unpaid(units: pd.DataFrame) -> pd.DataFrame:
    """The units that a clause is for and that are not paid in full, the largest gap first."""
    waiting = units["eligible"] & units["state"].isin(WAITING) & units["gap_fen"].gt(0).fillna(False)
    return units[waiting].sort_values(["gap_fen", "clause", "uscc", "trigger_key"], ascending=[False, True, True, True], kind="stable")


def overpaid(units: pd.DataFrame) -> pd.DataFrame:
    """The units that got more than their clause gives, the largest first."""
    return beyond(units, eligible=True).sort_values(["gap_fen", "clause", "uscc", "trigger_key"], kind="stable")


def firm_awards(inputs: ReportInputs) -> FirmAwards:
    """Both lists as far as a page holds them, and what must be said beside them."""
    lists = [unpaid(inputs.awards), overpaid(inputs.awards)]
    left = sum(max(len(each) - LONGEST_LIST, 0) for each in lists)
    shown = (tuple(map(_row, each.head(LONGEST_LIST).itertuples())) for each in lists)
    told = f"另有{formats.count(left)}个单元从略，全部列在随本报告发送的工作簿里。" if left else ""
    return FirmAwards(*shown, (*_unknown(inputs), *([told] if told else [])))


def _unknown(inputs: ReportInputs) -> tuple[str, ...]:
    """What keeps units out of the lists without their being settled: tables that nobody delivered, amounts that the plan leaves
    open, applications that were refused."""
    grants = [award for award in inputs.rules.awards.values() if award.is_grant]
    absent = inputs.absence(dict.fromkeys([*PAYMENTS, *(table for award in grants for table in award.needs)]))
    units = inputs.awards
    waiting = int((units["eligible"] & units["entitled_fen"].isna()).sum())
    turned_down = len(refused(units))
    return (
        *([f"{absent}，所涉单元待补，不在本表内。"] if absent else []),
        *([f"另有{formats.count(waiting)}个单元金额待明确，不在本表内。"] if waiting else []),
        *([f"另有{formats.count(turned_down)}个单元核定不予兑现，不在本表内。"] if turned_down else []),
    )


def _row(unit) -> FirmAward:
    entitled, paid, gap = (formats.wan(int(getattr(unit, column))) for column in _MONEY)
    days = formats.NOTHING if pd.isna(unit.days_since_trigger) else formats.count(int(unit.days_since_trigger))
    return FirmAward(unit.clause, formats.plain(unit.name), entitled, paid, gap, unit.state, days)


def workbook(inputs: ReportInputs, title: str) -> bytes:
    """Both lists whole, a sheet each, money in yuan as text exact to the fen, and a sheet that says what is not in them; the same
    results give the same bytes."""
    units = inputs.awards
    remarks = ("测算应兑未经审核，不作为兑付依据。含企业名称，仅发送配置中列明的单位，不得转发。", *_unknown(inputs))

    def fill(book) -> None:
        for name, frame in (("未兑足", unpaid(units)), ("超付", overpaid(units))):
            workbooks.add_list(book, name, COLUMNS, map(_cells, frame.itertuples()))
        workbooks.add_list(book, "说明", {"说明": 100}, ((said,) for said in remarks))

    return workbooks.made(title, fill)


def _cells(unit) -> tuple[str, ...]:
    day = "" if pd.isna(unit.triggered_on) else f"{unit.triggered_on:%Y-%m-%d}"
    days = "" if pd.isna(unit.days_since_trigger) else str(int(unit.days_since_trigger))
    money = (yuan_text(int(getattr(unit, column))) for column in _MONEY)
    return unit.clause, unit.uscc, formats.plain(unit.name), formats.plain(unit.trigger_key), day, *money, unit.state, days
