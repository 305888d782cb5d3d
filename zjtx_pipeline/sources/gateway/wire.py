"""Knows how a form is posted to the gateway, and again where that may help: the only home of urllib3 and tenacity.

Leaves what is asked and what the answer means to `older` and `open_platform`. Certificates are verified, no redirect is
followed, an answer ends at a size and a time. Forms hold keys and signatures: nothing of them is put into a sentence.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

import tenacity
import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader, ReadTimeoutError

from zjtx_pipeline.errors import ZjtxError, cause
from zjtx_pipeline.settings import Gateway
from zjtx_pipeline.sources.gateway.failures import Again, Unreached

Answer = TypeVar("Answer")
TRIES = 5
MOST_BYTES = 32 * 1024 * 1024  # a page has 200 rows
MOST_SECONDS = 300  # an answer that drips is no answer
LONGEST_WAIT = 120  # seconds; who asks for more is asked again in another run
REST_SECONDS = 300  # after a gateway was out of reach, so that 31 tables do not each wait for it
_CHUNK = 65536


class Wire:
    """One gateway's connections. `sleep` and `clock` (monotonic) are the time it goes by."""

    def __init__(self, gateway: Gateway, sleep: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic):
        self._gateway, self._sleep, self._clock = gateway, sleep, clock
        timeout = urllib3.Timeout(connect=gateway.connect_seconds, read=gateway.answer_seconds)
        self._pool = urllib3.PoolManager(num_pools=2, timeout=timeout, retries=False, cert_reqs="CERT_REQUIRED")
        self._unreached: tuple[float, Unreached] | None = None

    def tried(self, attempt: Callable[[], Answer]) -> Answer:
        """What an attempt gives, made again while it raises Again; the last failure where none succeeds."""
        if self._unreached and self._clock() < self._unreached[0]:
            raise self._unreached[1]
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(TRIES),
            wait=self._wait,
            sleep=self._sleep,
            retry=tenacity.retry_if_exception_type(Again),
            reraise=True,
        )
        try:
            return retrying(attempt)
        except Unreached as error:
            self._unreached = (self._clock() + REST_SECONDS, error)
            raise

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """As long as the gateway asks; else twice as long each time, and a little at random."""
        asked, base = state.outcome.exception().after, self._gateway.wait_seconds
        own = tenacity.wait_exponential(multiplier=base, max=60) + tenacity.wait_random(0, base)
        return own(state) if asked is None else asked

    def post(self, url: str, form: Mapping[str, str]) -> bytes:
        """The body of the answer to a form, once; Again where another try may help, else ZjtxError."""
        host = urlsplit(url).netloc
        try:
            response = self._pool.request_encode_body(
                "POST", url, fields=dict(form), encode_multipart=False, redirect=False, preload_content=False
            )
            try:
                _check_status(response, host)
                return self._body(response, host)
            finally:
                response.close()
        except (HTTPError, OSError, UnicodeError) as error:
            raise _failed(error, host) from None

    def _body(self, response: urllib3.BaseHTTPResponse, host: str) -> bytes:
        chunks, size, deadline = [], 0, self._clock() + MOST_SECONDS
        while chunk := response.read1(_CHUNK):
            chunks.append(chunk)
            size += len(chunk)
            if size > MOST_BYTES:
                raise ZjtxError(f"网关（{host}）的一次答复超过 {MOST_BYTES >> 20} MiB：请在配置中减小 page_size，或请提供方检查接口。")
            if self._clock() > deadline:
                raise ZjtxError(f"网关（{host}）的答复过了 {MOST_SECONDS} 秒还没有传完：请检查网络，或请提供方检查接口。")
        return b"".join(chunks)


def _check_status(response: urllib3.BaseHTTPResponse, host: str) -> None:
    status = response.status
    if status == 429:
        raise _busy(response, f"网关（{host}）说请求过于频繁（HTTP 429）：请稍后重新运行。")
    if status >= 500:
        raise _busy(response, f"网关（{host}）出错（HTTP {status}）：请稍后重新运行，仍不行请联系省数据共享平台。")
    if 300 <= status < 400:
        raise ZjtxError(f"网关（{host}）要转到别的地址（HTTP {status}），没有跟过去：请核对配置中 gateway 的网址。")
    if status in (401, 403):
        raise ZjtxError(f"网关（{host}）不许访问（HTTP {status}）：请核对接口授权和访问地址白名单。")
    if status != 200:
        raise ZjtxError(f"网关（{host}）不认这个请求（HTTP {status}）：请核对配置中的网址、department 和 api。")


def _busy(response: urllib3.BaseHTTPResponse, sentence: str) -> ZjtxError:
    """Again, at the time that Retry-After names in seconds or as a date; final where that is too long to wait."""
    try:
        asked = response.headers.get("Retry-After")
        after = None if asked is None else urllib3.Retry().parse_retry_after(asked)
    except (InvalidHeader, OverflowError, ValueError):
        after = None
    return Again(sentence, after) if after is None or after <= LONGEST_WAIT else ZjtxError(sentence)


def _failed(error: Exception, host: str) -> ZjtxError:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return ZjtxError(f"网关（{host}）的证书没有通过验证：请把签发机构的证书装入本机系统，或核对网址。")
    if isinstance(error, ReadTimeoutError):
        return Unreached(f"网关（{host}）没有按时答复：请检查网络，稍后重新运行。")
    return Unreached(f"网关（{host}）连不上或中途断开（{cause(error)}）：请检查网址、网络和网关是否可用，稍后重新运行。")
