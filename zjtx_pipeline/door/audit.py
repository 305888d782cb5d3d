"""Knows the record of who logged in, changed something or was refused: `<home>/door/audit.log`, a line of JSON each.

Leaves deciding to `gate`; never hears of passwords, cookies, codes or a run's configuration.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")
LONGEST = 300  # characters of a field: names come from outside


class Audit:
    """Opened anew for each line, so that the file may be moved away while the door stands open."""

    def __init__(self, home: Path) -> None:
        self.path = home / "door" / "audit.log"
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)

    def write(self, user: str, address: str, action: str, target: str, outcome: str) -> None:
        """One line, before what it tells of happens; OSError: then it must not happen."""
        when = datetime.now(BEIJING).isoformat(timespec="milliseconds")
        fields = {"user": user, "address": address, "action": action, "target": target, "outcome": outcome}
        row = {"at": when} | {name: value[:LONGEST] for name, value in fields.items()}
        line = json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line)
        finally:
            os.close(handle)
