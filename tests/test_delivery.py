"""The post, against a real SMTP server on loopback."""

import hashlib
import sqlite3
from contextlib import closing
from datetime import date
from email import message_from_bytes, policy

import pytest
from made_issues import CLERK, LEADER, NAMES, QUARTER, reports, revise, settings, write_reports

from zjtx_pipeline import manifest, revisions, store
from zjtx_pipeline.delivery import accounts, send_quarter
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger import issued
from zjtx_pipeline.settings import Recipient

@pytest.fixture
def home(tmp_path):
    return reports(tmp_path)


def send(home, box, revised=False, dry_run=None, **changes):
    outcomes = send_quarter(settings(box.port, **changes), home, QUARTER, "张三", dry_run, revised)
    return [outcome.state for outcome in outcomes]


def test_each_recipient_gets_one_letter_with_their_own_reports(home, mailbox):
    assert send(home, mailbox) == ["sent", "sent"]
    assert mailbox.recipients == [(LEADER.address,), (CLERK.address,)]
    attached = [[part.get_filename() for part in letter.iter_attachments()] for _, letter in mailbox.letters]
    assert attached == [NAMES, NAMES[2:]]
    pdf = next(mailbox.letters[1][1].iter_attachments())
    assert pdf.get_content() == b"%PDF-1.7 " + NAMES[2].encode()


def test_what_is_made_for_a_department_goes_to_it_alone(home, mailbox):
    own = ["分发/03-区财政局.pdf", "分发/03-区财政局-奖补单元明细.xlsx", "分发/06-区商务局.pdf", "分发/14-分镇街情况.pdf"]
    write_reports(home, {name: b"%PDF-1.7 " + name.encode() for name in [*NAMES, *own]})
    finance = Recipient(name="区财政局", address="finance@xs.example.gov.cn", department="区财政局")
    trade = Recipient(name="区商务局", address="trade@xs.example.gov.cn", department="区商务局", reports=(0,))
    assert send(home, mailbox, recipients=(LEADER, CLERK, finance, trade)) == ["sent"] * 4
    attached = [[part.get_filename() for part in letter.iter_attachments()] for _, letter in mailbox.letters]
    assert attached == [
        NAMES, NAMES[2:],
        ["03-区财政局-奖补单元明细.xlsx", "03-区财政局.pdf", "14-分镇街情况.pdf"],
        [NAMES[0], "06-区商务局.pdf", "14-分镇街情况.pdf"],
    ]  # fmt: skip
    book = next(part for part in mailbox.letters[2][1].iter_attachments() if part.get_filename().endswith("xlsx"))
    assert book.get_content_type() == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.mark.parametrize("kind, said", [("audience", "不是按现在的 audience 配置做的"), ("district", "另一个区县（或示例区）的")])
def test_what_was_made_for_another_audience_or_district_does_not_leave(kind, said, home, mailbox):
    manifest = home / "reports" / str(QUARTER) / "manifest.json"
    store.write_json(manifest, store.read_json(manifest) | {"digests": {kind: "another"}})
    with pytest.raises(ZjtxError, match=said):
        send(home, mailbox)
    assert not mailbox.letters


def test_a_quarter_made_before_there_was_anything_for_departments_is_made_anew(home, mailbox):
    finance = Recipient(name="区财政局", address="finance@xs.example.gov.cn", department="区财政局", reports=(0,))
    with pytest.raises(ZjtxError, match="没有区财政局的分发材料：请重新运行 zjtx report"):
        send(home, mailbox, recipients=(finance,))


def test_the_letter_speaks_chinese_and_names_the_quarter(home, mailbox):
    send(home, mailbox)
    letter = mailbox.letters[0][1]
    assert letter["Subject"] == "杭州市萧山区“专精特新”企业梯度培育进展报告（2024年第四季度）"
    assert letter["To"].addresses[0].display_name == "区领导办公室"
    assert "共 3 份" in letter.get_body().get_content()


def test_a_second_call_sends_nothing(home, mailbox):
    send(home, mailbox)
    assert send(home, mailbox) == ["before", "before"]
    assert len(mailbox.letters) == 2


def test_a_changed_report_goes_out_only_when_asked_for(home, mailbox):
    send(home, mailbox)
    write_reports(home, {name: b"%PDF-1.7 new" for name in NAMES})
    assert send(home, mailbox) == ["before", "before"]
    assert send(home, mailbox, revised=True) == ["sent", "sent"]
    assert send(home, mailbox, revised=True) == ["before", "before"]
    assert len(mailbox.letters) == 4


