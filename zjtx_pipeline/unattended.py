"""Knows what the system does with nobody looking: which quarters' reports are missing, what follows a scheduled run, when to remind.

Leaves running it to the orchestrator, whose records may be lost: what is missing is told by `reports/` and the ledger alone.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

from zjtx_pipeline import ledger, manifest, store
from zjtx_pipeline.delivery import alerts, send_quarter, signoff
from zjtx_pipeline.delivery.issuing import compose, prepare
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger import issues, mailings
from zjtx_pipeline.quarter import Quarter, quarters
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.workdays import is_workday, workday_after

IN_SERVICE = "unattended.json"
GRACE = timedelta(minutes=30)  # the schedule has the first word
_FOR_A_PERSON = ("refused", "unknown", "bounced", "prepared")
PATIENCE = timedelta(minutes=10)  # before a letter that could not be posted is tried again


def in_service_since(home: Path, closed: Quarter) -> Quarter:
    """The first quarter whose report is this installation's business: the last one closed when the system was first left to itself."""
    path = home / IN_SERVICE
    if not path.exists():
        store.write_json(path, {"since": str(closed)})
    return Quarter.parse(store.read_json(path)["since"])


def hold(home: Path, today: date) -> None:
    """Let an installation that was made again from a backup do nothing by itself about quarters closed by now: letters may have left since
    the backup, and its ledger would not know."""
    store.write_json(home / IN_SERVICE, {"since": str(Quarter.of(today))})


def missing(settings: Settings, home: Path, now: datetime) -> list[Quarter]:
    """The quarters whose report is due by now (`now` in China's time) and has not been made, or not been put before its approvers."""
    closed = Quarter.of(now.date()) - 1
    return [
        quarter
        for quarter in quarters(in_service_since(home, closed), closed)
        if quarter in settings.quarters and _due_at(settings, quarter) + GRACE <= now.replace(tzinfo=None) and _is_missing(settings, home, quarter)
    ]


def _due_at(settings: Settings, quarter: Quarter) -> datetime:
    return datetime.combine(workday_after(quarter, settings.report_workday), time.fromisoformat(settings.report_time))


def _is_missing(settings: Settings, home: Path, quarter: Quarter) -> bool:
    if not _is_made(home, quarter):
        return True
    return _signs_off(settings) and not _is_prepared(settings, home, quarter)


def _is_made(home: Path, quarter: Quarter) -> bool:
    """Do finished reports stand? Those of a damaged manifest do not, and are made anew."""
    try:
        content = manifest.read(home / "reports" / str(quarter), quarter)
    except ZjtxError:
        return False
    return content is not None and not content["draft"]


def _signs_off(settings: Settings) -> bool:
    """Does anything follow a scheduled run: a request to approvers, or the letters themselves?"""
    delivery = settings.delivery
    return bool(delivery.host and delivery.recipients and (delivery.approvers or delivery.approval == "automatic"))


def _is_prepared(settings: Settings, home: Path, quarter: Quarter) -> bool:
    if not ledger.stands(home, settings.ledger):
        return False
    with ledger.of_district(settings, home) as book, book.writing() as connection:
        return bool(issues.of_quarter(connection, str(quarter)))


def after_run(settings: Settings, home: Path, quarter: Quarter, by_schedule: bool) -> dict[str, str]:
    """What follows a run that has made a quarter's reports: nothing, unless it was the schedule's; by recipient or approver what became
    of their letter. ZjtxError where the reports may not leave."""
    if by_schedule:
        alerts.expiring(settings, home, quarter)
    else:
        return {"发送": "手工运行或补跑，不发邮件：要请批用 zjtx request，要发送用 zjtx send。"}
    if not _signs_off(settings):
        return {"发送": "没有配置邮件服务器、收件人或批准人，不发邮件。"}
    if settings.delivery.approval == "required":
        asked = signoff.ask(settings, home, quarter)
        return {each.approver.name: f"请批邮件{_said(each.state)}" for each in asked} or {"发送": "已经批准。"}
    with ledger.of_district(settings, home, claims=True) as book:
        with book.writing() as connection:
            issue = prepare(connection, compose(settings, home, quarter)).issue
        signoff.approve_by_itself(book, settings, issue)
    return {each.recipient.name: _said(each.state) for each in send_quarter(settings, home, quarter, again=False)}


def _said(state: str) -> str:
    from zjtx_pipeline.delivery.sending import TOLD

    return TOLD[state]


def waiting(settings: Settings, home: Path, now: datetime) -> list[Quarter]:
    """The quarters of which approved letters wait to be posted, those that could not be a little while ago excepted."""
    if not ledger.stands(home, settings.ledger):
        return []
    with ledger.of_district(settings, home) as book, book.writing() as connection:
        return [Quarter.parse(key) for key in mailings.waiting(connection, (now - PATIENCE).isoformat(timespec="microseconds"))]


def post_waiting(settings: Settings, home: Path, now: datetime) -> None:
    """Post what waits, and tell the operators what will not pass by itself: an approval that is void, a letter refused or in doubt."""
    for quarter in waiting(settings, home, now):
        try:
            outcomes = send_quarter(settings, home, quarter, again=False)
            wrong = [f"{each.recipient.name}：{_said(each.state)}，{each.detail}" for each in outcomes if each.state in _FOR_A_PERSON]
        except ZjtxError as error:
            wrong = [str(error)]
        if wrong:
            alerts.failed(settings, home, f"{quarter} 发信", "\n".join(wrong), now.date())


def reminds_on(settings: Settings, today: date) -> Quarter | None:
    """The quarter whose departments are to be reminded today: so many working days before or after their deadline."""
    closed = Quarter.of(today) - 1
    due_on = workday_after(closed, settings.delivery_deadline_workday)
    if closed not in settings.quarters or not is_workday(today):
        return None
    days = _workdays(today, due_on) if today <= due_on else _workdays(due_on, today)
    wanted = settings.alerts.remind_before if today <= due_on else settings.alerts.remind_after
    return closed if days in wanted else None


def _workdays(first: date, last: date) -> int:
    """Working days after the first day, up to and with the last."""
    return sum(is_workday(first + timedelta(days=number)) for number in range(1, (last - first).days + 1))
