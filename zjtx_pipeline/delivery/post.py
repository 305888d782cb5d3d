"""Knows how one message is handed to the mail server, and what can become of it; leaves what it says, and the memory of it, to others.

One connection and one recipient a message, so that a drop or a refusal concerns no other.
"""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage

from zjtx_pipeline.errors import ZjtxError, cause
from zjtx_pipeline.settings import Delivery

TIMEOUT_SECONDS = 60
PASSWORD = "ZJTX_SMTP_PASSWORD"
LONGEST_REPLY = 200


@dataclass(frozen=True)
class Fate:
    """What became of a message: `sent`; `refused` for good; `later`: nobody has it, another time it may pass; `unknown`: the server may
    have it, a person has to ask; `taken`: another process has it in hand."""

    state: str
    detail: str = ""


def hand_over(delivery: Delivery, message: EmailMessage, claim: Callable[[], bool]) -> Fate:
    """Post one message. `claim` is asked after the server has agreed to the recipient and before it gets the text: only then, and
    only if it says yes, can anybody have the message."""
    try:
        with _server(delivery) as server:
            refusal = _agree(server, message)
            if refusal:
                return refusal
            return _data(server, message) if claim() else Fate("taken", "另一个程序正在发送")
    except ZjtxError as error:
        return Fate("later", str(error))
    except (OSError, smtplib.SMTPException) as error:
        return Fate("later", f"发送没有开始就中断（{_why(error)}），没有发出")


@contextmanager
def _server(delivery: Delivery) -> Iterator[smtplib.SMTP]:
    """A connection to the configured server, encrypted and logged in as configured; the password comes from
    the environment alone."""
    if not delivery.host:
        raise ZjtxError("配置里没有邮件服务器：请填写 delivery.host。")
    with ExitStack() as closing_time:
        try:
            server = _connect(delivery.host, delivery.port, delivery.security)
            closing_time.callback(server.close)
            if delivery.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if delivery.user:
                server.login(delivery.user, os.environ.get(PASSWORD, ""))
            server.ehlo_or_helo_if_needed()
        except smtplib.SMTPAuthenticationError:
            raise ZjtxError(f"邮件服务器不接受用户名或密码：请检查 delivery.user 和环境变量 {PASSWORD}。") from None
        except (OSError, smtplib.SMTPException) as error:
            where = f"{delivery.host}:{delivery.port}（{_why(error)}）"
            raise ZjtxError(f"连不上邮件服务器 {where}，这一封没有发送。") from None
        yield server


def _connect(host: str, port: int, security: str) -> smtplib.SMTP:
    if security == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
    return smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)


def _agree(server: smtplib.SMTP, message: EmailMessage) -> Fate | None:
    """Name sender, size and recipient; why the server will not have them, None where it will."""
    size = [f"size={len(bytes(message))}"] if server.has_extn("size") else []
    code, reply = server.mail(message["From"].addresses[0].addr_spec, size)
    if code == 250:
        code, reply = server.rcpt(message["To"].addresses[0].addr_spec)
    return None if code in (250, 251) else _refused(code, reply)


def _data(server: smtplib.SMTP, message: EmailMessage) -> Fate:
    try:
        code, reply = server.data(bytes(message))
    except smtplib.SMTPDataError as error:
        return _refused(error.smtp_code, error.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        # The drop may have come after the server took the letter: a person has to ask, no machine may resend.
        return Fate("unknown", f"发送中断（{_why(error)}），是否送达不明，请先核实")
    return Fate("sent") if code == 250 else _refused(code, reply)


def _refused(code: int, reply: bytes) -> Fate:
    """A reply of 4xx may pass another time, 5xx will not (RFC 5321, 4.2.1)."""
    text = " ".join(reply.decode("utf-8", "replace").split())[:LONGEST_REPLY]
    passing = code == -1 or 400 <= code < 500
    return Fate("later", f"服务器暂时不收：{code} {text}") if passing else Fate("refused", f"服务器拒收：{code} {text}")


def _why(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "服务器不支持所配置的加密或登录方式"
    return f"服务器答复 {error.smtp_code}" if isinstance(error, smtplib.SMTPResponseException) else cause(error)
