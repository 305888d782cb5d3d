"""Who holds what is wrong now: whose files tell it gets it corrected, and who is not sent them any more is told so, once, if it is agreed to."""

import sqlite3
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pandas as pd
import pytest
from made_issues import CLERK, LEADER, NAMES, QUARTER, ZHANG, reports, revise, settings, write_reports
from test_signoff import CODE, ONE, approve, asked, send

from zjtx_pipeline import ledger
from zjtx_pipeline.delivery import accounts, asking, owed, send_quarter, sending, signoff
from zjtx_pipeline.delivery.attention import matters
from zjtx_pipeline.delivery.sealed import tells_any
from zjtx_pipeline.ledger import notices
from zjtx_pipeline.settings import Audience, Recipient, Settings

THIRD = Recipient(name="区委办", address="third@xs.example.gov.cn")


@pytest.fixture
def home(tmp_path):
    return reports(tmp_path)


TRADE = Recipient(name="区商务局", address="trade@xs.example.gov.cn", department="区商务局")
MADE_FOR_TRADE = [*NAMES, "分发/06-区商务局.pdf", "分发/14-分镇街情况.pdf"]
BEFORE = {"T01-1": "7", "T01-1 镇街=新街街道": "3", "T02-1": "7"}


@pytest.mark.parametrize(
    "changed, due, stale",
    [
        ({"T02-1": "8"}, True, ["06-区商务局.pdf"]),  # one of its tasks
        ({"T01-1 镇街=新街街道": "4"}, True, ["14-分镇街情况.pdf"]),  # of another task, in the table of towns alone
        ({"T01-1": "8"}, False, []),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_a_department_is_told_of_what_its_own_files_say_wrongly(named, changed, due, stale, home, mailbox):
    revise(home, BEFORE, MADE_FOR_TRADE)
    send_quarter(settings(mailbox.port, recipients=(CLERK, TRADE)), home, QUARTER, "张三")
    had = len(mailbox.letters)
    revise(home, BEFORE | changed, MADE_FOR_TRADE, notice={"since": 1, "order": ORDER})
    now = (CLERK, TRADE) if named else (CLERK,)
    send_quarter(settings(mailbox.port, recipients=now), home, QUARTER, "张三")
    theirs = [letter for (address,), letter in mailbox.letters[had:] if address == TRADE.address]
    assert len(theirs) == due
    if due and named:
        assert [each.get_filename() for each in theirs[0].iter_attachments()] == ["06-区商务局.pdf", "14-分镇街情况.pdf"]
    if due and not named:
        text = theirs[0].get_body(("plain",)).get_content()
        assert [name for name in ("06-区商务局.pdf", "14-分镇街情况.pdf") if name in text] == stale


ORDER = {"why": "补报", "approved_by": "李四", "day": "2025-02-20"}
BOTH = ONE | {"recipients": (LEADER, CLERK)}
CLERK_ALONE = ONE | {"recipients": (CLERK,)}
LESS = LEADER.model_copy(update={"reports": (2,)})


@contextmanager
def rows_of(home):
    """The ledger's rows, to make of them what another time would have left."""
    with closing(sqlite3.connect(home / "ledger.db")) as connection, connection:
        yield connection


def pass_through(mailbox, home, **changes):
    """Ask, approve, send; the request, and what became of each letter."""
    letters, codes = asked(mailbox, home, **changes)
    approve(mailbox, home, ZHANG, codes[ZHANG.address], **changes)
    return letters[ZHANG.address].get_body().get_content(), send_quarter(settings(mailbox.port, **changes), home, QUARTER)


@pytest.fixture
def corrected(home, mailbox):
    """Two hold the first revision; the second corrects its task 1."""
    revise(home, {"T01-1": "7", "T02-1": "7"})
    pass_through(mailbox, home, **BOTH)
    revise(home, {"T01-1": "8", "T02-1": "7"}, notice={"since": 1, "order": ORDER})


def test_who_holds_a_wrong_version_and_is_named_no_more_is_told_once_without_figures(corrected, home, mailbox):
    request, outcomes = pass_through(mailbox, home, **CLERK_ALONE)
    assert f"原收件人（{LEADER.address}）：{NAMES[0]}、{NAMES[1]}" in request
    assert [(each.recipient.address, each.state) for each in outcomes] == [(CLERK.address, "before"), (LEADER.address, "sent")]
    (address,), letter = mailbox.letters[-1]
    assert address == LEADER.address and letter["Subject"].startswith("【更正】") and not list(letter.iter_attachments())
    text = letter.get_content()
    assert all(name in text for name in NAMES[:2]) and NAMES[2] not in text and "现为第 2 版" in text
    assert "8,677" not in text and "上市后备" not in text
    had = len(mailbox.letters)
    assert send(mailbox, home, **CLERK_ALONE) == ["before"] and len(mailbox.letters) == had
    account = accounts.of_quarter(settings(mailbox.port, **CLERK_ALONE), home, QUARTER)[-1]
    assert [row[1:3] for row in account.rows if row[0] == LEADER.address] == [(f"停用通知：{NAMES[0]}、{NAMES[1]}", "已发送")]
    other = ONE | {"recipients": (CLERK, THIRD)}  # an issue of its own
    pass_through(mailbox, home, **other)
    assert [to for to, letter in mailbox.letters[had:] if "待批准" not in letter["Subject"]] == [("third@xs.example.gov.cn",)]
    revise(home, {"T01-1": "9", "T02-1": "7"}, notice={"since": 2, "order": ORDER})  # they know that theirs is wrong
    request, _ = pass_through(mailbox, home, **other)
    assert LEADER.address not in request


def test_a_withdrawal_leaves_by_itself_once_it_is_agreed_to_and_never_before(corrected, home, mailbox):
    _, codes = asked(mailbox, home, **CLERK_ALONE)
    had, later = len(mailbox.letters), datetime.now(UTC) + timedelta(hours=1)
    mine = settings(mailbox.port, **CLERK_ALONE)
    owed.post_owed(mine, home, later)
    assert len(mailbox.letters) == had
    mailbox.busy = {LEADER.address}
    approve(mailbox, home, ZHANG, codes[ZHANG.address], **CLERK_ALONE)
    owed.post_owed(mine, home, later)
    assert len(mailbox.letters) == had
    mailbox.busy = set()
    owed.post_owed(mine, home, later)
    assert [to for to, _ in mailbox.letters[had:]] == [(LEADER.address,)]


def test_a_rehearsal_writes_the_withdrawal_and_sends_nothing(corrected, home, mailbox, tmp_path):
    had = len(mailbox.letters)
    (outcome,) = send_quarter(settings(mailbox.port, **CLERK_ALONE), home, QUARTER, dry_run=tmp_path / "eml")
    assert outcome.recipient.address == LEADER.address and len(mailbox.letters) == had
    assert "【更正】" in message_from_bytes(Path(outcome.detail).read_bytes(), policy=SMTP)["Subject"]


def test_who_is_named_for_less_is_told_beside_what_they_get(corrected, home, mailbox):
    narrower = ONE | {"recipients": (CLERK, LESS)}
    request, outcomes = pass_through(mailbox, home, **narrower)
    assert f"区领导办公室（{LEADER.address}）：{NAMES[0]}、{NAMES[1]}" in request and "要发这一版请加 --revised" in request
    assert [each.state for each in outcomes] == ["before", "before", "sent"]
    asking.ask(settings(mailbox.port, **narrower), home, QUARTER, revised=True)  # they want the new one of theirs all the same
    code = CODE.search(mailbox.letters[-1][1].get_body().get_content())[1]
    approve(mailbox, home, ZHANG, code, **narrower)
    assert send(mailbox, home, **narrower)[:2] == ["sent", "sent"]
    (address,), letter = mailbox.letters[-1]
    assert address == LEADER.address and [each.get_filename() for each in letter.iter_attachments()] == NAMES[2:]


def test_what_is_in_doubt_of_their_reports_stays_a_matter(corrected, home, mailbox):
    narrower = ONE | {"recipients": (CLERK, LESS)}
    with rows_of(home) as connection:
        connection.execute("UPDATE mailings SET state = 'unknown' WHERE address = ?", (LEADER.address,))
    pass_through(mailbox, home, **narrower)
    with ledger.opened(home) as book:
        sentences = [each.sentence for each in matters(book, settings(mailbox.port, **narrower), datetime.now(UTC))]
    assert sentences and "待核实" in sentences[0]


def test_who_is_named_again_gets_what_is_right_now_and_is_told_if_that_is_wrong_too(corrected, home, mailbox):
    pass_through(mailbox, home, **CLERK_ALONE)
    _, outcomes = pass_through(mailbox, home, **BOTH)
    assert [each.state for each in outcomes] == ["sent", "before"]
    assert len(list(mailbox.letters[-1][1].iter_attachments())) == len(NAMES)
    revise(home, {"T01-1": "9", "T02-1": "7"}, notice={"since": 2, "order": ORDER})
    _, outcomes = pass_through(mailbox, home, **CLERK_ALONE)
    assert [(each.recipient.address, each.state) for each in outcomes] == [(CLERK.address, "before"), (LEADER.address, "sent")]


@pytest.mark.parametrize("address", ["x@elsewhere.example.com", "leader..x@xs.example.gov.cn"])
def test_a_notice_that_cannot_be_posted_holds_nothing_up_and_the_operators_are_told(address, corrected, home, mailbox):
    with rows_of(home) as connection:  # allowed, or taken for an address, when it was sent
        connection.execute("UPDATE mailings SET address = ? WHERE address = ?", (address, LEADER.address))
    changes = ONE | {"recipients": (CLERK, THIRD)}
    _, outcomes = pass_through(mailbox, home, **changes)
    assert [each.state for each in outcomes] == ["before", "sent", "refused"]
    with ledger.opened(home) as book:
        (matter,) = matters(book, settings(mailbox.port, **changes), datetime.now(UTC))
    assert "停用通知" in matter.sentence and "请另行告知本人" in matter.sentence
    assert send(mailbox, home, **changes) == ["before"] * 2


def test_a_holder_who_becomes_known_after_the_approval_is_told_with_the_next_sending(corrected, home, mailbox):
    mine = settings(mailbox.port, **CLERK_ALONE)
    accounts.resolve(mine, home, QUARTER, LEADER.address, False, "王五")
    request, outcomes = pass_through(mailbox, home, **CLERK_ALONE)
    assert LEADER.address not in request and len(outcomes) == 1
    accounts.resolve(mine, home, QUARTER, LEADER.address, True, "王五")  # they have it after all
    assert send(mailbox, home, **CLERK_ALONE) == ["before", "sent"]


LATER = datetime.now(UTC) + timedelta(hours=1)


def told(mailbox, had=0):
    """What the leader was told of since then, notice by notice."""
    return [[name for name in NAMES if name in letter.get_content()] for to, letter in mailbox.letters[had:] if to == (LEADER.address,) and "停用" in letter["Subject"]]


def test_a_withdrawal_that_waits_leaves_only_while_it_is_agreed_to_and_true(corrected, home, mailbox):
    mine = settings(mailbox.port, **CLERK_ALONE)
    for untrue in (
        lambda: signoff.revoke(mine, home, QUARTER, "张三", "张三"),
        lambda: accounts.resolve(mine, home, QUARTER, LEADER.address, False, "王五"),  # they never had it
    ):
        mailbox.busy = {LEADER.address}
        asking.ask(mine, home, QUARTER, again=True)
        approve(mailbox, home, ZHANG, CODE.search(mailbox.letters[-1][1].get_body().get_content())[1], **CLERK_ALONE)
        mailbox.busy = set()
        untrue()
        owed.post_owed(mine, home, LATER)
        assert told(mailbox) == []


def test_a_withdrawal_that_waits_is_past_once_they_are_named_again(corrected, home, mailbox):
    mailbox.busy = {LEADER.address}
    pass_through(mailbox, home, **CLERK_ALONE)
    mailbox.busy = set()
    asked(mailbox, home, **BOTH)
    owed.post_owed(settings(mailbox.port, **BOTH), home, LATER)
    assert told(mailbox) == []


@pytest.mark.parametrize("rule", [{}, {"approval": "automatic"}])
def test_a_withdrawal_agreed_to_without_a_code_outlives_a_crash(rule, home, mailbox, monkeypatch):
    revise(home, {"T01-1": "7", "T02-1": "7"})
    send_quarter(settings(mailbox.port), home, QUARTER, "张三")
    revise(home, {"T01-1": "8", "T02-1": "7"}, notice={"since": 1, "order": ORDER})
    mine = settings(mailbox.port, recipients=(CLERK,), **rule)

    def crash(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as before_anything_leaves, pytest.raises(KeyboardInterrupt):
        before_anything_leaves.setattr(sending.kept, "keep", crash)
        send_quarter(mine, home, QUARTER, "张三")
    owed.post_owed(mine, home, LATER)
    assert told(mailbox) == [NAMES[:2]]


def test_each_wrong_file_is_told_of_once_however_the_circle_shrinks(home, mailbox):
    revise(home, {"T01-1": "7", "T02-1": "7"})
    pass_through(mailbox, home, **BOTH)
    revise(home, {"T01-1": "8", "T02-1": "8"}, notice={"since": 1, "order": ORDER})
    mailbox.steps = {"END": "552 too large"}
    narrower = ONE | {"recipients": (CLERK, LESS)}
    letters, codes = asked_without_trouble(mailbox, home, **narrower)
    approve(mailbox, home, ZHANG, codes[ZHANG.address], **narrower)
    send_quarter(settings(mailbox.port, **narrower), home, QUARTER)  # neither the report that is theirs nor the notice arrives
    mailbox.steps = {}
    revise(home, {"T01-1": "8", "T02-1": "9"}, notice={"since": 1, "order": ORDER})
    pass_through(mailbox, home, **CLERK_ALONE)
    assert told(mailbox) == [NAMES]


def asked_without_trouble(mailbox, home, **changes):
    trouble, mailbox.steps = mailbox.steps, {}
    found = asked(mailbox, home, **changes)
    mailbox.steps = trouble
    return found


def test_a_notice_that_waits_says_what_is_wrong_as_it_leaves(home, mailbox):
    revise(home, {"T01-1": "7", "T02-1": "7"})
    pass_through(mailbox, home, **BOTH)
    revise(home, {"T01-1": "8", "T02-1": "8"}, notice={"since": 1, "order": ORDER})
    mailbox.busy = {LEADER.address}
    pass_through(mailbox, home, **(ONE | {"recipients": (CLERK, LESS)}))
    pass_through(mailbox, home, **CLERK_ALONE)
    mailbox.busy = set()
    owed.post_owed(settings(mailbox.port, **CLERK_ALONE), home, LATER)
    assert told(mailbox) == [NAMES]


def test_a_notice_put_off_for_long_or_come_back_late_is_a_matter(corrected, home, mailbox):
    mailbox.busy = {LEADER.address}
    pass_through(mailbox, home, **CLERK_ALONE)
    mine, long = settings(mailbox.port, **CLERK_ALONE), datetime.now(UTC) + timedelta(days=2)
    with ledger.opened(home) as book:
        assert ["一天多没有发出" in each.sentence for each in matters(book, mine, long)] == [True]
    mailbox.busy = set()
    owed.post_owed(mine, home, LATER)
    number = mailbox.letters[-1][1]["Message-ID"]
    revise(home, {"T01-1": "9", "T02-1": "7"}, notice={"since": 1, "order": ORDER})
    pass_through(mailbox, home, **(ONE | {"recipients": (CLERK, THIRD)}))
    with ledger.opened(home) as book:
        assert matters(book, mine, LATER) == []
        with book.writing() as connection:
            assert notices.bounce(connection, number)
        assert ["被退回" in each.sentence for each in matters(book, mine, LATER)] == [True]


def test_a_server_that_is_down_is_not_tried_for_each_notice(home, mailbox):
    every = tuple(Recipient(name=f"单位{number}", address=f"a{number}@xs.example.gov.cn", reports=(1,)) for number in range(12))
    revise(home, {"T01-1": "7", "T02-1": "7"})
    pass_through(mailbox, home, **(ONE | {"recipients": (CLERK, *every)}))
    revise(home, {"T01-1": "8", "T02-1": "7"}, notice={"since": 1, "order": ORDER})
    _, codes = asked(mailbox, home, **CLERK_ALONE)
    approve(mailbox, home, ZHANG, codes[ZHANG.address], **CLERK_ALONE)
    tried = []
    mailbox.at, mailbox.steps = tried.append, {"EHLO": "421 go away", "HELO": "421 go away"}
    mine = settings(mailbox.port, **CLERK_ALONE)
    assert [each.state for each in send_quarter(mine, home, QUARTER)] == ["before"] + ["later"] * 12
    assert tried.count("EHLO") <= sending.PATIENCE + 1
    assert not owed.owed(mine, home, datetime.now(UTC)).approved  # all wait their ten minutes
    mailbox.at, mailbox.steps = len, {}
    had = len(mailbox.letters)
    owed.post_owed(mine, home, LATER)
    assert sorted(to for (to,), _ in mailbox.letters[had:]) == sorted(each.address for each in every)


def test_who_is_named_for_all_again_gets_what_they_hold_wrongly_and_nothing_else(home, mailbox):
    revise(home, {"T01-1": "7", "T02-1": "7"})
    pass_through(mailbox, home, **BOTH)
    revise(home, {"T01-1": "8", "T02-1": "8"}, notice={"since": 1, "order": ORDER})
    pass_through(mailbox, home, **(ONE | {"recipients": (CLERK, LESS)}))
    pass_through(mailbox, home, **BOTH)
    (address,), letter = mailbox.letters[-1]
    assert address == LEADER.address and letter["Subject"].startswith("【更正】")
    assert [each.get_filename() for each in letter.iter_attachments()] == NAMES[:2]  # the third is right already


def test_who_holds_nothing_wrong_gets_what_they_lack_without_a_word_of_correction(home, mailbox):
    revise(home, {"T01-1": "7", "T02-1": "7"})
    pass_through(mailbox, home, **BOTH)
    revise(home, {"T01-1": "8", "T02-1": "7"}, notice={"since": 1, "order": ORDER})
    had = len(mailbox.letters)
    pass_through(mailbox, home, **(ONE | {"recipients": (LEADER, CLERK.model_copy(update={"reports": (1, 2)}))}))
    (letter,) = (letter for to, letter in mailbox.letters[had:] if to == (CLERK.address,))
    assert "更正" not in letter["Subject"] and [each.get_filename() for each in letter.iter_attachments()] == NAMES[1:2]


WIDER = ONE | {"recipients": (CLERK, THIRD)}


def test_a_withdrawal_stops_with_the_letters_where_the_approval_is_taken_back_while_they_leave(corrected, home, mailbox):
    _, codes = asked(mailbox, home, **WIDER)
    approve(mailbox, home, ZHANG, codes[ZHANG.address], **WIDER)
    mine = settings(mailbox.port, **WIDER)
    mailbox.at = lambda step: step == "MAIL" and signoff.revoke(mine, home, QUARTER, "张三", "张三")
    send_quarter(mine, home, QUARTER)
    assert told(mailbox) == []


def test_a_withdrawal_of_an_issue_that_is_past_does_not_keep_the_service_busy(corrected, home, mailbox):
    asked(mailbox, home, **WIDER)  # never approved
    mailbox.busy = {LEADER.address}
    pass_through(mailbox, home, **CLERK_ALONE)
    mailbox.busy = set()
    mine = settings(mailbox.port, **WIDER)  # the configuration goes back
    owed.post_owed(mine, home, LATER)
    assert not owed.owed(mine, home, LATER + timedelta(minutes=20)).approved and told(mailbox) == []


def test_a_notice_come_back_is_a_matter_also_beside_a_later_one_of_another_file(home, mailbox):
    revise(home, {"T01-1": "7", "T02-1": "7"})
    pass_through(mailbox, home, **BOTH)
    revise(home, {"T01-1": "8", "T02-1": "7"}, notice={"since": 1, "order": ORDER})
    pass_through(mailbox, home, **(ONE | {"recipients": (CLERK, LESS)}))
    number = mailbox.letters[-1][1]["Message-ID"]
    revise(home, {"T01-1": "8", "T02-1": "9"}, notice={"since": 1, "order": ORDER})
    pass_through(mailbox, home, **CLERK_ALONE)
    assert told(mailbox) == [NAMES[:2], NAMES[2:]]
    with ledger.opened(home) as book:
        with book.writing() as connection:
            assert notices.bounce(connection, number)
        assert ["被退回" in each.sentence for each in matters(book, settings(mailbox.port, **CLERK_ALONE), LATER)] == [True]


def test_a_file_that_is_the_same_to_the_byte_is_not_wrong(home, mailbox):
    contents = {name: b"%PDF " + name.encode() for name in NAMES}
    revise(home, {"T01-1": "7", "T02-1": "7"})
    write_reports(home, contents, revision=1)
    pass_through(mailbox, home, **BOTH)
    revise(home, {"T01-1": "8", "T02-1": "7"}, notice={"since": 1, "order": ORDER})
    write_reports(home, contents | {NAMES[0]: b"%PDF other"}, revision=2)
    pass_through(mailbox, home, **CLERK_ALONE)
    assert told(mailbox) == [NAMES[:1]]


MADE = {name: f"分发/{name}" for name in ("03-区财政局-奖补单元明细.xlsx", "06-区商务局.pdf", "01-区经信局-到期和初筛名单.xlsx")}
BLIND = Audience(tasks=("区经信局",), figures=("区经信局",), awards=("区经信局",))


@pytest.mark.parametrize(
    "name, indicator, audience, tells",
    [
        ("03-区财政局-奖补单元明细.xlsx", "T06-1", Audience(), True),  # units of every clause
        ("03-区财政局-奖补单元明细.xlsx", "T07-1", Audience(), False),
        ("06-区商务局.pdf", "T02-1", Audience(), True),
        ("06-区商务局.pdf", "T02-1", BLIND, False),  # shows no figure at all
        ("01-区经信局-到期和初筛名单.xlsx", "T01-2", Audience(), True),
        ("01-区经信局-到期和初筛名单.xlsx", "T06-1", Audience(), False),
    ],
)
def test_which_file_tells_which_figure(name, indicator, audience, tells):
    figures = pd.DataFrame([{"indicator": indicator, "part": "a", "breakdown": ""}])
    assert tells_any(MADE[name], figures, Settings(inbox="x", audience=audience)) is tells
