"""Knows how the program keeps what it says to whoever mends it: without secrets or full addresses, in files that do not grow for ever.

Leaves what is worth saying to others. Hidden are the values of secret environment variables (also as an address or a mail server's
login writes them), passwords in addresses of databases, one-time codes, and of a mail address all but its ends: l…r@xs.gov.cn.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import re
import shutil
import traceback
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, quote_plus

HIDDEN = "***"
LARGEST_BYTES, MOST_KEPT = 2_000_000, 5
_SHORTEST = 4  # what is shorter would take half the text with it
_SECRET = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|_KEY$", re.IGNORECASE)
_named: set[str] = set()  # variables that a configuration calls otherwise
_IN_URL = re.compile(r"(://[^/\s:@]*:)[^/\s@]+(?=@)")
_TOLD = re.compile(r"""((?:passw(?:or)?d|pwd|secret|token|口令|密码|验证码)["']?\s*[=:：]\s*["']?)[^\s"'&;,)，；]+""", re.IGNORECASE)
_CODE = re.compile(r"(?<![0-9A-Za-z])(?:[2-9A-HJ-NP-Z]{10}|(?=[2-9a-z]*[2-9])(?=[2-9a-z]*[a-z])[2-9a-hj-np-z]{10})(?![0-9A-Za-z])")
_ADDRESS = re.compile(r"""("[^"\s@]+"|[^\s<>()\[\]{},;:"'“”‘’，。；：、（）《》|/@*?&]+)(@|%40)((?:[\w-]+\.)+[^\W\d][\w-]*)""")


def hide(*variables: str) -> None:
    """Hide the values of these environment variables too, whatever they are called."""
    _named.update(variables)


def discreet(text: str) -> str:
    """A text without secrets and full addresses."""
    for secret in _secrets():
        text = text.replace(secret, HIDDEN)
    text = _TOLD.sub(rf"\1{HIDDEN}", _IN_URL.sub(rf"\1{HIDDEN}", text))
    return _ADDRESS.sub(_shortened, _CODE.sub(HIDDEN, text))


def _shortened(found: re.Match) -> str:
    who = found[1].strip('"')
    return f"{who[0]}…{who[-1]}@{found[3]}" if len(who) > 2 else f"…@{found[3]}"


def _secrets() -> list[str]:
    """Every way in which a secret of the environment may be written, the longest first."""
    values = {value for name, value in os.environ.items() if _SECRET.search(name) or name in _named}
    return sorted({way for value in values if len(value) >= _SHORTEST for way in _ways(value)}, key=len, reverse=True)


def _ways(value: str) -> set[str]:
    escaped = value.encode("unicode_escape").decode()
    return {value, quote(value, safe=""), quote_plus(value), escaped, json.dumps(value)[1:-1], base64.b64encode(value.encode()).decode()}


def write(path: Path, text: str) -> Path:
    """Add a text to a journal, discreetly; a full one is put aside first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    put_aside(path)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
        file.write(discreet(text))
    return path


def put_aside(path: Path) -> int:
    """Put a full journal aside as `.1`, the ones before as `.2` …, and begin anew; how many bytes of the oldest that frees.

    It is emptied where it lies, for a server that writes into it keeps it open.
    """
    with suppress(FileNotFoundError):
        if path.stat().st_size < LARGEST_BYTES:
            return 0
        oldest = _aside(path, MOST_KEPT)
        freed = oldest.stat().st_size if oldest.exists() else 0
        for number in range(MOST_KEPT - 1, 0, -1):
            if _aside(path, number).exists():
                _aside(path, number).replace(_aside(path, number + 1))
        shutil.copyfile(path, _aside(path, 1))
        _aside(path, 1).chmod(0o600)
        os.truncate(path, 0)
        return freed
    return 0


def _aside(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def be_discreet() -> None:
    """Let nothing that this process logs, through whatever logger, bear a secret or a full address."""
    made = logging.getLogRecordFactory()
    if made is not _record:
        global _made
        _made = made
        logging.setLogRecordFactory(_record)


_made = logging.LogRecord


def _record(*given, **named) -> logging.LogRecord:
    record = _made(*given, **named)
    with suppress(Exception):  # a message that does not fit its arguments is told by the handler
        record.msg, record.args = discreet(record.getMessage()), ()
    if record.exc_info and record.exc_info[0]:
        record.exc_text = discreet("".join(traceback.format_exception(*record.exc_info)).rstrip("\n"))
    return record
