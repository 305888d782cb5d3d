"""Knows what the door has at hand for every request, who asks, and writes down what came of it; leaves the answers to others."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import HTTPConnection

from zjtx_pipeline.door.audit import Audit
from zjtx_pipeline.door.origins import Place
from zjtx_pipeline.door.refusals import Refused, not_allowed
from zjtx_pipeline.door.roles import ALLOWED, Action, may
from zjtx_pipeline.door.sessions import Clock, Sessions, Throttle
from zjtx_pipeline.door.shelf import Shelf
from zjtx_pipeline.door.upstream import Upstream
from zjtx_pipeline.door.users import User, Users
from zjtx_pipeline.settings import Door

GUESSES_BY_NAME, GUESSES_BY_ADDRESS, LINES_OF_STRANGERS = 5, 20, 60
LOCKED_SECONDS = 15 * 60
PASSED, REFUSED = "放行", "拒绝"


@dataclass
class Keeper:
    place: Place
    users: Users
    sessions: Sessions
    audit: Audit
    shelf: Shelf
    upstream: Upstream
    by_name: Throttle
    by_address: Throttle
    strangers: Throttle
    judging: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))  # a password takes 32 MiB

    @classmethod
    def of(cls, door: Door, home: Path, port: int, clock: Clock = time.monotonic) -> Keeper:
        """For a home's users and reports, before the webserver at this port of loopback."""
        users = Users(home)
        throttles = (Throttle(limit, LOCKED_SECONDS, clock=clock) for limit in (GUESSES_BY_NAME, GUESSES_BY_ADDRESS, LINES_OF_STRANGERS))
        return cls(
            Place(door.called, door.scheme), users, Sessions(users, door.session_hours * 3600, door.idle_minutes * 60, clock),
            Audit(home), Shelf(home), Upstream(port), *throttles,
        )  # fmt: skip

    @property
    def safe(self) -> bool:
        return self.place.scheme == "https"

    @property
    def cookie(self) -> str:
        """Browsers let no one but this very host set a name that begins so."""
        return "__Host-zjtx" if self.safe else "zjtx"

    def user(self, connection: HTTPConnection, touch: bool = True) -> User | None:
        token = connection.cookies.get(self.cookie, "")
        return self.sessions.user(token, touch) if token else None

    def require(self, connection: HTTPConnection, action: Action, target: str = "") -> User:
        """Who asks; Refused: nobody is logged in (401), or not with a role that may (403)."""
        user = self.user(connection)
        if user is None:
            raise Refused(401, "请先登录。", action, target)
        if not may(user.roles, action):
            raise not_allowed(action, ALLOWED[action], target)
        return user

    def passes(self, connection: HTTPConnection, user: User, action: str, target: str) -> None:
        """Written before it is let through; OSError: then it is not."""
        self.audit.write(user.name, address(connection), action, target, PASSED)

    def refuses(self, connection: HTTPConnection, refused: Refused) -> None:
        """Of strangers only so many lines, or they would fill the disk."""
        user = self.user(connection, touch=False)
        if user or self.strangers.admits(address(connection)):
            action = refused.action or f"{connection.scope.get('method', 'WEBSOCKET')} {connection.url.path}"
            outcome = f"{REFUSED}：{refused.sentence}"
            self.audit.write(user.name if user else "", address(connection), action, refused.target, outcome)


def address(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else ""


def of(connection: HTTPConnection) -> Keeper:
    """The keeper of the application that was asked."""
    return connection.app.state.keeper
