"""Knows the asset that follows a scheduled run's reports: the request to the approvers, or the letters; leaves them to the library."""

from dagster import AssetExecutionContext, AssetKey, MaterializeResult, asset

from assets.naming import owners
from assets.partitions import QUARTERS
from assets.reports import package
from assets.resources import District
from zjtx_pipeline import unattended

GROUP = "g7_delivery"
FROM, SCHEDULE = "zjtx/from", "schedule"


@asset(
    key=AssetKey(["delivery", "request"]),
    deps=[package],
    partitions_def=QUARTERS,
    group_name=GROUP,
    owners=owners(["区经信局"]),
    kinds={"email"},
    description="请批：定时任务出完报告后，给批准人发请批邮件（或按配置自动发送）。补跑和手工运行不发任何邮件。",
)
def approval_request(context: AssetExecutionContext, district: District) -> MaterializeResult:
    tags = context.run_tags
    with district.run_of(context) as run:
        by_schedule = tags.get(FROM) == SCHEDULE and "dagster/backfill" not in tags and not run.draft and run.as_of is None
        return MaterializeResult(metadata=unattended.after_run(run.settings, run.home, run.quarter, by_schedule))


DELIVERY = [approval_request]
