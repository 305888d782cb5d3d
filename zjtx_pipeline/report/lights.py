"""Knows how a light looks on paper and which of several is the worst; leaves deciding one to `progress`."""

from __future__ import annotations

from collections.abc import Iterable

from zjtx_pipeline.report.rows import Light

GREY = "灰"
WORST_FIRST = ("红", "黄", GREY, "绿", "已完成")
LIGHTS = {
    "红": Light("红", "■", "red", "明显慢于序时进度或到期未完成"),
    "黄": Light("黄", "▲", "yellow", "慢于序时进度或逾期完成"),
    "灰": Light("灰", "○", "grey", "暂无法评价"),
    "绿": Light("绿", "●", "green", "达到序时进度"),
    "已完成": Light("已完成", "◆", "done", "已完成目标"),
}


def light(name: str | None) -> Light | None:
    """The light of that name; None for the empty light of what has no target."""
    return LIGHTS[name] if name else None


def worst(names: Iterable[str | None]) -> Light | None:
    """The light of a task: the worst of its targets' (indicators.md); None without targets."""
    found = {name for name in names if name}
    return next((LIGHTS[name] for name in WORST_FIRST if name in found), None)
