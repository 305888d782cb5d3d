"""Knows who may approve an issue, and by what they show themselves; leaves asking them to `asking`, writing it down to `ledger.approvals`.

Where approvers are configured each shows the one-time code that was mailed to them alone, for this digest; where none are, the name of
whoever calls is written down.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from zjtx_pipeline import ledger
from zjtx_pipeline.delivery import withdrawals
from zjtx_pipeline.delivery.addresses import header_safe
from zjtx_pipeline.delivery.agreement import BY_ITSELF, BY_NAME, SHELL, UI, counted, needed
from zjtx_pipeline.delivery.issuing import Prepared, compose, prepare
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger import Issue, Ledger, approvals, issues
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import Approver, Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection


def approve(settings: Settings, home: Path, quarter: Quarter, name: str, code: str, channel: str) -> tuple[Issue, list[str]]:
    """Approve the quarter's reports, as they are now and for the recipients as they are now, in an approver's name; the issue and who
    of those that count has approved it by now. ZjtxError: who that is, or their code, is not what it has to be.

    A code given in the UI is kept with the run, where others see it: whatever is refused there, it is void.
    """
    with ledger.of_district(settings, home) as book:
        try:
            return _approved(book, settings, home, quarter, name, code, channel)
        except ZjtxError:
            if channel == UI:
                with book.writing() as connection:
                    approvals.burn(connection, issues.of_quarter(connection, str(quarter)), code)
            raise


def _approved(book: Ledger, settings: Settings, home: Path, quarter: Quarter, name: str, code: str, channel: str) -> tuple[Issue, list[str]]:
    composed = compose(settings, home, quarter)
    with book.writing() as connection:  # kept also where the code does not fit, for the try counts
        prepared = prepare(connection, composed)
        issue = prepared.issue
        approver = _named(settings, name)
        said = _refused(connection, settings, issue, approver.name, code) if approver else _no_approver(settings, name)
        if approver and not said:
            return issue, _give(connection, prepared, approver.name, channel)
    raise ZjtxError(said)


def _named(settings: Settings, name: str) -> Approver | None:
    """The configured approver of that name."""
    return next((each for each in settings.delivery.approvers if each.name == name.strip()), None)


def _refused(connection: Connection, settings: Settings, issue: Issue, name: str, code: str) -> str:
    """Why an approver's code is not taken; empty where it is, and used up."""
    if name in counted(settings, approvals.given(connection, issue)):
        return f"{name}已经批准过 {issue.quarter} 的这一批（{issue.mark}），不用再批准。"
    return approvals.use_code(connection, issue, name, code)


def _no_approver(settings: Settings, name: str) -> str:
    named = "、".join(each.name for each in settings.delivery.approvers) or "无"
    return f"{name}不是批准人：配置里的批准人（delivery.approvers）是{named}。"


def approve_by_name(book: Ledger, prepared: Prepared, name: str) -> None:
    """Approve in the name of whoever calls; ZjtxError where approvers are configured, who have codes."""
    if prepared.composed.settings.delivery.approvers:
        raise ZjtxError("配置了批准人（delivery.approvers）：请由批准人用 zjtx approve 和邮件里的验证码批准，不能用 --approved-by。")
    if not header_safe(name, "批准人姓名").strip():
        raise ZjtxError("没有写批准人姓名：请填写 --approved-by。")
    with book.writing() as connection:
        if name.strip() not in approvals.standing(connection, prepared.issue):  # one by a code, which may be asked for again, is not replaced by less
            _give(connection, prepared, name.strip(), BY_NAME)


def approve_by_itself(connection: Connection, prepared: Prepared) -> None:
    """Where `delivery.approval` is `automatic`."""
    if prepared.composed.settings.delivery.approval != "automatic":
        raise ZjtxError("没有配置自动发送（delivery.approval: automatic）。")
    _give(connection, prepared, "系统（自动发送）", BY_ITSELF)


def _give(connection: Connection, prepared: Prepared, name: str, channel: str) -> list[str]:
    settings, issue = prepared.composed.settings, prepared.issue
    if approvals.give(connection, issue, name, channel, needed(settings), partial(counted, settings)):
        withdrawals.owe(connection, prepared.composed.sealed, prepared.withdrawals)
    return counted(settings, approvals.given(connection, issue))


def revoke(settings: Settings, home: Path, quarter: Quarter, name: str, by: str) -> int:
    """Take an approver's approvals of a quarter back; how many issues that concerns. What has been posted stays posted."""
    header_safe(name + by, "批准人姓名")
    with ledger.of_district(settings, home) as book, book.writing() as connection:
        every = issues.of_quarter(connection, str(quarter))
        return sum(approvals.revoke(connection, issue, name, by, needed(settings), partial(counted, settings)) for issue in every)


def refuse_unapproved(book: Ledger, prepared: Prepared) -> None:
    """ZjtxError unless as many as are needed have approved exactly this issue; then what is new in it may leave too."""
    settings, issue = prepared.composed.settings, prepared.issue
    with book.writing() as connection:
        given = counted(settings, approvals.given(connection, issue))
        if len(given) >= needed(settings):
            approvals.release(connection, issue)
            withdrawals.owe(connection, prepared.composed.sealed, prepared.withdrawals)
            return
        others = [each for each in issues.of_quarter(connection, issue.quarter) if each.id != issue.id and approvals.standing(connection, each)]
    if others and not given:
        raise ZjtxError(f"{issue.quarter} 批准过的是另一批（{others[-1].mark}）：报告或收件人此后有改动，原批准作废，请重新批准（{issue.mark}）：{_how(settings, issue)}。")
    told = f"需要 {needed(settings)} 人批准，现有 {len(given)} 人" if needed(settings) > 1 else "还没有批准"
    raise ZjtxError(f"{issue.quarter} 的报告{told}：{_how(settings, issue)}（{issue.mark}），没有发送。")


def _how(settings: Settings, issue: Issue) -> str:
    """By which verb an issue is approved, where codes are mailed and where none are."""
    if settings.delivery.approvers:
        return "请先用 zjtx approve 批准"
    return f"请在 zjtx send {issue.quarter} 后写 --approved-by 和批准人姓名"
