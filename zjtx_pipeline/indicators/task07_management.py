"""Task 7 深化管理对标提升: star ratings, provincial benchmarks, service platforms, management services.

Leaves P12 to `tiers`.
"""

from __future__ import annotations

from zjtx_pipeline.books import Books, found_in
from zjtx_pipeline.indicators.parts import Part, count, distinct, firms, total
from zjtx_pipeline.indicators.readings import new_or_all
from zjtx_pipeline.indicators.selection import (
    EVERYWHERE,
    LISTING,
    coverage,
    dated,
    events,
    listed,
    since,
    standing,
    with_firm,
)
from zjtx_pipeline.sieve import rows_of


def t07_1(books: Books) -> dict[str, Part]:
    """P12 firms with a star rating; a rating does not run out (Q07)."""
    return coverage(books, "P12", "星级评价", standing(books, "D17", "rated_on", None, EVERYWHERE))


def t07_2(books: Books) -> dict[str, Part]:
    """Provincial benchmarks standing, first listed since the plan began (Q08, B-19); earlier ones beside."""
    first, rows = since(books, "C"), listed(books).having("demonstration", "管理标杆")
    ever = with_firm(books, rows_of(books, "D16").having("demonstration", "管理标杆")).frame
    early = found_in(rows["firm"], ever.loc[(ever["announced_on"] < first) & (ever["announced_on"] <= books.day), "firm"])
    return {
        "a": firms(rows.where(new_or_all(books, early), f"企业在{first.date()}之前已列入")),
        "b": firms(rows.where(early, f"企业在{first.date()}之前没有列入")),
    }


def t07_3(books: Books) -> dict[str, Part]:
    """Public service platforms standing."""
    rows = listed(books)
    return {"a": distinct(rows.having("demonstration", "公共服务平台"), *LISTING)}


def t07_4(books: Books) -> dict[str, Part]:
    """Firms that had a management diagnosis, or advice, this year."""
    rows = dated(books, "D22b", "served_on", "Y")
    return {"a": firms(rows.having("item", "管理诊断")), "b": firms(rows.having("item", "管理咨询"))}


def t07_5(books: Books) -> dict[str, Part]:
    """Management training this year."""
    rows = events(books, ["管理培训"])
    return {"a": count(rows), "b": total(rows, "attendances")}
