"""Knows where an installation's backups lie, and tells the operators when the newest is too old, whatever should have made it.

Leaves making them to `making`. That no backup came is seen where one should lie: a timer that never ran reports no failure.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from zjtx_pipeline import store, unattended
from zjtx_pipeline.delivery import alerts
from zjtx_pipeline.quarter import CHINA
from zjtx_pipeline.settings import Settings

WHERE = "backups.json"
OURS = re.compile(r"zjtx-\d{8}T\d{6}Z\.tar\.gz")
OLDEST = timedelta(days=2)


def remember(home: Path, folder: Path) -> None:
    """This is where backups are put, by whoever makes them: the configuration need not say it."""
    store.write_json(home / WHERE, {"folder": str(folder.resolve())})


def tell(settings: Settings, home: Path, now: datetime) -> list[alerts.Told]:
    """Tell the operators, once a day, where no backup came for two days: neither since the newest nor since the system was left to itself."""
    since, folder = _left_to_itself(home), _folder(settings, home)
    newest = _newest(folder)
    if since is None or now - max(filter(None, [since, newest])) <= OLDEST:
        return []
    return alerts.unkept(settings, home, _said(folder, newest), now.astimezone(CHINA).date())


def _left_to_itself(home: Path) -> datetime | None:
    with suppress(FileNotFoundError):
        return datetime.fromtimestamp((home / unattended.IN_SERVICE).stat().st_mtime, UTC)
    return None


def _folder(settings: Settings, home: Path) -> Path | None:
    """Where the last backup was put, or was to be put; else where the configuration says."""
    path = home / WHERE
    return Path(store.read_json(path)["folder"]) if path.exists() else settings.backup.folder


def _newest(folder: Path | None) -> datetime | None:
    """When the newest backup was made, as its name says."""
    with suppress(OSError):
        named = [path.name for path in folder.iterdir() if OURS.fullmatch(path.name)] if folder else []
        return max((datetime.strptime(name, "zjtx-%Y%m%dT%H%M%SZ.tar.gz").replace(tzinfo=UTC) for name in named), default=None)
    return None


def _said(folder: Path | None, newest: datetime | None) -> str:
    if folder is None:
        return "这个系统从来没有备份过。"
    if newest is None:
        return f"{folder} 里一份备份也没有，或读不到这个目录。"
    return f"{folder} 里最近的一份备份是 {newest.astimezone(CHINA):%Y-%m-%d %H:%M}（北京时间）做的，此后没有新的。"
