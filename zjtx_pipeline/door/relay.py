"""Knows how the progress of runs passes over a websocket while a session lasts: subscriptions, which read, and nothing else.

The home of websockets' client.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from zjtx_pipeline.door import documents, keeper, upstream
from zjtx_pipeline.door.keeper import Keeper
from zjtx_pipeline.door.refusals import Refused
from zjtx_pipeline.door.roles import Action

PROTOCOL = "graphql-ws"
PLAIN = ("connection_init", "connection_terminate", "stop")  # what says nothing but this
MOST_BYTES = 16 * 1024 * 1024
LOOK_SECONDS = 5
GOING_AWAY, NOT_ALLOWED, NOT_REACHED = 1001, 1008, 1013


async def subscribe(socket: WebSocket) -> None:
    kept = keeper.of(socket)
    kept.require(socket, Action.SUBSCRIBE)
    if PROTOCOL not in socket.scope["subprotocols"]:
        raise Refused(400, "不支持这种连接。", Action.SUBSCRIBE)
    address = f"ws://{upstream.HOST}:{kept.upstream.port}/graphql"
    try:
        async with connect(address, subprotocols=[PROTOCOL], proxy=None, max_size=MOST_BYTES) as behind:
            await socket.accept(PROTOCOL)
            await _close(socket, await _pass(socket, behind, kept))
    except (OSError, WebSocketException):
        await _close(socket, NOT_REACHED)


async def _pass(socket: WebSocket, behind: ClientConnection, kept: Keeper) -> int:
    """Both ways, until either side or the session ends; the code that says why."""
    tasks = [asyncio.create_task(each) for each in (_there(socket, behind, kept), _back(socket, behind), _lasts(socket, kept))]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return max(task.result() for task in done)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _there(socket: WebSocket, behind: ClientConnection, kept: Keeper) -> int:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return GOING_AWAY
        try:
            told = await run_in_threadpool(read, message.get("text"))
        except Refused as refused:
            kept.refuses(socket, refused)
            return NOT_ALLOWED
        await behind.send(json.dumps(told))


async def _back(socket: WebSocket, behind: ClientConnection) -> int:
    async for text in behind:
        await socket.send_text(text if isinstance(text, str) else text.decode("utf-8"))
    return GOING_AWAY


async def _lasts(socket: WebSocket, kept: Keeper) -> int:
    """Looks now and then whether the user is still logged in, and may still listen."""
    while kept.user(socket, touch=False):
        await asyncio.sleep(LOOK_SECONDS)
    return NOT_ALLOWED


def read(text: str | None) -> dict[str, Any]:
    """What a message says, written anew; Refused: anything but a subscription's beginning and end."""
    try:
        told = json.loads(text or "")
        kind, name = told["type"], told.get("id")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Refused(400, "消息写法不对。", Action.SUBSCRIBE) from None
    named = {"id": name} if isinstance(name, str) else {}
    if kind in PLAIN:
        return {"type": kind, **named}
    if kind != "start" or not named:
        raise Refused(400, "消息写法不对。", Action.SUBSCRIBE)
    asked = documents.understand(told.get("payload"))
    if asked.kinds != {"subscription"}:
        raise Refused(403, "这里只能接收运行进度。", Action.SUBSCRIBE, " ".join(field.name for field in asked.mutations))
    return {"type": kind, **named, "payload": asked.payload}


async def _close(socket: WebSocket, code: int) -> None:
    try:
        await socket.close(code)
    except (RuntimeError, WebSocketDisconnect):
        pass  # the browser has gone already
