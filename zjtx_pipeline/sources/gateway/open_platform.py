"""Knows how the open platform is asked: a signature from createsign.do, then the form of gateway.do.

Leaves posting to `wire`, what bodies hold to `bodies`. By what public client code agrees on; not yet tried against the
platform itself.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from zjtx_pipeline.settings import Gateway, Interface
from zjtx_pipeline.sources.gateway import bodies
from zjtx_pipeline.sources.gateway.bodies import Page
from zjtx_pipeline.sources.gateway.keys import Keys, without

if TYPE_CHECKING:
    from zjtx_pipeline.sources.gateway.wire import Wire


class OpenPlatform:
    """One app's conversation with the open platform; every page is signed anew. `now` is the time of day."""

    def __init__(self, gateway: Gateway, keys: Keys, wire: Wire, now: Callable[[], float] = time.time):
        self._gateway, self._keys, self._wire, self._now = gateway, keys, wire, now

    def page(self, interface: Interface, period: str, number: int) -> Page:
        """One page of an interface's rows of a 数据期; ZjtxError where it cannot be had."""
        return self._wire.tried(lambda: self._asked(interface, period, number))

    def _asked(self, interface: Interface, period: str, number: int) -> Page:
        base = self._gateway.url.rstrip("/")
        form = self._form(interface, self._business(period, number))
        sign_at = self._gateway.sign_url or f"{base}/createsign.do"
        signed = bodies.signature(without(self._wire.post(sign_at, form), *self._secrets()))
        body = self._wire.post(f"{base}/gateway.do", {**form, "sign": signed})
        return bodies.open_page(without(body, signed, *self._secrets()))

    def _form(self, interface: Interface, business: str) -> dict[str, str]:
        return {
            "app_id": self._keys.app_key,
            "interface_id": interface.api,
            "version": self._gateway.version,
            "charset": "utf-8",
            "timestamp": str(int(self._now() * 1000)),
            "origin": "0",
            "biz_content": business,
        }

    def _business(self, period: str, number: int) -> str:
        gateway, keys = self._gateway, self._keys
        secrets = {"appSecret": keys.app_secret, "userSecret": keys.user_secret}
        asked = {
            gateway.period_parameter: period,
            gateway.page_parameter: str(number),
            gateway.size_parameter: str(gateway.page_size),
        }
        given = {name: secret for name, secret in secrets.items() if secret}
        return json.dumps({**given, **asked}, ensure_ascii=False, separators=(",", ":"))

    def _secrets(self) -> tuple[str, ...]:
        return self._keys.app_key, self._keys.app_secret, self._keys.user_secret
