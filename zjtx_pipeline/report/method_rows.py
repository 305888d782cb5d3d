"""Knows how a report explains itself: definitions, readings in force, open points, and what it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from zjtx_pipeline.report import formats
from zjtx_pipeline.report.award_rows import is_stated
from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.report.model import Colophon, Method
from zjtx_pipeline.report.grounds import Origin, ReadingRow
from zjtx_pipeline.rules import Award, Indicator, Reading, Target
from zjtx_pipeline.store import digest
from zjtx_pipeline.tables import load_tables

MARKS = {"P": "建议口径", "M": "待确认", "L": "公开来源"}
SHOWN_DIGEST = 16
PACE = "基期值＋（目标值−基期值）×已过季度数÷总季度数"
REFUSAL = (
    "核定结果为“不予兑现”的单元：测算应兑只看触发事项、期限、在萧和适用对象，不看核定结果，因此仍计入测算应兑和差额；"
    "不予兑现是否扣除，原文未写，待主管部门明确"
)


def method(
    inputs: ReportInputs, indicators: list[Indicator], awards: list[Award], targets: list[Target], tasks: list[int]
) -> Method:
    """What the reader must know about the figures of these tasks."""
    readings = [each for each in inputs.rules.readings.values() if concerns(each, tasks)]
    return Method(
        definitions=tuple((indicator.id, f"{indicator.title}：{indicator.definition}") for indicator in indicators),
        readings=tuple(
            ReadingRow(each.id, each.wording, each.in_force, each.explanation, MARKS[each.mark]) for each in readings
        ),
        open_points=_open_points(inputs, awards, targets),
        rules_of_print=_rules_of_print(inputs),
    )


def concerns(reading: Reading, tasks: list[int]) -> bool:
    """A reading that names no task concerns all."""
    return not reading.tasks or bool(set(reading.tasks) & set(tasks))


def colophon(inputs: ReportInputs, tables: Sequence[str]) -> Colophon:
    """Version, digests, and every delivery behind the tables named."""
    used = [one for one in inputs.sources if one.table in tables]
    return Colophon(
        version=inputs.version,
        rules_digest=inputs.rules.digest[:SHOWN_DIGEST],
        sources_digest=digest(*(f"{one.table}\n{one.sender}\n{one.source}\n{one.sha256}" for one in used))[
            :SHOWN_DIGEST
        ],
        origins=tuple(
            Origin(
                load_tables()[one.table].title,
                formats.plain(one.sender),
                formats.plain(one.source),
                formats.count(one.rows),
                one.sha256[:SHOWN_DIGEST] or formats.NOTHING,
            )
            for one in used
        ),
        edition=inputs.edition,
    )


def _open_points(inputs: ReportInputs, awards: list[Award], targets: list[Target]) -> tuple[str, ...]:
    """What waits for somebody's decision: amounts that the text does not state, amounts and dates to be confirmed."""
    unstated = [award.id for award in awards if award.is_grant and not is_stated(award)]
    confirm = [f"{award.id}{award.title}：{award.to_be_confirmed}" for award in awards if award.to_be_confirmed]
    dates = [f"{target.title}：{target.note}" for target in targets if not target.stated]
    scenes = [] if inputs.rules.chains.scenes else ["六大“新场景”的名称原文未列，待明确"]
    told = [f"{'、'.join(unstated)}的金额或比例原文未写，待主管部门明确后测算"] if unstated else []
    refusal = [REFUSAL] if any(award.is_grant and is_stated(award) for award in awards) else []
    once = [f"{'、'.join(inputs.unreviewed)}：第二算法没有这一口径，有关的数只算了一遍，未经复核"] if inputs.unreviewed else []
    return (*told, *confirm, *refusal, *once, *dates, *(scenes if any(award.id == "A10" for award in awards) else []))


def _rules_of_print(inputs: ReportInputs) -> tuple[str, ...]:
    lights = inputs.rules.plan.lights
    return (
        f"序时进度＝{PACE}；完成率＝完成值÷目标值，目标为降低的不计完成率。",
        f"亮灯按未舍入的数判断：{_green(lights.green_up_to)}为绿，超过{lights.green_up_to}至{lights.yellow_up_to}个百分点为黄，"
        f"超过{lights.yellow_up_to}个百分点或到期未完成为红，达到目标为已完成，无数据或基期待确认为灰。任务亮灯取其量化目标中最差者。",
        "趋势测算按以往速度推算至期限：匀速推算＝基期值＋（本季值−基期值）×总季度数÷已过季度数，按年考核的即本年累计×4÷已过季度数；"
        "近四季推算＝本季值＋（本季值−上年同期值）÷4×剩余季度数；每季需新增＝（目标值−本季值）÷剩余季度数，进一取整，已达目标为0。"
        "推算值保留两位小数，四舍五入，但不因此成为达到目标；家数、场数不足一个单位的舍去（目标为降低的进一），低于0、高于100%的按0、100%列示。是否类、已到期的、数据待补的不作测算。",
        "数值按四舍五入列示，金额以万元列示、保留两位小数，各项之和与合计可能有尾差；精确值见figures.csv、awards.csv、forecast.csv。",
        f"经营、纳税数据只列{inputs.settings.minimum_sum_firms}家以上企业的合计；人才类数据小于3的以“<3”列示。",
        "“应兑”均为测算数，未经审核，不作为兑付依据。",
    )


def _green(edge: Decimal) -> str:
    return f"滞后不超过{edge}个百分点" if edge else "不滞后"
