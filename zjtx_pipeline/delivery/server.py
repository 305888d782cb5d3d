"""Knows how a connection to the mail server is made, encrypted and logged in, and why it could not be; leaves what goes over it to `post`."""

from __future__ import annotations

import ipaddress
import os
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from zjtx_pipeline.errors import LATE, UNENCRYPTED, UNVERIFIED, ZjtxError, cause
from zjtx_pipeline.settings import Delivery

TIMEOUT_SECONDS = 60
PASSWORD = "ZJTX_SMTP_PASSWORD"


@contextmanager
def connected(delivery: Delivery) -> Iterator[smtplib.SMTP]:
    """A connection to the configured server, encrypted and logged in as configured; the password comes from
    the environment alone. ZjtxError: there is none to be had."""
    if not delivery.host:
        raise ZjtxError("配置里没有邮件服务器：请填写 delivery.host。")
    if delivery.user and delivery.security == "none" and not _is_here(delivery.host):
        raise ZjtxError("delivery.security 为 none 时口令会不加密地传出：请改为 starttls 或 tls，或删去 delivery.user。")
    if delivery.user and not os.environ.get(PASSWORD):
        raise ZjtxError(f"配置了 delivery.user，环境变量 {PASSWORD} 却没有设置，没有登录，这一封没有发送：请设置口令后再试。")
    with ExitStack() as closing_time:
        try:
            server = _connect(delivery)
            closing_time.callback(server.close)
            _log_in(server, delivery)
            server.ehlo_or_helo_if_needed()
        except UnicodeError:
            raise ZjtxError(f"delivery.host、delivery.user 或环境变量 {PASSWORD} 里有不该有的字符（如全角）：请检查。") from None
        except (OSError, smtplib.SMTPException) as error:
            where = f"{delivery.host}:{delivery.port}（{why(error)}）"
            raise ZjtxError(f"连不上邮件服务器 {where}，这一封没有发送{_remedy(error)}。") from None
        yield server


def _connect(delivery: Delivery) -> smtplib.SMTP:
    if delivery.security == "tls":
        return smtplib.SMTP_SSL(delivery.host, delivery.port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
    server = smtplib.SMTP(delivery.host, delivery.port, timeout=TIMEOUT_SECONDS)
    if delivery.security == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def _log_in(server: smtplib.SMTP, delivery: Delivery) -> None:
    if not delivery.user:
        return
    try:
        server.login(delivery.user, os.environ.get(PASSWORD, ""))
    except smtplib.SMTPAuthenticationError as error:
        if error.smtp_code < 500:
            raise
        raise ZjtxError(f"邮件服务器不接受用户名或密码：请检查 delivery.user 和环境变量 {PASSWORD}。") from None


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def why(error: Exception) -> str:
    """Why a server could not be spoken to, in Chinese; nothing of what it or we said."""
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "服务器不支持所配置的加密或登录方式"
    return f"服务器答复 {error.smtp_code}{hint(error.smtp_code)}" if isinstance(error, smtplib.SMTPResponseException) else cause(error)


def hint(code: int) -> str:
    """What an answer says of the configuration, not of the letter (RFC 3207, 4; RFC 4954, 6)."""
    return "，要求先加密或登录，请核对 delivery.security 和 delivery.user" if code == 530 else ""


_UNFIT = "：请检查网络，并核对 delivery.security 与 delivery.port 是否相配（一般 465 端口用 tls，587 和 25 端口用 starttls）"
_UNKNOWN = "：请核对 delivery.host 是否证书上的主机名，并把签发证书的机构（CA）的证书文件写在环境变量 SSL_CERT_FILE"


def _remedy(error: Exception) -> str:
    """What to do where no connection came about; empty where its cause says all."""
    return {UNVERIFIED: _UNKNOWN, LATE: _UNFIT, UNENCRYPTED: _UNFIT}.get(cause(error), "")
