"""Knows what has to be posted by now with nobody looking: requests, approved letters, notices, and what the operators have to be told;
leaves when it is looked for to the orchestrator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from zjtx_pipeline import ledger
from zjtx_pipeline.delivery import alerts, asking, withdrawals
from zjtx_pipeline.delivery.attention import Matter, matters
from zjtx_pipeline.delivery.notices import tell_waiting
from zjtx_pipeline.delivery.sending import send_quarter
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger import mailings, notices
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import Settings

PATIENCE = timedelta(minutes=10)  # before a letter that could not be posted is tried again


@dataclass(frozen=True)
class Owed:
    """What has to be posted by now, those letters excepted that could not be a little while ago: the quarters whose requests and whose
    approved letters wait, whether any notice does, and by quarter what needs a person and the operators do not know of."""

    requests: tuple[Quarter, ...] = ()
    approved: tuple[Quarter, ...] = ()
    notices: bool = False
    matters: Mapping[str, Sequence[Matter]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.requests or self.approved or self.notices or self.matters)

    @property
    def mark(self) -> str:
        """Of which quarters something is owed, as a run of it is called."""
        return "、".join(sorted({*map(str, self.requests), *map(str, self.approved), *self.matters})) or "通知"


def owed(settings: Settings, home: Path, now: datetime) -> Owed:
    """What is owed at a moment (UTC)."""
    if not alerts.can_post(settings) or not ledger.stands(home, settings.ledger):
        return Owed()
    before = _before(now)
    with ledger.of_district(settings, home) as book:
        with book.writing() as connection:
            requests = [Quarter.parse(each.quarter) for each in asking.waiting(connection, settings, before)]
            approved = sorted(map(Quarter.parse, {*mailings.waiting(connection, before), *withdrawals.waiting(connection, before)}))
            waits = any(row.text for row in notices.waiting(connection, before))
        return Owed(tuple(requests), tuple(approved), waits, _untold(book, settings, now))


def _before(now: datetime) -> str:
    return (now - PATIENCE).isoformat(timespec="microseconds")


def _untold(book: ledger.Ledger, settings: Settings, now: datetime) -> dict[str, list[Matter]]:
    by_quarter: dict[str, list[Matter]] = {}
    for each in matters(book, settings, now):
        by_quarter.setdefault(each.quarter, []).append(each)
    return {quarter: every for quarter, every in by_quarter.items() if not alerts.is_told(book, settings, quarter, every)}


def post_owed(settings: Settings, home: Path, now: datetime) -> None:
    """Post what is owed, then tell the operators what will not pass by itself: an approval that is void, a letter refused or in doubt."""
    found = owed(settings, home, now)
    for post, what, every in ((asking.ask, "请批", found.requests), (_send, "发信", found.approved)):
        for quarter in every:
            try:
                post(settings, home, quarter)
            except ZjtxError as error:
                alerts.failed(settings, home, f"{quarter} {what}", str(error), now.date())
    if not ledger.stands(home, settings.ledger):
        return
    with ledger.of_district(settings, home) as book:
        tell_waiting(book, settings, _before(now))
        untold = _untold(book, settings, now)
    for quarter, every in untold.items():
        alerts.needed(settings, home, quarter, every)


def _send(settings: Settings, home: Path, quarter: Quarter) -> None:
    send_quarter(settings, home, quarter, again=False)


def ask_again(settings: Settings, home: Path, today: date) -> None:
    """On a working day, mail another code to approvers who have let theirs lapse."""
    if not settings.is_workday(today) or not settings.delivery.approvers or not ledger.stands(home, settings.ledger):
        return
    with ledger.of_district(settings, home) as book, book.writing() as connection:
        lapsed = asking.lapsed(connection, settings)
    for issue in lapsed:
        asking.ask_again(settings, home, issue, today)
