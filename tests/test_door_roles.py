"""Who may do what through the door: five callers, every action of the table, and every way that one mutation hides in another."""

import json
from pathlib import Path

import pytest
from door_server import CALLERS, NOBODY, door

from zjtx_pipeline.door import documents, judging
from zjtx_pipeline.door.refusals import Refused
from zjtx_pipeline.door.roles import ALLOWED, Action, Role, may, table

ROOT = Path(__file__).parents[1]
QUARTERLY = {"selector": {"jobName": "quarterly_reports", "repositoryName": "r", "repositoryLocationName": "l"}}
APPROVING = {"selector": {"jobName": "approve_issue", "repositoryName": "r", "repositoryLocationName": "l"}}
SET = {"partitionSetName": "quarterly_reports_partition_set", "repositorySelector": {}}
REPORTS = {"00-总报告.pdf": b"%PDF-1", "分发/03-区财政局.pdf": b"%PDF-2", "awards.csv": b"a", "分发/03-区财政局-奖补单元明细.xlsx": b"x"}


def mutation(name, **arguments):
    """A request as Dagster's pages send it: every argument a variable."""
    given = ", ".join(f"{key}: ${key}" for key in arguments)
    declared = ", ".join(f"${key}: Any" for key in arguments)
    query = f"mutation Page({declared}) {{ {name}({given}) {{ __typename }} }}" if arguments else f"mutation {{ {name} {{ __typename }} }}"
    return ("POST", "/graphql", {"query": query, "variables": arguments})