CAPITALS = LEADER.model_copy(update={"address": "Leader@XS.example.gov.cn"})


def test_an_address_in_other_capitals_is_the_same_mailbox_and_gets_nothing_again(home, mailbox):
    send(home, mailbox)
    [outcome, _] = send_quarter(settings(mailbox.port, recipients=(CAPITALS, CLERK)), home, QUARTER, "张三")
    assert (outcome.state, outcome.recipient.address) == ("before", CAPITALS.address) and len(mailbox.letters) == 2


def test_a_correction_goes_to_who_holds_the_wrong_version_as_their_address_is_spelt_now(home, mailbox):
    revise(home, {"T01-1": "7"})
    send(home, mailbox)
    revise(home, {"T01-1": "8"}, notice={"since": 1, "order": {"why": "补报", "approved_by": "李四", "day": "2025-02-20"}})
    assert send(home, mailbox, recipients=(CAPITALS,)) == ["sent"]
    assert mailbox.recipients[2:] == [(CAPITALS.address,)] and mailbox.letters[2][1]["Subject"].startswith("【更正】")


def test_what_is_in_doubt_is_resolved_however_the_address_is_typed(home, mailbox):
    mailbox.dropped = {CLERK.address}
    send(home, mailbox)
    assert accounts.resolve(settings(mailbox.port), home, QUARTER, CLERK.address.upper(), arrived=True, by="李四") == 1
    [account] = accounts.of_quarter(settings(mailbox.port), home, QUARTER)
    assert (CLERK.address, "已发送") in {(row[0], row[2]) for row in account.rows}


def test_a_wrong_answer_is_put_right(home, mailbox):
    send_quarter(settings(mailbox.port), home, QUARTER, "张三")
    told = [accounts.resolve(settings(1), home, QUARTER, CLERK.address, arrived, "王五") for arrived in (False, True, False)]
    assert told == [1, 1, 1] and [each.state for each in send_quarter(settings(mailbox.port), home, QUARTER)] == ["before", "sent"]
    assert mailbox.recipients == [(LEADER.address,), (CLERK.address,), (CLERK.address,)]


def test_an_answer_given_twice_changes_nothing_of_an_earlier_letter(home, mailbox):
    revise(home, {"T02-1": "7"})
    send_quarter(settings(mailbox.port), home, QUARTER, "张三")
    revise(home, {"T02-1": "8"}, notice={"since": 1, "order": {"why": "补报", "approved_by": "李四", "day": "2025-02-20"}})
    mailbox.dropped = {CLERK.address}
    send_quarter(settings(mailbox.port), home, QUARTER, "张三")
    accounts.resolve(settings(1), home, QUARTER, CLERK.address, arrived=False, by="王五")
    with pytest.raises(ZjtxError, match="没有发给 clerk@xs.example.gov.cn 的待核实、被退回或已发送的邮件"):
        accounts.resolve(settings(1), home, QUARTER, CLERK.address, arrived=False, by="王五")
    first, second = accounts.of_quarter(settings(1), home, QUARTER)
    assert [row[2] for row in (*first.rows, *second.rows) if row[0] == CLERK.address] == ["已发送", "被拒收"]


def test_one_refused_recipient_does_not_keep_the_letter_from_the_other(home, mailbox):
    mailbox.refused = {LEADER.address}
    assert send(home, mailbox) == ["refused", "sent"]
    mailbox.refused = set()
    assert send(home, mailbox) == ["sent", "before"]
    assert mailbox.recipients == [(CLERK.address,), (LEADER.address,)]


def test_a_drop_after_the_letter_was_taken_is_never_sent_again_by_itself(home, mailbox):
    mailbox.dropped = {LEADER.address}
    assert send(home, mailbox) == ["unknown", "sent"]
    mailbox.dropped = set()
    assert send(home, mailbox) == ["unknown", "before"]
    assert mailbox.recipients.count((LEADER.address,)) == 1


@pytest.mark.parametrize("address", ["boss@mail.example.com", "boss@notexample.gov.cn", "not an address", "a@b@example.gov.cn"])
def test_an_address_outside_the_allowed_domains_stops_everything(home, mailbox, address):
    recipients = (LEADER, Recipient(name="某人", address=address))
    with pytest.raises(ZjtxError, match="收件地址"):
        send(home, mailbox, recipients=recipients)
    assert mailbox.letters == []


