"""Knows the course of a whole run: how it opens, the order of its stages without an orchestrator, how it ends."""

from __future__ import annotations

from zjtx_pipeline import ahead, sources, validate
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.stages.correcting import settle
from zjtx_pipeline.stages.intake import any_known, check, pull
from zjtx_pipeline.stages.measuring import compare, look_ahead, measure, tally_awards, tally_ladder, tally_tiers
from zjtx_pipeline.stages.opinion import TITLES, review, reviewed_tasks, stop_if_disputed
from zjtx_pipeline.stages.gathering import OVERALL
from zjtx_pipeline.stages.printing import distribute, render
from zjtx_pipeline.stages.publishing import publish
from zjtx_pipeline.stages.run import Run, mark_home


def opening(run: Run) -> dict:
    """What is known of a quarter before anything is read; a second process begins to look back meanwhile.

    ZjtxError where there is nothing to read.
    """
    reach(run)
    mark_home(run)
    settle(run)  # before a second process begins, for its reports say the same
    look_ahead(run)
    ends = run.settings.rules.plan.ends_on
    return {
        "季度": run.quarter.chinese,
        "阶段": "三年行动计划期内" if run.quarter.last_day <= ends else "收官后跟踪",
        "报送截止日": str(run.due_on),
        "按哪天所知": str(run.as_of or "全部已报送的数据"),
        "报告日": str(run.settings.reported_on(run.quarter)),
        "草稿": "是" if run.draft else "否",
        "不认识的文件": "；".join(strays(run)) or "无",
    }


def reach(run: Run) -> None:
    """ZjtxError where there is nothing to read: a source that does not answer, or a day by which nobody had delivered."""
    if run.as_of is None:
        sources.reach(run.settings)
    elif not any_known(run):
        raise ZjtxError(f"到 {run.as_of} 为止，{run.quarter} 还没有任何部门报送：没有可出的报告。")


def strays(run: Run) -> list[str]:
    """Files that no table claims; what lies in the 收件目录 now says nothing of an earlier day."""
    found = [] if run.as_of else sources.strays(run.settings, run.quarter)
    return [f"{file}：{sentence}" for file, sentence in found]


def run_all(run: Run) -> dict:
    """Every stage of a quarter in order, without an orchestrator; ZjtxError where a table is blocked."""
    try:
        return _run_all(run)
    finally:
        close(run)


def close(run: Run) -> None:
    """Let go of what a run holds, however it ended."""
    ahead.end(run.key)


def _run_all(run: Run) -> dict:
    numbers = run.settings.rules.tasks
    opening(run)
    for table_id in validate.order():
        pull(run, table_id)
        blocked = check(run, table_id)["blocked"]
        if blocked:
            raise ZjtxError(blocked[0])
    compare(run)
    tally_tiers(run)
    tally_ladder(run)
    for number in numbers:
        if run.settings.rules.grants_of(number):
            tally_awards(run, number)
        measure(run, number)
    for number in (TITLES, *reviewed_tasks(run.settings.rules)):
        stop_if_disputed(review(run, number))
    for number in (OVERALL, *numbers):
        render(run, number)
    distribute(run)
    return publish(run)
