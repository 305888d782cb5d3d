"""Knows what was issued: which reports to whom, approved by whom, and what became of each; leaves composing and posting to `delivery`.

Dagster's own records can be forged, doubled or lost; this is the truth. SQLite in `<home>/ledger.db`, or whatever `ledger:` names.
"""

from zjtx_pipeline.ledger import approvals, issues, mailings, notices
from zjtx_pipeline.ledger.book import MOVED, NAME, PASSWORD, TABLES, Ledger, beijing_time, opened, refuse_mislaid, stands
from zjtx_pipeline.ledger.issues import Issue, issued
from zjtx_pipeline.ledger.owner import of_district

__all__ = ["MOVED", "NAME", "PASSWORD", "TABLES", "Issue", "Ledger", "approvals", "beijing_time", "issued", "issues", "mailings", "notices", "of_district", "opened", "refuse_mislaid", "stands"]
