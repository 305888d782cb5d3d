"""Knows how to say a figure's rule in words: definition, period, population, pace and forecast, how its rows are counted, readings,
terms.

Leaves the words of the rules themselves to `rules`, and the rows to `shown`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from zjtx_pipeline.books import UNDELIVERED, Books
from zjtx_pipeline.figures import Figure
from zjtx_pipeline.forecast import Forecast
from zjtx_pipeline.goals import Goal
from zjtx_pipeline.indicators.parts import DISTINCT, EXISTS, GROWTH, ROWS, SUM, WINNERS, Counted
from zjtx_pipeline.outputs import period_text
from zjtx_pipeline.progress import Progress, goal_of
from zjtx_pipeline.report import formats
from zjtx_pipeline.report.method_rows import concerns
from zjtx_pipeline.report.privacy import CONFIDENTIAL_TABLES
from zjtx_pipeline.rules import Award, AwardTerms, Indicator, Part
from zjtx_pipeline.tables import load_tables
from zjtx_pipeline.trace.shown import header

Fact = tuple[str, str]
TREND = "趋势测算"
EVERY_ROW = "按台账计，不限在萧"
INTERNAL = "供核对数值使用，不随报告外发。"
CONFIDENTIAL = "内有单个企业的经营、纳税数据：仅供区经信局（和区税务局）内部使用，不得转给其他单位，不得外传。"


def is_confidential(tables: Iterable[str]) -> bool:
    """May only 区经信局 and 区税务局 see rows of these tables (datasets.md 5.4)?"""
    return bool(CONFIDENTIAL_TABLES & set(tables))


def facts(books: Books, figure: Figure) -> Iterator[Fact]:
    """What the figure is, and the rule it follows."""
    indicator = books.rules.indicators[figure.indicator]
    part, task = indicator.parts[figure.part], books.rules.tasks[indicator.task]
    yield "编号", f"{figure.id} {figure.breakdown}".strip()
    yield "指标", indicator.part_title(figure.part)
    yield "季度", f"{books.quarter}（数据截至{books.quarter.last_day}）"
    yield "数值", value_text(figure, part)
    yield "状态", figure.status
    yield "任务", f"任务{task.number} {task.title}（{task.clause}），本指标责任单位{indicator.owner}"
    yield "定义", indicator.definition
    yield "统计期", period_text(part.period, books.rules, books.quarter, figure.breakdown, figure.year)
    yield "范围", f"汇总范围：{figure.scope}" if figure.scope else population_text(books, part)
    yield from _target(books, indicator)
    yield from _tables(books, part)


def value_text(figure: Figure, part: Part) -> str:
    """The exact form of figures.csv with its unit, or the status in its place."""
    return _plain(figure.value, part.unit) if figure.value is not None else figure.status


def population_text(books: Books, part: Part) -> str:
    populations = books.rules.tiers.populations
    if part.population in populations:
        return f"{part.population}：{populations[part.population].name}（{populations[part.population].note}）"
    return EVERY_ROW if part.population == "全部" else "在萧企业（按注册地，口径B-15）"


def _target(books: Books, indicator: Indicator) -> Iterator[Fact]:
    if indicator.target:
        target = books.rules.targets[indicator.target]
        when = str(target.due) if target.due else f"{'、'.join(map(str, target.years))}各年"
        yield "目标", f"{target.id} {target.title}：{formats.target_text(target.value, target.unit)}，{when}"


def standing(books: Books, line: Progress) -> Iterator[Fact]:
    """Baseline, pace, light and forecast of a figure that is held to a target, each with its sum; nothing for others."""
    indicator = books.rules.indicators[line.figure.indicator]
    if line.light is None:
        return
    goal = goal_of(books.rules.targets[indicator.target], line.figure, books)
    unit = indicator.parts[line.figure.part].unit
    baseline = "未知" if line.baseline is None else _plain(line.baseline, unit)
    yield "基线", f"{baseline}（{line.baseline_note}）" if line.baseline_note else baseline
    if line.pace is not None and line.baseline is not None:
        yield "序时", f"基线＋（目标－基线）×{min(goal.step, goal.steps)}÷{goal.steps}＝{_hundredths(line.pace, unit)}"
    yield "亮灯", line.light + (f"（{line.note}）" if line.note else "")
    if line.forecast is not None:
        yield from _forecast(line.forecast, goal, unit)


def _forecast(ahead: Forecast, goal: Goal, unit: str) -> Iterator[Fact]:
    left = goal.steps - goal.step
    if ahead.straight_line is not None:
        yield f"{TREND}·匀速推算", f"基线＋（数值－基线）×{goal.steps}÷{goal.step}＝{_hundredths(ahead.straight_line, unit)}"
    if ahead.last_four_quarters is not None:
        sums = f"数值＋（数值－四季前{_plain(ahead.year_ago, unit)}）×{left}÷4＝{_hundredths(ahead.last_four_quarters, unit)}"
        yield f"{TREND}·近四季推算", sums + (f"（四季前的数：{ahead.year_ago_note}）" if ahead.year_ago_note else "")
    wanted, gap = ("减少", "数值－目标") if goal.falling else ("新增", "目标－数值")
    yield f"{TREND}·每季需{wanted}", f"（{gap}）÷{left}，不足一的进一，已达到的为0＝{ahead.needed}{'个百分点' if unit == '%' else unit}"


def _plain(value: Fraction, unit: str) -> str:
    return f"{formats.machine(value, unit)} {unit}"


def _hundredths(value: Fraction, unit: str) -> str:
    """A number of a sum, with two decimals as pace and forecasts have them in the files."""
    return f"{formats.fixed(value, 2)} {unit}"


def _tables(books: Books, part: Part) -> Iterator[Fact]:
    for table_id in part.needs:
        absent = "、".join(books.missing.get(table_id, ()))
        said = books.status.get(table_id, UNDELIVERED) + (f"，未报送部门：{absent}" if absent else "")
        yield "用到的表", f"{load_tables()[table_id].title}：{said}"
    yield from (("用到的列", f"{need}：{books.status[need]}") for need in part.columns if need in books.status)


def readings(books: Books, task: int, target: str | None = None) -> Iterator[Fact]:
    """The readings in force that bear on a task; those that a target names come first."""
    own = books.rules.targets[target].readings if target else ()
    bearing = [each for each in books.rules.readings.values() if concerns(each, [task])]
    for each in sorted(bearing, key=lambda reading: reading.id not in own):
        yield f"口径{each.id}", f"{each.wording}：{each.value}。{each.explanation}"


def clauses(awards: Iterable[Award]) -> Iterator[Fact]:
    """What each clause pays, and by what document."""
    for award in awards:
        yield f"条款{award.id}", f"{award.title}。{award.trigger.text}；" + "；".join(map(_terms_text, award.terms))


def _terms_text(terms: AwardTerms) -> str:
    until = terms.valid_to or "另行通知"
    pays = "金额待兑现政策明确"
    if terms.rate is not None:
        pays = f"按基数的{formats.percent(terms.rate)}，逐单元四舍五入到分"
    elif terms.amount is not None:
        pays = f"{terms.amount}元"
    cap = f"，上限{terms.cap}元（{terms.cap_period}）" if terms.cap else ""
    return f"{terms.valid_from}至{until}触发的：{pays}{cap}，每{terms.unit}，依据{terms.reference}"


def counting(name: str, part: Counted) -> str:
    """How the rows of a sheet make its number, in a sentence."""
    columns = "、".join(f"“{header(part.rows.table, column)}”" for column in part.columns)
    return {
        DISTINCT: f"“{name}”各行{columns}的不同值个数",
        ROWS: f"“{name}”的行数",
        SUM: f"“{name}”各行{columns}之和",
        EXISTS: f"“{name}”有行为1，无行为0",
        GROWTH: f"“{name}”各行按{columns}：本期之和÷上年同期之和−1",
        WINNERS: f"“{name}”按企业合计{columns.rpartition('、')[2]}，大于零的企业数",
    }[part.told]
