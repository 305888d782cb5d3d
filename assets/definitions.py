"""Knows all that Dagster is told about, on one page."""

from dagster import Definitions, in_process_executor

from assets.delivery import DELIVERY
from assets.figures import FIGURES
from assets.jobs import approve_issue, quarterly_reports, scheduled_quarter
from assets.opinions import OPINIONS
from assets.raw import RAW
from assets.reports import REPORTS
from assets.resources import District
from assets.returns import RETURNS
from assets.schedules import after_each_quarter
from assets.tallies import TALLIES
from assets.traces import TRACES
from assets.unattended import JOBS, SCHEDULES, SENSORS
from assets.validated import SOUND

defs = Definitions(
    assets=[*RAW, *SOUND, *TALLIES, *FIGURES, *OPINIONS, *REPORTS, *TRACES, *RETURNS, *DELIVERY],
    jobs=[quarterly_reports, scheduled_quarter, approve_issue, *JOBS],
    schedules=[after_each_quarter, *SCHEDULES],
    sensors=SENSORS,
    resources={"district": District()},
    executor=in_process_executor,
)
