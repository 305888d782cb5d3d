"""The child process that opens untrusted files: whatever becomes of it, the next file is read, and it never outlives its run."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
import xlwt
from made_deliveries import deliver, row, verdict, workbook, workbook_of

from zjtx_pipeline.sources import guard
from zjtx_pipeline.sources.raw import Origin
from zjtx_pipeline.sources.workbook import read_workbook
from zjtx_pipeline.tables import load_tables

TABLE = load_tables()["D03"]
ORIGIN = Origin("区经信局", "2024Q4/file", datetime(2025, 1, 8), "workbook")
SMALL = workbook([row("D03")])
PATIENCE = 20  # seconds, for a machine that is busy with other things


@pytest.fixture(scope="module")
def large():
    """A sound workbook that takes about a second to open."""
    sound = row("D03")
    return workbook_of({"数据": [list(sound), *[list(sound.values())] * 40_000]})


@pytest.fixture(autouse=True)
def fresh_child():
    guard.end()
    yield
    guard.end()


def is_gone(pid):
    """Has a process ended? One that nobody has waited for yet counts as ended."""
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(") ")[2].startswith("Z")


def ends(pid):
    until = time.monotonic() + PATIENCE
    while not is_gone(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return is_gone(pid)


def small_is_read():
    raw = read_workbook(SMALL, TABLE, ORIGIN)
    return not raw.fault and len(raw.rows) == 1


def test_one_child_reads_file_after_file():
    assert small_is_read()
    pid = guard.child_pid()
    assert small_is_read() and guard.child_pid() == pid


def test_after_a_child_was_killed_another_reads_the_next_file():
    assert small_is_read()
    pid = guard.child_pid()
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert small_is_read() and guard.child_pid() != pid


def test_a_child_killed_over_a_file_is_a_sentence_about_that_file(large):
    assert small_is_read()
    pid = guard.child_pid()
    os.kill(pid, signal.SIGSTOP)  # so that it cannot answer first
    killer = subprocess.Popen(["sh", "-c", f"sleep 0.3; kill -SEGV {pid}; kill -CONT {pid}"])
    raw = read_workbook(large, TABLE, ORIGIN)
    killer.wait()
    assert "读取程序中断" in raw.fault and raw.rows.empty
    assert small_is_read()


def test_a_file_that_takes_too_long_is_given_up(large, monkeypatch):
    monkeypatch.setattr(guard, "SECONDS", 0.2)
    monkeypatch.setattr(guard, "SECONDS_A_MIB", 0.0)
    assert "用时过长" in read_workbook(large, TABLE, ORIGIN).fault
    monkeypatch.undo()
    assert small_is_read()


def test_a_file_that_needs_too_much_memory_is_given_up(large, monkeypatch):
    monkeypatch.setattr(guard, "MEMORY", 64 * guard.MIB)
    monkeypatch.setattr(guard, "MEMORY_A_BYTE", 0)
    assert "内存过大" in read_workbook(large, TABLE, ORIGIN).fault
    monkeypatch.undo()
    assert small_is_read()


def test_an_interrupted_answer_is_never_taken_for_the_next_files(large):
    def interrupted(*_):
        raise KeyboardInterrupt

    assert small_is_read()
    os.kill(guard.child_pid(), signal.SIGSTOP)  # so that it cannot answer first
    before = signal.signal(signal.SIGALRM, interrupted)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            read_workbook(large, TABLE, ORIGIN)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert small_is_read()


def test_the_child_knows_no_secret(monkeypatch):
    monkeypatch.setenv("ZJTX_SMTP_PASSWORD", "geheim")
    assert small_is_read()
    environment = Path(f"/proc/{guard.child_pid()}/environ").read_bytes()
    assert environment.strip(b"\0").split(b"\0") == [b"MALLOC_ARENA_MAX=1"]
    assert os.readlink(f"/proc/{guard.child_pid()}/cwd") == "/"


def test_the_child_writes_no_file_and_leaves_no_core():
    assert small_is_read()
    limits = Path(f"/proc/{guard.child_pid()}/limits").read_text()
    for name in ("Max file size", "Max core file size"):
        assert next(line for line in limits.splitlines() if line.startswith(name)).split()[-3:-1] == ["0", "0"]


READ_AND_WAIT = """
import signal, sys, time
from pathlib import Path
from zjtx_pipeline.sources import guard
signal.signal(signal.SIGINT, signal.default_int_handler)  # the suite itself may have been started deaf to them
signal.signal(signal.SIGTERM, signal.SIG_DFL)
guard.opened("workbook", Path(sys.argv[1]).read_bytes())
print(guard.child_pid(), flush=True)
time.sleep(600)
"""


def test_a_child_born_deaf_to_sigterm_is_ended_all_the_same():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        guard.end()
        guard.opened("text", b"a,b\n1,2\n", known=[])
    finally:
        signal.signal(signal.SIGTERM, before)
    began, pid = time.monotonic(), guard.child_pid()
    guard.end()
    assert time.monotonic() - began < 5 and not os.path.exists(f"/proc/{pid}")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_child_ends_with_its_run_however_that_ends(tmp_path, how):
    (tmp_path / "small.xlsx").write_bytes(SMALL)
    command = [sys.executable, "-c", READ_AND_WAIT, str(tmp_path / "small.xlsx")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[1]) as run:
        child = int(run.stdout.readline())
        assert not is_gone(child)
        run.send_signal(how)
        run.wait(PATIENCE)
    assert ends(child)


def read_in_another_process(content, answer):
    raw = read_workbook(content, TABLE, ORIGIN)
    answer.put((len(raw.rows), guard.child_pid()))
    time.sleep(600)


@pytest.mark.parametrize("start", ["spawn", "fork"])
def test_a_second_process_has_a_child_of_its_own(start):
    """The process that works ahead of a run reads files too, and is ended at once when the run ends."""
    assert small_is_read()
    context = multiprocessing.get_context(start)
    answer = context.Queue()
    second = context.Process(target=read_in_another_process, args=(SMALL, answer), daemon=True)
    second.start()
    try:
        rows, child = answer.get(timeout=PATIENCE)
        assert rows == 1 and child != guard.child_pid()
    finally:
        second.kill()
        second.join()
    assert ends(child) and small_is_read()


def test_a_workbook_of_wps_is_read(tmp_path):
    """.et of WPS's own is the older format of .xls under another name."""
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("数据")
    for at, cells in enumerate([list(row("D03")), list(row("D03").values())]):
        for column, cell in enumerate(cells):
            sheet.write(at, column, cell)
    content = BytesIO()
    book.save(content)
    deliver(tmp_path, "D03_培育库_区经信局.et", content.getvalue())
    found = verdict(tmp_path, "D03")
    assert len(found.accepted) == 1 and found.accepted["place"].tolist() == ["数据!2"] and not found.blocked
