"""A door that really listens, and before it whatever is asked: callers of each role; behind it a webserver that only remembers."""

import asyncio
import json
import socket
import threading
from contextlib import contextmanager

import urllib3
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from zjtx_pipeline.door import serving
from zjtx_pipeline.door.gate import application
from zjtx_pipeline.door.keeper import Keeper
from zjtx_pipeline.door.roles import Role
from zjtx_pipeline.door.users import Users
from zjtx_pipeline.settings import Door

PASSWORD = "Linshi-2024-mima"
NOBODY = "未登录"
CALLERS = (NOBODY, *Role)
JOBS = {"r-quarter": "quarterly_reports", "r-approve": "approve_issue", "r-assets": "__ASSET_JOB", "r-other": "send_all", "r-schedule": "scheduled_quarter"}
BACKFILLS = {"b-quarter": ("quarterly_reports_partition_set", False), "b-assets": (None, True), "b-approve": ("approve_issue_partition_set", False)}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Behind:
    """In Dagster's place: knows a few runs and backfills, and keeps what reached it."""

    def __init__(self):
        self.asked = []
        routes = [Route("/graphql", self.graphql, methods=["GET", "POST"]), WebSocketRoute("/graphql", self.subscribe), Route("/{path:path}", self.page, methods=["GET", "POST"])]  # fmt: skip
        self.app = Starlette(routes=routes)

    async def graphql(self, request: Request):
        asked = json.loads(await request.body() or b"{}")
        if asked.get("query", "").startswith("query Door"):
            return JSONResponse({"data": self.remembered(asked["variables"])})
        self.asked.append((request.method, "/graphql", asked, request.headers))
        return JSONResponse({"data": {}})

    def remembered(self, variables):
        if "ids" in variables:
            return {"runsOrError": {"results": [{"runId": run, "jobName": JOBS[run]} for run in variables["ids"] if run in JOBS]}}
        name, assets = BACKFILLS.get(variables["id"], (None, False))
        return {"partitionBackfillOrError": {"partitionSetName": name, "isAssetBackfill": assets} if name or assets else {}}

    async def page(self, request: Request):
        self.asked.append((request.method, request.scope["path"], request.url.query, request.headers))
        headers = {"set-cookie": "a=b", "server": "behind", "x-dagster-call-counts": "{}"}
        content = b"x" * 5_000_000 if request.scope["path"] == "/large" else f"page {request.scope['path']}"
        return Response(content, headers=headers)

    async def subscribe(self, websocket):
        await websocket.accept("graphql-ws")
        try:
            while True:
                told = await websocket.receive_json()
                self.asked.append(("WEBSOCKET", "/graphql", told, websocket.headers))
                await websocket.send_json({"type": "data", "id": told.get("id"), "payload": {"heard": told}})
        except WebSocketDisconnect:
            pass


@contextmanager
def listening(app, **options):
    """An application on a free port of loopback; ended with the block."""
    with serving.listening(Door.model_construct(host="127.0.0.1", port=0)) as place:
        config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, proxy_headers=False, ws="websockets-sansio", loop="asyncio", timeout_graceful_shutdown=1, **options)  # fmt: skip
        server = uvicorn.Server(config)
        thread = threading.Thread(target=asyncio.run, args=(server.serve([place]),))
        thread.start()
        try:
            yield place.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


class Caller:
    """A browser's manners: its own cookie, and the headers that a page of ours would send."""

    def __init__(self, address: str) -> None:
        self.address, self.cookie = address, ""
        self.pool = urllib3.PoolManager(retries=False)

    def ask(self, method, path, content=None, **headers):
        """`headers`: put over a browser's own; None leaves one out."""
        own = {"Cookie": self.cookie} if self.cookie else {}
        if content is not None:
            own |= {"Content-Type": "application/json", "Origin": self.address, "Sec-Fetch-Site": "same-origin"}
        own = {name.lower(): value for name, value in own.items()} | {name.replace("_", "-").lower(): value for name, value in headers.items()}
        body = json.dumps(content).encode() if content is not None and not isinstance(content, bytes) else content
        return self.pool.urlopen(method, self.address + path, body=body, headers={name: value for name, value in own.items() if value is not None}, redirect=False)  # fmt: skip

    def log_in(self, name, password=PASSWORD, **headers):
        answer = self.ask("POST", "/login", {"name": name, "password": password}, **headers)
        if answer.status == 200:
            self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return answer

    def graphql(self, query, variables=None, **headers):
        return self.ask("POST", "/graphql", {"query": query, "variables": variables or {}}, **headers)

    def subscribe(self, **headers):
        from websockets.sync.client import connect

        more = {"Cookie": self.cookie, "Origin": self.address} | headers
        more = {name: value for name, value in more.items() if value}
        address = self.address.replace("http", "ws", 1) + "/graphql"
        return connect(address, subprotocols=["graphql-ws"], additional_headers=more, proxy=None, close_timeout=1)


class Doorway:
    """A door over a home whose users are called as their one role is."""

    def __init__(self, home, port, behind=None, clock=None):
        self.home, self.behind = home, behind
        for role in Role:
            Users(home).add(role, [role], PASSWORD)
        clocks = {"clock": clock} if clock else {}
        self.keeper = Keeper.of(Door(), home, port, **clocks)
        self.app = application(self.keeper)

    @contextmanager
    def open(self):
        with listening(self.app, http="httptools", server_header=False) as port:
            self.address = f"http://127.0.0.1:{port}"
            yield self

    def caller(self, role=NOBODY):
        caller = Caller(self.address)
        if role != NOBODY:
            assert caller.log_in(role).status == 200
        return caller

    def audit(self):
        path = self.home / "door" / "audit.log"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


@contextmanager
def door(home, clock=None):
    """A door before a webserver that only remembers what reached it."""
    behind = Behind()
    with listening(behind.app) as port, Doorway(home, port, behind, clock).open() as opened:
        yield opened
        opened.keeper.upstream.close()
