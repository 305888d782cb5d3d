"""Knows every word by which a report tells a state, and what it means; leaves other terms to `glossary`.

The words are those of the closed lists and of the rooms that tell them; one that has no meaning here is an error, not a gap. PLAIN
are those that mean to an official what they mean to anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zjtx_pipeline.awards.tally import UNDELIVERED as UNTOLD
from zjtx_pipeline.candidates import FITS, NEARLY, UNKNOWN
from zjtx_pipeline.causes import CAUSES, RETURNED, WITHDRAWN
from zjtx_pipeline.flows import MERGED, PASSED_AWAY, PASSED_ON, REGAINED, SUCCEEDED, UNSAID
from zjtx_pipeline.progress import DERIVED, FELL_BACK, LATE, RECALCULATED, UNCONFIRMED
from zjtx_pipeline.report.dataset_rows import LATE as LATE_DELIVERY
from zjtx_pipeline.report.dataset_rows import SEVERITIES
from zjtx_pipeline.report.privacy import FEW_PERSONS, UNSHOWN
from zjtx_pipeline.rules import Rules
from zjtx_pipeline.verdicts import DELIVERED, UNDELIVERED, UNUSABLE, ZERO
from zjtx_pipeline.watch import FAILED, PUBLISHED, UNSEEN

Term = tuple[str, str]

FIGURES, AWARDS, ENDINGS = "测算状态", "兑现状态", "失效原因"  # closed lists of what the program itself writes
ROWS = ("采用", *SEVERITIES[1:], SEVERITIES[0], "无法识别", LATE_DELIVERY)
TABLES = (DELIVERED, ZERO, UNDELIVERED, UNUSABLE)
TARGETS = (FELL_BACK, LATE, RECALCULATED, UNCONFIRMED, DERIVED)
MASKS = (FEW_PERSONS, UNSHOWN)
TITLE_FLOWS = (REGAINED, PASSED_ON, PASSED_AWAY, SUCCEEDED, MERGED)
REVIEWS = (PUBLISHED, FAILED, UNSEEN)
SCREENED = (FITS, NEARLY, UNKNOWN)
# What anybody understands, or what the words themselves say.
PLAIN = frozenset({
    "正常", "尚未测算", DELIVERED, "采用", "撤销", "主动放弃", "注销", "迁出", "迁入", "新认定", "晋级", "复核通过", "有效期内", "入库", "再入库", "在库",
    "不符合条件", "主动退出", "承继", "其他", UNSAID, FAILED, *SCREENED,
})  # fmt: skip

_MEANINGS = {
    "待补": "所需数据表到报送截止日没有报送，不按0计。",
    "沿用上期": "所需数据表没有报送，按区县配置列示上季数值，不参与亮灯和测算。",
    "待明确": "原文没有写明金额或比例，主管部门明确以前不测算，不按0计。",
    "无适用对象": "分母为0，没有可以计算的企业。",
    "未申请": "有触发事项，奖补核定（D06a）中查不到申请。",
    "审核中": "已申请，还没有核定结果。",
    "已核定未拨": "已核定，区级资金还没有拨付。",
    "部分拨付": "区级资金已拨付，少于测算应兑。",
    "已拨付": "区级资金已按测算应兑拨足。",
    "超付": "区级资金拨付多于测算应兑。",
    "不予兑现": "申请未获核定，也没有拨付；仍计入测算应兑和差额，是否扣除待主管部门明确。",
    "无触发": "有核定或拨付记录，查不到对应的触发事项，测算应兑为0。",
    "到期未复核": "有效期已满，没有复核通过或再认定。",
    ZERO: "报送部门写明本季没有可报的内容，所涉指标按0计。",
    UNDELIVERED: "到报送截止日没有收到，所涉指标列为待补，不按0计。",
    UNUSABLE: "报来了，但有整表问题或该列的内容不可靠，所涉指标列为待补。",
    "退回": "数据不合规则的行，退回报送部门更正后重报，更正前不计入。",
    "提示": "数据可疑但已计入的行，请报送部门核对。",
    "阻断": "整张数据表不能用，所涉指标不出数。",
    "无法识别": "不能按数据表的列读成一条记录的行，不计入。",
    LATE_DELIVERY: "报送时间晚于报送截止日；出报告前报到的照常计入。",
    FELL_BACK: "到期时已达到目标，之后又低于目标。",
    LATE: "到期时没有达到目标，之后达到，亮黄灯。",
    RECALCULATED: "到期那个季度的报送没有留存，按现有台账回算到那一天。",
    UNCONFIRMED: "没有基线可用，主管部门确认以前亮灰灯。",
    DERIVED: "基线由台账回算得出，区经信局确认以前不作定论。",
    FEW_PERSONS: "人才类数据不足3的，不列具体数。",
    UNSHOWN: "企业经营、纳税数据的合计所涉企业少于规定家数或家数不明，或人才资金所涉人数不足3。",
    REGAINED: "资质失效后重新取得。",
    PASSED_ON: "合并、分立或换码后，资质由承继的企业转入。",
    PASSED_AWAY: "合并、分立或换码后，资质转给承继的企业。",
    SUCCEEDED: "合并、分立或换码后由承继的企业继续持有。",
    MERGED: "同一企业的两项并为一项，不重复计。",
    PUBLISHED: "复核结果已公示，尚未公布，不算通过。",
    UNSEEN: "台账中没有这一轮复核的记录。",
    "迟报补齐": "上一版出具时没有报送的部门，现在报来了。",
    "来源更正": "报送部门更正了上一版所用的数据，或撤回了报送。",
    WITHDRAWN: "上一版所用的报送，现在没有了；计入来源更正。",
    RETURNED: "更早的版次用过、上一版没有的报送，现在又报来了；计入迟报补齐。",
    "口径调整": "口径、目标、奖补标准、校验规则等有改变。",
    "计算差错": "数据、口径都没有改变，程序更正了算法。",
    "原因待核": "现有记录不能说明原因。",
}  # fmt: skip


def terms(words: Iterable[str]) -> Iterator[Term]:
    """Each word that is not plain with what it means, once."""
    yield from ((word, _MEANINGS[word]) for word in dict.fromkeys(words) if word not in PLAIN)


def awards(rules: Rules) -> tuple[str, ...]:
    """What can have become of an award unit; 待补 while payments were not delivered."""
    return (*rules.lists[AWARDS].names, UNTOLD)


def figures(rules: Rules) -> tuple[str, ...]:
    """What a figure's value can stand for, and what stands beside it."""
    return (*rules.lists[FIGURES].names, *MASKS, *TARGETS)


def titles(rules: Rules) -> tuple[str, ...]:
    """How titles come, stay and go."""
    return (*TITLE_FLOWS, *rules.lists[ENDINGS].names, *REVIEWS)


def data(rules: Rules) -> tuple[str, ...]:
    """What becomes of deliveries, and why a figure that was issued differs."""
    return (*TABLES, *ROWS, *CAUSES, WITHDRAWN, RETURNED)
