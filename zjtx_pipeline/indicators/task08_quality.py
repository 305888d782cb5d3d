"""Task 8 促进品牌质量建设: one-stop platforms, quality officers, standards, brands, prizes.

Leaves P2 on a day to `tiers`.
"""

from __future__ import annotations

from zjtx_pipeline.books import Books
from zjtx_pipeline.indicators.parts import Part, distinct, firms, total
from zjtx_pipeline.indicators.selection import LOCAL, dated, standing, valid
from zjtx_pipeline.sieve import Rows


def _standing(books: Books, item: str, population: str = "P2") -> Rows:
    """D18's records of one kind in force on the quarter's last day."""
    rows = standing(books, "D18", "dated_on", None, population)
    rows = valid(rows.having("item", item), books.day)
    return rows.assign(级别=rows["level"])


def _of_period(books: Books, item: str, period: str) -> Rows:
    rows = dated(books, "D18", "dated_on", period, "P2").having("item", item)
    return rows.assign(级别=rows["level"])


def t08_1(books: Books) -> dict[str, Part]:
    """One-stop platforms standing; firms served through them this year."""
    served = dated(books, "D22b", "served_on", "Y")
    return {
        "a": distinct(_standing(books, "一站式平台", LOCAL), "firm", "item_no"),
        "b": firms(served.having("channel", "一站式平台")),
    }


def t08_2(books: Books) -> dict[str, Part]:
    """P2 firms with a chief quality officer; with a chief of standards."""
    return {"a": firms(_standing(books, "首席质量官")), "b": firms(_standing(books, "标准总师"))}


def t08_3(books: Books) -> dict[str, Part]:
    """Standards of this year that P2 firms led; took part in."""
    return {
        "a": distinct(_of_period(books, "主导标准", "Y"), "item_no"),
        "b": distinct(_of_period(books, "参与标准", "Y"), "item_no"),
    }


def t08_4(books: Books) -> dict[str, Part]:
    """Secretariats of standards committees with P2 firms."""
    return {"a": distinct(_standing(books, "标委会秘书处"), "firm", "item_no")}


def t08_5(books: Books) -> dict[str, Part]:
    """Standardisation pilots of P2 firms."""
    return {"a": distinct(_standing(books, "标准化试点"), "firm", "item_no")}


def t08_6(books: Books) -> dict[str, Part]:
    """P2 firms with 品字标."""
    return {"a": firms(_standing(books, "品字标"))}


def t08_7(books: Books) -> dict[str, Part]:
    """P2 firms with a government quality prize since the plan began."""
    return {"a": firms(_of_period(books, "政府质量奖", "C"))}


def t08_8(books: Books) -> dict[str, Part]:
    """P2 firms in the IP experts' and volunteers' service this year; its sessions."""
    rows = _of_period(books, "IP专家志愿", "Y")
    return {"a": firms(rows), "b": total(rows, "sessions")}
