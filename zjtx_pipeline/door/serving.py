"""Knows how the door listens, with or without a certificate, and ends with what it stands before.

The home of uvicorn.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from zjtx_pipeline import journal
from zjtx_pipeline.door.gate import application
from zjtx_pipeline.door.keeper import Keeper
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Door

AT_ONCE, QUEUE = 1000, 128
SECONDS_TO_END = 3
LOOK_SECONDS = 1


def listening(door: Door) -> socket.socket:
    """The door's own place, taken; ZjtxError: it is not free, or not this machine's."""
    kind = socket.AF_INET6 if ":" in door.host else socket.AF_INET
    place = socket.socket(kind, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or asyncio lets small answers wait 40 ms
    try:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind((door.host, door.port))
        place.listen(QUEUE)
        return place
    except OSError:
        place.close()
        raise ZjtxError(f"不能在 {door.host} 的端口 {door.port} 上开门：端口已被占用，或地址不是本机的，请改配置中的 door。") from None


def check_pair(door: Door) -> None:
    """ZjtxError: the certificate or its key cannot be used; nobody is there to type a key's password."""
    if not door.certificate:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(door.certificate, door.key, password=lambda: "")
    except (OSError, ValueError):  # of which ssl's errors are
        raise ZjtxError(f"证书 {door.certificate} 或私钥 {door.key} 不能用：请检查文件、读取权限，以及两者是否成对；私钥不能带口令。") from None


def serve(door: Door, home: Path, port: int, place: socket.socket, stands: Callable[[], bool]) -> None:
    """Before the webserver at this port of loopback, until interrupted (KeyboardInterrupt) or it no longer stands.

    ZjtxError: the certificate or its key cannot be used.
    """
    keeper = Keeper.of(door, home, port)
    keeper.users.all()
    server = uvicorn.Server(_config(door, keeper))
    with _logged(home):
        asyncio.run(_until_gone(server, place, stands))


def _config(door: Door, keeper: Keeper) -> uvicorn.Config:
    check_pair(door)
    config = uvicorn.Config(
        application(keeper), loop="asyncio", http="httptools", ws="websockets-sansio", lifespan="off", log_config=None,
        access_log=False, proxy_headers=False, server_header=False, limit_concurrency=AT_ONCE, ws_max_size=1024 * 1024,
        timeout_graceful_shutdown=SECONDS_TO_END, ssl_certfile=door.certificate, ssl_keyfile=door.key,
    )  # fmt: skip
    return config


async def _until_gone(server: uvicorn.Server, place: socket.socket, stands: Callable[[], bool]) -> None:
    async def look() -> None:
        while await asyncio.to_thread(stands):
            await asyncio.sleep(LOOK_SECONDS)
        server.should_exit = True

    looking = asyncio.create_task(look())
    try:
        await server.serve([place])
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)  # an interruption of ourselves is not swallowed with its


@contextmanager
def _logged(home: Path) -> Iterator[None]:
    """Tracebacks go to who mends the program, into `<home>/door/door.log`, without secrets or full addresses."""
    journal.be_discreet()
    handler = logging.FileHandler(home / "door" / "door.log", encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    loggers = [logging.getLogger(name) for name in ("uvicorn", "websockets")]
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
            logger.propagate = True
        handler.close()
