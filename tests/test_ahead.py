"""The second process: what it answers, and that it outlives neither its run's end nor its run's death."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from zjtx_pipeline import ahead


@pytest.fixture
def worker():
    begun = ahead.begin("a run")
    yield begun
    ahead.end_all()


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as status:
            return status.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone_within(pid, seconds):
    deadline = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not alive(pid)


def test_it_answers_what_it_was_asked(worker):
    worker.ask("sum", sum, [1, 2, 3])
    worker.ask("sum", sum, [100])
    assert worker.answer("sum") == 6


def test_what_it_was_not_asked_or_failed_at_is_not_answered(worker):
    worker.ask("fault", int, "not a number")
    assert worker.answer("fault") is None
    assert worker.answer("never asked") is None


def test_what_has_not_begun_is_given_back(worker):
    worker.ask("first", time.sleep, 2)
    for number in range(5):
        worker.ask(number, abs, -number)
    assert worker.answer(4) is None


def test_a_worker_that_dies_leaves_the_run_to_itself(worker):
    worker.ask("its end", os._exit, 1)
    assert worker.answer("its end") is None
    worker.ask("more", abs, -1)
    assert worker.answer("more") is None


def test_it_ends_with_its_run_whatever_it_is_at(worker):
    worker.ask("pid", os.getpid)
    pid = worker.answer("pid")
    worker.ask("long", time.sleep, 600)
    assert alive(pid)
    ahead.end("a run")
    assert gone_within(pid, 10)


def test_it_dies_when_its_run_is_killed():
    script = textwrap.dedent("""
        import os, time
        from zjtx_pipeline import ahead
        if __name__ == "__main__":
            worker = ahead.begin("a run")
            worker.ask("pid", os.getpid)
            print(worker.answer("pid"), flush=True)
            worker.ask("long", time.sleep, 600)
            time.sleep(600)
    """)
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        pid = int(run.stdout.readline())
        os.kill(run.pid, signal.SIGKILL)
    assert gone_within(pid, 10)
