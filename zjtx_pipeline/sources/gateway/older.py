"""Knows how the older gateway is asked: secrets that run out, and md5 signatures over them.

Leaves posting to `wire`, what bodies hold to `bodies`. By what public client code agrees on; not yet tried against the
platform itself.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Gateway, Interface
from zjtx_pipeline.sources.gateway import bodies
from zjtx_pipeline.sources.gateway.bodies import Page
from zjtx_pipeline.sources.gateway.failures import Again, Expired
from zjtx_pipeline.sources.gateway.keys import Keys, without

if TYPE_CHECKING:
    from zjtx_pipeline.sources.gateway.wire import Wire

SECRET_SECONDS = 720  # a requestSecret lives about fifteen minutes; by our clock alone, for the two may differ


class Older:
    """One app's conversation with the older gateway. `now` is the time of day, `clock` a monotonic one."""

    def __init__(
        self, gateway: Gateway, keys: Keys, wire: Wire,
        now: Callable[[], float] = time.time, clock: Callable[[], float] = time.monotonic,
    ):  # fmt: skip
        self._gateway, self._keys, self._wire = gateway, keys, wire
        self._now, self._clock = now, clock
        self._request_secret = self._refresh_secret = ""
        self._made_at = 0.0
        self._has_worked = False

    def page(self, interface: Interface, period: str, number: int) -> Page:
        """One page of an interface's rows of a 数据期; ZjtxError where it cannot be had."""
        return self._wire.tried(lambda: self._page(interface, period, number))

    def _page(self, interface: Interface, period: str, number: int) -> Page:
        """A secret that has served is changed once when it is refused; one that never did is simply wrong."""
        if not self._request_secret or self._clock() - self._made_at > SECRET_SECONDS:
            self._renew()
        try:
            page = self._asked(interface, period, number)
        except Expired:
            if not self._has_worked:
                raise
            self._renew()
            page = self._asked(interface, period, number)
        self._has_worked = True
        return page

    def _asked(self, interface: Interface, period: str, number: int) -> Page:
        path = f"gateway/api/{interface.department}/dataSharing/{interface.api}.htm"
        gateway = self._gateway
        business = {
            gateway.period_parameter: period,
            gateway.page_parameter: str(number),
            gateway.size_parameter: str(gateway.page_size),
        }
        return bodies.older_page(self._posted(path, self._request_secret, business))

    def _renew(self) -> None:
        """A new requestSecret, by the refreshSecret where there is one that the gateway still takes, else by the key."""
        self._request_secret = ""
        if self._refresh_secret:
            try:
                return self._take(self._posted("gateway/app/refreshTokenBySec.htm", self._refresh_secret), self._refresh_secret)
            except Again:
                raise
            except ZjtxError:
                self._refresh_secret = ""  # it has run out as well
        self._take(self._posted("gateway/app/refreshTokenByKey.htm", self._keys.app_secret))

    def _take(self, body: bytes, old: str = "") -> None:
        bodies.older_answer(without(body, old))  # a refusal may repeat the old secret, which new ones may be alike
        datas = (bodies.older_answer(body) or {}).get("datas")
        secrets = datas if isinstance(datas, dict) else {}
        if not isinstance(secrets.get("requestSecret"), str) or not secrets["requestSecret"]:
            raise ZjtxError("网关没有给出请求密钥（requestSecret）：请核对 appKey、appSecret 和网址。")
        self._request_secret = secrets["requestSecret"]
        self._refresh_secret = str(secrets.get("refreshSecret") or "")
        self._made_at, self._has_worked = self._clock(), False

    def _posted(self, path: str, secret: str, business: dict[str, str] | None = None) -> bytes:
        """The answer to a signed form; of what it repeats, secrets and signature are blotted out but for new secrets."""
        asked_at = str(int(self._now() * 1000))
        signed = hashlib.md5(f"{self._keys.app_key}{secret}{asked_at}".encode(), usedforsecurity=False).hexdigest()
        form = {"appKey": self._keys.app_key, "sign": signed, "requestTime": asked_at, **(business or {})}
        body = self._wire.post(f"{self._gateway.url.rstrip('/')}/{path}", form)
        given = [self._request_secret, self._refresh_secret] if business else []
        return without(body, self._keys.app_key, self._keys.app_secret, signed, *given)
