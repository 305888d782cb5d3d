"""Knows the lines of a report's award tables, every amount already text; leaves making them to `award_rows`, `award_totals` and `firm_rows`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AwardRow:
    """One clause: how many units, what they are entitled to, what was paid, what is missing, in 万元."""

    clause: str
    title: str
    units: str
    entitled: str
    paid: str
    gap: str
    state: str = ""
    note: str = ""


@dataclass(frozen=True)
class GapBar:
    """What was paid of what a clause entitles to, in thousandths of the largest amount of all clauses, as text ready for SVG."""

    clause: str
    title: str
    entitled: str
    paid: str
    gap: str
    told: str


@dataclass(frozen=True)
class DepartmentAwards:
    """The clauses of one department: how many, the sums of those whose amount is stated (None with none), and what is not in them."""

    department: str
    clauses: str
    sums: AwardRow | None
    note: str


@dataclass(frozen=True)
class Awards:
    """The award table of a task or of all, with what must be said beside it; by department and as bars where several stand together."""

    rows: tuple[AwardRow, ...]
    total: AwardRow | None
    remarks: tuple[str, ...]
    departments: tuple[DepartmentAwards, ...] = ()
    bars: tuple[GapBar, ...] = ()


@dataclass(frozen=True)
class FirmAward:
    """One award unit of one firm that is not paid in full, or got more than its clause gives, in 万元."""

    clause: str
    name: str
    entitled: str
    paid: str
    gap: str
    state: str
    days: str


@dataclass(frozen=True)
class FirmAwards:
    """Award units by firm, the largest gap first; `remarks` say what is not listed here, and why."""

    unpaid: tuple[FirmAward, ...]
    overpaid: tuple[FirmAward, ...]
    remarks: tuple[str, ...]
