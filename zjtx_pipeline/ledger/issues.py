"""Knows the issues: which revision of a quarter, to whom, in which files, known by one digest; leaves approving to `approvals`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from zjtx_pipeline.ledger.book import note, now, opened, stands
from zjtx_pipeline.ledger.owner import of_district
from zjtx_pipeline.ledger.tables import ERRATA, ISSUES, MAILINGS
from zjtx_pipeline.settings import Settings

HOLDS = ("sending", "sent", "unknown")  # the recipient has it, or may have
UNSENT = ("prepared", "approved", "refused")  # nobody has it


@dataclass(frozen=True)
class Issue:
    """One issue as the ledger has it."""

    id: int
    quarter: str
    revision: int | None
    digest: str
    prepared_at: str

    @property
    def mark(self) -> str:
        """What a person compares: the digest's beginning."""
        return self.digest[:12]


@dataclass(frozen=True)
class Line:
    """One report for one recipient, and the letter that carries it."""

    address: str
    report: str
    sha256: str
    message_id: str


def prepare(
    connection: sa.Connection, quarter: str, revision: int | None, digest: str, lines: Sequence[Line], corrects: Mapping[str, int]
) -> Issue:
    """The issue of this digest, written down if it is new, its rows as these lines say where nothing has left for their address yet.

    `corrects`: by address, the issue that the recipient holds wrongly. Of whom no line tells, what waits to leave is taken back. What
    another issue of the quarter had ready waits for its approval anew: these are the reports and recipients of now.
    """
    issue = of_digest(connection, digest) or _new(connection, {"quarter": quarter, "revision": revision, "digest": digest, "prepared_at": now()})
    due = dict.fromkeys(line.address for line in lines)
    fresh = [address for address in due if _laid(connection, issue, address, [line for line in lines if line.address == address])]
    _take_back(connection, issue, set(due))
    known = corrected(connection, issue)
    wrong = [{"issue_id": issue.id, "address": address, "corrects": held} for address, held in corrects.items() if address not in known]
    if fresh:
        note(connection, issue.id, "备好", detail=f"{len(fresh)} 位收件人")
    if wrong:
        connection.execute(sa.insert(ERRATA), wrong)
    return issue


def _laid(connection: sa.Connection, issue: Issue, address: str, wanted: Sequence[Line]) -> bool:
    """Write a recipient's lines down, in place of others where nothing of them has left; was there anything to write?"""
    mine = MAILINGS.c.issue_id == issue.id, MAILINGS.c.address == address
    rows = connection.execute(sa.select(MAILINGS).where(*mine)).all()
    same = {(row.report, row.sha256, row.message_id) for row in rows} == {(line.report, line.sha256, line.message_id) for line in wanted}
    if same or any(row.state not in UNSENT for row in rows):
        return False
    state = "approved" if any(row.state != "prepared" for row in rows) else "prepared"
    connection.execute(sa.delete(MAILINGS).where(*mine))
    beside = {"issue_id": issue.id, "state": state, "detail": "", "changed_at": now()}
    connection.execute(sa.insert(MAILINGS), [vars(line) | beside for line in wanted])
    return True


def _take_back(connection: sa.Connection, issue: Issue, due: set[str]) -> None:
    """What waits to leave and is not due any more: nothing waits of this issue, and other issues of the quarter want another approval."""
    waits = MAILINGS.c.state.in_(("prepared", "approved")), MAILINGS.c.address.not_in(due)
    for address in connection.scalars(sa.select(MAILINGS.c.address).where(MAILINGS.c.issue_id == issue.id, *waits).distinct()).all():
        note(connection, issue.id, "不再需要", address=address)
    connection.execute(sa.delete(MAILINGS).where(MAILINGS.c.issue_id == issue.id, *waits))
    others = sa.select(ISSUES.c.id).where(ISSUES.c.quarter == issue.quarter, ISSUES.c.id != issue.id)
    approved = MAILINGS.c.issue_id.in_(others), MAILINGS.c.state == "approved"
    for other in connection.scalars(sa.select(MAILINGS.c.issue_id).where(*approved).distinct()).all():
        note(connection, other, "待批准", detail=f"报告或收件人有改动，另见 {issue.mark}")
    connection.execute(sa.update(MAILINGS).where(*approved).values(state="prepared", changed_at=now()))


