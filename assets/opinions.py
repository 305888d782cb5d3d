"""Knows one asset a task, and one for the titles, that holds them against the second opinion and stops their reports.

Leaves computing and comparing to the library.
"""

from collections.abc import Iterator

from dagster import AssetCheckResult, AssetCheckSpec, AssetExecutionContext, AssetKey, AssetsDefinition, MaterializeResult, asset

from assets.figures import GROUP, figures_key
from assets.naming import owners
from assets.partitions import QUARTERS, RULES
from assets.resources import District
from assets.tallies import awards_keys, tiers
from zjtx_pipeline import stages

REVIEWED = stages.reviewed_tasks(RULES)
CHECK = "both_agree"


def opinion_key(number: int) -> AssetKey:
    return AssetKey(["second_opinion", f"T{number:02d}" if number else "tiers"])


def opinions_on(number: int) -> list[AssetKey]:
    """The reviews that a task's report waits for: that of the titles, and its own if it has a target or awards."""
    return [opinion_key(each) for each in (stages.TITLES, number) if each in (stages.TITLES, *REVIEWED)]


def second_opinion(number: int, deps: list, departments: list[str], description: str) -> AssetsDefinition:
    """One review, with the check that stops the reports."""
    key = opinion_key(number)

    @asset(
        key=key,
        deps=deps,
        check_specs=[AssetCheckSpec(CHECK, asset=key, blocking=True, description="两种算法的结果完全一致；有一处不同，报告停止。")],
        partitions_def=QUARTERS,
        group_name=GROUP,
        owners=owners(departments),
        kinds={"duckdb"},
        description=description,
    )
    def review(context: AssetExecutionContext, district: District) -> Iterator[MaterializeResult]:
        with district.run_of(context) as run:
            found = stages.review(run, number)
            yield MaterializeResult(
                metadata={"复核的数": found["compared"], "未复核": found["unreviewed"] or "无"}, check_results=[agreed(found)]
            )
            stages.stop_if_disputed(found)

    return review


def agreed(found: dict) -> AssetCheckResult:
    """No number differs."""
    sentence = "".join(found["differences"]) or found["unreviewed"] or f"{found['compared']} 个数，两种算法一致。"
    return AssetCheckResult(check_name=CHECK, passed=not found["differences"], description=sentence)


OPINIONS = [
    second_opinion(stages.TITLES, [tiers], ["区经信局"], "复核：各层级有效企业数，用 SQL 由合格行独立再算一遍，与第一算法逐一比较。"),
    *(
        second_opinion(
            number,
            [figures_key(number), *awards_keys(number)],
            list(RULES.tasks[number].departments),
            f"复核：任务{number}的考核目标和奖补合计，用 SQL 由合格行独立再算一遍，与第一算法逐一比较。",
        )
        for number in REVIEWED
    ),
]
