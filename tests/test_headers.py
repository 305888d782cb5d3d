"""Fifty texts that try to become a header, a recipient or another name, in every place that a header takes a text from: refused, or inert.

What is looked at is what a real server received.
"""

from email import message_from_bytes, policy
from email.utils import getaddresses
from itertools import count

import pytest
from made_issues import LEADER, QUARTER, ZHANG, reports, settings
from mail_server import open_mailbox

from zjtx_pipeline.delivery import asking, send_quarter
from zjtx_pipeline.errors import ZjtxError

EVIL = "evil@xs.example.gov.cn"
TEXTS = [
    f"甲\r\nBcc: {EVIL}", f"甲\nBcc: {EVIL}", f"甲\rBcc: {EVIL}", f"甲\r\n\r\n{EVIL}", f"甲\n .\nBcc: {EVIL}", f"甲\n\tBcc: {EVIL}", f"\r\nBcc: {EVIL}", f"甲\x0bBcc: {EVIL}",
    f"甲\x0cBcc: {EVIL}", f"甲\x1cBcc: {EVIL}", f"甲\x1dBcc: {EVIL}", f"甲\x1eBcc: {EVIL}", f"甲\x85Bcc: {EVIL}", f"甲\u2028Bcc: {EVIL}", f"甲\u2029Bcc: {EVIL}", "甲\x00乙",
    "甲\x1b[31m乙", "甲\x7f乙", f"=?utf-8?q?a=0ABcc:_{EVIL}?=", f"=?utf-8?q?a=0D=0ABcc:_{EVIL}?=", "=?utf-8?b?YQpCY2M6IGV2aWxAeHMuZXhhbXBsZS5nb3YuY24=?=", "=?us-ascii?q?=00?=",
    f"=?utf-8?q?=22=2C_{EVIL}?=", "甲=?乙?=", "=?", f'甲" <{EVIL}>', f"甲 <{EVIL}>, 乙", f"{EVIL}, 甲", f"甲, {EVIL}", f"甲; {EVIL}", f"组: {EVIL};", f"甲\\\", <{EVIL}>",
    f"甲 ({EVIL})", f"({EVIL}) 甲", f"[{EVIL}]", f"<{EVIL}>", EVIL, "\u202e甲乙", "甲\u200f乙", "甲\u2066乙\u2069", "甲\ufeff乙", "甲\u200b乙", "甲" * 90, "长" * 2000, "a " * 400, "x" * 1200,
    ("区经信局（工业科）" * 9) + f", {EVIL}", ("a" * 70) + f" {EVIL}", "\udc80甲", "Кириллица, " + "ж" * 60,
]  # fmt: skip
FIELDS = ["recipient name", "address", "bureau", "district", "approver", "sender"]
HEADERS = {"Subject", "From", "To", "Message-ID", "Auto-Submitted", "Date", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"}


@pytest.fixture(scope="module")
def mailbox():
    with open_mailbox() as box:
        yield box


@pytest.fixture
def home(tmp_path):
    """Of each test its own: a ledger is the district's that first sends by it."""
    return reports(tmp_path)


_number = count()


def post(field, text, home, box):
    """Send with the text in that place, to an address that has had nothing yet; which that is."""
    own = text if field == "address" else f"own{next(_number)}@xs.example.gov.cn"
    _post(field, text, own, home, box)
    return own


def _post(field, text, own, home, box):
    one = settings(box.port, recipients=(LEADER.model_copy(update={"address": own}),))
    if field == "approver":
        delivery = one.delivery.model_copy(update={"recipients": (LEADER,), "approvers": (ZHANG.model_copy(update={"name": text, "address": own}),)})
        return asking.ask(one.model_copy(update={"delivery": delivery}), home, QUARTER)
    if field in ("bureau", "district"):
        return send_quarter(one.model_copy(update={field: text}), home, QUARTER, "张三")
    leader = LEADER.model_copy(update={"address": own, **({"name": text} if field == "recipient name" else {})})
    changes = {"recipients": (leader,), **({"sender": text} if field == "sender" else {})}
    return send_quarter(one.model_copy(update={"delivery": one.delivery.model_copy(update=changes)}), home, QUARTER, "张三")


def test_there_are_fifty():
    assert len(set(TEXTS)) == 50


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("text", TEXTS, ids=range(50))
def test_a_text_never_becomes_a_header_or_a_recipient(text, field, home, mailbox):
    had = len(mailbox.raw)
    try:
        own = post(field, text, home, mailbox)
    except ZjtxError as error:
        assert "\n" not in str(error).strip() and len(mailbox.raw) == had
        return
    assert [recipients for recipients, _ in mailbox.letters[had:]] == [(own,)]
    inert(mailbox.raw[had], own, text if field == "sender" else "zjtx@xs.example.gov.cn")


def inert(raw, own, sender):
    """Two parsers see the same one sender and one recipient, and no header but ours."""
    head = raw.partition(b"\r\n\r\n")[0]
    assert all(len(line) <= 998 and line.isascii() and not {0, 10, 13} & set(line) for line in head.split(b"\r\n"))
    for message in (message_from_bytes(raw, policy=policy.default), message_from_bytes(raw)):
        assert set(message.keys()) <= HEADERS and len(message.keys()) == len(set(message.keys()))
        assert [address for _, address in getaddresses(map(str, message.get_all("To")))] == [own]
        assert [address for _, address in getaddresses(map(str, message.get_all("From")))] == [sender]


ADDRESSES = [
    "a@b@example.gov.cn", "a b@example.gov.cn", "a@example.gov.cn\n", "a@example.gov.cn,b@example.gov.cn", "<a@example.gov.cn>", '"a b"@example.gov.cn', "a@[127.0.0.1]", "a..b@example.gov.cn",
    ".a@example.gov.cn", "a.@example.gov.cn", "a@.example.gov.cn", "a@example.gov.cn.", "a@-x.gov.cn", "领导@example.gov.cn", "a@例子.gov.cn", "a@example。gov。cn", "@example.gov.cn", "a@", "a",
    "a@gov", "x" * 65 + "@example.gov.cn", "a@" + "x." * 130 + "gov.cn", "a%evil@x.cn@example.gov.cn", "a@example.gov.cn SIZE=1", "a@example.gov.cn>\r\nRCPT TO:<evil@x.cn", "a(x)@example.gov.cn",
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("field", ["address", "sender"])
def test_what_is_no_plain_address_is_refused_before_anything_leaves(field, address, home, mailbox):
    had = len(mailbox.raw)
    with pytest.raises(ZjtxError, match="不是有效的邮箱地址"):
        post(field, address, home, mailbox)
    assert len(mailbox.raw) == had


@pytest.mark.parametrize("name", ["区经信局(工业科)", "张三 李四", "王.五", "O'Brien", "𠮷田", "㐂𬬭", "区领导办公室（综合处）", "A-1/乙", "[内部]"])
def test_a_name_that_people_bear_is_taken_and_arrives_as_it_is(name, home, mailbox):
    post("recipient name", name, home, mailbox)
    assert mailbox.letters[-1][1]["To"].addresses[0].display_name == name
