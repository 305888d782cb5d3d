"""Knows the award table of a report: by clause what is entitled, paid and missing; leaves tallying to `awards`.

应兑 is always 测算应兑（未经审核）; what the plan does not state stays 待明确 and is in no sum (plan.md B-08).
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.awards import changed_by_plan_cap, highest_only_fen
from zjtx_pipeline.awards.tally import REFUSED
from zjtx_pipeline.report import formats
from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.report.payments import AwardRow, Awards
from zjtx_pipeline.rules import Award

UNSTATED = "待兑现政策明确"
PAYMENTS = ("D06a", "D06b")
NOT_GRANTS = {"price_rule": "属价格规则", "tax_relief": "属税收减免", "procurement_exemption": "属采购方式规定"}
WAITING = ("未申请", "审核中", "已核定未拨", "部分拨付")
ABSENT = "待补"
STATES = ("未申请", "审核中", "已核定未拨", "部分拨付", "已拨付", "超付", "不予兑现", "待明确", "无触发", "待补")


def award_table(inputs: ReportInputs, awards: list[Award]) -> Awards | None:
    """The table of some clauses; None where none of them is money out of a purse."""
    grants = [award for award in awards if award.is_grant]
    if not grants:
        return None
    units = inputs.awards[inputs.awards["clause"].isin([award.id for award in grants])]
    rows = tuple(_row(inputs, award, units[units["clause"].eq(award.id)]) for award in grants)
    known = units[
        units["clause"].isin([award.id for award in grants if is_stated(award)]) & units["entitled_fen"].notna()
    ]
    return Awards(rows, total(known) if len(rows) > 1 and len(known) else None, _remarks(inputs, units, known))


def is_stated(award: Award) -> bool:
    """Does the clause, or what a district entered for it, name an amount or a rate?"""
    return any(terms.amount is not None or terms.rate is not None for terms in award.terms)


def not_grants(awards: list[Award]) -> tuple[str, ...]:
    """Clauses that are no money out of a purse, and what they are instead."""
    return tuple(
        f"{each.id}（{each.title}）{NOT_GRANTS[each.kind]}，不计入奖补。" for each in awards if not each.is_grant
    )


def _row(inputs: ReportInputs, award: Award, units: pd.DataFrame) -> AwardRow:
    """One clause. Where no amount is stated, 应兑 and 差额 are 待明确, what was not delivered is 待补: never zero."""
    untold, unpaid = inputs.undelivered(award.needs), inputs.undelivered(PAYMENTS)
    known, stated = units[units["entitled_fen"].notna()], is_stated(award)
    waiting = len(units) - len(known) if stated else 0
    notes = [award.to_be_confirmed or "", f"另{waiting}个单元金额待明确，不在内" if waiting else ""]
    notes.append(inputs.absence((*untold, *unpaid)))
    entitled = ABSENT if untold else formats.wan(total_fen(known, "entitled_fen"))
    gap = ABSENT if untold or unpaid else formats.wan(total_fen(known, "gap_fen"))
    return AwardRow(
        clause=award.id,
        title=award.title,
        units=ABSENT if untold else formats.count(int(units["eligible"].sum())),
        entitled=entitled if stated else UNSTATED,
        paid=ABSENT if untold or unpaid else formats.wan(total_fen(units, "paid_fen")),
        gap=gap if stated else UNSTATED,
        state=_states(units[units["eligible"]]),
        note="；".join(note for note in notes if note),
    )


def total(known: pd.DataFrame, title: str = "合计（金额已明确）") -> AwardRow:
    """The sum of units whose amount is known; its gap is entitled less paid (indicators.md, small print 2)."""
    entitled, unpaid = total_fen(known, "entitled_fen"), known["paid_fen"].isna().any()
    paid = total_fen(known, "paid_fen")
    return AwardRow(
        "",
        title,
        formats.count(int(known["eligible"].sum())),
        formats.wan(entitled),
        ABSENT if unpaid else formats.wan(paid),
        ABSENT if unpaid else formats.wan(entitled - paid),
    )


def beyond(units: pd.DataFrame, *, eligible: bool) -> pd.DataFrame:
    """Overpaid units that the clause is for, or those that it is not for: 期外, not 在萧, listed later."""
    return units[units["state"].eq("超付") & units["eligible"].eq(eligible)]


def paid_untriggered(units: pd.DataFrame) -> pd.DataFrame:
    """What was paid though nothing set it off."""
    return units[units["state"].eq("无触发") & units["paid_fen"].gt(0)]


def _remarks(inputs: ReportInputs, units: pd.DataFrame, known: pd.DataFrame) -> tuple[str, ...]:
    return tuple(
        remark
        for remark in (
            _over_remark(units),
            _outside_remark(units),
            _refused_remark(known),
            _untriggered_remark(units),
            _cap_remark(units),
            _stack_remark(inputs, known),
            _share_remark(known),
            _waiting_remark(known),
            _other_purses_remark(units),
            _span_remark(inputs, units),
        )
        if remark
    )


def _over_remark(units: pd.DataFrame) -> str:
    over = beyond(units, eligible=True)
    if over.empty:
        return ""
    return f"超付{len(over)}个兑现单元，合计{formats.wan(-total_fen(over, 'gap_fen'))}万元，各单元差额不相互抵补；逐家明细由区经信局留存（awards.csv）。"


def _outside_remark(units: pd.DataFrame) -> str:
    """What was paid for units that entitle to nothing: in the gap, but no overpayment by the clause's formula."""
    outside = beyond(units, eligible=False)
    paid = formats.wan(total_fen(outside, "paid_fen"))
    return f"另有期外、不在萧或非首次的{len(outside)}个单元已兑{paid}万元，测算应兑为0，计入已兑和差额。" if len(outside) else ""


