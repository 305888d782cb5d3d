"""Knows which texts may stand in a mail header, and which addresses may be sent reports; leaves letters to `letters`."""

from __future__ import annotations

import re
from email.headerregistry import Address

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Delivery

# An encoded word can smuggle a line break into a header (CVE-2023-27043 and its kin), so none is let in.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]|=\?")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=^_`{|}~-]+@(?P<domain>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")


def header_safe(text: str, what: str) -> str:
    """A text that may stand in a mail header; ZjtxError where it could break out of it."""
    if _UNSAFE.search(text):
        raise ZjtxError(f"{what}含有不能出现在邮件标题里的字符：{text!r}。")
    return text


def is_address(text: str) -> bool:
    """Is it a mail address that a header may hold?"""
    return _ADDRESS.fullmatch(text) is not None


def sender(delivery: Delivery) -> str:
    """The address that letters come from; ZjtxError where none is configured."""
    if not is_address(delivery.sender):
        raise ZjtxError(f"发件地址“{delivery.sender}”不是有效的邮箱地址：请填写 delivery.sender。")
    return delivery.sender


def may_have_reports(address: str, delivery: Delivery) -> bool:
    """True for `delivery.allowed_domains`; False for a public mailbox, which is told that there are reports, and no more.

    ZjtxError for any other address: a slip of the pen must not carry reports out of the house.
    """
    match = _ADDRESS.fullmatch(address)
    if not match:
        raise ZjtxError(f"收件地址“{address}”不是有效的邮箱地址：请改正配置里的 delivery。")
    domain = match["domain"].lower()
    if _within(domain, delivery.allowed_domains):
        return True
    if _within(domain, delivery.notice_domains):
        return False
    raise ZjtxError(f"收件地址“{address}”不在允许的域名内（delivery.allowed_domains），没有发送。")


def checked(name: str, address: str, what: str) -> Address:
    """A recipient as a header bears them; ZjtxError where either part may not stand there."""
    if not is_address(address):
        raise ZjtxError(f"收件地址“{address}”不是有效的邮箱地址：请改正配置里的 delivery。")
    return Address(header_safe(name, what), addr_spec=address)


def shown(address: str) -> str:
    """An address as logs may hold it: `l…r@xs.gov.cn`."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}…{local[-1:]}{at}{domain}"


def _within(domain: str, domains: tuple[str, ...]) -> bool:
    return any(domain == each.lower() or domain.endswith(f".{each.lower()}") for each in domains)
