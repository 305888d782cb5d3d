"""Knows what the system does with nobody looking: which quarters' reports are missing, what follows a scheduled run, when to remind.

Leaves running it to the orchestrator, whose records may be lost: what is missing is told by `reports/` and the ledger alone.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

from zjtx_pipeline import ledger, manifest, store
from zjtx_pipeline.delivery import alerts, asking, send_quarter, signoff
from zjtx_pipeline.delivery.addresses import shown
from zjtx_pipeline.delivery.issuing import compose, prepare
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger import approvals, issues, notices
from zjtx_pipeline.quarter import CHINA, Quarter, quarters
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.workdays import is_known

IN_SERVICE = "unattended.json"
GRACE = timedelta(minutes=30)  # the schedule has the first word
SOON = timedelta(days=45)


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
    return datetime.combine(settings.reported_on(quarter), time.fromisoformat(settings.report_time))


def _is_missing(settings: Settings, home: Path, quarter: Quarter) -> bool:
    if not _is_made(home, quarter, _due_at(settings, quarter)):
        return True
    return _signs_off(settings) and not _is_put_forward(settings, home, quarter)


def _is_made(home: Path, quarter: Quarter, due_at: datetime) -> bool:
    """Do finished reports stand? Those of a damaged manifest do not, and are made anew; nor do those of before the day of the report, for
    deliveries may have come since."""
    folder = home / "reports" / str(quarter)
    try:
        content = manifest.read(folder, quarter)
    except ZjtxError:
        return False
    made_in_time = content is not None and (folder / manifest.NAME).stat().st_mtime >= due_at.replace(tzinfo=CHINA).timestamp()
    return made_in_time and not content["draft"]


def _signs_off(settings: Settings) -> bool:
    """Does anything follow a scheduled run: a request to approvers, or the letters themselves?"""
    delivery = settings.delivery
    return bool(delivery.host and delivery.recipients and (delivery.approvers or delivery.approval == "automatic"))


def _is_put_forward(settings: Settings, home: Path, quarter: Quarter) -> bool:
    """Is a request owed to anybody, or has anybody approved?"""
    if not ledger.stands(home, settings.ledger):
        return False
    with ledger.of_district(settings, home) as book, book.writing() as connection:
        every = issues.of_quarter(connection, str(quarter))
        return bool(notices.of(connection, map(asking.occasion, every))) or any(approvals.approved_at(connection, each.id) for each in every)


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
        asked = asking.ask(settings, home, quarter)
        return {each.approver.name: f"请批邮件{_said(each.state)}" for each in asked} or {"发送": "已经批准。"}
    with ledger.of_district(settings, home, claims=True) as book, book.writing() as connection:
        signoff.approve_by_itself(connection, prepare(connection, compose(settings, home, quarter)))
    outcomes = enumerate(send_quarter(settings, home, quarter, again=False), start=1)
    return {f"{number}. {each.recipient.name}（{shown(each.recipient.address)}）": _said(each.state) for number, each in outcomes}


def _said(state: str) -> str:
    from zjtx_pipeline.delivery.sending import TOLD

    return TOLD[state]


def reminds_on(settings: Settings, today: date) -> Quarter | None:
    """The quarter whose departments are to be reminded today: so many working days before or after their deadline."""
    closed = Quarter.of(today) - 1
    due_on = settings.due_on(closed)
    if closed not in settings.quarters or not settings.is_workday(today):
        return None
    days = _workdays(settings, today, due_on) if today <= due_on else _workdays(settings, due_on, today)
    wanted = settings.alerts.remind_before if today <= due_on else settings.alerts.remind_after
    return closed if days in wanted else None


def _workdays(settings: Settings, first: date, last: date) -> int:
    """Working days after the first day, up to and with the last."""
    return sum(settings.is_workday(first + timedelta(days=number)) for number in range(1, (last - first).days + 1))


def unknown_year(settings: Settings, today: date) -> int | None:
    """The year, of the deadlines of the weeks to come, whose holidays nobody has told the system."""
    year = (today + SOON).year
    return None if is_known(year, settings.holidays.announced) else year
