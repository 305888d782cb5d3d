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


def appeared(marker):
    deadline = time.monotonic() + 60
    while not marker.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def mark_and_sleep(marker):
    marker.touch()
    time.sleep(600)


def wait_for(worker, folder):
    """Until the second process has done all that it was asked so far, and said so."""
    marker, last = folder / "marker", object()
    marker.unlink(missing_ok=True)
    worker.ask(last, marker.touch)
    appeared(marker)
    worker.answer(last)


def pid_of(worker, folder):
    worker.ask("pid", os.getpid)
    wait_for(worker, folder)
    return worker.answer("pid")


def test_it_answers_what_it_was_asked(worker, tmp_path):
    worker.ask("sum", sum, [1, 2, 3])
    worker.ask("sum", sum, [100])
    wait_for(worker, tmp_path)
    assert worker.answer("sum") == 6


def test_what_it_was_not_asked_or_failed_at_is_not_answered(worker, tmp_path):
    worker.ask("fault", int, "not a number")
    wait_for(worker, tmp_path)
    assert worker.answer("fault") is None
    assert worker.answer("never asked") is None


def test_what_either_side_has_taken_on_the_other_leaves(worker, tmp_path):
    """The second process is given its next pieces before it begins them: those that the run took are not done twice."""
    worker.ask("first", time.sleep, 1)
    for number in range(5):
        worker.ask(number, (tmp_path / str(number)).write_text, "done")
    assert [worker.answer(number) for number in range(5)] == [None] * 5
    wait_for(worker, tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["marker"]


def test_one_got_ready_serves_run_after_run_until_all_end(tmp_path):
    ahead.get_ready("zjtx_pipeline.ahead:_is_possible")
    pids = []
    for run in ("one", "two"):
        pids.append(pid_of(ahead.begin(run), tmp_path))
        ahead.end(run)
    assert pids[0] == pids[1] and alive(pids[0])
    ahead.end_all()
    assert gone_within(pids[0], 10)


def test_one_got_ready_that_is_still_at_work_ends_with_its_run(tmp_path):
    ahead.get_ready("zjtx_pipeline.ahead:_is_possible")
    asked = ahead.begin("a run")
    pid = pid_of(asked, tmp_path)
    asked.ask("long", mark_and_sleep, tmp_path / "begun")
    appeared(tmp_path / "begun")
    ahead.end("a run")
    assert gone_within(pid, 10)


def test_what_was_written_before_the_run_began_was_not_seen(worker, tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.touch(), new.touch()
    os.utime(old, (worker.began - 1,) * 2)
    os.utime(new, (worker.began + 1,) * 2)
    assert worker.saw([new])
    assert not worker.saw([new, old])
    assert not worker.saw([tmp_path / "missing"])
    assert not ahead.IDLE.saw([new])


def test_a_worker_that_dies_leaves_the_run_to_itself(worker, tmp_path):
    pid = pid_of(worker, tmp_path)
    worker.ask("its end", os._exit, 1)
    assert gone_within(pid, 10)
    assert worker.answer("its end") is None
    worker.ask("more", abs, -1)
    assert worker.answer("more") is None


def test_it_ends_with_its_run_whatever_it_is_at(worker, tmp_path):
    pid = pid_of(worker, tmp_path)
    worker.ask("long", mark_and_sleep, tmp_path / "begun")
    appeared(tmp_path / "begun")
    assert alive(pid)
    ahead.end("a run")
    assert gone_within(pid, 10)


def test_it_ends_with_a_run_that_a_shell_started_in_the_background():
    """Such a run is deaf to Ctrl-C; Dagster then makes it, and whatever it starts, deaf to SIGTERM too."""
    script = textwrap.dedent("""
        import os, signal, time
        from dagster._utils.interrupts import capture_interrupts
        from zjtx_pipeline import ahead
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if __name__ == "__main__":
            with capture_interrupts():
                pass
            assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
            worker = ahead.begin("a run")
            worker.ask("long", time.sleep, 600)
            time.sleep(3)
            ahead.end("a run")
    """)
    command = [sys.executable, "-c", script]
    subprocess.run(command, check=True, timeout=60)


def test_it_dies_when_its_run_is_killed():
    script = textwrap.dedent("""
        import os, time
        from zjtx_pipeline import ahead
        if __name__ == "__main__":
            worker = ahead.begin("a run")
            pid, asked = None, 0
            while pid is None:
                asked += 1
                worker.ask(asked, os.getpid)
                time.sleep(0.2)
                pid = worker.answer(asked)
            print(pid, flush=True)
            worker.ask("long", time.sleep, 600)
            time.sleep(600)
    """)
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        pid = int(run.stdout.readline())
        os.kill(run.pid, signal.SIGKILL)
    assert gone_within(pid, 10)


@pytest.mark.parametrize("seconds", [0.05, 0.15, 0.3, 0.6])
def test_ctrl_c_is_the_runs_affair_from_the_second_processs_first_moment(seconds):
    script = textwrap.dedent("""
        import signal, time
        from zjtx_pipeline import ahead
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if __name__ == "__main__":
            try:
                print("ready", flush=True)
                ahead.get_ready("zjtx_pipeline.tables:load_tables")
                time.sleep(60)
            except KeyboardInterrupt:
                ahead.end_all()
    """)
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True) as run:
        run.stdout.readline()
        time.sleep(seconds)
        os.killpg(run.pid, signal.SIGINT)
        _, complaint = run.communicate(timeout=60)
    assert complaint == ""
