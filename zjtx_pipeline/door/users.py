"""Knows who may log in, kept in `<home>/door/users.json`, and whether a password is theirs; leaves what they may do to `roles`."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from zjtx_pipeline import store
from zjtx_pipeline.door.roles import Role
from zjtx_pipeline.errors import ZjtxError

_NAME = re.compile(r"[\w.-]{1,40}")
_KINDS = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^a-zA-Z0-9]")
SHORTEST, LONGEST, FEWEST_KINDS = 10, 200, 3
_COST, _BLOCK, _LANES = 2**15, 8, 1  # 32 MiB and about a tenth of a second a guess


@dataclass(frozen=True)
class User:
    """`secret`: salt and scrypt hash, hexadecimal; a change of any of the three ends what sessions there are."""

    name: str
    roles: frozenset[Role]
    secret: str


class Users:
    """The users' file under a home; read again whenever it was replaced."""

    def __init__(self, home: Path) -> None:
        self.path = home / "door" / "users.json"
        self._seen: tuple[int, int, int] | None = None
        self._users: dict[str, User] = {}

    def all(self) -> dict[str, User]:
        """By name; ZjtxError: the file is damaged."""
        try:
            state = self.path.stat()
        except FileNotFoundError:
            return {}
        seen = (state.st_ino, state.st_mtime_ns, state.st_size)
        if seen != self._seen:
            self._users, self._seen = _read(self.path), seen
        return self._users

    def add(self, name: str, roles: Iterable[Role], password: str) -> None:
        """A new user, or one with other roles and another password; ZjtxError: a name or password that will not do."""
        if not _NAME.fullmatch(name):
            raise ZjtxError("用户名只用汉字、字母、数字和 _ . -，最多 40 个字。")
        _check(name, password)
        user = User(name, frozenset(roles), _hashed(password, secrets.token_bytes(16)))
        with self._alone():
            self._write(self.all() | {name: user})

    def remove(self, name: str) -> None:
        with self._alone():
            if name not in self.all():
                raise ZjtxError(f"没有用户“{name}”：用 zjtx user list 查看。")
            self._write({other: user for other, user in self.all().items() if other != name})

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two commands at once change the file one after the other."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.path.parent / "users.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, users: dict[str, User]) -> None:
        rows = {name: {"roles": sorted(user.roles), "secret": user.secret} for name, user in users.items()}
        text = json.dumps(rows, ensure_ascii=False, indent=1, sort_keys=True)
        store.write_bytes(self.path, text.encode("utf-8"), mode=0o600)


def matches(user: User | None, password: str) -> bool:
    """Is this the user's password? As slow for somebody who does not exist."""
    secret = user.secret if user else _NOBODYS
    given = _hashed(password[:LONGEST], bytes.fromhex(secret.partition(":")[0]))
    return hmac.compare_digest(given, secret) and user is not None


def _hashed(password: str, salt: bytes) -> str:
    content = password.encode("utf-8", "surrogatepass")
    key = hashlib.scrypt(content, salt=salt, n=_COST, r=_BLOCK, p=_LANES, maxmem=2 * 128 * _COST * _BLOCK)
    return f"{salt.hex()}:{key.hex()}"


_NOBODYS = f"{os.urandom(16).hex()}:{os.urandom(64).hex()}"


def _check(name: str, password: str) -> None:
    kinds = sum(bool(re.search(kind, password)) for kind in _KINDS)
    if not SHORTEST <= len(password) <= LONGEST or kinds < FEWEST_KINDS or name.lower() in password.lower():
        raise ZjtxError(
            f"口令太弱：至少 {SHORTEST} 个字符，大写字母、小写字母、数字、其他字符中至少有 {FEWEST_KINDS} 种，并且不含用户名。"
        )


def _read(path: Path) -> dict[str, User]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {name: User(name, frozenset(map(Role, row["roles"])), str(row["secret"])) for name, row in rows.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ZjtxError(f"用户文件 {path} 损坏：请从备份恢复，或删去后用 zjtx user add 重建。") from None
