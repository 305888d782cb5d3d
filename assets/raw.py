"""Knows the assets that fetch what the departments delivered; leaves reading and keeping it to the library."""

from dagster import AssetExecutionContext, AssetsDefinition, MaterializeResult, asset

from assets.naming import owners
from assets.partitions import QUARTERS
from assets.resources import District
from zjtx_pipeline import stages
from zjtx_pipeline.tables import Table, load_tables

GROUP = "g1_raw"
NATURES = {"L": "台账", "A": "本年台账", "S": "时点", "P": "期报", "T": "文字"}
KINDS = {"database": "database", "workbook": "excel", "delimited": "csv"}


@asset(
    partitions_def=QUARTERS,
    group_name=GROUP,
    owners=owners(["区经信局"]),
    kinds={"python"},
    description="数据期：检查本季度能否出报告（在计划期内、已经结束或明确要草稿），报送截止日和出报告日是哪天。",
)
def period(context: AssetExecutionContext, district: District) -> MaterializeResult:
    with district.run_of(context) as run:
        return MaterializeResult(metadata=stages.opening(run))


def raw_table(table: Table) -> AssetsDefinition:
    """One table as delivered, kept for ever."""

    @asset(
        key=["raw", table.id],
        deps=[period],
        partitions_def=QUARTERS,
        group_name=GROUP,
        owners=owners(table.senders),
        kinds={KINDS[table.delivered]},
        description=f"{table.id} {table.name}：{'、'.join(table.senders)}报送的{NATURES[table.nature]}，原样留存，不改不删。",
    )
    def pull(context: AssetExecutionContext, district: District) -> MaterializeResult:
        with district.run_of(context) as run:
            found = stages.pull(run, table.id)
        return MaterializeResult(
            metadata={
                "读到行数": found["rows"],
                "报送情况": found["status"],
                "已报送部门": "、".join(found["senders"]) or "无",
                "来源": "\n".join(found["sources"]) or "无",
                "快照校验码": found["digest"],
            }
        )

    return pull


RAW = [period, *map(raw_table, load_tables().values())]
