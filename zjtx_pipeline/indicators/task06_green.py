"""Task 6 推进绿色发展赋能: green factories and 领跑者.

Leaves what A17–A19 entitle to to `awards`.
"""

from __future__ import annotations

from zjtx_pipeline.books import Books
from zjtx_pipeline.indicators.grants import money
from zjtx_pipeline.indicators.parts import Part, firms
from zjtx_pipeline.indicators.selection import EVERYWHERE, announced, coverage, dated, standing
from zjtx_pipeline.sieve import Rows

GREEN = "绿色工厂"


def t06_1(books: Books) -> dict[str, Part]:
    """Firms with green factories: new this year, new since the plan began, removed this year."""
    removed = dated(books, "D16", "removed_on", "Y")
    removed = removed.assign(级别=removed["level"])
    return {
        "a": firms(_green(announced(books, "Y"))),
        "b": firms(_green(announced(books, "C"))),
        "c": firms(_green(removed)),
    }


def _green(rows: Rows) -> Rows:
    return rows.having("demonstration", GREEN)


def t06_2(books: Books) -> dict[str, Part]:
    """领跑者 in energy or water, province or state (B-20)."""
    rows = announced(books, "C")
    return {"a": firms(rows.having("demonstration", *books.rules.awards["A19"].trigger.where["示范类型"]))}


def t06_3(books: Books) -> dict[str, Part]:
    """A17–A19: green factories and 领跑者."""
    return money(books, "A17", "A18", "A19")


def t06_4(books: Books) -> dict[str, Part]:
    """P2 firms that hold a green factory of any level."""
    held = standing(books, "D16", "announced_on", "removed_on", EVERYWHERE)
    return coverage(books, "P2", "未移出的绿色工厂", _green(held))
