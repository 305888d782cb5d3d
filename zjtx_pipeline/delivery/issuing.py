"""Knows which letters a quarter's reports make, and by which digest they are approved; leaves who is due to `due`, the ledger's rows to
`ledger`, posting to `sending`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection

from zjtx_pipeline import store
from zjtx_pipeline.delivery.addresses import checked, header_safe, sender
from zjtx_pipeline.delivery.agreement import is_approved
from zjtx_pipeline.delivery.due import Due, due, refuse_uncorrected
from zjtx_pipeline.delivery.letters import NOTICE, Letter, Part, letter, parts
from zjtx_pipeline.delivery.sealed import Sealed, sealed
from zjtx_pipeline.delivery.withdrawals import Withdrawal, untold
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger import Issue, approvals, issues, mailings, notices
from zjtx_pipeline.ledger.issues import Line
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import Settings, folded


@dataclass(frozen=True)
class Composed:
    """A quarter's letters to all its recipients, as they would be if nobody had had any; `digest`: of all they hold."""

    settings: Settings
    home: Path
    sealed: Sealed
    letters: tuple[Letter, ...]

    @property
    def digest(self) -> str:
        return store.digest(str(self.sealed.quarter), str(self.sealed.revision), *(each.digest for each in self.letters))

    def written(self, each: Letter, files: Iterable[str], erratum: int | None) -> Letter:
        """A recipient's letter with so many of its files, and of what it corrects."""
        wanted = frozenset(files)
        if wanted >= set(each.files) and not erratum:
            return each
        return letter(self.settings, self.sealed, each.recipient, erratum, wanted)


@dataclass(frozen=True)
class Prepared:
    """An issue as it stands in the ledger, its letters as they leave, and why others get none (by address); `withdrawals`: who
    holds what is wrong now and not theirs any more, and is to be told; `widened`: did it come to concern more recipients, whom nobody has agreed to?"""

    composed: Composed
    issue: Issue
    letters: tuple[Letter, ...]
    passed_over: dict[str, str]
    withdrawals: tuple[Withdrawal, ...] = ()
    widened: bool = False

    def waiting(self, connection: Connection, states: Sequence[str]) -> list[Part]:
        """The messages that are in these states, to those who are due, in the configuration's order. Which file goes with which the
        ledger says: a limit that has changed since parts nothing that was sent in part."""
        by_address = {each.recipient.address: each for each in self.letters if each.recipient.address not in self.passed_over}
        found = [each for each in mailings.postings(connection, self.issue) if each.state in states and each.address in by_address]
        order = {address: place for place, address in enumerate(by_address)}
        return [
            Part(by_address[each.address], each.number, each.of, tuple(name for name in each.reports if name != NOTICE), each.message_id)
            for each in sorted(found, key=lambda each: order[each.address])
        ]


def compose(settings: Settings, home: Path, quarter: Quarter) -> Composed:
    """Every recipient's letter. ZjtxError: one may not be sent, or there is nothing to send."""
    if not settings.delivery.recipients:
        raise ZjtxError("配置里没有收件人：请填写 delivery.recipients。")
    checked(header_safe(settings.bureau, "发件单位"), sender(settings.delivery), "发件单位")
    header_safe(settings.district, "区县名称")
    found = sealed(settings, home, quarter)
    return Composed(settings, home, found, tuple(letter(settings, found, each, None) for each in settings.delivery.recipients))


def prepare(connection: Connection, composed: Composed, revised: bool = False) -> Prepared:
    """Write the issue down, once. ZjtxError where it corrects what was issued and does not say so, or nobody approved that.

    `revised`: also for who holds another version with the same figures; what was approved without them is void.
    """
    refuse_uncorrected(connection, composed.home, composed.sealed)
    own = issues.of_digest(connection, composed.digest)
    every = _dues(connection, composed, own, revised)
    widened = own is not None and any(found.wished for found in every.values())
    revision = issues.corrected(connection, own) if own else {}
    theirs = [each for each in composed.letters if not every[each.recipient.address].why]
    lines = [line for each in theirs for line in _lines(composed, each, every[each.recipient.address], revision)]
    corrects = {address: found.held.issue_id for address, found in every.items() if found.held}
    issue = issues.prepare(connection, str(composed.sealed.quarter), composed.sealed.revision, composed.digest, lines, corrects)
    if widened:
        approvals.void(connection, issue, "收件人增加")
    if not is_approved(connection, composed.settings, issue):
        notices.strike(connection, [notices.withdrawn_of(issue.quarter)])
    return _prepared(connection, composed, issue, {address: found.why for address, found in every.items() if found.why}, widened)


def _dues(connection: Connection, composed: Composed, own: Issue | None, revised: bool) -> dict[str, Due]:
    """By address what is due. Whoever was once to have this very issue still is, unless they have had a later one."""
    held = [row for row in issues.held(connection, str(composed.sealed.quarter)) if own is None or row.issue_id != own.id]
    laid = {folded(address) for address in issues.reports_by_address(connection, own)} if own else set()
    found = {}
    for each in composed.letters:
        address = each.recipient.address
        theirs = [row for row in held if folded(row.address) == folded(address)]
        begun = own is not None and folded(address) in laid and all(row.issue_id < own.id for row in theirs)
        found[address] = due(composed.settings, composed.home, composed.sealed, each, theirs, revised or begun)
        found[address] = replace(found[address], wished=found[address].wished and not begun)
    return found


def _lines(composed: Composed, each: Letter, found: Due, revision: dict[str, int | None]) -> list[Line]:
    address, settings = each.recipient.address, composed.settings
    erratum = revision.get(address) or (found.held.revision if found.held else None)
    written = composed.written(each, found.files, erratum)
    return [
        Line(address, name, written.files.get(name, written.digest), part.message_id)
        for part in parts(written, settings, composed.sealed)
        for name in part.files or (NOTICE,)
    ]


def _prepared(connection: Connection, composed: Composed, issue: Issue, passed_over: dict[str, str], widened: bool) -> Prepared:
    """The issue with its letters as the ledger has them: which files, and who is told that it corrects what they hold."""
    revision, has = issues.corrected(connection, issue), issues.reports_by_address(connection, issue)
    theirs = [each for each in composed.letters if each.recipient.address in has]
    letters = (composed.written(each, has[each.recipient.address], revision.get(each.recipient.address)) for each in theirs)
    held = [row for row in issues.held(connection, issue.quarter) if row.issue_id != issue.id]
    left = untold(connection, composed.settings, composed.home, composed.sealed, composed.letters, held)
    return Prepared(composed, issue, tuple(letters), passed_over, left, widened)
