"""Task 2 加快产业链协同发展: chains named, mergers, purchases by chain leaders, projects, firms brought in.

Leaves the list of chains to the rules (R6, reading B-24).
"""

from __future__ import annotations

from zjtx_pipeline.books import Books, found_in
from zjtx_pipeline.firms import current
from zjtx_pipeline.indicators.grants import paid
from zjtx_pipeline.indicators.parts import Part, count, distinct, firms, total
from zjtx_pipeline.indicators.selection import EVERYWHERE, LISTING, coverage, dated, listed, with_firm
from zjtx_pipeline.indicators.standings import firms_of
from zjtx_pipeline.sieve import rows_of
from zjtx_pipeline.tiers import members


def t02_1(books: Books) -> dict[str, Part]:
    """P2 firms whose latest named chain is on the list."""
    rows = rows_of(books, "D03").filled("chain")
    rows = with_firm(books, rows.where(rows["entered_on"] <= books.day, "入库日期在季末之后"))
    latest = rows.frame.sort_values(["entered_on", "pool", "chain"]).drop_duplicates("firm", keep="last")
    rows = rows.only(latest, "企业另有更近的一条填有产业链")
    known = rows["chain"].isin(books.rules.chains.names_on(books.quarter.last_day))
    return coverage(books, "P2", "映射表内的产业链", rows.where(known, "产业链不在映射表内"))


def t02_2(books: Books) -> dict[str, Part]:
    """Mergers and acquisitions signed this year."""
    rows = dated(books, "D07", "signed_on", "Y")
    return {"a": count(rows.having("project_type", "并购重组"))}


def t02_3(books: Books) -> dict[str, Part]:
    """Purchases of chain leaders from suppliers that were in P2 on the contract's day."""
    rows = dated(books, "D08", "contracted_on", "Y")
    rows = rows.where(members(books, "P2", rows["supplier_uscc"], rows["contracted_on"]), "供方合同日期当日不属于P2（专精特新企业）")
    rows = rows.assign(supplier=current(books, rows["supplier_uscc"]))
    return {"a": firms(rows), "b": total(rows, "purchase_fen"), "c": distinct(rows, "supplier")}


def t02_4(books: Books) -> dict[str, Part]:
    """Projects that strengthen chains, what they have invested, and industrial clusters standing."""
    rows = dated(books, "D07", "signed_on", "C").having("project_type", "强链补链")
    clusters = listed(books).having("demonstration", "特色产业集群")
    return {"a": count(rows), "b": total(rows, "invested_fen"), "c": distinct(clusters, *LISTING)}


def t02_5(books: Books) -> dict[str, Part]:
    """Firms brought in this year with a title of P2's, or in P2 by now; a project stands for a firm without a code."""
    rows = dated(books, "D07", "signed_on", "Y", EVERYWHERE).having("project_type", "招引")
    titled = rows["incoming_tier"].isin(books.rules.population_types("P2"))
    wanted = titled | found_in(rows["firm"], firms_of(books, "P2")["firm"])
    rows = rows.where(wanted, "引进企业资质不属P2各层级，企业季末也不属于P2（专精特新企业）")
    return {"a": firms(rows.assign(firm=rows["firm"].fillna("项目 " + rows["project_no"])))}


def t02_6(books: Books) -> dict[str, Part]:
    """Projects of raised funds begun this year; A05 paid."""
    rows = dated(books, "D07", "started_on", "Y")
    return {"a": count(rows.having("project_type", "募投")), "b": paid(books, "A05")}
