"""Knows which purchases of D14 count (A08, A09), for how much, and to whom; leaves what they entitle to to `tally`.

Sources: datasets.md D14, 5.8 (2); readings B-02…B-05.
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.books import Books, once
from zjtx_pipeline.firms import current, in_district
from zjtx_pipeline.rules import Award

FIRST_SETS = "首台套采购"
CATEGORIES = {"仅首台（套）": ["首台套"], "含首批次首版次": ["首台套", "首批次", "首版次"]}  # B-05
PAYEES = {"采购方": ("firm", "name"), "销售方": ("seller", "supplier_name")}  # B-03
BY_UNIT = ["firm", "year"]


@once
def counted_purchases(books: Books) -> pd.DataFrame:
    """D14's rows that count, invoiced to the quarter's end: `firm` and `seller` by their codes then, `year`, `amount_fen`.

    Product listed and the seller's own on the contract's day, seller 在萧 that day, buyer 在萧 on the invoice's,
    not related; a red invoice is judged like any row. B-03 may ask less of the buyer.
    """
    rows = books["D14"]
    rows = rows[rows["invoiced_on"] <= books.day]
    rows = rows[_at_arms_length(books, rows) & _buyer_counts(books, rows)]
    rows = rows[_local(books, rows["supplier_uscc"], rows["contracted_on"])]
    rows = rows[_listed(books, rows)]
    parties = {"firm": current(books, rows["uscc"]), "seller": current(books, rows["supplier_uscc"])}
    return rows.assign(**parties, year=rows["invoiced_on"].dt.year, amount_fen=_amounts(books, rows))


def _at_arms_length(books: Books, rows: pd.DataFrame) -> pd.Series:
    """B-03: not between related firms, unless these count too; who does not say is taken for related."""
    if books.rules.reading("B-03", "关联方") == "计入":
        return pd.Series(True, index=rows.index)
    return ~rows["is_related_party"].fillna(True).astype(bool)


def _buyer_counts(books: Books, rows: pd.DataFrame) -> pd.Series:
    """B-03: the buyer is 在萧 on the invoice's day, unless any buyer counts."""
    if books.rules.reading("B-03", "采购方地域") == "不限":
        return pd.Series(True, index=rows.index)
    return _local(books, rows["uscc"], rows["invoiced_on"])


def _local(books: Books, codes: pd.Series, days: pd.Series) -> pd.Series:
    return in_district(books, current(books, codes, days), days)


def _listed(books: Books, rows: pd.DataFrame) -> pd.Series:
    """Is the product the seller's, by their codes of the quarter's end, and was it on the list on the contract's day? A08 asks for B-05's 类别, A09 for any."""
    products = books["D13"][["product_no", "uscc", "category", "recognised_on", "removed_on"]]
    bought = rows[["product_no", "supplier_uscc", "contracted_on", "purchase_type"]].assign(row=range(len(rows)))
    pairs = bought.merge(products, on="product_no", validate="m:m")
    day = pairs["contracted_on"]
    own = current(books, pairs["supplier_uscc"]) == current(books, pairs["uscc"])
    on_list = (pairs["recognised_on"] <= day) & ~(pairs["removed_on"] <= day)
    asked = pairs["category"].isin(CATEGORIES[books.rules.reading("B-05")]) | pairs["purchase_type"].ne(FIRST_SETS)
    return bought["row"].isin(pairs.loc[own & on_list & asked, "row"])


def _amounts(books: Books, rows: pd.DataFrame) -> pd.Series:
    """B-04: what of each row is 采购额, in fen."""
    given = {"不含税发票额": _net, "含税发票额": _with_tax, "合同额": _contracts}
    return given[books.rules.reading("B-04")](rows)


def _net(rows: pd.DataFrame) -> pd.Series:
    return rows["net_purchase_fen"]


def _with_tax(rows: pd.DataFrame) -> pd.Series:
    return rows["net_purchase_fen"] + rows["tax_fen"]


def _contracts(rows: pd.DataFrame) -> pd.Series:
    """A contract's sum on its first invoice, 0 on its others; red invoices take nothing off."""
    bought = rows[rows["net_purchase_fen"] >= 0].sort_values(["invoiced_on", "invoice_no", "product_no"])
    first = bought.drop_duplicates(["uscc", "supplier_uscc", "contract_no"])
    return first["contract_fen"].reindex(rows.index, fill_value=0)


def purchase_units(books: Books, award: Award) -> pd.DataFrame:
    """Payee × calendar year of invoice: firm, year, name, base_fen, triggered_on (the last counted invoice's day)."""
    tied = _paid_for(books, award).groupby(BY_UNIT, sort=False)
    sums = tied.agg(name=("payee", "last"), base_fen=("amount_fen", "sum"), triggered_on=("invoiced_on", "max"))
    return sums.reset_index()


def product_bases(books: Books, award: Award) -> pd.DataFrame:
    """The same by product: firm, year, product_no, base_fen."""
    tied = _paid_for(books, award).groupby([*BY_UNIT, "product_no"])
    return tied.agg(base_fen=("amount_fen", "sum")).reset_index()


def payee(books: Books, award: Award) -> tuple[str, str]:
    """The columns of the counted rows that hold code and name of whoever a clause pays: A08 as B-03 says, A09 the buyer."""
    first_sets = FIRST_SETS in award.trigger.where["采购类别"]
    return PAYEES[books.rules.reading("B-03") if first_sets else "采购方"]


def _paid_for(books: Books, award: Award) -> pd.DataFrame:
    """The counted rows of a clause, `firm` and `payee` code and name of whoever is paid, by day.

    Of the year in which the clause begins to pay only the invoices since then: an earlier one cannot join their unit.
    """
    (purchase_type,), begins = award.trigger.where["采购类别"], pd.Timestamp(award.valid_from)
    rows = counted_purchases(books)
    early = rows["year"].eq(begins.year) & (rows["invoiced_on"] < begins)
    rows = rows[rows["purchase_type"].eq(purchase_type) & ~early]
    code, name = payee(books, award)
    return rows.assign(firm=rows[code], payee=rows[name]).sort_values(["invoiced_on", "payee"])
