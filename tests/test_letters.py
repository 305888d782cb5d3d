"""What a letter says, to whom, and how its attachments are named and parted."""

import re
from email import message_from_bytes

import pytest
from made_issues import CLERK, LEADER, NAMES, QUARTER, reports, settings, write_reports

from zjtx_pipeline.delivery import accounts, send_quarter
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Recipient

PUBLIC = Recipient(name="外聘专家", address="expert@qq.com")
TRADE = Recipient(name="区商务局", address="trade@xs.example.gov.cn", department="区商务局")
FIGURES = ("8,677", "10,000", "红灯", "绿灯", "上市后备", "请研究推进措施")


@pytest.fixture
def home(tmp_path):
    return reports(tmp_path)


def posted(home, box, *recipients, **changes):
    send_quarter(settings(box.port, recipients=recipients, **changes), home, QUARTER, "张三")
    return {to[0]: letter for to, letter in box.letters}


def texts(letter):
    return [letter.get_body((kind,)).get_content() for kind in ("plain", "html")]


def test_a_public_mailbox_is_told_that_there_are_reports_and_no_more(home, mailbox):
    letter = posted(home, mailbox, LEADER, PUBLIC)[PUBLIC.address]
    assert not list(letter.iter_attachments())
    for text in (*texts(letter), letter["Subject"]):
        assert not [each for each in (*FIGURES, "示例", "随附", *NAMES) if each in text] and not re.search(r"\d{3,}家", text)
    assert "不在政务邮箱之列" in texts(letter)[0]
    [row] = [row for account in accounts.of_quarter(settings(1), home, QUARTER) for row in account.rows if row[0] == PUBLIC.address]
    assert row[1:3] == ("通知", "已发送")


def test_a_domain_that_is_neither_ours_nor_public_stops_everything(home, mailbox):
    with pytest.raises(ZjtxError, match="不在允许的域名内"):
        posted(home, mailbox, LEADER, PUBLIC.model_copy(update={"address": "x@example.com"}))
    assert not mailbox.letters and not (home / "ledger.db").exists()


@pytest.mark.parametrize("address", ["x@gov.cn.evil.com", "x@notgov.cn", "x@qq.com.cn", "x@example.gov.cn.", "x@EVIL-example.gov.cn"])
def test_a_domain_that_only_looks_like_ours_is_not(address, home, mailbox):
    with pytest.raises(ZjtxError):
        posted(home, mailbox, LEADER, PUBLIC.model_copy(update={"address": address}))
    assert not mailbox.letters


def test_a_domain_of_ours_in_capitals_is_ours(home, mailbox):
    assert len(list(posted(home, mailbox, LEADER.model_copy(update={"address": "Leader@XS.Example.GOV.CN"})).popitem()[1].iter_attachments())) == 3


def test_a_department_is_told_of_its_own_tasks_alone_and_of_no_decision(home, mailbox):
    names = [*NAMES, "分发/06-区商务局.pdf", "分发/14-分镇街情况.pdf"]
    write_reports(home, {name: b"%PDF-1.7 " + name.encode() for name in names})
    letters = posted(home, mailbox, LEADER, CLERK, TRADE)
    for text in texts(letters[LEADER.address]):
        assert all(each in text for each in FIGURES)
    for address in (CLERK.address, TRADE.address):
        for text in texts(letters[address]):
            assert not [each for each in ("请研究推进措施", "需决策", "转为红灯", "上市后备") if each in text]


def test_what_stands_in_the_html_is_text(home, mailbox):
    synopsis = {"targets": [{"task": 1, "name": "<script>x</script>", "now": "1&2", "target": "<b>", "due": "'\"", "light": "绿灯"}]}
    write_reports(home, {NAMES[0]: b"%PDF-1.7"}, synopsis=synopsis)
    letter = posted(home, mailbox, LEADER.model_copy(update={"name": "甲&乙'(丙)"}))[LEADER.address]
    text, html = texts(letter)
    assert "<script>" not in html and "&lt;script&gt;" in html and "甲&amp;乙" in html and "<b>：" not in html
    assert "甲&乙'(丙)" in text and "<script>x</script>" in text


def test_both_bodies_say_the_same(home, mailbox):
    letter = posted(home, mailbox, LEADER)[LEADER.address]
    text, html = texts(letter)
    plain = re.sub(r"<style.*?</style>|<title>.*?</title>|<[^>]+>", " ", html, flags=re.DOTALL)
    words = lambda told: set(re.findall(r"[\u4e00-\u9fff]{4,}", told))  # noqa: E731
    assert words(text) == words(plain)




