"""Knows the tables of a quarter for machines: figures.csv, forecast.csv, awards.csv and awards_detail.csv, tiers.csv and
what stands beside it (flows.csv, watchlist.csv, candidates.csv), rows.csv.

Leaves the PDFs beside them to `report`, the list of all files to `manifest`, and writing them whole to `store`. Forms and
closed lists: indicators.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import pandas as pd

from zjtx_pipeline import store
from zjtx_pipeline.candidates import MARK
from zjtx_pipeline.money import yuan_text
from zjtx_pipeline.progress import CARRIED, YEAR_AGO, Progress
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.report.formats import machine, machine_forecast, machine_pace
from zjtx_pipeline.rules import Rules

FIGURES = [
    "quarter",
    "task",
    "indicator",
    "part",
    "breakdown",
    "name",
    "value",
    "unit",
    "period",
    "kind",
    "baseline",
    "target",
    "due",
    "pace",
    "light",
    "status",
]
FORECAST = ["quarter", "indicator", "part", "straight_line", "last_four_quarters", "needed_per_quarter", "due", "basis"]
AWARDS = [
    "quarter",
    "clause",
    "uscc",
    "name",
    "trigger",
    "trigger_date",
    "base",
    "entitled",
    "applied_on",
    "approved",
    "paid",
    "gap",
    "state",
]
AWARDS_DETAIL = [
    "quarter",
    "clause",
    "uscc",
    "trigger",
    "eligible",
    "alone",
    "entitled",
    "paid",
    "by_plan_cap",
    "other_purses",
    "days_since_trigger",
    "in_p2",
]
TIERS = ["quarter", "uscc", "name", "tier", "since", "until", "in_district"]
FLOWS = ["quarter", "kind", "name", "step", "cause", "firms", "note"]
WATCHLIST = ["quarter", "uscc", "name", "tier", "since", "until", "review", "targets"]
CANDIDATES = ["quarter", "uscc", "name", "holds", "next_tier", "version", "outcome", "met", "unmet", "without_data", "exclusion", "remark"]
ROWS = ["quarter", "dataset", "source", "read", "accepted", "quarantined", "rejected"]
YEAR = "年度="
_FORMULA = re.compile(r"^[=+\-@＝＋－＠\t\r]")


def figures_frame(progress: Iterable[Progress], rules: Rules, quarter: Quarter) -> pd.DataFrame:
    """figures.csv: every figure in printed order, all cells text in the forms of indicators.md."""
    return pd.DataFrame([_figure(each, rules, quarter) for each in progress], columns=FIGURES, dtype="str")


def _figure(progress: Progress, rules: Rules, quarter: Quarter) -> dict[str, str]:
    figure = progress.figure
    indicator = rules.indicators[figure.indicator]
    part = indicator.parts[figure.part]
    return {
        "quarter": str(quarter),
        "task": str(indicator.task),
        "indicator": figure.indicator,
        "part": figure.part,
        "breakdown": figure.breakdown,
        "name": indicator.part_title(figure.part) + (f"（汇总范围：{figure.scope}）" if figure.scope else ""),
        "value": machine(figure.value, part.unit),
        "unit": part.unit,
        "period": period_text(part.period, rules, quarter - (figure.status == CARRIED), figure.breakdown, figure.year),
        "kind": part.kind,
        "baseline": machine(progress.baseline, part.unit),
        "target": machine(progress.target, part.unit),
        "due": _day(progress.due),
        "pace": machine_pace(progress.pace),
        "light": progress.light or "",
        "status": figure.status,
    }


def forecast_frame(progress: Iterable[Progress], rules: Rules, quarter: Quarter) -> pd.DataFrame:
    """forecast.csv: every figure whose target lies ahead; both forecasts as the formula gives them, two decimals like
    pace; paper bears the same numbers within what a unit can hold, of a count the whole units."""
    ahead = [_forecast(each, rules, quarter) for each in progress if each.forecast]
    return pd.DataFrame(ahead, columns=FORECAST, dtype="str")


def _forecast(progress: Progress, rules: Rules, quarter: Quarter) -> dict[str, str]:
    figure, ahead = progress.figure, progress.forecast
    falling = rules.targets[rules.indicators[figure.indicator].target].direction == "down"
    return {
        "quarter": str(quarter),
        "indicator": figure.indicator,
        "part": figure.part,
        "straight_line": machine_forecast(ahead.straight_line, progress.target, falling=falling),
        "last_four_quarters": machine_forecast(ahead.last_four_quarters, progress.target, falling=falling),
        "needed_per_quarter": str(ahead.needed),
        "due": _day(progress.due),
        "basis": _basis(progress, rules, quarter),
    }


def _basis(progress: Progress, rules: Rules, quarter: Quarter) -> str:
    """What a forecast was reckoned from, so that it can be checked by hand: `基期300（部门确认）；2023Q4为700（…）`."""
    indicator, ahead = rules.indicators[progress.figure.indicator], progress.forecast
    unit = indicator.parts[progress.figure.part].unit
    if rules.targets[indicator.target].kind == "yearly":
        return "按本年累计"
    year_ago = _from(f"{quarter - YEAR_AGO}为", machine(ahead.year_ago, unit), ahead.year_ago_note)
    return f"{_from('基期', machine(progress.baseline, unit), progress.baseline_note)}；{year_ago or f'{quarter - YEAR_AGO}无数据'}"


def _from(name: str, value: str, note: str) -> str:
    """A value with where it comes from; where there is none, what is said in its place."""
    return f"{name}{value}{f'（{note}）' if note else ''}" if value else note


def period_text(period: str, rules: Rules, quarter: Quarter, breakdown: str = "", year: int | None = None) -> str:
    """What span a figure is about: `2024-12-31` for a standing, `2024-01-01/2024-12-31` for a flow.

    `year`: the settled 年度 that it was made of; where there is none, the latest that it may be of.
    """
    if period == "Y" and breakdown.startswith(YEAR):
        named = int(breakdown.removeprefix(YEAR))
        return f"{named}-01-01/{named}-12-31"
    settled = quarter.year - 1 if year is None else year
    since = {
        "Y": quarter.year_start,
        "C": rules.plan.starts_on,
        "L4": (quarter - 3).first_day,
        "年度": date(settled, 1, 1),
    }
    if period not in since:
        return quarter.last_day.isoformat()
    until = date(settled, 12, 31) if period == "年度" else quarter.last_day
    return f"{since[period].isoformat()}/{until.isoformat()}"


def _day(due: Quarter | date | None) -> str:
    if due is None:
        return ""
    return (due.last_day if isinstance(due, Quarter) else due).isoformat()


def awards_frame(units: pd.DataFrame, quarter: Quarter) -> pd.DataFrame:
    """awards.csv from `awards.units`: one row an award unit, yuan with two decimals, empty where not stated."""
    return pd.DataFrame({
        "quarter": _constant(str(quarter), units),
        "clause": units["clause"],
        "uscc": _text(units["uscc"]),
        "name": _text(units["name"]),
        "trigger": _text(units["trigger_key"]),
        "trigger_date": _dates(units["triggered_on"]),
        "base": _yuan(units["base_fen"]),
        "entitled": _yuan(units["entitled_fen"]),
        "applied_on": _dates(units["applied_on"]),
        "approved": _yuan(units["approved_fen"]),
        "paid": _yuan(units["paid_fen"]),
        "gap": _yuan(units["gap_fen"]),
        "state": units["state"],
    })[AWARDS]  # fmt: skip


def awards_detail_frame(units: pd.DataFrame, quarter: Quarter) -> pd.DataFrame:
    """awards_detail.csv: the units of awards.csv, in its order, with what stands beside them.

    `alone`: what the clause gives before B-11; `by_plan_cap`: A08 under one cap for the whole plan (B-02);
    `days_since_trigger` to the last payment where all is paid, else to the quarter's end; `other_purses`: paid by city, province and state; `in_p2` at the quarter's end.
    """
    return pd.DataFrame({
        "quarter": _constant(str(quarter), units),
        "clause": units["clause"],
        "uscc": _text(units["uscc"]),
        "trigger": _text(units["trigger_key"]),
        "eligible": _yes_no(units["eligible"]),
        "alone": _yuan(units["alone_fen"]),
        "entitled": _yuan(units["entitled_fen"]),
        "paid": _yuan(units["paid_fen"]),
        "by_plan_cap": _yuan(units["by_plan_fen"]),
        "other_purses": _yuan(units["other_purses_fen"]),
        "days_since_trigger": units["days_since_trigger"].astype("str").replace("<NA>", "").fillna(""),
        "in_p2": _yes_no(units["in_p2"]),
    })[AWARDS_DETAIL]  # fmt: skip


def tiers_frame(titles: pd.DataFrame, quarter: Quarter) -> pd.DataFrame:
    """tiers.csv from `tiers.titles`: one row a title valid on the last day; in_district as 是 or 否."""
    return pd.DataFrame({
        "quarter": _constant(str(quarter), titles),
        "uscc": _text(titles["uscc"]),
        "name": _text(titles["name"]),
        "tier": titles["tier"],
        "since": _dates(titles["since"]),
        "until": _dates(titles["until"]),
        "in_district": _yes_no(titles["in_district"]),
    })[TIERS]  # fmt: skip


def flows_frame(flows: pd.DataFrame, quarter: Quarter) -> pd.DataFrame:
    """flows.csv from `flows.flow`: opening, every movement by its cause, closing, a row each, for every title and pool."""
    return flows.assign(quarter=_constant(str(quarter), flows), note=_text(flows["note"]))[FLOWS]


def watchlist_frame(watchlist: pd.DataFrame, quarter: Quarter) -> pd.DataFrame:
    """watchlist.csv from `watch.watchlist`: one row a title that runs out within two quarters."""
    days = {name: _dates(watchlist[name]) for name in ("since", "until")}
    text = {name: _text(watchlist[name]) for name in ("uscc", "name", "targets")}
    return watchlist.assign(quarter=_constant(str(quarter), watchlist), **days, **text)[WATCHLIST]


def candidates_frame(candidates: pd.DataFrame, quarter: Quarter) -> pd.DataFrame:
    """candidates.csv from `candidates.candidates`: one row a firm and next tier; conditions by name, never a firm's values."""
    beside = {"quarter": _constant(str(quarter), candidates), "remark": _constant(MARK, candidates)}
    return candidates.apply(_text).assign(**beside)[CANDIDATES]


