"""Knows what was issued: which reports to whom, approved by whom, and what became of each; leaves composing and posting to `delivery`.

Dagster's own records can be forged, doubled or lost; this is the truth. SQLite in `<home>/ledger.db`, or whatever `ledger:` names.
"""

from zjtx_pipeline.ledger import approvals, issues, mailings
from zjtx_pipeline.ledger.book import NAME, PASSWORD, Ledger, opened
from zjtx_pipeline.ledger.issues import Issue

__all__ = ["NAME", "PASSWORD", "Issue", "Ledger", "approvals", "issues", "mailings", "opened"]
