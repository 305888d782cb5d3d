"""Knows the accounts of what stands beside the ladder and is no indicator: L1 moves, L2 titles that run out, L3 screening.

Leaves counting to `flows`, `watch` and `candidates`, and sheets to `explain`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import pandas as pd

from zjtx_pipeline.books import Books, found_in
from zjtx_pipeline.candidates import MARK, candidates
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.figures import Figure
from zjtx_pipeline.firms import current
from zjtx_pipeline.flows import CLOSING, IN, KEPT, OPENING, OUT, POOLS, RESTS_ON, TITLES, counted, flow, movements, opening_day
from zjtx_pipeline.indicators.parts import Counted, count, distinct, total
from zjtx_pipeline.indicators.standings import pooled, titled
from zjtx_pipeline.measures import NEEDS, REPORTED
from zjtx_pipeline.report import formats
from zjtx_pipeline.sieve import FIRMS, Rows, rows_of
from zjtx_pipeline.trace import rule
from zjtx_pipeline.trace.explain import COLUMNS, HOW, RESULT, Sheet, Term, Trace, explain, returned, sheets_of, tables_of
from zjtx_pipeline.trace.rule import Fact
from zjtx_pipeline.unfilled import title_of
from zjtx_pipeline.watch import effects, leaving, watchlist, without

MOVES, LAPSES, RISING = "L1", "L2", "L3"
LADDER = {MOVES: "资质和培育库本季变动", LAPSES: "到期预警", RISING: f"晋级{MARK}"}
CODE, FIRM_COUNT, CAUSE = "当日代码", "户数", "原因"
_SCREENING = ("D01", "D02", "D03", "D04", *NEEDS)
LADDER_TASK = 1  # whose report tells of the ladder
BUREAU_ONLY = {RISING}  # rests on single firms' business figures
_UNITS = {"到期": "项", "初筛": "家次"}  # of the others 家: firms
_OF_WATCHED = {"tier": "资质类型", "since": "有效期起", "until": "有效期止", "review": "复核情况", "targets": "涉及的目标"}
_OF_SCREENED = {
    "holds": "现有资质或入库", "next_tier": "拟晋级", "outcome": "初筛结论", "met": "符合的条件", "unmet": "不符合的条件",
    "without_data": "缺数据的条件", "exclusion": "互斥规定",
}  # fmt: skip


def explain_ladder(
    books: Books, name: str, breakdown: str = "", set_aside: Mapping[str, pd.DataFrame] | None = None, before: Books | None = None
) -> Trace:
    """The account of L1 (of one title or pool: `资质=小巨人`), L2 or L3; ZjtxError for any other breakdown, and where a table
    that it rests on was not delivered.

    `before`: the quarter before's own books, whose closing L1 is compared with.
    """
    if name != MOVES and breakdown:
        raise ZjtxError(f"{name} 没有“{breakdown}”这一分项：它只有合计。")
    title = LADDER[name]
    needed = {LAPSES: RESTS_ON[TITLES], RISING: _SCREENING}.get(name) or RESTS_ON.get(breakdown.partition("=")[0], ())
    absent = "、".join(dict.fromkeys(title_of(need) for need in needed if books.lacks((need,))))
    if absent:
        raise ZjtxError(f"{name} {breakdown} 待补：{absent}本季未报送，没有可溯源的数。")
    terms, told, more = {LAPSES: _lapses, RISING: _rising}[name](books) if name != MOVES else _moves(books, before, breakdown)
    tables = list(dict.fromkeys(table for term in terms for table in tables_of(term.part.rows)))
    facts = (
        ("编号", f"{name} {breakdown}".strip()), ("指标", title),
        ("季度", f"{books.quarter}（数据截至{books.quarter.last_day}）"), *told, *_counting(terms), *rule.readings(books, LADDER_TASK),
    )  # fmt: skip
    sheets = (*sheets_of(books, terms), *more, *returned(tables, set_aside or {}))
    return Trace(Figure(name, "", breakdown), facts, sheets, rule.is_confidential(tables))


def _counting(terms: list[Term]) -> Iterator[Fact]:
    yield "怎么数", "；".join(rule.counting(term.name, term.part) for term in terms)
    for term in terms:
        yield f"{HOW}·{term.name}", term.part.told
        if term.part.columns:
            yield f"{COLUMNS}·{term.name}", "；".join(rule.header(FIRMS, column) for column in term.part.columns)
        yield f"{RESULT}·{term.name}", f"{term.figure.value} {_UNITS.get(term.name, '家')}"


def _term(name: str, part: Counted) -> Term:
    return Term(name, part, Figure(name, "", value=part.of(part.rows.frame)))


# L1


def _moves(books: Books, before: Books | None, breakdown: str) -> tuple[list[Term], list[Fact], list[Sheet]]:
    """Both ends by the codes of the day, what lies between, a cause a firm, and whom the quarter before counted otherwise."""
    lines = flow(books, before)
    lines = lines[(lines["kind"] + "=" + lines["name"]).eq(breakdown)]
    if lines.empty:
        raise ZjtxError(f"{MOVES} 要写明是哪一行：可选 {'、'.join(_rows_named(books))}。")
    kind, name = breakdown.split("=", 1)
    days = {OPENING: opening_day(books), CLOSING: books.day}
    stocks = {step: _stock(books, kind, name, step, day) for step, day in days.items()}
    moved = {step: _moved(books, kind, name, step) for step in (IN, KEPT, OUT)}
    said = "，".join(f"{step} {_causes(lines[lines['step'].eq(step)])}" for step in (OPENING, IN, KEPT, OUT, CLOSING))
    facts = [("数值", said), ("校核", f"{OPENING}＋{IN}－{OUT}＝{CLOSING}；{OPENING}＝{KEPT}＋{OUT}"), ("台账修订", "".join(lines["note"]))]
    revised = _revised(books, before, kind, name) if facts[-1][1] else []
    return [stocks[OPENING], *moved.values(), stocks[CLOSING]], [fact for fact in facts if fact[1]], revised


def _rows_named(books: Books) -> list[str]:
    return [f"{TITLES}={tier}" for tier in books.rules.tiers.types] + [f"{POOLS}={pool}" for pool in books.rules.lists["D03.库别"].names]


def _stock(books: Books, kind: str, name: str, step: str, day: pd.Timestamp) -> Term:
    rows = _own(counted(books, day), kind, name)[["unit", "uscc"]].set_axis(["firm", CODE], axis=1)
    behind = partial(titled, books, day, (name,)) if kind == TITLES else partial(pooled, books, name, day)
    return _term(step, distinct(Rows(rows, FIRMS).resting_on(f"{step}{day.date()}", behind), CODE))


def _moved(books: Books, kind: str, name: str, step: str) -> Term:
    rows = _own(movements(books), kind, name)
    rows = rows.loc[rows["step"].eq(step), ["unit", "cause", "firms"]].set_axis(["firm", CAUSE, FIRM_COUNT], axis=1)
    return _term(step, total(Rows(rows, FIRMS).resting_on("变更", partial(_changes, books)), FIRM_COUNT))


def _revised(books: Books, before: Books, kind: str, name: str) -> list[Sheet]:
    then, now = (_own(counted(each, day), kind, name)["uscc"] for each, day in ((before, before.day), (books, opening_day(books))))
    changed = {"现增": now[~found_in(now, then)], "现减": then[~found_in(then, now)]}
    rows = [(code, word) for word, codes in changed.items() for code in sorted(codes.unique())]
    return [Sheet("台账修订", FIRMS, pd.DataFrame(rows, columns=[CODE, "增减"], dtype="str"))]


def _own(rows: pd.DataFrame, kind: str, name: str) -> pd.DataFrame:
    return rows[rows["kind"].eq(kind) & rows["name"].eq(name)]


def _changes(books: Books) -> Rows:
    """D02's rows of the quarter: what moved, merged or went."""
    rows = rows_of(books, "D02")
    rows = rows.where(rows["changed_on"] > opening_day(books), f"变更日期不晚于{opening_day(books).date()}")
    return rows.where(rows["changed_on"] <= books.day, f"变更日期在{books.day.date()}之后").telling("item", "successor_uscc")


