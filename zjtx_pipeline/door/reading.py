"""Knows what is only looked at: Dagster's pages and files, and the reports; leaves who may look to `roles`."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from zjtx_pipeline.door import answers, keeper, pages, paths, shelf, upstream
from zjtx_pipeline.door.roles import Action, may


async def page(request: Request) -> Response:
    kept, path = keeper.of(request), request.url.path
    action = paths.action(request.scope["path"])
    user = kept.require(request, action, path)
    if action is not Action.READ_PAGE:
        kept.passes(request, user, action, path)
    headers = upstream.passing(request.headers, keeper.address(request), request.headers["host"], kept.place.scheme)
    answer = await run_in_threadpool(kept.upstream.get, request.method, request.scope["path"], request.url.query, headers)
    return answers.passed_on(answer)


async def shelves(request: Request) -> Response:
    """An address that is cut short leads to the list."""
    return RedirectResponse("/reports/", 303)


async def reports(request: Request) -> Response:
    """Every quarter's files that this user may open."""
    kept = keeper.of(request)
    user = kept.require(request, Action.READ_REPORT)
    folders = await run_in_threadpool(kept.shelf.folders)
    allowed = [folder._replace(files=[each for each in folder.files if may(user.roles, each.action)]) for folder in folders]
    return answers.page(pages.reports(user, allowed))


async def report(request: Request) -> Response:
    kept = keeper.of(request)
    folder, name = request.path_params["folder"], request.path_params["name"]
    kept.require(request, Action.READ_REPORT, f"{folder}/{name}")
    found = await run_in_threadpool(kept.shelf.find, folder, name)
    user = kept.require(request, found.action, f"{folder}/{name}")
    if found.action is Action.READ_FIRMS:
        kept.passes(request, user, found.action, f"{folder}/{name}")
    _, content = await run_in_threadpool(kept.shelf.take, folder, name)
    ending = "." + name.rpartition(".")[2]
    return answers.file(name.rpartition("/")[2], shelf.TYPES.get(ending, shelf.OTHER), content, shown=ending == ".pdf")
