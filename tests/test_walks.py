"""Long random courses of asking, approving, changing, sending, taking back, dropping, resolving and bouncing, held against a model of one's own:
nothing leaves unapproved, nothing twice by itself, nothing is lost in silence, and what is written down stays.
"""

import random
import re
import shutil
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest
from conftest import rounds
from made_bounces import postfix
from made_issues import CLERK, LEADER, LI, NAMES, QUARTER, ZHANG, reports, revise, settings, write_reports
from mail_server import DROP, open_mailbox

from zjtx_pipeline import ledger
from zjtx_pipeline.delivery import accounts, asking, bounces, send_quarter, signoff
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger import approvals, book, databases
from zjtx_pipeline.settings import Recipient

CODE = re.compile(r"您的验证码：([0-9A-Z]+)")
PUBLIC = Recipient(name="外聘专家", address="expert@qq.com")
CIRCLES = [(LEADER,), (LEADER, CLERK), (LEADER, CLERK, PUBLIC), (CLERK, PUBLIC), (LEADER, CLERK.model_copy(update={"reports": (0, 2)}))]
RULES = [{}, {"approvers": (ZHANG,)}, {"approvers": (ZHANG, LI), "approvals": 2}, {"approvers": (ZHANG, LI)}]
ORDER = {"why": "补报", "approved_by": "李四", "day": "2025-02-20"}
VERSIONS = [["a", "b", 1, 2, 3], [1, 2, 3]]  # a course's reports: with such as have no revision, or those that are corrected alone
GONE = ("sent", "unknown", "bounced")


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """A home with three revisions kept, of which the second corrects the first's task 1, and an empty ledger."""
    home = tmp_path_factory.mktemp("start")
    revise(home, {"T01-1": "7", "T02-1": "7"})
    revise(home, {"T01-1": "8", "T02-1": "7"}, notice={"since": 1, "order": ORDER})
    revise(home, {"T01-1": "8", "T02-1": "7"}, notice={"since": 1, "order": ORDER}, basis={})
    with ledger.opened(home):
        return home


@cache
def configured(port, circle, rule):
    return settings(port, recipients=CIRCLES[circle], **RULES[rule])


