"""Knows one asset of figures a task, and exactly which tables each needs; leaves measuring to the library."""

from dagster import AssetExecutionContext, AssetKey, AssetsDefinition, MaterializeResult, MetadataValue, asset

from assets.naming import owners
from assets.partitions import QUARTERS, RULES
from assets.resources import District
from assets.tallies import awards_keys, comparison
from assets.validated import sound
from zjtx_pipeline import stages
from zjtx_pipeline.rules.model import Task

GROUP = "g4_figures"


def figures_key(number: int) -> AssetKey:
    return AssetKey(["figures", f"T{number:02d}"])


def needs(number: int) -> list[AssetKey]:
    """The sound tables without which some figure of the task cannot be made."""
    parts = [part for each in RULES.indicators_of(number) for part in each.parts.values()]
    return sound(sorted({table_id for part in parts for table_id in part.needs}))


def task_figures(task: Task) -> AssetsDefinition:
    """All figures of one task, with pace, light and forecast."""

    @asset(
        key=figures_key(task.number),
        deps=[*needs(task.number), *awards_keys(task.number), comparison],
        partitions_def=QUARTERS,
        group_name=GROUP,
        owners=owners(task.departments),
        kinds={"pandas"},
        description=f"任务{task.number}“{task.title}”的全部指标：数值、目标、序时进度、亮灯、趋势测算。",
    )
    def measure(context: AssetExecutionContext, district: District) -> MaterializeResult:
        with district.run_of(context) as run:
            found = stages.measure(run, task.number)
        lights = "　".join(f"{light} {count}" for light, count in found["lights"].items())
        return MaterializeResult(
            metadata={
                "数值个数": found["figures"],
                "未报送所致": found["absent"] or "无",
                "亮灯": lights or "未设量化目标",
                "指标": MetadataValue.md(found["table_markdown"]),
                "溯源": f"任何一个数是怎么来的：资产 trace/T{task.number:02d} 写出工作簿，或命令 zjtx trace 编号 {context.partition_key}。",
            }
        )

    return measure


FIGURES = [task_figures(task) for task in RULES.tasks.values()]
