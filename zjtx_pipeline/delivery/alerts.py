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
from zjtx_pipeline.delivery.attention import Matter
from zjtx_pipeline.delivery.bounces import Bounce
from zjtx_pipeline.delivery.notices import tell
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import May, Recipient, Settings, may_have

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


def needed(settings: Settings, home: Path, quarter: str, every: Sequence[Matter]) -> list[Told]:
    """Tell the operators what of a quarter's letters needs a person; again where that has changed."""
    lines = "\n".join(f"  {number}. {each.sentence}" for number, each in enumerate(every, start=1))
    text = (
        f"{quarter} 的邮件有 {len(every)} 项不会自己好，请处理：\n\n{lines}\n\n"
        f"用 zjtx ledger {quarter} 查看全部。待核实和被退回的，问过收件人后用 zjtx resolve {quarter} 记下；被拒收的，改正地址或等对方恢复后运行 "
        f"zjtx send {quarter}；没有批准的，用 zjtx request {quarter} --again 重新请批。停用通知没有送到的，电话告知即可。\n"
    )
    return _post(settings, home, _about(quarter, every), _operators(settings), f"{quarter} 邮件待处理 {len(every)} 项", text)


def is_told(book: ledger.Ledger, settings: Settings, quarter: str, every: Sequence[Matter]) -> bool:
    """Does whoever is to know what of a quarter's letters needs a person know it, or will by what waits already?"""
    with book.writing() as connection:
        return all(ledger.notices.state(connection, _about(quarter, every), address) for _, address in _operators(settings))


def _about(quarter: str, every: Sequence[Matter]) -> str:
    return f"attention/{quarter}/{store.digest(*(each.known_by for each in every))[:12]}"


def unmatched(settings: Settings, home: Path, every: Sequence[Bounce]) -> list[Told]:
    """Tell the operators which messages of the mailbox of bounces a person has to look at; again where others have come."""
    if not every:
        return []
    lines = "\n".join(f"  {number}. {each.name}：{each.said}" for number, each in enumerate(every, start=1))
    text = f"存退信的地方有 {len(every)} 封对不上或看不懂：\n\n{lines}\n\n请逐封打开核对；确是本系统的信没有送到的，更正地址后重新请批、发送。看过的可以移走。\n"
    occasion = f"unmatched/{store.digest(*(each.name for each in every))[:12]}"
    return _post(settings, home, occasion, _operators(settings), f"退信待核对 {len(every)} 封", text)


def unannounced(settings: Settings, home: Path, year: int, day: date) -> list[Told]:
    """Tell the operators that a year's holidays are not known, once a month."""
    text = (
        f"{year} 年的放假安排，本系统还没有收录：报送截止日、报告日和提醒日暂按周一至周五、除去日期固定的法定假日计算，可能早几天。\n\n"
        "请按国务院办公厅的放假通知，在配置 holidays 里填写放假和调休日期（运行维护手册“每年的放假安排”一节），或升级到收录了这一年的版本。\n"
    )
    return _post(settings, home, f"holidays/{year}/{day:%Y-%m}", _operators(settings), f"{year} 年放假安排没有收录", text)


def unkept(settings: Settings, home: Path, sentence: str, day: date) -> list[Told]:
    """Tell the operators that no backup came, once a day."""
    text = f"已经两天没有备份：\n\n{sentence}\n\n请按运维手册“备份失败”一节查明原因，补做一份：zjtx backup 目录。\n"
    return _post(settings, home, f"unkept/{day}", _operators(settings), f"{settings.district}进展报告系统没有备份", text)


def remind(settings: Settings, home: Path, quarter: Quarter, late: Mapping[str, Sequence[str]], due_on: date, today: date) -> list[Told]:
    """Remind each department of the tables that it owes, and tell the operators who owes what; once a day."""
    when = f"应于 {due_on} 前报送" if today <= due_on else f"已过报送截止日 {due_on}"
    subject = f"{quarter.chinese}数据报送提醒（{when}）"
    told: list[Told] = []
    for department, tables in late.items():
        to = [(each.name, each.address) for each in _recipients(settings, [department])]
        told += _post(settings, home, f"remind/{quarter}/{today}", to, subject, _owed(settings, quarter, department, tables, when), whole=False)
    if late:
        lines = "\n".join(f"  {department}：{'、'.join(tables)}" for department, tables in late.items())
        text = f"{quarter.chinese}数据{when}，下列部门还有表未报送：\n\n{lines}\n"
        told += _post(settings, home, f"remind/{quarter}/{today}/{OPERATOR}", _operators(settings), subject, text)
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
    theirs = _recipients(settings, settings.audience.titles)
    to = [(each.name, each.address) for each in theirs if may_have(each.address, settings.delivery) is May.LETTERS]
    return _post(settings, home, f"expiring/{quarter}", to, f"{quarter.chinese}资质到期提醒", text)


def _recipients(settings: Settings, departments: Iterable[str]) -> list[Recipient]:
    named = set(departments)
    return [each for each in settings.delivery.recipients if each.department in named]


def _operators(settings: Settings) -> list[tuple[str, str]]:
    return [(OPERATOR, address) for address in settings.alerts.operators]


def _post(
    settings: Settings, home: Path, occasion: str, to: Sequence[tuple[str, str]], subject: str, text: str, whole: bool = True
) -> list[Told]:
    if not to or not can_post(settings):
        return []
    with ledger.of_district(settings, home, claims=True) as book:
        return [_told(book, settings, occasion, name, address, subject, text, whole) for name, address in to]


def _told(book: ledger.Ledger, settings: Settings, occasion: str, name: str, address: str, subject: str, text: str, whole: bool) -> Told:
    fate = tell(book, settings, occasion, name, address, subject, text, whole)
    return Told(address, fate.state, fate.detail)
