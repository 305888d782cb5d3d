"""Knows how to make one quarter's results by hand, so that reports and files can be tested without a pipeline run."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from hashlib import sha256

import pandas as pd

from zjtx_pipeline.figures import Figure
from zjtx_pipeline.forecast import Forecast
from zjtx_pipeline.progress import Progress
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.rules import load_rules
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.snapshots import SourceFile
from zjtx_pipeline.tables import load_tables

QUARTER = Quarter(2024, 4)
FIRM, CODE = "杭州喆炘旸昇垚犇科技有限公司", "91330109MA27XF7B34"
LIGHTS = ("绿", "黄", "红", "灰", "已完成")


def progress(quarter: Quarter = QUARTER, seed: int = 7, **values: Fraction | None) -> list[Progress]:
    """Every figure of every task with a value of its own; `values` by figure id replaces totals (`T10_1a=2`)."""
    rules, rows = load_rules(), []
    for indicator in rules.indicators.values():
        for part in indicator.parts.values():
            for number, breakdown in enumerate(rules.breakdown_rows(part, quarter.year)):
                key = f"{indicator.id}{part.letter}".replace("-", "_")
                value = (
                    values[key] if key in values and not breakdown else _value(part, seed, len(rows), bool(breakdown))
                )
                status = "正常" if value is not None else "尚未测算"
                rows.append(
                    _assessed(rules, Figure(indicator.id, part.letter, breakdown, value, status), part, number, quarter)
                )
    return rows


def _value(part, seed: int, place: int, broken_down: bool) -> Fraction:
    draw = (place * 7919 + seed * 104729) % 997
    if part.unit == "是否":
        return Fraction(draw % 2)
    if part.unit == "%":
        return Fraction(draw * 100, 997)
    if part.unit in ("元", "万元"):
        return Fraction(draw * 1234567, 100)
    return Fraction(draw // 20 if broken_down else draw + 3)


def _assessed(rules, figure: Figure, part, number: int, quarter: Quarter) -> Progress:
    target = rules.targets.get(rules.indicators[figure.indicator].target or "")
    yearly = figure.breakdown.startswith("年度=")
    if target is None or figure.part != "a" or (figure.breakdown and not yearly):
        return Progress(figure)
    year = int(figure.breakdown[3:]) if yearly else quarter.year
    due = Quarter(year, 4) if target.years else Quarter.of(target.due)
    pace = None if part.unit == "是否" else Fraction(target.value) * 2 / 3
    light = "已完成" if yearly else LIGHTS[int(target.id[1:]) % 5]
    note = "台账推算，待经信局确认" if part.unit == "%" else ""
    ahead = Forecast(figure.value * 2, figure.value, 7) if pace and due > quarter and figure.value is not None else None
    known = figure.value is not None and not figure.breakdown and pace is not None
    history = tuple((quarter - back, figure.value * (9 - back) / 9) for back in range(8, 0, -1)) if known else ()
    return Progress(figure, Fraction(0), note, Fraction(target.value), due, pace, light, "", ahead, history)


def awards(*rows: dict) -> pd.DataFrame:
    """Award units as `awards.units` gives them; a few of every kind, or those given."""
    rows = rows or (
        {},
        {"clause": "A08", "entitled_fen": 50_000_000, "paid_fen": 20_000_000, "state": "部分拨付"},
        {
            "clause": "A10",
            "entitled_fen": 1_000_005,
            "paid_fen": 3_000_000,
            "state": "超付",
            "name": "杭州邨嫚溇燊璟镠堃电子有限公司",
        },
        {"clause": "A11", "entitled_fen": 300_000_000, "paid_fen": 300_000_000, "state": "已拨付"},
        {
            "clause": "A12",
            "entitled_fen": 0,
            "paid_fen": 700_000,
            "state": "无触发",
            "eligible": False,
            "triggered_on": None,
        },
        {"clause": "A17", "entitled_fen": 50_000_000, "paid_fen": 0, "state": "未申请"},
    )
    frame = pd.DataFrame([_award(**row) for row in rows])
    money = ["base_fen", "entitled_fen", "approved_fen", "paid_fen", "gap_fen", "alone_fen", "by_plan_fen", "other_purses_fen", "days_since_trigger"]
    days = ["triggered_on", "applied_on"]
    text = ["clause", "uscc", "name", "trigger_key", "state", "firm"]
    kinds = dict.fromkeys(money, "Int64") | dict.fromkeys(days, "datetime64[us]") | dict.fromkeys(text, "str")
    return frame.astype(kinds | {"eligible": "bool", "in_p2": "bool"})


def _award(**given) -> dict:
    row = {
        "clause": "A01", "uscc": CODE, "name": FIRM, "trigger_key": f"{CODE}|国家单项冠军|2024年", "triggered_on": "2024-05-06",
        "base_fen": None, "entitled_fen": None, "applied_on": None, "approved_fen": None, "paid_fen": 0, "state": "待明确",
        "firm": CODE, "eligible": True, "by_plan_fen": None, "other_purses_fen": 0, "days_since_trigger": 239, "in_p2": True,
    } | given  # fmt: skip
    known = row["entitled_fen"] is not None
    return {"alone_fen": row["entitled_fen"]} | row | {"gap_fen": row["entitled_fen"] - row["paid_fen"] if known else None}


def tiers() -> pd.DataFrame:
    frame = pd.DataFrame({
        "uscc": [CODE, CODE, "91330109MA2B0000X1"], "name": [FIRM, FIRM, "杭州某某有限公司"],
        "tier": ["创新型", "小巨人", "省专精特新"], "since": "2023-07-01", "until": "2026-06-30", "in_district": [True, True, False],
    })  # fmt: skip
    return frame.astype({"since": "datetime64[us]", "until": "datetime64[us]", "in_district": "boolean"})


def flows() -> pd.DataFrame:
    """Titles and pools from one quarter's end to the next, each with counts of its own."""
    rules, lines = load_rules(), []
    named = [("资质", tier) for tier in rules.tiers.types] + [("培育库", pool) for pool in rules.lists["D03.库别"].names]
    for number, (kind, name) in enumerate(named, 1):
        steps = [("期初", "", 1000 * number), ("转入", "新认定", 20 + number), ("转入", "晋级", number % 3), ("转出", "撤销", number)]
        closing = 1000 * number + 20 + number % 3
        lines += [(kind, name, *step, "") for step in (*steps, ("期末", "", closing))]
    return pd.DataFrame(lines, columns=["kind", "name", "step", "cause", "firms", "note"])


