"""Knows what the system tells people by itself beside the reports: a run that failed, a backup that did not come, tables that are late,
titles that run out.

Each is told once an occasion (`notices`). Leaves when to the orchestrator; names no firm and no figure of one.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from zjtx_pipeline import ledger, store
from zjtx_pipeline.delivery.addresses import may_have_reports
from zjtx_pipeline.delivery.notices import plain, post_once
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import Recipient, Settings

OPERATOR = "运维人员"


@dataclass(frozen=True)
class Told:
    """What became of one notice."""

    address: str
    state: str
    detail: str = ""


def can_post(settings: Settings) -> bool:
    """Is there a server, and a sender, by which anything could be told?"""
    return bool(settings.delivery.host and settings.delivery.sender)


def failed(settings: Settings, home: Path, what: str, sentence: str, day: date) -> list[Told]:
    """Tell the operators that a run failed, once a day for the same reason."""
    occasion = f"failed/{what}/{day}/{store.digest(sentence)[:12]}"
    text = f"{what} 没有完成：\n\n{sentence}\n\n改正原因后，在网页界面重新运行，或运行 zjtx report。\n"
    return _post(settings, home, occasion, _operators(settings), f"运行失败：{what}", text)


def unkept(settings: Settings, home: Path, sentence: str, day: date) -> list[Told]:
    """Tell the operators that no backup came, once a day."""
    text = f"已经两天没有备份：\n\n{sentence}\n\n请按运维手册“备份失败”一节查明原因，补做一份：zjtx backup 目录。\n"
    return _post(settings, home, f"unkept/{day}", _operators(settings), f"{settings.district}进展报告系统没有备份", text)


def _operators(settings: Settings) -> list[tuple[str, str]]:
    return [(OPERATOR, address) for address in settings.alerts.operators if may_have_reports(address, settings.delivery)]


def remind(settings: Settings, home: Path, quarter: Quarter, late: Mapping[str, Sequence[str]], due_on: date, today: date) -> list[Told]:
    """Remind each department of the tables that it owes, and tell the operators who owes what; once a day."""
    when = f"应于 {due_on} 前报送" if today <= due_on else f"已过报送截止日 {due_on}"
    subject = f"{quarter.chinese}数据报送提醒（{when}）"
    told: list[Told] = []
    for department, tables in late.items():
        to = [(each.name, each.address) for each in _recipients(settings, [department])]
        told += _post(settings, home, f"remind/{quarter}/{today}", to, subject, _owed(settings, quarter, department, tables, when))
    if late and settings.alerts.operators:
        lines = "\n".join(f"  {department}：{'、'.join(tables)}" for department, tables in late.items())
        text = f"{quarter.chinese}数据{when}，下列部门还有表未报送：\n\n{lines}\n"
        told += _post(settings, home, f"remind/{quarter}/{today}", [(OPERATOR, address) for address in settings.alerts.operators], subject, text)
    return told


def _owed(settings: Settings, quarter: Quarter, department: str, tables: Sequence[str], when: str) -> str:
    lines = "\n".join(f"  {number}. {table}" for number, table in enumerate(tables, start=1))
    return (
        f"{department}：\n\n{settings.district}“专精特新”企业梯度培育{quarter.chinese}数据{when}，贵单位还有 {len(tables)} 张表未报送：\n\n"
        f"{lines}\n\n请按填报表报送；本季没有发生的，请报“零报送”。未报送的数据在报告中列为“待补”。\n\n{settings.bureau}\n"
    )


def expiring(settings: Settings, home: Path, quarter: Quarter) -> list[Told]:
    """Tell whoever may see titles how many run out within two quarters, by kind; once a quarter, without names."""
    path = home / "reports" / str(quarter) / "watchlist.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        counted = Counter((row["tier"], row["review"]) for row in csv.DictReader(file))
    if not counted:
        return []
    lines = "\n".join(f"  {tier}：{count} 项（{review}）" for (tier, review), count in sorted(counted.items()))
    text = (
        f"{quarter.last_day} 起两个季度内到期的资质共 {counted.total()} 项：\n\n{lines}\n\n"
        "请提醒企业按时复核和更新信息。企业名单见报告分发材料中的“到期和初筛名单”。\n"
    )
    to = [(each.name, each.address) for each in _recipients(settings, settings.audience.titles) if may_have_reports(each.address, settings.delivery)]
    return _post(settings, home, f"expiring/{quarter}", to, f"{quarter.chinese}资质到期提醒", text)


def _recipients(settings: Settings, departments: Iterable[str]) -> list[Recipient]:
    named = set(departments)
    return [each for each in settings.delivery.recipients if each.department in named]


def _post(settings: Settings, home: Path, occasion: str, to: Sequence[tuple[str, str]], subject: str, text: str) -> list[Told]:
    if not to or not can_post(settings):
        return []
    with ledger.opened(home, settings.ledger) as book:
        return [_told(book, settings, occasion, name, address, subject, text) for name, address in to]


def _told(book: ledger.Ledger, settings: Settings, occasion: str, name: str, address: str, subject: str, text: str) -> Told:
    fate = post_once(book, settings, occasion, address, lambda: plain(settings, name, address, subject, text))
    return Told(address, fate.state, fate.detail)
