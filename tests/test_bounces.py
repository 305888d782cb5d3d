"""Letters that come back: what each kind of mail server writes of it, and what does not count."""

import mailbox as boxes
from datetime import date
from email import message_from_bytes
from pathlib import Path

import pytest
from made_bounces import coremail, exchange, in_html, postfix, vacation
from made_issues import CLERK, LEADER, NAMES, QUARTER, ZHANG, reports, settings, write_reports

from zjtx_pipeline.delivery import accounts, alerts, asking, bounces, send_quarter, signoff
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Alerts


@pytest.fixture
def home(tmp_path, mailbox):
    """A quarter of which both recipients have had their letters."""
    reports(tmp_path)
    send_quarter(settings(mailbox.port), tmp_path, QUARTER, "张三")
    return tmp_path


def number(mailbox, address=CLERK.address):
    return next(letter["Message-ID"] for recipients, letter in mailbox.letters if recipients == (address,))


def read(home, tmp_path, *messages):
    folder = tmp_path / "bounces"
    folder.mkdir(exist_ok=True)
    for place, message in enumerate(messages):
        (folder / f"{place}.eml").write_bytes(message)
    return bounces.recorded(settings(1), home, folder)


def states(home):
    return {row[0]: row[2] for account in accounts.of_quarter(settings(1), home, QUARTER) for row in account.rows}


@pytest.mark.parametrize("shape, said", [(postfix, "5.1.1 smtp; 550 5.1.1"), (exchange, "5.2.2 smtp;552 5.2.2 mailbox full"), (coremail, "5.0.0 smtp; 550")])
def test_a_report_of_failure_is_written_down_with_its_words(shape, said, home, mailbox, tmp_path):
    [found] = read(home, tmp_path, shape(CLERK.address, number(mailbox)))
    assert found.address == CLERK.address and f"已记为被退回：{said}" in found.said
    assert states(home) == {LEADER.address: "已发送", CLERK.address: "被退回"}
    assert [each.state for each in send_quarter(settings(mailbox.port), home, QUARTER, "张三")] == ["before", "bounced"]
    assert len(mailbox.letters) == 2  # it is not sent again by itself


PASSED_OVER = {
    "a delay": lambda id: postfix(CLERK.address, id, action="delayed", status="4.4.1"),
    "a delivery": lambda id: postfix(CLERK.address, id, action="delivered", status="2.0.0"),
    "a vacation note": vacation,
    "a failure told in a page": lambda id: in_html(CLERK.address, id),
}


@pytest.mark.parametrize("message", PASSED_OVER.values(), ids=PASSED_OVER)
def test_what_reports_no_failure_changes_nothing_and_is_shown_to_a_person(message, home, mailbox, tmp_path):
    [found] = read(home, tmp_path, message(number(mailbox)))
    assert found.address == "" and found.said.startswith("提到了本系统发出的邮件，但不是标准退信")
    assert set(states(home).values()) == {"已发送"}


def test_a_letter_that_is_nobodys_is_told(home, tmp_path):
    unknown = f"<zjtx-2024Q4-{'0' * 32}-1@xs.example.gov.cn>"
    found = read(home, tmp_path, postfix("x@x.cn", unknown), postfix("x@x.cn", "<other@x.cn>"), "Subject: 午餐\r\n\r\n好".encode())
    assert [each.said for each in found] == ["退的是本系统的邮件，台账里没有（可能已重新发过），请人工核对", "退信里没有本系统发出的邮件编号，请人工核对", "不是退信，没有处理"]
    assert set(states(home).values()) == {"已发送"}


def test_only_the_number_that_the_enclosed_letter_bears_counts(home, mailbox, tmp_path):
    """Numbers elsewhere, of other letters, in the report's text or behind the letter's head, call nothing back."""
    report = postfix(LEADER.address, number(mailbox, LEADER.address))
    forged = report.replace(b"I'm sorry", number(mailbox).encode()).replace(b"\r\n\r\ntext", f"\r\nReferences: {number(mailbox)}\r\n\r\n{number(mailbox)}".encode())
    [found] = read(home, tmp_path, forged)
    assert found.address == LEADER.address and states(home) == {LEADER.address: "被退回", CLERK.address: "已发送"}


def _nested(depth):
    head = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (each, each) for each in range(depth))
    return head + b"Content-Type: text/plain\r\n\r\nx\r\n" + b"".join(b"--b%d--\r\n" % each for each in reversed(range(depth)))


