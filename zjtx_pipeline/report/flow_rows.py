"""Knows how the flow table, the watch list and the screening stand in a report: counts alone, names are in the files beside it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pandas as pd

from zjtx_pipeline.candidates import FITS, MARK, NEARLY, UNKNOWN
from zjtx_pipeline.flows import CLOSING, IN, KEPT, OPENING, OUT, RESTS_ON, TITLES
from zjtx_pipeline.measures import NEEDS
from zjtx_pipeline.report import formats
from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.report.rows import FlowRow
from zjtx_pipeline.watch import FAILED, PUBLISHED, QUARTERS, UNSEEN


def flow_rows(inputs: ReportInputs) -> tuple[FlowRow, ...]:
    """One line a title and pool: opening, in and out by cause, closing; none where nobody measured them."""
    if inputs.flows is None:
        return ()
    return tuple(_row(kind, name, lines) for (kind, name), lines in inputs.flows.groupby(["kind", "name"], sort=False))


def _row(kind: str, name: str, lines: pd.DataFrame) -> FlowRow:
    steps = lines.groupby("step")["firms"].sum()
    counts = (formats.count(int(steps[step])) for step in (OPENING, IN, OUT, CLOSING))
    told = [(word, _causes(lines[lines["step"].eq(step)])) for word, step in (("入", IN), ("出", OUT), ("留", KEPT))]
    return FlowRow(kind, name, *counts, "；".join(f"{word}：{named}" for word, named in told if named), "".join(lines["note"]))


def _causes(lines: pd.DataFrame) -> str:
    """`新认定43、晋级11`; empty where there is none."""
    return "、".join(f"{line.cause}{formats.count(int(line.firms))}" for line in lines.itertuples() if line.firms)


def watch_sentences(inputs: ReportInputs) -> tuple[str, ...]:
    """What runs out within two quarters, what that does to the targets, who might rise."""
    if inputs.watchlist is None:
        return ()
    return tuple(sentence for told in (_lapsing(inputs), _at_stake(inputs), _rising(inputs)) for sentence in told)


def _lapsing(inputs: ReportInputs) -> Iterator[str]:
    rows, horizon = inputs.watchlist, formats.day((inputs.quarter + QUARTERS).last_day)
    if absent := inputs.absence(RESTS_ON[TITLES]):
        yield f"到期预警：{absent}，待补。"
        return
    if rows.empty:
        yield f"到期预警：{horizon}前没有资质到期。"
        return
    tiers = _counted(rows["tier"], inputs.rules.tiers.types, "项")
    reviews = _counted(rows["review"], (PUBLISHED, FAILED, UNSEEN), "项")
    yield f"到期预警：至{horizon}将有{len(rows)}项资质到期，涉及企业{rows['uscc'].nunique()}家：{tiers}；其中{reviews}。名单由区经信局留存（watchlist.csv，编号L2）。"


def _counted(values: pd.Series, order: tuple[str, ...], unit: str) -> str:
    numbers = values.value_counts()
    return "、".join(f"{value}{formats.count(int(numbers[value]))}{unit}" for value in order if value in numbers)


def _at_stake(inputs: ReportInputs) -> Iterator[str]:
    """The targets that would move, each with its figure now and then; the others in a word."""
    if inputs.watchlist.empty or inputs.effects is None or inputs.effects.empty:
        return
    moved = inputs.effects["now"].notna() & inputs.effects["now"].ne(inputs.effects["then"])
    told = [_moved(inputs, row) for row in inputs.effects[moved].itertuples()]
    same = [row.target + (f"（基数减少{row.firms}家）" if row.firms else "") for row in inputs.effects[~moved].itertuples()]
    words = "；".join([*told, *([f"{'、'.join(same)}数值不变"] if same else [])])
    yield f"如到期资质均未续期、其他情况不变：{words}。"


def _moved(inputs: ReportInputs, row) -> str:
    target = inputs.rules.targets[row.target]
    unit = inputs.rules.indicators[row.indicator].parts["a"].unit
    now = formats.with_unit(Fraction(row.now), unit)
    then = "无适用对象" if pd.isna(row.then) else formats.with_unit(Fraction(row.then), unit)
    return f"{target.title}（{row.target}）由{now}变为{then}，基数减少{row.firms}家"


def _rising(inputs: ReportInputs) -> Iterator[str]:
    """How many fit the next tier's numeric conditions, by version and tier; never who is recognised."""
    rows = inputs.candidates
    if absent := inputs.absence(("D01", "D02", "D03", "D04", *NEEDS)):
        yield f"晋级{MARK}：{absent}，待补。"
        return
    if rows is None or rows.empty:
        return
    version = inputs.rules.tiers.version_on(inputs.quarter.last_day)
    told = [f"{tier}{_counted(own['outcome'], (FITS, UNKNOWN, NEARLY), '家')}" for tier, own in rows.groupby("next_tier", sort=False)]
    yield (
        f"晋级{MARK}：按{version.reference}的数值条件比对经营与评价数据，{'；'.join(told)}（不符合和缺数据的条件合计不超过"
        f"{inputs.rules.tiers.screening.open_up_to}项的列入）。各家所缺条件由区经信局留存（candidates.csv，编号L3）。"
    )
