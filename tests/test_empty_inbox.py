"""A quarter of which no department delivered anything is made, and told of: it is more likely a misplaced folder than a quarter without news."""

import types

import pytest
from conftest import at_home, opened

from zjtx_pipeline import stages
from zjtx_pipeline.cli import console, making


@pytest.fixture
def run(tmp_path):
    (tmp_path / "收件").mkdir()
    (tmp_path / "district.yaml").write_text("inbox: 收件\ndatabase: sqlite:///d.db\n", encoding="utf-8")
    return opened(tmp_path / "district.yaml", tmp_path / "home", "2024Q4")[0]


def pulled(run):
    (run.settings.inbox / "2024Q4").mkdir(exist_ok=True)
    with at_home(run.home):
        for table_id in ("D03", "D26"):
            stages.pull(run, table_id)
    return run


def ran(run):
    """`zjtx report`, its run being made already."""
    ended = types.SimpleNamespace(interrupted=False, succeeded=True, steps=[])
    launch = types.SimpleNamespace(steps_of_stages=lambda: {"取数留存": 1}, run_quarter=lambda *_: ended)
    making._run(launch, run, False, console.Clock())


def test_nothing_delivered_is_told_once_with_where_it_was_looked_for(run, tmp_path, capsys):
    (tmp_path / "district.yaml").write_text("inbox: 收件", encoding="utf-8")
    (run,) = opened(tmp_path / "district.yaml", tmp_path / "home", "2024Q4")
    ran(pulled(run))
    told = capsys.readouterr()
    assert told.err.startswith("2024Q4 没有任何部门报送") and told.err.count("\n") == 1 and f"收件目录 {run.settings.inbox}/2024Q4" in told.err
    assert "完成" in told.out


def test_every_place_is_named(run):
    assert f"收件目录 {run.settings.inbox}/2024Q4、数据库 {run.settings.database} 里" in stages.delivered_nothing(run)


def test_one_delivery_is_enough(run, tmp_path, capsys):
    (tmp_path / "district.yaml").write_text("inbox: 收件", encoding="utf-8")
    (run,) = opened(tmp_path / "district.yaml", tmp_path / "home", "2024Q4")
    (run.settings.inbox / "2024Q4").mkdir()
    (run.settings.inbox / "2024Q4" / "D03_区经信局.csv").write_text("企业名称\n", encoding="utf-8")
    ran(pulled(run))
    assert capsys.readouterr().err == ""
