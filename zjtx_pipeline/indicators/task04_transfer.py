"""Task 4 推动科研成果转化: challenges taken up, deals, first-of-kind products and who buys them.

Leaves what A06–A09 entitle to to `awards`.
"""

from __future__ import annotations

from zjtx_pipeline.books import Books
from zjtx_pipeline.indicators.grants import money, paid, paid_firms, purchases
from zjtx_pipeline.indicators.parts import Counted, Part, count, distinct, firms, total
from zjtx_pipeline.indicators.selection import dated, events, since


def t04_1(books: Books) -> dict[str, Part]:
    """Challenges taken up this year; meetings of supply and demand."""
    rows = dated(books, "D12", "established_on", "Y")
    return {
        "a": distinct(rows.having("category", "揭榜"), "project_no"),
        "b": count(events(books, ["供需对接", "技术成果对接"])),
    }


def t04_2(books: Books) -> dict[str, Part]:
    """Technology deals registered this year; A06 paid."""
    return {"a": total(dated(books, "D12", "contract_registered_on", "Y"), "deal_fen"), "b": paid(books, "A06")}


def t04_3(books: Books) -> dict[str, Part]:
    """First sets, batches and versions recognised this year; A07 paid."""
    return {
        "a": _products(books, "首台套"),
        "b": _products(books, "首批次"),
        "c": _products(books, "首版次"),
        "d": paid(books, "A07"),
    }


def _products(books: Books, category: str) -> Counted:
    rows = dated(books, "D13", "recognised_on", "Y").having("category", category)
    return distinct(rows.assign(级别=rows["level"]), "product_no")


def t04_4(books: Books) -> dict[str, Part]:
    """A08, by year of invoice: buyer × year, a tenth of what counts, at most the cap."""
    return money(books, "A08")


def t04_5(books: Books) -> dict[str, Part]:
    """Products of the province's trial plan and of the city's catalogue this year."""
    return {"a": _products(books, "省新产品试制"), "b": _products(books, "杭州创新目录")}


def t04_6(books: Books) -> dict[str, Part]:
    """A09: firms rewarded, money paid, firms that bought first."""
    bought = purchases(books).having("purchase_type", "首购首用")
    bought = bought.where(bought["invoiced_on"] >= since(books, "C"), "发票日期在计划期之前")
    return {"a": paid_firms(books, "A09"), "b": paid(books, "A09"), "c": firms(bought)}
