"""Knows where in a mutation's arguments the jobs stand that it is about; leaves what it does to them to `judging`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from zjtx_pipeline.door.refusals import Refused

ANY_ASSETS = "__ASSET_JOB"  # what Dagster calls a run of chosen assets
PARTITION_SET = "_partition_set"  # Dagster names a job's partitions so
PARTITION = "dagster/partition"
MOST_RUNS = 200
Arguments = dict[str, Any]


class Records(Protocol):
    """What Dagster remembers of runs and backfills."""

    def jobs_of_runs(self, run_ids: list[str]) -> dict[str, str]: ...

    def job_of_backfill(self, backfill_id: str) -> str | None: ...


class Named(NamedTuple):
    """`target`: quarters and ids, for the audit log; `tags`: the keys that a new run is to bear."""

    jobs: list[str]
    target: list[str]
    tags: list[str] = []


def of_execution(arguments: Arguments, records: Records) -> Named:
    return _of_params(arguments["executionParams"])


def of_executions(arguments: Arguments, records: Records) -> Named:
    return Named(*map(_joined, zip(*map(_of_params, _listed(arguments["executionParamsList"])), strict=True)))


def _of_params(params: Arguments) -> Named:
    """Dagster takes `pipelineName` before `jobName`; here both count."""
    selector = params["selector"]
    jobs = [name for name in (selector.get("pipelineName"), selector.get("jobName")) if name]
    if not jobs or not all(isinstance(name, str) for name in jobs):
        raise TypeError
    tags = _listed((params.get("executionMetadata") or {}).get("tags"))
    return Named(jobs, [str(tag["value"]) for tag in tags if tag["key"] == PARTITION], [tag["key"] for tag in tags])


def of_reexecution(arguments: Arguments, records: Records) -> Named:
    """By a job's name, by the run that is done again, or both: then both count."""
    if params := arguments.get("executionParams"):
        named = _of_params(params)
        parent = (params.get("executionMetadata") or {}).get("parentRunId")
    else:
        params = arguments["reexecutionParams"]
        named = Named([], [], [tag["key"] for tag in _listed(params.get("extraTags"))])
        parent = params["parentRunId"]
    again = _jobs_of([parent], records) if parent else Named([], [])
    return Named(*map(_joined, zip(named, again, strict=True)))


def of_run(arguments: Arguments, records: Records) -> Named:
    return _jobs_of([arguments["runId"]], records)


def of_runs(arguments: Arguments, records: Records) -> Named:
    return _jobs_of(_listed(arguments["runIds"]), records)


def _jobs_of(run_ids: list[str], records: Records) -> Named:
    if len(run_ids) > MOST_RUNS or not all(isinstance(each, str) for each in run_ids):
        raise TypeError
    jobs = records.jobs_of_runs(run_ids) if run_ids else {}
    if set(run_ids) - set(jobs):
        raise Refused(404, "没有这次运行。")
    return Named(list(jobs.values()), run_ids)


def of_new_backfill(arguments: Arguments, records: Records) -> Named:
    params = arguments["backfillParams"]
    quarters = [str(name) for name in _listed(params.get("partitionNames"))]
    tags = [tag["key"] for tag in _listed(params.get("tags"))]
    if params.get("selector") is None:
        return Named([ANY_ASSETS], quarters, tags)
    return Named([params["selector"]["partitionSetName"].removesuffix(PARTITION_SET)], quarters, tags)


def of_backfill(arguments: Arguments, records: Records) -> Named:
    return _job_of(arguments["backfillId"], records)


def of_backfill_again(arguments: Arguments, records: Records) -> Named:
    return _job_of(arguments["reexecutionParams"]["parentRunId"], records)


def _job_of(backfill_id: str, records: Records) -> Named:
    job = records.job_of_backfill(backfill_id)
    if job is None:
        raise Refused(404, "没有这次补跑。")
    return Named([job.removesuffix(PARTITION_SET)], [backfill_id])


def _listed(value: Any) -> list[Any]:
    """As GraphQL reads a list: one thing is a list of one."""
    return value if isinstance(value, list) else [value] if value else []


def _joined(lists: Iterable[list[str]]) -> list[str]:
    return [each for one in lists for each in one]
