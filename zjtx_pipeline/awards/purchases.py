"""Knows which purchases of D14 count (A08, A09); leaves what they entitle to to `tally`.

Sources: datasets.md D14, 5.8 (2); readings B-02…B-05.
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.books import Books, once
from zjtx_pipeline.firms import current, in_district

FIRST_SETS = "首台套"


@once
def counted_purchases(books: Books) -> pd.DataFrame:
    """D14's rows that count, invoiced to the quarter's end, with `firm`, the buyer's code at the quarter's end, and `year`.

    Product listed and the seller's own on the contract's day, seller 在萧 that day, buyer 在萧 on the invoice's,
    not related; a red invoice is judged like any row.
    """
    rows = books["D14"]
    rows = rows[(rows["invoiced_on"] <= books.day) & ~rows["is_related_party"].fillna(True)]
    rows = rows[_local(books, rows["uscc"], rows["invoiced_on"])]
    rows = rows[_local(books, rows["supplier_uscc"], rows["contracted_on"])]
    rows = rows[_listed(books, rows)]
    return rows.assign(firm=current(books, rows["uscc"]), year=rows["invoiced_on"].dt.year)


def _local(books: Books, codes: pd.Series, days: pd.Series) -> pd.Series:
    return in_district(books, current(books, codes, days), days)


def _listed(books: Books, rows: pd.DataFrame) -> pd.Series:
    """Was the product the seller's and on the list on the contract's day? A08 asks for 首台套, A09 for any 类别."""
    products = books["D13"][["product_no", "uscc", "category", "recognised_on", "removed_on"]]
    bought = rows[["product_no", "supplier_uscc", "contracted_on", "purchase_type"]].assign(row=range(len(rows)))
    pairs = bought.merge(products, on="product_no", validate="m:m")
    day = pairs["contracted_on"]
    own = current(books, pairs["supplier_uscc"], day) == current(books, pairs["uscc"], day)
    on_list = (pairs["recognised_on"] <= day) & ~(pairs["removed_on"] <= day)
    asked = pairs["category"].eq(FIRST_SETS) | pairs["purchase_type"].ne(f"{FIRST_SETS}采购")
    return bought["row"].isin(pairs.loc[own & on_list & asked, "row"])


def purchase_units(books: Books, purchase_type: str) -> pd.DataFrame:
    """Buyer × calendar year of invoice: firm, year, name, base_fen, triggered_on (the last counted invoice's day)."""
    rows = counted_purchases(books)
    rows = rows[rows["purchase_type"].eq(purchase_type)].sort_values(["invoiced_on", "name"])
    tied = rows.groupby(["firm", "year"], sort=False)
    sums = tied.agg(name=("name", "last"), base_fen=("net_purchase_fen", "sum"), triggered_on=("invoiced_on", "max"))
    return sums.reset_index()
