"""Knows Dagster's own records for one ZJTX_HOME and how they are kept; leaves what is recorded to Dagster.

These records may be wiped and are made anew: the truth of a quarter lies in `snapshots/` and `reports/`.
"""

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from dagster import DagsterEventType, DagsterInstance, DagsterRunStatus, EventLogEntry, RunsFilter
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._serdes import deserialize_value, serialize_value
from sqlalchemy import Connection, Engine, create_engine

from zjtx_pipeline import journal, store
from zjtx_pipeline.settings import home

CONCURRENT_RUNS = 2
DAYS_OF_SKIPPED_TICKS = 100
SENSOR_TICKS = {"skipped": 2, "failure": 30, "success": 400}  # days; a sensor looks every minute
BUSY_SECONDS = 60
SECONDS_TO_TELL = 60  # from a run's start to the event that names its process; a moment, as a rule
OPEN_SHARDS = 8  # one a run, and the index of them all


def dagster_yaml(folder: Path) -> dict:
    """The instance: nothing phones home, two quarters at once and never one quarter twice, runs cut by a power
    failure are closed, ticks of the days on which nothing was due are forgotten after a quarter."""
    one_of_each_quarter = {"key": "dagster/partition", "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
    return {
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},
        "run_storage": _stored("dagster._core.storage.runs", "SqliteRunStorage", folder / "history"),
        "event_log_storage": _stored("assets.instance", "EventLog", folder / "history" / "runs"),
        "schedule_storage": _stored("dagster._core.storage.schedules", "SqliteScheduleStorage", folder / "schedules"),
        "compute_logs": {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"},
        "concurrency": {"runs": {"max_concurrent_runs": CONCURRENT_RUNS, "tag_concurrency_limits": [one_of_each_quarter]}},
        "run_monitoring": {"enabled": True, "start_timeout_seconds": 180, "poll_interval_seconds": 30},
        "retention": {"schedule": {"purge_after_days": {"skipped": DAYS_OF_SKIPPED_TICKS, "failure": -1, "success": -1}}, "sensor": {"purge_after_days": SENSOR_TICKS}},
        "sensors": {"use_threads": False},
    }


def _stored(module: str, name: str, folder: Path) -> dict:
    return {"module": module, "class": name, "config": {"base_dir": str(folder)}}


def prepare() -> Path:
    """DAGSTER_HOME under ZJTX_HOME, with its `dagster.yaml`, made known to this process and its children."""
    folder = home() / "dagster"
    for inside in (folder, folder / "history" / "runs", folder / "schedules"):
        inside.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(dagster_yaml(folder), allow_unicode=True, sort_keys=False)
    path = folder / "dagster.yaml"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        store.write_bytes(path, text.encode("utf-8"))
    os.environ["DAGSTER_HOME"] = str(folder)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    _lay_tables(folder)
    return folder


def _lay_tables(folder: Path) -> None:
    """Make the tables, once and by one process at a time: of two that make them at once one fails."""
    laid = folder / "laid"
    if laid.exists():
        return
    with (folder / "laid.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not laid.exists():
            with DagsterInstance.get() as instance:
                _ = instance.run_storage, instance.event_log_storage, instance.schedule_storage  # each makes its own as it is opened
            laid.touch()


class EventLog(SqliteEventLogStorage):
    """Dagster's SQLite event log with its connections kept open: opening them anew for each event took a third of
    a run's own time."""

    def __init__(self, base_dir: str, inst_data=None) -> None:
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data, config_value):
        return cls(inst_data=inst_data, **config_value)

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            if len(self._engines) >= OPEN_SHARDS:
                self._engines.pop(next(iter(self._engines))).dispose()
            self._engines[shard] = create_engine(self.conn_string_for_shard(shard), connect_args={"timeout": BUSY_SECONDS})
        return self._engines[shard]

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def store_event(self, event: EventLogEntry) -> None:
        super().store_event(discreet(event))

    def delete_events(self, run_id: str) -> None:
        """With the file that held them, which Dagster leaves empty."""
        super().delete_events(run_id)
        with self._db_lock:
            engine = self._engines.pop(run_id, None)
            if engine:
                engine.dispose()
            self._initialized_dbs.discard(run_id)
        Path(self.path_for_shard(run_id)).unlink(missing_ok=True)

    def dispose(self) -> None:
        super().dispose()
        while self._engines:
            self._engines.popitem()[1].dispose()


def discreet(event: EventLogEntry) -> EventLogEntry:
    """What went wrong, or what a step says in its own words, without secrets and full addresses; other events bear none."""
    happened = event.dagster_event
    if happened is not None and event.level < logging.WARNING and not (happened.is_failure or happened.is_step_up_for_retry):
        return event
    told = serialize_value(event)
    kept = journal.discreet(told)
    return event if kept == told else deserialize_value(kept, EventLogEntry)


def close_abandoned(instance: DagsterInstance) -> None:
    """Runs whose process is gone (a power cut, a kill) stand as started for ever unless someone closes them. One that begins just now, in
    another process, tells its own in a moment."""
    for record in instance.get_run_records(RunsFilter(statuses=[DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING])):
        events = instance.all_logs(record.dagster_run.run_id, of_type=DagsterEventType.ENGINE_EVENT)
        pids = [pid for pid in map(_process, events) if pid]
        has_begun = pids or time.time() - (record.start_time or 0) > SECONDS_TO_TELL
        if has_begun and not any(_alive(pid, record.start_time) for pid in pids):
            instance.report_run_failed(record.dagster_run, "运行它的进程已经不在（断电或被中止），请重新运行。")


def _process(entry: EventLogEntry) -> int | None:
    """The process that an engine event names as the one at work."""
    value = entry.dagster_event.engine_event_data.metadata.get("pid")
    return int(value.value) if value else None


def _alive(pid: int, started: float | None) -> bool:
    """Is this process there, not dead and merely unburied, and not a later one that was given the same number?"""
    import psutil

    try:
        process = psutil.Process(pid)
        is_dead = process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
        return not is_dead and (started is None or process.create_time() <= started + 1)
    except psutil.NoSuchProcess:
        return False
