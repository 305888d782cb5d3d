"""Quarters with delivery on, killed, started in pairs, and on a machine that runs out: the same PDFs, one issue, no letter lost or doubled.

Everything here is a real process. An ordinary run takes a twentieth of the points and rounds; `--soak` all of them (docs/reliability.md).
"""

import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import rounds
from made_issues import CLERK, LEADER, with_mail

from zjtx_pipeline import ledger
from zjtx_pipeline.ledger import issues, mailings

ROOT = Path(__file__).parents[1]
QUARTER = "2024Q4"
SCHEDULED = {"dagster/partition": QUARTER, "zjtx/from": "schedule"}
# A run of a job as Dagster's own worker does it, which kills itself when told: at a step's beginning, in its middle, at its end.
WORKER = """
import json, os, signal, sys, threading, uuid
from dagster import DagsterEventType, DagsterInstance
from assets import instance as records
from assets.definitions import defs
job, tags, dies_at, when = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
records.prepare()
begun = [0]
def die(): os.killpg(0, signal.SIGKILL)
def hear(entry):
    kind = entry.dagster_event.event_type if entry.dagster_event else None
    if kind == DagsterEventType.STEP_START:
        begun[0] += 1
        if begun[0] == dies_at and when == "before": die()
        if begun[0] == dies_at and when == "during": threading.Timer(0.03, die).start()
    if kind == DagsterEventType.STEP_SUCCESS and begun[0] == dies_at and when == "after": die()
run_id = str(uuid.uuid4())
with DagsterInstance.get() as instance:
    records.close_abandoned(instance)
    instance.add_event_listener(run_id, hear)
    partition = tags.pop("dagster/partition")
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    result = defs.resolve_job_def(job).execute_in_process(
        instance=instance, run_id=run_id, partition_key=partition, tags=tags, run_config=quiet, raise_on_error=False)
for event in result.filter_events(lambda event: event.is_failure):
    print(event.step_key, event.message, event.event_specific_data)
sys.exit(0 if result.success else 1)
"""


