"""Knows the picture of the ladder: its steps with who stands on them, who came, rose and left, the other titles, the pools below.

Leaves drawing to the macros and the table of causes to `flow_rows`. Lengths are tenths of a millimetre, from the top left.
"""

from __future__ import annotations

from zjtx_pipeline.flows import CLOSING, IN, OPENING, OUT, POOLS, PROMOTED, TITLES
from zjtx_pipeline.report import formats
from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.report.rows import Stairs, Step

ACROSS, RISE, LOWEST = 360, 95, 290  # from step to step, and where the first one's top lies


def stairs(inputs: ReportInputs) -> Stairs | None:
    """The ladder at the quarter's end; None where titles could not be counted."""
    if inputs.flows is None or not inputs.flows["kind"].eq(TITLES).any():
        return None
    ladder, types = inputs.rules.tiers.ladder, inputs.rules.tiers.types
    sums = inputs.flows.groupby(["kind", "name", "step"])["firms"].sum().to_dict()
    risen = inputs.flows[inputs.flows["cause"].eq(PROMOTED)].set_index("name")["firms"].to_dict()
    steps = tuple(_step(sums, TITLES, tier, place, risen.get(tier, 0)) for place, tier in enumerate(ladder))
    others = tuple(_step(sums, TITLES, tier) for tier in types if tier not in ladder)
    pools = tuple(_step(sums, POOLS, pool) for pool in inputs.rules.lists["D03.库别"].names if (POOLS, pool, CLOSING) in sums)
    return Stairs(steps, others, pools, "；".join([*map(_told, (*steps, *others)), *(f"培育库·{_told(pool)}" for pool in pools)]))


def _step(sums: dict, kind: str, name: str, place: int = 0, risen: int = 0) -> Step:
    opening, entered, left, closing = (formats.count(int(sums.get((kind, name, step), 0))) for step in (OPENING, IN, OUT, CLOSING))
    return Step(name, str(place * ACROSS), str(LOWEST - place * RISE), opening, entered, left, closing, formats.count(int(risen)) if risen else "")


def _told(step: Step) -> str:
    """What the picture says of a title or pool to whoever cannot see it."""
    risen = f"（其中晋级{step.promoted}家）" if step.promoted else ""
    return f"{step.name}期初{step.opening}家，转入{step.entered}家{risen}，转出{step.left}家，期末{step.closing}家"
