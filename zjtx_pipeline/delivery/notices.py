"""Knows how a letter that is no report is posted once for its occasion: a request, a reminder, an alarm; leaves when and to whom to others."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from secrets import token_hex

from zjtx_pipeline.delivery.addresses import checked, header_safe, sender
from zjtx_pipeline.delivery.post import Fate, hand_over
from zjtx_pipeline.ledger import Ledger, notices
from zjtx_pipeline.settings import Settings


def post_once(book: Ledger, settings: Settings, occasion: str, address: str, written: Callable[[], EmailMessage], again: bool = False) -> Fate:
    """Post a letter unless this address has had one for this occasion, or may have; `before` where that is so, `bounced` where it came back.
    `again`: all the same."""
    with book.writing() as connection:
        if again:
            notices.forget(connection, occasion, address)
        elif state := notices.told(connection, occasion, address):
            return Fate("bounced", "以前发的被退回，请核对地址") if state == "bounced" else Fate("before", "已经发过")
    message = written()
    message["Message-ID"] = f"<zjtx-notice-{token_hex(16)}@{sender(settings.delivery).rpartition('@')[2]}>"

    def claim() -> bool:
        with book.writing() as connection:
            return notices.begin(connection, occasion, address, message["Message-ID"])

    fate = hand_over(settings.delivery, message, claim)
    with book.writing() as connection:
        notices.end(connection, occasion, address, fate.state)
    return fate


def plain(settings: Settings, name: str, address: str, subject: str, text: str) -> EmailMessage:
    """A letter of text alone."""
    message = EmailMessage(policy=SMTP)
    mark = "【示例数据】" if settings.sample else ""
    message["Subject"] = header_safe(mark + subject, "邮件标题")
    message["From"] = checked(settings.bureau, sender(settings.delivery), "发件单位")
    message["To"] = checked(name, address, "收件人姓名")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text, cte="base64")
    return message
