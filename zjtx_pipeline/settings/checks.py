"""Knows what has to hold between the values of a configuration, and what only rules, tables and files can say; leaves each value's kind
to the model.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from zjtx_pipeline import fonts, letterhead
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings.mail import Delivery
from zjtx_pipeline.settings.mailboxes import May, folded, is_address, may_have, printable
from zjtx_pipeline.settings.model import Settings
from zjtx_pipeline.settings.service import Door
from zjtx_pipeline.tables import load_tables


def check(path: Path, settings: Settings) -> None:
    """ZjtxError names the configuration file and the first thing in it that cannot stand."""
    _check_sources(path, settings)
    _check_passwords(path, settings)
    _check_interfaces(path, settings)
    _check_door(path, settings.door)
    _check_departments(path, settings)
    _check_delivery(path, settings.delivery)
    _check_mailboxes(path, settings)
    fonts.faces(settings.fonts.named)
    if settings.letterhead.seal:
        letterhead.seal(settings.letterhead.seal)
    settings.rules  # noqa: B018  an overlay that does not fit the rules is refused here, not in mid-run


def _check_sources(path: Path, settings: Settings) -> None:
    """ZjtxError where nothing could be read."""
    if settings.inbox is None and settings.database is None and settings.gateway is None:
        raise ZjtxError(f"配置文件 {path} 没有数据来源：请写明 inbox（收件目录）、database（数据库地址）或 gateway（网关）。")


def _check_passwords(path: Path, settings: Settings) -> None:
    """ZjtxError where a database's address bears its password."""
    for name, variable in (("database", "ZJTX_DATABASE_PASSWORD"), ("ledger", "ZJTX_LEDGER_PASSWORD")):
        if _bears_a_password(getattr(settings, name) or ""):
            raise ZjtxError(f"配置文件 {path} 中“{name}”写有口令：请从地址里删去（已经外传的请改掉），改用环境变量 {variable}。")


def _bears_a_password(address: str) -> bool:
    """Does a database's address name one, before the host or in what follows “?”?"""
    before, _, after = unquote(address).partition("?")
    who = before.partition("://")[2].rpartition("@")[0]
    return (":" in who and not address.startswith("sqlite")) or bool(re.search(r"(?:password|passwd|pwd)\s*=", after, re.IGNORECASE))


def _check_interfaces(path: Path, settings: Settings) -> None:
    """ZjtxError where an interface of the gateway names no table or no department, or offers what another offers."""
    taken: dict[str, list[str]] = {}
    for interface in settings.gateway.interfaces if settings.gateway else ():
        about = f"配置文件 {path} 中 gateway.interfaces 的“{interface.table}”"
        sender = settings.rules.department(interface.sender or "") or ""
        if interface.table not in load_tables():
            raise ZjtxError(f"{about}不是表号：请写成 D01、D06a 的样子。")
        if interface.sender and not sender:
            raise ZjtxError(f"{about}的 sender“{interface.sender}”不是报送部门的全称或简称：请核对。")
        others = taken.setdefault(interface.table, [])
        if sender in others or (others and "" in (sender, *others)):
            raise ZjtxError(f"{about}写了多次：一张表有几个接口时，请逐个写明各不相同的 sender。")
        others.append(sender)


def _check_door(path: Path, door: Door) -> None:
    """ZjtxError where passwords would travel in the clear, nobody could call it, or half a pair is named."""
    if bool(door.certificate) != bool(door.key):
        raise ZjtxError(f"配置文件 {path} 中 door 的 certificate（证书）和 key（私钥）要一起写。")
    if not door.here and not door.certificate and not door.plain:
        raise ZjtxError(f"配置文件 {path} 中 door 要让别的机器访问，必须写 certificate（证书）和 key（私钥），否则口令会在网络上明文传送。")
    if not door.called:
        raise ZjtxError(f"配置文件 {path} 中 door 缺少 names：请写明大家访问时用的主机名或 IP 地址。")


def _check_delivery(path: Path, delivery: Delivery) -> None:
    """ZjtxError where an address would get two letters, an approver could count twice, or more have to approve than may."""
    for what, named in (("recipients", delivery.recipients), ("approvers", delivery.approvers)):
        addresses = Counter(folded(each.address) for each in named)
        twice = next((each.address for each in named if addresses[folded(each.address)] > 1), None)
        if twice:
            raise ZjtxError(f"配置文件 {path} 中 delivery.{what} 的地址 {twice} 写了多次：每个地址只能写一次，请合并。")
    names = [each.name for each in delivery.approvers]
    if len(set(names)) < len(names):
        raise ZjtxError(f"配置文件 {path} 中 delivery.approvers 有重名：请写成能区分的姓名。")
    if delivery.approval == "required" and names and len(names) < delivery.approvals:
        raise ZjtxError(f"配置文件 {path} 要求 {delivery.approvals} 人批准，delivery.approvers 却只有 {len(names)} 人：请补上。")


def _check_mailboxes(path: Path, settings: Settings) -> None:
    """ZjtxError where an address may not have what it is configured for: word for recipients, whole letters for who approves or operates."""
    for where, address, enough in _mailboxes(settings):
        about = f"配置文件 {path} 中 {where}的地址 {printable(address)} "
        if not is_address(address):
            raise ZjtxError(f"{about}不是有效的邮箱地址：请改正。")
        if may_have(address, settings.delivery) not in enough:
            others = "（公共邮箱：delivery.notice_domains）" if May.NOTICES in enough else "，公共邮箱也不行"
            raise ZjtxError(f"{about}不在允许的域名 delivery.allowed_domains 内{others}：请换成单位邮箱，或核对这个配置项。")


def _mailboxes(settings: Settings) -> Iterator[tuple[str, str, tuple[May, ...]]]:
    """Each address with where it stands, and what it has to be allowed."""
    for recipient in settings.delivery.recipients:
        yield f"delivery.recipients 的“{recipient.name}”", recipient.address, (May.LETTERS, May.NOTICES)
    for approver in settings.delivery.approvers:
        yield f"delivery.approvers 的“{approver.name}”", approver.address, (May.LETTERS,)
    for address in settings.alerts.operators:
        yield "alerts.operators ", address, (May.LETTERS,)


def _check_departments(path: Path, settings: Settings) -> None:
    """ZjtxError where the audience or a recipient names what is no department in full."""
    named = [(f"audience.{part}", names or ()) for part, names in settings.audience]
    named += [(f"delivery.recipients 的“{each.name}”", (each.department,)) for each in settings.delivery.recipients if each.department]
    for where, names in named:
        unknown = [name for name in names if name not in settings.rules.departments]
        if unknown:
            raise ZjtxError(f"配置文件 {path} 中 {where}写了“{unknown[0]}”，不是责任单位的全称：请核对。")
