"""Knows who approved which issue, and the one-time codes by which approvers show themselves; leaves who may approve to the settings.

An approval is of one digest: whatever changes a byte makes another issue, which nobody has approved.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from zjtx_pipeline.ledger.book import note, now
from zjtx_pipeline.ledger.issues import UNSENT, Issue
from zjtx_pipeline.ledger.mailings import move, orphans
from zjtx_pipeline.ledger.notices import strike, withdrawn_of
from zjtx_pipeline.ledger.tables import APPROVALS, CODES, ISSUES, MAILINGS

TRIES = 5
CODE_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that is taken for another
CODE_LENGTH = 10  # 50 bits
Counting = Callable[[Sequence[tuple[str, str]]], Sequence[str]]  # of those who approved, each with the channel, who may


def _everybody(given: Sequence[tuple[str, str]]) -> list[str]:
    return [approver for approver, _ in given]


def standing(connection: sa.Connection, issue: Issue) -> list[str]:
    """Who has approved an issue and not taken it back, in the order of their approvals."""
    return _everybody(given(connection, issue))


def given(connection: sa.Connection, issue: Issue) -> list[tuple[str, str]]:
    """As `standing`, each with the channel by which it was given."""
    query = sa.select(APPROVALS.c.approver, APPROVALS.c.channel).where(APPROVALS.c.issue_id == issue.id, APPROVALS.c.revoked_at.is_(None))
    return [(row.approver, row.channel) for row in connection.execute(query.order_by(APPROVALS.c.id))]


def taken_back(connection: sa.Connection, issue: Issue) -> dict[str, str]:
    """Who had approved an issue and does so no more, with who took it back; empty where the system did."""
    query = sa.select(APPROVALS.c.approver, APPROVALS.c.revoked_by).where(APPROVALS.c.issue_id == issue.id, APPROVALS.c.revoked_at.is_not(None))
    stand = standing(connection, issue)
    return {row.approver: row.revoked_by or "" for row in connection.execute(query.order_by(APPROVALS.c.id)) if row.approver not in stand}


def approved_at(connection: sa.Connection, issue_id: int) -> str:
    """When the last approval that stands was given (UTC); empty where none does."""
    query = sa.select(sa.func.max(APPROVALS.c.given_at)).where(APPROVALS.c.issue_id == issue_id, APPROVALS.c.revoked_at.is_(None))
    return connection.scalar(query) or ""


def give(connection: sa.Connection, issue: Issue, approver: str, channel: str, needed: int, counted: Counting = _everybody) -> bool:
    """Write down an approval, once a channel; is the issue approved now, by as many as are needed of those that count?"""
    if (approver, channel) not in given(connection, issue):
        mine = APPROVALS.c.issue_id == issue.id, APPROVALS.c.approver == approver, APPROVALS.c.revoked_at.is_(None)
        connection.execute(sa.update(APPROVALS).where(*mine).values(revoked_at=now(), revoked_by=approver))
        row = {"issue_id": issue.id, "approver": approver, "channel": channel, "given_at": now()}
        connection.execute(sa.insert(APPROVALS).values(row))
        note(connection, issue.id, "批准", by=approver, detail=channel)
    enough = len(counted(given(connection, issue))) >= needed
    if enough:
        move(connection, issue, {"prepared": "approved"}, by=approver)
    return enough


def release(connection: sa.Connection, issue: Issue) -> None:
    """What came to an approved issue later, of recipients whom its digest names, may leave too."""
    move(connection, issue, {"prepared": "approved"}, by="")


def revoke(connection: sa.Connection, issue: Issue, approver: str, by: str, needed: int, counted: Counting = _everybody) -> bool:
    """Take an approval back: unless enough are left that count, what has not been posted goes back to `prepared`; was there one?"""
    mine = APPROVALS.c.issue_id == issue.id, APPROVALS.c.approver == approver, APPROVALS.c.revoked_at.is_(None)
    taken = connection.execute(sa.update(APPROVALS).where(*mine).values(revoked_at=now(), revoked_by=by)).rowcount
    if taken:
        note(connection, issue.id, "撤回批准", by=by, detail=approver)
        if len(counted(given(connection, issue))) < needed:
            move(connection, issue, {"approved": "prepared", "refused": "prepared"}, by=by)
            strike(connection, [withdrawn_of(issue.quarter)])
    return bool(taken)


def void(connection: sa.Connection, issue: Issue, why: str) -> bool:
    """Take back every approval of an issue, and what codes there are for it: nothing of it that has not been posted may leave. Were there
    any?"""
    for approver in standing(connection, issue):
        note(connection, issue.id, "撤回批准", detail=f"{approver}：{why}")
    stand = APPROVALS.c.issue_id == issue.id, APPROVALS.c.revoked_at.is_(None)
    taken = connection.execute(sa.update(APPROVALS).where(*stand).values(revoked_at=now(), revoked_by="")).rowcount
    codes = connection.execute(sa.delete(CODES).where(CODES.c.issue_id == issue.id, CODES.c.used_at.is_(None))).rowcount
    move(connection, issue, {"approved": "prepared", "refused": "prepared"}, by="")
    strike(connection, [withdrawn_of(issue.quarter)])
    return bool(taken or codes)


def withhold(connection: sa.Connection, by: str) -> list[str]:
    """Let nothing leave by what was agreed before a ledger was made again, for it may have left since: what waits goes back to `prepared`,
    the approvals and codes of its issue are void, what was in mid-post is `unknown`. The quarters of which somebody has to be asked again."""
    orphans(connection)
    unsent = sa.select(ISSUES).where(ISSUES.c.id.in_(sa.select(MAILINGS.c.issue_id).where(MAILINGS.c.state.in_(UNSENT))))
    every = [Issue(*row) for row in connection.execute(unsent.order_by(ISSUES.c.quarter, ISSUES.c.id)).all()]
    return list(dict.fromkeys(issue.quarter for issue in every if void(connection, issue, by)))


def new_code() -> str:
    """A one-time code that is nobody's yet."""
    return "".join(secrets.choice(CODE_SIGNS) for _ in range(CODE_LENGTH))


