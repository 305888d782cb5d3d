"""What a newcomer meets: a clean copy, a clean home, the README's command; and a plain word where something lacks."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SETTING_UP = "正在准备运行环境"
# How this machine reaches its package registry is the machine's business; nothing else of our environment goes along.
TO_THE_REGISTRY = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CERT", "PIP_CONFIG_FILE", "PIP_PROXY",
                   "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")  # fmt: skip
# All that the script may use on a machine that has no Python.
WITHOUT_PYTHON = "bash env dirname readlink cat grep sha256sum mktemp flock rm".split()


def copy_of_the_checkout(folder):
    """The files that a clone would have, and new ones not committed yet; a newcomer may have no git."""
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").split()]
    return Path(shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".git", *ignored)))


class Newcomer:
    """One who has a copy, a home of his own and what Debian brings."""

    def __init__(self, folder):
        self.copy = copy_of_the_checkout(folder / "萧山 copy")
        self.home = folder / "home"
        self.home.mkdir()
        system = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin", f"{sys.base_prefix}/bin"]
        self.environment = {"HOME": str(self.home), "PATH": ":".join(system)}
        self.environment |= {name: os.environ[name] for name in TO_THE_REGISTRY if name in os.environ}

    def types(self, *arguments, cwd=None, **environment):
        return subprocess.run(
            [str(self.copy / "zjtx"), *arguments],
            cwd=cwd or self.copy,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=1200,
        )


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("newcomer")
    yield Newcomer(folder)
    shutil.rmtree(folder)  # an environment is 700 MB


@pytest.fixture(scope="module")
def first_report(newcomer):
    return newcomer.types("report", "2024Q4")


def told(newcomer, call):
    """What a failed call said, and the log it names."""
    log = newcomer.copy / "var" / "zjtx.log"
    return call.stderr + (log.read_text(encoding="utf-8") if log.exists() else "")


def self_written(home):
    """All in a home but what pip and fontconfig keep there for the next time."""
    return [path for path in home.iterdir() if path.name != ".cache"]


@pytest.mark.newcomer
def test_the_readmes_command_ends_with_fifteen_pdfs(newcomer, first_report):
    assert "./zjtx report 2024Q4" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert first_report.returncode == 0, told(newcomer, first_report)
    folder = newcomer.copy / "var" / "reports" / "2024Q4"
    assert "var/reports/2024Q4" in "".join(first_report.stdout.split())
    reports = sorted(folder.glob("*.pdf"))
    assert [path.name[:3] for path in reports] == [f"{number:02}-" for number in range(15)]
    assert all(path.read_bytes().startswith(b"%PDF-") for path in reports)


@pytest.mark.newcomer
def test_the_first_call_says_what_it_sets_up_and_leaves_nothing_in_the_home(newcomer, first_report):
    assert SETTING_UP in first_report.stderr and SETTING_UP not in first_report.stdout
    assert not self_written(newcomer.home)


@pytest.mark.newcomer
def test_a_second_call_goes_straight_to_work_from_any_folder(newcomer, first_report, tmp_path):
    (tmp_path / "assets").mkdir()
    for name in ("assets/__init__.py", "pandas.py", "typer.py"):
        (tmp_path / name).write_text("raise SystemExit('a stranger was imported')", encoding="utf-8")
    odd = {"PYTHONPATH": str(tmp_path), "PYTHONHOME": "/nowhere", "PIP_TARGET": "/nowhere"}
    second = newcomer.types("--help", cwd=tmp_path, **odd)
    assert second.returncode == 0, second.stderr
    assert SETTING_UP not in second.stderr and "report" in second.stdout


def test_without_python_one_line_says_what_to_install(tmp_path):
    shutil.copy2(ROOT / "zjtx", tmp_path / "zjtx")
    shutil.copy2(ROOT / "requirements.lock", tmp_path / "requirements.lock")
    (tmp_path / "bin").mkdir()
    for name in WITHOUT_PYTHON:
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))
    command = [str(tmp_path / "zjtx"), "report", "2024Q4"]
    call = subprocess.run(command, env={"PATH": str(tmp_path / "bin")}, capture_output=True, text=True)
    assert call.returncode == 1 and call.stdout == ""
    title, line = call.stderr.splitlines()
    assert title.startswith(SETTING_UP)
    assert "Python 3.11" in line and "sudo apt-get install python3 python3-venv" in line
    assert not (tmp_path / ".venv").exists()