def environment(home, config):
    return os.environ | {"ZJTX_HOME": str(home), "DAGSTER_HOME": "", "ZJTX_CONFIG": str(config), "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}


def begun(home, config, words):
    return subprocess.Popen(
        [sys.executable, *words], env=environment(home, config), cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def worker(home, config, tags, dies_at=0, when="", job="scheduled_quarter"):
    import json

    return begun(home, config, ["-c", WORKER, job, json.dumps(tags), str(dies_at), when])


def ended(process, seconds=900):
    shown, complaint = process.communicate(timeout=seconds)
    return process.returncode, shown, complaint


def pdfs(folder):
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*.pdf"))}


@pytest.fixture
def config(miniature, mailbox):
    """The miniature district with a mail server, two recipients and one who approves."""
    path = with_mail(miniature, mailbox.port)
    yield path
    path.unlink()


def codes(box):
    """The codes that were mailed, the newest last."""
    bodies = [letter.get_body().get_content() for _, letter in box.letters if letter["Subject"].startswith("【待批准】")]
    return [re.search(r"您的验证码：(\w+)", body)[1] for body in bodies]


def reported(box):
    """Who was sent reports, in order."""
    return [recipients[0] for recipients, letter in box.letters if not letter["Subject"].startswith("【待批准】")]


def told(home):
    """By address, the states of an issue's reports in the ledger."""
    with ledger.opened(home) as book, book.writing() as connection:
        return [{(row.address, row.state) for row in mailings.of_issue(connection, issue)} for issue in issues.of_quarter(connection, QUARTER)]


STEPS = 118
MOMENTS = ("before", "during", "after")
POINTS = [(step, when) for step in range(1, STEPS + 1) for when in MOMENTS]


def test_killed_at_any_step_and_resumed_the_reports_are_the_same_and_the_approver_is_asked_once(golden_run, warm_home, config, mailbox):
    for dies_at, when in map(POINTS.__getitem__, rounds(len(POINTS))):
        process = worker(warm_home, config, SCHEDULED, dies_at, when)
        ended(process)
        assert process.returncode == -signal.SIGKILL, (dies_at, when)
    assert ended(worker(warm_home, config, SCHEDULED))[0] == 0
    assert pdfs(warm_home / "reports" / QUARTER) == pdfs(golden_run.reports)
    asked = [recipients for recipients, letter in mailbox.letters if letter["Subject"].startswith("【待批准】")]
    assert len(asked) == 1 and reported(mailbox) == [] and len(told(warm_home)) == 1


@pytest.fixture
def approved(golden_run, tmp_path, config, mailbox):
    """A home whose quarter is approved, and nothing posted."""
    from zjtx_pipeline.delivery import asking, signoff
    from zjtx_pipeline.settings import load_settings

    def made(number):
        home = tmp_path / f"home{number}"
        shutil.copytree(golden_run.reports, home / "reports" / QUARTER)
        shutil.copytree(golden_run.home / "revisions", home / "revisions")
        mailbox.letters.clear()
        asking.ask(load_settings(config), home, golden_run.quarter)
        signoff.approve(load_settings(config), home, golden_run.quarter, "张三", codes(mailbox)[-1], signoff.SHELL)
        return home

    return made


SENDS = 70


def test_a_sender_killed_at_any_moment_loses_no_letter_and_doubles_none(approved, config, mailbox):
    """At each end every letter is either with the server, once, or 待核实 in the ledger."""
    mailbox.slow_seconds = 0.05
    for number in rounds(SENDS):
        home = approved(number)
        process = begun(home, config, ["-m", "zjtx_pipeline.cli", "send", QUARTER])
        time.sleep(random.Random(number).uniform(0.3, 2.5))
        os.killpg(process.pid, signal.SIGKILL)
        ended(process)
        ended(begun(home, config, ["-m", "zjtx_pipeline.cli", "send", QUARTER]))
        time.sleep(2 * mailbox.slow_seconds)
        (states,) = told(home)
        assert len(reported(mailbox)) == len(set(reported(mailbox)))
        for address in (LEADER.address, CLERK.address):
            assert {state for each, state in states if each == address} in ({"sent"}, {"unknown"}), states
            assert address in reported(mailbox) or (address, "unknown") in states
        shutil.rmtree(home)


def shell(home, config):
    return begun(home, config, ["-m", "zjtx_pipeline.cli", "report", QUARTER])


def scheduled(home, config):
    return worker(home, config, SCHEDULED)


def by_hand(home, config):
    return worker(home, config, {"dagster/partition": QUARTER}, job="quarterly_reports")


def backfilled(home, config):
    return worker(home, config, {"dagster/partition": QUARTER, "dagster/backfill": "abcdefgh"}, job="scheduled_quarter")


def made_up_for(home, config):
    return worker(home, config, SCHEDULED | {"dagster/run_key": "2024Q4/2025-01-16/1"})


PAIRS = {
    "shell and shell": (shell, shell),
    "shell and schedule": (shell, scheduled),
    "UI and schedule": (by_hand, scheduled),
    "backfill and schedule": (backfilled, scheduled),
    "reconciler and schedule": (made_up_for, scheduled),
}
ROUNDS = 100 // len(PAIRS)


@pytest.mark.parametrize("one, other", PAIRS.values(), ids=PAIRS)
def test_two_starts_at_once_end_in_one_issued_set(one, other, golden_run, warm_home, config, mailbox):
    for _ in rounds(ROUNDS):
        for made in ("reports", "work", "revisions", "ledger.db"):
            path = warm_home / made
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        mailbox.letters.clear()
        pair = [one(warm_home, config), other(warm_home, config)]
        told = [ended(process) for process in pair]
        assert [code for code, *_ in told] == [0, 0], told
        assert pdfs(warm_home / "reports" / QUARTER) == pdfs(golden_run.reports)
        assert len(list((warm_home / "revisions" / QUARTER).glob("[0-9]*"))) == 1
        assert len(codes(mailbox)) == (0 if scheduled not in (one, other) else 1) and reported(mailbox) == []


def short_of(room, said, code, left, golden_run):
    """A run that did not have the room said so and left no set that looks whole; one that had made the whole set."""
    assert "Traceback" not in said and "Fatal" not in said, (room, said)
    if code == 0:
        assert pdfs(left / QUARTER) == pdfs(golden_run.reports), room
    else:
        assert not (left / QUARTER / "manifest.json").exists(), room
    return said


ON_A_FULL_DISK = """mount -t tmpfs -o size={size}k none {home} && cp -r {warm}/. {home} || exit 9
{words} >{shown} 2>&1
code=$?
cp -r {home}/reports {left} 2>/dev/null
exit $code"""
SIZES = [round(4000 * 1.12**number) for number in range(20)]  # kB beyond what was read and judged before


def test_a_full_disk_ends_in_one_clear_sentence_and_nothing_half_issued(golden_run, warm_home, config, tmp_path):
    """The home lies on a file system of its own that is too small, by more or less."""
    used = sum(path.stat().st_size // 1024 + 8 for path in warm_home.rglob("*"))
    small = tmp_path / "small"
    small.mkdir()
    for size in map(SIZES.__getitem__, rounds(len(SIZES))):
        shown, left = tmp_path / f"{size}.txt", tmp_path / f"{size}"
        words = f"{sys.executable} -m zjtx_pipeline.cli report {QUARTER}"
        script = ON_A_FULL_DISK.format(size=used + size, home=small, warm=warm_home, words=words, shown=shown, left=left)
        process = subprocess.run(["unshare", "-m", "sh", "-c", script], env=environment(small, config), timeout=300)
        said = short_of(size, shown.read_text(encoding="utf-8"), process.returncode, left, golden_run)
        assert process.returncode == 0 or "磁盘已满" in said, said


ON_A_READ_ONLY_FOLDER = "mount --bind {folder} {folder} && mount -o remount,ro,bind {folder} || exit 9\nexec {words}"


def test_a_read_only_folder_of_reports_is_named_by_the_steps_that_print(warm_home, config):
    folder = warm_home / "reports"
    folder.mkdir()
    words = f"{sys.executable} -m zjtx_pipeline.cli report {QUARTER}"
    script = ON_A_READ_ONLY_FOLDER.format(folder=folder, words=words)
    process = subprocess.run(["unshare", "-m", "sh", "-c", script], env=environment(warm_home, config), capture_output=True, text=True, timeout=300)
    assert process.returncode == 1 and "程序内部出错" not in process.stderr
    assert f"总报告：{folder / QUARTER} 不能读写（磁盘是只读的）" in process.stderr


LIMITS = [60 + 35 * number for number in range(20)]  # MiB that a process may ask for; a miniature quarter needs some 700


def test_too_little_memory_ends_in_one_clear_sentence_and_nothing_half_issued(golden_run, warm_home, config):
    for limit in map(LIMITS.__getitem__, rounds(len(LIMITS))):
        for made in ("reports", "work", "revisions"):
            shutil.rmtree(warm_home / made, ignore_errors=True)
        words = ["prlimit", f"--data={limit << 20}", sys.executable, "-m", "zjtx_pipeline.cli", "report", QUARTER]
        process = subprocess.run(words, env=environment(warm_home, config), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        said = short_of(limit, process.stdout, process.returncode, warm_home / "reports", golden_run)
        assert process.returncode == 0 or "内存不足" in said, (limit, said)