def keep_code(connection: sa.Connection, issue: Issue, approver: str, code: str, hours: int) -> None:
    """Write down an approver's code for this issue; what was given to them before for it is void."""
    connection.execute(sa.delete(CODES).where(CODES.c.issue_id == issue.id, CODES.c.approver == approver, CODES.c.used_at.is_(None)))
    salt = secrets.token_hex(16)
    expires = (datetime.now(UTC) + timedelta(hours=hours)).isoformat(timespec="microseconds")
    row = {"issue_id": issue.id, "approver": approver, "salt": salt, "hashed": _hashed(code, salt), "expires_at": expires, "tries": 0}
    connection.execute(sa.insert(CODES).values(row))


def has_code(connection: sa.Connection, issue: Issue, approver: str) -> bool:
    """Has an approver a code for this issue that could still be used?"""
    mine = CODES.c.issue_id == issue.id, CODES.c.approver == approver, CODES.c.used_at.is_(None)
    return connection.scalar(sa.select(CODES.c.id).where(*mine, CODES.c.expires_at > now(), CODES.c.tries < TRIES)) is not None


def use_code(connection: sa.Connection, issue: Issue, approver: str, code: str) -> str:
    """Use a code up: empty where it was this approver's, for this issue, else why not, in a sentence. The try is counted in any case,
    so the caller's transaction has to be kept."""
    mine = CODES.c.issue_id == issue.id, CODES.c.approver == approver, CODES.c.used_at.is_(None)
    row = connection.execute(sa.select(CODES).where(*mine)).one_or_none()
    anew = f"请运行 zjtx request {issue.quarter} --again 重新申请。"
    if row is None:
        return f"没有发给{approver}、用于这一批报告的验证码（可能已经用过，或报告、收件人有了改动）：{anew}"
    if row.tries >= TRIES:
        return f"验证码已经输错 {TRIES} 次，不能再用：{anew}"
    if row.expires_at <= now():
        return f"验证码已经过期：{anew}"
    fits = hmac.compare_digest(row.hashed, _hashed(code.strip().upper(), row.salt))
    done = {"used_at": now()} if fits else {"tries": row.tries + 1}
    connection.execute(sa.update(CODES).where(CODES.c.id == row.id).values(done))
    return "" if fits else f"验证码不对（还可以试 {TRIES - row.tries - 1} 次）：请核对邮件里的验证码。"


def burn(connection: sa.Connection, every: Sequence[Issue], code: str) -> None:
    """A code that others may have seen is void, whoever's it was, for whichever of these issues."""
    mine = CODES.c.issue_id.in_([each.id for each in every]), CODES.c.used_at.is_(None)
    for row in connection.execute(sa.select(CODES).where(*mine)).all():
        if hmac.compare_digest(row.hashed, _hashed(code.strip().upper(), row.salt)):
            connection.execute(sa.update(CODES).where(CODES.c.id == row.id).values(used_at=now()))


def _hashed(code: str, salt: str) -> str:
    return hashlib.scrypt(code.encode(), salt=bytes.fromhex(salt), n=2**12, r=8, p=1).hex()
