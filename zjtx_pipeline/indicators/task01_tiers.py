"""Task 1 优化企业培育梯队: pools, standing titles, flows between them, first recognitions, follow-up.

Leaves who holds what on which day to `tiers`.
"""

from __future__ import annotations

from fractions import Fraction

import pandas as pd

from zjtx_pipeline.books import Books, found_in
from zjtx_pipeline.indicators.grants import entitled, entitled_firms, paid, paid_firms
from zjtx_pipeline.indicators.parts import Counted, Difference, Part, firms, yes
from zjtx_pipeline.indicators.selection import coverage, milestone, since, with_firm, with_town
from zjtx_pipeline.indicators.flows import lapses, promotions, recognitions
from zjtx_pipeline.tiers import pool_spans, roster, titles

FIRST_RECOGNITIONS = ("A01", "A02", "A03", "A04")


def t01_1(books: Books) -> dict[str, Part]:
    """Firms in the 创新型 pool on the quarter's last day (Q01)."""
    return {"a": firms(_in_pool(books, "创新型"))}


def t01_2(books: Books) -> dict[str, Part]:
    """Firms in the 专精特新 pool on the quarter's last day (Q02)."""
    return {"a": firms(_in_pool(books, "专精特新"))}


def _in_pool(books: Books, pool: str) -> pd.DataFrame:
    spans = pool_spans(books, pool)
    return with_town(books, with_firm(books, spans[(spans["starts_on"] <= books.day) & (books.day <= spans["ends_on"])]))


def t01_3(books: Books) -> dict[str, Part]:
    """Firms 在萧 with a valid title, by 资质类型 and 镇街."""
    held = titles(books)
    held = with_town(books, with_firm(books, held[held["in_district"]]))
    return {"a": firms(held.assign(资质类型=held["tier"]))}


def t01_4(books: Books) -> dict[str, Part]:
    """This year's recognitions, those of them that were promotions, and lapses with their reasons."""
    return {
        "a": firms(recognitions(books, since(books, "Y"))),
        "b": firms(promotions(books, since(books, "Y"))),
        "c": firms(lapses(books, since(books, "Y"))),
    }


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
    rows = books["D05"]
    rows = rows[(rows["evaluated_on"] >= since(books, "L4")) & (rows["evaluated_on"] <= books.day)]
    evaluated = with_firm(books, rows[rows["evaluation"].notna()])
    return coverage(books, "P1", evaluated)


def t01_7(books: Books) -> dict[str, Part]:
    """This quarter's cumulative report against that of a year before, firms of P2 with both."""
    now, then = express_report(books, str(books.quarter)), express_report(books, str(books.quarter - 4))
    both = now.merge(then, on="firm", suffixes=("", "_then"), validate="1:1")
    grown = {"a": "revenue_fen", "b": "tax_paid_fen", "c": "rd_expense_fen"}
    parts: dict[str, Part] = {letter: Counted(both, _growth(column)) for letter, column in grown.items()}
    return parts | {"d": Counted(both, len)}


REPORTED = ["revenue_fen", "tax_paid_fen", "rd_expense_fen"]


def express_report(books: Books, period: str) -> pd.DataFrame:
    """D05's 快报 of a period for the firms of P2 at the quarter's end, one row a firm (index)."""
    rows = books["D05"]
    rows = with_firm(books, rows[rows["period"].eq(period) & rows["basis"].eq("快报")])
    rows = rows[found_in(rows["firm"], roster(books, "P2")["firm"])]
    return rows.groupby("firm")[REPORTED].sum(min_count=1)


def _growth(column: str):
    def growth(rows: pd.DataFrame) -> Fraction | None:
        filled = rows[rows[column].notna() & rows[f"{column}_then"].notna()]
        now, then = int(filled[column].sum()), int(filled[f"{column}_then"].sum())
        return Fraction(now - then, then) * 100 if then else None

    return growth


def t01_8(books: Books) -> dict[str, Part]:
    """Is the district's dynamic pool set up, with a document to show for it (Q12)?"""
    return {"a": yes(milestone(books, "培育库建立"))}