def rows_frame(counts: pd.DataFrame) -> pd.DataFrame:
    """rows.csv from the verdicts' counts: read = accepted + quarantined + rejected, a row a dataset and source."""
    by_source = counts.groupby(["quarter", "dataset", "source"], sort=False)[ROWS[3:]].sum().reset_index()
    return by_source.assign(source=_text(by_source["source"]))[ROWS]


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A frame as UTF-8 with BOM, so that a spreadsheet opens it; no text cell can act as a formula."""
    return ("\ufeff" + frame.to_csv(index=False, lineterminator="\r\n")).encode("utf-8")


def inert(text: pd.Series) -> pd.Series:
    """Text whose first character would make a spreadsheet calculate gets an apostrophe before it."""
    starts = text.str.match(_FORMULA.pattern).fillna(False).astype(bool)
    return text.mask(starts, "'" + text)


def write_outputs(folder: Path, frames: Mapping[str, pd.DataFrame]) -> list[Path]:
    """Write each frame under its name (`figures.csv`), each file in one step."""
    return [store.write_bytes(folder / name, csv_bytes(frame)) for name, frame in frames.items()]


def _constant(value: str, frame: pd.DataFrame) -> pd.Series:
    return pd.Series(value, index=frame.index, dtype="str")


def _text(cells: pd.Series) -> pd.Series:
    return inert(cells.astype("str").fillna(""))


def _yes_no(flags: pd.Series) -> pd.Series:
    said = flags.eq(True).fillna(False).map({True: "是", False: "否"}).astype("str")
    return said.mask(flags.isna(), "")


def _dates(days: pd.Series) -> pd.Series:
    return pd.to_datetime(days).dt.strftime("%Y-%m-%d").astype("str").fillna("")


def _yuan(fen: pd.Series) -> pd.Series:
    return pd.Series(["" if pd.isna(each) else yuan_text(int(each)) for each in fen], index=fen.index, dtype="str")
