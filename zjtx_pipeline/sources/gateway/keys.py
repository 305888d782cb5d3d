"""Knows the gateway's keys: where they come from, and that they stay out of everything that is kept or said.

Leaves using them to `older` and `open_platform`.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Gateway

SHORTEST = 8  # a shorter key could not be told from data, and so not be kept out of it


@dataclass(frozen=True)
class Keys:
    """What the platform gave the bureau: appKey (app_id), appSecret, and in the newer form a userSecret."""

    app_key: str = field(repr=False)
    app_secret: str = field(repr=False)
    user_secret: str = field(repr=False, default="")


def from_environment(gateway: Gateway) -> Keys:
    """The keys that the environment holds; ZjtxError names the variable that is missing, never a value."""
    user_secret = os.environ.get(gateway.user_secret_variable, "") if gateway.form == "open" else ""
    optional = gateway.form == "open" and user_secret  # there either of the two secrets does
    return Keys(
        _value(gateway.app_key_variable),
        _value(gateway.app_secret_variable, optional=bool(optional)),
        user_secret and _value(gateway.user_secret_variable),
    )


def _value(variable: str, *, optional: bool = False) -> str:
    value = os.environ.get(variable, "").strip()
    if not value and not optional:
        raise ZjtxError(f"没有网关密钥：请设置环境变量 {variable}（密钥不写进配置文件）。")
    if value and len(value) < SHORTEST:
        raise ZjtxError(f"环境变量 {variable} 的值太短，不是网关密钥：请核对。")
    return value


def without(body: bytes, *secrets: str) -> bytes:
    """An answer in which the gateway repeats none of our secrets, also as JSON writes them.

    >>> without(b'{"sign":"0123456789abcdef"}', "0123456789abcdef", "")
    b'{"sign":"***"}'
    """
    for secret in secrets:
        for spelling in {secret, json.dumps(secret)[1:-1], secret.replace("/", "\\/")} if len(secret) >= SHORTEST else ():
            body = body.replace(spelling.encode("utf-8"), b"***")
    return body
