"""Knows which texts may stand in a mail header, and which addresses may be sent reports; leaves letters to `letters`."""

from __future__ import annotations

import re
import unicodedata
from email.headerregistry import Address

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Delivery

_ENCODED_WORD = "=?"  # can smuggle a line break into a header
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # controls, marks that turn the writing round, halves of signs, line ends; rare signs of names may be
_IN_ADDRESSES = frozenset('<>@,;:"\\')  # part one address from the next where a header is folded or shown carelessly
_LONGEST_NAME = 100
_ATOM = r"[A-Za-z0-9!#$%&'*+/=^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?=[^@]{{1,64}}@[^@]{{1,255}}$){_ATOM}(?:\.{_ATOM})*@(?P<domain>{_LABEL}(?:\.{_LABEL})+)")


def header_safe(text: str, what: str) -> str:
    """A text that may stand in a mail header; ZjtxError where it could break out of it."""
    if _ENCODED_WORD in text or any(unicodedata.category(sign) in _UNSEEN for sign in text):
        raise ZjtxError(f"{what}含有不能出现在邮件标题里的字符：{_printable(text)}。")
    return text


def is_address(text: str) -> bool:
    """Is it a mail address that a header may hold?"""
    return _ADDRESS.fullmatch(text) is not None


def sender(delivery: Delivery) -> str:
    """The address that letters come from; ZjtxError where none is configured."""
    if not is_address(delivery.sender):
        raise ZjtxError(f"发件地址“{_printable(delivery.sender)}”不是有效的邮箱地址：请填写 delivery.sender。")
    return delivery.sender


def may_have_reports(address: str, delivery: Delivery) -> bool:
    """True for `delivery.allowed_domains`; False for a public mailbox, which is told that there are reports, and no more.

    ZjtxError for any other address: a slip of the pen must not carry reports out of the house.
    """
    match = _ADDRESS.fullmatch(address)
    if not match:
        raise ZjtxError(f"收件地址“{_printable(address)}”不是有效的邮箱地址：请改正配置里的 delivery。")
    domain = match["domain"].lower()
    if _within(domain, delivery.allowed_domains):
        return True
    if _within(domain, delivery.notice_domains):
        return False
    raise ZjtxError(f"收件地址“{address}”不在允许的域名内（delivery.allowed_domains），没有发送。")


def checked(name: str, address: str, what: str) -> Address:
    """A recipient as a header bears them; ZjtxError where either part may not stand there."""
    if not is_address(address):
        raise ZjtxError(f"收件地址“{_printable(address)}”不是有效的邮箱地址：请改正配置里的 delivery。")
    if _IN_ADDRESSES & set(header_safe(name, what)) or len(name) > _LONGEST_NAME:
        raise ZjtxError(f"{what}“{name[:_LONGEST_NAME]}”太长，或含有 < > @ , ; : \" \\ 之一：请改用中文标点，或改短。")
    return Address(name, addr_spec=address)


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "�" for sign in text[:_LONGEST_NAME])


def shown(address: str) -> str:
    """An address as logs may hold it: `l…r@xs.gov.cn`."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}…{local[-1:]}{at}{domain}"


def _within(domain: str, domains: tuple[str, ...]) -> bool:
    return any(domain == each.lower() or domain.endswith(f".{each.lower()}") for each in domains)
