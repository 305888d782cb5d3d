"""Knows the awards of several clauses together: by department, and as bars of what is paid and what is missing.

Leaves the clauses' own lines to `award_rows`; a clause without an amount is in no sum here either.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pandas as pd

from zjtx_pipeline.report import formats
from zjtx_pipeline.report.award_rows import ABSENT, PAYMENTS, is_stated, total, total_fen
from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.report.payments import AwardRow, DepartmentAwards, GapBar
from zjtx_pipeline.rules import Award


def by_department(inputs: ReportInputs, awards: list[Award]) -> tuple[DepartmentAwards, ...]:
    """The clauses of each department in the plan's order; their sums make the total of the clauses' table."""
    grants = [award for award in awards if award.is_grant]
    return tuple(_department(inputs, name, own) for name in inputs.rules.departments if (own := [each for each in grants if each.department == name]))


def _department(inputs: ReportInputs, name: str, own: list[Award]) -> DepartmentAwards:
    stated = [award for award in own if is_stated(award)]
    waiting = [award.id for award in own if not is_stated(award)]
    untold = inputs.absence(dict.fromkeys(table for award in own for table in award.needs))
    notes = (
        f"{'、'.join(waiting)}金额待明确，不在内" if waiting else "",
        f"{untold}，所涉条款不在内" if untold else "",
        inputs.absence(PAYMENTS),
    )
    return DepartmentAwards(name, str(len(own)), _sums(inputs, name, stated) if stated else None, "；".join(filter(None, notes)))


def _sums(inputs: ReportInputs, name: str, stated: list[Award]) -> AwardRow:
    """Of the clauses whose tables were delivered; 待补 where none was, and paid and gap where payments were not."""
    told = [award.id for award in stated if not inputs.undelivered(award.needs)]
    if not told:
        return AwardRow("", name, *[ABSENT] * 4)
    units = inputs.awards[inputs.awards["clause"].isin(told) & inputs.awards["entitled_fen"].notna()]
    row = total(units, name)
    return replace(row, paid=ABSENT, gap=ABSENT) if inputs.undelivered(PAYMENTS) else row


def bars(inputs: ReportInputs, awards: list[Award]) -> tuple[GapBar, ...]:
    """A bar for every clause whose amount is stated and whose tables were delivered, all on one scale."""
    if inputs.undelivered(PAYMENTS):
        return ()
    told = [award for award in awards if award.is_grant and is_stated(award) and not inputs.undelivered(award.needs)]
    sums = [(award, *_amounts(inputs.awards[inputs.awards["clause"].eq(award.id)])) for award in told]
    largest = max([fen for _, entitled, paid, _ in sums for fen in (entitled, paid)], default=0)
    return tuple(_bar(*each, largest) for each in sums) if largest > 0 else ()


def _amounts(units: pd.DataFrame) -> tuple[int, int, int]:
    known = units[units["entitled_fen"].notna()]
    return total_fen(known, "entitled_fen"), total_fen(units, "paid_fen"), total_fen(known, "gap_fen")


def _bar(award: Award, entitled: int, paid: int, gap: int, largest: int) -> GapBar:
    return GapBar(
        clause=award.id,
        title=award.title,
        entitled=_share(entitled, largest),
        paid=_share(paid, largest),
        gap=formats.wan(gap),
        told=f"{award.id}：测算应兑{formats.wan(entitled)}万元，已兑{formats.wan(paid)}万元，差额{formats.wan(gap)}万元",
    )


def _share(fen: int, largest: int) -> str:
    return formats.fixed(Fraction(max(fen, 0) * 1000, largest), 1)
