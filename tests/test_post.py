"""What the post does at every way in which a mail server can fail, and what the ledger says of it afterwards."""

import logging
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from aiosmtpd.smtp import AuthResult
from conftest import counted
from made_certificates import Authority
from made_issues import CLERK, LEADER, NAMES, QUARTER, reports, settings, write_reports
from mail_server import DROP, open_mailbox

from zjtx_pipeline import store
from zjtx_pipeline.delivery import accounts, post, send_quarter, server, signoff
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Recipient

ONE = {"recipients": (LEADER,)}


@pytest.fixture
def home(tmp_path):
    return reports(tmp_path)


def send(home, box, **changes):
    return [each.state for each in send_quarter(settings(box.port, **changes), home, QUARTER, "张三")]


def states(home, **changes):
    """The ledger's states by address, in Chinese."""
    rows = [row for account in accounts.of_quarter(settings(1, **changes), home, QUARTER) for row in account.rows]
    return {row[0]: row[2] for row in rows}


FORTY = tuple(Recipient(name=f"单位{number}", address=f"r{number}@xs.example.gov.cn", reports=(number % 2 + 1,)) for number in range(40))


@pytest.mark.parametrize("place", range(0, 40, 20 // counted(20)))
def test_one_of_forty_refused_keeps_the_letter_from_nobody_else_and_is_all_that_is_tried_again(place, home, mailbox):
    mailbox.refused = {FORTY[place].address}
    assert send(home, mailbox, recipients=FORTY) == ["refused" if number == place else "sent" for number in range(40)]
    others = [(each.address,) for each in FORTY if each is not FORTY[place]]
    assert mailbox.recipients == others
    mailbox.refused = set()
    assert send(home, mailbox, recipients=FORTY) == ["sent" if number == place else "before" for number in range(40)]
    assert mailbox.recipients == [*others, (FORTY[place].address,)]


# Before the text nobody can have the letter: a refusal for good stands, anything else may pass another time. In saying hello, encrypting and
# logging in nothing is said of the letter, so even a 5xx there is for another time.
FATES = {
    "EHLO": {"421 later": "待发送", "554 no": "待发送", DROP: "待发送"},
    "STARTTLS": {"454 later": "待发送", "554 no": "待发送", DROP: "待发送"},
    "AUTH": {"454 later": "待发送", "535 no": "待发送", DROP: "待发送"},
    "MAIL": {"451 later": "待发送", "550 no": "被拒收", DROP: "待发送", "garbage": "待发送"},
    "RCPT": {"450 later": "待发送", "550 no": "被拒收", DROP: "待发送", "garbage": "待发送"},
    "DATA": {"451 later": "待发送", "554 no": "被拒收", DROP: "待发送", "garbage": "待发送", "250 what": "待发送"},
    "END": {"451 later": "待发送", "554 no": "被拒收", DROP: "待核实", "garbage": "待核实", "354 what": "待核实", "200 yes": "已发送", "259 yes": "已发送"},
    "QUIT": {"451 later": "已发送", "554 no": "已发送", DROP: "已发送", "garbage": "已发送"},
}
CASES = [(step, answer, state) for step, answers in FATES.items() for answer, state in answers.items()]


@pytest.fixture
def encrypted(tmp_path, monkeypatch):
    """A server that encrypts and asks for a password, its authority trusted."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    monkeypatch.setenv(server.PASSWORD, SECRET)
    with open_mailbox(tls_context=authority.context("127.0.0.1"), require_starttls=True, authenticator=_judge, auth_required=True) as box:
        yield box


SECRET = "a-made-up-password-7"
LOGIN = {"security": "starttls", "user": "zjtx"}
OVER_TLS = {"STARTTLS", "AUTH"}


def _judge(smtpd, session, envelope, mechanism, data):
    return AuthResult(success=data.login == b"zjtx" and data.password == SECRET.encode(), handled=False)


@pytest.mark.parametrize("step, answer, state", CASES, ids=[f"{step} {answer}" for step, answer, _ in CASES])
def test_a_failure_at_any_step_leaves_the_ledger_saying_what_can_be_known(step, answer, state, home, encrypted):
    encrypted.steps = {step: answer}
    encrypted.keeps = answer in ("200 yes", "259 yes")
    first = send(home, encrypted, **ONE, **LOGIN)
    assert states(home) == {LEADER.address: state}
    assert len(encrypted.letters) == (state == "已发送")
    encrypted.steps = {}
    again = send(home, encrypted, **ONE, **LOGIN)
    if state == "待核实":
        assert (first, again, len(encrypted.letters)) == (["unknown"], ["unknown"], 0)
        accounts.resolve(settings(1), home, QUARTER, LEADER.address, arrived=False, by="王五")
        assert send(home, encrypted, **ONE, **LOGIN) == ["sent"]
    assert len(encrypted.letters) == 1 and states(home) == {LEADER.address: "已发送"}


@pytest.mark.parametrize("keeps", [True, False], ids=["and keeps it", "and forgets it"])
def test_a_drop_behind_the_text_waits_for_a_person_every_time(keeps, home, mailbox):
    drops = counted(100)
    many = tuple(Recipient(name=f"单位{number}", address=f"d{number}@xs.example.gov.cn", reports=(1,)) for number in range(drops))
    mailbox.steps, mailbox.keeps = {"END": DROP}, keeps
    assert send(home, mailbox, recipients=many) == ["unknown"] * drops
    mailbox.steps = {}
    had = len(mailbox.letters)
    assert send(home, mailbox, recipients=many) == ["unknown"] * drops and len(mailbox.letters) == had == (drops if keeps else 0)
    for number, each in enumerate(many):
        accounts.resolve(settings(1), home, QUARTER, each.address, arrived=bool(number % 2), by="王五")
    expected = ["before" if number % 2 else "sent" for number in range(drops)]
    assert send(home, mailbox, recipients=many) == expected
    assert len(mailbox.letters) == had + expected.count("sent")


def test_a_slow_server_before_the_text_is_another_times_business(home, mailbox, monkeypatch):
    monkeypatch.setattr(server, "TIMEOUT_SECONDS", 0.3)
    mailbox.delays = {"DATA": 1}
    assert send(home, mailbox, **ONE) == ["later"]
    mailbox.delays = {}
    assert send(home, mailbox, **ONE) == ["sent"] and len(mailbox.letters) == 1


def test_a_server_that_thinks_long_about_the_text_is_waited_for(home, mailbox, monkeypatch):
    monkeypatch.setattr(server, "TIMEOUT_SECONDS", 0.3)
    mailbox.delays = {"END": 1}
    assert send(home, mailbox, **ONE) == ["sent"]


def test_a_server_that_thinks_too_long_about_the_text_may_have_it(home, mailbox, monkeypatch):
    monkeypatch.setattr(post, "TAKING_SECONDS", 0.3)
    mailbox.delays = {"END": 1}
    assert send(home, mailbox, **ONE) == ["unknown"] and send(home, mailbox, **ONE) == ["unknown"]
    assert len(mailbox.letters) == 1


def test_a_server_that_keeps_what_it_says_no_to_is_at_fault_and_its_doublet_bears_the_same_number(home, mailbox):
    """RFC 5321, 4.2.5: after 4xx behind the text the responsibility is the sender's; mail readers show one of two letters of a number."""
    mailbox.steps, mailbox.keeps = {"END": "451 later"}, True
    assert send(home, mailbox, **ONE) == ["later"]
    mailbox.steps = {}
    assert send(home, mailbox, **ONE) == ["sent"]
    first, second = (letter for _, letter in mailbox.letters)
    assert first["Message-ID"] == second["Message-ID"]


def test_a_letter_larger_than_the_server_takes_is_refused_with_its_words(home):
    with open_mailbox(data_size_limit=1000) as small:
        [outcome] = send_quarter(settings(small.port, **ONE), home, QUARTER, "张三")
    assert outcome.state == "refused" and "552" in outcome.detail and not small.letters


def test_a_limit_lowered_after_a_refusal_parts_the_letter_anew_and_loses_no_file(tmp_path):
    names = {name: bytes([number]) * 600_000 for number, name in enumerate(NAMES)}
    write_reports(tmp_path, names)
    with open_mailbox(data_size_limit=1_500_000) as small:
        assert send(tmp_path, small, **ONE) == ["refused"]
        assert send(tmp_path, small, **ONE, largest_letter_mb=1) == ["sent"]
        assert send(tmp_path, small, **ONE, largest_letter_mb=20) == ["before"]
    held = [[part.get_filename() for part in letter.iter_attachments()] for _, letter in small.letters]
    assert held == [[name] for name in NAMES]
    assert [letter["Subject"][-8:] for _, letter in small.letters] == ["（之1，共3封）", "（之2，共3封）", "（之3，共3封）"]


def test_a_letter_sent_in_part_goes_on_as_it_was_parted_whatever_the_limit_and_sender_are_now(tmp_path):
    write_reports(tmp_path, {name: bytes([number]) * 600_000 for number, name in enumerate(NAMES)})
    with open_mailbox() as box:
        count = []
        box.at = lambda step: (count.append(1), box.steps.update(MAIL="451 later") if len(count) > 1 else None) if step == "MAIL" else None
        assert send(tmp_path, box, **ONE, largest_letter_mb=1) == ["later"]
        assert len(box.letters) == 1
        box.at, box.steps = lambda step: None, {}
        assert send(tmp_path, box, **ONE, largest_letter_mb=20, sender="other@yy.example.gov.cn") == ["sent"]
    held = [[part.get_filename() for part in letter.iter_attachments()] for _, letter in box.letters]
    assert held == [[name] for name in NAMES]


def test_a_certificate_by_nobody_is_refused_and_nothing_is_said_to_it(home, tmp_path, monkeypatch):
    monkeypatch.setenv(server.PASSWORD, SECRET)
    with open_mailbox(tls_context=Authority(tmp_path).context("127.0.0.1", by_itself=True), authenticator=_judge) as box:
        seen = []
        box.at = seen.append
        [outcome] = send_quarter(settings(box.port, **ONE, **LOGIN), home, QUARTER, "张三")
    assert (outcome.state, "证书没有通过验证" in outcome.detail, set(seen)) == ("later", True, {"EHLO", "STARTTLS"})
    assert "delivery.host" in outcome.detail and "SSL_CERT_FILE" in outcome.detail


def test_a_certificate_for_another_name_is_refused(home, tmp_path, monkeypatch):
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with open_mailbox(tls_context=authority.context("127.0.0.9")) as box:
        [outcome] = send_quarter(settings(box.port, **ONE, security="starttls"), home, QUARTER, "张三")
    assert outcome.state == "later" and "证书没有通过验证" in outcome.detail


def test_a_server_that_speaks_tls_from_the_first_byte_is_verified_too(home, tmp_path, monkeypatch):
    authority = Authority(tmp_path)
    with open_mailbox(ssl_context=authority.context("127.0.0.1")) as box:
        assert send(home, box, **ONE, security="tls") == ["later"]
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        assert send(home, box, **ONE, security="tls") == ["sent"]


def test_the_password_is_in_no_error_log_output_or_file(home, encrypted, monkeypatch, caplog, capsys):
    caplog.set_level(logging.DEBUG, logger="zjtx_pipeline")
    told = []
    for password, state in ((SECRET + "x", "later"), ("全角口令", "later"), (SECRET, "sent")):
        monkeypatch.setenv(server.PASSWORD, password)
        [outcome] = send_quarter(settings(encrypted.port, **ONE, **LOGIN), home, QUARTER, "张三")
        assert outcome.state == state
        told.append(outcome.detail)
    assert "不接受用户名或密码" in told[0] and "全角" in told[1]
    written = "".join([*told, caplog.text, *capsys.readouterr()]).encode() + b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert SECRET.encode() not in written and "全角口令".encode() not in written


def test_a_server_that_is_not_there_or_knows_us_not_is_not_asked_forty_times(home, encrypted, monkeypatch):
    monkeypatch.setenv(server.PASSWORD, "wrong")
    asked = []
    encrypted.at = lambda step: asked.append(step) if step == "AUTH" else None
    outcomes = send_quarter(settings(encrypted.port, **LOGIN, recipients=FORTY), home, QUARTER, "张三")
    assert [each.state for each in outcomes] == ["later"] * 40 and all("用户名或密码" in each.detail for each in outcomes)
    assert len(asked) <= 2 * 3  # two ways to log in
    monkeypatch.setenv(server.PASSWORD, SECRET)
    assert send(home, encrypted, **LOGIN, recipients=FORTY) == ["sent"] * 40


def test_no_password_leaves_unencrypted_but_to_this_machine(home):
    [outcome] = send_quarter(settings(25, host="mail.example.gov.cn", user="zjtx", **ONE), home, QUARTER, "张三")
    assert outcome.state == "later" and "口令会不加密地传出" in outcome.detail


def test_without_a_password_nobody_is_asked_in_its_name(home, encrypted, monkeypatch):
    monkeypatch.delenv(server.PASSWORD)
    seen = []
    encrypted.at = seen.append
    [outcome] = send_quarter(settings(encrypted.port, **ONE, **LOGIN), home, QUARTER, "张三")
    assert outcome.state == "later" and f"环境变量 {server.PASSWORD} 却没有设置" in outcome.detail and seen == []


def test_a_server_that_wants_encryption_names_what_to_configure(home, encrypted):
    [outcome] = send_quarter(settings(encrypted.port, **ONE), home, QUARTER, "张三")
    assert "530" in outcome.detail and "delivery.security" in outcome.detail


@pytest.mark.parametrize("ours, theirs", [("starttls", "ssl_context"), ("tls", None)])
def test_an_encryption_that_does_not_fit_the_port_is_named(ours, theirs, home, tmp_path, monkeypatch):
    monkeypatch.setattr(server, "TIMEOUT_SECONDS", 0.3)
    with open_mailbox(**({theirs: Authority(tmp_path).context("127.0.0.1")} if theirs else {})) as box:
        [outcome] = send_quarter(settings(box.port, **ONE, security=ours), home, QUARTER, "张三")
    assert outcome.state == "later" and "delivery.security 与 delivery.port 是否相配" in outcome.detail


@pytest.mark.parametrize("host", ["a..b", "x" * 70 + ".cn", "邮件.invalid"])
def test_a_host_that_is_none_is_one_sentence(host, home):
    [outcome] = send_quarter(settings(25, host=host, **ONE), home, QUARTER, "张三")
    assert outcome.state == "later" and outcome.detail.endswith("。")


def test_what_the_server_says_is_kept_without_what_cannot_be_printed(home, mailbox):
    mailbox.steps = {"RCPT": "550 no\x00 such\x1b[31m 用户‮ box"}
    [outcome] = send_quarter(settings(mailbox.port, **ONE), home, QUARTER, "张三")
    assert outcome.detail == "服务器拒收：550 no such [31m 用户 box"


def test_every_letter_bears_day_and_number_and_lines_that_begin_with_a_dot_arrive(home, mailbox):
    assert send(home, mailbox, **ONE) == ["sent"]
    assert mailbox.letters[0][1]["Date"].datetime is not None and mailbox.raw[0].count(b"Message-ID:") == 1
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = "zjtx@xs.example.gov.cn", LEADER.address
    message.set_content(".\n..\n.a\nb\n.\n", cte="7bit")
    assert post.hand_over(settings(mailbox.port).delivery, message, lambda: True).state == "sent"
    assert mailbox.letters[1][1].get_content().splitlines() == [".", "..", ".a", "b", "."]


@pytest.mark.parametrize(("address", "whole", "state"), [("x@evil.com", False, "refused"), ("x@qq.com", True, "refused"), ("x@qq.com", False, "sent")])
def test_where_every_letter_leaves_none_does_for_an_address_that_may_not_have_it(address, whole, state, mailbox):
    message, asked = EmailMessage(policy=SMTP), []
    message["From"], message["To"] = "zjtx@xs.example.gov.cn", address
    message.set_content("报告已印出。", cte="base64")
    fate = post.hand_over(settings(mailbox.port).delivery, message, lambda: asked.append(True) or True, whole)
    assert fate.state == state and len(asked) == len(mailbox.letters) == (state == "sent")


def test_reports_made_anew_while_letters_leave_do_not_leave_under_the_old_approval(home, mailbox):
    def meddle(step):
        if step == "TAKEN":
            store.write_bytes(home / "reports" / str(QUARTER) / NAMES[2], b"%PDF-1.7 made anew")

    mailbox.at = meddle
    with pytest.raises(ZjtxError, match="在发送途中有了改动"):
        send(home, mailbox)
    assert mailbox.recipients == [(LEADER.address,)] and states(home) == {LEADER.address: "已发送", CLERK.address: "待发送"}


def test_an_approval_taken_back_while_letters_leave_holds_the_rest(home, mailbox):
    mailbox.at = lambda step: signoff.revoke(settings(1), home, QUARTER, "张三", "李四") if step == "TAKEN" else None
    assert send(home, mailbox) == ["sent", "prepared"]
    assert mailbox.recipients == [(LEADER.address,)]


def test_a_farewell_that_is_not_answered_holds_nobody_up(home, mailbox, monkeypatch):
    monkeypatch.setattr(post, "FAREWELL_SECONDS", 0.2)
    mailbox.delays = {"QUIT": 2}
    assert send(home, mailbox, **ONE) == ["sent"]
