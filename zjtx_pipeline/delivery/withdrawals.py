"""Knows who holds a wrong report that is not theirs any more, and how they are told to use it no more; leaves corrected ones to `due`.

Whom the configuration no longer names, or names for less, is told once a revision, without figures or files, when the issue that corrects
is approved. These are notices of the ledger, and so are owed until they have left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zjtx_pipeline.delivery.due import otherwise
from zjtx_pipeline.delivery.letters import NOTICE, Letter
from zjtx_pipeline.delivery.notices import plain, tell
from zjtx_pipeline.delivery.post import Fate
from zjtx_pipeline.delivery.sealed import Sealed
from zjtx_pipeline.ledger import Ledger, notices
from zjtx_pipeline.ledger.adopted import BUNDLE
from zjtx_pipeline.settings import Recipient, Settings, folded

if TYPE_CHECKING:
    from sqlalchemy import Connection

EVERY = "withdrawn"  # what the occasions of them all begin with
NAME = "停用通知"
FORMER = "原收件人"  # of whom the ledger keeps the address alone
PAST = {"refused": "曾被拒收", "bounced": "曾被退回", "unknown": "是否送达不明"}


@dataclass(frozen=True)
class Withdrawal:
    """Which files of a quarter somebody holds wrongly and is not sent any more."""

    recipient: Recipient
    files: tuple[str, ...]


def occasion(quarter: object, revision: int | None) -> str:
    """Under which a revision's withdrawals stand in the ledger."""
    return f"{EVERY}/{quarter}/{revision}"


def quarter_and_revision(occasion: str) -> tuple[str, int]:
    _, quarter, revision = occasion.split("/")
    return quarter, int(revision)


def _occasion(found: Sealed) -> str:
    return occasion(found.quarter, found.revision)


def _of_quarter(connection: Connection, found: Sealed) -> list[Any]:
    """The notices of all its revisions."""
    return notices.of(connection, [f"{EVERY}/{found.quarter}"])


def withdrawn(
    connection: Connection, settings: Settings, home: Path, found: Sealed, letters: Sequence[Letter], held: Sequence[Any]
) -> tuple[Withdrawal, ...]:
    """Who is to be told of which files; of what they know by an earlier revision's notice nobody is told again. `held`: rows of
    `ledger.issues.held`."""
    if found.revision is None:
        return ()
    theirs = {folded(each.recipient.address): each for each in letters}
    told = _told(connection, found)
    last = {(folded(row.address), row.report): row for row in held if row.report != NOTICE}
    rows: dict[str, list[Any]] = {}
    for (address, report), row in last.items():
        has = address in theirs and (report in theirs[address].files or report == BUNDLE)
        if not has and otherwise(settings, home, found.quarter, [report], row.revision, found.revision):
            since = (each for each in told.get(address, ()) if each > row.revision)
            if not any(otherwise(settings, home, found.quarter, [report], row.revision, each) for each in since):
                rows.setdefault(address, []).append(row)
    return tuple(Withdrawal(_recipient(theirs.get(address), every), tuple(sorted(row.report for row in every))) for address, every in rows.items())


def _told(connection: Connection, found: Sealed) -> dict[str, list[int]]:
    """By address, the revisions of whose figures they have been told otherwise than by this one's notice."""
    by_address: dict[str, list[int]] = {}
    for row in _of_quarter(connection, found):
        if row.occasion != _occasion(found) and row.state not in ("waiting", "refused", "bounced"):
            by_address.setdefault(folded(row.address), []).append(quarter_and_revision(row.occasion)[1])
    return by_address


def _recipient(letter: Letter | None, rows: Sequence[Any]) -> Recipient:
    newest = max(rows, key=lambda row: row.issue_id)
    return letter.recipient if letter else Recipient(name=FORMER, address=newest.address)


def owe(connection: Connection, settings: Settings, found: Sealed, every: Iterable[Withdrawal]) -> None:
    """Write down that these are to be told, whatever becomes of the program; what waits of others is due no more."""
    addresses = {folded(each.recipient.address) for each in every}
    for row in _of_quarter(connection, found):
        if row.state == "waiting" and (row.occasion != _occasion(found) or folded(row.address) not in addresses):
            notices.forget(connection, row.occasion, row.address)
    for each in every:
        notices.owe(connection, _occasion(found), each.recipient.address, each.recipient.name, *words(settings, found, each), whole=False)


def untold(connection: Connection, found: Sealed, every: Iterable[Withdrawal]) -> list[Withdrawal]:
    """Those that have not left."""
    return [each for each in every if notices.state(connection, _occasion(found), each.recipient.address) in (None, "waiting")]


def tell_each(book: Ledger, settings: Settings, found: Sealed, every: Sequence[Withdrawal]) -> list[tuple[Recipient, Fate]]:
    """Tell whom nobody has told; what became of it."""
    with book.writing() as connection:
        owe(connection, settings, found, every)
        past = [notices.state(connection, _occasion(found), each.recipient.address) for each in every]
    return [(each.recipient, _fate(book, settings, found, each, state or "")) for each, state in zip(every, past, strict=True)]


def _fate(book: Ledger, settings: Settings, found: Sealed, each: Withdrawal, state: str) -> Fate:
    if state in PAST:
        return Fate("before", f"{NAME}{PAST[state]}：请另行告知本人")
    return tell(book, settings, _occasion(found), each.recipient.name, each.recipient.address, *words(settings, found, each), whole=False)


def message(settings: Settings, found: Sealed, each: Withdrawal) -> EmailMessage:
    """The notice as it would leave."""
    return plain(settings, each.recipient.name, each.recipient.address, *words(settings, found, each))


def words(settings: Settings, found: Sealed, each: Withdrawal) -> tuple[str, str]:
    """Subject and text of the notice."""
    report = f"{settings.district}“专精特新”企业梯度培育进展报告（{found.quarter.chinese}）"
    lines = "\n".join(f"  {name.rpartition('/')[2]}" for name in each.files)
    text = (
        f"{each.recipient.name}：\n\n此前发给您的{report}中，下列材料的数值已经更正（现为第 {found.revision} 版），原件请勿再用：\n\n{lines}\n\n"
        f"更正后的材料不再发给您，如有需要请与{settings.bureau}联系。本邮件由系统发出。\n\n{settings.bureau}\n"
    )
    return f"【更正】{report}有材料停用", text