BROKEN = {
    "empty": b"",
    "zeroes": b"\x00" * 1000,
    "cut in the head": b"Content-Type: multipart/report; report-type=delivery-status; bound",
    "no boundary": b"Content-Type: multipart/report\r\n\r\n--\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n",
    "a status that is none": b"Content-Type: message/delivery-status; x*=''%ff\r\nContent-Transfer-Encoding: base64\r\n\r\n\xff\xfe=====",
    "odd bytes": bytes(range(256)) * 8,
    "deep": b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (depth, depth) for depth in range(60)),
    "deeper than a program can follow": _nested(1000),
    "deep within a report": postfix("x@x.cn", "<x@x.cn>").replace(b"\r\n\r\ntext", b"\r\n\r\n" + _nested(1000)),
    "a wrong charset": "Content-Type: text/plain; charset=不存在\r\nSubject: =?nix?b?////?=\r\n\r\nx".encode(),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_message_stops_nothing(content, home, mailbox, tmp_path):
    found = read(home, tmp_path, content, postfix(CLERK.address, number(mailbox)))
    assert [each.address for each in found] == ["", CLERK.address]


def test_a_message_that_cannot_be_read_is_named_and_the_others_are_read(home, mailbox, tmp_path):
    found = read(home, tmp_path, _nested(1000), postfix(CLERK.address, number(mailbox)))
    assert found[0].name == "0.eml" and found[0].said.startswith("看不懂这封邮件") and found[1].address == CLERK.address


def test_a_request_that_came_back_is_seen_in_the_ledger_and_by_who_asks_and_may_be_sent_again(tmp_path, mailbox):
    reports(tmp_path)
    known = settings(mailbox.port, approvers=(ZHANG,))
    asking.ask(known, tmp_path, QUARTER)
    report = postfix(ZHANG.address, number(mailbox, ZHANG.address))
    for said in ("已记为被退回", "以前已经记过"):
        [found] = read(tmp_path, tmp_path, report)
        assert found.address == ZHANG.address and found.said.startswith(said)
    assert states(tmp_path)[ZHANG.address] == "被退回"
    [before] = asking.ask(known, tmp_path, QUARTER)
    assert before.state == "bounced" and before.detail.startswith("以前发的被退回，请核对地址") and "--again" in before.detail
    assert [each.state for each in asking.ask(known, tmp_path, QUARTER, again=True)] == ["sent"]
    [found] = read(tmp_path, tmp_path, report)  # of the letter before, not of this one
    assert found.said.startswith("退的是本系统的邮件，台账里没有") and states(tmp_path)[ZHANG.address] == "已发送"


def test_an_alarm_that_came_back_is_known_for_ours(tmp_path, mailbox):
    known = settings(mailbox.port).model_copy(update={"alerts": Alerts(operators=("ops@xs.example.gov.cn",))})
    alerts.failed(known, tmp_path, "2024Q4", "D15 缺列", date(2025, 1, 15))
    [found] = read(tmp_path, tmp_path, postfix("ops@xs.example.gov.cn", number(mailbox, "ops@xs.example.gov.cn")))
    assert found.address == "ops@xs.example.gov.cn"
    assert [each.state for each in alerts.failed(known, tmp_path, "2024Q4", "D15 缺列", date(2025, 1, 15))] == ["bounced"]


@pytest.mark.parametrize("keep", [40, 300, 600, 900, 1200])
def test_a_report_cut_anywhere_stops_nothing(keep, home, mailbox, tmp_path):
    found = read(home, tmp_path, postfix(CLERK.address, number(mailbox))[:keep], exchange(CLERK.address, number(mailbox)))
    assert found[1].address == CLERK.address


@pytest.mark.slow
def test_a_report_of_fifty_megabytes_is_read_and_one_too_large_is_told(home, mailbox, tmp_path):
    report = postfix(CLERK.address, number(mailbox))
    large = report.replace(b"\r\n\r\ntext", b"\r\n\r\n" + b"x" * 70 + b"\r\nMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAx" * 720_000)
    assert 50_000_000 < len(large) < bounces.LARGEST_BYTES
    assert [(each.address, each.said[:7]) for each in read(home, tmp_path, large, large * 2)] == [(CLERK.address, "已记为被退回："), ("", "超过 60 M")]


