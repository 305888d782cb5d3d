"""Knows which texts may stand in a mail header, and what must not leave for an address; leaves which may have what to `settings`."""

from __future__ import annotations

import unicodedata
from email.headerregistry import Address

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Delivery, May, is_address, may_have, printable

_ENCODED_WORD = "=?"  # can smuggle a line break into a header
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # controls, marks that turn the writing round, halves of signs, line ends; rare signs of names may be
_IN_ADDRESSES = frozenset('<>@,;:"\\')  # part one address from the next where a header is folded or shown carelessly
_LONGEST_NAME = 100


def header_safe(text: str, what: str) -> str:
    """A text that may stand in a mail header; ZjtxError where it could break out of it."""
    if _ENCODED_WORD in text or any(unicodedata.category(sign) in _UNSEEN for sign in text):
        raise ZjtxError(f"{what}含有不能出现在邮件标题里的字符：{printable(text)}。")
    return text


def sender(delivery: Delivery) -> str:
    """The address that letters come from; ZjtxError where none is configured."""
    if not is_address(delivery.sender):
        raise ZjtxError(f"发件地址“{printable(delivery.sender)}”不是有效的邮箱地址：请填写 delivery.sender。")
    return delivery.sender


def may_have_reports(address: str, delivery: Delivery) -> bool:
    """True for `delivery.allowed_domains`; False for a public mailbox, which is told that there are reports, and no more.

    ZjtxError for any other address: a slip of the pen must not carry reports out of the house.
    """
    if not is_address(address):
        raise ZjtxError(f"收件地址“{printable(address)}”不是有效的邮箱地址：请改正配置里的 delivery。")
    if may_have(address, delivery) is May.NOTHING:
        raise ZjtxError(f"收件地址“{address}”不在允许的域名内（delivery.allowed_domains），没有发送。")
    return may_have(address, delivery) is May.LETTERS


def barred(address: str, whole: bool, delivery: Delivery) -> str:
    """Why a letter must not leave for an address, empty where it may. `whole`: it bears figures or files, or says what concerns the
    office alone."""
    may = may_have(address, delivery)
    if may is May.LETTERS or (may is May.NOTICES and not whole):
        return ""
    return f"收件地址 {shown(printable(address))} 不在允许的域名内（delivery.allowed_domains），没有发送"


def checked(name: str, address: str, what: str) -> Address:
    """A recipient as a header bears them; ZjtxError where either part may not stand there."""
    if not is_address(address):
        raise ZjtxError(f"收件地址“{printable(address)}”不是有效的邮箱地址：请改正配置里的 delivery。")
    if _IN_ADDRESSES & set(header_safe(name, what)) or len(name) > _LONGEST_NAME:
        raise ZjtxError(f"{what}“{name[:_LONGEST_NAME]}”太长，或含有 < > @ , ; : \" \\ 之一：请改用中文标点，或改短。")
    return Address(name, addr_spec=address)


def shown(address: str) -> str:
    """An address as logs may hold it: `l…r@xs.gov.cn`."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}…{local[-1:]}{at}{domain}"