# What a caller asks for, by the action that it is.
REQUESTS = {
    Action.READ_PAGE: ("GET", "/runs", None),
    Action.QUERY: ("POST", "/graphql", {"query": "{ version }"}),
    Action.SUBSCRIBE: ("WEBSOCKET", "/graphql", None),
    Action.READ_REPORT: ("GET", "/reports/2024Q4/00-%E6%80%BB%E6%8A%A5%E5%91%8A.pdf", None),
    Action.READ_FIRMS: ("GET", "/reports/2024Q4/awards.csv", None),
    Action.LAUNCH: mutation("launchRun", executionParams=QUARTERLY),
    Action.BACKFILL: mutation("launchPartitionBackfill", backfillParams={"selector": SET, "partitionNames": ["2024Q1", "2024Q2"]}),
    Action.REEXECUTE: mutation("launchRunReexecution", reexecutionParams={"parentRunId": "r-quarter", "strategy": "ALL_STEPS"}),
    Action.RESUME_BACKFILL: mutation("resumePartitionBackfill", backfillId="b-assets"),
    Action.TERMINATE: mutation("terminateRuns", runIds=["r-quarter", "r-assets"]),
    Action.CANCEL_BACKFILL: mutation("cancelPartitionBackfill", backfillId="b-quarter"),
    Action.TRY_OUT: mutation("scheduleDryRun", selectorData={}),
    Action.APPROVE: mutation("launchRun", executionParams=APPROVING),
    Action.MAIL: mutation("launchRun", executionParams={"selector": {"jobName": "scheduled_quarter"}}),
    Action.SWITCH_SCHEDULE: mutation("startSchedule", scheduleSelector={}),
    Action.SWITCH_SENSOR: mutation("stopSensor", id="s"),
    Action.DELETE_RUN: mutation("deletePipelineRun", runId="r-quarter"),
    Action.WIPE_ASSET: mutation("wipeAssets", assetPartitionRanges=[]),
    Action.LIMIT_RUNS: mutation("setConcurrencyLimit", concurrencyKey="k", limit=1),
    Action.FREE_SLOTS: mutation("freeConcurrencySlots", runId="r-quarter"),
    Action.RELOAD_CODE: mutation("reloadWorkspace"),
    Action.READ_DEBUG: ("GET", "/download_debug/r-quarter", None),
    Action.IMITATE: mutation("launchRun", executionParams={**QUARTERLY, "executionMetadata": {"tags": [{"key": "zjtx/from", "value": "schedule"}]}}),
    Action.FORGE_RECORD: mutation("reportRunlessAssetEvents", eventParams={}),
    Action.CHANGE_BY_GET: ("GET", "/graphql?query=mutation{reloadWorkspace{__typename}}", None),
    Action.CHANGE_CODE: mutation("setAppManagedComponent", componentId="c"),
    Action.TELL_MAKER: mutation("logTelemetry", action="a"),
    Action.CHANGE_USER: ("POST", "/users/add", {"name": "x"}),
    Action.UNLISTED: mutation("launchRun", executionParams={"selector": {"jobName": "send_all"}}),
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    from test_door import shelve

    home = tmp_path_factory.mktemp("door")
    shelve(home, "2024Q4", REPORTS)
    with door(home) as opened:
        yield opened


@pytest.fixture(scope="module")
def callers(opened):
    return {caller: opened.caller(caller) for caller in CALLERS}


def tried(caller, method, path, content):
    """The status that a request comes to; a subscription's is 101 where it was let through."""
    from websockets.exceptions import InvalidStatus

    if method != "WEBSOCKET":
        return caller.ask(method, path, content).status
    try:
        with caller.subscribe():
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def test_every_action_of_the_table_is_asked_for():
    assert REQUESTS.keys() == ALLOWED.keys() == set(Action) and len(REQUESTS) >= 20


@pytest.mark.parametrize("action", REQUESTS, ids=lambda action: action.name)
@pytest.mark.parametrize("caller", CALLERS)
def test_each_caller_may_do_what_the_table_says_and_nothing_else(opened, callers, caller, action):
    opened.behind.asked.clear()
    status = tried(callers[caller], *REQUESTS[action])
    allowed = caller != NOBODY and may(frozenset({caller}), action)
    assert status in ((200, 101) if allowed else (401, 403))
    assert allowed or opened.behind.asked == []


def test_every_mutation_of_the_installed_dagster_has_its_place():
    from dagster_graphql.schema import create_schema

    schema = create_schema().graphql_schema
    assert judging.MUTATIONS.keys() == schema.mutation_type.fields.keys()


def test_the_arguments_in_which_jobs_are_looked_for_are_those_of_the_installed_dagster():
    """Whatever launches, stops or does again something takes no other argument that could name a job or a run."""
    from dagster_graphql.schema import create_schema

    fields = create_schema().graphql_schema.mutation_type.fields
    known = {"executionParams", "executionParamsList", "reexecutionParams", "backfillParams", "backfillId", "runId", "runIds", "terminatePolicy"}
    looked = [name for name, (_, names) in judging.MUTATIONS.items() if names]
    assert {argument for name in looked for argument in fields[name].args} == known


def test_every_job_of_ours_has_its_place():
    from assets.definitions import defs

    jobs = {job.name for job in defs.resolve_all_job_defs()}
    assert jobs <= judging.ORDINARY_JOBS | judging.DAEMONS_JOBS | judging.APPROVING_JOBS


def test_the_table_in_the_documents_is_the_one_in_force():
    assert table() in (ROOT / "docs" / "door.md").read_text(encoding="utf-8")


def test_who_holds_two_roles_may_do_what_either_may():
    both = frozenset({Role.RUN, Role.APPROVE})
    assert may(both, Action.BACKFILL) and may(both, Action.APPROVE) and not may(both, Action.WIPE_ASSET)


SMUGGLED = {
    "under an alias": "mutation { launchRun: launchRun(executionParams: $ok) { __typename } quiet: wipeAssets(assetPartitionRanges: []) { __typename } }",
    "in a fragment": "mutation { ...Quiet } fragment Quiet on Mutation { wipeAssets(assetPartitionRanges: []) { __typename } }",
    "in a fragment's fragment": "mutation { ...A } fragment A on Mutation { ...B } fragment B on Mutation { ... { wipeAssets { __typename } } ...A }",
    "in an inline fragment": "mutation { ... on Mutation { wipeAssets(assetPartitionRanges: []) { __typename } } }",
    "in an operation that is not named": "query Wanted { version } mutation Other { wipeAssets(assetPartitionRanges: []) { __typename } }",
    "behind a directive": "mutation { wipeAssets(assetPartitionRanges: []) @skip(if: true) { __typename } }",
    "as a default of a variable": 'mutation ($it: E = {selector: {jobName: "approve_issue"}}) { launchRun(executionParams: $it) { __typename } }',
    "in a variable of a part": 'mutation ($job: String) { launchRun(executionParams: {selector: {jobName: $job}}) { __typename } }',
    "by the other name of a job": 'mutation { launchRun(executionParams: {selector: {pipelineName: "approve_issue", jobName: "quarterly_reports"}}) { __typename } }',
    "as the second of several": 'mutation { launchMultipleRuns(executionParamsList: [$ok, {selector: {jobName: "approve_issue"}}]) { __typename } }',
    "as a list of one": 'mutation { launchMultipleRuns(executionParamsList: {selector: {jobName: "approve_issue"}}) { __typename } }',
    "as the partitions of a job": 'mutation { launchPartitionBackfill(backfillParams: {selector: {partitionSetName: "approve_issue_partition_set"}}) { __typename } }',
    "as a run done again": 'mutation { launchRunReexecution(reexecutionParams: {parentRunId: "r-approve"}) { __typename } }',
    "as a run done again under another job": 'mutation { launchRunReexecution(executionParams: {selector: {jobName: "quarterly_reports"}, executionMetadata: {parentRunId: "r-approve"}}) { __typename } }',
    "as a backfill done again": 'mutation { reexecutePartitionBackfill(reexecutionParams: {parentRunId: "b-approve"}) { __typename } }',
    "as a backfill gone on with": 'mutation { resumePartitionBackfill(backfillId: "b-approve") { __typename } }',
    "among runs to be stopped": 'mutation { terminateRuns(runIds: ["r-quarter", "r-approve"]) { __typename } }',
    "as a run of another job": 'mutation { terminateRun(runId: "r-other") { __typename } }',
    "as a run that there is not": 'mutation { terminateRun(runId: "r-none") { __typename } }',
    "as a tag of the schedule's": 'mutation { launchRun(executionParams: {selector: {jobName: "__ASSET_JOB"}, executionMetadata: {tags: {key: "ZJTX/from", value: "schedule"}}}) { __typename } }',
    "as a tag of the schedule's beside others": 'mutation { launchMultipleRuns(executionParamsList: [$ok, {selector: {jobName: "__ASSET_JOB"}, executionMetadata: {tags: [{key: "a"}, {key: "zjtx/from"}]}}]) { __typename } }',
    "as a tag of a run done again": 'mutation { launchRunReexecution(reexecutionParams: {parentRunId: "r-assets", extraTags: [{key: "zjtx/from", value: "schedule"}]}) { __typename } }',
    "as a tag of a backfill": 'mutation { launchPartitionBackfill(backfillParams: {assetSelection: [], tags: [{key: "zjtx/from", value: "schedule"}]}) { __typename } }',
    "as the schedule's run done again": 'mutation { launchRunReexecution(reexecutionParams: {parentRunId: "r-schedule"}) { __typename } }',
    "as the schedule's job": 'mutation { launchPartitionBackfill(backfillParams: {selector: {partitionSetName: "scheduled_quarter_partition_set"}}) { __typename } }',
    "without a job": "mutation { launchRun(executionParams: {selector: {}}) { __typename } }",
    "as nothing at all": "mutation { terminateRuns(runIds: []) { __typename } }",
    "given twice": 'mutation { launchRun(executionParams: $ok, executionParams: {selector: {jobName: "approve_issue"}}) { __typename } }',
    "as a job that is a list": 'mutation { launchRun(executionParams: {selector: {jobName: ["approve_issue"]}}) { __typename } }',
    "beside a definition": "extend type Query { a: Int } query { version }",
    "as a document without an operation": "fragment A on Query { version }",
    "as many words": "query { " + "a " * 30_000 + "}",
    "as many depths": "query { a " + "{ a " * 9_000 + "} " * 9_000 + "}",
}


@pytest.mark.parametrize("query", SMUGGLED.values(), ids=SMUGGLED)
def test_nothing_is_smuggled_past_who_may_only_run(opened, callers, query):
    opened.behind.asked.clear()
    status = callers[Role.RUN].graphql(query, {"ok": QUARTERLY, "job": "approve_issue"}).status
    assert status in (400, 403, 404) and opened.behind.asked == []


def test_who_runs_may_stop_what_the_schedule_started(callers):
    assert callers[Role.RUN].graphql('mutation { terminateRun(runId: "r-schedule") { __typename } }').status == 200


def test_the_tags_that_tell_the_schedules_runs_are_kept_to_it():
    from assets.delivery import FROM

    assert FROM.startswith(judging.OWN_TAGS)


BODIES = {
    "several requests": [{"query": "{ version }"}, {"query": "{ version }"}],
    "no query": {"variables": {}},
    "variables that are text": {"query": "{ version }", "variables": "{}"},
    "a name that is none": {"query": "{ version }", "operationName": 5},
    "no JSON": b"query { version }",
    "JSON of another encoding": '{"query": "{ version }"}'.encode("utf-16"),
    "depths of JSON": b"[" * 200_000,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_holds_one_request_and_nothing_odd(opened, callers, body):
    opened.behind.asked.clear()
    assert callers[Role.ADMINISTER].ask("POST", "/graphql", body).status == 400 and opened.behind.asked == []


def test_dagster_is_handed_what_was_understood_and_not_what_came(opened, callers):
    opened.behind.asked.clear()
    body = b'{"query": "mutation { launchRun { a } }", "query": "query One { version }", "operationName": "One", "extensions": {"x": 1}}'
    assert callers[Role.VIEW].ask("POST", "/graphql?query=mutation{reloadWorkspace{a}}", body).status == 200
    (_, _, handed, headers), = opened.behind.asked
    assert handed == {"query": "query One { version }", "variables": {}, "operationName": "One"}
    assert "cookie" not in headers and "origin" not in headers


def test_fragments_that_name_each_other_come_to_an_end():
    with pytest.raises(Refused):
        documents.understand({"query": "mutation { ...A ", "variables": None})
    asked = documents.understand({"query": "mutation { ...A } fragment A on M { ...A __typename }"})
    assert asked.mutations == () and asked.kinds == {"mutation"}


WHISPERED = {
    "a mutation": {"type": "start", "id": "1", "payload": {"query": "mutation { reloadWorkspace { a } }"}},
    "a mutation beside it": {"type": "start", "id": "1", "payload": {"query": "subscription S { a } mutation M { reloadWorkspace { a } }"}},
    "a query": {"type": "start", "id": "1", "payload": {"query": "{ version }"}},
    "another kind of message": {"type": "subscribe", "id": "1", "payload": {"query": "subscription { a }"}},
    "no name": {"type": "start", "payload": {"query": "subscription { a }"}},
    "several at once": [{"type": "connection_init"}],
}


@pytest.mark.parametrize("message", WHISPERED.values(), ids=WHISPERED)
def test_over_a_websocket_only_subscriptions_pass(opened, callers, message):
    from websockets.exceptions import ConnectionClosed

    opened.behind.asked.clear()
    with callers[Role.ADMINISTER].subscribe() as socket:
        socket.send(json.dumps(message))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=5)
    assert closed.value.rcvd.code == 1008 and opened.behind.asked == []


def test_a_subscription_is_heard_and_answered(opened, callers):
    with callers[Role.VIEW].subscribe() as socket:
        assert socket.subprotocol == "graphql-ws"
        socket.send(json.dumps({"type": "connection_init", "payload": {"cookie": "x"}}))
        assert json.loads(socket.recv(timeout=5))["payload"] == {"heard": {"type": "connection_init"}}
        socket.send(json.dumps({"type": "start", "id": "7", "payload": {"query": "subscription { a }", "variables": {"b": "汉"}}}))
        heard = json.loads(socket.recv(timeout=5))["payload"]["heard"]
    assert heard["id"] == "7" and heard["payload"] == {"query": "subscription { a }", "variables": {"b": "汉"}, "operationName": None}
