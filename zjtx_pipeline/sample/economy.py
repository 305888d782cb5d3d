"""Knows the sample firms' business figures and talent counts, period by period (D05, D20).

Leaves which periods a delivery holds to `ledgers`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from zjtx_pipeline.quarter import Quarter, quarters
from zjtx_pipeline.sample.draws import LAST, NEVER, choose, day, later, stream
from zjtx_pipeline.sample.firms import NUMBER
from zjtx_pipeline.sample.pools import KEEN
from zjtx_pipeline.sample.quality import first_days
from zjtx_pipeline.sample.scene import Scene

_PERIODS = quarters(Quarter(2021, 1), LAST)
_SHARE = np.array([0.22, 0.47, 0.72, 1.0])  # of a year's revenue, by the end of each quarter
_AUDITED = range(2021, 2026)


def business_figures(scene: Scene) -> pd.DataFrame:
    """D05: 快报 of larger firms each quarter, 审计 of all each year; from a year before they enter P12."""
    chance, entered = stream("economy"), first_days(scene)
    firm = np.flatnonzero(~np.isnat(entered))
    large = firm[chance.random(len(firm)) < 0.36 + 0.35 * scene.firms.strength[firm]]
    quick = [_present(scene, large, entered, day(quarter.last_day)) for quarter in _PERIODS]
    audit = [_present(scene, firm, entered, day(f"{year}-12-31")) for year in _AUDITED]
    rows = pd.concat(
        [pd.DataFrame({"firm": who, "period": str(quarter), "basis": "快报", "on": day(quarter.last_day)}) for who, quarter in zip(quick, _PERIODS)]
        + [pd.DataFrame({"firm": who, "period": str(year), "basis": "审计", "on": day(f"{year}-12-31")}) for who, year in zip(audit, _AUDITED)],
        ignore_index=True,
    )
    rows = pd.concat([rows, scene.firms.sign(rows["firm"].to_numpy(), rows["on"].to_numpy("datetime64[D]"))], axis=1)
    delay = np.where(rows["basis"] == "审计", 115, 3)  # audits come in by the end of April
    rows["known_on"] = rows["on"] + pd.to_timedelta(delay, unit="D")
    return _evaluated(scene, _amounts(scene, rows))


def _present(scene: Scene, firm: np.ndarray, entered: np.ndarray, last: np.datetime64) -> np.ndarray:
    gone = scene.firms.gone_on()[firm]
    return firm[(entered[firm] - 366 <= last) & ~(gone <= last) & (scene.firms.founded_on[firm] < last - 370)]


def _amounts(scene: Scene, rows: pd.DataFrame) -> pd.DataFrame:
    chance, firm = stream("economy.amounts"), rows["firm"].to_numpy()
    traits = {name: stream(f"economy.{name}").random(NUMBER)[firm] for name in ("size", "growth", "main", "rd", "profit", "tax", "debt", "staff", "share")}
    years = rows["on"].dt.year.to_numpy() - 2021
    part = np.where(rows["basis"] == "审计", 1.0, _SHARE[rows["on"].dt.quarter.to_numpy() - 1])
    yearly = np.exp(7.3 + 2.4 * scene.firms.strength[firm] + 1.6 * traits["size"]) * (0.94 + 0.24 * traits["growth"]) ** years
    noise = 0.97 + 0.06 * chance.random(len(rows))
    revenue = yearly * part * noise

    def fen(amount: np.ndarray) -> np.ndarray:
        return np.round(amount * 100) * 10_000  # whole hundreds of yuan, as firms round in 万元

    rows["revenue_fen"] = fen(revenue)
    rows["main_revenue_fen"] = fen(revenue * (0.9 + 0.095 * traits["main"]))
    rows["rd_expense_fen"] = fen(revenue * (0.025 + 0.05 * traits["rd"]))
    rows["total_profit_fen"] = fen(revenue * (0.14 * traits["profit"] - 0.015))
    rows["net_profit_fen"] = fen(revenue * (0.12 * traits["profit"] - 0.015))
    rows["tax_paid_fen"] = fen(revenue * (0.025 + 0.04 * traits["tax"]) * (0.9 + 0.2 * chance.random(len(rows))))
    rows["assets_fen"] = fen(yearly * (0.9 + traits["debt"]))
    rows["liabilities_fen"] = fen(yearly * (0.9 + traits["debt"]) * (0.25 + 0.4 * traits["main"]))
    rows["employees"] = np.round(8 + yearly / (60 + 80 * traits["staff"]))
    rows["insured_employees"] = np.round(rows["employees"] * 0.95)
    rows["rd_staff"] = np.round(rows["employees"] * (0.08 + 0.2 * traits["rd"]))
    return _yearly_only(rows, traits, chance)


def _yearly_only(rows: pd.DataFrame, traits: dict, chance) -> pd.DataFrame:
    """Columns that firms give with their audited year alone."""
    audited, number = (rows["basis"] == "审计").to_numpy(), len(rows)
    years = rows["on"].dt.year.to_numpy() - 2021
    columns = {
        "equity_raised_fen": np.where(chance.random(number) < 0.03, np.round(np.exp(chance.random(number) * 3 + 5)) * 1e6, 0),
        "niche_years": np.floor(2 + 12 * traits["main"]) + years,
        "market_share_pct": np.round(1 + 30 * traits["share"] ** 2, 2),
        "class1_rights": np.floor(6 * traits["rd"] + years * 0.5),
        "development_score": np.round(42 + 40 * traits["growth"] + 8 * chance.random(number), 1),
    }
    return rows.assign(**{name: np.where(audited, values, np.nan) for name, values in columns.items()})


def _evaluated(scene: Scene, rows: pd.DataFrame) -> pd.DataFrame:
    """跟踪评价 of the pool's firms in the summer after the year, more of them each year."""
    chance, on = stream("economy.evaluated"), rows["on"].to_numpy("datetime64[D]")
    share = np.clip(0.42 + 0.13 * (rows["on"].dt.year.to_numpy() - 2021), 0, 0.92)
    done = (rows["basis"] == "审计") & (chance.random(len(rows)) < share)
    done &= ~np.isnat(scene.pools.first_entry(KEEN)[rows["firm"]]) & ~(scene.pools.first_entry(KEEN)[rows["firm"]] > on + 160)
    rows["evaluated_on"] = np.where(done, later(on, chance, 165, 300), NEVER)
    rows["evaluation"] = np.where(done, choose(chance, len(rows), {"优": 22, "良": 48, "合格": 26, "不合格": 4}), "")
    return rows


