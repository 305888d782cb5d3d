"""Knows facts that have happened although a rule of the plan speaks against them: kept, counted, and told.

They need titles, places or awards, so they come after these; rows that cannot be right are the suites'. Never ✗
(datasets.md 5.1): else every payment would be right. Sources: datasets.md 5.2, 5.5, 5.8 (1, 2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

import pandas as pd

from zjtx_pipeline import measures
from zjtx_pipeline.awards import faults, units
from zjtx_pipeline.awards.caps import unit_caps
from zjtx_pipeline.awards.ledger import applications
from zjtx_pipeline.awards.tally import UNTRIGGERED
from zjtx_pipeline.awards.triggers import UNIT, matching
from zjtx_pipeline.books import Books, once
from zjtx_pipeline.firms import NEVER, current, in_district
from zjtx_pipeline.money import FEN_PER_YUAN, yuan_text
from zjtx_pipeline.rules import Rules
from zjtx_pipeline.suites import NOTED
from zjtx_pipeline.tables import load_tables
from zjtx_pipeline.tiers import grants, members
from zjtx_pipeline.verdicts import FINDING, ZERO, findings_frame, shown

BY_CLAUSE = ("D06a", "D06b")
SIZES, LADDER = "资质类型.规模", 1
STOCK_LIMIT = Decimal("0.20")
WHOLE = "LS"  # natures of which every delivery holds all rows that there are


@dataclass(frozen=True)
class Breach:
    """Rows of a table, under their labels in the books, of which a sentence is true; {值} is the value of `column`.

    `is_whole`: it is true of the table as such, in which there is no such row.
    """

    table: str
    rule: str
    column: str
    message: str
    rows: pd.DataFrame
    is_whole: bool = False

    @property
    def is_told(self) -> bool:
        return self.is_whole or len(self.rows) > 0


def findings(books: Books, before: Books | None = None, task: int | None = None) -> pd.DataFrame:
    """Findings (columns of a verdict's) on the rows that happened by the quarter's end; `before`: the quarter before.

    With a `task` only those in the tables that it rests on, and of applications and payments only those under its own
    clauses. A check whose tables nobody delivered is left out: that they are 未报送 is told elsewhere.
    """
    found = _broken(books, before)
    if task is not None:
        found = [_within(books.rules, task, breach) for breach in found if _concerns(books.rules, task, breach)]
    told = [_told(books, breach) for breach in found if breach.is_told]
    return pd.concat([findings_frame([]), *told], ignore_index=True)[list(FINDING)]


def _concerns(rules: Rules, task: int, breach: Breach) -> bool:
    """Does a task's report tell of it? What D05 shows of single firms is told beside the ladder alone (5.4)."""
    return task == LADDER if breach.rule == SIZES else breach.table in rules.tables_of(task)


def _within(rules: Rules, task: int, breach: Breach) -> Breach:
    """What of a breach is a task's own affair."""
    if breach.table not in BY_CLAUSE:
        return breach
    return replace(breach, rows=breach.rows[breach.rows["clause"].isin(rules.grants_of(task))])


def _told(books: Books, breach: Breach) -> pd.DataFrame:
    return _told_of_table(books, breach) if breach.is_whole else _told_of_rows(books, breach)


def _told_of_table(books: Books, breach: Breach) -> pd.DataFrame:
    rule, sender = f"{breach.table}.{breach.rule}", load_tables()[breach.table].senders[0]
    about = {"quarter": str(books.quarter), "dataset": breach.table, "sender": sender}
    return findings_frame([{**about, "severity": NOTED, "rule": rule, "message": breach.message}])


def _told_of_rows(books: Books, breach: Breach) -> pd.DataFrame:
    header = load_tables()[breach.table].columns[breach.column].header
    values = [shown(_text(breach.table, breach.column, value)) for value in breach.rows[breach.column]]
    rows = books.tables[breach.table].loc[breach.rows.index]
    told = rows[[name for name in ("sender", "source", "place") if name in rows]].assign(
        quarter=str(books.quarter), dataset=breach.table, severity=NOTED, rule=f"{breach.table}.{breach.rule}",
        header=header, value=values, message=[breach.message.replace("{值}", value) for value in values],
    )  # fmt: skip
    return findings_frame(told.to_dict("records"))


def _text(table: str, column: str, value: object) -> object:
    """A value as its owner wrote it: money in the header's unit, days in ISO form."""
    kind = load_tables()[table].columns[column].kind
    if pd.isna(value) or kind not in ("yuan", "wan", "event", "date"):
        return value
    if kind in ("event", "date"):
        return value.date()
    return yuan_text(int(value)) if kind == "yuan" else Decimal(int(value)) / 1_000_000


@once
def _broken(books: Books, before: Books | None) -> list[Breach]:
    """What was broken at all; found once for all tasks."""
    return [breach for breach in _breaches(books, before) if breach.is_told]


def _breaches(books: Books, before: Books | None) -> Iterator[Breach]:
    yield from _of_titles(books)
    if not books.lacks(("D04", *measures.NEEDS)):
        yield from _of_sizes(books)
    yield from _of_places(books)
    if not books.lacks(("D06a",)):
        yield from _of_awards(books)
    if not books.lacks(("D06a", "D06b")):
        yield from (Breach("D06b", rule, "paid_fen", message, rows) for rule, message, rows in faults(books))
    if before is not None:
        yield from _since(books, before)


def _of_titles(books: Books) -> Iterator[Breach]:
    """New titles against an exclusion; purchases and listings of firms outside P2."""
    if books.lacks(("D04",)):
        return
    events = books["D04"]
    new = events[events["event"].eq("认定") & (events["announced_on"] <= books.day)]
    for exclusion in books.rules.tiers.exclusions:
        rows = new[new["tier"].eq(exclusion.not_new)]
        held = "、".join(exclusion.held)
        until = pd.Timestamp(exclusion.valid_to) if exclusion.valid_to else NEVER
        rows = rows[rows["announced_on"].between(pd.Timestamp(exclusion.valid_from), until)]
        message = f"{held}持有企业又新认定{exclusion.not_new}，与互斥规定（{exclusion.cited}）不符：请核对。"
        yield Breach("D04", "资质类型.互斥", "tier", message, rows[_holds(books, rows, exclusion.held)])
    for table, column, day, name in (("D08", "supplier_uscc", "contracted_on", "供方码"), ("D19", "uscc", "dated_on", "统一社会信用代码")):
        rows = books[table][books[table][day] <= books.day]
        rows = rows[rows["item"].eq("入后备库")] if table == "D19" else rows
        population = "省级以上" if table == "D19" else "P2"
        outside = rows[~members(books, population, rows[column], rows[day]).astype(bool)]
        meant = books.rules.tiers.populations[population].name if books.rules.readings["B-14"].chosen else "省级以上专精特新企业（P2）"
        yield Breach(table, f"{name}.不是P2", column, f"“{{值}}”当日不是{meant}，不计：请核对。", outside)


def _holds(books: Books, rows: pd.DataFrame, tiers: tuple[str, ...]) -> pd.Series:
    """Did each row's firm hold one of the titles on the day before 公布日期?"""
    spans = grants(books)
    spans = spans.loc[spans["tier"].isin(tiers), ["uscc", "starts_on", "ends_on"]]
    asked = pd.DataFrame({"uscc": current(books, rows["uscc"], rows["announced_on"]), "day": rows["announced_on"]})
    pairs = asked.assign(row=asked.index).merge(spans, on="uscc", validate="m:m")
    return asked.index.isin(pairs.loc[(pairs["starts_on"] < pairs["day"]) & (pairs["day"] <= pairs["ends_on"]), "row"])


def _of_sizes(books: Books) -> Iterator[Breach]:
    """New titles for 中小企业 of firms that D05 shows as large in the year before (R3); who lacks D05's row is not told of."""
    sizes, events = books.rules.tiers.sizes, books["D04"]
    rows = events[events["event"].eq("认定") & events["tier"].isin(sizes.titles) & (events["announced_on"] <= books.day)]
    rows = rows[rows["announced_on"] >= pd.Timestamp(sizes.valid_from)]
    message = f"新认定“{{值}}”的企业，上年从业人员和营业收入都达到大型企业标准（{sizes.reference}，待确认）：请核对。"
    yield Breach("D04", SIZES, "tier", message, rows[_large(books, rows)])


def _large(books: Books, rows: pd.DataFrame) -> pd.Series:
    """Was each row's firm large in the year before 公布日期, by its industry in D01?"""
    firms = current(books, rows["uscc"])
    division = firms.map(books["D01"].set_index("uscc")["industry_code"]).astype("str").str.extract(r"(\d{2})", expand=False)
    back = measures.last_year(books) - (rows["announced_on"].dt.year - 1)
    large = pd.Series(False, index=rows.index)
    for years in sorted(set(back[back >= 0])):
        reported = measures.year(books, int(years))[["employees", "revenue_fen"]].reindex(firms.array).set_axis(rows.index)
        for each in books.rules.tiers.sizes.classes:
            of_class = division.between(each.first_division, each.last_division) & back.eq(years)
            large |= of_class & _reaches(reported["employees"], each.employees) & _reaches(reported["revenue_fen"], each.revenue * FEN_PER_YUAN)
    return large


def _reaches(values: pd.Series, bound: Decimal) -> pd.Series:
    return _true(values.notna() & (values >= Fraction(bound)))


def _of_places(books: Books) -> Iterator[Breach]:
    """D14: a buyer outside the district on 发票日期, a seller outside it on 合同日期 (5.8, 2)."""
    rows = books["D14"][books["D14"]["invoiced_on"] <= books.day]
    anywhere = books.rules.reading("B-03", "采购方地域") == "不限"
    for column, day, name in (("uscc", "invoiced_on", "统一社会信用代码"), ("supplier_uscc", "contracted_on", "供方码")):
        if not books.lacks(("D01",)) and not (anywhere and column == "uscc"):
            outside = rows[~in_district(books, current(books, rows[column], rows[day]), rows[day]).astype(bool)]
            yield Breach("D14", f"{name}.不在萧", column, "“{值}”当日不在萧，不计采购：请核对。", outside)


def _of_awards(books: Books) -> Iterator[Breach]:
    """D06a: without a trigger, above the cap, other than the formula (5.5)."""
    claims = applications(books)
    claims = claims.merge(_tallied(books), on=UNIT, how="left", validate="m:1").set_axis(claims.index)
    untriggered = claims["unit_state"].eq(UNTRIGGERED)
    message = "触发事项“{值}”在相应的台账中找不到：请核对触发事项键，或请台账部门补报。"
    yield Breach("D06a", "触发事项键.无触发", "trigger_key", message, claims[untriggered])
    approved = claims[~untriggered & claims["decided"] & claims["approved_fen"].notna()]
    above = _true(approved["approved_fen"] > unit_caps(books.rules, approved["clause"], approved["triggered_on"]))
    yield Breach("D06a", "核定金额.超上限", "approved_fen", "核定金额“{值}”元超过条款上限：请核对。", approved[above])
    other = _true(approved["approved_fen"] != approved["entitled_fen"]) & ~above
    message = "核定金额“{值}”元与按条款测算的应兑金额不一致：请核对基数和比例。"
    yield Breach("D06a", "核定金额.不同于测算", "approved_fen", message, approved[other])


def _tallied(books: Books) -> pd.DataFrame:
    """The award units by what ties D06a's rows to them, with their state and what they are entitled to."""
    tallied = units(books).dropna(subset=["trigger_key"])
    tallied = tallied.assign(match=matching(books, tallied["clause"], tallied["trigger_key"])).rename(columns={"state": "unit_state"})
    return tallied[[*UNIT, "unit_state", "entitled_fen"]].drop_duplicates(UNIT)


def _true(condition: pd.Series) -> pd.Series:
    return condition.fillna(False).astype(bool)


def _since(books: Books, before: Books) -> Iterator[Breach]:
    """What moved oddly since the quarter before: investment that fell (D07), a pool 20 % larger or smaller (D03), a table that
    is to hold its whole history and holds nothing any more."""
    if not books.lacks(("D07",)) and not before.lacks(("D07",)):
        rows = books["D07"]
        earlier = before["D07"].drop_duplicates("project_no").set_index("project_no")["invested_fen"]
        fell = _true(rows["invested_fen"] < rows["project_no"].map(earlier))
        message = "累计完成投资“{值}”万元小于上季：请核对。"
        yield Breach("D07", "累计完成投资.下降", "invested_fen", message, rows[fell])
    if not books.lacks(("D03",)) and not before.lacks(("D03",)):
        yield from _pools(books, before)
    yield from _emptied(books, before)


def _pools(books: Books, before: Books) -> Iterator[Breach]:
    now, then, rows = _stock(books), _stock(before), books["D03"]
    for pool, number in then.items():
        left = int(now.get(pool, 0))
        if abs(left - number) > STOCK_LIMIT * int(number):
            message = f"{pool}培育库在库 {left} 家，上季 {number} 家，变动超过 20%：请核对是否漏报或重复。"
            own = rows[rows["pool"].eq(pool)].head(1)
            yield Breach("D03", "库别.在库变动", "pool", message, own, is_whole=own.empty)


def _emptied(books: Books, before: Books) -> Iterator[Breach]:
    """零报送 where “nothing new” may be meant: it counts as 0, and is told."""
    for table in load_tables().values():
        if table.nature in WHOLE and books.status.get(table.id) == ZERO and len(before[table.id]):
            message = (
                f"{table.title}本季零报送，按 0 计，而上季有 {len(before[table.id])} 行：本表每次都要报全部的行，"
                "本季没有新增不等于零报送，请核对后重报。"
            )
            yield Breach(table.id, "报送.零报送", next(iter(table.columns)), message, before[table.id].head(0), is_whole=True)


def _stock(books: Books) -> pd.Series:
    rows = books["D03"]
    inside = (rows["entered_on"] <= books.day) & ~(rows["left_on"] <= books.day)
    return rows[inside].groupby("pool")["uscc"].nunique()
