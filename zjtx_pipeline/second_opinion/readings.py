"""Knows which readings (B-01…B-28) the SQL follows, in this one place; leaves what each means to the rules.

The SQL is not written for a reading that does not stand here: then the figures that it bears on are told as not reviewed,
and nothing is compared with them.
"""

from __future__ import annotations

from zjtx_pipeline.rules import Rules

# B-09 comes with the rules' titles of P2 and of A01, so that both of its values are followed.
FOLLOWED: dict[str, set[str]] = {
    "B-01": {"2023—2025年"},
    "B-02": {"每企业每自然年"},
    "B-03": {"采购方"},
    "B-04": {"不含税发票额"},
    "B-05": {"仅首台（套）"},
    "B-06": {"首批次只计数"},
    "B-07": {"分层级首次"},
    "B-08": {"待明确"},
    "B-09": {"仅国家级", "含省级"},
    "B-10": {"按原文金额"},
    "B-11": {"累加"},
    "B-12": {"无未贯标企业"},
    "B-13": {"有评价等级"},
    "B-14": {"P2"},
    "B-15": {"登记地"},
    "B-16": {"当年新入"},
    "B-17": {"季末有效"},
    "B-18": {"专题并有佐证"},
    "B-19": {"2023年以来新列入"},
    "B-20": {"能效和水效"},
    "B-21": {"同类同级首次列入"},
    "B-22": {"验收文件所载"},
    "B-23": {"本企业"},
    "B-24": {"2023年8月公开版"},
    "B-25": {"以元计算"},
    "B-26": {"计划期"},
    "B-27": {"在萧企业"},
    "B-28": {"只计首次"},
}


def unfollowed(rules: Rules, task: int) -> tuple[str, ...]:
    """The readings in force that bear on a task and that the SQL does not follow, each in a sentence."""
    return tuple(
        f"{reading.id} 取值“{reading.value}”"
        for reading in rules.readings.values()
        if (task in reading.tasks or not reading.tasks) and reading.value not in FOLLOWED.get(reading.id, set())
    )