def _causes(lines: pd.DataFrame) -> str:
    """`3（新认定 2、晋级 1）`."""
    named = "、".join(f"{line.cause} {line.firms}" for line in lines.itertuples() if line.cause and line.firms)
    return f"{lines['firms'].sum()}" + (f"（{named}）" if named else "")


# L2


def _lapses(books: Books) -> tuple[list[Term], list[Fact], list[Sheet]]:
    """The titles that run out, the firms that each population would lose, and the targets as they would then be counted."""
    watched = watchlist(books)
    columns = {"firm": watched["uscc"]} | {title: watched[name] for name, title in _OF_WATCHED.items()}
    terms = [_term("到期", count(Rows(pd.DataFrame(columns), FIRMS).resting_on("有效资质", partial(titled, books))))]
    found = effects(books)
    for population in found.loc[found["firms"].gt(0), "population"].unique():
        terms.append(_term(f"退出{population}", distinct(Rows(leaving(books, population).to_frame("firm"), FIRMS), "firm")))
    facts = [("数值", f"{len(watched)} 项，涉及企业 {watched['uscc'].nunique()} 家")]
    facts += [(f"目标{row.target}", _effect(books, row)) for row in found.itertuples()]
    moved = found[found["now"].notna() & found["now"].ne(found["then"])]
    return terms, facts, [sheet for row in moved.itertuples() for sheet in _as_if(books, row)]


def _effect(books: Books, row) -> str:
    unit = books.rules.indicators[row.indicator].parts["a"].unit
    now, then = ("无数值" if pd.isna(value) else f"{formats.machine(value, unit)} {unit}" for value in (row.now, row.then))
    return f"{row.indicator}a 现为 {now}，到期资质均未续期、其他情况不变时为 {then}；{row.population} 减少 {row.firms} 家"


def _as_if(books: Books, row) -> Iterator[Sheet]:
    """What the target counts without these titles; its 有效期止 stands there as if they had run out."""
    for sheet in explain(without(books), f"{row.indicator}a").sheets:
        if sheet.title in ("计入", "分子", "分母"):
            yield Sheet(f"如未续期 {row.target}·{sheet.title}", sheet.table, sheet.rows)


# L3


def _rising(books: Books) -> tuple[list[Term], list[Fact], list[Sheet]]:
    """The firms screened for each tier, with the conditions; D05's rows behind them."""
    found = candidates(books)
    columns = {"firm": found["uscc"]} | {title: found[name] for name, title in _OF_SCREENED.items()}
    rows = Rows(pd.DataFrame(columns), FIRMS).resting_on("经营与评价", partial(_reported, books, found["uscc"]))
    version = books.rules.tiers.version_on(books.quarter.last_day)
    told = found.groupby(["next_tier", "outcome"], sort=False).size()
    facts = [("数值", "；".join(f"{tier} {outcome} {number} 家" for (tier, outcome), number in told.items()) or "没有")]
    facts += [("依据", f"{version.reference}的数值条件")] if version else []
    return [_term("初筛", count(rows))], facts, []


def _reported(books: Books, firms: pd.Series) -> Rows:
    rows = rows_of(books, "D05").telling(*REPORTED)
    return rows.where(found_in(current(books, rows["uscc"]), firms), "不是列入初筛的企业")
