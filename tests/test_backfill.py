"""Quarters run from the shell, as Dagster records them: killed and begun again, two in a row, alone on one core, blocked, too early."""

import csv
import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from dagster import AssetKey, DagsterInstance, DagsterRunStatus

ROOT = Path(__file__).parents[1]
TWO = ("2024Q3", "2024Q4")
KILLED_AT = ("snapshots/2024Q4/D09", "validated/D14", "reports/2024Q4/*")


def zjtx(*words):
    """Run a verb in this process; its exit code."""
    from zjtx_pipeline import cli

    return cli.main(list(words))


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digests(folder):
    return {path.relative_to(folder).as_posix(): sha256(path) for path in folder.rglob("*") if path.is_file()}


def started(home, config, words, before=()):
    """A verb in a process of its own, the head of whatever it starts."""
    command = [*before, sys.executable, "-m", "zjtx_pipeline.cli", *words]
    environment = os.environ | {"ZJTX_HOME": str(home), "ZJTX_CONFIG": str(config), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def killed_once(home, config, reached):
    """Start the quarter and kill its whole tree as soon as a file of this name pattern appears."""
    process = started(home, config, ["report", "2024Q4"])
    while process.poll() is None and not any(home.glob(reached)):
        time.sleep(0.02)
    assert process.poll() is None, process.stderr.read()
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.fixture(scope="module")
def two_quarters(miniature, tmp_path_factory):
    """A home in which a run of 2024Q4 was killed in every stage and both quarters were then made; what the shell showed."""
    home = tmp_path_factory.mktemp("two")
    for reached in KILLED_AT:
        killed_once(home, miniature, reached)
    done = started(home, miniature, ["backfill", *TWO, "--profile"])
    shown, complaint = done.communicate(timeout=600)
    assert done.returncode == 0, complaint
    return home, shown


@pytest.fixture
def instance(two_quarters, monkeypatch):
    from assets.instance import prepare

    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv("ZJTX_HOME", str(two_quarters[0]))
    prepare()
    with DagsterInstance.get() as opened:
        yield opened


def newest(instance, key, quarter):
    """What an asset's last run for a quarter told."""
    records = instance.fetch_materializations(AssetKey(key.split("/")), limit=100).records
    return next(record.asset_materialization.metadata for record in records if record.partition_key == quarter)


def test_thirty_reports_follow_and_the_shell_names_their_folders(two_quarters):
    home, shown = two_quarters
    for quarter in TWO:
        assert len(list((home / "reports" / quarter).glob("*.pdf"))) == 15
        assert str(home / "reports" / quarter) in shown.splitlines()


def test_killed_and_started_again_the_orchestrator_makes_the_very_files_that_the_library_alone_makes(two_quarters, golden_run):
    home, _ = two_quarters
    assert digests(home / "reports" / "2024Q4") == digests(golden_run.reports)


def test_a_run_on_one_core_does_all_itself_and_ends_with_the_same_files(golden_run, miniature, warm_home):
    process, others = started(warm_home, miniature, ["report", "2024Q4"], before=("taskset", "-c", str(min(os.sched_getaffinity(0))))), ""
    while process.poll() is None:
        others += subprocess.run(["ps", "--ppid", str(process.pid), "-o", "args="], capture_output=True, text=True).stdout
        time.sleep(0.2)
    assert "multiprocessing" not in others, others
    _, complaint = process.communicate()
    assert process.returncode == 0, complaint
    assert digests(warm_home / "reports" / "2024Q4") == digests(golden_run.reports)


def test_each_quarter_reads_its_own_period(two_quarters):
    home, _ = two_quarters
    for quarter in TWO:
        with (home / "reports" / quarter / "figures.csv").open(encoding="utf-8-sig") as file:
            assert {line["quarter"] for line in csv.DictReader(file)} == {quarter}
        manifest = json.loads((home / "reports" / quarter / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["quarter"] == quarter


def test_the_shell_shows_steps_done_and_where_the_time_went(two_quarters):
    from assets import launch

    _, shown = two_quarters
    steps = sum(launch.steps_of_stages().values())
    for stage in ("取数留存", "逐行校验", "指标测算", "编排打印"):
        assert shown.count(f"] {stage}") == 2
    assert f"累计 {steps}/{steps} 步" in shown and "时间去向" in shown


def test_the_runs_that_were_killed_are_closed_and_the_others_stand_as_done(instance):
    runs = [(run.tags["dagster/partition"], run.status) for run in instance.get_runs()]
    done = [("2024Q4", DagsterRunStatus.SUCCESS), ("2024Q3", DagsterRunStatus.SUCCESS)]
    assert runs == done + [("2024Q4", DagsterRunStatus.FAILURE)] * len(KILLED_AT)


def test_every_asset_is_recorded_for_both_quarters(instance):
    from assets.definitions import defs
    from assets.jobs import AFTERWARDS, ASKED_FOR

    for spec in (each for each in defs.resolve_all_asset_specs() if each.group_name not in (*ASKED_FOR, AFTERWARDS)):
        assert set(TWO) <= instance.get_materialized_partitions(spec.key), spec.key


def test_what_a_person_sees_in_the_ui(instance):
    raw, sound = newest(instance, "raw/D04", "2024Q4"), newest(instance, "sound/D04", "2024Q4")
    assert raw["报送情况"].value == "已报送" and raw["读到行数"].value == sound["读入"].value
    assert sound["合格"].value + sound["退回"].value + sound["无法识别"].value == sound["读入"].value
    assert sound["问题清单"].value.startswith("| 级别 ")
    figures = newest(instance, "figures/T01", "2024Q4")
    assert "红" in figures["亮灯"].value and "T01-1a" in figures["指标"].value
    assert newest(instance, "figures/T02", "2024Q4")["亮灯"].value == "未设量化目标"
    report = newest(instance, "report/overall", "2024Q4")
    assert report["文件"].value.endswith("reports/2024Q4/00-总报告.pdf")
    assert report["首页预览"].value.startswith("![首页预览](data:image/png;base64,")


def test_a_table_that_was_not_delivered_stops_nothing(instance):
    assert newest(instance, "raw/D24a", "2024Q4")["报送情况"].value == "未报送"
    assert "待补" in newest(instance, "figures/T13", "2024Q4")["指标"].value


def test_one_report_can_be_made_again_by_itself(instance, two_quarters, miniature, monkeypatch):
    from assets.definitions import defs

    monkeypatch.setenv("ZJTX_CONFIG", str(miniature))
    path = next((two_quarters[0] / "reports" / "2024Q4").glob("07-*.pdf"))
    before = sha256(path)
    path.unlink()
    job = defs.resolve_job_def("quarterly_reports")
    result = job.execute_in_process(instance=instance, partition_key="2024Q4", asset_selection=[AssetKey(["report", "T07"])])
    assert result.success and sha256(path) == before


@pytest.fixture
def without_a_column(miniature, tmp_path):
    """A miniature district whose D15 has lost a column, and where a file lies that is no table's."""
    inbox = shutil.copytree(miniature.parent / "inbox", tmp_path / "district" / "inbox")
    (path,) = (inbox / "2024Q4").glob("D15_*.csv")
    path.write_text(path.read_text(encoding="utf-8-sig").replace("验收结论", "结论"), encoding="utf-8")
    (inbox / "2024Q4" / "附件1.doc").touch()
    return Path(shutil.copy(miniature, tmp_path / "district"))


def test_a_faulty_table_stops_what_rests_on_it_and_nothing_else(without_a_column, warm_home, capsys):
    assert zjtx("report", "2024Q4", "--config", str(without_a_column)) == 1
    made = {path.name[:2] for path in (warm_home / "reports" / "2024Q4").glob("*.pdf")}
    assert made == {f"{number:02}" for number in range(1, 15)} - {"05"}
    assert not (warm_home / "reports" / "2024Q4" / "manifest.json").exists()
    told = capsys.readouterr().err
    assert "逐行校验 D15（数字化改造）：" in told and "sound/" not in told and "验收结论" in told and "Traceback" not in told
    assert told.startswith("没有读入 2024Q4/附件1.doc：")
    assert "没有印出的报告：总报告、任务5。" in told


@pytest.mark.parametrize(
    "error, code, told",
    [
        (OSError(errno.ENOSPC, "No space left on device"), 1, "磁盘已满"),
        (MemoryError(), 1, "内存不足"),
        (ValueError("out of cheese"), 1, "程序内部出错，详情见"),
        (KeyboardInterrupt(), 130, "已中止"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_a_run_that_ends_between_its_steps_says_why(error, code, told, warm_home, miniature, capsys, monkeypatch):
    from assets.resources import District

    def broken(*_):
        raise error

    monkeypatch.setattr(District, "setup_for_execution", broken)
    assert zjtx("report", "2024Q4", "--config", str(miniature)) == code
    complaint = capsys.readouterr().err
    assert complaint.startswith(told) and "Traceback" not in complaint
    assert ("out of cheese" in (warm_home / "zjtx.log").read_text(encoding="utf-8")) if "cheese" in str(error) else not (warm_home / "zjtx.log").exists()


def test_a_quarter_that_has_not_ended_is_refused_in_one_sentence(warm_home, miniature, monkeypatch):
    from datetime import datetime

    from assets import launch
    from zjtx_pipeline.quarter import Quarter
    from zjtx_pipeline.stages import CHINA

    monkeypatch.setenv("ZJTX_CONFIG", str(miniature))
    running = str(Quarter.of(datetime.now(CHINA).date()))
    outcome = launch.run_quarter(running, False, lambda step: None)
    assert not outcome.succeeded
    assert [(step.name, step.state) for step in outcome.steps] == [("period", "失败")]
    assert outcome.failed[0].sentence.startswith(running) and "草稿" in outcome.failed[0].sentence
