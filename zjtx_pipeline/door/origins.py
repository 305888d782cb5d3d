"""Knows whether a request was made by one of our own pages, addressed to us by our own name, and only asks for what is asked so.

Leaves who asks to `sessions`. Every rule here is one that a page elsewhere, or a name pointed at us, would have to break.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from zjtx_pipeline.door.refusals import Refused

READING = ("GET", "HEAD")
MOST_BYTES = 2 * 1024 * 1024
_STRANGER = "请求不是从本网站的页面发出的，已拒绝。"


@dataclass(frozen=True)
class Place:
    """Under which names staff call the door, and whether by https."""

    names: frozenset[str]
    scheme: str

    def check(self, method: str, path: str, headers: Mapping[str, str]) -> None:
        """Refused: a method, address, sender or kind of content that has no business here."""
        self.check_name(headers)
        _check_path(path)
        if method in READING:
            _check_reading(headers)
        elif method == "POST":
            self.check_sender(headers)
            _check_content(headers)
        else:
            raise Refused(405, "不支持这种请求方法。")

    def check_name(self, headers: Mapping[str, str]) -> None:
        """A foreign name that was made to point here (DNS rebinding) is not ours."""
        host = headers.get("host", "")
        if _name(f"//{host}") not in self.names or "@" in host or "/" in host:
            raise Refused(421, "请用管理员告知的地址访问。")

    def check_sender(self, headers: Mapping[str, str]) -> None:
        """Origin, or where it is missing Referer, is this very address; what the browser itself says agrees."""
        own = f"{self.scheme}://{headers.get('host', '').lower()}"
        origin = headers.get("origin")
        if origin is None:
            split = urlsplit(headers.get("referer", ""))
            origin = f"{split.scheme}://{split.netloc}"
        if origin.lower() != own or headers.get("sec-fetch-site", "same-origin") != "same-origin":
            raise Refused(403, _STRANGER)


def _name(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


def _check_path(path: str) -> None:
    """A path means one thing to everybody: no dots to climb by, nothing empty, no backslash, no control characters."""
    parts = path.split("/")[1:]
    odd = any(part in (".", "..") for part in parts) or "" in parts[:-1]
    if not path.startswith("/") or odd or "\\" in path or not path.isprintable():
        raise Refused(400, "网址写法不对。")


def _check_reading(headers: Mapping[str, str]) -> None:
    """Another site may link to a page, and no more."""
    strange = headers.get("sec-fetch-site", "none") in ("cross-site", "same-site")
    if strange and (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) != ("navigate", "document"):
        raise Refused(403, _STRANGER)


def _check_content(headers: Mapping[str, str]) -> None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" or headers.get("content-encoding", "identity") != "identity":
        raise Refused(415, "只接受 JSON 格式的请求。")
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MOST_BYTES:
        raise Refused(413, "请求太大。")
