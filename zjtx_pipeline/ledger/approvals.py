"""Knows who approved which issue, and the one-time codes by which approvers show themselves; leaves who may approve to the settings.

An approval is of one digest: whatever changes a byte makes another issue, which nobody has approved.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from zjtx_pipeline.ledger.book import note, now
from zjtx_pipeline.ledger.issues import UNSENT, Issue
from zjtx_pipeline.ledger.mailings import move, orphans
from zjtx_pipeline.ledger.tables import APPROVALS, CODES, ISSUES, MAILINGS

TRIES = 5
CODE_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that is taken for another
CODE_LENGTH = 10  # 50 bits


def standing(connection: sa.Connection, issue: Issue) -> list[str]:
    """Who has approved an issue and not taken it back, in the order of their approvals."""
    return [approver for approver, _ in given(connection, issue)]


def given(connection: sa.Connection, issue: Issue) -> list[tuple[str, str]]:
    """As `standing`, each with the channel by which it was given."""
    query = sa.select(APPROVALS.c.approver, APPROVALS.c.channel).where(APPROVALS.c.issue_id == issue.id, APPROVALS.c.revoked_at.is_(None))
    return [(row.approver, row.channel) for row in connection.execute(query.order_by(APPROVALS.c.id))]


def give(connection: sa.Connection, issue: Issue, approver: str, channel: str, needed: int) -> bool:
    """Write down an approval, once a channel; is the issue approved now, by as many as are needed?"""
    stands = given(connection, issue)
    if (approver, channel) not in stands:
        mine = APPROVALS.c.issue_id == issue.id, APPROVALS.c.approver == approver, APPROVALS.c.revoked_at.is_(None)
        connection.execute(sa.update(APPROVALS).where(*mine).values(revoked_at=now(), revoked_by=approver))
        row = {"issue_id": issue.id, "approver": approver, "channel": channel, "given_at": now()}
        connection.execute(sa.insert(APPROVALS).values(row))
        note(connection, issue.id, "批准", by=approver, detail=channel)
    enough = len({name for name, _ in stands} | {approver}) >= needed
    if enough:
        move(connection, issue, {"prepared": "approved"}, by=approver)
    return enough


def release(connection: sa.Connection, issue: Issue) -> None:
    """What came to an approved issue later, of recipients whom its digest names, may leave too."""
    move(connection, issue, {"prepared": "approved"}, by="")


def revoke(connection: sa.Connection, issue: Issue, approver: str, by: str, needed: int) -> bool:
    """Take an approval back: what has not been posted goes back to `prepared`; was there one to take back?"""
    mine = APPROVALS.c.issue_id == issue.id, APPROVALS.c.approver == approver, APPROVALS.c.revoked_at.is_(None)
    taken = connection.execute(sa.update(APPROVALS).where(*mine).values(revoked_at=now(), revoked_by=by)).rowcount
    if taken:
        note(connection, issue.id, "撤回批准", by=by, detail=approver)
        if len(standing(connection, issue)) < needed:
            move(connection, issue, {"approved": "prepared", "refused": "prepared"}, by=by)
    return bool(taken)


def withhold(connection: sa.Connection, by: str) -> list[str]:
    """Let nothing leave by what was agreed before a ledger was made again, for it may have left since: what waits goes back to `prepared`,
    the approvals and codes of its issue are void, what was in mid-post is `unknown`. The quarters of which somebody has to be asked again."""
    orphans(connection)
    unsent = sa.select(ISSUES).where(ISSUES.c.id.in_(sa.select(MAILINGS.c.issue_id).where(MAILINGS.c.state.in_(UNSENT))))
    every = [Issue(*row) for row in connection.execute(unsent.order_by(ISSUES.c.quarter, ISSUES.c.id)).all()]
    return list(dict.fromkeys(issue.quarter for issue in every if _void(connection, issue, by)))


def _void(connection: sa.Connection, issue: Issue, by: str) -> bool:
    """Was there an approval, or a code, that would have let an issue leave?"""
    taken = [revoke(connection, issue, approver, by, needed=1) for approver in standing(connection, issue)]
    codes = connection.execute(sa.delete(CODES).where(CODES.c.issue_id == issue.id, CODES.c.used_at.is_(None))).rowcount
    return any(taken) or bool(codes)


def new_code(connection: sa.Connection, issue: Issue, approver: str, hours: int) -> str:
    """A one-time code for this approver and this issue; what was given to them before for it is void."""
    connection.execute(sa.delete(CODES).where(CODES.c.issue_id == issue.id, CODES.c.approver == approver, CODES.c.used_at.is_(None)))
    code, salt = "".join(secrets.choice(CODE_SIGNS) for _ in range(CODE_LENGTH)), secrets.token_hex(16)
    expires = (datetime.now(UTC) + timedelta(hours=hours)).isoformat(timespec="microseconds")
    row = {"issue_id": issue.id, "approver": approver, "salt": salt, "hashed": _hashed(code, salt), "expires_at": expires, "tries": 0}
    connection.execute(sa.insert(CODES).values(row))
    return code


def use_code(connection: sa.Connection, issue: Issue, approver: str, code: str) -> str:
    """Use a code up: empty where it was this approver's, for this issue, else why not, in a sentence. The try is counted in any case,
    so the caller's transaction has to be kept."""
    mine = CODES.c.issue_id == issue.id, CODES.c.approver == approver, CODES.c.used_at.is_(None)
    row = connection.execute(sa.select(CODES).where(*mine)).one_or_none()
    if row is None:
        return f"没有发给{approver}、用于这一批报告的验证码（可能已经用过，或报告、收件人有了改动）：请重新申请。"
    if row.tries >= TRIES:
        return f"验证码已经输错 {TRIES} 次，不能再用：请重新申请。"
    if row.expires_at <= now():
        return "验证码已经过期：请重新申请。"
    fits = hmac.compare_digest(row.hashed, _hashed(code.strip().upper(), row.salt))
    done = {"used_at": now()} if fits else {"tries": row.tries + 1}
    connection.execute(sa.update(CODES).where(CODES.c.id == row.id).values(done))
    return "" if fits else f"验证码不对（还可以试 {TRIES - row.tries - 1} 次）：请核对邮件里的验证码。"


def burn(connection: sa.Connection, issue: Issue, code: str) -> None:
    """A code that others may have seen is void, whoever's it was."""
    for row in connection.execute(sa.select(CODES).where(CODES.c.issue_id == issue.id, CODES.c.used_at.is_(None))).all():
        if hmac.compare_digest(row.hashed, _hashed(code.strip().upper(), row.salt)):
            connection.execute(sa.update(CODES).where(CODES.c.id == row.id).values(used_at=now()))


def _hashed(code: str, salt: str) -> str:
    return hashlib.scrypt(code.encode(), salt=bytes.fromhex(salt), n=2**12, r=8, p=1).hex()
