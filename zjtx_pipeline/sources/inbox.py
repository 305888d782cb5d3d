"""Knows which files a quarter's folder of the 收件目录 holds and what their names say; leaves opening them to others."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.quarter import CHINA, Quarter
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.sources.raw import ZERO_REPORT
from zjtx_pipeline.tables import Table, comparable, load_tables

WORKBOOKS, TEXTS = (".xlsx", ".xls", ".et", ".xlsm"), (".csv", ".txt", ".tsv")  # one with macros is told so when opened
_IGNORED = re.compile(r"~\$.*|\..*|Thumbs\.db|desktop\.ini", re.IGNORECASE)


@dataclass(frozen=True)
class Filed:
    """One file that follows the naming: whose table it is, which 序号 it bears, whether it says 零报送."""

    path: Path
    table: str
    sender: str
    number: int
    says_zero: bool

    @property
    def received_at(self) -> datetime:
        """报送时间: the file's modification time, in China (datasets.md 5.8, 6)."""
        return datetime.fromtimestamp(int(self.path.stat().st_mtime), CHINA).replace(tzinfo=None)


def root(settings: Settings) -> Path:
    """The 收件目录; ZjtxError where it is missing."""
    if not settings.inbox.is_dir():
        raise ZjtxError(f"收件目录 {settings.inbox} 不存在：请检查配置中的 inbox。")
    return settings.inbox


def folder(settings: Settings, quarter: Quarter) -> Path | None:
    """The quarter's folder of the 收件目录; None without one. ZjtxError where the 收件目录 itself is missing."""
    if settings.inbox is None:
        return None
    path = root(settings) / str(quarter)
    return path if path.is_dir() else None


def winners(settings: Settings, table: Table, quarter: Quarter) -> list[Filed]:
    """For each sender of a table the file with the highest 序号, which replaces the others (5.8, 9); by sender."""
    latest: dict[str, Filed] = {}
    for filed in every(settings, table, quarter):
        standing = latest.get(filed.sender)
        if standing is None or _rank(filed) > _rank(standing):
            latest[filed.sender] = filed
    senders = tuple(settings.rules.departments)
    return sorted(latest.values(), key=lambda filed: senders.index(filed.sender))


def every(settings: Settings, table: Table, quarter: Quarter) -> list[Filed]:
    """All files of a table, those that another one replaces too."""
    return [filed for filed, _ in _listing(settings, quarter) if filed is not None and filed.table == table.id]


def outdone(settings: Settings, table: Table, quarter: Quarter, winner: Filed) -> list[str]:
    """The names of a department's files that do not say 零报送 where the one that counts does."""
    if not winner.says_zero:
        return []
    others = [filed for filed in every(settings, table, quarter) if filed.sender == winner.sender]
    return [filed.path.name for filed in others if not filed.says_zero]


def _rank(filed: Filed) -> tuple:
    return filed.number, filed.received_at, filed.path.name


def strays(settings: Settings, quarter: Quarter) -> list[tuple[str, str]]:
    """Files and folders that no table claims, that share a 序号 or lie beside the quarter's folder, each with a sentence for
    whoever filed it."""
    found, taken = _misplaced(settings, quarter), {}
    for filed, (path, fault) in _listing(settings, quarter):
        if filed is not None:
            claim = (filed.table, filed.sender, filed.number)
            if claim in taken:
                fault = f"与 {taken[claim]} 同表、同部门、同序号：只读其中较晚的一份，请用 _2、_3 编号。"
            taken[claim] = path.name
        if fault:
            found.append((f"{quarter}/{path.name}", fault))
    return found


def _misplaced(settings: Settings, quarter: Quarter) -> list[tuple[str, str]]:
    """Deliveries that lie in the 收件目录 itself, and folders whose name spells the quarter in another way."""
    beside = sorted(root(settings).iterdir(), key=lambda entry: entry.name) if settings.inbox is not None else []
    files = [path for path in beside if not _IGNORED.fullmatch(path.name) and path.is_file() and _filed(settings, path)[0]]
    folders = [path for path in beside if path.name != str(quarter) and path.is_dir() and Quarter.spelt(comparable(path.name)) == quarter]
    return [
        *((path.name, f"不在以数据期命名的文件夹里：本季的请放进 {quarter} 文件夹。") for path in files),
        *((path.name, f"文件夹名应写成 {quarter}：请把里面的文件放进 {quarter} 文件夹。") for path in folders),
    ]