def test_a_report_counts_once(home, mailbox, tmp_path):
    """Nothing is deleted, so each is read every night: what was found to have arrived, or was sent again, since is not called back."""
    report = postfix(CLERK.address, number(mailbox))
    read(home, tmp_path, report)
    accounts.resolve(settings(1), home, QUARTER, CLERK.address, arrived=True, by="王五")
    read(home, tmp_path, report, b"Received: fetched once more\r\n" + report)
    assert states(home)[CLERK.address] == "已发送"
    read(home, tmp_path, report, exchange(CLERK.address, number(mailbox)))
    accounts.resolve(settings(1), home, QUARTER, CLERK.address, arrived=False, by="王五")
    assert [each.state for each in send_quarter(settings(mailbox.port), home, QUARTER, "张三")] == ["before", "sent"]
    read(home, tmp_path, report)
    assert states(home)[CLERK.address] == "已发送"
    [*_, last] = read(home, tmp_path, report, exchange(CLERK.address, number(mailbox)), postfix(CLERK.address, number(mailbox), "second"))
    assert last.address == CLERK.address and states(home)[CLERK.address] == "被退回"


NUMBERED = ("Message-ID: <1@mx>", "Date: Mon, 20 Jan 2025 08:00:00 +0800"), ("Message-ID: <2@mx>", "Date: Tue, 21 Jan 2025 08:00:00 +0800")


def test_a_second_failure_in_the_same_words_counts_and_the_first_read_again_is_told_as_known(home, mailbox, tmp_path):
    first, second = (("\r\n".join(head) + "\r\n").encode() + postfix(CLERK.address, number(mailbox)) for head in NUMBERED)
    said = [found.said[:6] for found in read(home, tmp_path, first, first)]
    accounts.resolve(settings(1), home, QUARTER, CLERK.address, arrived=False, by="王五")
    send_quarter(settings(mailbox.port), home, QUARTER, "张三")
    said += [found.said[:6] for found in read(home, tmp_path, first, second)]
    assert said == ["已记为被退回", "以前已经记过", "以前已经记过", "已记为被退回"] and states(home)[CLERK.address] == "被退回"


def test_of_a_letter_in_parts_that_part_comes_back_which_did(tmp_path, mailbox):
    write_reports(tmp_path, {name: bytes([place]) * 600_000 for place, name in enumerate(NAMES)})
    few = {"recipients": (LEADER,), "largest_letter_mb": 1}
    send_quarter(settings(mailbox.port, **few), tmp_path, QUARTER, "张三")
    read(tmp_path, tmp_path, postfix(LEADER.address, mailbox.letters[1][1]["Message-ID"]))
    [account] = accounts.of_quarter(settings(1), tmp_path, QUARTER)
    assert [row[2] for row in account.rows] == ["已发送", "被退回", "已发送"]
    accounts.resolve(settings(1), tmp_path, QUARTER, LEADER.address, arrived=False, by="王五")
    send_quarter(settings(mailbox.port, **few), tmp_path, QUARTER, "张三")
    assert [part.get_filename() for part in mailbox.letters[3][1].iter_attachments()] == [NAMES[1]] and len(mailbox.letters) == 4


@pytest.mark.parametrize("kind", [boxes.mbox, boxes.Maildir])
def test_a_mailbox_of_either_kind_is_read_and_left_as_it_is(kind, home, mailbox, tmp_path):
    place = tmp_path / "box"
    box = kind(place)
    for message in (vacation(number(mailbox)), postfix(CLERK.address, number(mailbox))):
        box.add(message_from_bytes(message))
    box.flush()
    box.close()
    before = {path: path.read_bytes() for path in tmp_path.joinpath("box").rglob("*") if path.is_file()} or place.read_bytes()
    found = bounces.recorded(settings(1), home, place)
    assert sorted(each.address for each in found) == ["", CLERK.address] and states(home)[CLERK.address] == "被退回"
    after = {path: path.read_bytes() for path in tmp_path.joinpath("box").rglob("*") if path.is_file()} or place.read_bytes()
    assert after == before


@pytest.mark.parametrize("where, said", [(None, "没有写退信在哪里"), (Path("/nowhere/at/all"), "找不到存退信的")])
def test_where_there_is_no_mailbox_it_is_said(where, said, home):
    with pytest.raises(ZjtxError, match=said):
        bounces.recorded(settings(1), home, where)


def test_a_letter_that_came_back_in_one_issue_and_is_held_by_another_comes_back_in_both(home, mailbox, tmp_path):
    """The same letter bears one number whatever issue it belongs to."""
    fewer = {"recipients": (LEADER,)}
    send_quarter(settings(mailbox.port, **fewer), home, QUARTER, "张三")
    read(home, tmp_path, postfix(LEADER.address, number(mailbox, LEADER.address)))
    assert states(home)[LEADER.address] == "被退回"
