"""Knows which firms might rise to the next tier by the numeric thresholds in force: 初筛，非认定. It never decides a title.

The version is that in force on the quarter's last day (R3). A condition without data never counts as met. Names conditions
and leaves out values: a firm's figures do not leave the bureau (datasets.md 5.4). Leaves what D05 says to `measures`.
"""

from __future__ import annotations

from fractions import Fraction

import pandas as pd

from zjtx_pipeline import measures
from zjtx_pipeline.books import Books, found_in, once
from zjtx_pipeline.firms import in_district, names
from zjtx_pipeline.measures import MEASURES
from zjtx_pipeline.money import FEN_PER_YUAN
from zjtx_pipeline.rules.reference import Condition, Threshold, TierVersion
from zjtx_pipeline.tiers import roster, titles

MARK = "初筛，非认定"
MET, UNMET, NO_DATA, NOT_ASKED = "符合", "不符合", "缺数据", ""
FITS, NEARLY, UNKNOWN = "数值条件均符合", "有条件不符合", "缺数据待补"
NURSERY = {"省专精特新": "P1"}  # the pool whose firms are groomed for a title (Q02)
COLUMNS = ["uscc", "name", "holds", "next_tier", "version", "outcome", "met", "unmet", "without_data", "exclusion"]
YUAN_PER_WAN = 10_000


@once
def candidates(books: Books) -> pd.DataFrame:
    """Firms 在萧 that fit the next tier's thresholds, or fail at few: COLUMNS, conditions joined by “；”.

    Near misses have no more open conditions than the rules' `screening` says. None where D04, or what D05 tells of them, was not delivered.
    """
    version = books.rules.tiers.version_on(books.quarter.last_day)
    if version is None or books.lacks(("D04", *measures.NEEDS)):
        return pd.DataFrame(columns=COLUMNS, dtype="str")
    tiers = [tier for tier in books.rules.tiers.ladder[1:] if any(each.type == tier for each in version.conditions)]
    found = pd.concat([_screened(books, version, tier) for tier in tiers], ignore_index=True)
    return found[COLUMNS].astype("str").fillna("")


def _screened(books: Books, version: TierVersion, tier: str) -> pd.DataFrame:
    firms = _below(books, version, tier)
    verdicts = _verdicts(books, version, tier, firms)
    told = {name: _joined(verdicts, verdict) for name, verdict in (("met", MET), ("unmet", UNMET), ("without_data", NO_DATA))}
    unmet, unknown = verdicts.eq(UNMET).sum(axis=1), verdicts.eq(NO_DATA).sum(axis=1)
    outcome = pd.Series(FITS, index=firms.index).mask(unknown > 0, UNKNOWN).mask(unmet > 0, NEARLY)
    excluded = _excluded(books, tier, firms["uscc"])
    firms = firms.assign(next_tier=tier, version=version.id, outcome=outcome, exclusion=excluded, **told, open=unmet + unknown)
    return firms[firms["open"] <= books.rules.tiers.screening.open_up_to].sort_values(["open", "uscc"])


def _below(books: Books, version: TierVersion, tier: str) -> pd.DataFrame:
    """Firms on the rung below, or in the pool for it, that hold neither the title nor a higher one: uscc, name, holds."""
    held, ladder = _held(books), books.rules.tiers.ladder
    rung = ladder[ladder.index(tier) - 1]
    there = held[held["tier"].isin(ladder[ladder.index(tier) :])]["uscc"]
    groups = [held.loc[held["tier"].eq(rung), ["uscc"]].assign(holds=version.renamed.get(rung, rung))]
    if tier in NURSERY:
        pool = roster(books, NURSERY[tier]).loc[:, ["firm"]].set_axis(["uscc"], axis=1)
        groups.append(pool[in_district(books, pool["uscc"])].assign(holds=books.rules.tiers.populations[NURSERY[tier]].name))
    firms = pd.concat(groups, ignore_index=True)
    firms = firms[~found_in(firms["uscc"], there)].groupby("uscc", as_index=False).agg(holds=("holds", "、".join))
    return firms.assign(name=names(books, firms["uscc"], firms["uscc"]))


@once
def _held(books: Books) -> pd.DataFrame:
    held = titles(books)
    return held[held["in_district"]]


