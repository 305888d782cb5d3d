"""What is owed with nobody looking: whatever server, power cut or silence befalls a letter, it leaves later or a person is told of it."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from made_bounces import postfix
from made_issues import CLERK, LEADER, LI, QUARTER, ZHANG, reports, settings
from mail_server import DROP

from zjtx_pipeline import ledger, unattended
from zjtx_pipeline.delivery import accounts, alerts, asking, bounces, owed, send_quarter, signoff
from zjtx_pipeline.delivery.post import Fate, hand_over
from zjtx_pipeline.ledger import notices
from zjtx_pipeline.settings import Alerts, Holidays, Recipient

OPERATOR = "ops@xs.example.gov.cn"
CODE = re.compile(r"您的验证码：(\w+)")


@pytest.fixture
def home(tmp_path):
    return reports(tmp_path)


def known(box, **changes):
    return settings(box.port, **changes).model_copy(update={"alerts": Alerts(operators=(OPERATOR,))})


def later(**time):
    return datetime.now(UTC) + timedelta(**time)


def told(box):
    """What the operators were told, in order."""
    return [(letter["Subject"], letter.get_body().get_content()) for recipients, letter in box.letters if recipients == (OPERATOR,)]


def asked(box):
    return [recipients[0] for recipients, letter in box.letters if letter["Subject"].startswith("【待批准】")]


def codes(box):
    return [CODE.search(letter.get_body().get_content())[1] for _, letter in box.letters if letter["Subject"].startswith("【待批准】")]


def fine(box):
    box.refused, box.busy, box.dropped, box.steps = set(), set(), set(), {}


PASSING = {"no server": {"steps": {"EHLO": DROP}}, "a server that is busy": {"busy": {ZHANG.address}}, "a drop before the text": {"steps": {"DATA": DROP}}}


@pytest.mark.parametrize("trouble", PASSING.values(), ids=PASSING)
def test_a_request_that_could_not_be_posted_is_owed_and_posted_a_little_later_once(trouble, home, mailbox):
    vars(mailbox).update(trouble)
    here = known(mailbox, approvers=(ZHANG,))
    assert unattended.after_run(here, home, QUARTER, by_schedule=True) == {"张三": "请批邮件暂未发出"}
    fine(mailbox)
    owed.post_owed(here, home, later(minutes=1))
    assert asked(mailbox) == []
    for minutes in (20, 40):
        owed.post_owed(here, home, later(minutes=minutes))
    assert asked(mailbox) == [ZHANG.address] and not owed.owed(here, home, later(hours=1))
    signoff.approve(here, home, QUARTER, "张三", codes(mailbox)[-1], signoff.SHELL)


def test_of_two_that_ask_at_once_one_mails_and_its_code_is_good(home, mailbox, monkeypatch):
    """The second gets as far as the server before the first has its word."""
    here, fates = known(mailbox, approvers=(ZHANG,)), []

    def first(*letter, **how):
        def second(*other, **how_other):
            fates.append(hand_over(*letter, **how))
            return hand_over(*other, **how_other)

        monkeypatch.setattr("zjtx_pipeline.delivery.notices.hand_over", second)
        fates.extend(Fate(each.state) for each in asking.ask(here, home, QUARTER))
        return fates[0]

    monkeypatch.setattr("zjtx_pipeline.delivery.notices.hand_over", first)
    asking.ask(here, home, QUARTER)
    assert asked(mailbox) == [ZHANG.address] and [each.state for each in fates] == ["sent", "taken"]
    signoff.approve(here, home, QUARTER, "张三", codes(mailbox)[0], signoff.SHELL)


def test_who_finds_no_server_gives_up_nothing_that_another_has_in_hand(home, mailbox):
    with ledger.opened(home) as book, book.writing() as connection:
        notices.owe(connection, "request/a", ZHANG.address)
        assert notices.begin(connection, "request/a", ZHANG.address, "<1>") and not notices.begin(connection, "request/a", ZHANG.address, "<2>")
        notices.end(connection, "request/a", ZHANG.address, "<2>", "later", "没有服务器")
        assert notices.state(connection, "request/a", ZHANG.address) == "sending"
        notices.end(connection, "request/a", ZHANG.address, "<1>", "sent", "")
        assert notices.state(connection, "request/a", ZHANG.address) == "sent"


class PowerCut(BaseException):
    pass


@pytest.fixture
def cut(monkeypatch):
    def at(module, name):
        def cut_off(*_, **__):
            raise PowerCut

        monkeypatch.setattr(module, name, cut_off)

    return at


def test_a_power_cut_before_the_request_is_posted_loses_it_not(home, mailbox, cut, monkeypatch):
    here = known(mailbox, approvers=(ZHANG,))
    cut(asking, "_ask")
    with pytest.raises(PowerCut):
        unattended.after_run(here, home, QUARTER, by_schedule=True)
    monkeypatch.undo()
    owed.post_owed(here, home, later())
    assert asked(mailbox) == [ZHANG.address]


def test_a_power_cut_before_reports_leave_by_themselves_loses_none(home, mailbox, cut, monkeypatch):
    here = known(mailbox, approval="automatic")
    cut(unattended, "send_quarter")
    with pytest.raises(PowerCut):
        unattended.after_run(here, home, QUARTER, by_schedule=True)
    monkeypatch.undo()
    owed.post_owed(here, home, later())
    assert sorted(recipients[0] for recipients, _ in mailbox.letters) == [CLERK.address, LEADER.address]


def test_an_attempt_by_hand_that_nobody_approved_asks_nobody_by_itself(home, mailbox):
    here = known(mailbox, approvers=(ZHANG,))
    with pytest.raises(Exception, match="还没有批准"):
        send_quarter(here, home, QUARTER)
    assert not owed.owed(here, home, later(days=3)) and [str(each) for each in missing(here, home)] == ["2024Q4"]


def missing(here, home):
    unattended.in_service_since(home, QUARTER)
    return unattended.missing(here, home, datetime(2025, 1, 20, 10))


FOR_GOOD = {"refused": ({"refused": {ZHANG.address}}, "被拒收"), "a drop behind the text": ({"steps": {"END": DROP}}, "待核实")}


@pytest.mark.parametrize("trouble, said", FOR_GOOD.values(), ids=FOR_GOOD)
def test_of_a_request_that_will_not_arrive_the_operators_are_told_once(trouble, said, home, mailbox):
    vars(mailbox).update(trouble)
    here = known(mailbox, approvers=(ZHANG,))
    unattended.after_run(here, home, QUARTER, by_schedule=True)
    fine(mailbox)
    for minutes in (1, 20, 40):
        owed.post_owed(here, home, later(minutes=minutes))
    ((subject, text),) = told(mailbox)
    assert subject == "2024Q4 邮件待处理 1 项" and f"请批邮件（张三）：{said}" in text and asked(mailbox) == []
    ((*_, state, _, _), *_) = accounts.of_quarter(here, home, QUARTER)[0].rows
    assert state == said


def approved(box, home, **changes):
    here = known(box, approvers=(ZHANG,), **changes)
    asking.ask(here, home, QUARTER)
    signoff.approve(here, home, QUARTER, "张三", codes(box)[-1], signoff.UI)
    return here


@pytest.mark.parametrize("trouble, said", [({"refused": {LEADER.address}}, "被拒收"), ({"dropped": {LEADER.address}}, "待核实")])
def test_whoever_sent_the_operators_are_told_of_letters_refused_or_in_doubt_once(trouble, said, home, mailbox):
    here = approved(mailbox, home)
    vars(mailbox).update(trouble)
    send_quarter(here, home, QUARTER)
    for minutes in (1, 20, 40):
        assert bool(owed.owed(here, home, later(minutes=minutes))) == (minutes == 1)
        owed.post_owed(here, home, later(minutes=minutes))
    ((_, text),) = told(mailbox)
    assert f"区领导办公室：{said}" in text and "区商务局" not in text


def test_a_letter_that_came_back_is_told(home, mailbox, tmp_path):
    here = approved(mailbox, home)
    send_quarter(here, home, QUARTER)
    ((_, letter),) = [each for each in mailbox.letters if each[0] == (LEADER.address,)]
    folder = tmp_path / "bounces"
    folder.mkdir()
    (folder / "b.eml").write_bytes(postfix(LEADER.address, letter["Message-ID"]))
    bounces.recorded(here, home, folder)
    owed.post_owed(here, home, later())
    assert "区领导办公室：被退回" in told(mailbox)[0][1]


def test_bounces_that_no_letter_is_known_for_are_told_once_and_again_where_others_come(home, mailbox, tmp_path):
    here, folder = known(mailbox), tmp_path / "bounces"
    folder.mkdir()
    for name in ("a", "a", "b"):
        (folder / f"{name}.eml").write_bytes(postfix(LEADER.address, "<somebody@elsewhere.example>"))
        (folder / "note.eml").write_bytes(b"Subject: hello\r\n\r\nNo bounce at all.\r\n")
        alerts.unmatched(here, home, [each for each in bounces.recorded(here, home, folder) if each.open])
    assert [subject for subject, _ in told(mailbox)] == ["退信待核对 1 封", "退信待核对 2 封"]
    assert "a.eml：退信里没有本系统发出的邮件编号" in told(mailbox)[0][1] and "note.eml" not in told(mailbox)[1][1]


def test_a_letter_that_is_put_off_for_more_than_a_day_is_told(home, mailbox):
    here = approved(mailbox, home)
    mailbox.busy = {LEADER.address}
    send_quarter(here, home, QUARTER)
    for hours in (1, 12, 23):
        owed.post_owed(here, home, later(hours=hours))
    assert told(mailbox) == []
    for hours in (25, 26):
        owed.post_owed(here, home, later(hours=hours))
    assert len(told(mailbox)) == 1 and "区领导办公室：一天多没有发出" in told(mailbox)[0][1]


def test_what_a_killed_sender_left_in_mid_post_is_told(home, mailbox, monkeypatch):
    from zjtx_pipeline.delivery import sending

    def cut_off(delivery, message, claim, **_):
        claim()
        raise PowerCut

    here = approved(mailbox, home)
    monkeypatch.setattr(sending, "hand_over", cut_off)
    with pytest.raises(PowerCut):
        send_quarter(here, home, QUARTER)
    monkeypatch.undo()
    owed.post_owed(here, home, later())
    assert "待核实" in told(mailbox)[0][1]


def test_what_is_mended_is_not_told(home, mailbox):
    here = approved(mailbox, home)
    mailbox.refused = {LEADER.address}
    send_quarter(here, home, QUARTER)
    fine(mailbox)
    send_quarter(here, home, QUARTER)
    owed.post_owed(here, home, later())
    assert told(mailbox) == []


def test_a_notice_that_meets_no_willing_server_is_posted_later_as_it_was_said_then(home, mailbox):
    here = known(mailbox)
    mailbox.steps = {"EHLO": DROP}
    alerts.failed(here, home, "2024Q4 scheduled_quarter", "D15 缺列", date(2025, 1, 16))
    fine(mailbox)
    for minutes in (1, 20, 40):
        owed.post_owed(here, home, later(minutes=minutes))
    ((subject, text),) = told(mailbox)
    assert subject == "运行失败：2024Q4 scheduled_quarter" and "D15 缺列" in text
    with ledger.opened(home) as book, book.writing() as connection:
        assert [row.text for row in notices.of(connection, ["failed"])] == [""]


def test_a_department_whose_address_the_operators_share_is_told_both(home, mailbox):
    tax = Recipient(name="区税务局", address=OPERATOR, department="区税务局")
    alerts.remind(known(mailbox, recipients=(tax,)), home, QUARTER, {"区税务局": ["D05_财务税收"]}, date(2025, 1, 15), date(2025, 1, 14))
    assert len(told(mailbox)) == 2


FRIDAY, SATURDAY, MONDAY, TUESDAY = (date(2025, 1, day) for day in (17, 18, 20, 21))


def lapse(home):
    with ledger.opened(home) as book, book.writing() as connection:
        connection.execute(ledger.tables.CODES.update().values(expires_at="2025-01-01T00:00:00.000000+00:00"))


def test_who_let_their_code_lapse_is_asked_again_on_a_working_day_and_at_most_twice(home, mailbox):
    here = known(mailbox, approvers=(ZHANG, LI), approvals=2)
    unattended.after_run(here, home, QUARTER, by_schedule=True)
    signoff.approve(here, home, QUARTER, "李四", codes(mailbox)[1], signoff.SHELL)
    owed.ask_again(here, home, FRIDAY)
    assert len(asked(mailbox)) == 2
    lapse(home)
    owed.ask_again(here, home, SATURDAY)
    for day in (MONDAY, MONDAY):
        owed.ask_again(here, home, day)
    assert asked(mailbox)[2:] == [ZHANG.address]
    lapse(home)
    owed.post_owed(here, home, later())
    assert "请批邮件（张三）：验证码已经过期，还没有批准" in told(mailbox)[0][1]
    for day in (TUESDAY, date(2025, 1, 22), date(2025, 1, 23)):
        owed.ask_again(here, home, day)
        lapse(home)
    assert asked(mailbox)[2:] == [ZHANG.address] * 2
    asking.ask(here, home, QUARTER, again=True)
    signoff.approve(here, home, QUARTER, "张三", codes(mailbox)[-1], signoff.SHELL)
    assert not owed.owed(here, home, later(minutes=1)).requests


def test_a_year_whose_holidays_nobody_has_told_is_said_to_the_operators_once_a_month_from_mid_november(home, mailbox):
    here = known(mailbox)
    assert unattended.unknown_year(here, date(2089, 11, 16)) == 2089
    days = [date(2026, 11, 15), date(2026, 11, 17), date(2026, 11, 30), date(2026, 12, 1)]
    for day in days:
        if year := unattended.unknown_year(here, day):
            alerts.unannounced(here, home, year, day)
    assert [subject for subject, _ in told(mailbox)] == ["2027 年放假安排没有收录"] * 2
    office = here.model_copy(update={"holidays": Holidays(rest=(date(2027, 1, 1),))})
    assert unattended.unknown_year(office, days[-1]) is None


def test_nobody_is_asked_again_about_reports_that_are_otherwise_by_now(home, mailbox):
    here = known(mailbox, approvers=(ZHANG,))
    unattended.after_run(here, home, QUARTER, by_schedule=True)
    lapse(home)
    reports(home, revision=2)
    owed.ask_again(here, home, MONDAY)
    assert len(asked(mailbox)) == 1


def test_a_request_that_waits_is_of_the_reports_of_now(home, mailbox):
    here = known(mailbox, approvers=(ZHANG,))
    mailbox.busy = {ZHANG.address}
    asking.ask(here, home, QUARTER)
    reports(home, revision=2)
    asking.ask(here, home, QUARTER)
    fine(mailbox)
    for minutes in (20, 40):
        owed.post_owed(here, home, later(minutes=minutes))
    assert len(asked(mailbox)) == 1
    signoff.approve(here, home, QUARTER, "张三", codes(mailbox)[-1], signoff.SHELL)
