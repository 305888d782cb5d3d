"""Knows how a GraphQL request passes: understood, each of its mutations allowed and written down, then handed on as understood."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zjtx_pipeline.door import answers, documents, judging, keeper, paths, upstream
from zjtx_pipeline.door.keeper import Keeper
from zjtx_pipeline.door.origins import MOST_BYTES
from zjtx_pipeline.door.refusals import Refused, not_allowed
from zjtx_pipeline.door.roles import Action

OF_KIND = {"query": Action.QUERY, "subscription": Action.SUBSCRIBE}


async def graphql(request: Request) -> Response:
    kept = keeper.of(request)
    kept.require(request, Action.QUERY)  # before anything of a stranger's is read
    body = await answers.body_of(request, MOST_BYTES)
    asked = await run_in_threadpool(documents.read, body)
    await allow(kept, request, asked)
    headers = upstream.passing(request.headers, keeper.address(request), request.headers["host"], kept.place.scheme)
    return answers.passed_on(await run_in_threadpool(kept.upstream.post, asked.payload, headers))


async def allow(kept: Keeper, request: Request, asked: documents.Request) -> None:
    """Refused unless everything in the document is allowed; then each mutation is written down."""
    if not asked.kinds:
        raise Refused(400, "GraphQL 请求里没有操作。")
    for kind in asked.kinds & OF_KIND.keys():
        kept.require(request, OF_KIND[kind])
    allowed = []
    for field in asked.mutations:
        for action, target in await run_in_threadpool(judging.asked, field, kept.upstream):
            allowed.append((kept.require(request, action, target), action, target))
    for user, action, target in allowed:
        kept.passes(request, user, action, target)


async def elsewhere(request: Request) -> Response:
    """There is one address to post to; whatever else Dagster listens to would forge its records."""
    action, path = paths.action(request.scope["path"]), request.scope["path"]
    raise not_allowed(Action.UNLISTED if action is Action.READ_PAGE else action, frozenset(), path)
