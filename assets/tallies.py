"""Knows the assets drawn from several tables at once: titles, awards, and the quarters to compare with.

Leaves counting them to the library.
"""

from dagster import AssetExecutionContext, AssetKey, AssetsDefinition, MaterializeResult, MetadataValue, asset

from assets.naming import owners
from assets.partitions import QUARTERS, RULES
from assets.raw import period
from assets.resources import District
from assets.validated import sound
from zjtx_pipeline import stages
from zjtx_pipeline.rules.model import Task

SHARED = {"partitions_def": QUARTERS, "group_name": "g3_tallies", "kinds": {"pandas"}}
TITLES = {"D01", "D02", "D04"}
AIMED = {table for each in RULES.targets.values() for table in RULES.indicators[each.indicator].parts["a"].needs}
STANDINGS = TITLES | AIMED | {"D03", "D05"}  # with what the targets rest on, for what they lose if no title is renewed
PAYMENTS = {"D06a", "D06b"}


@asset(
    deps=[period],
    owners=owners(["区经信局"]),
    description="对照：上季度和各目标到期季度的数值，按那些季度自己的报送计算。",
    op_tags={"dagster/priority": "-1"},  # it could begin at once, but a person wants to see this quarter's faults first
    **SHARED,
)
def comparison(context: AssetExecutionContext, district: District) -> MaterializeResult:
    with district.run_of(context) as run:
        return MaterializeResult(metadata=stages.compare(run))


@asset(
    deps=[comparison, *sound(sorted(STANDINGS))],
    owners=owners(["区经信局"]),
    description="资质：季末有效的各层级企业，季度流量（期初＋转入－转出＝期末），两季内到期的资质及对目标的影响，晋级初筛（非认定）。",
    **SHARED,
)
def tiers(context: AssetExecutionContext, district: District) -> MaterializeResult:
    with district.run_of(context) as run:
        found = stages.tally_tiers(run)
    flows = {"季度流量": MetadataValue.md(found["table_markdown"])}
    beside = {"两季内到期资质": found["lapsing"], "晋级初筛（非认定）": found["candidates"]}
    return MaterializeResult(metadata=found["counts"] | flows | beside)


def awards_key(number: int) -> AssetKey:
    return AssetKey(["awards", f"T{number:02d}"])


def task_awards(task: Task) -> AssetsDefinition:
    """The award units of one task's clauses."""
    clauses = RULES.grants_of(task.number)
    tables = {RULES.awards[clause].trigger.table for clause in clauses}

    @asset(
        key=awards_key(task.number),
        deps=sound(sorted(TITLES | PAYMENTS | tables)),
        owners=owners(task.departments),
        description=f"奖补：任务{task.number}各条款（{'、'.join(clauses)}）测算应兑（未经审核）、已兑、差额，一个奖补单元一行。",
        **SHARED,
    )
    def tally(context: AssetExecutionContext, district: District) -> MaterializeResult:
        with district.run_of(context) as run:
            found = stages.tally_awards(run, task.number)
        return MaterializeResult(metadata={"奖补单元": found["units"], "各条款": MetadataValue.md(found["table_markdown"])})

    return tally


def awards_keys(number: int) -> list[AssetKey]:
    """The awards that a task has; many have none."""
    return [awards_key(number)] if RULES.grants_of(number) else []


AWARDS = {number: task_awards(task) for number, task in RULES.tasks.items() if RULES.grants_of(number)}
TALLIES = [comparison, tiers, *AWARDS.values()]
