"""Knows which tables each department has not delivered of a quarter, as the sources stand now; leaves reminding them to `delivery.alerts`."""

from __future__ import annotations

from zjtx_pipeline import known, snapshots, store, verdicts
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.stages.run import Run
from zjtx_pipeline.tables import load_tables


def undelivered(run: Run) -> dict[str, list[str]]:
    """By department the tables, `D03_培育库`, that it has not delivered; who has delivered all, or 零报送, is not named."""
    late: dict[str, list[str]] = {}
    for table in load_tables().values():
        for sender in verdicts.missing_senders(known.look(run.home, run.settings, table, run.quarter)):
            late.setdefault(sender, []).append(f"{table.id}_{table.name}")
    return late


def delivered_nothing(run: Run) -> str:
    """Of a run that has ended: that no department had delivered anything of its quarter, and where that was looked for; "" where one had."""
    pointers = [run.pointer("pulled", run.quarter, table_id) for table_id in load_tables()]
    if any(snapshots.load(run.home / store.read_json(pointer)).sources for pointer in pointers if pointer.exists()):
        return ""
    looked = "、".join(_places(run.settings, str(run.quarter)))
    return f"{run.quarter} 没有任何部门报送，报告里没有数据：报送材料是在 {looked} 里找的，请检查是否放对了地方、写对了季度，再运行一次。"


def _places(settings: Settings, quarter: str) -> list[str]:
    """Where deliveries are looked for, as the configuration names it."""
    named = {f"收件目录 {settings.inbox}/{quarter}": settings.inbox, f"数据库 {settings.database}": settings.database, "网关": settings.gateway}
    return [place for place, configured in named.items() if configured]
