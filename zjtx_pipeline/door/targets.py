"""Knows where in a mutation's arguments the jobs stand that it is about; leaves what it does to them to `judging`."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from zjtx_pipeline.door.refusals import Refused

ANY_ASSETS = "__ASSET_JOB"  # what Dagster calls a run of chosen assets
PARTITION_SET = "_partition_set"  # Dagster names a job's partitions so
MOST_RUNS = 200
Arguments = dict[str, Any]


class Records(Protocol):
    """What Dagster remembers of runs and backfills."""

    def jobs_of_runs(self, run_ids: list[str]) -> dict[str, str]: ...

    def job_of_backfill(self, backfill_id: str) -> str | None: ...


class Named(NamedTuple):
    """`target`: quarters and ids, for the audit log."""

    jobs: list[str]
    target: list[str]


def of_execution(arguments: Arguments, records: Records) -> Named:
    return _of_params(arguments["executionParams"])


def of_executions(arguments: Arguments, records: Records) -> Named:
    listed = arguments["executionParamsList"]
    each = [_of_params(params) for params in (listed if isinstance(listed, list) else [listed])]
    return Named([job for one in each for job in one.jobs], [word for one in each for word in one.target])


def _of_params(params: Arguments) -> Named:
    """Dagster takes `pipelineName` before `jobName`; here both count."""
    selector = params["selector"]
    jobs = [name for name in (selector.get("pipelineName"), selector.get("jobName")) if name]
    if not jobs or not all(isinstance(name, str) for name in jobs):
        raise TypeError
    tags = (params.get("executionMetadata") or {}).get("tags") or []
    return Named(jobs, [str(tag["value"]) for tag in tags if tag["key"] == "dagster/partition"])


def of_reexecution(arguments: Arguments, records: Records) -> Named:
    """By a job's name, by the run that is done again, or both: then both count."""
    jobs, target = [], []
    if params := arguments.get("executionParams"):
        jobs, target = _of_params(params)
        parent = (params.get("executionMetadata") or {}).get("parentRunId")
    else:
        parent = arguments["reexecutionParams"]["parentRunId"]
    again = _jobs_of([parent], records) if parent else Named([], [])
    return Named([*jobs, *again.jobs], [*target, *again.target])


def of_run(arguments: Arguments, records: Records) -> Named:
    return _jobs_of([arguments["runId"]], records)


def of_runs(arguments: Arguments, records: Records) -> Named:
    listed = arguments["runIds"]
    return _jobs_of(listed if isinstance(listed, list) else [listed], records)


def _jobs_of(run_ids: list[str], records: Records) -> Named:
    if len(run_ids) > MOST_RUNS or not all(isinstance(each, str) for each in run_ids):
        raise TypeError
    jobs = records.jobs_of_runs(run_ids) if run_ids else {}
    if set(run_ids) - set(jobs):
        raise Refused(404, "没有这次运行。")
    return Named(list(jobs.values()), run_ids)


def of_new_backfill(arguments: Arguments, records: Records) -> Named:
    params = arguments["backfillParams"]
    quarters = [str(name) for name in params.get("partitionNames") or []]
    if params.get("selector") is None:
        return Named([ANY_ASSETS], quarters)
    return Named([params["selector"]["partitionSetName"].removesuffix(PARTITION_SET)], quarters)


def of_backfill(arguments: Arguments, records: Records) -> Named:
    return _job_of(arguments["backfillId"], records)


def of_backfill_again(arguments: Arguments, records: Records) -> Named:
    return _job_of(arguments["reexecutionParams"]["parentRunId"], records)


def _job_of(backfill_id: str, records: Records) -> Named:
    job = records.job_of_backfill(backfill_id)
    if job is None:
        raise Refused(404, "没有这次补跑。")
    return Named([job.removesuffix(PARTITION_SET)], [backfill_id])