class Walk:
    """One course, and what its model expects."""

    def __init__(self, home, box, chance):
        self.home, self.box, self.chance = home, box, chance
        self.versions, self.circle, self.rule = chance.choice(VERSIONS), CIRCLES[1], chance.choice(RULES)
        self.codes, self.given, self.allowed, self.kept, self.lost = {}, {}, Counter(), {}, set()
        self.told: list[str] = []
        box.letters.clear()
        self.change_report(self.versions[0])
        self.fine()
        self.now = self.written()

    @property
    def settings(self):
        return configured(self.box.port, CIRCLES.index(self.circle), RULES.index(self.rule))

    @property
    def shown(self):
        """What an approver would agree to now: the reports and who gets which."""
        return self.version, tuple((each.address, each.reports) for each in self.circle)

    # steps

    def ask(self, again=None, revised=None):
        before, at = len(self.box.letters), len(self.written()["history"])
        try:
            chosen = (self.chance.random() < 0.5 if again is None else again, self.chance.random() < 0.2 if revised is None else revised)
            asking.ask(self.settings, self.home, QUARTER, *chosen)
        finally:
            for (address,), letter in self.box.letters[before:]:
                self.codes[address] = CODE.search(letter.get_body().get_content())[1]
            del self.box.letters[before:]
            if any("收件人增加" in str(line) for line in self.written()["history"][at:]):  # who agreed did not agree to them
                self.given[self.shown] = set()

    def approve(self, who=None):
        who = who or self.chance.choice([ZHANG, LI])
        signoff.approve(self.settings, self.home, QUARTER, who.name, self.codes.get(who.address, "NONE"), self.chance.choice([signoff.SHELL, signoff.UI]))
        self.given.setdefault(self.shown, set()).add(("code", who.name))

    def agree(self):
        """Whatever it takes, rightly, while the server is willing."""
        lacking = [who for who in self.rule.get("approvers", ()) if ("code", who.name) not in self.given.get(self.shown, ())]
        trouble = self.box.refused, self.box.busy, self.box.dropped, self.box.steps
        self.fine()
        try:
            if lacking:
                self.ask(again=True, revised=False)
            for who in lacking:
                self.approve(who)
        finally:
            self.box.refused, self.box.busy, self.box.dropped, self.box.steps = trouble

    def send(self, **how):
        if self.chance.random() < 0.7:
            self.agree()
        by = "张三" if self.chance.random() < 0.8 and not self.rule else ""
        how = how or {"revised": self.chance.random() < 0.3, "again": self.chance.random() < 0.7}
        if by:
            self.given.setdefault(self.shown, set()).add(("name", by))
        return send_quarter(self.settings, self.home, QUARTER, by, **how)

    def rehearse(self):
        before = len(self.box.letters)
        with tempfile.TemporaryDirectory() as folder:
            send_quarter(self.settings, self.home, QUARTER, dry_run=Path(folder))
        assert len(self.box.letters) == before

    def revoke(self):
        name = self.chance.choice([ZHANG, LI]).name
        signoff.revoke(self.settings, self.home, QUARTER, name, name)
        for given in self.given.values():
            given -= {("code", name), ("name", name)}

    def change_report(self, version=None):
        self.version = version or self.chance.choice(self.versions)
        if isinstance(self.version, int):
            reports(self.home, revision=self.version)
        else:
            write_reports(self.home, {name: f"%PDF-1.7 {name} {self.version}".encode() for name in NAMES})

    def change_circle(self):
        self.circle = self.chance.choice(CIRCLES)

    def change_rule(self):
        self.rule = self.chance.choice(RULES)

    def trouble(self):
        kinds = {each.address: self.chance.choice(["", "refused", "busy", "dropped", "dropped"]) for each in self.circle}
        for kind in ("refused", "busy", "dropped"):
            setattr(self.box, kind, {address for address, each in kinds.items() if each == kind})
        step = self.chance.choice(["MAIL", "RCPT", "DATA", "END", "END", "QUIT"])
        self.box.steps = {step: self.chance.choice([DROP, "451 later", "554 no"])} if self.chance.random() < 0.4 else {}
        self.box.keeps = self.chance.random() < 0.5 and self.box.steps.get("END", DROP) == DROP

    def fine(self):
        self.box.refused, self.box.busy, self.box.dropped, self.box.steps = set(), set(), set(), {}

    def resolve(self):
        told = ("unknown", "bounced") if self.chance.random() < 0.7 else ("sent", "refused")  # an answer may have been wrong
        open_ones = sorted({address for _, state, address in self.now["mailings"] if state in told})
        address, arrived = self.chance.choice(open_ones or [CLERK.address]), self.chance.random() < 0.5
        accounts.resolve(self.settings, self.home, QUARTER, address, arrived, "王五")
        if not arrived:
            self.allowed += Counter({what: 1 for what in self.kept if what[0] == address})
            self.lost |= {number for what in self.kept if what[0] == address for number in self.kept[what]}

    def bounce(self):
        mine = [numbers[-1] for what, numbers in sorted(self.kept.items())]
        if mine:
            number = self.chance.choice(mine)
            address = next(what[0] for what, numbers in self.kept.items() if number in numbers)
            with tempfile.TemporaryDirectory() as folder:
                (Path(folder) / "b.eml").write_bytes(postfix(address, number, self.chance.random()))
                bounces.recorded(self.settings, self.home, Path(folder))
            self.allowed += Counter({what: 1 for what in self.kept if what[0] == address})

    STEPS = {
        "ask": 2, "approve": 2, "agree": 2, "send": 10, "rehearse": 1, "revoke": 1, "change_report": 2, "change_circle": 2, "change_rule": 0.5,
        "trouble": 4, "fine": 2, "resolve": 3, "bounce": 1,
    }  # fmt: skip

    def step(self, name=None):
        name = name or self.chance.choices(list(self.STEPS), list(self.STEPS.values()))[0]
        before, at = len(self.box.letters), self.now
        self.told.append(name)
        try:
            getattr(self, name)()
        except ZjtxError as error:
            self.told[-1] += f": {error}"
        self.look(self.box.letters[before:], at)

    # what holds

    def look(self, arrived, at):
        for (address,), letter in arrived:
            assert self.agreed(), f"{address} got a letter that nobody agreed to"
            assert [each.addr_spec for each in letter["To"].addresses] == [address]
            names = tuple(sorted((part.get_filename(), part.get_content()) for part in letter.iter_attachments()))
            assert address != PUBLIC.address or not names
            what = (address, letter["Subject"], names or letter.get_body(("plain",)).get_content())  # a notice is what it says
            self.kept.setdefault(what, []).append(letter["Message-ID"])
            assert len(self.kept[what]) <= 1 + self.allowed[what], f"{address} got the same letter twice"
        now = self.written()
        for table in ("issues", "history", "errata"):
            assert now[table][: len(at[table])] == at[table], f"{table} was changed"
        self.accounted(now)
        self.now = now

    def agreed(self):
        given, configured = self.given.get(self.shown, set()), {each.name for each in self.rule.get("approvers", ())}
        counting = {name for kind, name in given if not configured or (kind == "code" and name in configured)}
        return len(counting) >= self.rule.get("approvals", 1)

    def accounted(self, now):
        states = {}
        for message_id, state, _ in now["mailings"] + now["withdrawals"]:
            states.setdefault(message_id, set()).add(state)
        for what, numbers in self.kept.items():
            for number in numbers:
                assert number in self.lost or states.get(number, set()) & set(GONE), f"{what[0]} has what the ledger does not know of"

    def written(self):
        """The tables that only grow, and those that move."""
        with closing(sqlite3.connect(self.home / "ledger.db")) as connection:
            return {
                "issues": connection.execute("SELECT * FROM issues ORDER BY id").fetchall(),
                "history": connection.execute("SELECT * FROM history ORDER BY id").fetchall(),
                "errata": connection.execute("SELECT * FROM errata ORDER BY rowid").fetchall(),
                "mailings": connection.execute("SELECT message_id, state, address FROM mailings").fetchall(),
                "withdrawals": connection.execute("SELECT message_id, state, address FROM notices WHERE occasion LIKE 'withdrawn/%'").fetchall(),
            }

    def end(self):
        """With a willing server and everybody agreeing, all that is due arrives."""
        self.fine()
        try:
            self.agree()
            how = {"again": True}
            given = "张三" if not self.rule else ""
            if given:
                self.given.setdefault(self.shown, set()).add(("name", given))
            before, at = len(self.box.letters), self.now
            outcomes = send_quarter(self.settings, self.home, QUARTER, given, **how)
        except ZjtxError as error:
            assert "更正" in str(error), error
            return
        self.look(self.box.letters[before:], at)
        assert {each.state for each in outcomes} <= {"sent", "before", "unknown", "bounced"}, outcomes
        self.corrected()

    def corrected(self):
        """Whoever holds what the second revision corrects has the right one, or has been told, named still or not."""
        if self.version not in (2, 3):
            return
        with closing(sqlite3.connect(self.home / "ledger.db")) as connection:
            told = {address for _, state, address in self.written()["withdrawals"] if state != "waiting"}
            rows = connection.execute("SELECT address, report, revision, state FROM mailings JOIN issues ON id = issue_id ORDER BY id").fetchall()
        last = {(address, report): revision for address, report, revision, state in rows if state in ("sending", "sent", "unknown")}
        tried = {(address, report) for address, report, revision, state in rows if revision in (2, 3) and state in GONE}
        for (address, report), revision in last.items():
            if revision == 1 and report[:2] in ("00", "01"):
                assert (address, report) in tried or address in told, f"{address} holds a wrong {report} and knows nothing of it"


@pytest.fixture
def home(tmp_path_factory, monkeypatch):
    """One folder for every walk, in memory where there is such a place; its engine is kept, for making one takes longer than a step."""
    ram = "/dev/shm" if Path("/dev/shm").is_dir() else None
    monkeypatch.setattr(book, "engine_of", cache(databases.engine_of))
    monkeypatch.setattr(approvals, "_hashed", lambda code, salt: code + salt)  # quick; what it is for is tested in test_signoff.py
    with tempfile.TemporaryDirectory(dir=ram) as folder:
        yield Path(folder) / "home"


def test_whatever_people_and_servers_do_nothing_leaves_unapproved_twice_or_unseen(start, home):
    with open_mailbox() as box:
        for number in rounds(10_000):
            shutil.rmtree(home, ignore_errors=True)
            walk = Walk(shutil.copytree(start, home), box, random.Random(number))
            try:
                for _ in range(walk.chance.randint(4, 14)):
                    walk.step()
                walk.end()
            except BaseException:
                print(f"walk {number}: {walk.told}")
                raise
