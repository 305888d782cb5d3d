"""Task 5 打造数字赋能样板: diagnoses, projects, demonstration factories and workshops.

Leaves what A10–A16 entitle to to `awards`.
"""

from __future__ import annotations

from zjtx_pipeline.books import Books
from zjtx_pipeline.firms import current
from zjtx_pipeline.indicators.grants import money
from zjtx_pipeline.indicators.parts import Part, count, distinct, firms
from zjtx_pipeline.indicators.selection import EVERYWHERE, LISTING, announced, coverage, dated, listed, standing
from zjtx_pipeline.sieve import Rows


def t05_1(books: Books) -> dict[str, Part]:
    """Firms diagnosed this year, and by how many providers."""
    rows = dated(books, "D15", "diagnosed_on", "Y")
    provided = rows.filled("provider_uscc")
    return {"a": firms(rows), "b": distinct(provided.assign(provider=current(books, provided["provider_uscc"])), "provider")}


def t05_2(books: Books) -> dict[str, Part]:
    """Projects established and projects passed this year."""
    passed = dated(books, "D15", "accepted_on", "Y")
    return {"a": count(dated(books, "D15", "established_on", "Y")), "b": count(passed.having("acceptance", "通过"))}


def t05_3(books: Books) -> dict[str, Part]:
    """A10: a fifth of each project's approved investment."""
    return money(books, "A10")


def t05_4(books: Books) -> dict[str, Part]:
    """Provincial demonstrations, this year and since the plan began."""
    return _new(books, "省级", "T05-4")


def t05_5(books: Books) -> dict[str, Part]:
    """The city's demonstrations, this year and since the plan began."""
    return _new(books, "市级", "T05-5")


def _new(books: Books, level: str, indicator: str) -> dict[str, Part]:
    kinds = books.rules.indicators[indicator].parts["a"].breakdowns[0].values[0]

    def of(rows: Rows) -> Rows:
        return rows.having("level", level).having("demonstration", *kinds)

    return {"a": distinct(of(announced(books, "Y")), *LISTING), "b": distinct(of(announced(books, "C")), *LISTING)}


def t05_6(books: Books) -> dict[str, Part]:
    """A11–A16: newly recognised factories and workshops."""
    return money(books, "A11", "A12", "A13", "A14", "A15", "A16")


def t05_7(books: Books) -> dict[str, Part]:
    """P2 firms with a project passed by now."""
    rows = standing(books, "D15", "accepted_on", None, EVERYWHERE)
    return coverage(books, "P2", "验收通过的数字化改造项目", rows.having("acceptance", "通过"))


def t05_8(books: Books) -> dict[str, Part]:
    """Smart-manufacturing demonstrations and industrial-internet platforms standing."""
    rows = listed(books)
    return {
        "a": distinct(rows.having("demonstration", "智能制造示范"), *LISTING),
        "b": distinct(rows.having("demonstration", "工业互联网平台"), *LISTING),
    }
