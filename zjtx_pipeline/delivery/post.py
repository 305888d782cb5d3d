"""Knows how one message is handed to the mail server, and what can become of it; leaves what it says, and the memory of it, to others.

One connection and one recipient a message, so that a drop or a refusal concerns no other.
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid

from zjtx_pipeline.delivery.addresses import barred
from zjtx_pipeline.delivery.server import connected, hint, why
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Delivery

TAKING_SECONDS = 600  # a server may look long into a letter before it says that it has it (RFC 5321, 4.5.3.2.6)
FAREWELL_SECONDS = 5
CHUNK_BYTES = 65_536
LONGEST_REPLY = 200
_END = b".\r\n"


@dataclass(frozen=True)
class Fate:
    """What became of a message: `sent`; `refused` for good; `later`: nobody has it, another time it may pass; `unknown`: the server may
    have it, a person has to ask; `taken`: another process has it in hand, or the recipient has it. `reached`: was there a server at all?"""

    state: str
    detail: str = ""
    reached: bool = True


def hand_over(delivery: Delivery, message: EmailMessage, claim: Callable[[], bool], whole: bool = True) -> Fate:
    """Post one message, where its recipient may have it (`whole`: more than word without figures); whatever leaves, leaves here.

    `claim` is asked after the server has agreed to the recipient and before it gets the text: only then, and only if it says yes, can
    anybody have the message.
    """
    if said := barred(message["To"].addresses[0].addr_spec, whole, delivery):
        return Fate("refused", said)
    try:
        content = _finished(delivery, message)
        with connected(delivery) as server:
            fate = _agree(server, message, len(content)) or _taken(claim) or _data(server, content)
            _farewell(server)
            return fate
    except ZjtxError as error:
        return Fate("later", str(error), reached=False)
    except (OSError, smtplib.SMTPException) as error:
        return _interrupted(error)


def _finished(delivery: Delivery, message: EmailMessage) -> bytes:
    """The message's bytes, with the day and the number that every letter has to bear."""
    if "Date" not in message:
        message["Date"] = format_datetime(localtime())
    if "Message-ID" not in message:
        message["Message-ID"] = make_msgid(domain=delivery.sender.rpartition("@")[2])
    content = bytes(message)
    return content if content.endswith(b"\r\n") else content + b"\r\n"


def _agree(server: smtplib.SMTP, message: EmailMessage, size: int) -> Fate | None:
    """Name sender, size and recipient; why the server will not have them, None where it will."""
    code, reply = server.mail(message["From"].addresses[0].addr_spec, [f"size={size}"] if server.has_extn("size") else [])
    if 200 <= code < 300:
        code, reply = server.rcpt(message["To"].addresses[0].addr_spec)
    return None if 200 <= code < 300 else _refused(code, reply)


def _taken(claim: Callable[[], bool]) -> Fate | None:
    return None if claim() else Fate("taken", "另一个程序正在发送，或收件人已有这一封")


def _data(server: smtplib.SMTP, content: bytes) -> Fate:
    """Give the server the text. Until the dot that ends it nobody can have the letter; from then on whoever does not hear the answer
    cannot know, and a person has to ask: no machine may send again."""
    code, reply = server.docmd("DATA")
    if code != 354:
        return _refused(code, reply)
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    for start in range(0, len(stuffed), CHUNK_BYTES):
        server.send(stuffed[start : start + CHUNK_BYTES])
    try:
        if server.sock:
            server.sock.settimeout(TAKING_SECONDS)
        server.send(_END)
        code, reply = server.getreply()
    except (OSError, smtplib.SMTPException) as error:
        return Fate("unknown", f"发送中断（{why(error)}），是否送达不明，请先核实")
    if 200 <= code < 300:
        return Fate("sent")
    return _refused(code, reply) if 400 <= code < 600 else Fate("unknown", f"服务器答复看不懂（{code}），是否送达不明，请先核实")


def _refused(code: int, reply: bytes) -> Fate:
    """A reply of 5xx is for good, any other may pass another time (RFC 5321, 4.2.1)."""
    text = "".join(sign if sign.isprintable() else " " for sign in reply.decode("utf-8", "replace"))
    said = f"{code} {' '.join(text.split())[:LONGEST_REPLY]}{hint(code)}"
    return Fate("refused", f"服务器拒收：{said}") if 500 <= code < 600 else Fate("later", f"服务器暂时不收：{said}")


def _interrupted(error: Exception) -> Fate:
    return Fate("later", f"发送没有完成就中断（{why(error)}），没有发出")


def _farewell(server: smtplib.SMTP) -> None:
    """What the server says to our leave changes nothing."""
    with suppress(OSError, smtplib.SMTPException):
        if server.sock:
            server.sock.settimeout(FAREWELL_SECONDS)
        server.quit()
