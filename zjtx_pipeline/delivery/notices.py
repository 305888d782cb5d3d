"""Knows how a letter that is no report is posted once for its occasion: a request, a reminder, an alarm; leaves when and to whom to others.

It is owed from the moment that it stands in the ledger, so that no server's bad hour and no power cut loses it.
"""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from secrets import token_hex
from typing import TYPE_CHECKING

from zjtx_pipeline.delivery.addresses import checked, header_safe, sender
from zjtx_pipeline.delivery.post import Fate, hand_over
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger import Ledger, notices
from zjtx_pipeline.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection


def post_once(
    book: Ledger,
    settings: Settings,
    occasion: str,
    address: str,
    written: Callable[[], EmailMessage],
    whole: bool = True,
    beside: Callable[[Connection], object] = lambda connection: None,
    anew: bool = True,
) -> Fate:
    """Post a letter that is owed, unless this address has had it for this occasion, or may have; `before` where that is so, `bounced` where
    it came back. `whole`: it is not for public mailboxes. `beside`: what is written down with the claim, by the one who has it. `anew`:
    it is owed from now on at the latest; else only where it stands so already."""
    with book.writing() as connection:
        if anew:
            notices.owe(connection, occasion, address)
        state = notices.state(connection, occasion, address)
        if state != "waiting":
            came_back = state == "bounced"
            return Fate("bounced", "以前发的被退回，请核对地址") if came_back else Fate("before", "已经发过")
    message = written()
    message["Message-ID"] = number = f"<zjtx-notice-{token_hex(16)}@{sender(settings.delivery).rpartition('@')[2]}>"

    def claim() -> bool:
        with book.writing() as connection:
            mine = notices.begin(connection, occasion, address, number)
            if mine:
                beside(connection)
            return mine

    fate = hand_over(settings.delivery, message, claim, whole)
    with book.writing() as connection:
        notices.end(connection, occasion, address, number, fate.state, fate.detail)
    return fate


def refused(book: Ledger, occasion: str, address: str, error: ZjtxError) -> Fate:
    """A letter that cannot be written, for its address or name may not stand in one."""
    with book.writing() as connection:
        notices.end(connection, occasion, address, "", "refused", str(error))
    return Fate("refused", str(error))


def tell(book: Ledger, settings: Settings, occasion: str, name: str, address: str, subject: str, text: str, whole: bool = True) -> Fate:
    """Post a letter of text alone, once; where it cannot be posted now, what is said now is posted later."""
    with book.writing() as connection:
        notices.owe(connection, occasion, address, name, subject, text, whole)
    try:
        return post_once(book, settings, occasion, address, lambda: plain(settings, name, address, subject, text), whole)
    except ZjtxError as error:
        return refused(book, occasion, address, error)


def tell_waiting(book: Ledger, settings: Settings, before: str) -> None:
    """Try again what waits, and has not been tried since that time (UTC)."""
    with book.writing() as connection:
        rows = [row for row in notices.waiting(connection, before) if row.text]
    for row in rows:
        tell(book, settings, row.occasion, row.name, row.address, row.subject, row.text, bool(row.whole))


def plain(settings: Settings, name: str, address: str, subject: str, text: str) -> EmailMessage:
    """A letter of text alone; ZjtxError where the name or the address may not stand in one."""
    message = EmailMessage(policy=SMTP)
    mark = "【示例数据】" if settings.sample else ""
    message["Subject"] = header_safe(mark + subject, "邮件标题")
    message["From"] = checked(settings.bureau, sender(settings.delivery), "发件单位")
    message["To"] = checked(name, address, "收件人姓名")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text, cte="base64")
    return message
