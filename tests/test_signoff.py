"""Who may agree to what leaves: by digest, by codes of one's own, and never for anything else than what was shown."""

import re

import pytest
from made_issues import CLERK, LEADER, LI, NAMES, QUARTER, ZHANG, reports, revise, settings, write_reports

from zjtx_pipeline import store
from zjtx_pipeline.delivery import accounts, asking, send_quarter, signoff
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Approver, Recipient

CODE = re.compile(r"您的验证码：([0-9A-Z]+)")


@pytest.fixture
def home(tmp_path):
    return reports(tmp_path)


def asked(box, home, **changes):
    """Ask for approval; each approver's letter, and the code in it, by address."""
    before = len(box.letters)
    asking.ask(settings(box.port, **changes), home, QUARTER)
    letters = {recipients[0]: letter for recipients, letter in box.letters[before:]}
    return letters, {address: CODE.search(letter.get_body().get_content())[1] for address, letter in letters.items()}


def approve(box, home, who, code, **changes):
    return signoff.approve(settings(box.port, **changes), home, QUARTER, who.name, code, signoff.SHELL)[1]


def send(box, home, **changes):
    return [each.state for each in send_quarter(settings(box.port, **changes), home, QUARTER)]


def sent(box):
    """Who has had reports."""
    return [recipients[0] for recipients, letter in box.letters if "待批准" not in letter["Subject"]]


ONE = {"approvers": (ZHANG,)}
TWO = {"approvers": (ZHANG, LI), "approvals": 2}


def test_nothing_leaves_before_it_is_approved(home, mailbox):
    with pytest.raises(ZjtxError, match="还没有批准：请先用 zjtx approve"):
        send(mailbox, home, **ONE)
    _, codes = asked(mailbox, home, **ONE)
    with pytest.raises(ZjtxError, match="还没有批准"):
        send(mailbox, home, **ONE)
    assert sent(mailbox) == []
    assert approve(mailbox, home, ZHANG, codes[ZHANG.address], **ONE) == ["张三"]
    assert send(mailbox, home, **ONE) == ["sent", "sent"] and sent(mailbox) == [LEADER.address, CLERK.address]


def test_the_request_says_what_leaves_to_whom_what_changed_what_is_late_and_what_needs_a_decision(home, mailbox):
    letters, codes = asked(mailbox, home, **TWO)
    assert set(letters) == {ZHANG.address, LI.address} and len(set(codes.values())) == 2
    letter = letters[ZHANG.address]
    assert letter["Subject"].startswith("【待批准】") and letter["To"].addresses[0].addr_spec == ZHANG.address
    text = letter.get_body().get_content()
    for told in ("区领导办公室（leader@xs.example.gov.cn）：3 份", "转为红灯：上市后备", "未报送：D15", "请研究推进措施", "需要 2 人批准"):
        assert told in text
    assert [part.get_filename() for part in letter.iter_attachments()] == NAMES


def test_a_request_is_mailed_once_and_a_second_one_makes_the_first_code_void(home, mailbox):
    _, first = asked(mailbox, home, **ONE)
    [before] = asking.ask(settings(mailbox.port, **ONE), home, QUARTER)
    assert before.state == "before" and "zjtx request 2024Q4 --again" in before.detail and len(mailbox.letters) == 1
    asking.ask(settings(mailbox.port, **ONE), home, QUARTER, again=True)
    assert len(mailbox.letters) == 2
    with pytest.raises(ZjtxError, match="验证码不对"):
        approve(mailbox, home, ZHANG, first[ZHANG.address], **ONE)


def test_two_must_be_two(home, mailbox):
    _, codes = asked(mailbox, home, **TWO)
    assert approve(mailbox, home, ZHANG, codes[ZHANG.address], **TWO) == ["张三"]
    with pytest.raises(ZjtxError, match="需要 2 人批准，现有 1 人"):
        send(mailbox, home, **TWO)
    with pytest.raises(ZjtxError, match="^张三已经批准过 2024Q4 的这一批.*不用再批准。$"):
        approve(mailbox, home, ZHANG, codes[ZHANG.address], **TWO)
    assert approve(mailbox, home, LI, codes[LI.address], **TWO) == ["张三", "李四"]
    assert send(mailbox, home, **TWO) == ["sent", "sent"]


