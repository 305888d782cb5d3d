"""Knows the geometry of the small charts; leaves drawing to the macros, and the numbers beside them to `formats`."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from zjtx_pipeline.report.formats import fixed

BEYOND = Fraction(11, 10)  # a bar may run a tenth past its target, where a small arrow says that there is more


@dataclass(frozen=True)
class Bar:
    """A bar beside its target, all in percent of the picture's width and as text ready for SVG.

    `filled` how far the value reaches, `goal` where the target stands, `pace` where the value should stand by now; `told` what
    the picture says to whoever cannot see it.
    """

    filled: str
    goal: str
    pace: str | None
    beyond: bool
    told: str


def bar(share: Fraction | None, pace: Fraction | None = None) -> Bar | None:
    """The bar of a value that has reached `share` of its target; None where there is no value.

    >>> bar(Fraction(1, 2), Fraction(3, 4))
    Bar(filled='45.45', goal='90.91', pace='68.18', beyond=False, told='完成进度50.0%，按序时应为75.0%')
    """
    if share is None:
        return None
    return Bar(
        filled=_percent(min(max(share, Fraction(0)), BEYOND)),
        goal=_percent(Fraction(1)),
        pace=None if pace is None else _percent(min(max(pace, Fraction(0)), BEYOND)),
        beyond=share > BEYOND,
        told=f"完成进度{fixed(share * 100, 1)}%" + ("" if pace is None else f"，按序时应为{fixed(pace * 100, 1)}%"),
    )


def share_bar(value: Fraction | None, largest: Fraction) -> Bar:
    """The bar of a value among others, the largest of which fills the picture."""
    share = Fraction(0) if value is None or largest <= 0 else max(value, Fraction(0)) / largest
    return Bar(filled=fixed(share * 100, 2), goal="100.00", pace=None, beyond=False, told=f"为最大值的{fixed(share * 100, 0)}%")


def _percent(share: Fraction) -> str:
    return fixed(share / BEYOND * 100, 2)
