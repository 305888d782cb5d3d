"""Knows every mutation of Dagster's and what it does; leaves to `roles` who may do so, to `targets` which jobs it names.

What is not in these tables is done by nobody: a mutation or a job that comes new must be given its place first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from zjtx_pipeline.door import targets
from zjtx_pipeline.door.documents import Field
from zjtx_pipeline.door.refusals import Refused
from zjtx_pipeline.door.roles import Action
from zjtx_pipeline.door.targets import ANY_ASSETS, Arguments, Named, Records

ORDINARY_JOBS = frozenset({"quarterly_reports", ANY_ASSETS})
DAEMONS_JOBS = frozenset({"scheduled_quarter", "post_approved", "remind_departments", "housekeeping"})  # they mail, or clear away
APPROVING_JOBS = frozenset({"approve_issue"})
STOPPING = (Action.TERMINATE, Action.CANCEL_BACKFILL)
OWN_TAGS = "zjtx/"  # by them the schedule's runs are told, which ask for approval


class Asked(NamedTuple):
    """`target`: the jobs, quarters or ids, for the audit log."""

    action: Action
    target: str


def asked(field: Field, records: Records) -> list[Asked]:
    """What a mutation would do; Refused: it is malformed, or names a run that there is not."""
    action, names = MUTATIONS.get(field.name, (Action.UNLISTED, None))
    if names is None:
        return [Asked(action, field.name)]
    try:
        named = names(field.arguments, records)
    except (KeyError, TypeError, AttributeError):
        raise Refused(400, "GraphQL 请求的参数写法不对。", action, field.name) from None
    if not named.jobs:
        raise Refused(400, "请求没有写明对哪个作业操作。", action, field.name)
    target = " ".join([field.name, *named.jobs, *named.target])
    if any(key.strip().lower().startswith(OWN_TAGS) for key in named.tags):
        return [Asked(Action.IMITATE, target)]
    return [Asked(each, target) for each in sorted({_on(action, job) for job in named.jobs})]


def _on(action: Action, job: str) -> Action:
    """Whatever is done with an approving job is for who approves; one that mails may be stopped by who runs."""
    if job in APPROVING_JOBS:
        return Action.APPROVE
    if job in DAEMONS_JOBS:
        return action if action in STOPPING else Action.MAIL
    return action if job in ORDINARY_JOBS else Action.UNLISTED


_Names = Callable[[Arguments, Records], Named]
MUTATIONS: dict[str, tuple[Action, _Names | None]] = {
    "launchRun": (Action.LAUNCH, targets.of_execution),
    "launchPipelineExecution": (Action.LAUNCH, targets.of_execution),
    "launchMultipleRuns": (Action.LAUNCH, targets.of_executions),
    "launchRunReexecution": (Action.REEXECUTE, targets.of_reexecution),
    "launchPipelineReexecution": (Action.REEXECUTE, targets.of_reexecution),
    "launchPartitionBackfill": (Action.BACKFILL, targets.of_new_backfill),
    "resumePartitionBackfill": (Action.RESUME_BACKFILL, targets.of_backfill),
    "reexecutePartitionBackfill": (Action.RESUME_BACKFILL, targets.of_backfill_again),
    "cancelPartitionBackfill": (Action.CANCEL_BACKFILL, targets.of_backfill),
    "terminateRun": (Action.TERMINATE, targets.of_run),
    "terminateRuns": (Action.TERMINATE, targets.of_runs),
    "terminatePipelineExecution": (Action.TERMINATE, targets.of_run),
    "scheduleDryRun": (Action.TRY_OUT, None),
    "sensorDryRun": (Action.TRY_OUT, None),
    "startSchedule": (Action.SWITCH_SCHEDULE, None),
    "stopRunningSchedule": (Action.SWITCH_SCHEDULE, None),
    "resetSchedule": (Action.SWITCH_SCHEDULE, None),
    "startSensor": (Action.SWITCH_SENSOR, None),
    "stopSensor": (Action.SWITCH_SENSOR, None),
    "resetSensor": (Action.SWITCH_SENSOR, None),
    "setSensorCursor": (Action.SWITCH_SENSOR, None),
    "setAutoMaterializePaused": (Action.SWITCH_SENSOR, None),
    "deleteRun": (Action.DELETE_RUN, None),
    "deletePipelineRun": (Action.DELETE_RUN, None),
    "wipeAssets": (Action.WIPE_ASSET, None),
    "setConcurrencyLimit": (Action.LIMIT_RUNS, None),
    "deleteConcurrencyLimit": (Action.LIMIT_RUNS, None),
    "freeConcurrencySlots": (Action.FREE_SLOTS, None),
    "freeConcurrencySlotsForRun": (Action.FREE_SLOTS, None),
    "reloadRepositoryLocation": (Action.RELOAD_CODE, None),
    "reloadWorkspace": (Action.RELOAD_CODE, None),
    "reportRunlessAssetEvents": (Action.FORGE_RECORD, None),
    "reportAssetCheckEvaluations": (Action.FORGE_RECORD, None),
    "shutdownRepositoryLocation": (Action.CHANGE_CODE, None),
    "addDynamicPartition": (Action.CHANGE_CODE, None),
    "deleteDynamicPartitions": (Action.CHANGE_CODE, None),
    "setAppManagedComponent": (Action.CHANGE_CODE, None),
    "deleteAppManagedComponent": (Action.CHANGE_CODE, None),
    "refreshComponentState": (Action.CHANGE_CODE, None),
    "logTelemetry": (Action.TELL_MAKER, None),
    "setNuxSeen": (Action.TELL_MAKER, None),
}
