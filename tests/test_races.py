"""Two senders at one moment, and a sender killed at any moment: each recipient has one letter, or a person is asked."""

import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from conftest import rounds
from made_issues import QUARTER, reports, settings
from mail_server import open_mailbox
from test_ledger_of_issues import fresh

from zjtx_pipeline.delivery import accounts, send_quarter
from zjtx_pipeline.settings import Recipient

ROOT = Path(__file__).parents[1]
SENDER = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from made_issues import QUARTER, settings
from zjtx_pipeline.delivery import send_quarter
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Recipient
import alembic.command, alembic.config
print("ready", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    everyone = tuple(Recipient(**each) for each in asked["recipients"])
    outcomes = send_quarter(settings(asked["port"], ledger=asked["url"], recipients=everyone), Path(asked["home"]), QUARTER, "张三")
    print(json.dumps([each.state for each in outcomes]), flush=True)
"""


class Sender:
    """A process that sends what it is told."""

    def __init__(self):
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-P", "-c", SENDER, str(ROOT / "tests")]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT)
        assert self.process.stdout.readline() == "ready\n"

    def begin(self, home, port, url, everyone):
        told = {"home": str(home), "port": port, "url": url, "recipients": [each.model_dump() for each in everyone]}
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()

    def ended(self):
        return json.loads(self.process.stdout.readline() or '["killed"]')

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self):
        self.kill()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def ram():
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        yield Path(folder)


def recipients(number, count=3):
    return tuple(Recipient(name=f"单位{place}", address=f"r{number}-{place}@xs.example.gov.cn", reports=(place % 2 + 1,)) for place in range(count))


@pytest.mark.parametrize("kind", ["SQLite", "PostgreSQL"])
def test_two_senders_at_once_send_each_letter_once(kind, ram, request):
    url = fresh(request.getfixturevalue("postgres")) if kind == "PostgreSQL" else None
    pair = [Sender(), Sender()]
    try:
        with open_mailbox() as box:
            for number in rounds(200):
                home, everyone = reports(ram / str(number)), recipients(number)
                had = len(box.letters)
                for each in pair:
                    each.begin(home, box.port, url, everyone)
                said = [each.ended() for each in pair]
                assert {state for states in said for state in states} <= {"sent", "before"}, (number, said)
                assert sorted(box.recipients[had:]) == [(each.address,) for each in everyone], (number, said)
    finally:
        for each in pair:
            each.close()


MOMENTS = ["EHLO", "MAIL", "RCPT", "DATA", "END", "TAKEN", "QUIT", "at random"]


@pytest.mark.parametrize("kind", ["SQLite", "PostgreSQL"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_sender_loses_no_letter_and_doubles_none(moment, kind, ram, request):
    url = fresh(request.getfixturevalue("postgres")) if kind == "PostgreSQL" else None
    with open_mailbox() as box:
        for number in rounds(20):
            killed_once(box, reports(ram / str(number)), url, recipients(number), moment, random.Random(number))


def killed_once(box, home, url, everyone, moment, chance):
    sender, had, countdown = Sender(), len(box.letters), [chance.randint(1, len(everyone))]
    try:
        box.at = lambda step: _count(countdown, sender) if step == moment else None
        sender.begin(home, box.port, url, everyone)
        if moment == "at random":
            time.sleep(chance.random() * 0.6)
            sender.kill()
        sender.ended()
    finally:
        box.at = lambda step: None
        sender.close()
    one = settings(box.port, ledger=url, recipients=everyone)
    outcomes = send_quarter(one, home, QUARTER, "张三")
    had_one = [sum(each.address in to for to in box.recipients[had:]) for each in everyone]
    for each, outcome, count in zip(everyone, outcomes, had_one, strict=True):
        assert (outcome.state in ("sent", "before") and count == 1) or (outcome.state == "unknown" and count <= 1), (each.address, outcome, count)
    assert sum(each.state == "unknown" for each in outcomes) <= 1
    for each, outcome, count in zip(everyone, outcomes, had_one, strict=True):
        if outcome.state == "unknown":
            assert accounts.resolve(one, home, QUARTER, each.address, bool(count), "王五") == 1
    send_quarter(one, home, QUARTER, "张三")
    assert sorted(box.recipients[had:]) == sorted((each.address,) for each in everyone)


def _count(countdown, sender):
    countdown[0] -= 1
    if countdown[0] == 0:
        sender.process.send_signal(signal.SIGKILL)
        time.sleep(0.02)


def test_what_a_killed_sender_left_can_be_resolved_before_anything_is_sent(ram):
    with open_mailbox() as box:
        home, everyone, sender = reports(ram / "one"), recipients(1, 1), Sender()
        box.at = lambda step: sender.process.send_signal(signal.SIGKILL) if step == "END" else None
        sender.begin(home, box.port, None, everyone)
        sender.ended()
        sender.close()
        one = settings(box.port, recipients=everyone)
        assert [row[2] for account in accounts.of_quarter(one, home, QUARTER) for row in account.rows] == ["发送中"]
        assert accounts.resolve(one, home, QUARTER, everyone[0].address, True, "王五") == 1
