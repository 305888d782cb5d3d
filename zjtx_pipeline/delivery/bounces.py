"""Knows how delivery reports (RFC 3464) in a folder or mailbox are read and matched to letters; leaves what follows to the ledger.

Nothing in a bounce is trusted but which of our own Message-IDs it names; nothing is deleted, and reading twice changes nothing.
"""

from __future__ import annotations

import mailbox
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from zjtx_pipeline import ledger
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger import mailings
from zjtx_pipeline.settings import Settings

LONGEST_REASON = 200
LARGEST_BYTES = 60_000_000
_OURS = re.compile(rb"<zjtx-[0-9]{4}Q[1-4]-[0-9a-f]{32}-[0-9]+@[A-Za-z0-9.-]+>")
_FAILED = "failed"


@dataclass(frozen=True)
class Bounce:
    """One message of the mailbox: its name there, whose letter came back (empty: nobody's that we know), and what was made of it."""

    name: str
    address: str
    said: str


def recorded(settings: Settings, home: Path, where: Path | None) -> list[Bounce]:
    """Read every message and write down whose letters came back; what is no report of failure is passed over and told."""
    if where is None:
        raise ZjtxError("没有写退信在哪里：请写明目录，或配置 delivery.bounces。")
    if not where.exists():
        raise ZjtxError(f"找不到存退信的 {where}：请检查目录或配置里的 delivery.bounces。")
    with ledger.opened(home, settings.ledger) as book:
        return [_recorded(book, name, content) for name, content in _messages(where)]


def _messages(where: Path) -> Iterator[tuple[str, bytes]]:
    """The messages of an mbox file, a Maildir, or a folder of .eml files, by name."""
    if where.is_file():
        for key, message in mailbox.mbox(where, create=False).iteritems():
            yield f"{where.name}#{key}", message.as_bytes()
        return
    folders = [where / each for each in ("new", "cur")] if (where / "cur").is_dir() else [where]
    for path in sorted(each for folder in folders if folder.is_dir() for each in folder.iterdir() if each.is_file() and not each.name.startswith(".")):
        if path.stat().st_size <= LARGEST_BYTES:
            yield path.name, path.read_bytes()


def _recorded(book: ledger.Ledger, name: str, content: bytes) -> Bounce:
    message = message_from_bytes(content, policy=policy.default)
    reason = _reason(message)
    if reason is None:
        return Bounce(name, "", "不是退信，没有处理")
    named = dict.fromkeys(found.decode() for found in _OURS.findall(_original(message)))
    with book.writing() as connection:
        told = [address for each in named if (address := mailings.bounce(connection, each, reason))]
    return Bounce(name, "、".join(dict.fromkeys(told)), f"已记为被退回：{reason}" if told else "退信里没有本系统发出的邮件编号，请人工核对")


def _reason(message: EmailMessage) -> str | None:
    """Why a letter could not be delivered, as the report says; None for what reports no final failure (a delay, a vacation note)."""
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for block in part.get_payload() if isinstance(part.get_payload(), list) else []:
            if str(block.get("Action", "")).strip().lower() == _FAILED:
                said = f"{block.get('Status', '')} {block.get('Diagnostic-Code', '')}"
                return " ".join("".join(sign if sign.isprintable() else " " for sign in said).split())[:LONGEST_REASON] or "未说明原因"
    return None


def _original(message: EmailMessage) -> bytes:
    """The letter that came back, or its head, as the report encloses it."""
    kinds = ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
    return b"\n".join(part.as_bytes() for part in message.walk() if part.get_content_type() in kinds)