def talent_counts(scene: Scene) -> pd.DataFrame:
    """D20: one row a firm, quarter and department, counts alone."""
    parts = []
    for quarter in _PERIODS:
        chance, last = stream(f"talent.{quarter}"), day(quarter.last_day)
        firm = scene.met("P2", quarter)
        firm = firm[chance.random(len(firm)) < 0.34]
        base = pd.DataFrame({"firm": firm, "for_quarter": str(quarter), "on": last})
        parts += [base.assign(sender=sender, **columns) for sender, columns in _counts(chance, len(firm)).items()]
    rows = pd.concat(parts, ignore_index=True)
    signed = scene.firms.sign(rows["firm"].to_numpy(), rows["on"].to_numpy("datetime64[D]"))
    return pd.concat([rows, signed], axis=1).assign(known_on=rows["on"] + pd.Timedelta(days=2))


def _counts(chance, number: int) -> dict[str, dict[str, np.ndarray]]:
    def count(most: float, power: float = 2) -> np.ndarray:
        return np.floor(chance.random(number) ** power * most)

    people = count(7)
    return {
        "区住建局": {"rent_subsidised_people": people, "rent_subsidy_fen": people * np.floor(20 + 20 * chance.random(number)) * 30_000,
                 "talent_flats": count(9, 3)},
        "区人社局": {"skilled_workers": count(9), "craftsmen": count(2.2, 3), "graduates": count(14)},
        "区经信局": {"outstanding_entrepreneurs": count(1.3, 3)},
    }  # fmt: skip
