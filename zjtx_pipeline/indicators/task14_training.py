"""Task 14 加强企业培训交流: special training, audiences, guidance, services.

Leaves suggested frequencies to the rules.
"""

from __future__ import annotations

from zjtx_pipeline.books import Books
from zjtx_pipeline.indicators.parts import Part, count, firms, total
from zjtx_pipeline.indicators.readings import special, special_asks
from zjtx_pipeline.indicators.selection import dated, events
from zjtx_pipeline.sieve import rows_of


def t14_1(books: Books) -> dict[str, Part]:
    """Special training on 专精特新 with proof of attendance this year (Q11, B-18); other years beside."""
    rows = rows_of(books, "D23")
    rows = rows.where(special(books, rows), special_asks(books))
    rows = rows.where(rows["held_on"] <= books.day, "日期在季末之后")
    rows = rows.assign(年度=rows["held_on"].dt.year.astype("str"))
    return {"a": count(rows.where(rows["年度"].eq(str(books.quarter.year)), "不在本年"), 年度=rows)}


def t14_2(books: Books) -> dict[str, Part]:
    """Attendances at special and management training this year, by audience."""
    rows = events(books, ["专题培训", "管理培训"])
    return {"a": total(rows, "managers"), "b": total(rows, "professionals"), "c": total(rows, "workers")}


def t14_3(books: Books) -> dict[str, Part]:
    """Training on how to apply, this year."""
    return {"a": count(events(books, ["申报政策培训会"]))}


def t14_4(books: Books) -> dict[str, Part]:
    """Firms given special guidance this year."""
    rows = dated(books, "D22b", "served_on", "Y")
    return {"a": firms(rows.having("item", "专项指导"))}


def t14_5(books: Books) -> dict[str, Part]:
    """Services to firms this year: applications, legal aid, management advice, finance."""
    rows = dated(books, "D22b", "served_on", "Y")
    kinds = {"a": "项目申报", "b": "法律援助", "c": "管理咨询", "d": "金融服务"}
    return {letter: count(rows.having("item", kind)) for letter, kind in kinds.items()}
