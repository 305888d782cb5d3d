"""Knows who is logged in, for how long, and who guesses too often; keeps it in memory alone: after a restart all log in again.

Leaves the cookie that carries a session's secret to `answers`.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from zjtx_pipeline.door.users import User, Users

Clock = Callable[[], float]
OF_ONE_USER = 20  # the oldest ends where somebody opens more


@dataclass
class Session:
    """`user` as it was at login; `used`: when it was last asked for."""

    user: User
    opened: float
    used: float


@dataclass
class Sessions:
    """Seconds of a session's life, and of the idleness that ends it."""

    users: Users
    life: float
    idle: float
    clock: Clock = time.monotonic
    _open: dict[str, Session] = field(default_factory=dict)

    def open(self, user: User) -> str:
        """A new session's secret; only its digest is kept."""
        self._sweep(user.name)
        token, now = secrets.token_urlsafe(32), self.clock()
        self._open[_digest(token)] = Session(user, now, now)
        return token

    def user(self, token: str, touch: bool = True) -> User | None:
        """Whose session this is; None once it has ended, or the user was removed or changed since. `touch`: this is use."""
        session = self._open.get(_digest(token))
        if session is None or not self._lives(session):
            self._open.pop(_digest(token), None)
            return None
        if touch:
            session.used = self.clock()
        return session.user

    def close(self, token: str) -> None:
        self._open.pop(_digest(token), None)

    def _lives(self, session: Session) -> bool:
        now = self.clock()
        fresh = now < session.opened + self.life and now < session.used + self.idle
        return fresh and self.users.all().get(session.user.name) == session.user

    def _sweep(self, name: str) -> None:
        self._open = {key: session for key, session in self._open.items() if self._lives(session)}
        own = [key for key, session in self._open.items() if session.user.name == name]
        for key in own[: max(0, len(own) + 1 - OF_ONE_USER)]:
            del self._open[key]


@dataclass
class Throttle:
    """How often a key (a user's name, an address) may fail within some seconds, before it has to wait for as long."""

    limit: int
    seconds: float
    most_keys: int = 10_000
    clock: Clock = time.monotonic
    _tried: dict[str, list[float]] = field(default_factory=dict)

    def admits(self, key: str) -> bool:
        """Counts an attempt before it is judged, so that many at once gain nothing."""
        now = self.clock()
        recent = [when for when in self._tried.pop(key, []) if when > now - self.seconds]
        if len(recent) < self.limit:
            recent.append(now)
            admitted = True
        else:
            admitted = False
        self._tried[key] = recent
        if len(self._tried) > self.most_keys:
            del self._tried[next(iter(self._tried))]
        return admitted

    def forget(self, key: str) -> None:
        """After a success."""
        self._tried.pop(key, None)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
