"""Knows what the daemon does by itself beside the schedule: missing reports, approved letters, reminders, backups, alarms; leaves when and to whom to
the library.

The sample district is left alone.
"""

from datetime import UTC, date, datetime

from dagster import (
    DagsterEventType,
    DagsterRunStatus,
    DefaultScheduleStatus,
    DefaultSensorStatus,
    Failure,
    OpExecutionContext,
    RunFailureSensorContext,
    RunRequest,
    RunsFilter,
    ScheduleEvaluationContext,
    SensorEvaluationContext,
    SkipReason,
    in_process_executor,
    job,
    op,
    run_failure_sensor,
    schedule,
    sensor,
)

from assets import instance as records
from assets.delivery import FROM, SCHEDULE
from assets.jobs import scheduled_quarter
from assets.partitions import SETTINGS
from zjtx_pipeline import stages, unattended
from zjtx_pipeline.backup import overdue
from zjtx_pipeline.delivery import alerts, owed
from zjtx_pipeline.delivery import bounces as returned
from zjtx_pipeline.district import settings_in_force
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Settings, home

SECONDS = 60
REMIND_AT = "0 9 * * *"
PARTITION, RUN_KEY = "dagster/partition", "dagster/run_key"
MOST_A_DAY = 10
ENDED = (DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED)
_RUNS = {"default_status": DefaultSensorStatus.STOPPED if SETTINGS.sample else DefaultSensorStatus.RUNNING, "minimum_interval_seconds": SECONDS}


def china_now() -> datetime:
    return datetime.now(stages.CHINA)


@sensor(job=scheduled_quarter, description="补缺：已到报告日而没有出（如停机错过）的季度，各补一次；程序中断的接着再出（一天至多十次），数据问题的次日再试。", **_RUNS)
def missing_reports(context: SensorEvaluationContext):
    """A request a missing quarter that nobody is making: once a day, and once more after each run that was cut off, up to so many a day:
    a run that always eats up the memory is not begun for ever."""
    now = china_now()
    records.close_abandoned(context.instance)  # one that was still dying when the service started again
    for quarter in unattended.missing(settings_in_force(), home(), now):
        runs = context.instance.get_runs(RunsFilter(tags={PARTITION: str(quarter)}))
        today = f"{quarter}/{now.date()}/"
        if all(run.status in ENDED for run in runs) and sum(run.tags.get(RUN_KEY, "").startswith(today) for run in runs) < MOST_A_DAY:
            cut_off = sum(_was_cut_off(context.instance, run) for run in runs)
            yield RunRequest(run_key=f"{today}{cut_off}", partition_key=str(quarter), tags={FROM: SCHEDULE})


def _was_cut_off(instance, run) -> bool:
    """Did a run end without any of its steps having failed? Its process was killed, or its machine."""
    return run.status == DagsterRunStatus.FAILURE and not instance.all_logs(run.run_id, of_type=DagsterEventType.STEP_FAILURE)


@op(description="发出该发而没有发出的邮件：请批、已经批准的报告、提醒；要人处理的告诉运维人员。")
def post(context: OpExecutionContext) -> None:
    owed.post_owed(settings_in_force(), home(), datetime.now(UTC))


@job(executor_def=in_process_executor, description="发信：该发而没有发出的请批邮件、已经批准的报告、提醒，和要人处理的事项。由定时任务启动。")
def post_approved() -> None:
    post()


@sensor(job=post_approved, description="发信：有该发而没有发出的邮件时启动；服务器暂时不收的，过十分钟再试。", **_RUNS)
def approved_letters(context: SensorEvaluationContext):
    """A run while letters are owed, one at a time and one in ten minutes."""
    now = datetime.now(UTC)
    found = owed.owed(settings_in_force(), home(), now)
    runs = context.instance.get_runs(RunsFilter(job_name=post_approved.name), limit=5)
    if not found or not all(run.status in ENDED for run in runs):
        return SkipReason("没有等着发出的邮件。")
    return RunRequest(run_key=f"{found.mark}/{now:%Y-%m-%dT%H}/{now.minute // 10}")


def _late(settings: Settings, today: date) -> None:
    if quarter := unattended.reminds_on(settings, today):
        run = stages.open_run(settings, quarter, today=today)
        alerts.remind(settings, home(), quarter, stages.undelivered(run), run.due_on, today)


def _returned(settings: Settings, today: date) -> None:
    if settings.delivery.bounces:
        found = returned.recorded(settings, home(), settings.delivery.bounces)
        alerts.unmatched(settings, home(), [each for each in found if each.open])


def _unanswered(settings: Settings, today: date) -> None:
    owed.ask_again(settings, home(), today)


def _calendar(settings: Settings, today: date) -> None:
    if year := unattended.unknown_year(settings, today):
        alerts.unannounced(settings, home(), year, today)


@op(description="查各部门报送情况，该提醒的发邮件；读退信；验证码过期还没有批准的，再请批。")
def remind(context: OpExecutionContext) -> None:
    settings, today = settings_in_force(), china_now().date()
    wrong = []
    for look in (_late, _returned, _unanswered, _calendar):
        try:
            look(settings, today)
        except ZjtxError as error:  # the others are done all the same
            wrong.append(str(error))
    if wrong:
        raise Failure(description="\n".join(wrong), allow_retries=False)


@op(description="两天没有新的备份，告诉运维人员。")
def look_for_backups(context: OpExecutionContext) -> None:
    overdue.tell(settings_in_force(), home(), datetime.now(UTC))


@job(executor_def=in_process_executor, description="提醒：报送截止日前后提醒未报送的部门；读退信；再请批；没有按时备份的告诉运维人员。由定时任务启动。")
def remind_departments() -> None:
    remind()
    look_for_backups()


@schedule(
    job=remind_departments,
    cron_schedule=REMIND_AT,
    execution_timezone="Asia/Shanghai",
    default_status=DefaultScheduleStatus.STOPPED if SETTINGS.sample else DefaultScheduleStatus.RUNNING,
    description="每天 09:00（北京时间）看要不要提醒，有没有退信，验证码过期没有，备份是否按时。",
)
def daily_reminders(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
    today = context.scheduled_execution_time.date()
    if not alerts.can_post(SETTINGS):
        return SkipReason("没有配置邮件服务器，不提醒。")
    return RunRequest(run_key=str(today))


@run_failure_sensor(description="告警：运行失败时给运维人员发邮件，同一原因一天一次。", **_RUNS)
def failures(context: RunFailureSensorContext) -> None:
    run = context.dagster_run
    what = f"{run.tags.get(PARTITION, '')} {run.job_name}".strip()
    alerts.failed(settings_in_force(), home(), what, _sentence(context), china_now().date())


def _sentence(context: RunFailureSensorContext) -> str:
    """What the steps that failed said, for who can mend it; nothing of the program's own traces."""
    told = [event.step_failure_data.user_failure_data for event in context.get_step_failure_events() if event.step_failure_data.user_failure_data]
    said = [f"{each.description}" for each in told if each.description]
    return "\n".join(dict.fromkeys(said)) or "程序中断或内部出错，详情见网页界面中这次运行的记录。"


SENSORS = [missing_reports, approved_letters, failures]
JOBS = [post_approved, remind_departments]
SCHEDULES = [daily_reminders]
