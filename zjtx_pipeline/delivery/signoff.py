"""Knows who may approve an issue, by what they show themselves, and what they are told when they are asked; leaves writing it down to
`ledger.approvals`.

Where approvers are configured each shows the one-time code that was mailed to them alone, for this digest; where none are, the name of
whoever calls is written down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import TYPE_CHECKING

from zjtx_pipeline import ledger
from zjtx_pipeline.delivery.addresses import checked, header_safe, may_have_reports, sender, shown
from zjtx_pipeline.delivery.issuing import Prepared, compose, prepare
from zjtx_pipeline.delivery.letters import _ENCODED, NOTICE, subject
from zjtx_pipeline.delivery.notices import post_once
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger import Issue, Ledger, approvals
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import Approver, Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

SHELL, UI, BY_ITSELF = "命令行", "界面", "自动"
BY_NAME = "命令行（未用验证码）"


def needed(settings: Settings) -> int:
    return settings.delivery.approvals if settings.delivery.approval == "required" else 1


def approve(settings: Settings, home: Path, quarter: Quarter, name: str, code: str, channel: str) -> tuple[Issue, list[str]]:
    """Approve the quarter's reports, as they are now and for the recipients as they are now, in an approver's name; the issue and who
    has approved it by now. ZjtxError: who that is, or their code, is not what it has to be.

    A code given in the UI is kept with the run, where others see it: refused there, it is void.
    """
    composed = compose(settings, home, quarter)
    with ledger.opened(home, settings.ledger) as book:
        with book.writing() as connection:
            issue = prepare(connection, composed).issue
            approver = _named(settings, name)
            said = approvals.use_code(connection, issue, approver.name, code) if approver else _no_approver(settings, name)
            if approver and not said:
                return issue, _give(connection, settings, issue, approver.name, channel)
            if channel == UI:
                approvals.burn(connection, issue, code)
        raise ZjtxError(said)


def _named(settings: Settings, name: str) -> Approver | None:
    """The configured approver of that name."""
    return next((each for each in settings.delivery.approvers if each.name == name.strip()), None)


def _no_approver(settings: Settings, name: str) -> str:
    named = "、".join(each.name for each in settings.delivery.approvers) or "无"
    return f"{name}不是批准人：配置里的批准人（delivery.approvers）是{named}。"


def approve_by_name(book: Ledger, settings: Settings, issue: Issue, name: str) -> None:
    """Approve in the name of whoever calls; ZjtxError where approvers are configured, who have codes."""
    if settings.delivery.approvers:
        raise ZjtxError("配置了批准人（delivery.approvers）：请由批准人用 zjtx approve 和邮件里的验证码批准，不能用 --approved-by。")
    if not header_safe(name, "批准人姓名").strip():
        raise ZjtxError("没有写批准人姓名：请填写 --approved-by。")
    with book.writing() as connection:
        if name.strip() not in approvals.standing(connection, issue):  # one by a code, which may be asked for again, is not replaced by less
            _give(connection, settings, issue, name.strip(), BY_NAME)


def approve_by_itself(book: Ledger, settings: Settings, issue: Issue) -> None:
    """Where `delivery.approval` is `automatic`."""
    if settings.delivery.approval != "automatic":
        raise ZjtxError("没有配置自动发送（delivery.approval: automatic）。")
    with book.writing() as connection:
        _give(connection, settings, issue, "系统（自动发送）", BY_ITSELF)


def _give(connection: Connection, settings: Settings, issue: Issue, name: str, channel: str) -> list[str]:
    approvals.give(connection, issue, name, channel, needed(settings))
    return approvals.standing(connection, issue)


def revoke(settings: Settings, home: Path, quarter: Quarter, name: str, by: str) -> int:
    """Take an approver's approvals of a quarter back; how many issues that concerns. What has been posted stays posted."""
    header_safe(name + by, "批准人姓名")
    with ledger.opened(home, settings.ledger) as book, book.writing() as connection:
        every = ledger.issues.of_quarter(connection, str(quarter))
        return sum(approvals.revoke(connection, issue, name, by, needed(settings)) for issue in every)


def _counted(settings: Settings, given: Sequence[tuple[str, str]]) -> list[str]:
    """Of those who approved, who may: the system only where it is to send by itself, and of configured approvers who showed their code."""
    if settings.delivery.approval == "automatic":
        return [name for name, _ in given]
    named = {each.name for each in settings.delivery.approvers}
    return [name for name, channel in given if channel != BY_ITSELF and (not named or (name in named and channel != BY_NAME))]


def refuse_unapproved(book: Ledger, settings: Settings, issue: Issue) -> None:
    """ZjtxError unless as many as are needed have approved exactly this issue; then what is new in it may leave too."""
    with book.writing() as connection:
        given = _counted(settings, approvals.given(connection, issue))
        if len(given) >= needed(settings):
            approvals.release(connection, issue)
            return
        others = [each for each in ledger.issues.of_quarter(connection, issue.quarter) if each.id != issue.id and approvals.standing(connection, each)]
    if others and not given:
        raise ZjtxError(f"{issue.quarter} 批准过的是另一批（{others[-1].mark}）：报告或收件人此后有改动，原批准作废，请重新批准（{issue.mark}）。")
    told = f"需要 {needed(settings)} 人批准，现有 {len(given)} 人" if needed(settings) > 1 else "还没有批准"
    raise ZjtxError(f"{issue.quarter} 的报告{told}：请先用 zjtx approve 批准（{issue.mark}），没有发送。")


@dataclass(frozen=True)
class Asked:
    """What became of the request to one approver."""

    approver: Approver
    state: str
    detail: str = ""


def ask(settings: Settings, home: Path, quarter: Quarter, again: bool = False) -> list[Asked]:
    """Mail each approver who has not approved yet what is to leave, with a code of their own; once an issue, unless `again`."""
    if not settings.delivery.approvers:
        raise ZjtxError("配置里没有批准人：请填写 delivery.approvers。")
    for each in settings.delivery.approvers:
        checked(each.name, each.address, "批准人姓名")
    composed = compose(settings, home, quarter)
    with ledger.opened(home, settings.ledger) as book:
        with book.writing() as connection:
            prepared = prepare(connection, composed)
            given = _counted(settings, approvals.given(connection, prepared.issue))
        return [_ask(book, prepared, each, again) for each in settings.delivery.approvers if each.name not in given]


def _ask(book: Ledger, prepared: Prepared, approver: Approver, again: bool) -> Asked:
    settings = prepared.composed.settings
    if not may_have_reports(approver.address, settings.delivery):
        raise ZjtxError(f"批准人地址 {shown(approver.address)} 不在允许的域名内（delivery.allowed_domains），没有发送。")

    def written() -> EmailMessage:
        with book.writing() as connection:
            code = approvals.new_code(connection, prepared.issue, approver.name, settings.delivery.code_hours)
        return _request(prepared, approver, code)

    fate = post_once(book, settings, occasion(prepared.issue), approver.address, written, again)
    return Asked(approver, fate.state, fate.detail)


def occasion(issue: Issue) -> str:
    """What an approver is asked for, once."""
    return f"request/{issue.digest}"


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