def _new(connection: sa.Connection, row: Mapping[str, Any]) -> Issue:
    connection.execute(sa.insert(ISSUES).values(row))
    return Issue(*connection.execute(sa.select(ISSUES).where(ISSUES.c.digest == row["digest"])).one())


def reports_by_address(connection: sa.Connection, issue: Issue) -> dict[str, set[str]]:
    """Who is to have what of an issue, or has had it."""
    found: dict[str, set[str]] = {}
    for address, report in connection.execute(sa.select(MAILINGS.c.address, MAILINGS.c.report).where(MAILINGS.c.issue_id == issue.id)):
        found.setdefault(address, set()).add(report)
    return found


def of_digest(connection: sa.Connection, digest: str) -> Issue | None:
    row = connection.execute(sa.select(ISSUES).where(ISSUES.c.digest == digest)).one_or_none()
    return row and Issue(*row)


def of_id(connection: sa.Connection, issue_id: int) -> Issue:
    return Issue(*connection.execute(sa.select(ISSUES).where(ISSUES.c.id == issue_id)).one())


def of_quarter(connection: sa.Connection, quarter: str) -> list[Issue]:
    """A quarter's issues in the order of their making."""
    return [Issue(*row) for row in connection.execute(sa.select(ISSUES).where(ISSUES.c.quarter == quarter).order_by(ISSUES.c.id))]


def newest(connection: sa.Connection) -> list[Issue]:
    """The newest issue of each quarter."""
    last = sa.select(sa.func.max(ISSUES.c.id)).group_by(ISSUES.c.quarter)
    return [Issue(*row) for row in connection.execute(sa.select(ISSUES).where(ISSUES.c.id.in_(last)).order_by(ISSUES.c.quarter))]


def corrected(connection: sa.Connection, issue: Issue) -> dict[str, int | None]:
    """By address, the revision that the recipient holds and this issue corrects."""
    held = sa.select(ERRATA.c.address, ISSUES.c.revision).join(ISSUES, ERRATA.c.corrects == ISSUES.c.id)
    return {address: revision for address, revision in connection.execute(held.where(ERRATA.c.issue_id == issue.id))}


def issued_revisions(connection: sa.Connection, quarter: str) -> list[int]:
    """The revisions of a quarter of which a letter went out, or may have, in order."""
    joined = sa.select(ISSUES.c.revision).join(MAILINGS).where(ISSUES.c.quarter == quarter, ISSUES.c.revision.is_not(None))
    return list(connection.scalars(joined.where(MAILINGS.c.state.in_((*HOLDS, "bounced"))).distinct().order_by(ISSUES.c.revision)))


def issued(home: Path, quarter: object, settings: Settings | None = None) -> list[int]:
    """As `issued_revisions`, of a ledger that is not open, and may not stand yet: a district's, or whosever the home's own is."""
    if not stands(home, settings and settings.ledger):
        return []
    with of_district(settings, home) if settings else opened(home) as book, book.writing() as connection:
        return issued_revisions(connection, str(quarter))


def held(connection: sa.Connection, quarter: str) -> list[sa.Row]:
    """Who holds, or may hold, what of a quarter: rows with issue_id, revision, address, report, sha256, state, changed_at, newest last."""
    columns = MAILINGS.c.issue_id, ISSUES.c.revision, *(MAILINGS.c[name] for name in ("address", "report", "sha256", "state", "changed_at"))
    query = sa.select(*columns).join(ISSUES).where(ISSUES.c.quarter == quarter, MAILINGS.c.state.in_(HOLDS))
    return list(connection.execute(query.order_by(MAILINGS.c.issue_id, MAILINGS.c.report)))
