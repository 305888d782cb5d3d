"""Knows how published lists look: title rows, several headings and sheets, names without codes, whole provinces.

Leaves opening the workbook to `sources`, and whose firms they are to `compared`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from zjtx_pipeline.codes import credit_code_faults, normal_form
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.facts.register import plain_names
from zjtx_pipeline.sources import Origin, Raw
from zjtx_pipeline.sources.workbook import read_sheets
from zjtx_pipeline.tables import Column, Table, comparable

HEADERS = {
    "name": ("企业名称", "企业名称(全称)", "企业全称", "单位名称", "公司名称", "申报企业", "申报单位", "名称"),
    "uscc": ("统一社会信用代码", "社会信用代码", "统一信用代码", "信用代码"),
    "place": (
        "区县", "所在区县", "区、县(市)", "区县(市)", "县(市、区)", "县(市区)", "县市区", "所在县(市、区)", "所属区县", "所在地",
        "所在地区", "所属地区", "地区", "属地", "省份", "省市", "市", "地市", "设区市", "所在市", "推荐单位",
    ),
}  # fmt: skip
ROW = ["name", "uscc", "region", "key", "where"]
PUBLICITY = "公示"
_SUM = re.compile(r"(?:合计|总计|小计|共计)")
_NOTE = re.compile(r"(?:注|备注|说明)[:：]")
_HEADING = re.compile(r"[一二三四五六七八九十]+、|[（(][一二三四五六七八九十]+[）)]|.*名单(?:[（(].*[）)])?$")
_SERIAL_AFTER = re.compile(r"-\d{5,}$")  # some lists bear the applicant's number behind the name


def _table() -> Table:
    """The headers of a list in the form that the reader of workbooks looks for."""
    columns = {
        f"{kind}{number}": Column(f"{kind}{number}", header, "text", True, None)
        for kind, headers in HEADERS.items()
        for number, header in enumerate(headers)
    }
    return Table("名单", "公布名单", (), "workbook", "T", (), columns, {})


LIST = _table()
_KIND = {comparable(header): kind for kind, headers in HEADERS.items() for header in headers}


@dataclass(frozen=True, eq=False)
class Published:
    """A list as published: its titles, and its rows (ROW, all text).

    `uscc` is NA where none stands or none can be; `region` NA where nothing is said; `key` is the name without
    differences of width or blanks; `where` is `sheet!row`.
    """

    titles: tuple[str, ...]
    rows: pd.DataFrame

    @property
    def title(self) -> str:
        return "　".join(self.titles)

    @property
    def is_publicity(self) -> bool:
        """公示 is not 公布: what stands here may not have been granted."""
        return PUBLICITY in self.title


def read_list(content: bytes, name: str) -> Published:
    """The rows of a published list from a workbook; ZjtxError where it is none."""
    sheets = read_sheets(content, LIST, Origin("", name, datetime.min, "workbook"))
    for raw in sheets:
        if raw.fault or raw.refused:
            raise ZjtxError(f"{name}：{raw.fault or raw.refused}")
    rows = [rows for raw in sheets if (rows := _firms(raw)) is not None]
    if not rows or not sum(map(len, rows)):
        raise ZjtxError(f"{name} 里没有企业名单：找不到“企业名称”一列，或者该列没有企业。")
    return Published((name, *(title for raw in sheets for title in raw.titles)), pd.concat(rows, ignore_index=True))


def _firms(raw: Raw) -> pd.DataFrame | None:
    """One sheet's firms; None where it has no column of names."""
    columns = {kind: [header for header in raw.headers if _KIND.get(comparable(header)) == kind] for kind in HEADERS}
    if not columns["name"]:
        return None
    cells = raw.rows[list(raw.headers)].apply(lambda column: column.str.strip())
    names = _first(cells, [min(columns["name"], key=_rank)])
    codes = normal_form(_first(cells, columns["uscc"]))
    rows = pd.DataFrame({
        "name": names.str.replace(_SERIAL_AFTER.pattern, "", regex=True),
        "uscc": codes.mask(credit_code_faults(codes).isin(["form", "check"])),
        "region": _region(cells, columns["place"]),
        "key": pd.NA,
        "where": raw.rows["place"],
    })  # fmt: skip
    rows = rows[_is_firm(names, cells)]
    return rows.assign(key=plain_names(rows["name"]))[ROW].astype("str")


def _rank(header: str) -> int:
    """Where a header stands among those for names: a plain 名称 may be a product's where 企业名称 stands beside it."""
    return [comparable(each) for each in HEADERS["name"]].index(comparable(header))


def _first(cells: pd.DataFrame, columns: list[str]) -> pd.Series:
    """The first filled cell of several columns that say the same; NA where none is."""
    filled = cells[columns].mask(cells[columns].eq(""))
    return filled.bfill(axis=1).iloc[:, 0].astype("str") if columns else pd.Series(pd.NA, index=cells.index, dtype="str")


def _region(cells: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Province, city and district in a row; a merged cell counts for all the rows that it spans."""
    if not columns:
        return pd.Series(pd.NA, index=cells.index, dtype="str")
    filled = cells[columns].mask(cells[columns].eq("")).ffill().fillna("").astype("str")
    text = filled[columns[0]].str.cat([filled[column] for column in columns[1:]])
    return text.mask(text.eq("")).astype("str")


def _is_firm(names: pd.Series, cells: pd.DataFrame) -> pd.Series:
    """Rows that name a firm: no sums, no notes, no heading between two lists, no header printed again."""
    first = _first(cells, list(cells.columns))
    told = [names.str.match(pattern.pattern) | first.str.match(pattern.pattern) for pattern in (_SUM, _NOTE, _HEADING)]
    again = names.map(comparable, na_action="ignore").map(_KIND).eq("name")
    return names.notna() & ~pd.concat([*told, again], axis=1).fillna(False).astype(bool).any(axis=1)
