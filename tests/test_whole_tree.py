"""The installed service, killed with all that it started, as by a power cut: brought back by its manager, it ends the quarter by itself.

Started again here as `docs/deploy/zjtx@.service` has it done. An ordinary run kills four times, `--soak` seventy (docs/reliability.md).
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from conftest import rounds, soaked
from door_server import PASSWORD, free_port
from made_issues import ZHANG, with_mail
from test_reliability import QUARTER, environment, pdfs, told

from zjtx_pipeline import store
from zjtx_pipeline.door.roles import Role
from zjtx_pipeline.door.users import Users

KILLS, MOST_SECONDS, BESIDE_OTHER_TESTS = 70, 300, 3
LOOKED_ONCE = 75  # seconds after which the service has looked for what is missing
MADE = ("dagster", "reports", "work", "validated", "snapshots", "revisions", "ledger.db", "ledger.db.posting", "ledger.db.lock")


@pytest.fixture
def config(miniature, mailbox):
    """The miniature district behind a door, which follows no quarter later than the one it has."""
    path = with_mail(miniature, mailbox.port, door={"port": free_port()}, follow_until=QUARTER)
    yield path
    path.unlink()


def processes_of(home):
    """Whatever runs for this home, however far from who started it: what a service manager's group would hold."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"ZJTX_HOME={home}\0".encode() in (folder / "environ").read_bytes() and folder.name != str(os.getpid()):
                yield int(folder.name)


def kill_tree(home):
    while found := list(processes_of(home)):
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


@contextmanager
def service(home, config):
    said = (home / "said.txt").open("ab")
    words = [sys.executable, "-m", "zjtx_pipeline.cli", "serve"]
    process = subprocess.Popen(words, env=environment(home, config), cwd=home, stdout=said, stderr=said)
    try:
        yield process
    finally:
        kill_tree(home)
        process.wait(60)
        said.close()


def emptied(home):
    for name in MADE:
        path = home / name
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def wait(process, home, chance, within_run):
    """Until a random moment: of the quarter's run, or of the service's life."""
    while within_run and not (home / "work" / QUARTER).exists():
        assert process.poll() is None, (home / "said.txt").read_text(encoding="utf-8")
        time.sleep(0.1)
    time.sleep(chance.uniform(0, 12 if within_run else 120))


@pytest.mark.slow
def test_killed_with_all_it_started_the_service_comes_back_and_ends_its_quarter_within_five_minutes(golden_run, warm_home, config, mailbox):
    Users(warm_home).add(ZHANG.name, [Role.VIEW], PASSWORD)
    store.write_json(warm_home / "unattended.json", {"since": QUARTER})
    most = MOST_SECONDS if soaked() else MOST_SECONDS * BESIDE_OTHER_TESTS
    for number in rounds(KILLS):
        emptied(warm_home)
        mailbox.letters.clear()
        with service(warm_home, config) as process:
            wait(process, warm_home, random.Random(number), within_run=number % 2 == 0)
            had = len(mailbox.letters)
        began = time.monotonic()
        with service(warm_home, config) as process:
            while not mailbox.letters or (had and time.monotonic() < began + LOOKED_ONCE):  # it must not be asked for again either
                assert process.poll() is None and time.monotonic() < began + most, (number, (warm_home / "said.txt").read_text(encoding="utf-8"))
                time.sleep(0.5)
            print(f"{number}: {time.monotonic() - began:.0f} s", flush=True)
        assert pdfs(warm_home / "reports" / QUARTER) == pdfs(golden_run.reports)
        assert [recipients for recipients, _ in mailbox.letters] == [(ZHANG.address,)] and len(told(warm_home)) == 1
        assert len(list((warm_home / "revisions" / QUARTER).glob("[0-9]*"))) == 1
