"""Knows every award unit of the plan's clauses: entitled, applied, approved, paid, gap and state.

`triggers`, `purchases` and `firsts` find what sets an award off, `ledger` what was applied for and paid, `tally` joins
them; `caps` holds formula and cap, `stacking` adds up several awards of one firm, `payouts` finds payments that speak
against the plan.
"""

from zjtx_pipeline.awards.caps import changed_by_plan_cap
from zjtx_pipeline.awards.ledger import net_paid
from zjtx_pipeline.awards.payouts import faults
from zjtx_pipeline.awards.tally import highest_only_fen, units

__all__ = ["changed_by_plan_cap", "faults", "highest_only_fen", "net_paid", "units"]
