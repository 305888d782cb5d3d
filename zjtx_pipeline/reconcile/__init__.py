"""Knows how a list that the province or the ministry published is held against our ledger of titles (对账).

`published` reads the list, `compared` holds it against D04, `workbook` writes what differs; nothing is changed.
"""

from zjtx_pipeline.reconcile.compared import Comparison, compare
from zjtx_pipeline.reconcile.published import Published, read_list
from zjtx_pipeline.reconcile.workbook import workbook

__all__ = ["Comparison", "Published", "compare", "read_list", "workbook"]
