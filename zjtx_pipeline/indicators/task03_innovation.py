"""Task 3 提升技术创新能力: own R&D organs, invention patents, GB/T 29490, tax relief, projects.

Leaves the populations to `tiers`.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from zjtx_pipeline.books import Books, found_in
from zjtx_pipeline.indicators.parts import Counted, Part, distinct, firms, share, total
from zjtx_pipeline.indicators.readings import holding, rated
from zjtx_pipeline.indicators.selection import EVERYWHERE, LOCAL, among, coverage, dated, standing, with_firm
from zjtx_pipeline.indicators.standings import firms_of
from zjtx_pipeline.indicators.task01_tiers import express_report
from zjtx_pipeline.sieve import Rows, rows_of


def t03_1(books: Books) -> dict[str, Part]:
    """P2 firms with an R&D organ of their own, officially recognised (Q03, B-23)."""
    organs = _own_organs(books, standing(books, "D09", "recognised_on", "revoked_on", EVERYWHERE))
    return coverage(books, "P2", "有效的自有研发机构", organs)


def _own_organs(books: Books, rows: Rows) -> Rows:
    """Built alone or jointly, and of a type that counts as a firm's own."""
    rows = rows.having("organ_type", *books.rules.lists["D09.类型"].group("自有机构"))
    return rows.where(rows["built_by"].ne("参与"), "建设方式是参与")


def t03_2(books: Books) -> dict[str, Part]:
    """P2 firms among the holders of an invention patent in force (Q04, B-23)."""
    rows = standing(books, "D10", "granted_on", "lapsed_on", EVERYWHERE)
    rows = rows.having("patent_type", "发明")
    return coverage(books, "P2", "有效发明专利", rows.where(holding(books, rows), "企业不是第一权利人"))


def t03_3(books: Books) -> dict[str, Part]:
    """Firms of P2 on the due day and still, without 贯标 (Q05, B-12); b the same for all of P2 now; the frozen set.

    Beside it the same with P3 in place of P2, then and now (B-14).
    """
    plain, strict = (_uncertified(books, population) for population in ("P2", "P3"))
    return {part: firms(rows, 口径=strict[part]) for part, rows in plain.items()}


def _uncertified(books: Books, population: str) -> dict[str, Rows]:
    due = pd.Timestamp(books.rules.targets["Q05"].due)
    now, done = firms_of(books, population), CLEARED[books.rules.reading("B-12")](books)
    frozen = firms_of(books, population, min(books.day, due)).resting_on(f"季末{population}", lambda: now.behind[0][1]())
    stays, name = found_in(frozen["firm"], now["firm"]), books.rules.tiers.populations[population].name
    return {
        "a": _without(frozen.where(stays, f"季末已不属于{population}（{name}）"), done),
        "b": _without(now, done),
        "c": frozen,
        "d": frozen.where(~stays, f"季末仍属于{population}（{name}）"),
    }


def standardised(books: Books) -> Rows:
    """贯标 on the quarter's last day: a certificate in force, or an evaluation passed."""
    rows = standing(books, "D11", "issued_on", None, EVERYWHERE)
    certified = rows["record_type"].eq("认证证书") & rows["status"].eq("有效") & (rows["valid_to"] >= books.day)
    passed = rows["record_type"].eq("贯标评价") & rows["conclusion"].eq("通过")
    return rows.where(certified | passed, "认证证书季末不在有效期或状态不是有效；贯标评价未通过")


def _with_patents(books: Books) -> Rows:
    """B-12 read the other way: patents of any kind in force, whoever of its holders the firm is."""
    return standing(books, "D10", "granted_on", "lapsed_on", EVERYWHERE)


CLEARED = {"无未贯标企业": standardised, "无零知识产权企业": _with_patents}


def _without(every: Rows, done: Rows) -> Rows:
    return every.where(~found_in(every["firm"], done["firm"]), "已贯标").resting_on("贯标", lambda: done)


def t03_4(books: Books) -> dict[str, Part]:
    """小巨人 with an evaluation of results, dated and graded (Q06, B-13)."""
    rows = standing(books, "D11", "rated_on", None, EVERYWHERE)
    return coverage(books, "P4", "绩效评价等级", rows.where(rated(books, rows), "绩效等级未填，或低于所要求的等级"))


SCOPES = {"P2": "专精特新企业（P2）", "全区": "全区"}  # D25.汇总范围, the first that was delivered
ONE_BY_ONE = "在萧企业逐户相加"


def t03_5(books: Books) -> dict[str, Part]:
    """Super-deduction of the latest settled year: the sum over P2, else the district's, else firms 在萧 at year's end."""
    rows = rows_of(books, "D25")
    rows = rows.where(rows["year"] <= books.quarter.year - 1, "年度晚于上年")
    latest = rows["year"].max()
    rows = rows.where(rows["year"].eq(latest), "不是最近一个已汇算年度")
    told = {} if pd.isna(latest) else {"year": int(latest)}
    for scope, name in SCOPES.items():
        if rows["scope"].eq(scope).any():
            rows, told = rows.having("scope", scope), told | {"scope": name}
            return {"a": replace(total(rows, "households"), **told), "b": replace(total(rows, "deduction_fen"), **told)}
    year_end = pd.to_datetime(rows["year"].astype("str") + "-12-31", format="%Y-%m-%d").astype("datetime64[us]")
    rows = with_firm(books, rows.where(among(books, LOCAL, rows["uscc"], year_end), "企业年末不在萧"))
    told |= {"scope": ONE_BY_ONE} if told else {}
    return {"a": replace(firms(rows), **told), "b": replace(total(rows, "deduction_fen"), **told)}


def t03_6(books: Books) -> dict[str, Part]:
    """Key R&D projects, and projects of the two special programmes, established this year."""
    rows = projects(books)
    return {"a": _of(rows, "重点研发"), "b": _of(rows, "产业基础再造", "制造业高质量发展")}


def projects(books: Books) -> Rows:
    """D12's projects established this year by firms 在萧."""
    rows = dated(books, "D12", "established_on", "Y")
    return rows.assign(级别=rows["level"])


def _of(rows: Rows, *categories: str) -> Counted:
    return distinct(rows.having("category", *categories), "project_no")


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
    shared = rows.having("organ_type", *books.rules.lists["D09.类型"].group("参与平台"))
    return {"a": firms(_risen(books, _own_organs(books, rows))), "b": firms(shared)}


def _risen(books: Books, rows: Rows) -> Rows:
    """Organs at a higher level than every own organ that the firm had before."""
    ranks = {level: rank for rank, level in enumerate(books.rules.lists["D09.级别"].names)}  # 国家级 first
    before = _own_organs(books, with_firm(books, rows_of(books, "D09")))
    before, own = before.frame[["firm", "recognised_on", "level"]], rows.frame.assign(row=rows.frame.index)
    pairs = own.merge(before, on="firm", suffixes=("", "_before"), validate="m:m")
    pairs = pairs[pairs["recognised_on_before"] < pairs["recognised_on"]]
    best = pairs.assign(rank=pairs["level"].map(ranks), best=pairs["level_before"].map(ranks)).groupby("row")
    risen = best["rank"].min().index[best["rank"].min() < best["best"].min()]
    return rows.where(rows.frame.index.isin(risen), "此前没有自有研发机构，或级别不高于此前最高级别")
