"""Knows the way from a figure's id to its rule and its rows; leaves words to `rule` and headers to `shown`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from zjtx_pipeline.books import Books
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.figures import Figure
from zjtx_pipeline.indicators import formula, layout
from zjtx_pipeline.indicators.parts import Counted, Difference, Part, Share
from zjtx_pipeline.progress import Progress
from zjtx_pipeline.report import formats
from zjtx_pipeline.rules import Indicator, Rules
from zjtx_pipeline.sieve import FIRMS, UNITS, Rows
from zjtx_pipeline.trace import rule, shown
from zjtx_pipeline.trace.rule import Fact

COUNTED, NUMERATOR, DENOMINATOR = "计入", "分子", "分母"
NOT_COUNTED, BASIS, UNUSED, RETURNED, SPLIT = "未计入", "依据", "未用", "退回", "分项"
CLAUSE, SET_OFF = "条款", "触发"
HOW, COLUMNS, RESULT = "计数方式", "计数列", "得数"
_ID = re.compile(r"[Tt]?(\d{1,2})-(\d{1,2})([a-z]?)")


@dataclass(frozen=True, eq=False)
class Sheet:
    """Rows under Chinese headers; `table` is that of `sieve.Rows`, whose labels the rows keep."""

    title: str
    table: str
    rows: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Trace:
    """A figure's account: what is said of it, and the sheets of rows, those that count first.

    `confidential`: it shows single firms' business or tax figures and is for 区经信局 and 区税务局 alone.
    """

    figure: Figure
    facts: tuple[Fact, ...]
    sheets: tuple[Sheet, ...]
    confidential: bool

    def rows(self, *titles: str) -> int:
        """How many rows stand on the sheets whose title begins so."""
        return sum(len(sheet.rows) for sheet in self.sheets if sheet.title.startswith(titles))


@dataclass(frozen=True, eq=False)
class Term:
    """One number that a figure is made of, and the rows that it counts; `name` titles its sheet."""

    name: str
    part: Counted
    figure: Figure


def figures_named(rules: Rules, name: str) -> tuple[Indicator, str]:
    """The indicator and part behind `T04-4a`; the letter may be left out where there is one part alone."""
    match = _ID.fullmatch(name.strip())
    indicator = rules.indicators.get(f"T{int(match[1]):02d}-{int(match[2])}") if match else None
    if indicator is None:
        raise ZjtxError(f"没有编号为 {name} 的数：编号印在报告各指标之前，如 T04-4a。")
    parts = indicator.parts
    letter = match[3] or ("a" if len(parts) == 1 else "")
    if letter not in parts:
        listed = "、".join(f"{indicator.id}{each.letter} {each.name}" for each in parts.values())
        raise ZjtxError(f"{indicator.id} 有 {len(parts)} 个数，请写明是哪一个：{listed}。")
    return indicator, letter


def explain(
    books: Books,
    name: str,
    breakdown: str = "",
    set_aside: Mapping[str, pd.DataFrame] | None = None,
    printed: Progress | None = None,
) -> Trace:
    """The account of a figure in total, or of one value of a breakdown (`条款=A11`).

    `set_aside`: by table, the rows that validation returned. `printed`: the figure with its standing, which is told too. ZjtxError where there is no such figure.
    """
    indicator, letter = figures_named(books.rules, name)
    figures = {(each.part, each.breakdown): each for each in layout.figures(books, indicator, formula(indicator.id))}
    figure = figures.get((letter, breakdown))
    if figure is None:
        raise ZjtxError(f"{indicator.id}{letter} 没有“{breakdown}”这一分项：可选 {_options(figures, letter)}。")
    terms = _terms(books, indicator, figure, figures)
    tables = list(dict.fromkeys(table for term in terms for table in tables_of(term.part.rows)))
    standing = rule.standing(books, printed) if printed else ()
    facts = (*rule.facts(books, figure), *standing, *_counting(books, indicator, figure, terms), *_rules(books, indicator, terms))
    sheets = (*_splits(indicator, letter, breakdown, figures), *sheets_of(books, terms), *returned(tables, set_aside or {}))
    return Trace(figure, facts, sheets, rule.is_confidential(tables))


def _options(figures: Mapping[tuple[str, str], Figure], letter: str) -> str:
    rows = [row for part, row in figures if part == letter and row]
    return "、".join(rows[:6]) + ("……" if len(rows) > 6 else "") if rows else "无，它只有合计"


def _terms(books: Books, indicator: Indicator, figure: Figure, figures: Mapping[tuple[str, str], Figure]) -> list[Term]:
    """The numbers that the figure is made of: itself, or the two parts of a ratio or a difference."""
    if books.lacks(indicator.parts[figure.part].rests_on):
        return []
    parts = formula(indicator.id)(books)
    return [
        Term(title, _narrowed(parts[letter], figure.breakdown), figures[letter, figure.breakdown])
        for title, letter in _made_of(indicator, parts, figure.part).items()
    ]


def _made_of(indicator: Indicator, parts: Mapping[str, Part], letter: str) -> dict[str, str]:
    match parts[letter]:
        case Share(numerator, denominator):
            return {NUMERATOR: numerator, DENOMINATOR: denominator}
        case Difference(minuend, subtrahend):
            return {indicator.parts[each].name: each for each in (minuend, subtrahend)}
    return {COUNTED: letter}


def _narrowed(part: Counted, breakdown: str) -> Counted:
    """The part's rows of one value of a breakdown; the others did not count, for being of another."""
    pairs = [pair.split("=", 1) for pair in breakdown.split(";")] if breakdown else []
    rows = part.beside.get(pairs[0][0], part.rows) if pairs else part.rows
    for column, value in pairs:
        rows = rows.where(rows[column].eq(value).fillna(False), f"{column}不是{value}")
        if column == CLAUSE:
            rows = replace(rows, behind=tuple(each for each in rows.behind if not each[0].endswith(SET_OFF) or value in each[0]))
    return replace(part, rows=rows)


