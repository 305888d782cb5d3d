"""Knows which letters a quarter's reports make, and by which digest they are approved; leaves who is due to `due`, the ledger's rows to
`ledger`, posting to `sending`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from zjtx_pipeline import store
from zjtx_pipeline.delivery.addresses import checked, header_safe, sender
from zjtx_pipeline.delivery.due import Due, due, refuse_uncorrected, stale
from zjtx_pipeline.delivery.letters import Letter, Part, attached, letter, parts, withdrawn
from zjtx_pipeline.delivery.sealed import Sealed, sealed
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger import Issue, approvals, issues, mailings
from zjtx_pipeline.ledger.issues import Line
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import Recipient, Settings, folded

FORMER = "原收件人"  # of whom the ledger keeps the address alone
NOT_ANY_MORE = "不再需要"


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

    def recipients(self, addresses: Collection[str]) -> list[Recipient]:
        """Whose these addresses are: whom the configuration names, in its order, then whom it no longer does."""
        named = [each.recipient for each in self.letters]
        others = sorted(set(addresses) - {each.address for each in named})
        return [each for each in named if each.address in addresses] + [Recipient(name=FORMER, address=each) for each in others]

    def written(self, recipient: Recipient, files: Iterable[str], erratum: int | None, stale: tuple[str, ...]) -> Letter:
        """A recipient's letter with so many of its files, of what it corrects, and of what it withdraws."""
        wanted = frozenset(files)
        whole = next((each for each in self.letters if each.recipient == recipient), None)
        if whole and wanted >= set(whole.files) and not erratum and not stale:
            return whole
        return letter(self.settings, self.sealed, recipient, erratum, wanted, stale)


@dataclass(frozen=True)
class Prepared:
    """An issue as it stands in the ledger, its letters as they leave, and why others get none (by address); `widened`: did it come to
    concern more recipients, whom nobody has agreed to?"""

    composed: Composed
    issue: Issue
    letters: tuple[Letter, ...]
    passed_over: dict[str, str]
    widened: bool = False

    @property
    def recipients(self) -> list[Recipient]:
        """Everybody whom the configuration names or the issue concerns."""
        concerned = (each.recipient for each in (*self.composed.letters, *self.letters))
        return list({each.address: each for each in concerned}.values())

    def waiting(self, connection: Connection, states: Sequence[str]) -> list[Part]:
        """The messages that are in these states, to those who are due, in the configuration's order. Which file goes with which the
        ledger says: a limit that has changed since parts nothing that was sent in part."""
        by_address = {each.recipient.address: each for each in self.letters if each.recipient.address not in self.passed_over}
        found = [each for each in mailings.postings(connection, self.issue) if each.state in states and each.address in by_address]
        order = {address: place for place, address in enumerate(by_address)}
        return [
            Part(by_address[each.address], each.number, each.of, tuple(sorted(attached(each.reports))), each.message_id)
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
    revision = issues.corrected(connection, own) if own else {}
    theirs = composed.recipients({address for address, found in every.items() if not found.why})
    lines = [line for each in theirs for line in _lines(composed, each, every[each.address], revision)]
    corrects = {address: found.held.issue_id for address, found in every.items() if found.held}
    issue, fresh = issues.prepare(connection, str(composed.sealed.quarter), composed.sealed.revision, composed.digest, lines, corrects)
    more = {address for address, found in every.items() if found.wished} | {address for address in fresh if every[address].withdrawn}
    widened = own is not None and bool(more)
    if widened:
        approvals.void(connection, issue, "收件人增加")
    return _prepared(connection, composed, issue, every, widened)


def _dues(connection: Connection, composed: Composed, own: Issue | None, revised: bool) -> dict[str, Due]:
    """By address what is due. Whoever was once to have this very issue still is, unless they have had a later one."""
    held = [row for row in issues.held(connection, str(composed.sealed.quarter)) if own is None or row.issue_id != own.id]
    had = issues.reports_by_address(connection, own) if own else {}
    laid = {folded(address) for address, reports in had.items() if len(withdrawn(reports)) < len(reports)}
    found = {}
    for each in composed.letters:
        address = each.recipient.address
        theirs = [row for row in held if folded(row.address) == folded(address) and not withdrawn([row.report])]
        begun = own is not None and folded(address) in laid and all(row.issue_id < own.id for row in theirs)
        found[address] = due(composed.settings, composed.home, composed.sealed, each, theirs, revised or begun)
        found[address] = replace(found[address], wished=found[address].wished and not begun)
    return found | _withdrawn(composed, held, found)


def _withdrawn(composed: Composed, held: Sequence[Any], found: dict[str, Due]) -> dict[str, Due]:
    """By address what is due to who holds wrong files that are not theirs any more, beside what is due to them in any case."""
    named = {folded(address): address for address in found}
    dues = {}
    for address, rows in stale(composed.settings, composed.home, composed.sealed, composed.letters, held).items():
        known = named.get(address, rows[-1].address)
        own = found.get(known, Due())
        dues[known] = replace(own, why="", held=own.held or rows[-1], withdrawn=tuple(sorted(row.report for row in rows)))
    return dues


def _lines(composed: Composed, recipient: Recipient, found: Due, revision: dict[str, int | None]) -> list[Line]:
    erratum = revision.get(recipient.address) or (found.held.revision if found.held else None)
    written = composed.written(recipient, found.files, erratum, found.withdrawn)
    return [
        Line(recipient.address, name, written.files.get(name, written.digest), part.message_id)
        for part in parts(written, composed.settings, composed.sealed)
        for name in part.reports
    ]


def _prepared(connection: Connection, composed: Composed, issue: Issue, dues: Mapping[str, Due], widened: bool) -> Prepared:
    """The issue with its letters as the ledger has them: which files, and who is told that it corrects or withdraws what they hold."""
    revision, has = issues.corrected(connection, issue), issues.reports_by_address(connection, issue)
    letters = [_as_laid(composed, each, has[each.address], revision.get(each.address)) for each in composed.recipients(has)]
    passed_over = {address: found.why for address, found in dues.items() if found.why} | dict.fromkeys(has.keys() - dues.keys(), NOT_ANY_MORE)
    return Prepared(composed, issue, tuple(letters), passed_over, widened)


def _as_laid(composed: Composed, recipient: Recipient, reports: Iterable[str], erratum: int | None) -> Letter:
    return composed.written(recipient, attached(reports), erratum, withdrawn(reports))
