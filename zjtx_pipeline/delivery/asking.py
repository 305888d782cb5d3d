"""Knows how approvers are asked: what would leave, what changed, what is late, what needs a decision, and a code of their own; leaves who
may approve to `signoff`.

Whom a request is owed stands in the ledger with the issue itself: it is tried until it is posted, and again where its code has lapsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from zjtx_pipeline import ledger
from zjtx_pipeline.delivery.addresses import checked, header_safe, may_have_reports, sender, shown
from zjtx_pipeline.delivery.agreement import counted, is_approved, needed
from zjtx_pipeline.delivery.issuing import Composed, Prepared, compose, prepare
from zjtx_pipeline.delivery.letters import _ENCODED, NOTICE, subject
from zjtx_pipeline.delivery.notices import post_once
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger import Issue, Ledger, approvals, issues, notices
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import Approver, Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

HAD = ("before", "bounced")  # what is not mailed again unless somebody says so
MOST_REPEATS = 2  # of a request whose code lapsed; then it is a matter for the operators


@dataclass(frozen=True)
class Asked:
    """What became of the request to one approver."""

    approver: Approver
    state: str
    detail: str = ""


def occasion(issue: Issue) -> str:
    """Under which a request is owed once; the repeats of it begin with it."""
    return f"request/{issue.digest}"


def ask(settings: Settings, home: Path, quarter: Quarter, again: bool = False, revised: bool = False) -> list[Asked]:
    """Mail each approver who has not approved yet what is to leave, with a code of their own; once an issue, unless `again`.

    `revised`: also to who holds another version with the same figures, which voids what was approved without them.
    """
    composed = _composed(settings, home, quarter)
    with ledger.of_district(settings, home, claims=True) as book:
        with book.writing() as connection:
            prepared = prepare(connection, composed, revised)
            asked = _owed(connection, prepared, again or prepared.widened)
        return [_ask(book, prepared, each, occasion(prepared.issue)) for each in asked]


def _composed(settings: Settings, home: Path, quarter: Quarter) -> Composed:
    """What would leave; ZjtxError where somebody may not be asked."""
    if not settings.delivery.approvers:
        raise ZjtxError("配置里没有批准人：请填写 delivery.approvers。")
    for each in settings.delivery.approvers:
        checked(each.name, each.address, "批准人姓名")
        if not may_have_reports(each.address, settings.delivery):
            raise ZjtxError(f"批准人地址 {shown(each.address)} 不在允许的域名内（delivery.allowed_domains），没有发送。")
    return compose(settings, home, quarter)


def _owed(connection: Connection, prepared: Prepared, again: bool) -> list[Approver]:
    """Who has to be asked, written down; about what another issue of the quarter would have asked nobody needs to be."""
    own, settings = prepared.issue, prepared.composed.settings
    notices.strike(connection, [occasion(each) for each in issues.of_quarter(connection, own.quarter) if each.id != own.id])
    asked = _silent(connection, settings, own)
    for each in asked:
        if again:
            notices.forget(connection, occasion(own), each.address)
        notices.owe(connection, occasion(own), each.address)
    return asked


def _silent(connection: Connection, settings: Settings, issue: Issue) -> list[Approver]:
    """The approvers who have not approved."""
    given = counted(settings, approvals.given(connection, issue))
    return [each for each in settings.delivery.approvers if each.name not in given]


def lacking(connection: Connection, settings: Settings) -> list[Issue]:
    """The newest issue of each quarter, of those that were put before approvers and are not approved by as many as are needed."""
    put = [each for each in issues.newest(connection) if notices.of(connection, [occasion(each)])]
    return [each for each in put if not is_approved(connection, settings, each)]


def waiting(connection: Connection, settings: Settings, before: str) -> list[Issue]:
    """Those of which a request is owed, and has not been tried since that time (UTC)."""
    owed = {row.occasion for row in notices.waiting(connection, before)}
    return [each for each in lacking(connection, settings) if occasion(each) in owed]


def lapsed(connection: Connection, settings: Settings) -> list[Issue]:
    """Those that were asked about, and nobody who has not approved has a code that could still be used."""
    return [
        each
        for each in lacking(connection, settings)
        if {row.state for row in notices.of(connection, [occasion(each)])} == {"sent"}
        and not any(approvals.has_code(connection, each, who.name) for who in _silent(connection, settings, each))
    ]


def ask_again(settings: Settings, home: Path, issue: Issue, day: date) -> list[Asked]:
    """Mail who let their code lapse another one, on so many days; nobody where the reports or recipients are otherwise by now."""
    composed = _composed(settings, home, Quarter.parse(issue.quarter))
    if composed.digest != issue.digest:
        return []
    with ledger.of_district(settings, home) as book:
        with book.writing() as connection:
            days = {row.occasion for row in notices.of(connection, [occasion(issue)])}
            if len(days) > MOST_REPEATS:
                return []
            prepared = prepare(connection, composed)
            asked = _silent(connection, settings, issue)
        return [_ask(book, prepared, each, f"{occasion(issue)}/{day}") for each in asked]


def _ask(book: Ledger, prepared: Prepared, approver: Approver, about: str) -> Asked:
    """The code counts from the moment that its letter can be with the approver: of two that ask at once the one whose letter leaves."""
    settings, code = prepared.composed.settings, approvals.new_code()
    kept = partial(approvals.keep_code, issue=prepared.issue, approver=approver.name, code=code, hours=settings.delivery.code_hours)
    fate = post_once(book, settings, about, approver.address, lambda: _request(prepared, approver, code), beside=kept)
    again = f"：没有收到，或验证码过期、输错的，运行 zjtx request {prepared.issue.quarter} --again 再发一次" if fate.state in HAD else ""
    return Asked(approver, fate.state, fate.detail + again)


def _request(prepared: Prepared, approver: Approver, code: str) -> EmailMessage:
    """The letter that asks: what would leave, what changed, what is late, what needs a decision; the reports as far as they fit."""
    settings, found = prepared.composed.settings, prepared.composed.sealed
    title = f"【待批准】{subject(settings, found)}"
    message = EmailMessage(policy=SMTP)
    message["Subject"] = header_safe(title, "邮件标题")
    message["From"] = checked(settings.bureau, sender(settings.delivery), "发件单位")
    message["To"] = checked(approver.name, approver.address, "批准人姓名")
    message["Auto-Submitted"] = "auto-generated"
    names = _fitting(prepared)
    message.set_content(_told(prepared, approver, code, names), cte="base64")
    for name in names:
        message.add_attachment(found.content(name), maintype="application", subtype="pdf", filename=name.rpartition("/")[2])
    return message


def _fitting(prepared: Prepared) -> list[str]:
    """The PDFs that would leave, the overall report first, as many as one letter holds."""
    found, room = prepared.composed.sealed, prepared.composed.settings.delivery.largest_letter_mb * 1_000_000 * 0.95
    wanted = sorted({name for each in prepared.composed.letters for name in each.files if name.endswith(".pdf")})
    taken: list[str] = []
    for name in wanted:
        room -= (found.folder / name).stat().st_size * _ENCODED
        if room < 0:
            break
        taken.append(name)
    return taken


def _told(prepared: Prepared, approver: Approver, code: str, attached: Sequence[str]) -> str:
    from zjtx_pipeline.report.pages import shipped

    settings, found, told = prepared.composed.settings, prepared.composed.sealed, prepared.composed.sealed.synopsis
    about = {
        "name": approver.name,
        "quarter": found.quarter.chinese,
        "key": str(found.quarter),
        "mark": prepared.issue.mark,
        "code": code,
        "hours": settings.delivery.code_hours,
        "needed": needed(settings),
        "recipients": [_recipient(each) for each in prepared.letters],
        "passed_over": list(_passed_over(prepared)),
        "withdrawals": [f"{each.recipient.name}（{each.recipient.address}）：{'、'.join(each.files)}" for each in prepared.withdrawals],
        "turned": told.get("turned", []),
        "late": told.get("absent", ""),
        "decisions": told.get("decisions", []),
        "notice": told.get("notice"),
        "attached": len(attached),
        "files": len({name for each in prepared.letters for name in each.files}),
        "bureau": settings.bureau,
    }
    return shipped().rendered("email/request.txt", letter=about)


def _recipient(each) -> str:
    mark = "，更正" if each.erratum else ""
    return f"{each.recipient.name}（{each.recipient.address}）：" + (f"{len(each.files)} 份{mark}" if each.files else f"仅{NOTICE}，无附件")


def _passed_over(prepared: Prepared) -> Iterable[str]:
    for each in prepared.composed.letters:
        if why := prepared.passed_over.get(each.recipient.address):
            yield f"{each.recipient.name}：{why}"
