"""One service a home; what would keep it from opening is said before it says that it is open."""

import subprocess
import sys
from contextlib import closing

import pytest

from zjtx_pipeline import cli, turns
from zjtx_pipeline.door.roles import Role
from zjtx_pipeline.door.users import Users
from zjtx_pipeline.errors import ZjtxError


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ZJTX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ZJTX_CONFIG", str(tmp_path / "district.yaml"))
    (tmp_path / "district.yaml").write_text("inbox: 收件", encoding="utf-8")
    return tmp_path / "home"


def test_a_second_service_is_told_which_is_running_and_the_place_is_free_once_that_has_ended(home):
    with closing(turns.serve_alone(home, "zjtx serve，https://a:8443，进程 12")):
        for _ in range(2):
            with pytest.raises(ZjtxError, match="已经在运行（zjtx serve，https://a:8443，进程 12）"):
                turns.serve_alone(home, "zjtx ui")
    turns.serve_alone(home, "zjtx ui").close()


def test_a_service_killed_leaves_the_place_free(home):
    code = f"import os; from pathlib import Path; from zjtx_pipeline import turns; lock = turns.serve_alone(Path({str(home)!r}), 'x'); os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == -9
    turns.serve_alone(home, "zjtx ui").close()


@pytest.mark.parametrize("words", [["ui", "--port", "39118"], ["serve"]], ids=lambda words: words[0])
def test_the_second_verb_ends_with_code_two(words, home, capsys):
    Users(home).add("甲", [Role.VIEW], "long enough 9 Ab")
    with closing(turns.serve_alone(home, "zjtx serve，https://a:8443，进程 12")):
        assert cli.main(words) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1 and "已经在运行（zjtx serve" in told.err


def test_a_bad_certificate_is_told_before_anything_is_said_to_be_open(home, tmp_path, capsys):
    Users(home).add("甲", [Role.VIEW], "long enough 9 Ab")
    (tmp_path / "c.pem").write_text("no certificate", encoding="utf-8")
    (tmp_path / "district.yaml").write_text("inbox: 收件\ndoor: {certificate: c.pem, key: c.pem, port: 39119}", encoding="utf-8")
    assert cli.main(["serve"]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("证书 ") and "不能用" in told.err