def _verdicts(books: Books, version: TierVersion, tier: str, firms: pd.DataFrame) -> pd.DataFrame:
    """One column a condition, as it is printed; those that suffice in another's place have none of their own."""
    asked = [each for each in version.conditions if each.type == tier]
    direct = [_verdict(books, each, firms["uscc"]) for each in asked if each.direct]
    found = _title_first(books, version, tier, firms["uscc"])
    for each in asked:
        if not each.direct:
            verdict = _either(_asked(books, each, firms["uscc"]), *(direct if each.or_direct else []))
            found[label(each)] = verdict
    return pd.DataFrame(found, index=firms.index, dtype="str")


def _title_first(books: Books, version: TierVersion, tier: str, firms: pd.Series) -> dict[str, pd.Series]:
    """Does a firm hold the title that the version asks for first?"""
    first = version.requires.get(tier)
    if first is None:
        return {}
    held = found_in(firms, _held(books).loc[lambda rows: rows["tier"].eq(first), "uscc"])
    return {f"已获{version.renamed.get(first, first)}称号": held.map({True: MET, False: UNMET})}


def _asked(books: Books, condition: Condition, firms: pd.Series) -> pd.Series:
    """A condition's verdict with its alternative; empty for firms that it is not asked of."""
    verdict = _verdict(books, condition, firms)
    if condition.alternative:
        verdict = _either(verdict, _verdict(books, condition.alternative, firms))
    if condition.when is None:
        return verdict
    size, band = measures.of(books, condition.when.measure, firms), condition.when
    inside = size.notna()
    if band.low is not None:
        inside &= size >= Fraction(band.low * FEN_PER_YUAN)
    if band.below is not None:
        inside &= size < Fraction(band.below * FEN_PER_YUAN)
    return verdict.where(inside, NOT_ASKED).mask(size.isna(), NO_DATA)


def _verdict(books: Books, asked: Threshold, firms: pd.Series) -> pd.Series:
    """Is a threshold met? 缺数据 where D05 does not tell."""
    value = measures.of(books, asked.measure, firms)
    bound = Fraction(asked.threshold * FEN_PER_YUAN if asked.unit == "元" else asked.threshold)
    met = (value >= bound) if asked.comparison == ">=" else (value <= bound)
    return met.fillna(False).astype(bool).map({True: MET, False: UNMET}).where(value.notna(), NO_DATA)


def _either(*verdicts: pd.Series) -> pd.Series:
    """Met if one is; unknown if none is and one is unknown."""
    every = pd.concat(verdicts, axis=1)
    told = every.iloc[:, 0].mask(every.eq(NO_DATA).any(axis=1), NO_DATA)
    return told.mask(every.eq(MET).any(axis=1), MET)


def label(asked: Threshold) -> str:
    """`上年营业收入≥1000万元（或近两年新增股权融资≥2000万元）`."""
    money = asked.unit == "元"
    bound = (asked.threshold / YUAN_PER_WAN if money else asked.threshold).normalize()
    text = f"{asked.condition}{'≥' if asked.comparison == '>=' else '≤'}{bound:f}{'万元' if money else asked.unit}"
    others = [label(other) for other in [getattr(asked, "alternative", None)] if other]
    others += ["符合直接条件"] if getattr(asked, "or_direct", False) else []
    return f"{text}（或{'、'.join(others)}）" if others else text


def _joined(verdicts: pd.DataFrame, wanted: str) -> pd.Series:
    """The conditions with one verdict, by firm."""
    told = pd.Series("", index=verdicts.index, dtype="str")
    for condition in verdicts:
        told = told + verdicts[condition].eq(wanted).map({True: f"{condition}；", False: ""})
    return told.str.removesuffix("；")


def _excluded(books: Books, tier: str, firms: pd.Series) -> pd.Series:
    """Titles held that speak, on the quarter's last day, against a new one, with the reference."""
    told = pd.Series("", index=firms.index, dtype="str")
    for exclusion in books.rules.tiers.exclusions:
        if exclusion.not_new == tier and exclusion.holds_on(books.quarter.last_day):
            held = found_in(firms, _held(books).loc[lambda rows: rows["tier"].isin(exclusion.held), "uscc"])
            told = told.mask(held, f"持有{'、'.join(exclusion.held)}的不再新认定{tier}（{exclusion.cited}）")
    return told


def unknown_measures(books: Books) -> set[str]:
    """Measures that the rules name and `measures` does not have; empty, or a version cannot be screened."""
    asked = [each for version in books.rules.tiers.versions for each in version.conditions]
    named = {each.measure for each in asked} | {each.alternative.measure for each in asked if each.alternative}
    return {name for name in named | {each.when.measure for each in asked if each.when} if name and name not in MEASURES}
