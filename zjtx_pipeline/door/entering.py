"""Knows how one logs in and out, and that guessing is slow; leaves users and sessions to their own modules."""

from __future__ import annotations

import json

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from zjtx_pipeline.door import answers, keeper, pages
from zjtx_pipeline.door.keeper import Keeper
from zjtx_pipeline.door.refusals import Refused
from zjtx_pipeline.door.users import User, matches

ACTION, LEAVING = "登录", "退出"
HOME = "/reports/"
NOBODY = "（没有这个用户）"  # what was typed may be a password, in the wrong field
MOST_BYTES = 10_000


async def show(request: Request) -> Response:
    """The login page; who is logged in already goes on."""
    if keeper.of(request).user(request):
        return RedirectResponse(_local(request.query_params.get("next")), 303)
    return answers.page(pages.login(_local(request.query_params.get("next"))))


async def who(request: Request) -> Response:
    """Whether the browser holds a session, for the login page reached by a link elsewhere, where no cookie was sent along."""
    return JSONResponse({"in": keeper.of(request).user(request) is not None})


async def log_in(request: Request) -> Response:
    kept = keeper.of(request)
    name, password = _given(await answers.body_of(request, MOST_BYTES))
    user = await _judged(kept, request, name, password)
    kept.by_name.forget(name)
    kept.by_address.forget(keeper.address(request))
    kept.audit.write(user.name, keeper.address(request), ACTION, "、".join(sorted(user.roles)), keeper.PASSED)
    response = JSONResponse({"in": True})
    answers.keep_cookie(response, kept, kept.sessions.open(user), kept.sessions.life)
    return response


async def log_out(request: Request) -> Response:
    kept = keeper.of(request)
    if user := kept.user(request):
        kept.passes(request, user, LEAVING, "")
    kept.sessions.close(request.cookies.get(kept.cookie, ""))
    response = JSONResponse({"in": False})
    answers.drop_cookie(response, kept)
    return response


async def _judged(kept: Keeper, request: Request, name: str, password: str) -> User:
    """Refused alike for a wrong name and a wrong password, and without a look at either after too many."""
    address, user = keeper.address(request), kept.users.all().get(name)
    told = user.name if user else NOBODY
    if not kept.by_address.admits(address) or not kept.by_name.admits(name):
        raise Refused(429, "尝试次数太多，请十五分钟后再试。", ACTION, told)
    async with kept.judging:
        right = await run_in_threadpool(matches, user, password)
    if user is None or not right:
        raise Refused(401, "用户名或口令不对。", ACTION, told)
    return user


def _given(body: bytes) -> tuple[str, str]:
    try:
        given = json.loads(body.decode("utf-8"))
        name, password = given["name"], given["password"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Refused(400, "登录请求写法不对。", ACTION) from None
    if not isinstance(name, str) or not isinstance(password, str) or len(name) > 100:
        raise Refused(400, "登录请求写法不对。", ACTION)
    return name, password


def _local(wanted: str | None) -> str:
    """A page of ours to go to after login; anything else is answered with the reports."""
    local = bool(wanted) and wanted.startswith("/") and not wanted.startswith(("//", "/\\", "/login")) and wanted.isprintable()
    return wanted if local else HOME
