"""Knows how an approved issue is posted, letter by letter, each once; leaves what is in it to `issuing`, the server to `post`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from zjtx_pipeline import ledger, store
from zjtx_pipeline.delivery import kept, signoff, withdrawals
from zjtx_pipeline.delivery.issuing import Composed, Prepared, compose, prepare
from zjtx_pipeline.delivery.letters import Part
from zjtx_pipeline.delivery.post import Fate, hand_over
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger import Ledger, mailings
from zjtx_pipeline.ledger.issues import UNSENT
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import Recipient, Settings

BY = "发送"
TOLD = {**mailings.STATES, "before": "未发", "later": "暂未发出", "taken": "发送中", "written": "已写出"}
PATIENCE = 3  # so many letters in a row find no server, and the rest wait for another time
DUE, AGAIN = ("approved",), ("approved", "refused")


@dataclass(frozen=True)
class Outcome:
    """What became of one recipient's letter: a state of `mailings.STATES`; `before`: nothing to send now; `later`: nobody has it, another
    time it may pass; `written`: to a folder only."""

    recipient: Recipient
    state: str
    detail: str = ""


def send_quarter(
    settings: Settings,
    home: Path,
    quarter: Quarter,
    approved_by: str = "",
    dry_run: Path | None = None,
    revised: bool = False,
    again: bool = True,
) -> list[Outcome]:
    """Post what is approved of a quarter; an outcome a recipient, in the configuration's order, then of who is told of a withdrawal.

    Nothing leaves unless every address is allowed, the files are those of the manifest, and as many as are needed have approved exactly
    these files for exactly these recipients. `approved_by`: approve in the same breath, where no approvers are configured. `again`:
    also what was refused. With `dry_run` the messages are written there as `.eml` files and nothing is recorded.
    """
    composed = compose(settings, home, quarter)
    with ledger.of_district(settings, home, claims=dry_run is None) as book:
        if dry_run:
            return _dry(book, composed, dry_run, revised)
        with book.writing() as connection:
            prepared = prepare(connection, composed, revised)
            if prepared.widened:
                _agree_anew(connection, prepared, approved_by)
        if approved_by:
            signoff.approve_by_name(book, prepared, approved_by)
        signoff.refuse_unapproved(book, prepared)
        kept.keep(home, composed.sealed, prepared.issue)
        posted = _post_all(book, prepared, AGAIN if again else DUE)
        told = withdrawals.tell_each(book, settings, composed.sealed, prepared.withdrawals, PATIENCE, list(posted.values()))
        outcomes = [_outcome(book, prepared, each.recipient, posted) for each in composed.letters]
        return outcomes + [Outcome(recipient, fate.state, fate.detail) for recipient, fate in told]


def _agree_anew(connection: Connection, prepared: Prepared, approved_by: str) -> None:
    """More recipients than were agreed to: whoever may has to agree again, and until then nothing of this stands (the transaction fails)."""
    settings, quarter = prepared.composed.settings, prepared.issue.quarter
    if settings.delivery.approval == "automatic":
        signoff.approve_by_itself(connection, prepared)
    elif settings.delivery.approvers:
        raise ZjtxError(f"加上 --revised 的收件人，批准人没有同意过，没有发送：请运行 zjtx request {quarter} --revised 重新请批。")
    elif not approved_by:
        raise ZjtxError(f"加上 --revised 的收件人，还没有批准，没有发送：请在 zjtx send {quarter} --revised 后写 --approved-by。")


def _post_all(book: Ledger, prepared: Prepared, states: tuple[str, ...]) -> dict[str, Fate]:
    """Post every letter in these states, the fates by address of those that failed for now; one sender at a time."""
    fates: dict[str, Fate] = {}
    with book.alone():
        with book.writing() as connection:
            mailings.orphans(connection)
            due = prepared.waiting(connection, states)
        in_vain = 0
        for part in due:
            fate = _post(book, prepared, part) if in_vain < PATIENCE else _left(book, prepared, part, fate)
            in_vain = 0 if fate.reached else in_vain + 1
            fates[part.letter.recipient.address] = fate
    return fates


def _left(book: Ledger, prepared: Prepared, part: Part, fate: Fate) -> Fate:
    """A letter that is not tried, for there is no server, or it does not know us."""
    with book.writing() as connection:
        mailings.put_back(connection, prepared.issue, part.message_id, fate.detail, BY, claimed=False)
    return fate


def _post(book: Ledger, prepared: Prepared, part: Part) -> Fate:
    """Post one message; what becomes of it is written down before and after."""
    settings, found, issue = prepared.composed.settings, prepared.composed.sealed, prepared.issue
    claims: list[bool] = []

    def claim() -> bool:
        with book.writing() as connection:
            claims.append(mailings.claim(connection, issue, part.message_id, BY))
        return claims[-1]

    fate = hand_over(settings.delivery, part.message(settings, found), claim, whole=bool(part.files))
    with book.writing() as connection:
        _settle(connection, issue, part.message_id, fate, any(claims))
    return fate


def _settle(connection: Connection, issue: ledger.Issue, message_id: str, fate: Fate, claimed: bool) -> None:
    if fate.state == "refused":
        mailings.refuse(connection, issue, message_id, fate.detail, BY, claimed)
    elif fate.state in ("sent", "unknown"):
        mailings.settle(connection, issue, message_id, fate.state, fate.detail, BY)
    elif fate.state == "later":
        mailings.put_back(connection, issue, message_id, fate.detail, BY, claimed)


def _outcome(book: Ledger, prepared: Prepared, recipient: Recipient, posted: dict[str, Fate]) -> Outcome:
    """As the ledger has it now; of several letters to one address the worst."""
    if recipient.address in prepared.passed_over:
        return Outcome(recipient, "before", prepared.passed_over[recipient.address])
    with book.writing() as connection:
        rows = [row for row in mailings.of_issue(connection, prepared.issue) if row.address == recipient.address]
    worst = min(rows, key=lambda row: _WORST.index(row.state))
    if worst.state == "sent" and recipient.address not in posted:
        return Outcome(recipient, "before", f"已于 {ledger.beijing_time(worst.changed_at)}（北京时间）发送")
    fate = posted.get(recipient.address)
    return Outcome(recipient, "later" if worst.state == "approved" else worst.state, worst.detail or (fate.detail if fate else ""))


_WORST = ("unknown", "bounced", "refused", "sending", "prepared", "approved", "sent")


def _dry(book: Ledger, composed: Composed, folder: Path, revised: bool) -> list[Outcome]:
    """Write the messages that would leave now; nothing is recorded."""
    with book.trying() as connection:
        prepared = prepare(connection, composed, revised)
        due = prepared.waiting(connection, UNSENT)
    leaving = [(part.letter.recipient, part.message(composed.settings, composed.sealed)) for part in due]
    leaving += [(each.recipient, withdrawals.message(composed.settings, composed.sealed, each)) for each in prepared.withdrawals]
    return [
        Outcome(recipient, "refused", message) if isinstance(message, str) else _write(folder, number, recipient, bytes(message))
        for number, (recipient, message) in enumerate(leaving, start=1)
    ]


def _write(folder: Path, number: int, recipient: Recipient, content: bytes) -> Outcome:
    local_part = "".join(c if c.isalnum() else "_" for c in recipient.address)
    path = store.write_bytes(folder / f"{number:02d}-{local_part}.eml", content)
    return Outcome(recipient, "written", str(path))
