"""Knows how the ledger is read by a person, and how one settles what no machine can know; leaves its rows to `ledger`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zjtx_pipeline import ledger
from zjtx_pipeline.delivery import withdrawals
from zjtx_pipeline.delivery.addresses import header_safe
from zjtx_pipeline.delivery.asking import occasion
from zjtx_pipeline.delivery.attention import REQUEST
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger import approvals, issues, mailings, notices
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import Settings


@dataclass(frozen=True)
class Account:
    """One issue as a person reads it: a row a request to an approver, then one a recipient and report."""

    title: str
    rows: list[tuple[str, str, str, str, str]]


def of_quarter(settings: Settings, home: Path, quarter: Quarter) -> list[Account]:
    """A quarter's issues in the order of their making; ZjtxError where there are none."""
    found: list[Account] = []
    if ledger.stands(home, settings.ledger):
        with ledger.of_district(settings, home) as book, book.writing() as connection:
            every = issues.of_quarter(connection, str(quarter))
            last = {each.revision: each.id for each in every}.values()  # of each revision the issue that names its withdrawals
            found = [_account(connection, each, each.id in last) for each in every]
    if not found:
        raise ZjtxError(f"{quarter} 还没有准备过发送：先运行 zjtx request 或 zjtx send。")
    return found


def _account(connection, issue: ledger.Issue, with_withdrawals: bool) -> Account:
    given = _approvals(connection, issue)
    revision = f"第 {issue.revision} 版" if issue.revision else "版次不详"
    title = f"{issue.quarter} {revision}（编号 {issue.mark}），批准：{'、'.join(given) or '无'}"
    requests = [_told(row, REQUEST) for row in notices.of(connection, [occasion(issue)])]
    gone = [each for each in withdrawals.noted(connection, issue.quarter) if with_withdrawals and each.revision == issue.revision]
    told = [*requests, *(_told(each.row, f"{withdrawals.NAME}：{'、'.join(each.files)}") for each in gone)]
    return Account(title, [*told, *(_told(row, row.report) for row in mailings.of_issue(connection, issue))])


def _approvals(connection, issue: ledger.Issue) -> list[str]:
    """Who approves, and who did: what has left by an approval since taken back did not leave by none."""
    gone = approvals.taken_back(connection, issue).items()
    return [*approvals.standing(connection, issue), *(f"{name}（已{'撤回' if by else '作废'}）" for name, by in gone)]


def _told(row: Any, what: str) -> tuple[str, str, str, str, str]:
    return row.address, what, notices.STATES[row.state], row.detail, ledger.beijing_time(row.changed_at)


def resolve(settings: Settings, home: Path, quarter: Quarter, address: str, arrived: bool, by: str) -> int:
    """Write down whether what is 待核实 or came back has arrived, else whether what was answered of the last letter was wrong; of how
    many letters. ZjtxError where there is nothing of the kind."""
    if not header_safe(by, "核实人姓名").strip():
        raise ZjtxError("没有写核实的人：请填写 --by。")
    with ledger.of_district(settings, home) as book, book.alone(wait=False) as idle, book.writing() as connection:
        if idle:
            mailings.orphans(connection)  # what a killed sender left in mid-post is 待核实 too
        count = mailings.resolve(connection, issues.of_quarter(connection, str(quarter)), address, arrived, by.strip())
    if not count:
        answered = "记为没有收到" if arrived else "已发送"
        raise ZjtxError(f"{quarter} 没有发给 {address} 的待核实、被退回或{answered}的邮件：请用 zjtx ledger {quarter} 核对。")
    return count
