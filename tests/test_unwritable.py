"""What may not be written is named in one sentence that says what to do; it is no defect of the program."""

import errno
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from zjtx_pipeline import cli
from zjtx_pipeline.errors import mendable, mendable_as_told

ROOT = Path(__file__).parents[1]
REFUSALS = [errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST]


@pytest.mark.parametrize("number", REFUSALS)
def test_a_refusal_names_the_path_and_what_to_do_also_from_a_trace(number):
    error = OSError(number, os.strerror(number), "/srv/产物/reports")
    said = mendable(error)
    assert said.startswith("/srv/产物/reports 不能读写（") and "权限" in said and not re.search("[A-Za-z]{3}", said.replace("/srv/产物/reports", "").replace("ZJTX_HOME", ""))
    assert mendable_as_told(f"Stack Trace:\n  File x, line 1\nOSError: {error}\n") == said


def test_of_a_half_written_file_its_folder_is_named():
    assert mendable(PermissionError(errno.EACCES, "Permission denied", "/srv/home/.users.json.ab12cd_9")).startswith("/srv/home 不能读写")


def test_of_a_database_the_home_is_named(monkeypatch):
    monkeypatch.setenv("ZJTX_HOME", "/srv/产物")
    assert mendable(sqlite3.OperationalError("attempt to write a readonly database")).startswith("产物目录 /srv/产物 里的数据库 不能读写")


def test_what_is_no_refusal_of_a_path_is_a_defect():
    assert mendable(ValueError("x")) == mendable(PermissionError(errno.EPERM, "Operation not permitted")) == ""


VERBS = {
    "report": ["report", "2024Q4"],
    "user add": ["user", "add", "甲", "--role", "查看"],
    "tidy": ["tidy"],
    "sample": ["sample"],
    "ui": ["ui", "--port", "39117"],
}


@pytest.fixture
def delivered(tmp_path, monkeypatch):
    (tmp_path / "district.yaml").write_text("inbox: 收件", encoding="utf-8")
    (tmp_path / "收件").mkdir()
    monkeypatch.setenv("ZJTX_USER_PASSWORD", "long enough 9 Ab")
    monkeypatch.setenv("ZJTX_CONFIG", str(tmp_path / "district.yaml"))
    return tmp_path


def is_told(complaint, path):
    (line,) = complaint.splitlines()
    assert str(path) in line and "不能读写" in line and "程序内部出错" not in line, line


@pytest.mark.parametrize("words", VERBS.values(), ids=VERBS)
def test_a_home_that_is_a_file(words, delivered, monkeypatch, capsys):
    (delivered / "home").write_text("", encoding="utf-8")
    monkeypatch.setenv("ZJTX_HOME", str(delivered / "home"))
    if words == ["sample"]:
        monkeypatch.setenv("ZJTX_CONFIG", "")
    assert cli.main(words) in (1, 2)
    is_told(capsys.readouterr().err, delivered / "home")


READ_ONLY = "mount --bind {home} {home} && mount -o remount,ro,bind {home} || exit 9\nexec {words}"


@pytest.mark.parametrize("words", VERBS.values(), ids=VERBS)
def test_a_home_that_is_read_only(words, delivered):
    home = delivered / "home"
    home.mkdir()
    environment = os.environ | {"ZJTX_HOME": str(home), "PYTHONPATH": str(ROOT)}
    command = f"{sys.executable} -m zjtx_pipeline.cli {' '.join(words)}"
    process = subprocess.run(
        ["unshare", "-m", "sh", "-c", READ_ONLY.format(home=home, words=command)], env=environment, capture_output=True, text=True, timeout=120
    )
    assert process.returncode in (1, 2)
    is_told(process.stderr, home)


def test_a_step_of_a_run_is_told_what_it_may_not_write(monkeypatch, delivered):
    from dagster import Failure

    from assets.resources import District
    from zjtx_pipeline import stages

    def refused(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(delivered / "reports"))

    monkeypatch.setattr(stages, "open_run", refused)
    with pytest.raises(Failure) as failed, District(config=str(delivered / "district.yaml")).run_of(type("Context", (), {"partition_key": "2024Q4"})):
        pass
    assert failed.value.description.startswith(f"{delivered / 'reports'} 不能读写（没有权限）")