def refused(units: pd.DataFrame) -> pd.DataFrame:
    """Units that the clause is for and whose application was refused: neither 5.5 nor the plan takes what they are entitled to away."""
    return units[units["state"].eq(REFUSED) & units["eligible"]]


def _refused_remark(known: pd.DataFrame) -> str:
    """They stay in entitled and gap (the method's open points say so)."""
    rows = refused(known)
    gap = formats.wan(total_fen(rows, "gap_fen"))
    return f"核定不予兑现的{formats.count(len(rows))}个单元仍计入测算应兑和差额（合计差额{gap}万元），是否扣除待主管部门明确。" if len(rows) else ""


def _untriggered_remark(units: pd.DataFrame) -> str:
    rows = paid_untriggered(units)
    return (
        f"已拨付但查无触发事项的{len(rows)}个单元，合计{formats.wan(total_fen(rows, 'paid_fen'))}万元，待核。"
        if len(rows)
        else ""
    )


def _cap_remark(units: pd.DataFrame) -> str:
    """B-02: the units that one cap for the whole plan would change."""
    changed = changed_by_plan_cap(units)
    if changed.empty:
        return ""
    before, after = (formats.wan(total_fen(changed, column)) for column in ("alone_fen", "by_plan_fen"))
    return f"如按整个计划期封顶，首台（套）采购资助有{len(changed)}个单元改变，由{before}万元改为{after}万元，见awards_detail.csv。"


def _stack_remark(inputs: ReportInputs, known: pd.DataFrame) -> str:
    """B-11: added up as the text is silent, with the 就高 total beside it; read otherwise, with what 累加 would give."""
    if known.empty:
        return ""
    rule = inputs.rules.reading("B-11")
    if rule != "累加":
        return f"同一企业多项资助按{rule}计；如按累加计，测算应兑为{formats.wan(total_fen(known, 'alone_fen'))}万元。"
    return f"同一企业多项资助按累加计；如按就高计，测算应兑为{formats.wan(highest_only_fen(inputs.rules, known))}万元。"


def _share_remark(known: pd.DataFrame) -> str:
    """B-27: any firm in the district may receive; the share of P2 stands beside."""
    if known.empty or known["in_p2"].isna().any():
        return ""
    return f"测算应兑中，季末为专精特新企业的{formats.wan(total_fen(known[known['in_p2']], 'entitled_fen'))}万元。"


def _waiting_remark(known: pd.DataFrame) -> str:
    """How long units that are not paid in full have waited since their trigger."""
    days = known.loc[known["eligible"] & known["state"].isin(WAITING) & known["gap_fen"].gt(0), "days_since_trigger"]
    if days.empty:
        return ""
    return f"尚未兑足的{len(days)}个单元，自触发起至季末最长{int(days.max())}天，半数超过{int(days.quantile(0.5, 'lower'))}天。"


def _other_purses_remark(units: pd.DataFrame) -> str:
    """City, province and state pay from purses of their own, which are in no gap."""
    paid = total_fen(units, "other_purses_fen")
    return f"另有市级以上资金拨付{formats.wan(paid)}万元，不在已兑之内。" if paid else ""


def _span_remark(inputs: ReportInputs, units: pd.DataFrame) -> str:
    """The units' payments are all of theirs; the indicators' only those since the term began (small print 3)."""
    if not units["paid_fen"].gt(0).any():
        return ""
    since = formats.day(inputs.rules.plan.starts_on)
    return f"本表已兑按兑现单元的全部拨付计，指标中的已兑只计{since}以来的拨付，两者可能不同。"


def _states(units: pd.DataFrame) -> str:
    counted = units["state"].value_counts()
    return "、".join(f"{state}{counted[state]}" for state in STATES if counted.get(state, 0))


def total_fen(units: pd.DataFrame, column: str) -> int:
    """A column of units in whole fen; what is not known adds nothing."""
    return int(units[column].fillna(0).sum())
