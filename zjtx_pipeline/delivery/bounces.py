"""Knows how delivery reports (RFC 3464) in a folder or mailbox are found and matched to letters; leaves what follows to the ledger.

Nothing in a bounce is trusted but which of our own Message-IDs the enclosed letter bears; nothing is deleted, and reading twice changes nothing.
"""

from __future__ import annotations

import mailbox
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from zjtx_pipeline import ledger, store
from zjtx_pipeline.errors import ZjtxError, by_errno
from zjtx_pipeline.ledger import mailings, notices
from zjtx_pipeline.settings import Settings

LONGEST_REASON = 200
LARGEST_BYTES = 60_000_000
_OURS = re.compile(r"<zjtx-(?:[0-9]{4}Q[1-4]-[0-9a-f]{32}-[0-9]+|notice-[0-9a-f]{32})@[A-Za-z0-9.-]+>")
_FAILED = "failed"
NO_BOUNCE = "不是退信，没有处理"
_WHOLE, _HEAD = ("message/rfc822", "message/global"), ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers")


@dataclass(frozen=True)
class Bounce:
    """One message of the mailbox: its name there, whose letter came back (empty: nobody's that we know), and what was made of it."""

    name: str
    address: str
    said: str

    @property
    def open(self) -> bool:
        """Does a person have to look at it?"""
        return not self.address and self.said != NO_BOUNCE


def recorded(settings: Settings, home: Path, where: Path | None) -> list[Bounce]:
    """Read every message and write down whose letters came back; what is no report of failure is passed over and told."""
    if where is None:
        raise ZjtxError("没有写退信在哪里：请写明目录，或配置 delivery.bounces。")
    if not where.exists():
        raise ZjtxError(f"找不到存退信的 {where}：请检查目录或配置里的 delivery.bounces。")
    try:
        with ledger.of_district(settings, home) as book:
            return [_recorded(book, name, content) for name, content in _messages(where)]
    except OSError as error:
        raise ZjtxError(f"存退信的 {where} 读不出来（{by_errno(error)}）：请检查权限。") from None


def _messages(where: Path) -> Iterator[tuple[str, bytes | str]]:
    """The messages of an mbox file, a Maildir, or a folder of .eml files, by name; in place of one that was not read a sentence why."""
    if where.is_file():
        box = mailbox.mbox(where, create=False)
        try:
            for key in box.iterkeys():
                yield f"{where.name}#{key}", box.get_bytes(key)
        finally:
            box.close()
        return
    folders = [where / each for each in ("new", "cur")] if (where / "cur").is_dir() else [where]
    for path in sorted(each for folder in folders if folder.is_dir() for each in folder.iterdir() if each.is_file() and not each.name.startswith(".")):
        yield path.name, _content(path)


def _content(path: Path) -> bytes | str:
    try:
        return path.read_bytes() if path.stat().st_size <= LARGEST_BYTES else f"超过 {LARGEST_BYTES // 1_000_000} MB，没有读，请人工核对"
    except OSError as error:
        return f"读不出来（{by_errno(error)}），请人工核对"


def _recorded(book: ledger.Ledger, name: str, content: bytes | str) -> Bounce:
    if isinstance(content, str):
        return Bounce(name, "", content)
    try:
        message = message_from_bytes(content)  # of the older kind, which takes every broken header as it is
        failure = _failure(message)
        named = dict.fromkeys(_OURS.findall(" ".join(_originals(message)))) if failure else {}
    except Exception:  # whatever a stranger wrote, the others are read
        return Bounce(name, "", "看不懂这封邮件（层次太深或内容损坏），没有处理，请人工核对")
    if failure is None:
        return Bounce(name, "", _no_report(content))
    reason, report = failure
    with book.writing() as connection:
        told = [found for each in named if (found := mailings.bounce(connection, each, reason, report) or notices.bounce(connection, each))]
    said = "已记为被退回" if any(new for _, new in told) else "以前已经记过，没有改动"
    return Bounce(name, "、".join(dict.fromkeys(address for address, _ in told)), f"{said}：{reason}" if told else _nobodys(named))


def _nobodys(named: Collection[str]) -> str:
    """What is said of a failure of no letter that the ledger knows."""
    return "退的是本系统的邮件，台账里没有（可能已重新发过），请人工核对" if named else "退信里没有本系统发出的邮件编号，请人工核对"


def _no_report(content: bytes) -> str:
    """What is said of a vacation note, a delay, or a failure that is told in no form a program could rely on."""
    if _OURS.search(content.decode("latin-1")):
        return "提到了本系统发出的邮件，但不是标准退信（可能是自动回复或延迟通知），没有处理，请人工看一下"
    return NO_BOUNCE


def _failure(message: Message) -> tuple[str, str] | None:
    """Why a letter could not be delivered, as the report says, and the digest of what it says, with its number and day: the same however
    often it was fetched, another for another failure in the same words. None for what reports no final failure (a delay, a vacation note)."""
    own = str(message.get("Message-ID", "")), str(message.get("Date", ""))
    for part in message.walk():
        if part.get_content_type() not in ("message/delivery-status", "message/global-delivery-status"):
            continue
        blocks = part.get_payload() if isinstance(part.get_payload(), list) else []
        report = store.digest(*own, *(f"{name}: {value}" for block in blocks for name, value in block.items()))
        for block in blocks:
            if str(block.get("Action", "")).strip().lower() == _FAILED:
                said = f"{block.get('Status', '')} {block.get('Diagnostic-Code', '')}"
                return " ".join("".join(sign if sign.isprintable() else " " for sign in said).split())[:LONGEST_REASON] or "未说明原因", report
    return None


def _originals(message: Message) -> Iterator[str]:
    """The Message-ID of each letter that the report encloses, whole or by its head."""
    for part in message.walk():
        kind, payload = part.get_content_type(), part.get_payload()
        if kind in _WHOLE and isinstance(payload, list) and payload:
            yield str(payload[0].get("Message-ID", ""))
        elif kind in _HEAD:
            head = payload[0] if isinstance(payload, list) and payload else message_from_bytes(part.get_payload(decode=True) or b"")
            yield str(head.get("Message-ID", ""))
