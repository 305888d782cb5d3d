"""Task 13 助力企业市场开拓: fairs, launches, e-commerce, brands, public procurement.

Leaves suggested frequencies to the rules.
"""

from __future__ import annotations

from zjtx_pipeline.books import Books
from zjtx_pipeline.indicators.parts import Part, count, total
from zjtx_pipeline.indicators.selection import dated, events, standing


def t13_1(books: Books) -> dict[str, Part]:
    """Fairs and forums this year."""
    rows = events(books, ["展会论坛"])
    return {"a": count(rows), "b": total(rows, "firms")}


def t13_2(books: Books) -> dict[str, Part]:
    """Product launches this year."""
    return {"a": count(events(books, ["新品发布会"]))}


def t13_3(books: Books) -> dict[str, Part]:
    """E-commerce meetings this year; live rooms of brands in use."""
    brands = standing(books, "D24b", "created_on", "stopped_on")
    return {"a": count(events(books, ["电商对接"])), "b": total(brands, "live_rooms")}


def t13_4(books: Books) -> dict[str, Part]:
    """Online brands in use."""
    return {"a": count(standing(books, "D24b", "created_on", "stopped_on"))}


def t13_5(books: Books) -> dict[str, Part]:
    """Public procurement signed this year; how much of it without competition or tender (A25)."""
    rows = dated(books, "D24a", "signed_on", "Y")
    return {
        "a": total(rows, "contract_fen"),
        "b": count(rows.having("method", "单一来源")),
        "c": count(rows.having("method", "不招标")),
    }
