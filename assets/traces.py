"""Knows one asset a task that writes out why its figures are what they are; not part of the quarterly job, for it is asked for.

Leaves the account of a figure to the library.
"""

from dagster import AssetExecutionContext, AssetsDefinition, Config, MaterializeResult, MetadataValue, asset
from pydantic import Field

from assets.figures import figures_key
from assets.naming import owners
from assets.partitions import QUARTERS, RULES
from assets.resources import District
from zjtx_pipeline import stages
from zjtx_pipeline.rules.model import Task

GROUP = "g6_traces"


class Wanted(Config):
    """Which figures to trace."""

    figures: list[str] = Field([], description="要溯源的数的编号，如 T04-4a；不填则为本任务考核目标的数，没有目标的为奖补差额或第一个指标；任务1还可填 L1 资质=小巨人、L2。")


def task_trace(task: Task) -> AssetsDefinition:
    """The workbooks of a task's figures."""

    @asset(
        key=["trace", f"T{task.number:02d}"],
        deps=[figures_key(task.number)],
        partitions_def=QUARTERS,
        group_name=GROUP,
        owners=owners(task.departments),
        kinds={"excel"},
        description=f"溯源：任务{task.number}的数是怎么来的，一个数一个工作簿，计入和未计入的行都注明来源。需要时点 Materialize。",
    )
    def trace(context: AssetExecutionContext, config: Wanted, district: District) -> MaterializeResult:
        with district.run_of(context) as run:
            found = stages.trace_task(run, task.number, config.figures)
        files = {figure: MetadataValue.path(path) for figure, path in found["files"].items()}
        return MaterializeResult(metadata=files | {"不在此提供（含单个企业数据）": "、".join(found["withheld"]) or "无"})

    return trace


TRACES = [task_trace(task) for task in RULES.tasks.values()]
