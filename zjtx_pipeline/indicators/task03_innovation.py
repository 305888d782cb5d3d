"""Task 3 提升技术创新能力: own R&D organs, invention patents, GB/T 29490, tax relief, projects.

Leaves the populations to `tiers`.
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.books import Books, found_in
from zjtx_pipeline.indicators.parts import Counted, Part, distinct, firms, share, total
from zjtx_pipeline.indicators.readings import holding, rated
from zjtx_pipeline.indicators.selection import EVERYWHERE, LOCAL, among, coverage, dated, standing, with_firm
from zjtx_pipeline.indicators.task01_tiers import express_report
from zjtx_pipeline.tiers import roster


def t03_1(books: Books) -> dict[str, Part]:
    """P2 firms with an R&D organ of their own, officially recognised (Q03, B-23)."""
    organs = _own_organs(books, standing(books, "D09", "recognised_on", "revoked_on", EVERYWHERE))
    return coverage(books, "P2", organs)


def _own_organs(books: Books, rows: pd.DataFrame) -> pd.DataFrame:
    """Built alone or jointly, and of a type that counts as a firm's own."""
    own = books.rules.lists["D09.类型"].group("自有机构")
    return rows[rows["organ_type"].isin(own) & rows["built_by"].ne("参与")]


def t03_2(books: Books) -> dict[str, Part]:
    """P2 firms among the holders of an invention patent in force (Q04, B-23)."""
    rows = standing(books, "D10", "granted_on", "lapsed_on", EVERYWHERE)
    return coverage(books, "P2", rows[rows["patent_type"].eq("发明") & holding(books, rows)])


def t03_3(books: Books) -> dict[str, Part]:
    """Firms of P2 on the due day and still, without 贯标 (Q05, B-12); b the same for all of P2 now; the frozen set."""
    due = pd.Timestamp(books.rules.targets["Q05"].due)
    frozen, now, done = roster(books, "P2", min(books.day, due)), roster(books, "P2"), CLEARED[books.rules.reading("B-12")](books)
    kept = frozen[found_in(frozen["firm"], now["firm"])]
    return {
        "a": firms(kept[~found_in(kept["firm"], done["firm"])]),
        "b": firms(now[~found_in(now["firm"], done["firm"])]),
        "c": firms(frozen),
        "d": firms(frozen[~found_in(frozen["firm"], now["firm"])]),
    }


def _standardised(books: Books) -> pd.DataFrame:
    """贯标 on the quarter's last day: a certificate in force, or an evaluation passed."""
    rows = standing(books, "D11", "issued_on", None, EVERYWHERE)
    certified = rows["record_type"].eq("认证证书") & rows["status"].eq("有效") & (rows["valid_to"] >= books.day)
    return rows[certified | (rows["record_type"].eq("贯标评价") & rows["conclusion"].eq("通过"))]


def _with_patents(books: Books) -> pd.DataFrame:
    """B-12 read the other way: patents of any kind in force, whoever of its holders the firm is."""
    return standing(books, "D10", "granted_on", "lapsed_on", EVERYWHERE)


CLEARED = {"无未贯标企业": _standardised, "无零知识产权企业": _with_patents}


def t03_4(books: Books) -> dict[str, Part]:
    """小巨人 with an evaluation of results, dated and graded (Q06, B-13)."""
    rows = standing(books, "D11", "rated_on", None, EVERYWHERE)
    return coverage(books, "P4", rows[rated(books, rows)])


def t03_5(books: Books) -> dict[str, Part]:
    """Super-deduction of the latest settled year: the sum over P2, else the district's, else firms 在萧 at year's end."""
    rows = books["D25"]
    rows = rows[rows["year"] <= books.quarter.year - 1]
    rows = rows[rows["year"].eq(rows["year"].max())]
    for scope in ("P2", "全区"):
        if rows["scope"].eq(scope).any():
            rows = rows[rows["scope"].eq(scope)]
            return {"a": total(rows, "households"), "b": total(rows, "deduction_fen")}
    year_end = pd.to_datetime(rows["year"].astype("str") + "-12-31", format="%Y-%m-%d").astype("datetime64[us]")
    rows = with_firm(books, rows[among(books, LOCAL, rows["uscc"], year_end)])
    return {"a": firms(rows), "b": total(rows, "deduction_fen")}


def t03_6(books: Books) -> dict[str, Part]:
    """Key R&D projects, and projects of the two special programmes, established this year."""
    rows = projects(books)
    return {"a": _of(rows, "重点研发"), "b": _of(rows, "产业基础再造", "制造业高质量发展")}


def projects(books: Books) -> pd.DataFrame:
    """D12's projects established this year by firms 在萧."""
    rows = dated(books, "D12", "established_on", "Y")
    return rows.assign(级别=rows["level"])


def _of(rows: pd.DataFrame, *categories: str) -> Counted:
    return distinct(rows[rows["category"].isin(categories)], "project_no")


def t03_7(books: Books) -> dict[str, Part]:
    """Patent navigation, high-value portfolios, IP alliances established this year."""
    rows = projects(books)
    return {"a": _of(rows, "专利导航"), "b": _of(rows, "高价值组合"), "c": _of(rows, "IP联盟")}


def t03_8(books: Books) -> dict[str, Part]:
    """R&D expense as a share of revenue in this quarter's cumulative report."""
    rows = express_report(books, str(books.quarter))
    return {"a": share(), "b": total(rows, "rd_expense_fen"), "c": total(rows, "revenue_fen")}


def t03_9(books: Books) -> dict[str, Part]:
    """Firms whose own organ rose above their best level before; firms that joined a platform."""
    rows = dated(books, "D09", "recognised_on", "Y")
    shared = rows[rows["organ_type"].isin(books.rules.lists["D09.类型"].group("参与平台"))]
    return {"a": firms(_risen(books, _own_organs(books, rows))), "b": firms(shared)}


def _risen(books: Books, rows: pd.DataFrame) -> pd.DataFrame:
    """Organs at a higher level than every own organ that the firm had before."""
    ranks = {level: rank for rank, level in enumerate(books.rules.lists["D09.级别"].names)}  # 国家级 first
    before = _own_organs(books, with_firm(books, books["D09"]))[["firm", "recognised_on", "level"]]
    pairs = rows.assign(row=range(len(rows))).merge(before, on="firm", suffixes=("", "_before"), validate="m:m")
    pairs = pairs[pairs["recognised_on_before"] < pairs["recognised_on"]]
    best = pairs.assign(rank=pairs["level"].map(ranks), best=pairs["level_before"].map(ranks)).groupby("row")
    return pairs[pairs["row"].isin(best["rank"].min().index[best["rank"].min() < best["best"].min()])]
