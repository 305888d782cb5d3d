"""Knows the words of a report that an outsider would ask about, explained from the rules in force; leaves readings to `method_rows`."""

from __future__ import annotations

from collections.abc import Iterator

from zjtx_pipeline.report import state_words
from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.report.lights import LIGHTS
from zjtx_pipeline.report.method_rows import PACE
from zjtx_pipeline.report.state_words import Term
from zjtx_pipeline.rules import Rules

_AWARDS = (
    ("兑现单元", "奖补条款的一次兑现：一家企业、一个产品或一个项目因一项触发事项应得的一笔奖补。"),
    ("测算应兑", "按条款的金额、比例和封顶算出的数，未经审核，不作为兑付依据。"),
    ("差额", "测算应兑减已兑；负数为已兑多于测算应兑。"),
    ("期外", "触发日期不在条款起止时间（口径B-26）之内的触发事项，测算应兑为0。"),
)
_TARGETS = (
    ("序时进度", f"按时间平均推进，到本季末应达到的数：{PACE}。"),
    ("趋势测算", "按以往速度推算到期限的数，是算术推算，不是承诺。"),
)


def glossary(inputs: ReportInputs) -> tuple[Term, ...]:
    """Terms and what they mean: firms and titles first, then targets, awards, data; every state that a report tells among them."""
    rules = inputs.rules
    named = [*_firms(rules), *_titles(inputs), *_lights(), *_TARGETS, *_AWARDS]
    states = (*state_words.titles(rules), *state_words.figures(rules), *state_words.awards(rules), *state_words.data(rules))
    return (*named, *state_words.terms(states))


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
