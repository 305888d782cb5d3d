"""Knows what goes back to each department: its own rows with the faults marked, ready to correct and deliver again.

A room in two: which rows and cells are at fault (`marked`), how they become workbooks (`workbook`). Leaves judging to
`validate`, and where the workbooks lie to the stages.
"""

from zjtx_pipeline.returns.marked import LISTED, Returned, listed, returned
from zjtx_pipeline.returns.workbook import list_workbook, return_workbook

__all__ = ["LISTED", "Returned", "list_workbook", "listed", "return_workbook", "returned"]