def findings(number: int = 40) -> pd.DataFrame:
    tables, rows = list(load_tables().values()), []
    for place in range(number):
        table = tables[place * 5 % len(tables)]
        severity = ("退回", "提示", "提示", "退回")[place % 4]
        rows.append({
            "quarter": str(QUARTER), "dataset": table.id, "sender": table.senders[0], "severity": severity,
            "rule": f"{table.id}-{place % 3}", "header": "统一社会信用代码", "value": "91330109", "source": "文件.xlsx",
            "message": ("统一社会信用代码校验位不对，请核对营业执照后重填", "企业名称与登记名称、曾用名都不一致", "报送时间晚于截止日")[place % 3],
            "place": f"Sheet1!{place}",
        })  # fmt: skip
    return pd.DataFrame(rows).astype("str")


def counts() -> pd.DataFrame:
    tables = load_tables().values()
    rows = [
        (str(QUARTER), table.id, table.senders[0], f"2024Q4/{table.title}.xlsx", 1000 + 37 * place, 980 + 37 * place, 18, 2)
        for place, table in enumerate(tables)
    ]
    return pd.DataFrame(rows, columns=["quarter", "dataset", "sender", "source", "read", "accepted", "quarantined", "rejected"])


def texts(**given) -> pd.DataFrame:
    row = {
        "task": 1, "for_quarter": str(QUARTER), "department": "区经信局", "review_state": "已审核",
        "main_progress": "本季组织培育库动态调整，新入库企业覆盖全部镇街；开展“一企一策”走访，指导企业申报。",
        "problems": "部分镇街报送不及时，个别企业资质即将到期而未安排复核。", "next_steps": "明年一季度完成到期企业复核辅导。",
    } | given  # fmt: skip
    return pd.DataFrame([row]).astype({"task": "Int64"})


def sources() -> list[SourceFile]:
    tables = load_tables().values()
    return [
        SourceFile(
            table.id,
            sender,
            f"2024Q4/{table.title}_{sender}.xlsx",
            1000,
            sha256(f"{table.id}{sender}".encode()).hexdigest(),
        )
        for table in tables
        for sender in table.senders
    ]


def inputs(**changed) -> ReportInputs:
    """A whole quarter's results, 2024Q4 of a district that is no sample, changed as told."""
    made = ReportInputs(
        rules=load_rules(),
        settings=Settings(),
        quarter=QUARTER,
        due_on=date(2025, 1, 15),
        progress=progress(),
        progress_before=progress(QUARTER - 1, seed=5),
        awards=awards(),
        tiers=tiers(),
        findings=findings(),
        counts=counts(),
        texts=texts(),
        sources=sources(),
        status=dict.fromkeys(load_tables(), "已报送"),
        version="0.1.0",
        flows=flows(),
    )
    return replace(made, **changed)