def _listing(settings: Settings, quarter: Quarter) -> list[tuple[Filed | None, tuple[Path, str]]]:
    path = folder(settings, quarter)
    if path is None:
        return []
    return [
        _filed(settings, entry)
        for entry in sorted(path.iterdir(), key=lambda entry: entry.name)
        if not _IGNORED.fullmatch(entry.name)
    ]


def _filed(settings: Settings, path: Path) -> tuple[Filed | None, tuple[Path, str]]:
    if path.is_symlink() or not (path.is_dir() or path.is_file()):
        return None, (path, "不是普通文件（是链接或设备）：请把文件本身放进来。")
    if path.is_dir():
        return None, (path, "是文件夹：请把文件直接放在以数据期命名的文件夹里。")
    if path.suffix.lower() not in (*WORKBOOKS, *TEXTS):
        return None, (path, "不是 Excel 工作簿或 CSV 文件：请另存为 Excel 工作簿（.xlsx）后重报。")
    match = _naming(settings.file_pattern).fullmatch(_plain(path.stem))
    if not match:
        return None, (path, "文件名不合规：应为“表号_表名_部门[_序号].xlsx”，例如 D03_培育库_区经信局.xlsx。")
    table = load_tables().get(match["id"][0].upper() + match["id"][1:].lower())
    if table is None:
        return None, (path, f"没有编号为 {match['id']} 的表：请核对表号。")
    if match["name"] and comparable(match["name"]) != comparable(table.name):
        return None, (path, f"表名“{match['name']}”与表号不符：{table.id} 是“{table.name}”。")
    sender = settings.rules.department(match["sender"])
    if sender is None:
        return None, (path, f"“{match['sender']}”不是报送部门的全称或简称：请核对。")
    says_zero = bool(match["zero"] or match["zero_last"])
    return Filed(path, table.id, sender, int(match["number"] or 1), says_zero), (path, "")


def next_name(settings: Settings, table: Table, quarter: Quarter, sender: str, source: str) -> str:
    """The name, without ending, under which a file replaces a department's delivery; `source`: the file it replaces, "" if none."""
    before = _naming(settings.file_pattern).fullmatch(_plain(Path(source).stem)) if source else None
    number = int(before["number"] or 1) + 1 if before else 1
    parts = {"{table}": table.title, "{sender}": sender, "{quarter}": str(quarter)}
    name = settings.file_pattern
    for placeholder, part in parts.items():
        name = name.replace(placeholder, part)
    return f"{name}_{number}" if number > 1 else name


def _plain(stem: str) -> str:
    return unicodedata.normalize("NFKC", stem).replace(" ", "")


@cache
def _naming(pattern: str) -> re.Pattern:
    """The district's `file_pattern` as a regular expression over a file's name without its ending."""
    parts = {
        r"\{table\}": r"(?P<id>[Dd]\d\d[A-Ca-c]?)(?:_(?P<name>[^_]+))?",
        r"\{sender\}": r"(?P<sender>[^_]+?)",
        r"\{quarter\}": r"\d{4}Q[1-4]",
    }
    expression = re.escape(pattern)
    for placeholder, part in parts.items():
        expression = expression.replace(placeholder, part)
    if "(?P<id>" not in expression or "(?P<sender>" not in expression:
        raise ZjtxError("配置中的 file_pattern 须含 {table} 和 {sender}，例如“{table}_{sender}”。")
    zero = f"_?{ZERO_REPORT}"
    return re.compile(rf"{expression}(?P<zero>{zero})?(?:_(?P<number>\d{{1,4}}))?(?P<zero_last>{zero})?")
