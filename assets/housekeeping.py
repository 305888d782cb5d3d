"""Knows when and how an installation keeps its own house: old runs forgotten, what can be made again tidied, the nightly backup made.

Leaves what may go to `zjtx_pipeline.tidying`, and what is kept to `zjtx_pipeline.backup`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    DefaultScheduleStatus,
    Failure,
    OpExecutionContext,
    RunsFilter,
    ScheduleDefinition,
    in_process_executor,
    job,
    op,
)

from assets import instance as records
from assets.partitions import SETTINGS
from zjtx_pipeline import journal, tidying
from zjtx_pipeline.backup import back_up
from zjtx_pipeline.district import configuration, settings_in_force
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Settings, home

ENDED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]
UNDER_WAY = [DagsterRunStatus.QUEUED, DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
QUARTER = "dagster/partition"
LOGS = ("dagster/ui.log", "zjtx.log", "door/door.log")


@dataclass(frozen=True)
class Tidied:
    """What was tidied: runs forgotten, and what else was taken away; None while quarters were being run."""

    runs: int
    freed: tidying.Freed | None

    @property
    def sentence(self) -> str:
        told = f"清理了 {self.runs} 条旧的运行记录"
        if self.freed is None:
            return f"{told}；有季度正在运行，其余的这次没有清理。"
        return f"{told}、{len(self.freed.quarters)} 个季度的中间结果、{self.freed.verdicts} 份校验结果，腾出 {self.freed.bytes / 1e6:.1f} MB。"


def tidied(instance: DagsterInstance | None = None) -> Tidied:
    """Tidy a home and Dagster's records of it."""
    days = settings_in_force().alerts.keep_runs_days
    for name in LOGS:
        journal.put_aside(home() / name)
    with _instance(instance) as known:
        runs = forget_runs(known, days)
        busy = [run for run in known.get_runs(RunsFilter(statuses=UNDER_WAY)) if run.job_name != housekeeping.name]
        return Tidied(runs, None if busy else tidying.tidy(home(), days))


@contextmanager
def _instance(given: DagsterInstance | None) -> Iterator[DagsterInstance]:
    if given is not None:
        yield given
        return
    records.prepare()
    with DagsterInstance.get() as opened:
        yield opened


def forget_runs(instance: DagsterInstance, days: int) -> int:
    """Forget the runs that ended so many days ago, with their events, but for each quarter's last that succeeded; how many."""
    before = datetime.now(UTC) - timedelta(days=days)
    kept: set[str | None] = set()
    gone = []
    for run in instance.get_runs(RunsFilter(statuses=ENDED, updated_before=before)):  # the newest first
        quarter = run.tags.get(QUARTER)
        if quarter and run.status == DagsterRunStatus.SUCCESS and quarter not in kept and not _succeeded_since(instance, quarter, before):
            kept.add(quarter)
        else:
            gone.append(run.run_id)
    for run_id in gone:
        instance.delete_run(run_id)
    return len(gone)


def _succeeded_since(instance: DagsterInstance, quarter: str, day: datetime) -> bool:
    later = RunsFilter(statuses=[DagsterRunStatus.SUCCESS], tags={QUARTER: quarter}, updated_after=day)
    return bool(instance.get_runs(later, limit=1))


def backed_up(settings: Settings) -> str:
    """Make the nightly backup where one is configured; what to say of it. ZjtxError: why it was not made."""
    if settings.backup.folder is None:
        return "没有配置 backup，没有备份。"
    made = back_up(home(), settings, configuration(), settings.backup.folder, settings.backup.keep)
    return f"已备份到 {made.path}，删去较早的 {len(made.pruned)} 份。"


@op(description="配置了 backup 的，做一份备份；清理很久以前的运行记录和可以再生成的中间结果。报告、快照、版次、台账永远不动。")
def keep_house(context: OpExecutionContext) -> None:
    problem = ""
    try:
        context.log.info(backed_up(settings_in_force()))
    except ZjtxError as error:
        problem = str(error)  # told when tidied: the disk may be full
    context.log.info(tidied(context.instance).sentence)
    if problem:
        raise Failure(description=problem, allow_retries=False)


@job(description="每天凌晨的整理和备份，也可以随时手工运行。", executor_def=in_process_executor)
def housekeeping() -> None:
    keep_house()


every_night = ScheduleDefinition(
    name="every_night",
    job=housekeeping,
    cron_schedule="30 3 * * *",
    execution_timezone="Asia/Shanghai",
    default_status=DefaultScheduleStatus.STOPPED if SETTINGS.sample else DefaultScheduleStatus.RUNNING,
    description="每天 3:30（北京时间）整理；配置了 backup 的做一份备份。示例区县默认不开。",
)
