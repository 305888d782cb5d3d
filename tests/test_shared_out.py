"""What a run shares out to its second process: only what it will find its own, and nothing that outlives it."""

import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from conftest import deliver_miniature

from zjtx_pipeline import ahead, stages
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import load_settings
from zjtx_pipeline.stages import intake, measuring

ROOT = Path(__file__).parents[1]
QUARTER, BEFORE = Quarter(2024, 4), Quarter(2024, 3)


@pytest.fixture
def run(miniature, tmp_path, monkeypatch):
    monkeypatch.setenv("ZJTX_HOME", str(tmp_path / "home"))
    return stages.open_run(load_settings(miniature), QUARTER)


def kept(run):
    return sorted(path.parent.name for path in (run.home / "snapshots" / str(QUARTER)).glob("*/*") if path.is_dir())


def test_a_tables_files_are_kept_beforehand_and_found_by_the_run(run):
    intake._keep_files(run, "D03")
    assert kept(run) == ["D03"]
    stages.pull(run, "D03")
    assert kept(run) == ["D03"]


def test_of_a_table_without_a_file_nothing_is_kept_beforehand(run):
    """Kept, it would read as if nothing had been delivered; a database or a gateway the run asks itself."""
    view = run.home.parent / "d.db"
    with sqlite3.connect(view) as connection:
        connection.execute('CREATE TABLE "D03_培育库" ("数据期" TEXT)')
    database = run.settings.model_copy(update={"database": f"sqlite:///{view}"})
    intake._keep_files(stages.Run(database, QUARTER, False, run.home, None), "D03")
    elsewhere = run.settings.model_copy(update={"inbox": run.home.parent})
    intake._keep_files(stages.Run(elsewhere, QUARTER, False, run.home, None), "D03")
    assert kept(run) == []


def test_a_table_is_not_judged_beside_verdicts_of_an_earlier_run(run):
    for table_id in ("D01", "D02"):
        assert intake.take_in(run, table_id, BEFORE)
    assert intake.take_in(run, "D03", BEFORE, time.time() - 60)
    assert not intake.take_in(run, "D04", BEFORE, time.time() + 60)
    assert not run.pointer("judged", BEFORE, "D04").exists()


def test_last_quarters_figures_are_not_measured_before_its_tables_are_there(run, monkeypatch):
    monkeypatch.setattr(measuring, "_LONG", 0.1)
    with pytest.raises(TimeoutError):
        measuring._measured_once_taken_in(run, 1, time.time())


def test_a_verdict_that_is_kept_is_found_by_a_run_without_great_expectations(run, miniature):
    stages.pull(run, "D01")
    stages.check(run, "D01")
    script = f"""
        import sys
        from pathlib import Path
        from zjtx_pipeline import stages
        from zjtx_pipeline.quarter import Quarter
        from zjtx_pipeline.settings import load_settings
        run = stages.open_run(load_settings(Path({str(miniature)!r})), Quarter(2024, 4))
        stages.pull(run, "D01")
        assert stages.check(run, "D01")["accepted"]
        assert "great_expectations" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True, cwd=ROOT)


def test_a_run_of_a_few_assets_in_dagster_leaves_no_second_process(tmp_path, monkeypatch):
    """Its own process would wait for it at its end, for ever."""
    from dagster import DagsterInstance, materialize

    from assets.raw import period
    from assets.resources import District

    config = deliver_miniature(tmp_path)
    monkeypatch.setenv("ZJTX_HOME", str(tmp_path / "home"))
    with DagsterInstance.ephemeral() as instance:
        done = materialize([period], partition_key=str(QUARTER), resources={"district": District(config=str(config))}, instance=instance)
    assert done.success
    assert ahead._WORKERS == {}