WANG = Approver(name="王五", address="wang@xs.example.gov.cn")


def waiting(box, home, changes):
    [account] = accounts.of_quarter(settings(box.port, **changes), home, QUARTER)
    return {state for _, report, state, *_ in account.rows if report in NAMES}


def test_an_approver_who_is_no_longer_configured_does_not_count(home, mailbox):
    now = TWO | {"approvers": (LI, WANG)}
    approve(mailbox, home, ZHANG, asked(mailbox, home, **TWO)[1][ZHANG.address], **TWO)
    codes = {**asked(mailbox, home, **now)[1], LI.address: CODE.search(mailbox.letters[1][1].get_body().get_content())[1]}
    assert approve(mailbox, home, LI, codes[LI.address], **now) == ["李四"] and waiting(mailbox, home, now) == {"待批准"}
    with pytest.raises(ZjtxError, match="需要 2 人批准，现有 1 人"):
        send(mailbox, home, **now)
    assert approve(mailbox, home, WANG, codes[WANG.address], **now) == ["李四", "王五"] and waiting(mailbox, home, now) == {"待发送"}
    signoff.revoke(settings(mailbox.port, **now), home, QUARTER, "张三", "张三")
    assert waiting(mailbox, home, now) == {"待发送"}
    signoff.revoke(settings(mailbox.port, **now), home, QUARTER, "王五", "王五")
    assert waiting(mailbox, home, now) == {"待批准"} and sent(mailbox) == []


def test_what_one_approver_takes_back_is_not_held_up_by_one_who_is_gone(home, mailbox):
    _, codes = asked(mailbox, home, **TWO)
    for who in (ZHANG, LI):
        approve(mailbox, home, who, codes[who.address], **TWO)
    now = {"approvers": (LI,)}
    signoff.revoke(settings(mailbox.port, **now), home, QUARTER, "李四", "李四")
    assert waiting(mailbox, home, now) == {"待批准"}


def test_a_code_is_its_approvers_alone(home, mailbox):
    _, codes = asked(mailbox, home, **TWO)
    with pytest.raises(ZjtxError, match="验证码不对（还可以试 4 次）"):
        approve(mailbox, home, LI, codes[ZHANG.address], **TWO)
    with pytest.raises(ZjtxError, match="王五不是批准人"):
        signoff.approve(settings(mailbox.port, **TWO), home, QUARTER, "王五", codes[ZHANG.address], signoff.SHELL)


