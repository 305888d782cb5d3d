"""Knows what the sample's departments write about each task in a quarter (D26): plausible, general, short.

Leaves who is asked for which task to the rules.
"""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.rules import load_rules
from zjtx_pipeline.sample.draws import stream

_DONE = (
    "围绕“{title}”按季度计划推进，召开专题会商{few}次，走访服务企业{many}家次。",
    "牵头事项按节点推进，会同相关部门完成{few}轮企业摸底，更新台账{many}条。",
    "组织开展业务培训和政策宣讲{few}场，覆盖企业{many}家次，资料已归档。",
    "完成本季度数据核对与报送，跟进重点企业{many}家，协调解决问题{few}项。",
    "对上季度存在的问题逐项整改，已办结{few}项，其余按计划办理。",
)
_PROBLEMS = (
    "部分企业资料更新不及时，需进一步核实。",
    "跨部门数据口径尚不完全一致，影响比对效率。",
    "个别镇街进度偏慢，服务力量有待加强。",
    "符合条件的企业申报意愿不一，仍需加强引导。",
    "",
)
_NEXT = (
    "下季度重点做好企业走访和台账核对，补齐短板。",
    "加强与镇街（平台）联动，分类做好服务和提醒。",
    "继续做好政策解读，推动符合条件的企业应报尽报。",
    "对照年度目标倒排进度，逐月调度。",
)


def progress_texts(quarter: Quarter) -> pd.DataFrame:
    """D26 of one quarter: a row a task and department; some departments send nothing, some only a draft."""
    chance, rows = stream(f"texts.{quarter}"), []
    silent = {name for name in load_rules().departments if chance.random() < 0.12}
    for task in load_rules().tasks.values():
        for name in task.departments:
            draws, draft = chance.random(6), chance.random() < 0.07
            if name in silent or draws[5] < 0.04:
                continue
            rows.append((task.number, str(quarter), name, _done(task.title, draws), _pick(_PROBLEMS, draws[3]), _pick(_NEXT, draws[4]),
                         "草稿" if draft else "已审核"))  # fmt: skip
    columns = ["task", "for_quarter", "department", "main_progress", "problems", "next_steps", "review_state"]
    return pd.DataFrame(rows, columns=columns).assign(sender=lambda table: table["department"])


def _pick(sentences: tuple[str, ...], draw: float) -> str:
    return sentences[int(draw * len(sentences))]


def _done(title: str, draws) -> str:
    few, many = 1 + int(draws[0] * 4), 12 + int(draws[1] * 160)
    first, second = int(draws[2] * 5), (int(draws[2] * 5) + 1 + int(draws[3] * 4)) % 5
    return "".join(_DONE[each].format(title=title, few=few, many=many) for each in dict.fromkeys((first, second)))
