"""The door before the real thing: Dagster's webserver, with our own jobs; and what staff do in a browser, from login to PDF."""

import json
import re

import pytest
import urllib3
import yaml
from door_server import PASSWORD, Doorway, free_port
from in_browser import opened_page, served
from made_issues import CLERK, LEADER, QUARTER, with_mail
from test_door import FORGED
from test_ui import CHROMIUM, MINUTES, start_backfill

from zjtx_pipeline import store
from zjtx_pipeline.delivery import accounts, asking, signoff
from zjtx_pipeline.door.roles import Role
from zjtx_pipeline.door.users import Users
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import load_settings

FOUR = ("2024Q1", "2024Q2", "2024Q3", "2024Q4")
AT = {"repositoryName": "__repository__", "repositoryLocationName": "assets.definitions"}
LAUNCH = """mutation ($it: ExecutionParams!) { launchRun(executionParams: $it) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
BACKFILL = "mutation ($it: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $it) { ... on LaunchBackfillSuccess { backfillId } } }"
RUNS = "{ runsOrError { ... on Runs { count } } }"
MADE = '{ assetOrError(assetKey: {path: ["report", "T01"]}) { ... on Asset { assetMaterializations { runId } } } }'
DELETE = 'mutation { deleteRun(runId: "none") { __typename } }'


@pytest.fixture(scope="module")
def opened(tmp_path_factory, miniature):
    """A door before Dagster's own webserver, over an empty home."""
    from assets import serve

    home = tmp_path_factory.mktemp("door_dagster")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"ZJTX_HOME": home, "ZJTX_CONFIG": miniature, "DAGSTER_HOME": home / "dagster"}.items():
            patch.setenv(name, str(value))
        with serve.server(free_port()) as (process, _):
            port = int(process.args[process.args.index("-p") + 1])
            with Doorway(home, port).open() as doorway:
                yield doorway
                doorway.keeper.upstream.close()


@pytest.fixture(scope="module")
def running(opened):
    return opened.caller(Role.RUN)


def answered(caller, query, variables=None):
    answer = caller.graphql(query, variables)
    assert answer.status == 200, answer.data.decode()
    return next(iter(json.loads(answer.data)["data"].values()))


def launch_params(quarter, job="quarterly_reports"):
    tags = [{"key": "dagster/partition", "value": quarter}]
    return {"selector": {**AT, "jobName": job}, "runConfigData": {}, "executionMetadata": {"tags": tags}}


@pytest.fixture(scope="module")
def run_id(running):
    """A run launched through the door, and stopped through it."""
    launched = answered(running, LAUNCH, {"it": launch_params("2023Q1")})
    assert launched["__typename"] == "LaunchRunSuccess", launched
    yield launched["run"]["runId"]


@pytest.mark.slow
def test_without_the_door_a_link_changes_things_and_with_it_none_does(opened):
    behind = f"http://127.0.0.1:{opened.keeper.upstream.port}"
    path = "/graphql?query=" + DELETE.replace(" ", "%20").replace('"', "%22")
    with urllib3.PoolManager() as pool:
        assert b"RunNotFoundError" in pool.request("GET", behind + path).data
    assert opened.caller(Role.ADMINISTER).ask("GET", path).status == 403


@pytest.mark.slow
@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
def test_a_forged_request_launches_nothing(opened, running, headers):
    before = answered(running, RUNS)
    said = {name: value(running) if callable(value) else value for name, value in headers.items()}
    body = {"query": LAUNCH, "variables": {"it": launch_params("2023Q2")}}
    assert running.ask("POST", "/graphql", body, **said).status in (403, 415, 421)
    assert answered(running, RUNS) == before


