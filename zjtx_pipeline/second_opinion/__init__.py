"""Knows the targets' figures, the tier counts and the award totals a second time: in SQL, written from the documents alone.

Shares nothing with the first computation but the rules' numbers (`numbers`), and reads the accepted rows where they lie.
Leaves measuring for the reports to `indicators`, `tiers` and `awards`; what a difference stops to `stages`.
"""

from zjtx_pipeline.second_opinion.compared import Difference, compared_awards, compared_figures, compared_tiers, differences
from zjtx_pipeline.second_opinion.computed import Opinion, Totals, opinion
from zjtx_pipeline.second_opinion.readings import unfollowed

__all__ = [
    "Difference", "Opinion", "Totals", "compared_awards", "compared_figures", "compared_tiers", "differences", "opinion",
    "unfollowed",
]  # fmt: skip
