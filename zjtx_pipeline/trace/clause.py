"""Knows the way from a clause's line in the award table (A08) to its units and what lies behind them.

Leaves the table itself to `report.award_rows`, and sheets to `explain`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import pandas as pd

from zjtx_pipeline.awards import units
from zjtx_pipeline.awards.tally import PAYMENTS, UNDELIVERED
from zjtx_pipeline.books import Books
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.figures import Figure
from zjtx_pipeline.indicators.grants import approvals, payments, triggers
from zjtx_pipeline.indicators.parts import SUM, Counted
from zjtx_pipeline.money import yuan_text
from zjtx_pipeline.rules import Award, Rules
from zjtx_pipeline.sieve import UNITS, Rows
from zjtx_pipeline.trace import rule
from zjtx_pipeline.trace.explain import COLUMNS, HOW, Term, Trace, returned, sheets_of, tables_of
from zjtx_pipeline.trace.rule import Fact
from zjtx_pipeline.trace.shown import OF_UNITS

SUMS = {"应兑": "entitled_fen", "已兑": "paid_fen", "差额": "gap_fen"}
UNIT_SHEET = "单元"


def clause_named(rules: Rules, name: str) -> Award:
    """A clause that pays; ZjtxError where it is no money out of a purse."""
    award = rules.awards.get(name)
    if award is None or not award.is_grant:
        raise ZjtxError(f"{name} 不是有资金奖补的条款：可查 A01 至 A21 和 A23。")
    return award


def explain_clause(books: Books, clause: str, set_aside: Mapping[str, pd.DataFrame] | None = None) -> Trace:
    """The account of a clause's line in the award table."""
    award = clause_named(books.rules, clause)
    rows = _units(books, clause)
    term = Term(UNIT_SHEET, Counted(rows, len, SUM, tuple(SUMS.values())), Figure(clause, ""))
    facts = (*_facts(books, award, rows), *rule.clauses([award]), *rule.readings(books, award.task))
    sheets = (*sheets_of(books, [term]), *returned(tables_of(rows), set_aside or {}))
    return Trace(term.figure, facts, sheets, rule.is_confidential(tables_of(rows)))


def _units(books: Books, clause: str) -> Rows:
    """All units of a clause to the quarter's end, and the rows of trigger, approval and payment."""
    tallied = units(books)
    rows = Rows(tallied[tallied["clause"].eq(clause)], UNITS).resting_on(f"{clause}触发", partial(triggers, books, clause))
    return rows.resting_on("核定", partial(approvals, books, clause)).resting_on("拨付", partial(payments, books, clause))


def _facts(books: Books, award: Award, rows: Rows) -> Iterator[Fact]:
    task = books.rules.tasks[award.task]
    yield "编号", award.id
    yield "指标", f"{award.title}（奖补表）"
    yield "季度", f"{books.quarter}（数据截至{books.quarter.last_day}）"
    yield "数值", "，".join(f"{name} {_told(books, award, name, rows[column])}" for name, column in SUMS.items())
    yield "任务", f"任务{task.number} {task.title}（{task.clause}），经办{award.department}"
    yield "怎么数", "“单元”各行相加；金额未明确的单元不计入应兑、差额。应兑为测算数，未经审核"
    yield f"{HOW}·{UNIT_SHEET}", SUM
    yield f"{COLUMNS}·{UNIT_SHEET}", "；".join(OF_UNITS[column] for column in SUMS.values())


def _told(books: Books, award: Award, name: str, fen: pd.Series) -> str:
    """A sum; 待补 where a table without which nobody can say was not delivered."""
    needed = award.needs if name == "应兑" else (*award.needs, *PAYMENTS)
    return UNDELIVERED if books.lacks(needed) else _sum(fen)


def _sum(fen: pd.Series) -> str:
    return f"{yuan_text(int(fen.sum()))} 元" if fen.notna().any() or not len(fen) else "待兑现政策明确"
