"""Task 1 优化企业培育梯队: pools, standing titles, flows between them, first recognitions, follow-up.

Leaves who holds what on which day to `tiers`.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pandas as pd

from zjtx_pipeline.books import Books, found_in
from zjtx_pipeline.firms import MOVED_OUT
from zjtx_pipeline.indicators.flows import lapses, promotions, recognitions
from zjtx_pipeline.indicators.grants import entitled, entitled_firms, paid, paid_firms
from zjtx_pipeline.indicators.parts import GROWTH, Counted, Difference, Part, firms, yes
from zjtx_pipeline.indicators.selection import coverage, milestone, outside, since, with_firm, with_town
from zjtx_pipeline.indicators.standings import firms_of, pooled, titled
from zjtx_pipeline.sieve import Rows, rows_of
from zjtx_pipeline.tiers import DEREGISTERED

FIRST_RECOGNITIONS = ("A01", "A02", "A03", "A04")


def t01_1(books: Books) -> dict[str, Part]:
    """Firms in the 创新型 pool on the quarter's last day (Q01)."""
    return {"a": firms(with_town(books, pooled(books, "创新型")))}


def t01_2(books: Books) -> dict[str, Part]:
    """Firms in the 专精特新 pool on the quarter's last day (Q02)."""
    return {"a": firms(with_town(books, pooled(books, "专精特新")))}


def t01_3(books: Books) -> dict[str, Part]:
    """Firms 在萧 with a valid title, by 资质类型 and 镇街."""
    held = with_town(books, titled(books))
    return {"a": firms(held.assign(资质类型=held["tier"]))}


def t01_4(books: Books) -> dict[str, Part]:
    """This year's recognitions, those of them that were promotions, and lapses with their reasons."""
    events, first = rows_of(books, "D04"), since(books, "Y")
    new = events.having("event", "认定")
    new = new.where((new["announced_on"] >= first) & (new["announced_on"] <= books.day), "公布日期不在本年至季末")
    new = new.only(recognitions(books, first), "企业公布当日不在萧，或前一日已持有该资质")
    given, ended = events.having("event", *books.rules.tiers.events.granting), books.rules.tiers.events.ending
    given = given.resting_on("撤销和放弃", lambda: events.having("event", *ended)).resting_on("注销和迁出", lambda: _left(books))
    return {
        "a": firms(new),
        "b": firms(new.only(promotions(books, first), "前一日没有持有更低层级的资质")),
        "c": firms(given.only(lapses(books, first), "本年没有失效：未到期、已复核、往年已失效、由承继企业持有，或失效前一日企业不在萧")),
    }


def _left(books: Books) -> Rows:
    rows = rows_of(books, "D02").having("item", DEREGISTERED, MOVED_OUT)
    return rows.where((rows["changed_on"] >= since(books, "Y")) & (rows["changed_on"] <= books.day), "变更日期不在本年至季末")


def t01_5(books: Books) -> dict[str, Part]:
    """First recognitions A01–A04: the amounts are not stated, the firms are counted."""
    return {
        "a": firms(entitled_firms(books, *FIRST_RECOGNITIONS)),
        "b": paid_firms(books, *FIRST_RECOGNITIONS),
        "c": entitled(books, *FIRST_RECOGNITIONS),
        "d": paid(books, *FIRST_RECOGNITIONS),
        "e": Difference("c", "d"),
    }


def t01_6(books: Books) -> dict[str, Part]:
    """P1 firms with a follow-up evaluation, dated and concluded, in the last four quarters."""
    rows, first = rows_of(books, "D05"), since(books, "L4")
    within = (rows["evaluated_on"] >= first) & (rows["evaluated_on"] <= books.day)
    rows = rows.where(within, f"跟踪评价日期不在{first.date()}至{books.day.date()}").filled("evaluation")
    return coverage(books, "P1", "期内的跟踪评价结论", with_firm(books, rows))


GROWN = {"a": "revenue_fen", "b": "tax_paid_fen", "c": "rd_expense_fen"}


def t01_7(books: Books) -> dict[str, Part]:
    """This quarter's cumulative report against that of a year before, firms of P2 with both."""
    now, then = str(books.quarter), str(books.quarter - 4)
    both = _in_both(express_report(books, now, then), now, then, "没有两期都报快报")
    grown = {letter: _filled_in_both(both, column, now, then) for letter, column in GROWN.items()}
    parts: dict[str, Part] = {
        letter: Counted(rows, _growth(GROWN[letter], now, then), GROWTH, ("period", GROWN[letter])) for letter, rows in grown.items()
    }
    return parts | {"d": firms(both)}


def express_report(books: Books, *periods: str) -> Rows:
    """D05's 快报 of some periods for the firms of P2 at the quarter's end, with `firm`."""
    rows, every = with_firm(books, rows_of(books, "D05").having("period", *periods).having("basis", "快报")), firms_of(books, "P2")
    return replace(rows.where(found_in(rows["firm"], every["firm"]), f"企业季末{outside(books, 'P2')}"), behind=every.behind)


def _in_both(rows: Rows, now: str, then: str, otherwise: str, filled: pd.Series | bool = True) -> Rows:
    """The rows of firms that have a (filled) row in each of two periods."""
    of_period = [rows.frame.loc[rows["period"].eq(period) & filled, "firm"] for period in (now, then)]
    return rows.where(found_in(rows["firm"], of_period[0]) & found_in(rows["firm"], of_period[1]), otherwise)


def _filled_in_both(rows: Rows, column: str, now: str, then: str) -> Rows:
    return _in_both(rows, now, then, f"没有两期都填{rows.header(column)}", rows[column].notna())


def _growth(column: str, now: str, then: str):
    def growth(rows: pd.DataFrame) -> Fraction | None:
        after, before = (int(rows.loc[rows["period"].eq(period), column].sum()) for period in (now, then))
        return Fraction(after - before, before) * 100 if before else None

    return growth


def t01_8(books: Books) -> dict[str, Part]:
    """Is the district's dynamic pool set up, with a document to show for it (Q12)?"""
    return {"a": yes(milestone(books, "培育库建立"))}
