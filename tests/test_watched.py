"""A verb's process that ends without a word is told of in a sentence; one that is asked to end, or whose watcher is gone, just ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def verb(warm_home, miniature):
    """`zjtx report` at work: the process that watches, and the number of the one that works."""
    environment = os.environ | {"ZJTX_CONFIG": str(miniature), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    words = [sys.executable, "-m", "zjtx_pipeline.cli", "report", "2024Q4"]
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    with subprocess.Popen(words, env=environment, cwd=warm_home, **piped) as process:
        assert "正在准备" in process.stdout.readline()  # the one at work says so: it is there
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        yield process, int(children[0])
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def is_running(pid):
    """Also where nobody has yet asked how it ended, it does not run."""
    try:
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return False


def ended(process):
    _, complaint = process.communicate(timeout=60)
    return process.returncode, complaint


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_sudden_end_is_told_in_one_sentence(verb, number, warm_home):
    process, at_work = verb
    os.kill(at_work, number)
    code, complaint = ended(process)
    assert code == 128 + number and complaint.startswith("程序被系统中止，没有做完，多半是内存不足") and complaint.count("\n") == 1
    assert f"ended with -{number}" in (warm_home / "zjtx.log").read_text(encoding="utf-8")


def test_who_is_asked_to_end_ends_without_a_complaint(verb):
    process, _ = verb
    process.terminate()
    assert ended(process) == (128 + signal.SIGTERM, "")


def test_who_is_interrupted_says_what_is_done(verb):
    process, _ = verb
    time.sleep(3)
    os.killpg(process.pid, signal.SIGINT)
    code, complaint = ended(process)
    assert code == 130 and complaint == "已中止。已完成的文件都是完整的，再运行一次即可继续。\n"


def test_nobody_works_on_unwatched(verb):
    process, at_work = verb
    process.kill()
    process.wait()
    deadline = time.monotonic() + 10
    while is_running(at_work) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(at_work)
