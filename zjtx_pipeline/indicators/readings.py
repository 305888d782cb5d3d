"""Knows what the readings of single indicators ask of a row: B-13, B-17, B-18, B-19, B-23, and B-26 of money over C.

Leaves what is counted, and every other reading, to the task modules, `awards` and the rules. Each function gives a
condition on rows; under the default reading it is the plan's as indicators.md has it.
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.books import Books

GOOD = ("优秀", "良好")
TRAINING = ("专题培训", "申报政策培训会", "管理培训")


def rated(books: Books, rows: pd.DataFrame) -> pd.Series:
    """B-13: D11's rows that show results: with any grade, or with a good one."""
    if books.rules.reading("B-13") == "等级良好以上":
        return rows["rating"].isin(GOOD)
    return rows["rating"].notna()


def agreed(books: Books, rows: pd.DataFrame) -> pd.Series:
    """B-17: D22a's agreements in force on the quarter's last day, or begun by then, run out or not."""
    begun = rows["agreed_from"] <= books.day
    return begun if books.rules.reading("B-17") == "累计签约" else begun & (books.day <= rows["agreed_to"])


def special(books: Books, rows: pd.DataFrame) -> pd.Series:
    """B-18: D23's activities that are 专题培训 on the theme with proof of attendance, or any training."""
    if books.rules.reading("B-18") == "任何培训":
        return rows["activity_type"].isin(TRAINING)
    named = rows["activity_type"].eq("专题培训") & rows["is_zjtx_theme"].eq(True)
    return named & rows["sign_in_proof"].notna()


def special_asks(books: Books) -> str:
    """What an activity lacks that does not count as 专题培训."""
    return "不是培训" if books.rules.reading("B-18") == "任何培训" else "类型不是专题培训、不是专精特新主题，或没有签到佐证"


def new_or_all(books: Books, early: pd.Series) -> pd.Series:
    """B-19: which listings count, told those of firms that were listed before the term."""
    return ~early | (books.rules.reading("B-19") == "含以前列入")


def holding(books: Books, rows: pd.DataFrame) -> pd.Series:
    """B-23: D10's rows whose firm holds the patent: as any of its holders, or as the first."""
    if books.rules.reading("B-23") == "本企业且第一权利人":
        return rows["holder_rank"].eq(1)
    return rows["holder_rank"].notna()


def pays_since(books: Books) -> pd.Timestamp:
    """The day from which money over C is entitled: the term's first, or that of a clause that pays earlier (B-26)."""
    begins = [terms.valid_from for award in books.rules.awards.values() for terms in award.terms]
    return pd.Timestamp(min(books.rules.plan.starts_on, *begins))
