"""When reports are made by themselves: on one working day after each quarter, by a real daemon whose clock is moved."""

import threading
import time
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dagster import DagsterInstance, DagsterRunStatus, RunRequest, SkipReason, build_schedule_context
from mail_server import open_mailbox
from made_issues import ZHANG, with_mail

from zjtx_pipeline.quarter import Quarter

SHANGHAI = ZoneInfo("Asia/Shanghai")
ROOT = Path(__file__).parents[1]


def evaluated(day, hour=8):
    from assets.schedules import after_each_quarter

    with build_schedule_context(scheduled_execution_time=datetime.fromisoformat(f"{day}T{hour:02}:00:00").replace(tzinfo=SHANGHAI)) as context:
        return after_each_quarter(context)


@pytest.mark.parametrize(
    "day, quarter",
    [
        pytest.param("2025-01-16", "2024Q4", id="元旦后第11个工作日"),
        pytest.param("2024-10-21", "2024Q3", id="国庆七天不算，10月12日周六上班算"),
        pytest.param("2025-04-16", "2025Q1", id="清明放假一天"),
        pytest.param("2026-01-16", "2025Q4", id="1月4日周日上班算；计划期最后一季"),
        pytest.param("2026-07-15", "2026Q2", id="收官后继续"),
    ],
)
def test_the_quarter_just_closed_is_asked_for_on_the_eleventh_working_day(day, quarter):
    request = evaluated(day)
    assert isinstance(request, RunRequest)
    assert request.partition_key == quarter and request.run_key == quarter


@pytest.mark.parametrize("day", ["2025-01-15", "2025-01-17", "2024-12-31", "2025-02-16"])
def test_on_any_other_day_nothing_is_asked_for_and_the_reason_is_told(day):
    skipped = evaluated(day)
    assert isinstance(skipped, SkipReason) and "定于" in skipped.skip_message


def test_outside_the_quarters_that_can_be_reported_nothing_is_asked_for():
    assert "2022Q4" in evaluated("2023-01-17").skip_message


def test_a_year_that_the_calendar_does_not_know_counts_monday_to_friday_but_for_new_years_day_and_warns():
    from zjtx_pipeline.workdays import UnknownHolidays

    with pytest.warns(UnknownHolidays, match="2027"):
        assert evaluated("2027-01-18").partition_key == "2026Q4"
    with pytest.warns(UnknownHolidays, match="holidays"):
        assert isinstance(evaluated("2027-01-15"), SkipReason)


def test_it_is_asked_daily_at_eight_in_shanghai_without_anyone_switching_it_on():
    from dagster import DefaultScheduleStatus

    from assets.schedules import after_each_quarter

    assert after_each_quarter.cron_schedule == "0 8 * * *"
    assert after_each_quarter.execution_timezone == "Asia/Shanghai"
    assert after_each_quarter.default_status == DefaultScheduleStatus.RUNNING


AROUND = [(end, days, hour) for end in ("2024-03-31", "2024-06-30", "2024-09-30", "2024-12-31") for days in (-1, 0, 1) for hour in ("00:00:01", "23:59:59")]


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC", "America/Los_Angeles"])
def test_around_a_quarters_end_the_next_tick_is_about_the_right_quarter_wherever_the_machines_clock_stands(zone, monkeypatch):
    """72 instants: the day before, of and after each quarter's end, at two times of China's day, on a machine in each zone."""
    from dagster._utils.schedules import schedule_execution_time_iterator

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        for end, days, hour in AROUND:
            moment = datetime.fromisoformat(f"{end}T{hour}").replace(tzinfo=SHANGHAI) + timedelta(days=days)
            ticks = schedule_execution_time_iterator(moment.timestamp(), "0 8 * * *", "Asia/Shanghai")
            tick = next(each for each in ticks if each > moment)
            ended = Quarter.of(date.fromisoformat(end))
            closed = ended if days == 1 or (days == 0 and hour == "23:59:59") else ended - 1
            assert evaluated(tick.astimezone(SHANGHAI).date()).skip_message.startswith(f"{closed} 的报告定于"), moment
    finally:
        monkeypatch.undo()
        time.tzset()


class Daemon:
    """Dagster's own scheduler and queue over the real workspace file, with the clock in our hand."""

    def __init__(self, instance, workspace):
        from dagster._daemon.daemon import SchedulerDaemon
        from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon

        never_waits = threading.Event()
        never_waits.set()
        self.instance, self.workspace = instance, workspace
        self._leave_the_house_alone()
        self.rounds = SchedulerDaemon().core_loop(workspace, never_waits)
        self.queue = QueuedRunCoordinatorDaemon(interval_seconds=1)

    def _leave_the_house_alone(self):
        (place,) = self.workspace.create_request_context().code_locations
        schedule = next(iter(place.get_repositories().values())).get_schedule("every_night")
        self.instance.stop_schedule(schedule.get_remote_origin_id(), schedule.selector_id, schedule)

    def look_at(self, moment):
        """One round of the scheduler at a moment, then one of the queue; which quarters have been launched by then, but for reminders."""
        from dagster._core.test_utils import freeze_time
        from dagster._daemon.daemon import SpanMarker

        with freeze_time(datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI).astimezone(UTC)):
            for told in self.rounds:
                assert told is None or isinstance(told, SpanMarker), told
                if told == SpanMarker.END_SPAN:
                    break
        assert [error for error in self.queue.run_iteration(self.workspace) if error] == []
        return [(run.tags["dagster/partition"], run.tags["dagster/schedule_name"]) for run in reports_of(self.instance)]


def reports_of(instance):
    return [run for run in instance.get_runs() if "dagster/partition" in run.tags]


def until_ended(instance, seconds=300):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        (run,) = reports_of(instance)
        if run.status in (DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED):
            return run
        time.sleep(0.5)
    raise AssertionError(f"still {run.status} after {seconds} s")


def test_a_daemon_makes_the_report_on_the_day_and_on_no_other_and_asks_the_approver(warm_home, miniature, monkeypatch):
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import WorkspaceFileTarget

    from assets.instance import prepare

    with ExitStack() as open_things:
        mailbox = open_things.enter_context(open_mailbox())
        monkeypatch.setenv("ZJTX_CONFIG", str(with_mail(miniature, mailbox.port)))
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        prepare()
        instance = open_things.enter_context(DagsterInstance.get())
        target = WorkspaceFileTarget(paths=[str(ROOT / "workspace.yaml")])
        daemon = Daemon(instance, open_things.enter_context(WorkspaceProcessContext(instance, target)))
        for moment in ("2025-01-14T23:50:00", "2025-01-15T08:00:30", "2025-01-16T07:59:59"):
            assert daemon.look_at(moment) == []
        made = [("2024Q4", "after_each_quarter")]
        assert daemon.look_at("2025-01-16T08:00:30") == made
        for moment in ("2025-01-16T08:01:30", "2025-01-17T08:00:30", "2025-02-05T08:00:30"):
            assert daemon.look_at(moment) == made
        run = until_ended(instance)
        assert run.status == DagsterRunStatus.SUCCESS
        assert len(list((warm_home / "reports" / "2024Q4").glob("*.pdf"))) == 15
        asked = [recipients for recipients, letter in mailbox.letters if letter["Subject"].startswith("【待批准】")]
        assert asked == [(ZHANG.address,)]
