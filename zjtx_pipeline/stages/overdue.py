"""Knows which tables each department has not delivered of a quarter, as the sources stand now; leaves reminding them to `delivery.alerts`."""

from __future__ import annotations

from zjtx_pipeline import known, verdicts
from zjtx_pipeline.stages.run import Run
from zjtx_pipeline.tables import load_tables


def undelivered(run: Run) -> dict[str, list[str]]:
    """By department the tables, `D03_培育库`, that it has not delivered; who has delivered all, or 零报送, is not named."""
    late: dict[str, list[str]] = {}
    for table in load_tables().values():
        for sender in verdicts.missing_senders(known.look(run.home, run.settings, table, run.quarter)):
            late.setdefault(sender, []).append(f"{table.id}_{table.name}")
    return late
