"""Knows one asset a PDF, and the one that closes a quarter with its tables and manifest; leaves printing to the library."""

from base64 import b64encode

from dagster import AssetExecutionContext, AssetKey, AssetsDefinition, MaterializeResult, MetadataValue, asset

from assets.figures import figures_key
from assets.naming import owners
from assets.opinions import OPINIONS, opinions_on
from assets.partitions import QUARTERS, RULES
from assets.resources import District
from assets.tallies import AWARDS, awards_key, awards_keys, comparison, ladder, tiers
from assets.validated import sound
from zjtx_pipeline import stages
from zjtx_pipeline.report.compose import LADDER
from zjtx_pipeline.tables import load_tables

GROUP = "g5_reports"


def report_key(number: int) -> AssetKey:
    return AssetKey(["report", f"T{number:02d}" if number else "overall"])


def pdf(number: int, deps: list, departments: list[str], description: str) -> AssetsDefinition:
    """One printed report."""

    @asset(
        key=report_key(number),
        deps=deps,
        partitions_def=QUARTERS,
        group_name=GROUP,
        owners=owners(departments),
        kinds={"pdf"},
        description=description,
    )
    def render(context: AssetExecutionContext, district: District) -> MaterializeResult:
        with district.run_of(context) as run:
            return MaterializeResult(metadata=shown(stages.render(run, number)))

    return render


def shown(printed: dict) -> dict:
    """What a person sees of a printed report: where it lies, how long it is, and its first page."""
    metadata = {
        "文件": MetadataValue.path(printed["path"]),
        "页数": printed["pages"],
        "排版用时（秒）": round(printed["seconds"], 2),
    }
    if printed["preview_png"]:
        image = b64encode(printed["preview_png"]).decode("ascii")
        metadata["首页预览"] = MetadataValue.md(f"![首页预览](data:image/png;base64,{image})")
    return metadata


def rests_on(number: int) -> list:
    """What a task's report shows beside its figures: titles, the awards if it has any, data quality, words."""
    moved = [ladder] if number == LADDER else []
    beside = [tiers, *moved, *awards_keys(number), *opinions_on(number), comparison]
    return [figures_key(number), *beside, *sound(RULES.tables_of(number))]


TASK_REPORTS = [
    pdf(
        task.number,
        rests_on(task.number),
        list(task.departments),
        f"任务{task.number}“{task.title}”的分报告（PDF）。可单独重做。",
    )
    for task in RULES.tasks.values()
]
OVERALL_REPORT = pdf(
    stages.OVERALL,
    [
        *map(figures_key, RULES.tasks), tiers, ladder, *map(awards_key, AWARDS), *(each.key for each in OPINIONS),
        comparison, *sound(load_tables()),
    ],  # fmt: skip
    ["区经信局"],
    "总报告（PDF）：14 项任务的亮灯、奖补兑现、数据质量。",
)


@asset(
    key=AssetKey(["report", "distribution"]),
    deps=OVERALL_REPORT.dependency_keys,
    partitions_def=QUARTERS,
    group_name=GROUP,
    owners=owners(["区经信局"]),
    kinds={"pdf", "excel"},
    description="分发材料：13 个部门各一份（只含本部门的任务、指标、条款和数据问题）、分镇街情况一份；奖补单元明细、到期和初筛名单只发配置中列明的部门。",
)
def distribution(context: AssetExecutionContext, district: District) -> MaterializeResult:
    with district.run_of(context) as run:
        made = stages.distribute(run)
    return MaterializeResult(metadata={"目录": MetadataValue.path(made["folder"]), "文件": "\n".join(made["files"])})


@asset(
    deps=[*(report_key(number) for number in (stages.OVERALL, *RULES.tasks)), distribution.key],
    partitions_def=QUARTERS,
    group_name=GROUP,
    owners=owners(["区经信局"]),
    kinds={"csv"},
    description="成果包：数值、趋势测算、奖补、资质、梯队变动、行数等表和清单 manifest.json，与 15 份 PDF 同在一个目录。",
)
def package(context: AssetExecutionContext, district: District) -> MaterializeResult:
    with district.run_of(context) as run:
        found = stages.publish(run)
    return MaterializeResult(
        metadata={
            "目录": MetadataValue.path(found["folder"]),
            "文件": "\n".join(found["files"]),
            "版次": found["revision"],
        }
    )


REPORTS = [*TASK_REPORTS, OVERALL_REPORT, distribution, package]
