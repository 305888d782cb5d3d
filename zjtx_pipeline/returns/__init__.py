"""Knows what goes back to each department: its own rows with the faults marked, ready to correct and deliver again.

Which cells are at fault (`faults`), what of a delivery goes back (`marked`), as which workbook (`workbook`), and the list of
all that is said to a department (`listed`). Leaves judging to `validate`, and where the workbooks lie to the stages.
"""

from zjtx_pipeline.returns.faults import UNREAD
from zjtx_pipeline.returns.listed import list_workbook, listed
from zjtx_pipeline.returns.marked import Returned, returned
from zjtx_pipeline.returns.workbook import return_workbook

__all__ = ["UNREAD", "Returned", "list_workbook", "listed", "return_workbook", "returned"]
