"""Knows the order in which a request is judged: how it was sent, who sent it, what it asks; leaves each answer to its own module."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zjtx_pipeline.door import answers, asking, entering, reading, relay
from zjtx_pipeline.door.keeper import Keeper
from zjtx_pipeline.door.refusals import Refused

OWN = Path(__file__).parent / "static"


def application(keeper: Keeper) -> Starlette:
    """The door as an ASGI application."""
    routes = [
        Route("/login", entering.show, methods=["GET"]),
        Route("/login", entering.log_in, methods=["POST"]),
        Route("/logout", entering.log_out, methods=["POST"]),
        Route("/door/who", entering.who),
        Mount("/door", StaticFiles(directory=OWN)),
        Route("/reports", reading.shelves),
        Route("/reports/", reading.reports),
        Route("/reports/{folder}/{name:path}", reading.report),
        Route("/reports/{folder}", reading.shelves),
        Route("/graphql", asking.graphql, methods=["POST"]),
        WebSocketRoute("/graphql", relay.subscribe),
        Route("/{path:path}", reading.page, methods=["GET"]),
        Route("/{path:path}", asking.elsewhere, methods=["POST"]),
    ]
    handlers = {Refused: _refused, HTTPException: _missing, Exception: _broken}
    app = Starlette(routes=routes, middleware=[Middleware(Guard, keeper=keeper)], exception_handlers=handlers)
    app.state.keeper = keeper
    return app


class Guard:
    """Before anything else: sent to us, by a page of ours, in the one way that things are asked."""

    def __init__(self, app: ASGIApp, keeper: Keeper) -> None:
        self.app, self.keeper = app, keeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                answers.protect(MutableHeaders(scope=message), self.keeper.safe)
            await send(message)

        try:
            self.keeper.place.check(scope["method"], scope["path"], Headers(scope=scope))
        except Refused as refused:
            return await _refused(Request(scope), refused)(scope, receive, protected)
        await self.app(scope, receive, protected)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A refusal before the connection stands is a plain 403."""
        try:
            self.keeper.place.check_name(Headers(scope=scope))
            self.keeper.place.check_sender(Headers(scope=scope))
            await self.app(scope, receive, send)
        except Refused as refused:
            self.keeper.refuses(HTTPConnection(scope), refused)
            await send({"type": "websocket.close", "code": relay.NOT_ALLOWED})


def _refused(request: Request, refused: Refused) -> Response:
    """Of a websocket's refusal the guard tells."""
    if request.scope["type"] == "websocket":
        raise refused
    keeper: Keeper = request.app.state.keeper
    if refused.status != 401 or refused.action == entering.ACTION or request.method == "POST":
        keeper.refuses(request, refused)
    return answers.refusal(request, refused)


def _missing(request: Request, error: HTTPException) -> Response:
    return answers.refusal(request, Refused(error.status_code, "没有这个网页，或不支持这种请求方法。"))


def _broken(request: Request, error: Exception) -> Response:
    """What went wrong stands in the log for who mends it; the user hears that it did."""
    response = answers.refusal(request, Refused(500, "出错了，没有执行。请稍后再试；仍然出错时请告知管理员。"))
    answers.protect(response.headers, request.app.state.keeper.safe)
    return response