@pytest.mark.parametrize("name", ["领导\r\nBcc: x@example.gov.cn", "=?utf-8?q?a=0ABcc:_x@example.gov.cn?="])
def test_a_name_cannot_become_a_header(home, mailbox, name):
    with pytest.raises(ZjtxError, match="收件人姓名"):
        send(home, mailbox, recipients=(Recipient(name=name, address=LEADER.address),))
    assert mailbox.letters == []


def test_a_dry_run_writes_the_messages_and_sends_nothing(home, mailbox, tmp_path):
    folder = tmp_path / "letters"
    assert send(home, mailbox, dry_run=folder) == ["written", "written"]
    letters = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted(folder.iterdir())]
    assert [letter["To"].addresses[0].addr_spec for letter in letters] == [LEADER.address, CLERK.address]
    assert mailbox.letters == []
    assert send(home, mailbox) == ["sent", "sent"]


def test_a_draft_is_not_sent(home, mailbox):
    write_reports(home, {NAMES[0]: b"%PDF-1.7"}, draft=True)
    with pytest.raises(ZjtxError, match="草稿"):
        send(home, mailbox)


def test_a_report_that_differs_from_the_manifest_is_not_sent(home, mailbox):
    store.write_bytes(home / "reports" / str(QUARTER) / NAMES[0], b"%PDF-1.7 edited")
    with pytest.raises(ZjtxError, match="不符"):
        send(home, mailbox)
    assert mailbox.letters == []


@pytest.mark.parametrize("content", [b"", b'{"draft": false, "outp', b"\xff\xfe", b"[]", b"{}"], ids=["empty", "cut", "no text", "a list", "nothing named"])
def test_a_damaged_manifest_is_told_with_its_place_and_what_to_do(content, home, mailbox):
    path = home / "reports" / str(QUARTER) / "manifest.json"
    path.write_bytes(content)
    with pytest.raises(ZjtxError, match=f"^清单 {path} 损坏，读不出来.*请重新运行 zjtx report 2024Q4。$"):
        send(home, mailbox)
    manifest.write_output(path.parent, NAMES[0], b"%PDF-1.7 anew")
    assert (path.parent / manifest.UNFINISHED).exists() and mailbox.letters == []


def test_a_quarter_without_reports_is_not_sent(tmp_path, mailbox):
    with pytest.raises(ZjtxError, match="还没有完整的报告"):
        send(tmp_path, mailbox)


def test_an_unencrypted_server_is_refused_where_encryption_is_asked_for(home, mailbox):
    assert send(home, mailbox, security="starttls") == ["later", "later"]
    assert mailbox.letters == []
    assert send(home, mailbox) == ["sent", "sent"]


ORDER = {"why": "补报", "approved_by": "李四", "day": "2025-02-20"}


def test_a_revision_is_issued_once_one_letter_of_it_went_out_or_may_have(home, mailbox):
    revise(home, {"T01-1": "7", "T02-1": "7"})
    assert issued(home, QUARTER) == [] and not (home / "ledger.db").exists()
    mailbox.refused = {LEADER.address, CLERK.address}
    assert send(home, mailbox) == ["refused", "refused"] and issued(home, QUARTER) == []
    mailbox.refused, mailbox.dropped = {LEADER.address}, {CLERK.address}
    assert send(home, mailbox) == ["refused", "unknown"] and issued(home, QUARTER) == [1]
    assert issued(home, QUARTER - 1) == []


def test_a_dry_run_issues_nothing(home, mailbox, tmp_path):
    revise(home, {"T01-1": "7", "T02-1": "7"})
    send(home, mailbox, dry_run=tmp_path / "letters")
    assert issued(home, QUARTER) == []


REFUSED = {
    "报告里没有更正说明": (None, None, "报告里却没有更正说明：请重新运行 zjtx report 2024Q4"),
    "更正的是更早的一版": ({"since": 9, "order": ORDER}, None, "报告里却没有更正说明"),
    "没有批准": ({"since": 1, "order": None}, None, "还没有批准：请先用 zjtx correct 2024Q4 --why"),
    "批准了没有印上": ({"since": 1, "order": None}, ORDER, "已经批准，报告里还没有印上：请重新运行"),
}


