"""Keeping house: what is old and can be made again goes, what was issued stays, Dagster forgets old runs, the nightly backup is made."""

import os
import time
from datetime import UTC, datetime, timedelta

import pytest
from dagster import DagsterInstance, DagsterRunStatus, DefaultScheduleStatus
from dagster._core.storage.runs.schema import RunsTable
from dagster._core.test_utils import create_run_for_test

from zjtx_pipeline import cli, ledger, store, tidying

DAY = 86_400
DAYS = 400
KEPT = ("snapshots", "reports", "revisions", "ledger.db", "door")


def write(path, content="x", days=0):
    store.write_json(path, content)
    age(path, days)


def age(path, days):
    when = time.time() - days * DAY
    os.utime(path, (when, when))


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Two quarters, one of long ago; what they share is not old."""
    home = tmp_path / "home"
    monkeypatch.setenv("ZJTX_HOME", str(home))
    for quarter, days in (("2023Q1", 500), ("2024Q4", 10)):
        write(home / f"snapshots/{quarter}/D01/aa/snapshot.json", days=days)
        write(home / f"reports/{quarter}/manifest.json", days=days)
        write(home / f"revisions/{quarter}/1/revision.json", days=days)
        write(home / f"work/{quarter}/pulled/{quarter}/D01.json", f"snapshots/{quarter}/D01/aa", days)
        write(home / f"work/{quarter}/judged/{quarter}/D01.json", f"validated/D01/{quarter}", days)
        write(home / f"validated/D01/{quarter}/verdict.json", days=days)
        write(home / f"trace/{quarter}/a.json", days=days)
        age(home / f"validated/D01/{quarter}", days)
        for folder in sorted((home / f"work/{quarter}").rglob("*"), reverse=True):
            age(folder, days)
        age(home / f"work/{quarter}", days)
    write(home / "work/2024Q4/judged/2023Q1/D02.json", "validated/D02/shared")
    write(home / "validated/D02/shared/verdict.json", days=500)
    age(home / "validated/D02/shared", 500)
    with ledger.opened(home):  # a real one: another is not backed up
        pass
    age(home / "ledger.db", 500)
    write(home / "door/users.json", days=500)
    write(home / "preview/old.pdf", days=500)
    write(home / "preview/new.pdf")
    return home


def files(home, *kinds):
    return {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file() and path.relative_to(home).parts[0] in kinds}


def test_the_work_of_an_old_quarter_goes_with_what_it_alone_used_and_nothing_that_was_issued(home):
    kept = files(home, *KEPT)
    freed = tidying.tidy(home, DAYS)
    assert (freed.quarters, freed.verdicts) == (("2023Q1",), 1) and freed.bytes > 0
    assert files(home, *KEPT) == kept
    assert files(home, "work", "validated", "trace", "preview") == {
        "work/2024Q4/pulled/2024Q4/D01.json", "work/2024Q4/judged/2024Q4/D01.json", "work/2024Q4/judged/2023Q1/D02.json",
        "validated/D01/2024Q4/verdict.json", "validated/D02/shared/verdict.json", "trace/2024Q4/a.json", "preview/new.pdf",
    }  # fmt: skip
    assert tidying.tidy(home, DAYS) == tidying.Freed((), 0, 0)


def unfinished(home):
    (home / "reports/2023Q1/尚未完成.txt").write_text("x")


def without_manifest(home):
    (home / "reports/2023Q1/manifest.json").unlink()


def without_snapshot(home):
    (home / "snapshots/2023Q1/D01/aa/snapshot.json").unlink()


def touched(home):
    age(home / "work/2023Q1/pulled/2023Q1/D01.json", 1)


def damaged(home):
    path = home / "work/2023Q1/pulled/2023Q1/D01.json"
    path.write_text("{")
    age(path, 500)


@pytest.mark.parametrize("change", [damaged, unfinished, without_manifest, without_snapshot, touched])
def test_what_could_not_be_made_again_or_is_in_the_midst_stays(home, change):
    change(home)
    before = files(home, "work", "validated", "trace")
    assert tidying.tidy(home, DAYS).quarters == ()
    assert files(home, "work", "validated", "trace") == before


def test_what_a_killed_run_left_goes_after_a_week(home):
    write(home / "snapshots/2024Q4/D01/.bb.x/rows.json", days=8)
    age(home / "snapshots/2024Q4/D01/.bb.x", 8)
    write(home / "reports/2024Q4/.00-总报告.pdf.y", days=8)
    write(home / "reports/2024Q4/.01.pdf.y", days=6)
    tidying.tidy(home, DAYS)
    assert [path.name for path in home.rglob(".*")] == [".01.pdf.y"]


@pytest.fixture
def instance(home):
    from assets.instance import prepare

    prepare()
    with DagsterInstance.get() as instance:
        yield instance


def ran(instance, quarter, days, status=DagsterRunStatus.SUCCESS):
    """A run of a quarter that was last heard of so many days ago."""
    run = create_run_for_test(instance, job_name="quarterly_reports", tags={"dagster/partition": quarter}, status=status)
    instance.report_engine_event("ran", run)
    when = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=days)
    with instance.run_storage.connect() as connection:
        connection.execute(RunsTable.update().where(RunsTable.c.run_id == run.run_id).values(update_timestamp=when))
    return run.run_id


def test_old_runs_are_forgotten_with_their_events_but_for_each_quarters_last_that_succeeded(instance, home):
    from assets.housekeeping import forget_runs

    first, last = ran(instance, "2023Q1", 600), ran(instance, "2023Q1", 500)
    failed = ran(instance, "2023Q1", 450, DagsterRunStatus.FAILURE)
    followed, later = ran(instance, "2023Q2", 500), ran(instance, "2023Q2", 20)
    standing = ran(instance, "2023Q3", 500, DagsterRunStatus.STARTED)
    shard = home / "dagster/history/runs" / f"{first}.db"
    assert shard.exists()
    assert forget_runs(instance, DAYS) == 3
    assert {run.run_id for run in instance.get_runs()} == {last, later, standing}
    assert not [run_id for run_id in (first, failed, followed) if (home / "dagster/history/runs" / f"{run_id}.db").exists()]
    assert instance.all_logs(last) and forget_runs(instance, DAYS) == 0


def test_nothing_but_old_runs_is_tidied_while_a_quarter_is_under_way(instance, home):
    from assets.housekeeping import tidied

    ran(instance, "2024Q4", 0, DagsterRunStatus.STARTED)
    told = tidied(instance)
    assert told.freed is None and "正在运行" in told.sentence and (home / "work/2023Q1").exists()


def job(instance):
    from assets.definitions import defs

    return defs.resolve_job_def("housekeeping").execute_in_process(instance=instance, raise_on_error=False)


@pytest.fixture
def config(tmp_path, monkeypatch):
    path = tmp_path / "district.yaml"
    path.write_text("inbox: .\nbackup: {folder: 盘, keep: 2}\n", encoding="utf-8")
    monkeypatch.setenv("ZJTX_CONFIG", str(path))
    return path


def test_the_job_tidies_and_makes_the_nightly_backup(instance, home, config, tmp_path):
    assert job(instance).success
    assert not (home / "work/2023Q1").exists()
    assert len(list((tmp_path / "盘").glob("zjtx-*.tar.gz"))) == 1


def test_a_backup_that_could_not_be_made_fails_the_job_in_a_sentence(instance, home, config, tmp_path):
    (tmp_path / "盘").write_text("a file")
    result = job(instance)
    assert not result.success and not (home / "work/2023Q1").exists()
    assert "备份没有做成" in result.failure_data_for_node("keep_house").user_failure_data.description


def test_it_is_done_every_night_for_a_district_and_not_for_the_sample():
    from assets.definitions import defs
    from assets.partitions import SETTINGS

    nightly = defs.resolve_schedule_def("every_night")
    assert (nightly.cron_schedule, nightly.execution_timezone, nightly.job_name) == ("30 3 * * *", "Asia/Shanghai", "housekeeping")
    assert SETTINGS.sample and nightly.default_status == DefaultScheduleStatus.STOPPED


def test_the_verb_says_what_it_freed(home, config, capsys):
    assert cli.main(["tidy"]) == 0
    assert "清理了 0 条旧的运行记录、1 个季度的中间结果、1 份校验结果" in capsys.readouterr().out
