"""Knows the one job; a single report is re-made by choosing its asset in the UI."""

from dagster import AssetSelection, define_asset_job, in_process_executor

ASKED_FOR = ("g6_traces", "g6_returns")  # made when somebody asks, for they cost time and concern few

quarterly_reports = define_asset_job(
    "quarterly_reports",
    selection=AssetSelection.all() - AssetSelection.groups(*ASKED_FOR),
    executor_def=in_process_executor,
    description=(
        "一个季度从取数到 15 份报告的全过程。点 Materialize all 选一个或几个季度，就出报告或补跑。"
        "季度没有结束时只能出草稿：在 Config 里写 resources: {district: {config: {draft: true}}}。"
        "按某一天所知重出：写 resources: {district: {config: {as_of: \"2025-01-15\"}}}，报告另存一个目录。"
    ),
)
