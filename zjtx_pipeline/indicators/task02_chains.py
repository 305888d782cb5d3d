"""Task 2 加快产业链协同发展: chains named, mergers, purchases by chain leaders, projects, firms brought in.

Leaves the list of chains to the rules (R6, reading B-24).
"""

from __future__ import annotations

from zjtx_pipeline.books import Books, found_in
from zjtx_pipeline.firms import current
from zjtx_pipeline.indicators.grants import paid
from zjtx_pipeline.indicators.parts import Part, count, distinct, firms, total
from zjtx_pipeline.indicators.selection import EVERYWHERE, LISTING, coverage, dated, listed, with_firm
from zjtx_pipeline.tiers import members, roster


def t02_1(books: Books) -> dict[str, Part]:
    """P2 firms whose latest named chain is on the list."""
    rows = books["D03"]
    rows = with_firm(books, rows[rows["chain"].notna() & (rows["entered_on"] <= books.day)])
    latest = rows.sort_values(["entered_on", "pool", "chain"]).drop_duplicates("firm", keep="last")
    named = latest[latest["chain"].isin(books.rules.chains.names_on(books.quarter.last_day))]
    return coverage(books, "P2", named)


def t02_2(books: Books) -> dict[str, Part]:
    """Mergers and acquisitions signed this year."""
    rows = dated(books, "D07", "signed_on", "Y")
    return {"a": count(rows[rows["project_type"].eq("并购重组")])}


def t02_3(books: Books) -> dict[str, Part]:
    """Purchases of chain leaders from suppliers that were in P2 on the contract's day."""
    rows = dated(books, "D08", "contracted_on", "Y")
    rows = rows[members(books, "P2", rows["supplier_uscc"], rows["contracted_on"])]
    rows = rows.assign(supplier=current(books, rows["supplier_uscc"]))
    return {"a": firms(rows), "b": total(rows, "purchase_fen"), "c": distinct(rows, "supplier")}


def t02_4(books: Books) -> dict[str, Part]:
    """Projects that strengthen chains, what they have invested, and industrial clusters standing."""
    rows, standing = dated(books, "D07", "signed_on", "C"), listed(books)
    rows = rows[rows["project_type"].eq("强链补链")]
    clusters = standing[standing["demonstration"].eq("特色产业集群")]
    return {"a": count(rows), "b": total(rows, "invested_fen"), "c": distinct(clusters, *LISTING)}


def t02_5(books: Books) -> dict[str, Part]:
    """Firms brought in this year with a title of P2's, or in P2 by now; a project stands for a firm without a code."""
    rows = dated(books, "D07", "signed_on", "Y", EVERYWHERE)
    rows = rows[rows["project_type"].eq("招引")]
    titled = rows["incoming_tier"].isin(books.rules.population_types("P2"))
    rows = rows[titled | found_in(rows["firm"], roster(books, "P2")["firm"])]
    return {"a": firms(rows.assign(firm=rows["firm"].fillna("项目 " + rows["project_no"])))}


def t02_6(books: Books) -> dict[str, Part]:
    """Projects of raised funds begun this year; A05 paid."""
    rows = dated(books, "D07", "started_on", "Y")
    return {"a": count(rows[rows["project_type"].eq("募投")]), "b": paid(books, "A05")}
