"""Knows who holds a wrong report that is not theirs any more, and how they are told to use it no more; leaves corrected ones to `due`.

Whom the configuration no longer names, or names for less, is told of each such file once, without figures, by a notice of the ledger. It is
owed from the moment that the issue which corrects is approved; whether it still is, and still holds, is asked again as it leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zjtx_pipeline.delivery.addresses import barred
from zjtx_pipeline.delivery.due import otherwise
from zjtx_pipeline.delivery.letters import NOTICE, Letter
from zjtx_pipeline.delivery.notices import plain, post_once, refused
from zjtx_pipeline.delivery.post import Fate
from zjtx_pipeline.delivery.sealed import Sealed
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger import Ledger, notices
from zjtx_pipeline.ledger.notices import WITHDRAWN
from zjtx_pipeline.ledger.adopted import BUNDLE
from zjtx_pipeline.settings import Recipient, Settings, folded

if TYPE_CHECKING:
    from sqlalchemy import Connection

NAME = "停用通知"
FORMER = "原收件人"  # of whom the ledger keeps the address alone
_BETWEEN = "|"  # files in an occasion


@dataclass(frozen=True)
class Withdrawal:
    """Which files of a quarter somebody holds wrongly and is not sent any more."""

    recipient: Recipient
    files: tuple[str, ...]


@dataclass(frozen=True)
class Noted:
    """A withdrawal as the ledger has it: a row of `notices`, with what its occasion says."""

    row: Any
    quarter: str
    revision: int
    files: tuple[str, ...]


def noted(connection: Connection, quarter: object | None = None) -> list[Noted]:
    """Those of a quarter, or of all."""
    rows = notices.of(connection, [WITHDRAWN if quarter is None else notices.withdrawn_of(quarter)])
    return [_read(row) for row in rows]


def waiting(connection: Connection, before: str) -> set[str]:
    """The quarters of which some wait and have not been tried since that time (UTC)."""
    due = {row.occasion for row in notices.waiting(connection, before)}
    return {each.quarter for each in noted(connection) if each.row.occasion in due}


def _read(row: Any) -> Noted:
    _, quarter, revision, files = row.occasion.split("/", 3)
    return Noted(row, quarter, int(revision), tuple(files.split(_BETWEEN)))


def _occasion(found: Sealed, each: Withdrawal) -> str:
    return f"{notices.withdrawn_of(found.quarter)}/{found.revision}/{_BETWEEN.join(each.files)}"


def untold(
    connection: Connection, settings: Settings, home: Path, found: Sealed, letters: Sequence[Letter], held: Sequence[Any]
) -> tuple[Withdrawal, ...]:
    """Who is to be told of which files and has not been. `held`: rows of `ledger.issues.held`."""
    if found.revision is None:
        return ()
    theirs = {folded(each.recipient.address): each for each in letters}
    known = dict(_known(connection, found))
    last = {(folded(row.address), row.report): row for row in held if row.report != NOTICE}
    rows: dict[str, list[Any]] = {}
    for (address, report), row in last.items():
        has = address in theirs and (report in theirs[address].files or report == BUNDLE)
        knows = known.get((address, report), 0) > (row.revision or 0)
        is_wrong = found.files.get(report) != row.sha256
        if is_wrong and not has and not knows and otherwise(settings, home, found.quarter, report, row.revision, found.revision):
            rows.setdefault(address, []).append(row)
    return tuple(Withdrawal(_recipient(theirs.get(address), every), tuple(sorted(row.report for row in every))) for address, every in rows.items())


def _known(connection: Connection, found: Sealed) -> Iterator[tuple[tuple[str, str], int]]:
    """By address and file the revisions, in order, of whose notice they were told; one that did not arrive is not tried again at its own."""
    for each in sorted(noted(connection, found.quarter), key=lambda each: each.revision):
        tried = each.revision == found.revision and each.row.state in ("refused", "bounced")
        if tried or each.row.state in ("sending", "sent", "unknown"):
            yield from (((folded(each.row.address), file), each.revision) for file in each.files)


def _recipient(letter: Letter | None, rows: Sequence[Any]) -> Recipient:
    newest = max(rows, key=lambda row: row.issue_id)
    return letter.recipient if letter else Recipient(name=FORMER, address=newest.address)


def owe(connection: Connection, found: Sealed, every: Iterable[Withdrawal]) -> None:
    """Write down that these are to be told, whatever becomes of the program, and nothing else any more; for an issue that is approved."""
    due = {(_occasion(found, each), folded(each.recipient.address)) for each in every}
    for each in noted(connection, found.quarter):
        if each.row.state == "waiting" and (each.row.occasion, folded(each.row.address)) not in due:
            notices.forget(connection, each.row.occasion, each.row.address)
    for each in every:
        notices.owe(connection, _occasion(found, each), each.recipient.address, each.recipient.name, whole=False)


def tell_each(
    book: Ledger, settings: Settings, found: Sealed, every: Sequence[Withdrawal], patience: int, before: Sequence[Fate]
) -> list[tuple[Recipient, Fate]]:
    """Tell them; what became of it. After so many in a row, with those `before`, that found no server the rest wait for another time."""
    fates = list(before)
    for each in every:
        if len(fates) >= patience and not any(fate.reached for fate in fates[-patience:]):
            with book.writing() as connection:
                notices.end(connection, _occasion(found, each), each.recipient.address, "", "later", fates[-1].detail)
            fates.append(fates[-1])
        else:
            fates.append(_told(book, settings, found, each))
    return [(each.recipient, fate) for each, fate in zip(every, fates[len(before) :], strict=True)]


def _told(book: Ledger, settings: Settings, found: Sealed, each: Withdrawal) -> Fate:
    """Only what still stands as owed leaves: an approval taken back, or another issue prepared, has struck it out."""
    occasion, to = _occasion(found, each), each.recipient
    try:
        return post_once(book, settings, occasion, to.address, lambda: _message(settings, found, each), whole=False, anew=False)
    except ZjtxError as error:
        return refused(book, occasion, to.address, error)


def message(settings: Settings, found: Sealed, each: Withdrawal) -> EmailMessage | str:
    """The notice as it would leave; why it would not."""
    try:
        return barred(each.recipient.address, False, settings.delivery) or _message(settings, found, each)
    except ZjtxError as error:
        return str(error)


def _message(settings: Settings, found: Sealed, each: Withdrawal) -> EmailMessage:
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
