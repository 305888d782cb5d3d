"""Knows who is due a quarter's letter, and who holds a wrong version; leaves writing it down to `issuing`.

Due is who has nothing of the quarter yet, or lacks one of their files, and who holds a wrong version: one whose figures, as far as their
files tell them, are otherwise now. Who holds these very files, or other files with the same figures, gets nothing; who holds wrong ones
that are not theirs any more is for `withdrawals`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from zjtx_pipeline import revisions, store
from zjtx_pipeline.delivery.letters import Letter
from zjtx_pipeline.delivery.sealed import Sealed, tells_any
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger import beijing_time, issues
from zjtx_pipeline.ledger.adopted import BUNDLE
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

OTHERWISE = "以前发过本季度的另一版，其中的数值没有改变：要发这一版请加 --revised。"


@dataclass(frozen=True)
class Due:
    """Which of a letter's files a recipient is to have now, or why none (`why` not empty); `held`: what they hold wrongly; `wished`: they
    hold the same figures, and are to have this version all the same."""

    why: str = ""
    files: frozenset[str] = frozenset()
    held: Any = None
    wished: bool = False


def due(settings: Settings, home: Path, found: Sealed, each: Letter, held: Sequence[Any], wanted: bool) -> Due:
    """What follows for a recipient from what they hold by other issues, oldest first. `wanted`: another version with the same figures too."""
    whole = frozenset(each.files)
    if not held:
        return Due(files=whole)
    last = {row.report: row for row in held}
    has = {name: row.sha256 for name, row in last.items()}
    had = Due(_had(held))
    if not each.files or _same(has, held, each.files):
        return had
    theirs = {name: last.get(name) or last.get(BUNDLE) for name in each.files}
    other = frozenset(name for name in whole if has.get(name) != each.files[name])
    wrong = [theirs[name] for name in other if theirs[name] and otherwise(settings, home, found.quarter, name, theirs[name].revision, found.revision)]
    if wrong:
        return Due(files=other, held=max(wrong, key=lambda row: row.issue_id))
    if each.files.items() <= {(row.report, row.sha256) for row in held}:
        return had
    lacking = frozenset(name for name in each.files if name not in has)
    if lacking and BUNDLE not in has:
        return Due(files=lacking)
    return Due(files=whole, wished=True) if wanted else Due(OTHERWISE)


def _had(held: Sequence[Any]) -> str:
    """What is known of the letters that somebody has, or may have: the worst of the last of them."""
    last = {row.state: row for row in held if row.issue_id == held[-1].issue_id}
    if "unknown" in last:
        return "以前的一封是否送达待核实：请问过收件人，用 zjtx resolve 记下。"
    return "正在发送" if "sending" in last else f"已于 {beijing_time(last['sent'].changed_at)}（北京时间）发送"


def _same(has: Mapping[str, str], held: Sequence[Any], files: Mapping[str, str]) -> bool:
    """Does a recipient hold these very files? An earlier program kept one digest of them all."""
    last = {row.report: row.sha256 for row in held if row.issue_id == held[-1].issue_id}
    return files.items() <= has.items() or last == {BUNDLE: store.digest(*files.values())}


def otherwise(settings: Settings, home: Path, quarter: Quarter, file: str, then: int | None, now: int | None) -> bool:
    """Are figures that a file tells otherwise in one revision than in another? Not where either is not kept."""
    changed = _changes(home, quarter, then, now)
    return changed is not None and tells_any(file, changed, settings)


@lru_cache(maxsize=16)
def _changes(home: Path, quarter: Quarter, then: int | None, now: int | None) -> pd.DataFrame | None:
    """The figures that differ between two revisions, which never change themselves."""
    old, new = (revisions.numbered(home, quarter, number) for number in (then, now))
    return None if old is None or new is None or old.number == new.number else revisions.changes(old.figures, new.figures)


def refuse_uncorrected(connection: Connection, home: Path, found: Sealed) -> None:
    """ZjtxError where figures differ from what recipients had last, and the reports do not say so, or nobody approved it."""
    quarter, revision = found.quarter, found.revision
    others = set(issues.issued_revisions(connection, str(quarter))) - {revision}
    this, last = (revisions.numbered(home, quarter, number) for number in (revision, max(others, default=None)))
    if this is None or last is None or revisions.changes(last.figures, this.figures).empty:
        return
    about, again = f"{quarter} 这一版更正了已经发出的第 {last.number} 版", f"请重新运行 zjtx report {quarter}"
    if this.notice is None or this.notice["since"] != last.number:
        raise ZjtxError(f"{about}，报告里却没有更正说明：{again}。")
    if this.notice["order"] is None and revisions.ordered(home, quarter, last.number):
        raise ZjtxError(f"{about}，更正已经批准，报告里还没有印上：{again}。")
    if this.notice["order"] is None:
        raise ZjtxError(f"{about}，还没有批准：请先用 zjtx correct {quarter} --why 原因 --approved-by 姓名 记下批准，再重新运行 zjtx report {quarter}。")