@pytest.mark.slow
@pytest.mark.parametrize("role", list(Role))
def test_nobody_forges_that_a_report_was_made(opened, role):
    caller = opened.caller(role)
    params = {"eventType": "ASSET_MATERIALIZATION", "assetKey": {"path": ["report", "T01"]}, "partitionKeys": ["2024Q4"]}
    forged = "mutation ($it: ReportRunlessAssetEventsParams!) { reportRunlessAssetEvents(eventParams: $it) { __typename } }"
    assert caller.ask("POST", "/report_asset_materialization/report/T01?partition=2024Q4", {}).status == 403
    assert caller.graphql(forged, {"it": params}).status == 403
    assert answered(caller, MADE).get("assetMaterializations", []) == []


@pytest.mark.slow
def test_who_may_run_runs_and_who_may_not_does_not(opened, running, run_id):
    again = "mutation ($it: ReexecutionParams) { launchRunReexecution(reexecutionParams: $it) { __typename } }"
    stop = 'mutation ($id: String!) { terminateRun(runId: $id, terminatePolicy: MARK_AS_CANCELED_IMMEDIATELY) { __typename } }'
    for role in (Role.VIEW, Role.APPROVE):
        caller = opened.caller(role)
        assert caller.graphql(LAUNCH, {"it": launch_params("2023Q3")}).status == 403
        assert caller.graphql(again, {"it": {"parentRunId": run_id, "strategy": "ALL_STEPS"}}).status == 403
        assert caller.graphql(stop, {"id": run_id}).status == 403
    assert opened.keeper.upstream.jobs_of_runs([run_id]) == {run_id: "quarterly_reports"}
    assert answered(running, stop, {"id": run_id})["__typename"] == "TerminateRunSuccess"
    for query in (DELETE, "mutation { reloadWorkspace { __typename } }", "mutation { wipeAssets(assetPartitionRanges: []) { __typename } }"):
        assert running.graphql(query).status == 403
    assert answered(opened.caller(Role.ADMINISTER), DELETE)["__typename"] == "RunNotFoundError"


@pytest.mark.slow
def test_an_approval_is_launched_by_who_approves_alone(opened, running):
    params = {"it": launch_params("2024Q4", "approve_issue")}
    assert running.graphql(LAUNCH, params).status == opened.caller(Role.ADMINISTER).graphql(LAUNCH, params).status == 403
    assert opened.caller(Role.APPROVE).graphql(LAUNCH, params).status == 200


@pytest.mark.slow
def test_a_backfill_is_known_by_its_job(opened, running):
    selector = {"partitionSetName": "quarterly_reports_partition_set", "repositorySelector": AT}
    begun = answered(running, BACKFILL, {"it": {"selector": selector, "partitionNames": ["2023Q1"]}})["backfillId"]
    assert opened.keeper.upstream.job_of_backfill(begun) == "quarterly_reports_partition_set"
    cancel = "mutation ($id: String!) { cancelPartitionBackfill(backfillId: $id) { __typename } }"
    assert opened.caller(Role.APPROVE).graphql(cancel, {"id": begun}).status == 403
    assert answered(running, cancel, {"id": begun})["__typename"] == "CancelBackfillSuccess"
    assert opened.keeper.upstream.job_of_backfill("none") is None and opened.keeper.upstream.jobs_of_runs(["none"]) == {}


@pytest.mark.slow
def test_the_progress_of_a_run_is_heard(opened, run_id):
    query = "subscription ($id: ID!) { pipelineRunLogs(runId: $id) { __typename ... on PipelineRunLogsSubscriptionSuccess { messages { __typename } } } }"
    with opened.caller(Role.VIEW).subscribe() as socket:
        socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(socket.recv(timeout=30))["type"] == "connection_ack"
        socket.send(json.dumps({"type": "start", "id": "1", "payload": {"query": query, "variables": {"id": run_id}}}))
        heard = json.loads(socket.recv(timeout=30))
    assert heard["payload"]["data"]["pipelineRunLogs"]["messages"]


# In the browser


@pytest.fixture
def config(miniature, mailbox):
    """The miniature district behind a door, with a mail server, two recipients and 张三, who approves."""
    return with_mail(miniature, mailbox.port, door={"port": free_port()})


