"""Knows which rows set off which award (datasets.md 5.5); leaves what they entitle to to `tally`.

Sources: datasets.md 5.5, 5.8 (1–3); readings B-07, B-20. B-06 and B-09 stand in the clauses themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd

from zjtx_pipeline.awards.firsts import first_listed, first_of, newly_recognised, revoked_on
from zjtx_pipeline.awards.purchases import purchase_units
from zjtx_pipeline.books import Books, once
from zjtx_pipeline.firms import current, in_district, renumbered
from zjtx_pipeline.rules import Award
from zjtx_pipeline.tables import load_tables
from zjtx_pipeline.tables.typed import DATES
from zjtx_pipeline.tiers import members, title_holder, title_key

UNIT = ["clause", "firm", "match"]
COLUMNS = ["clause", "uscc", "name", "trigger_key", "triggered_on", "base_fen", "first", "local", "lost_on"]


@once
def trigger_rows(books: Books) -> pd.DataFrame:
    """Everything that set an award off to the quarter's end, one row a unit.

    Columns: clause, uscc, name, trigger_key, triggered_on, base_fen, `first` (False: a later listing), `local` (在萧 on
    that day), `lost_on` (A01–A04: 撤销 of the title; D16: 移出, by the quarter's end), `firm` and `match`, code and key as
    of the quarter's end.
    """
    rows = _set_off(books)
    rows = rows.assign(firm=current(books, rows["uscc"]), match=matching(books, rows["clause"], rows["trigger_key"]))
    rows = rows.sort_values(["clause", "triggered_on", "uscc", "trigger_key"], kind="stable")
    return rows.drop_duplicates(UNIT).reset_index(drop=True)


@once
def _set_off(books: Books) -> pd.DataFrame:
    grants = [award for award in books.rules.awards.values() if award.is_grant and len(books[award.trigger.table])]
    return pd.concat([_no_triggers(), *(_triggers(books, award)[COLUMNS] for award in grants)], ignore_index=True)


def matching(books: Books, clauses: pd.Series, keys: pd.Series) -> pd.Series:
    """What ties trigger keys to units: the key under the code of the quarter's end, so that what an old code set off meets
    its successor. What two firms set off alike before they merged stays apart, under the old codes (datasets.md 5.1)."""
    own = _under(keys, partial(renumbered, books))
    return _under(keys, partial(current, books)).mask((clauses + "|" + own).isin(_alike(books)), own)


@once
def _alike(books: Books) -> pd.Series:
    """`clause|key` of what several firms set off and what would be one unit under their common successor."""
    rows = _set_off(books)
    own, merged = (_under(rows["trigger_key"], partial(code, books)) for code in (renumbered, current))
    units = pd.DataFrame({"own": rows["clause"] + "|" + own, "merged": rows["clause"] + "|" + merged}).drop_duplicates()
    return units.loc[units.duplicated("merged", keep=False), "own"]


def _under(keys: pd.Series, code: Callable[[pd.Series], pd.Series]) -> pd.Series:
    parts = keys.str.extract(r"^([^|]*)(.*)$")
    return code(parts[0]) + parts[1]


def _no_triggers() -> pd.DataFrame:
    days = {"triggered_on": DATES, "lost_on": DATES}
    kinds = dict.fromkeys(COLUMNS, "str") | days | {"base_fen": "Int64", "first": "bool", "local": "bool"}
    return pd.DataFrame({name: pd.Series([], dtype=kind) for name, kind in kinds.items()})


def _triggers(books: Books, award: Award) -> pd.DataFrame:
    summed = {"D14": _purchases, "D20": _rent_subsidies}.get(award.trigger.table)
    rows = summed(books, award) if summed else _dated(books, award)
    if rows.empty:
        return _no_triggers()
    find = {"D04": _recognitions, "D16": _listings}.get(award.trigger.table)
    rows = (find(books, award, rows) if find else rows).assign(clause=award.id)
    if award.trigger.population is None:
        return rows
    return rows[members(books, award.trigger.population, rows["uscc"], rows["triggered_on"])]


def _dated(books: Books, award: Award) -> pd.DataFrame:
    """The rows of a clause's table that bear its values and happened by the quarter's end, described; as delivered if none."""
    trigger, columns = award.trigger, _columns(award)
    rows = books[trigger.table]
    for header, values in trigger.where.items():
        cells = rows[columns[header]]
        rows = rows[cells.isin([value == "是" for value in values] if cells.dtype == "boolean" else values)]
    if "role" in rows:  # a project of several firms bears its amounts on the lead's row
        rows = rows[rows["role"].eq("牵头")]
    rows = rows.assign(triggered_on=rows[columns[trigger.date]])
    rows = rows[rows["triggered_on"] <= books.day]
    return rows if rows.empty else _described(books, rows, award)


def _described(books: Books, rows: pd.DataFrame, award: Award) -> pd.DataFrame:
    columns, base = _columns(award), award.trigger.base
    holder = current(books, rows["uscc"], rows["triggered_on"])
    return rows.assign(
        trigger_key=_joined(rows, [columns[header] for header in award.trigger.key]),
        base_fen=rows[columns[base]] if base else pd.Series(pd.NA, index=rows.index, dtype="Int64"),
        first=True,
        local=in_district(books, holder, rows["triggered_on"]),
        lost_on=pd.Series(pd.NaT, index=rows.index, dtype=DATES),
    )


def _columns(award: Award) -> dict[str, str]:
    return {header: column.name for header, column in load_tables()[award.trigger.table].by_header().items()}


def _joined(rows: pd.DataFrame, columns: list[str]) -> pd.Series:
    """触发事项键: the key's values joined by “|”, dates in ISO form."""
    key = pd.Series("", index=rows.index, dtype="str")
    for number, column in enumerate(columns):
        cells = rows[column]
        text = cells.dt.strftime("%Y-%m-%d") if cells.dtype.kind == "M" else cells
        key = key + ("|" if number else "") + text.astype("str")
    return key


def _recognitions(books: Books, award: Award, rows: pd.DataFrame) -> pd.DataFrame:
    """A01–A04: a firm's first recognition of each 资质类型, those it succeeded included; later ones set nothing off.

    B-07 read as once ever: only the earliest of all four is `first`.
    """
    rows = rows.sort_values(["triggered_on", "batch", "uscc"])
    rows = rows[first_of(rows, title_key(rows["uscc"], rows["tier"]), [], partial(title_holder, books), books.day)]
    rows = rows.assign(lost_on=revoked_on(books, rows))
    if books.rules.reading("B-07") == "全部层级首次":
        return rows.assign(first=rows.index.isin(_first_ever(books)))
    return rows


@once
def _first_ever(books: Books) -> pd.Index:
    """D04's labels of each firm's first recognition under any of A01–A04; of one day, the earlier clause's."""
    clauses = [award for award in books.rules.awards.values() if award.trigger.table == "D04"]
    rows = pd.concat([_dated(books, award).assign(clause=award.id) for award in clauses])
    rows = rows.sort_values(["triggered_on", "clause", "batch", "uscc"])

    def firm(keys: pd.Series, days: pd.Series) -> pd.Series:
        return title_holder(books, keys, days).str.extract(r"^(.*)\|")[0]

    return rows[first_of(rows, title_key(rows["uscc"], rows["tier"]), [], firm, books.day)].index


def _listings(books: Books, award: Award, rows: pd.DataFrame) -> pd.DataFrame:
    """D16: the first listing counts, later ones are listed; A19 has one unit a year's list (B-20)."""
    rows = rows.sort_values(["triggered_on", "batch", "item_name", "uscc"])
    rows = rows.assign(lost_on=rows["removed_on"].where(rows["removed_on"] <= books.day))
    if "名单年度" in award.trigger.key:
        rows = rows[first_listed(books, rows, "list_year")]
        return rows.assign(first=books.rules.reading("B-20", "频次") == "每名单年度" or first_listed(books, rows))
    return rows.assign(first=newly_recognised(books, award, rows))


def _purchases(books: Books, award: Award) -> pd.DataFrame:
    """A08, A09: payee × year; counted invoices were judged by place one by one."""
    rows = purchase_units(books, award).rename(columns={"firm": "uscc"})
    kept = pd.Series(pd.NaT, index=rows.index, dtype=DATES)
    return rows.assign(trigger_key=_joined(rows, ["uscc", "year"]), first=True, local=True, lost_on=kept)


def _rent_subsidies(books: Books, award: Award) -> pd.DataFrame:
    """A20: firm × quarter with people newly subsidised; the units of the quarter's own delivery (5.8, 3)."""
    rows = books["D20"]
    rows = rows[rows["rent_subsidised_people"] > 0]
    rows = rows.assign(triggered_on=quarter_ends(rows["for_quarter"]))
    return _described(books, rows[rows["triggered_on"] <= books.day], award)


def trigger_keys(award: Award, rows: pd.DataFrame) -> pd.Series:
    """触发事项键 of rows of the clause's table; of purchases, as `counted_purchases` gives them, buyer and year."""
    known = _columns(award)
    return _joined(rows, ["firm", "year"] if award.trigger.table == "D14" else [known[header] for header in award.trigger.key])


def quarter_ends(keys: pd.Series) -> pd.Series:
    """The last day of each quarter named like 2024Q4."""
    year, number = keys.str[:4], keys.str[5:]
    ends = number.map({"1": "-03-31", "2": "-06-30", "3": "-09-30", "4": "-12-31"}).astype("str")
    return pd.to_datetime(year + ends, format="%Y-%m-%d", errors="coerce").astype("datetime64[us]")
