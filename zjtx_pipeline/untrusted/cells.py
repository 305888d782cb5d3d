"""Knows how cells travel from the guarded child to the run: as one text, with a mark between two cells.

Leaves the pipe to `child` and `sources.guard`.
"""

from __future__ import annotations

from collections.abc import Sequence

BETWEEN = "\uffff"  # no character (Unicode, noncharacters), so that no honest text holds it
OUT_OF_MEMORY = 77  # the child's exit status when it ran into its limit
NOT_CALCULATED = "没有算出结果的公式"  # what the child says of a cell whose formula has no value


def joined(cells: Sequence[str]) -> str:
    """Cells as one text; one that holds the mark itself has it replaced.

    >>> joined(["a", "b\\uffff"]) == "a\\uffffb\\ufffd"
    True
    """
    text = BETWEEN.join(cells)
    if text.count(BETWEEN) >= max(len(cells), 1):
        return BETWEEN.join(cell.replace(BETWEEN, "\ufffd") for cell in cells)
    return text
