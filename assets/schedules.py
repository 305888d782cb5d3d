"""Knows when a quarter's reports are made by themselves; leaves the calendar of working days to the library."""

from dagster import DefaultScheduleStatus, RunRequest, ScheduleEvaluationContext, SkipReason, schedule

from assets.delivery import FROM, SCHEDULE
from assets.jobs import scheduled_quarter
from assets.partitions import SETTINGS
from zjtx_pipeline.quarter import Quarter

HOUR, MINUTE = (int(part) for part in SETTINGS.report_time.split(":"))


@schedule(
    job=scheduled_quarter,
    cron_schedule=f"{MINUTE} {HOUR} * * *",
    execution_timezone="Asia/Shanghai",
    default_status=DefaultScheduleStatus.RUNNING,
    description=f"每季度结束后第 {SETTINGS.report_workday} 个工作日 {SETTINGS.report_time}（北京时间）出上季度报告。",
)
def after_each_quarter(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
    """Asked every day; answers on the one working day that the settings name."""
    today = context.scheduled_execution_time.date()
    closed = Quarter.of(today) - 1
    due = SETTINGS.reported_on(closed)
    if closed not in SETTINGS.quarters:
        return SkipReason(f"{closed} 不在可出报告的季度之内。")
    if today != due:
        return SkipReason(f"{closed} 的报告定于 {due} 生成，今天是 {today}。")
    return RunRequest(run_key=str(closed), partition_key=str(closed), tags={FROM: SCHEDULE})