def _counting(books: Books, indicator: Indicator, figure: Figure, terms: list[Term]) -> Iterator[Fact]:
    """How the rows make the number: in a sentence, and sheet by sheet so that it can be done again."""
    said = [rule.counting(term.name, term.part) for term in terms]
    match formula(indicator.id)(books)[figure.part] if terms else None:
        case Share():
            yield "怎么数", f"分子÷分母×100%。分子：{said[0]}；分母：{said[1]}"
        case Difference():
            yield "怎么数", f"{terms[0].name}−{terms[1].name}。" + "；".join(said)
        case Counted():
            yield "怎么数", said[0]
    for term in terms:
        yield f"{HOW}·{term.name}", term.part.told
        yield f"{COLUMNS}·{term.name}", "；".join(shown.header(term.part.rows.table, each) for each in term.part.columns)
        yield f"{RESULT}·{term.name}", rule.value_text(term.figure, indicator.parts[term.figure.part])


def _rules(books: Books, indicator: Indicator, terms: list[Term]) -> Iterator[Fact]:
    """The clauses whose units are counted, then the readings."""
    units = [term.part.rows.every for term in terms if term.part.rows.table == UNITS]
    named = sorted({clause for frame in units for clause in frame["clause"].dropna().unique()})
    yield from rule.clauses(books.rules.awards[clause] for clause in named)
    yield from rule.readings(books, indicator.task, indicator.target)


def _splits(
    indicator: Indicator, letter: str, breakdown: str, figures: Mapping[tuple[str, str], Figure]
) -> Iterator[Sheet]:
    """Beside a total, the values of all its breakdowns."""
    part = indicator.parts[letter]
    rows = [
        (row, formats.machine(each.value, part.unit), each.status) for (own, row), each in figures.items() if own == letter and row
    ]
    if rows and not breakdown:
        yield Sheet(SPLIT, "", pd.DataFrame(rows, columns=[SPLIT, f"数值（{part.unit}）", "状态"], dtype="str"))


def sheets_of(books: Books, terms: list[Term]) -> Iterator[Sheet]:
    """Each term's rows, and those left out; then, once each, what firms and award units rest on."""
    for term in terms:
        rows, columns = term.part.rows, term.part.columns
        yield Sheet(term.name, rows.table, shown.counted(books, rows, columns))
        if rows.steps:
            lost = NOT_COUNTED if len(terms) == 1 else f"{term.name}·{NOT_COUNTED}"
            yield Sheet(lost, rows.table, shown.left_out(books, rows, columns))
    basis = {name: made for term in terms for name, made in term.part.rows.behind}
    for name, made in basis.items():
        rows = made()
        yield Sheet(f"{BASIS} {name}", rows.table, shown.counted(books, rows))
        if rows.steps:
            yield Sheet(f"{BASIS} {name}·{UNUSED}", rows.table, shown.left_out(books, rows))


def tables_of(rows: Rows) -> list[str]:
    """The tables that rows are of, and those that they rest on."""
    own = [] if rows.table in (FIRMS, UNITS) else [rows.table]
    return [*own, *(table for _, made in rows.behind for table in tables_of(made()))]


def returned(tables: Iterable[str], set_aside: Mapping[str, pd.DataFrame]) -> Iterator[Sheet]:
    """Of each table, the rows that validation set aside."""
    for table in dict.fromkeys(tables):
        if len(set_aside.get(table, ())):
            yield Sheet(f"{RETURNED} {table}", table, shown.set_aside(table, set_aside[table]))