def test_chinese_names_of_attachments_are_told_as_rfc_2231_says_and_in_no_other_way(home, mailbox):
    """`filename*=utf-8''…`, in numbered pieces where long; no encoded word within quotes, which RFC 2047 (5) forbids."""
    finance = TRADE.model_copy(update={"name": "区财政局", "department": "区财政局", "reports": (0,)})
    write_reports(home, {name: b"%PDF-1.7 " + name.encode() for name in (*NAMES, "分发/03-区财政局.pdf", "分发/03-区财政局-奖补单元明细.xlsx", "分发/14-分镇街情况.pdf")})
    letter = posted(home, mailbox, finance)[finance.address]
    raw = mailbox.raw[0]
    named = re.findall(rb"Content-Disposition: attachment;(?:\r\n)? (.*?)\r\n(?!\s)", raw, re.DOTALL)
    assert len(named) == 4 and all(each.strip().startswith((b"filename*=utf-8''", b"filename*0*=utf-8''")) for each in named)
    assert b"filename=\"=?" not in raw and b"name=\"=?" not in raw
    old = message_from_bytes(raw)  # another reader of names
    wanted = ["00-总报告.pdf", "03-区财政局-奖补单元明细.xlsx", "03-区财政局.pdf", "14-分镇街情况.pdf"]
    assert [part.get_filename() for part in letter.iter_attachments()] == wanted
    assert [part.get_filename() for part in old.walk() if part.get_filename()] == wanted


def test_every_line_of_a_letter_is_one_that_old_servers_pass_on(home, mailbox):
    posted(home, mailbox, LEADER)
    assert mailbox.raw[0].isascii() and max(map(len, mailbox.raw[0].split(b"\r\n"))) <= 200
    assert b"\n" not in mailbox.raw[0].replace(b"\r\n", b"") and b"\r" not in mailbox.raw[0].replace(b"\r\n", b"")


def test_a_letter_too_large_for_one_goes_in_parts_that_are_all_accounted_for(home, mailbox):
    write_reports(home, {name: bytes([number]) * 600_000 for number, name in enumerate(NAMES)})
    tried = []
    mailbox.at = lambda step: (tried.append(step), mailbox.steps.update(RCPT="550 no") if len(tried) == 2 else mailbox.steps.clear()) if step == "RCPT" else None
    posted(home, mailbox, LEADER, largest_letter_mb=1)
    assert all(len(raw) <= 1_000_000 for raw in mailbox.raw)
    [account] = accounts.of_quarter(settings(1), home, QUARTER)
    assert [(row[1], row[2]) for row in account.rows] == [(NAMES[0], "已发送"), (NAMES[1], "被拒收"), (NAMES[2], "已发送")]
    posted(home, mailbox, LEADER, largest_letter_mb=1)
    held = [part.get_filename() for _, letter in mailbox.letters for part in letter.iter_attachments()]
    assert held == [NAMES[0], NAMES[2], NAMES[1]]


def test_a_file_too_large_for_any_letter_stops_everything(home, mailbox):
    write_reports(home, {NAMES[0]: b"x" * 800_000})
    with pytest.raises(ZjtxError, match="请调大 delivery.largest_letter_mb"):
        posted(home, mailbox, LEADER, largest_letter_mb=1)


def test_a_recipient_who_is_to_have_more_gets_what_they_lack(home, mailbox):
    posted(home, mailbox, LEADER, CLERK)
    posted(home, mailbox, LEADER, CLERK.model_copy(update={"reports": (1, 2)}))
    assert [part.get_filename() for part in mailbox.letters[2][1].iter_attachments()] == [NAMES[1]] and len(mailbox.letters) == 3
    posted(home, mailbox, LEADER, CLERK.model_copy(update={"reports": (1,)}))
    assert len(mailbox.letters) == 3


def test_a_circle_that_is_widened_and_narrowed_again_sends_nobody_the_same_letter_twice(home, mailbox):
    third = Recipient(name="新来的", address="new@xs.example.gov.cn", reports=(1,))
    mailbox.refused = {CLERK.address}
    posted(home, mailbox, LEADER, CLERK)
    mailbox.refused = set()
    posted(home, mailbox, LEADER, CLERK, third)
    posted(home, mailbox, LEADER, CLERK)
    assert mailbox.recipients == [(LEADER.address,), (CLERK.address,), (third.address,)]
