"""Knows the assets drawn from several tables at once: titles, awards, and the quarters to compare with.

Leaves counting them to the library.
"""

from dagster import AssetExecutionContext, MaterializeResult, MetadataValue, asset

from assets.naming import owners
from assets.partitions import QUARTERS, RULES
from assets.raw import period
from assets.resources import District
from assets.validated import sound
from zjtx_pipeline import stages

SHARED = {"partitions_def": QUARTERS, "group_name": "g3_tallies", "kinds": {"pandas"}}
TITLES = {"D01", "D02", "D04"}
GRANTS = {award.trigger.table for award in RULES.awards.values() if award.is_grant}


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


@asset(deps=sound(sorted(TITLES)), owners=owners(["区经信局"]), description="资质：季末有效的各层级企业，含更名、合并、撤销的去向。", **SHARED)
def tiers(context: AssetExecutionContext, district: District) -> MaterializeResult:
    with district.run_of(context) as run:
        return MaterializeResult(metadata=stages.tally_tiers(run))


@asset(
    deps=[comparison, *sound(sorted(TITLES | GRANTS | set(stages.AWARD_TABLES)))],
    owners=owners(["区经信局", "区财政局"]),
    description="奖补：各条款测算应兑（未经审核）、已兑、差额，一个奖补单元一行。",
    **SHARED,
)
def awards(context: AssetExecutionContext, district: District) -> MaterializeResult:
    with district.run_of(context) as run:
        found = stages.tally_awards(run)
    return MaterializeResult(metadata={"奖补单元": found["units"], "各条款": MetadataValue.md(found["table_markdown"])})


TALLIES = [comparison, tiers, awards]
