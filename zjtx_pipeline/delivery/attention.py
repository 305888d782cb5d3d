"""Knows which letters will not go right by themselves: refused, in doubt, come back, put off for long, or unanswered; leaves telling it to
`alerts`.

Of each recipient and quarter the newest issue counts that had a letter for them: what a later one has mended is past.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from zjtx_pipeline.delivery import asking, withdrawals
from zjtx_pipeline.delivery.addresses import shown
from zjtx_pipeline.ledger import Ledger, approvals, issues, mailings, notices
from zjtx_pipeline.settings import Settings, folded

LONG = timedelta(days=1)  # that a server puts a letter off
ABANDONED = timedelta(minutes=15)  # longer than a server may look into a letter (`post.TAKING_SECONDS`)
WRONG = ("refused", "unknown", "bounced")
REQUEST = "请批邮件"


@dataclass(frozen=True)
class Matter:
    """One letter of a quarter that a person has to see to; `known_by`: what tells it from another, or from itself in another state."""

    quarter: str
    sentence: str
    known_by: str


def matters(book: Ledger, settings: Settings, now: datetime) -> list[Matter]:
    """All of them, by quarter. What a sender left in mid-post is in doubt from now on (`now` in UTC)."""
    with book.alone(wait=False) as idle, book.writing() as connection:
        if idle:
            mailings.orphans(connection)
        notices.orphans(connection, _text(now - ABANDONED))
        found = [*_letters(connection, settings, now), *_requests(connection, settings), *_withdrawals(connection, now)]
    once = {each.known_by: each for each in found}  # a letter has a row for each of its reports
    return sorted(once.values(), key=lambda each: (each.quarter, each.sentence))


def _letters(connection: sa.Connection, settings: Settings, now: datetime) -> Iterator[Matter]:
    names = {each.address: each.name for each in settings.delivery.recipients}
    for quarter, row in mailings.newest(connection):
        put_off = row.state == "approved" and row.detail and approvals.approved_at(connection, row.issue_id) < _text(now - LONG)
        if row.state in WRONG or put_off:
            said = _said(row, put_off)
            yield Matter(quarter, f"{names.get(row.address) or shown(row.address)}：{said}", f"{row.issue_id}/{row.address}/{row.state}")


def _said(row: Any, put_off: bool) -> str:
    return f"一天多没有发出，{row.detail}" if put_off else f"{mailings.STATES[row.state]}，{row.detail}"


def _requests(connection: sa.Connection, settings: Settings) -> Iterator[Matter]:
    names = {each.address: each.name for each in settings.delivery.approvers}
    lapsed = {each.id for each in asking.lapsed(connection, settings)}
    for issue in asking.lacking(connection, settings):
        for row in notices.of(connection, [asking.occasion(issue)]):
            if row.state in WRONG:
                yield _of_a_request(issue, row, names, f"{mailings.STATES[row.state]}，{row.detail}")
            elif issue.id in lapsed:
                yield _of_a_request(issue, row, names, "验证码已经过期，还没有批准")


def _withdrawals(connection: sa.Connection, now: datetime) -> Iterator[Matter]:
    """Whoever was to be told that theirs is wrong, and may not know it: of each file the newest revision that was to tell them."""
    every = sorted(withdrawals.noted(connection), key=lambda each: each.revision)
    newest = {(each.quarter, folded(each.row.address), file): each for each in every for file in each.files}
    agreed = {issue.quarter: approvals.approved_at(connection, issue.id) for issue in issues.newest(connection)}
    for each in newest.values():
        row = each.row
        put_off = row.state == "waiting" and row.detail and "" < agreed.get(each.quarter, "") < _text(now - LONG)
        if row.state in WRONG or put_off:
            yield Matter(each.quarter, f"{withdrawals.NAME}（{shown(row.address)}）：{_said(row, put_off)}，请另行告知本人", f"{row.occasion}/{row.address}/{row.state}")


def _of_a_request(issue: issues.Issue, row: Any, names: dict[str, str], said: str) -> Matter:
    who = names.get(row.address) or shown(row.address)
    return Matter(issue.quarter, f"{REQUEST}（{who}）：{said}", f"{row.occasion}/{row.address}/{row.state}")


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
