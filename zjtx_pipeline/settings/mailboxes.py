"""Knows when two addresses are one mailbox, and what may be sent to it: whole letters, word without figures, or nothing; leaves what a
letter holds to `delivery`.
"""

from __future__ import annotations

import re
from enum import Enum

from zjtx_pipeline.settings.mail import Delivery

_LONGEST_SHOWN = 100
_ATOM = r"[A-Za-z0-9!#$%&'*+/=^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?=[^@]{{1,64}}@[^@]{{1,255}}$){_ATOM}(?:\.{_ATOM})*@(?P<domain>{_LABEL}(?:\.{_LABEL})+)")


class May(Enum):
    """What an address may have: figures and files, word without either (a public mailbox), or nothing."""

    LETTERS, NOTICES, NOTHING = "letters", "notices", "nothing"


def may_have(address: str, delivery: Delivery) -> May:
    """By the domain: one of `allowed_domains` or below it, of `notice_domains`, or neither; what is no address may have nothing."""
    match = _ADDRESS.fullmatch(address)
    if match and _within(match["domain"], delivery.allowed_domains):
        return May.LETTERS
    return May.NOTICES if match and _within(match["domain"], delivery.notice_domains) else May.NOTHING


def is_address(text: str) -> bool:
    """Is it a mail address that a header may hold?"""
    return _ADDRESS.fullmatch(text) is not None


def folded(address: str) -> str:
    """What addresses are compared by: those that differ in capitals alone are one mailbox. Shown and sent to is what is configured."""
    return address.casefold()


def printable(text: str) -> str:
    """What is shown of a text that may be anything."""
    return "".join(sign if sign.isprintable() else "�" for sign in text[:_LONGEST_SHOWN])


def _within(domain: str, domains: tuple[str, ...]) -> bool:
    named = domain.casefold()
    return any(named == each.casefold() or named.endswith(f".{each.casefold()}") for each in domains)
