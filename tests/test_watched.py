"""A verb's process that ends without a word is told of in a sentence; one that is asked to end, or whose watcher is gone, just ends."""

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from test_ahead import gone_within

ROOT = Path(__file__).parents[1]


def at_terminal():
    """The new session hears the terminal that is its standard input, also where the tests run in a shell's background, deaf to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def terminal():
    keys, screen = pty.openpty()
    yield keys, screen
    os.close(keys)
    os.close(screen)


@pytest.fixture
def verb(warm_home, miniature, terminal):
    """`zjtx report` at work: the process that watches, and the number of the one that works."""
    environment = os.environ | {"ZJTX_CONFIG": str(miniature), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    words = [sys.executable, "-m", "zjtx_pipeline.cli", "report", "2024Q4"]
    piped = {"stdin": terminal[1], "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True, "preexec_fn": at_terminal}
    with subprocess.Popen(words, env=environment, cwd=warm_home, **piped) as process:
        assert "正在准备" in process.stdout.readline()  # the one at work says so: it is there
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        yield process, int(children[0])
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def ended(process):
    _, complaint = process.communicate(timeout=60)
    return process.returncode, complaint


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_sudden_end_is_told_in_one_sentence(verb, number, warm_home):
    process, at_work = verb
    os.kill(at_work, number)
    code, complaint = ended(process)
    assert code == 128 + number and complaint.startswith("程序被系统中止，没有做完，多半是内存不足") and complaint.count("\n") == 1
    assert f"ended with -{int(number)}" in (warm_home / "zjtx.log").read_text(encoding="utf-8")


def test_who_is_asked_to_end_ends_without_a_complaint(verb):
    process, at_work = verb
    process.terminate()
    assert ended(process) == (-signal.SIGTERM, "")
    assert gone_within(at_work, 10)


@pytest.mark.parametrize("by", ["Ctrl-C", "kill"])
def test_who_is_interrupted_says_what_is_done(verb, terminal, by):
    process, _ = verb
    assert any("[1/5]" in line for line in iter(process.stdout.readline, ""))  # it is within a step from here on
    os.write(terminal[0], b"\x03") if by == "Ctrl-C" else os.kill(process.pid, signal.SIGINT)
    code, complaint = ended(process)
    assert code == 130 and complaint == "已中止。已完成的文件都是完整的，再运行一次即可继续。\n"


def test_nobody_works_on_unwatched(verb):
    process, at_work = verb
    process.kill()
    process.wait()
    assert gone_within(at_work, 10)


SUDDEN = "程序被系统中止，没有做完，多半是内存不足：请关闭其他程序或增加内存，再运行一次。已完成的文件都是完整的。"
WRITES_AND_ENDS = "import os; os.write(2, b'BLAS: no memory'); os._exit(1)"
RAISES = "raise MemoryError"
IN_A_THREAD = "import threading; thread = threading.Thread(target=lambda: 1 / 0); thread.start(); thread.join(); print('said', file=sys.stderr)"
SAYS = "print('said', file=sys.stderr)"


@pytest.mark.parametrize(
    "work, code, told, kept",
    [
        (WRITES_AND_ENDS, 1, f"{SUDDEN}详情见 log\n", "BLAS"),
        (RAISES, 1, f"{SUDDEN}详情见 log\n", "MemoryError"),
        (IN_A_THREAD, 2, "said\n", "ZeroDivisionError"),
        (SAYS, 2, "said\n", ""),
    ],
    ids=["a library ends it", "there is no memory for telling it", "a thread of it fails", "it says why itself"],
)
def test_an_end_is_told_once(work, code, told, kept, tmp_path):
    program = f"""
import sys
from pathlib import Path
from zjtx_pipeline.watched import watched
def work():
    {work}
    return 2
def keep(text):
    Path("log").write_text(text)
    return "log"
sys.exit(watched(work, lambda said: print(said, file=sys.stderr), keep))
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert (process.returncode, process.stderr) == (code, told)
    assert kept in (tmp_path / "log").read_text() if kept else not (tmp_path / "log").exists()


MOMENTS = [round(0.05 * 1.24**number, 2) for number in range(20)]  # seconds, to 3


def until_it_hears_ctrl_c(process):
    """Until the program takes Ctrl-C itself: what an interrupted start-up of Python prints before our first line is not ours."""
    deadline, status = time.monotonic() + 30, Path(f"/proc/{process.pid}/status")
    while time.monotonic() < deadline:
        blocked = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("SigBlk"))
        if int(blocked.split()[1], 16) >> (signal.SIGINT - 1) & 1:
            return
        time.sleep(0.002)
    process.kill()
    pytest.fail("Ctrl-C is left to Python")


@pytest.mark.slow
def test_ctrl_c_heard_by_all_processes_at_any_moment_leaves_no_trace(tmp_path, miniature):
    environment = os.environ | {"ZJTX_HOME": str(tmp_path), "ZJTX_CONFIG": str(miniature), "PYTHONPATH": str(ROOT)}
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    interrupted = 0
    for moment in MOMENTS:
        words = [sys.executable, "-m", "zjtx_pipeline.cli", "ledger", "2024Q4"]
        with subprocess.Popen(words, env=environment, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), **piped) as process:
            until_it_hears_ctrl_c(process)
            time.sleep(moment)
            os.killpg(process.pid, signal.SIGINT)
            code, complaint = ended(process)
        assert "Traceback" not in complaint and "KeyboardInterrupt" not in complaint, (moment, complaint)
        assert (code, complaint) == (130, ABORTED) or code in (0, 2), (moment, complaint)
        interrupted += code == 130
    assert interrupted > 3


ABORTED = "已中止。已完成的文件都是完整的，再运行一次即可继续。\n"


def test_the_server_too_is_interrupted_without_a_trace_while_it_begins(tmp_path, miniature):
    environment = os.environ | {"ZJTX_HOME": str(tmp_path), "ZJTX_CONFIG": str(miniature), "PYTHONPATH": str(ROOT)}
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    words = [sys.executable, "-m", "zjtx_pipeline.cli", "ui"]
    with subprocess.Popen(words, env=environment, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), **piped) as process:
        until_it_hears_ctrl_c(process)
        os.killpg(process.pid, signal.SIGINT)
        assert ended(process) == (130, ABORTED)
