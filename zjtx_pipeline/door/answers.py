"""Knows how an answer looks: headers that protect, the cookie, refusals as a page or as JSON; leaves the pages' text to `pages`."""

from __future__ import annotations

import asyncio
from urllib.parse import quote, urlencode

from starlette.concurrency import iterate_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse

from zjtx_pipeline.door import pages, upstream
from zjtx_pipeline.door.keeper import Keeper
from zjtx_pipeline.door.refusals import Refused

ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
BY_HTTPS = {"strict-transport-security": "max-age=31536000"}
OURS = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Beside Dagster's own policy, which says what scripts may run: nothing is fetched from elsewhere, nothing sent elsewhere.
THEIRS = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
    " font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECONDS_OF_BODY = 30
FILE = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'none'"


def protect(headers: MutableHeaders, safe: bool) -> None:
    """Put on every answer what browsers need to hear, and our policy where it has none of its own."""
    for name, value in (ALWAYS | (BY_HTTPS if safe else {})).items():
        headers[name] = value
    headers.setdefault("content-security-policy", OURS)
    headers.setdefault("cache-control", "no-store")


def passed_on(answer: upstream.Answer) -> Response:
    """Dagster's answer, its policy and ours together; what it lets be kept is asked for again each time."""
    policies = [answer.headers.get("content-security-policy"), THEIRS]
    headers = {"cache-control": "private, no-cache"} | answer.headers
    headers["content-security-policy"] = ", ".join(filter(None, policies))
    return StreamingResponse(iterate_in_threadpool(answer.chunks), answer.status, headers)


def page(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status)


def file(name: str, kind: str, content: bytes, shown: bool) -> Response:
    """`shown`: in the browser; else to be kept."""
    how = "inline" if shown else "attachment"
    headers = {"content-disposition": f"{how}; filename*=UTF-8''{quote(name)}", "content-security-policy": FILE}
    return Response(content, media_type=kind, headers=headers)


def refusal(connection: HTTPConnection, refused: Refused) -> Response:
    """As GraphQL says an error where JSON was sent; the login page where a person only has to log in; else a page."""
    if connection.scope["method"] == "POST" or "text/html" not in connection.headers.get("accept", ""):
        return JSONResponse({"errors": [{"message": refused.sentence}]}, refused.status)
    if refused.status == 401:
        return RedirectResponse("/login?" + urlencode({"next": _wanted(connection)}), 303)
    return page(pages.told(refused.sentence), refused.status)


def _wanted(connection: HTTPConnection) -> str:
    query = connection.url.query
    return connection.url.path + (f"?{query}" if query else "")


def keep_cookie(response: Response, keeper: Keeper, token: str, seconds: float) -> None:
    """No script reads it, no other site sends it, no plain connection carries it where there is https."""
    response.set_cookie(keeper.cookie, token, max_age=int(seconds), httponly=True, secure=keeper.safe, samesite="strict")


def drop_cookie(response: Response, keeper: Keeper) -> None:
    response.delete_cookie(keeper.cookie, httponly=True, secure=keeper.safe, samesite="strict")


async def body_of(request: Request, most: int) -> bytes:
    """A body that grows no larger and takes no longer than it may, whatever it says of itself; Refused (413, 408)."""
    parts, size = [], 0
    try:
        async with asyncio.timeout(SECONDS_OF_BODY):
            async for part in request.stream():
                parts.append(part)
                size += len(part)
                if size > most:
                    raise Refused(413, "请求太大。")
    except TimeoutError:
        raise Refused(408, "请求没有按时发完。") from None
    return b"".join(parts)