def test_a_code_is_not_used_up_by_an_approval_that_was_not_written_down(home, mailbox, monkeypatch):
    _, codes = asked(mailbox, home, **ONE)
    with monkeypatch.context() as patch:
        patch.setattr("zjtx_pipeline.ledger.approvals.give", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            approve(mailbox, home, ZHANG, codes[ZHANG.address], **ONE)
    assert approve(mailbox, home, ZHANG, codes[ZHANG.address], **ONE) == ["张三"]


def test_an_approval_by_name_does_not_take_the_place_of_one_by_code(home, mailbox):
    _, codes = asked(mailbox, home, **ONE)
    approve(mailbox, home, ZHANG, codes[ZHANG.address], **ONE)
    assert {each.state for each in send_quarter(settings(mailbox.port), home, QUARTER, ZHANG.name)} == {"sent"}
    assert send(mailbox, home, **ONE) == ["before", "before"]


def test_guessing_ends_after_five_tries(home, mailbox):
    _, codes = asked(mailbox, home, **ONE)
    for _ in range(5):
        with pytest.raises(ZjtxError, match="验证码不对"):
            approve(mailbox, home, ZHANG, "AAAAAAAAAA", **ONE)
    with pytest.raises(ZjtxError, match="输错 5 次，不能再用：请运行 zjtx request 2024Q4 --again"):
        approve(mailbox, home, ZHANG, codes[ZHANG.address], **ONE)


def test_a_code_runs_out(home, mailbox, monkeypatch):
    _, codes = asked(mailbox, home, **ONE)
    monkeypatch.setattr("zjtx_pipeline.ledger.approvals.now", lambda: "2999-01-01T00:00:00.000000+00:00")
    with pytest.raises(ZjtxError, match="已经过期：请运行 zjtx request 2024Q4 --again"):
        approve(mailbox, home, ZHANG, codes[ZHANG.address], **ONE)


CHANGES = {
    "a byte of a report": (lambda home: write_reports(home, {name: b"%PDF-1.7 x" + name.encode() for name in NAMES}), {}),
    "another recipient": (lambda home: None, {"recipients": (LEADER, CLERK, Recipient(name="新人", address="new@xs.example.gov.cn"))}),
    "one recipient less": (lambda home: None, {"recipients": (LEADER,)}),
    "a recipient's address": (lambda home: None, {"recipients": (LEADER, CLERK.model_copy(update={"address": "c2@xs.example.gov.cn"}))}),
    "what a recipient gets": (lambda home: None, {"recipients": (LEADER, CLERK.model_copy(update={"reports": (0, 2)}))}),
}


@pytest.mark.parametrize("change, changed", CHANGES.values(), ids=CHANGES)
def test_an_approval_is_void_when_anything_changes(change, changed, home, mailbox):
    _, codes = asked(mailbox, home, **ONE)
    approve(mailbox, home, ZHANG, codes[ZHANG.address], **ONE)
    change(home)
    with pytest.raises(ZjtxError, match="原批准作废，请重新批准"):
        send(mailbox, home, **ONE, **changed)
    assert sent(mailbox) == []


@pytest.mark.parametrize("change, changed", CHANGES.values(), ids=CHANGES)
def test_a_code_is_void_when_anything_changes(change, changed, home, mailbox):
    _, codes = asked(mailbox, home, **ONE)
    change(home)
    with pytest.raises(ZjtxError, match="没有发给张三、用于这一批报告的验证码.*：请运行 zjtx request 2024Q4 --again"):
        approve(mailbox, home, ZHANG, codes[ZHANG.address], **ONE, **changed)


def test_an_edited_report_is_refused_though_it_was_approved(home, mailbox):
    _, codes = asked(mailbox, home, **ONE)
    approve(mailbox, home, ZHANG, codes[ZHANG.address], **ONE)
    store.write_bytes(home / "reports" / str(QUARTER) / NAMES[0], b"%PDF-1.7 edited")
    with pytest.raises(ZjtxError, match="与清单 manifest.json 不符"):
        send(mailbox, home, **ONE)


def test_an_approval_taken_back_holds_what_has_not_left(home, mailbox):
    _, codes = asked(mailbox, home, **ONE)
    approve(mailbox, home, ZHANG, codes[ZHANG.address], **ONE)
    mailbox.busy = {CLERK.address}
    assert send(mailbox, home, **ONE) == ["sent", "later"]
    mailbox.busy = set()
    assert signoff.revoke(settings(mailbox.port, **ONE), home, QUARTER, "张三", "张三") == 1
    with pytest.raises(ZjtxError, match="还没有批准"):
        send(mailbox, home, **ONE)
    assert sent(mailbox) == [LEADER.address]
    [account] = accounts.of_quarter(settings(1, **ONE), home, QUARTER)
    assert account.title.endswith("批准：张三（已撤回）")


def test_without_approvers_the_name_of_who_agrees_is_asked_for(home, mailbox):
    with pytest.raises(ZjtxError, match="请在 zjtx send 2024Q4 后写 --approved-by"):
        send(mailbox, home)


def test_a_second_approver_asked_for_after_the_first_agreed_is_waited_for(home, mailbox):
    _, codes = asked(mailbox, home, **ONE)
    approve(mailbox, home, ZHANG, codes[ZHANG.address], **ONE)
    with pytest.raises(ZjtxError, match="需要 2 人批准，现有 1 人"):
        send(mailbox, home, **TWO)


def test_where_approvers_are_configured_no_name_on_the_command_line_will_do(home, mailbox):
    with pytest.raises(ZjtxError, match="配置了批准人"):
        send_quarter(settings(mailbox.port, **ONE), home, QUARTER, approved_by="张三")
    assert mailbox.letters == []


def test_an_approver_outside_the_allowed_domains_is_sent_no_code(home, mailbox):
    with pytest.raises(ZjtxError, match="批准人地址 z…g@qq.com 不在允许的域名内"):
        asking.ask(settings(mailbox.port, approvers=(ZHANG.model_copy(update={"address": "zhang@qq.com"}),)), home, QUARTER)
    assert mailbox.letters == []


def test_the_code_stands_nowhere_but_in_its_letter(home, mailbox):
    _, codes = asked(mailbox, home, **ONE)
    kept = [path for path in home.rglob("*") if path.is_file()]
    assert kept and not [path for path in kept if codes[ZHANG.address].encode() in path.read_bytes()]


def test_corrections_go_to_exactly_those_who_hold_the_wrong_version(home, mailbox):
    revise(home, {"T01-1": "7", "T02-1": "1"})
    send_quarter(settings(mailbox.port), home, QUARTER, "张三")
    order = {"why": "补报", "approved_by": "李四", "day": "2025-02-20"}
    revise(home, {"T01-1": "8", "T02-1": "1"}, notice={"since": 1, "order": order})
    third = Recipient(name="新来的", address="new@xs.example.gov.cn", reports=(2,))
    everyone = (LEADER, CLERK, third)
    outcomes = send_quarter(settings(mailbox.port, recipients=everyone), home, QUARTER, "张三")
    assert [each.state for each in outcomes] == ["sent", "before", "sent"] and "数值没有改变" in outcomes[1].detail
    (_, leaders), (_, news) = mailbox.letters[2:]
    assert leaders["Subject"].startswith("【更正】") and "（第 1 版）" in leaders.get_body(("plain",)).get_content()
    assert "更正" not in news["Subject"] and news["To"].addresses[0].addr_spec == third.address


@pytest.fixture
def other_files_same_figures(home, mailbox):
    """Two hold a version, and the reports are made again with the same figures: an issue in which neither is due, a third person is."""
    three = ONE | {"recipients": (LEADER, CLERK)}
    _, codes = asked(mailbox, home, **three)
    approve(mailbox, home, ZHANG, codes[ZHANG.address], **three)
    assert send(mailbox, home, **three) == ["sent", "sent"]
    write_reports(home, {name: b"%PDF-1.7 other " + name.encode() for name in NAMES})
    return ONE | {"recipients": (LEADER, CLERK, Recipient(name="区委办", address="third@xs.example.gov.cn"))}


def test_who_was_not_among_those_approved_gets_nothing_by_asking_for_more_at_the_sending(other_files_same_figures, home, mailbox):
    changes, had = other_files_same_figures, sent(mailbox)
    letters, codes = asked(mailbox, home, **changes)
    assert "不发 区领导办公室" in letters[ZHANG.address].get_body().get_content()
    approve(mailbox, home, ZHANG, codes[ZHANG.address], **changes)
    with pytest.raises(ZjtxError, match="zjtx request 2024Q4 --revised"):
        send_quarter(settings(mailbox.port, **changes), home, QUARTER, revised=True)
    assert sent(mailbox) == had
    assert send(mailbox, home, **changes) == ["before", "before", "sent"]


def test_a_wider_circle_voids_what_was_approved_and_is_approved_anew(other_files_same_figures, home, mailbox):
    changes, had = other_files_same_figures, sent(mailbox)
    _, codes = asked(mailbox, home, **changes)
    approve(mailbox, home, ZHANG, codes[ZHANG.address], **changes)
    asking.ask(settings(mailbox.port, **changes), home, QUARTER, revised=True)
    text = mailbox.letters[-1][1].get_body().get_content()
    assert "不发" not in text and LEADER.address in text
    with pytest.raises(ZjtxError, match="请重新批准"):
        send(mailbox, home, **changes)
    assert sent(mailbox) == had
    approve(mailbox, home, ZHANG, CODE.search(text)[1], **changes)
    assert send(mailbox, home, **changes) == ["sent"] * 3


def test_without_approvers_a_wider_circle_takes_the_name_of_who_agrees(other_files_same_figures, home, mailbox):
    changes = other_files_same_figures | {"approvers": ()}
    send_quarter(settings(mailbox.port, **changes), home, QUARTER, "王五")
    with pytest.raises(ZjtxError, match="--approved-by"):
        send_quarter(settings(mailbox.port, **changes), home, QUARTER, revised=True)
    assert [each.state for each in send_quarter(settings(mailbox.port, **changes), home, QUARTER, "王五", revised=True)] == ["sent", "sent", "before"]
