"""Knows the three things of a quarter that need somebody's decision, and in which order they are looked for.

The plan names none: what is asked follows from what the figures show (the order is printed with the method), never how to decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice, zip_longest

from zjtx_pipeline.progress import LATE
from zjtx_pipeline.report import formats
from zjtx_pipeline.report.award_rows import beyond, is_stated, paid_untriggered, total_fen
from zjtx_pipeline.report.figure_rows import after_due, aim_name, on_the_way, target_row
from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.report.sentences import light_of
from zjtx_pipeline.report.shown import Shown, bearing

MOST = 3
HOW_CHOSEN = (
    f"“需决策事项”由程序按下列次序各取一项，不足{MOST}项的依次再取：亮红灯的目标（离目标最远者在前）；已拨付而查无触发事项或超付的奖补；"
    "金额待明确的奖补条款；未报送的数据表；亮黄灯的目标。是否决策、如何决策由主管部门定。"
)


def decisions(inputs: ReportInputs) -> tuple[str, ...]:
    """At most three sentences: one of each kind in turn, then the kinds' second ones."""
    kinds = (_lit(inputs, "红"), _paid_in_doubt(inputs), _unstated(inputs), _undelivered(inputs), _lit(inputs, "黄"))
    in_turn = chain.from_iterable(zip_longest(*kinds))
    return tuple(islice((each for each in in_turn if each), MOST))


def _lit(inputs: ReportInputs, light: str) -> Iterator[str]:
    """The targets of a light that are not met yet, the one that has come the least of its way first."""
    aimed = [each for each in inputs.rules.indicators.values() if each.kind == "H" and light_of(inputs, each) == light]
    figures = [figure for each in aimed if LATE not in after_due((figure := bearing(inputs, each)).progress)]
    for figure in sorted(figures, key=lambda figure: on_the_way(figure.progress) or 0):
        yield f"任务{figure.indicator.task}的{aim_name(figure)}亮{light}灯：{_standing(figure)}，请研究推进措施。"


def _standing(figure: Shown) -> str:
    """`本季8家，目标10家（2024年末），期限已到`; of 是否 only by when."""
    row, progress = target_row(figure), figure.progress
    if progress.due <= figure.inputs.quarter:
        left = f"（{row.due}），期限已到"
    else:
        left = f"（{row.due}）" + (f"，每季需{row.trend.needed}方能如期完成" if row.trend else "")
    if figure.part.unit == "是否":
        return f"尚未完成{left}"
    return f"本季{row.now_in_full}，目标{row.target}{left}"


def _paid_in_doubt(inputs: ReportInputs) -> Iterator[str]:
    """Money that went out without a trigger, or beyond what the clause gives."""
    units = inputs.awards
    for rows, said, column, sign in (
        (paid_untriggered(units), "已拨付但查无触发事项", "paid_fen", 1),
        (beyond(units, eligible=True), "超付", "gap_fen", -1),
    ):
        if len(rows):
            yield f"{said}的奖补{formats.count(len(rows))}个单元、{formats.wan(sign * total_fen(rows, column))}万元，请核查处理。"


def _unstated(inputs: ReportInputs) -> Iterator[str]:
    """Clauses whose amount nobody has stated, where somebody waits for it."""
    grants = [award.id for award in inputs.rules.awards.values() if award.is_grant and not is_stated(award)]
    units = inputs.awards[inputs.awards["clause"].isin(grants) & inputs.awards["eligible"]]
    if len(units):
        clauses = [each for each in grants if units["clause"].eq(each).any()]
        yield f"{formats.listed(clauses, 6, '条')}的奖补金额未明确，{formats.count(len(units))}个符合条件的单元无法测算，请明确兑现标准。"


def _undelivered(inputs: ReportInputs) -> Iterator[str]:
    if absent := inputs.absence(inputs.status, MOST):
        yield f"{absent}，请督促报送。"
