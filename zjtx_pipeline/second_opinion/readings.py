"""Knows which readings (B-01…B-28) the SQL follows, in this one place; leaves what each means to the rules.

The SQL is not written for a reading that does not stand here: then the figures that it bears on are told as not reviewed,
and nothing is compared with them.
"""

from __future__ import annotations

from zjtx_pipeline.rules import Rules

# As a report prints the choice, with those within it. B-09 comes with the rules' titles of P2 and of A01, so that both of its values are followed.
FOLLOWED: dict[str, set[str]] = {
    "B-01": {"2023—2025年"},
    "B-02": {"每企业每自然年"},
    "B-03": {"采购方；采购方地域：须在萧；关联方：不计"},
    "B-04": {"不含税发票额"},
    "B-05": {"仅首台（套）"},
    "B-06": {"首批次只计数"},
    "B-07": {"分层级首次"},
    "B-08": {"待明确"},
    "B-09": {"仅国家级", "含省级"},
    "B-10": {"按原文金额"},
    "B-11": {"累加；就高范围：全部条款"},
    "B-12": {"无未贯标企业"},
    "B-13": {"有评价等级"},
    "B-14": {"P2"},
    "B-15": {"登记地"},
    "B-16": {"当年新入"},
    "B-17": {"季末有效"},
    "B-18": {"专题并有佐证"},
    "B-19": {"计划期内新列入"},
    "B-20": {"能效和水效；频次：每名单年度"},
    "B-21": {"同类同级首次列入"},
    "B-22": {"验收文件所载"},
    "B-23": {"本企业"},
    "B-24": {"2023年8月公开版"},
    "B-25": {"以元计算"},
    "B-26": {"计划期"},
    "B-27": {"在萧企业"},
    "B-28": {"只计首次"},
}
CAP_PERIODS = {"A08": {"自然年"}, "A09": {None, "自然年"}}  # whose units are a buyer's year; others have a cap for each unit


def unfollowed(rules: Rules, task: int) -> tuple[str, ...]:
    """The readings in force that bear on a task and that the SQL does not follow, and so of its clauses' own terms; by name."""
    readings = [each for each in rules.readings.values() if task in each.tasks or not each.tasks]
    found = [f"{each.id} 取值“{each.in_force}”" for each in readings if each.in_force not in FOLLOWED.get(each.id, set())]
    for clause in rules.grants_of(task):
        for terms in rules.awards[clause].terms:
            found += [f"{clause} 叠加规则“{terms.stack_rule}”"] * (terms.stack_rule not in (None, "累加"))
            found += [f"{clause} 上限周期“{terms.cap_period}”"] * (terms.cap_period not in CAP_PERIODS.get(clause, {None}))
    return tuple(dict.fromkeys(found))
