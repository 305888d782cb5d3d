"""Knows which letters a quarter's reports make, to whom they are due, and by which digest they are approved; leaves the ledger's rows to
`ledger`, posting to `sending`.

Due is who has nothing of the quarter yet, and who holds a wrong version: one whose figures, of the tasks that their files tell, are
otherwise now. Who holds these very files, or other files with the same figures, gets nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from zjtx_pipeline import revisions, store
from zjtx_pipeline.delivery.letters import NOTICE, Letter, Part, letter, parts
from zjtx_pipeline.delivery.sealed import Sealed, sealed, tasks_of
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger import Issue, issues
from zjtx_pipeline.ledger.adopted import BUNDLE
from zjtx_pipeline.ledger.issues import Line
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import Settings

OTHERWISE = "以前发过本季度的另一版，其中的数值没有改变：要发这一版请加 --revised。"


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


@dataclass(frozen=True)
class Prepared:
    """An issue as it stands in the ledger, its letters as they leave, and why others get none (by address)."""

    composed: Composed
    issue: Issue
    letters: tuple[Letter, ...]
    passed_over: dict[str, str]

    def parts(self, each: Letter) -> list[Part]:
        return parts(each, self.composed.settings, self.composed.sealed)


def compose(settings: Settings, home: Path, quarter: Quarter) -> Composed:
    """Every recipient's letter. ZjtxError: one may not be sent, or there is nothing to send."""
    if not settings.delivery.recipients:
        raise ZjtxError("配置里没有收件人：请填写 delivery.recipients。")
    found = sealed(settings, home, quarter)
    return Composed(settings, home, found, tuple(letter(settings, found, each, None) for each in settings.delivery.recipients))


def prepare(connection: Connection, composed: Composed, revised: bool = False) -> Prepared:
    """Write the issue down, once. ZjtxError where it corrects what was issued and does not say so, or nobody approved that.

    `revised`: also who holds another version with the same figures.
    """
    refuse_uncorrected(connection, composed)
    own = issues.of_digest(connection, composed.digest)
    others = [row for row in issues.held(connection, str(composed.sealed.quarter)) if own is None or row.issue_id != own.id]
    due, passed_over, corrects = [], {}, {}
    for each in composed.letters:
        why, held = _due(composed, each, [row for row in others if row.address == each.recipient.address], revised)
        if why:
            passed_over[each.recipient.address] = why
            continue
        due.append(_correcting(composed, each, held.revision) if held else each)
        if held:
            corrects[each.recipient.address] = held.issue_id
    issue = issues.prepare(connection, str(composed.sealed.quarter), composed.sealed.revision, composed.digest, _lines(composed, due), corrects)
    return _prepared(connection, composed, issue, passed_over)


def _prepared(connection: Connection, composed: Composed, issue: Issue, passed_over: dict[str, str]) -> Prepared:
    """The issue with its letters as the ledger has them: who is told that it corrects what they hold."""
    revision = issues.corrected(connection, issue)
    has = issues.addresses(connection, issue)
    theirs = [each for each in composed.letters if each.recipient.address in has]
    letters = tuple(_correcting(composed, each, revision.get(each.recipient.address)) for each in theirs)
    return Prepared(composed, issue, letters, passed_over)


def _correcting(composed: Composed, each: Letter, revision: int | None) -> Letter:
    return letter(composed.settings, composed.sealed, each.recipient, revision) if revision else each


def _lines(composed: Composed, due: Iterable[Letter]) -> list[Line]:
    settings, found = composed.settings, composed.sealed
    return [
        Line(each.recipient.address, name, each.files.get(name, each.digest), part.message_id(settings, found))
        for each in due
        for part in parts(each, settings, found)
        for name in part.files or (NOTICE,)
    ]


def _due(composed: Composed, each: Letter, held: Sequence[Any], revised: bool) -> tuple[str, Any]:
    """Why a recipient gets nothing now (empty: the letter is due), and what they hold wrongly."""
    if not held:
        return "", None
    last = [row for row in held if row.issue_id == held[-1].issue_id]
    if not each.files or _same(last, each):
        return f"已于 {last[-1].changed_at[:19].replace('T', ' ')}（UTC）发送", None
    if _wrong(composed, each, last[-1].revision):
        return "", last[-1]
    return ("", None) if revised else (OTHERWISE, None)


def _same(held: Sequence[Any], each: Letter) -> bool:
    """Does a recipient hold these very files? An earlier program kept one digest of them all."""
    by_name = {row.report: row.sha256 for row in held}
    return by_name in (each.files, {BUNDLE: store.digest(*each.files.values())})


def _wrong(composed: Composed, each: Letter, revision: int | None) -> bool:
    """Are figures that a recipient's files tell otherwise than in the revision that they hold?"""
    home, quarter = composed.home, composed.sealed.quarter
    held, now = (revisions.numbered(home, quarter, number) for number in (revision, composed.sealed.revision))
    if held is None or now is None or held.number == now.number:
        return False
    tasks = tasks_of(each.recipient, composed.settings)
    changed = revisions.changes(held.figures, now.figures)["indicator"].str.slice(1, 3).astype("int")
    return bool(changed.isin(tasks).any())


def refuse_uncorrected(connection: Connection, composed: Composed) -> None:
    """ZjtxError where figures differ from what recipients had last, and the reports do not say so, or nobody approved it."""
    home, quarter, revision = composed.home, composed.sealed.quarter, composed.sealed.revision
    others = set(issues.issued_revisions(connection, str(quarter))) - {revision}
    this, last = (revisions.numbered(home, quarter, number) for number in (revision, max(others, default=None)))
    if this is None or last is None or revisions.changes(last.figures, this.figures).empty:
        return
    about, again = f"{quarter} 这一版更正了已经发出的第 {last.number} 版", f"请重新运行 zjtx report {quarter}"
    if this.notice is None or this.notice["since"] != last.number:
        raise ZjtxError(f"{about}，报告里却没有更正说明：{again}。")
    if this.notice["order"] is None and revisions.ordered(home, quarter, last.number):
        raise ZjtxError(f"{about}，更正已经批准，报告里还没有印上：{again}。")
    if this.notice["order"] is None:
        raise ZjtxError(f"{about}，还没有批准：请先用 zjtx correct {quarter} --why 原因 --approved-by 姓名 记下批准，再重新运行 zjtx report {quarter}。")