@pytest.fixture
def address(warm_home, config):
    """The address of `zjtx serve` with one user, 张三, who runs and approves; ended as a person would end it."""
    Users(warm_home).add("张三", [Role.RUN, Role.APPROVE], PASSWORD)
    store.write_json(warm_home / "unattended.json", {"since": "2027Q4"})  # else the reconciler makes, and mails, quarters of its own
    port = yaml.safe_load(config.read_text(encoding="utf-8"))["door"]["port"]
    with served(["serve"], warm_home, config, port) as address:
        yield address


@pytest.fixture
def page(address):
    with opened_page(address, CHROMIUM, MINUTES) as page:
        page.complaints = []
        page.on("console", lambda told: page.complaints.append(told.text) if "Content Security Policy" in told.text else None)
        yield page


def log_in(page, name, password):
    page.get_by_label("用户名").fill(name)
    page.get_by_label("口令").fill(password)
    page.get_by_role("button", name="登录").click()


@pytest.mark.browser
@pytest.mark.slow
def test_from_login_by_a_backfill_of_four_quarters_to_a_report_that_is_approved_and_sent(page, warm_home, config, mailbox):
    from playwright.sync_api import expect

    page.goto("/runs")
    log_in(page, "张三", "Bushi-zhege-1")
    expect(page.get_by_role("alert")).to_have_text("用户名或口令不对。")
    log_in(page, "张三", PASSWORD)
    page.wait_for_url("**/runs")

    start_backfill(page, FOUR)
    page.goto("/runs?view=backfills")
    expect(page.get_by_text("Success", exact=True)).to_be_visible(timeout=15 * MINUTES)

    page.goto("/assets/report/T01?partition=2024Q4")
    page.get_by_text("[Show Markdown]").first.click()
    preview = page.get_by_role("img", name="首页预览").first
    expect(preview).to_be_visible()
    assert preview.evaluate("picture => picture.naturalWidth") > 300

    page.goto("/reports/")
    for quarter in FOUR:  # the reconciler may have made others meanwhile
        expect(page.get_by_role("heading", level=2, name=Quarter.parse(quarter).chinese)).to_be_visible()
    link = page.locator("a[href^='/reports/2024Q4/00-']")
    answer = page.request.get(link.get_attribute("href"))
    assert answer.body() == (warm_home / "reports" / "2024Q4" / "00-总报告.pdf").read_bytes()
    assert answer.headers["content-disposition"].startswith("inline")
    link.click()
    page.wait_for_url(re.compile(r"2024Q4/00-.*[.]pdf$"))
    page.goto("/reports/")

    assert mailbox.letters == []  # a backfill mails nobody
    asking.ask(load_settings(config), warm_home, QUARTER)
    code = re.search(r"您的验证码：(\w+)", mailbox.letters[0][1].get_body().get_content())[1]
    page.goto("/locations/__repository__@assets.definitions/jobs/approve_issue/playground")
    page.locator(".CodeMirror").first.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(f'{{ops: {{sign_off: {{config: {{quarter: 2024Q4, approver: 张三, code: "{code}"}}}}}}}}')
    page.get_by_role("button", name="Launch run").click()
    expect(page.get_by_text("Success", exact=True).first).to_be_visible(timeout=2 * MINUTES)
    assert [recipients[0] for recipients, _ in mailbox.letters[1:]] == [LEADER.address, CLERK.address]
    (account,) = accounts.of_quarter(load_settings(config), warm_home, QUARTER)
    assert account.title.endswith("批准：张三") and {row[2] for row in account.rows} == {"已发送"}
    page.goto("/reports/")

    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/login")
    page.goto("/reports/")
    expect(page.get_by_label("口令")).to_be_visible()
    record = (warm_home / "door" / "audit.log").read_text(encoding="utf-8")
    assert re.search(r"补跑多个季度.*quarterly_reports 2024Q1 2024Q2 2024Q3 2024Q4", record)
    assert page.complaints == []
