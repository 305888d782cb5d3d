"""Knows the words of a report that an outsider would ask about, explained from the rules in force; leaves readings to `method_rows`."""

from __future__ import annotations

from collections.abc import Iterator

from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.report.lights import LIGHTS
from zjtx_pipeline.rules import Rules

Term = tuple[str, str]

_STATUSES = (
    ("待补", "所需数据表到报送截止日没有报送，不按0计。"),
    ("沿用上期", "所需数据表没有报送，按区县配置列示上季数值，不参与亮灯和测算。"),
    ("待明确", "原文没有写明金额或比例，主管部门明确以前不测算，不按0计。"),
    ("无适用对象", "分母为0，没有可以计算的企业。"),
)
_AWARDS = (
    ("兑现单元", "奖补条款的一次兑现：一家企业、一个产品或一个项目因一项触发事项应得的一笔奖补。"),
    ("测算应兑", "按条款的金额、比例和封顶算出的数，未经审核，不作为兑付依据。"),
    ("差额", "测算应兑减已兑；负数为已兑多于测算应兑。"),
)
_DATA = (
    ("退回", "数据不合规则的行，退回报送部门更正后重报，更正前不计入。"),
    ("提示", "数据可疑但已计入的行，请报送部门核对。"),
    ("阻断", "整张数据表不能用，所涉指标不出数。"),
)


def glossary(inputs: ReportInputs) -> tuple[Term, ...]:
    """Terms and what they mean: firms and titles first, then targets, awards, data."""
    rules = inputs.rules
    return tuple([*_firms(rules), *_titles(inputs), *_lights(), *_AWARDS, *_STATUSES, *_DATA])


def _firms(rules: Rules) -> Iterator[Term]:
    """Who is counted: populations by the titles or the pool that make them."""
    place = rules.readings["B-15"]
    yield place.wording, place.explanation
    for id, population in rules.tiers.populations.items():
        if population.types:
            made_of = f"季末持有下列任一有效资质的在萧企业：{'、'.join(population.types)}"
        elif population.pool:
            made_of = f"季末在“{population.pool}”培育库的企业（不限登记地）"
        else:
            made_of = f"{'、'.join(population.union)}之和，不重复计"
        note = f"；{population.note}" if population.note else ""
        yield f"{population.name}{f'（{id}）' if id.startswith('P') else ''}", f"{made_of}{note}。"


def _titles(inputs: ReportInputs) -> Iterator[Term]:
    """What a valid title is, and by which rule versions it is given."""
    tiers = inputs.rules.tiers
    granting, ending, never = ("、".join(names) for names in (tiers.events.granting, (*tiers.events.ending, "注销"), tiers.events.never_counting))
    yield "有效资质", f"{granting}公布以后、在有效期起止日期之内、没有{ending}的资质；{never}不算。"
    version = tiers.version_on(inputs.quarter.last_day)
    renamed = "".join(f"，其中“{old}”改称“{new}”" for old, new in version.renamed.items())
    yield "梯度", f"{'→'.join(tiers.ladder)}，现按《{version.title}》（{version.reference}）{renamed}。"


def _lights() -> Iterator[Term]:
    yield "亮灯", "；".join(f"{light.sign}{light.name}：{light.phrase}" for light in LIGHTS.values()) + "。"
