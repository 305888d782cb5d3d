"""Knows what a letter to one recipient holds; leaves handing it over to `post`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import Recipient, Settings

# An encoded word can smuggle a line break into a header (CVE-2023-27043 and its kin), so none is let in.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]|=\?")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=^_`{|}~-]+@(?P<domain>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")


_KINDS = {".pdf": "pdf", ".xlsx": "vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@dataclass(frozen=True)
class Letter:
    """One message to one recipient, and the digest of what is attached to it."""

    recipient: Recipient
    message: EmailMessage
    digest: str


def header_safe(text: str, what: str) -> str:
    """A text that may stand in a mail header; ZjtxError where it could break out of it."""
    if _UNSAFE.search(text):
        raise ZjtxError(f"{what}含有不能出现在邮件标题里的字符：{text!r}。")
    return text


def is_address(text: str) -> bool:
    """Is it a mail address that a header may hold?"""
    return _ADDRESS.fullmatch(text) is not None


def checked_address(address: str, allowed_domains: tuple[str, ...]) -> Address:
    """A recipient's address; ZjtxError if it is none or lies outside `delivery.allowed_domains`."""
    match = _ADDRESS.fullmatch(address)
    if not match:
        raise ZjtxError(f"收件地址“{address}”不是有效的邮箱地址：请改正 delivery.recipients。")
    domain = match["domain"].lower()
    if not any(domain == allowed.lower() or domain.endswith("." + allowed.lower()) for allowed in allowed_domains):
        raise ZjtxError(f"收件地址“{address}”不在允许的域名内（delivery.allowed_domains），没有发送。")
    return Address(addr_spec=address)


def letter(
    settings: Settings, quarter: Quarter, recipient: Recipient, reports: list[Path], digest: str
) -> Letter:
    """The letter that carries a recipient's PDFs and workbooks of a quarter."""
    address = checked_address(recipient.address, settings.delivery.allowed_domains)
    name = header_safe(recipient.name, "收件人姓名")
    message = EmailMessage(policy=SMTP)
    message["Subject"] = header_safe(subject(settings, quarter), "邮件标题")
    message["From"] = Address(header_safe(settings.bureau, "发件单位"), addr_spec=settings.delivery.sender)
    message["To"] = Address(name, addr_spec=address.addr_spec)
    domain = settings.delivery.sender.rpartition("@")[2]
    message["Message-ID"] = f"<zjtx-{quarter}-{digest[:32]}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_body(settings, quarter, recipient, reports), cte="base64")
    for path in reports:
        message.add_attachment(path.read_bytes(), maintype="application", subtype=_KINDS[path.suffix], filename=path.name)
    return Letter(recipient, message, digest)


def subject(settings: Settings, quarter: Quarter) -> str:
    mark = "【示例数据】" if settings.sample else ""
    return f"{mark}{settings.district}“专精特新”企业梯度培育进展报告（{quarter.chinese}）"


def _body(settings: Settings, quarter: Quarter, recipient: Recipient, reports: list[Path]) -> str:
    names = "\n".join(f"  {path.name}" for path in reports)
    sample = "本邮件所附为示例数据，不反映真实情况。\n\n" if settings.sample else ""
    return (
        f"{recipient.name}：\n\n{sample}现送上{settings.district}“专精特新”企业梯度培育三年行动计划"
        f"{quarter.chinese}进展报告，共 {len(reports)} 份：\n\n{names}\n\n"
        f"数据截至 {quarter.last_day:%Y-%m-%d}。如对数据有疑问，请与{settings.bureau}联系。\n\n{settings.bureau}\n"
    )