@pytest.mark.parametrize("notice, order, said", REFUSED.values(), ids=REFUSED)
def test_figures_that_recipients_have_otherwise_do_not_leave_without_an_approved_notice(home, mailbox, notice, order, said):
    revise(home, {"T01-1": "7", "T02-1": "7"})
    send(home, mailbox)
    revise(home, {"T01-1": "8", "T02-1": "8"}, notice=notice)
    if order:
        revisions.order(home, QUARTER, 1, order["why"], order["approved_by"], date.fromisoformat(order["day"]))
    with pytest.raises(ZjtxError, match=said):
        send(home, mailbox, revised=True)
    assert len(mailbox.letters) == 2 and issued(home, QUARTER) == [1]
    revise(home, {"T01-1": "8", "T02-1": "8"}, notice={"since": 1, "order": ORDER})
    assert send(home, mailbox, revised=True) == ["sent", "sent"] and issued(home, QUARTER) == [1, 3]
    assert send(home, mailbox, revised=True) == ["before", "before"]


def test_a_revision_in_which_no_figure_differs_needs_no_approval(home, mailbox):
    revise(home, {"T01-1": "7", "T02-1": "7"})
    send(home, mailbox)
    assert revise(home, {"T01-1": "7", "T02-1": "7"}, notice=None, basis={}) == 2
    assert send(home, mailbox, revised=True) == ["sent", "sent"] and issued(home, QUARTER) == [1, 2]


OLD_RECORD = """CREATE TABLE mailings (quarter VARCHAR NOT NULL, address VARCHAR NOT NULL, digest VARCHAR NOT NULL, state VARCHAR NOT NULL,
detail VARCHAR NOT NULL, approved_by VARCHAR NOT NULL, changed_at VARCHAR NOT NULL, {revision} PRIMARY KEY (quarter, address, digest))"""


@pytest.mark.parametrize("revision, issues", [("", []), ("revision INTEGER,", [1])], ids=["before revisions were", "with revisions"])
def test_what_an_earlier_program_sent_is_remembered(home, mailbox, revision, issues):
    digests = [hashlib.sha256(b"%PDF-1.7 " + name.encode()).hexdigest() for name in NAMES]
    sent = [(LEADER.address, store.digest(*digests), "sent"), (CLERK.address, store.digest(digests[2]), "sending")]
    with closing(sqlite3.connect(home / "mailings.db")) as record, record:
        record.execute(OLD_RECORD.format(revision=revision))
        for row in sent:
            values = (str(QUARTER), *row, "", "张三", "2025-01-20T00:00:00+00:00", *([1] if revision else []))
            record.execute(f"INSERT INTO mailings VALUES ({', '.join('?' * len(values))})", values)
    assert send(home, mailbox) == ["before", "before"] and mailbox.letters == []
    assert issued(home, QUARTER) == issues
    states = [row[2] for account in accounts.of_quarter(settings(1), home, QUARTER) for row in account.rows]
    assert sorted(states) == ["已发送", "待核实"] and not (home / "mailings.db").exists()


def test_what_was_mailed_is_kept_as_it_was_for_ever(home, mailbox):
    """The reports are made again in place; the files that somebody has are those of the ledger's digests still."""
    send(home, mailbox)
    write_reports(home, {name: b"%PDF-1.7 other " + name.encode() for name in NAMES})
    send(home, mailbox, revised=True)
    first, second = ({path.name: path.read_bytes() for path in each.glob("*.pdf")} for each in sorted((home / "issued" / "2024Q4").iterdir(), key=lambda each: each.stat().st_ctime))
    assert set(first) == set(NAMES) and first[NAMES[0]] == b"%PDF-1.7 " + NAMES[0].encode() and second[NAMES[0]].startswith(b"%PDF-1.7 other")
    attached = {part.get_filename(): part.get_content() for _, letter in mailbox.letters[:2] for part in letter.iter_attachments()}
    assert attached and set(attached.values()) <= set(first.values())


def test_a_letter_in_doubt_is_not_told_as_sent(home, mailbox):
    mailbox.dropped = {LEADER.address}
    send(home, mailbox)
    mailbox.dropped = set()
    third = Recipient(name="区委办", address="third@xs.example.gov.cn")
    outcomes = send_quarter(settings(mailbox.port, recipients=(LEADER, CLERK, third)), home, QUARTER, "张三")
    assert [each.state for each in outcomes] == ["before", "before", "sent"]
    assert "待核实" in outcomes[0].detail and "已于" in outcomes[1].detail
