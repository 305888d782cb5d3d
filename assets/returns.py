"""Knows the asset that gives a judged quarter back to the departments; not part of the quarterly job, for it is asked for.

It rests on kept verdicts, so that it can be made of a quarter that a faulty table stopped. Leaves the workbooks to the library.
"""

from dagster import AssetExecutionContext, MaterializeResult, MetadataValue, asset

from assets.naming import owners
from assets.partitions import QUARTERS
from assets.resources import District
from assets.validated import sound
from zjtx_pipeline import glances, stages
from zjtx_pipeline.tables import load_tables

GROUP = "g6_returns"


@asset(
    deps=sound(load_tables()),
    partitions_def=QUARTERS,
    group_name=GROUP,
    owners=owners(["区经信局"]),
    kinds={"excel"},
    description="退回表：每个部门一个文件夹，内有标出问题的本部门报送表，改好即可重报。有表被阻断时也能做；需要时点 Materialize。",
)
def returns(context: AssetExecutionContext, district: District) -> MaterializeResult:
    with district.run_of(context) as run:
        given = stages.give_back(run)
    return MaterializeResult(
        metadata={
            "目录": MetadataValue.path(str(given.folder)),
            "各部门": MetadataValue.md(glances.returns_table(given.counts) or "没有要退回的。"),
            "还没有校验的表": "、".join(given.unjudged) or "无",
        }
    )


RETURNS = [returns]
