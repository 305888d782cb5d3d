"""The door itself: who comes in, forged and cross-site requests, reports to open, and the record of it all."""

import hashlib
import http.client
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import urllib3
from door_server import NOBODY, PASSWORD, Caller, door, free_port

from zjtx_pipeline.door import answers, serving
from zjtx_pipeline.door.origins import MOST_BYTES
from zjtx_pipeline.door.roles import Role
from zjtx_pipeline.door.sessions import Sessions, Throttle
from zjtx_pipeline.door.upstream import Upstream
from zjtx_pipeline.door.users import User, Users, matches
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Door, load_settings

ROOT = Path(__file__).parents[1]
LAUNCH = {"query": 'mutation { launchRun(executionParams: {selector: {jobName: "quarterly_reports"}}) { __typename } }'}


class Hand:
    """A clock that a test moves."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def raw(caller, method, path, body=None, **options):
    """The status of a request written as it stands: no client puts the path or the headers right."""
    connection = http.client.HTTPConnection(caller.address.removeprefix("http://"), timeout=10)
    headers = {"Cookie": caller.cookie} | options.pop("headers", {})
    try:
        connection.request(method, path, body, headers, **options)
        with connection.getresponse() as answer:
            return answer.status
    finally:
        connection.close()


def shelve(home, folder, files, **more):
    """A quarter's folder with its manifest, and a file that the manifest does not name."""
    place = home / "reports" / folder
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    listed = [{"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name, content in files.items()]
    (place / "manifest.json").write_text(json.dumps({"outputs": listed, "draft": False, **more}), encoding="utf-8")
    (place / "尚未列入.pdf").write_bytes(b"%PDF-0")


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    home = tmp_path_factory.mktemp("door")
    shelve(home, "2024Q4", {"00-总报告.pdf": b"%PDF-1", "分发/03-区财政局.pdf": b"%PDF-2", "awards.csv": "码,元\n".encode()})
    shelve(home, "2024Q3", {"00-总报告.pdf": b"%PDF-3"}, draft=True)
    shelve(home, "2024Q3@2024-11-02", {"00-总报告.pdf": b"%PDF-4"})
    (home / "reports" / "2024Q3" / "00-总报告.pdf").write_bytes(b"%PDF-changed")
    (home / "secret.txt").write_text("secret")
    with door(home) as opened:
        yield opened


@pytest.fixture(scope="module")
def manager(opened):
    return opened.caller(Role.ADMINISTER)


# What a page elsewhere, a link in a mail or a program on the net could have a browser send: over a manager's own session.
FORGED = {
    "a form of another site": dict(Content_Type="application/x-www-form-urlencoded", Origin="http://evil.example", Sec_Fetch_Site="cross-site"),
    "JSON under the name of plain text": dict(Content_Type="text/plain"),
    "JSON from another site": dict(Origin="http://evil.example", Sec_Fetch_Site="cross-site"),
    "JSON from another port of this machine": dict(Origin="http://127.0.0.1:1"),
    "JSON from this address over another scheme": dict(Origin=lambda caller: caller.address.replace("http", "https")),
    "JSON from nowhere (a sandboxed frame)": dict(Origin="null"),
    "JSON without a sender": dict(Origin=None, Sec_Fetch_Site=None),
    "JSON whose page is another's": dict(Origin=None, Referer="http://evil.example/127.0.0.1/"),
    "JSON that the browser knows to be another's": dict(Sec_Fetch_Site="same-site"),
    "a name that points here (DNS rebinding)": dict(Host="evil.example", Origin="http://evil.example"),
    "a name that ends like ours": dict(Host="127.0.0.1.evil.example", Origin="http://127.0.0.1.evil.example"),
    "a content that is packed": dict(Content_Encoding="gzip"),
}  # fmt: skip


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
def test_a_forged_request_starts_nothing(opened, manager, headers):
    opened.behind.asked.clear()
    said = {name: value(manager) if callable(value) else value for name, value in headers.items()}
    assert manager.ask("POST", "/graphql", LAUNCH, **said).status in (403, 415, 421)
    assert opened.behind.asked == []


OTHERWISE = {
    "GET with a mutation": ("GET", "/graphql?query=mutation{reloadWorkspace{__typename}}", {}),
    "HEAD with a mutation": ("HEAD", "/graphql?query=mutation{reloadWorkspace{__typename}}", {}),
    "GET of the playground": ("GET", "/graphql", {"Accept": "text/html"}),
    "GET by a path that climbs": ("GET", "/x/../graphql?query=mutation{reloadWorkspace{__typename}}", {}),
    "GET by a path that climbs unseen": ("GET", "/x/%2e%2e/graphql?query=mutation{reloadWorkspace{__typename}}", {}),
    "GET by a path that climbs through a slash": ("GET", "/x%2f..%2fgraphql?query=mutation{reloadWorkspace{__typename}}", {}),
    "GET by a path of two slashes": ("GET", "//graphql?query=mutation{reloadWorkspace{__typename}}", {}),
    "GET by a path spelt otherwise": ("GET", "/%67raphql?query=mutation{reloadWorkspace{__typename}}", {}),
    "GET by a backslash": ("GET", "/x\\..\\graphql", {}),
    "a script of another site": ("GET", "/runs", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}),
    "a frame of another site": ("GET", "/runs", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}),
    "PUT": ("PUT", "/graphql", {}),
    "DELETE": ("DELETE", "/runs", {}),
    "OPTIONS, asked before a request of another site": ("OPTIONS", "/graphql", {"Origin": "http://evil.example"}),
    "TRACE": ("TRACE", "/", {}),
    "a notebook": ("GET", "/notebook?path=/etc/passwd.ipynb&repoLocName=x", {}),
}


@pytest.mark.parametrize("asked", OTHERWISE.values(), ids=OTHERWISE)
def test_by_no_other_way_is_anything_changed(opened, manager, asked):
    method, path, headers = asked
    opened.behind.asked.clear()
    assert raw(manager, method, path, headers=headers) in (400, 403, 405)
    assert opened.behind.asked == []


@pytest.mark.parametrize("kind", ["materialization", "check", "observation"])
@pytest.mark.parametrize("role", [NOBODY, *Role])
def test_nobody_forges_what_was_made(opened, role, kind):
    opened.behind.asked.clear()
    caller = opened.caller(role)
    assert caller.ask("POST", f"/report_asset_{kind}/report/T01?partition=2024Q4", {}).status == 403
    assert caller.ask("POST", f"/Report_asset_{kind}/report/T01", {}).status == 403
    assert opened.behind.asked == []


def test_a_link_in_a_mail_opens_a_page(opened, manager):
    headers = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert manager.ask("GET", "/runs", **headers).status == 200


def test_a_subscription_of_another_site_is_refused(opened, manager):
    from websockets.exceptions import InvalidStatus

    for said in ({"Origin": "http://evil.example"}, {"Origin": None}, {"Host": "evil.example", "Origin": "http://evil.example"}):
        with pytest.raises(InvalidStatus):
            manager.subscribe(**said)


@pytest.mark.parametrize("sized", [True, False], ids=["said to be large", "large and not said to be"])
def test_a_body_that_is_too_large_is_not_read_to_its_end(opened, manager, sized):
    opened.behind.asked.clear()
    body = b'{"query": "' + b" " * MOST_BYTES + b'"}'
    headers = {"Origin": manager.address, "Content-Type": "application/json"}
    parts = iter([body[index : index + 65536] for index in range(0, len(body), 65536)])
    try:
        assert raw(manager, "POST", "/graphql", body if sized else parts, headers=headers, encode_chunked=not sized) == 413
    except ConnectionError:
        pass  # hung up on while still sending
    assert opened.behind.asked == []


def test_only_what_is_listed_passes_either_way(opened, manager):
    opened.behind.asked.clear()
    answer = manager.ask("GET", "/assets/report/%E4%BB%BB%E5%8A%A1?a=%E6%B1%89&b=2", X_Forwarded_For="6.6.6.6", Forwarded="for=6.6.6.6", Authorization="x", Connection="close, x-mine", X_Mine="1")  # fmt: skip
    (method, path, query, headers), = opened.behind.asked
    assert (method, path, query) == ("GET", "/assets/report/任务", "a=%E6%B1%89&b=2")
    assert headers["x-forwarded-for"] == "127.0.0.1" and headers["x-forwarded-proto"] == "http"
    assert not {"cookie", "forwarded", "authorization", "x-mine"} & set(headers)
    assert not {"set-cookie", "server", "x-dagster-call-counts"} & {name.lower() for name in answer.headers}
    assert answer.headers["x-frame-options"] == "DENY" and "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_where_dagster_does_not_answer_a_sentence_does(tmp_path):
    with door(tmp_path) as opened:
        caller = opened.caller(Role.VIEW)
        opened.keeper.upstream = Upstream(1)
        answer = caller.ask("GET", "/runs", Accept="text/html")
    assert answer.status == 502 and "没有答复" in answer.data.decode()


def test_a_defect_is_told_without_a_traceback(opened, manager, monkeypatch):
    monkeypatch.setattr(opened.keeper.shelf, "folders", lambda: 1 / 0)
    answer = manager.ask("GET", "/reports/", Accept="text/html")
    assert answer.status == 500 and "出错了" in answer.data.decode() and "Zero" not in answer.data.decode()
    assert answer.headers["x-content-type-options"] == "nosniff"


# Logging in and out


def test_the_cookie_is_for_this_site_and_no_script(opened):
    answer = opened.caller().log_in(Role.VIEW)
    told = answer.headers["set-cookie"].lower()
    assert "httponly" in told and "samesite=strict" in told and "path=/" in told and "max-age=28800" in told


def test_a_wrong_name_and_a_wrong_password_are_answered_alike(opened):
    wrong = opened.caller().log_in(Role.VIEW, "Bushi-zhege-1")
    unknown = opened.caller().log_in("无此人")
    assert wrong.status == unknown.status == 401 and wrong.data == unknown.data


def test_a_login_of_another_site_is_refused(opened):
    assert opened.caller().log_in(Role.VIEW, Origin="http://evil.example").status == 403


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"name": 1, "password": 2}', b"{", b"[" * 9_000, b'"' + b"x" * 20_000 + b'"'])
def test_an_odd_login_is_refused(opened, body):
    assert opened.caller().ask("POST", "/login", body).status in (400, 413)


def test_who_logged_out_is_out_and_the_old_cookie_worth_nothing(opened):
    caller = opened.caller(Role.VIEW)
    assert caller.graphql("{ version }").status == 200
    assert caller.ask("POST", "/logout", {}).status == 200
    assert caller.graphql("{ version }").status == 401


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [("/runs?a=1", "/runs?a=1"), ("//evil.example", "/reports/"), ("/\\evil.example", "/reports/"), ("https://evil.example", "/reports/"), ("/a\nb", "/reports/"), ("", "/reports/")],
)  # fmt: skip
def test_after_login_one_goes_to_a_page_of_ours(opened, manager, wanted, reached):
    from urllib.parse import urlencode

    answer = manager.ask("GET", "/login?" + urlencode({"next": wanted}))
    assert answer.status == 303 and answer.headers["location"] == reached


def test_the_login_page_escapes_what_it_was_given(opened):
    text = opened.caller().ask("GET", '/login?next=/%22%3E%3Cscript%3Ealert(1)%3C/script%3E').data.decode()
    assert "<script>alert" not in text and "&lt;script&gt;" in text


def test_guessing_is_stopped_for_a_quarter_of_an_hour(tmp_path):
    hand = Hand()
    with door(tmp_path, clock=hand) as opened:
        caller = opened.caller()
        tried = [caller.log_in(Role.VIEW, f"Xiangxiang-{guess}").status for guess in range(6)]
        assert tried == [401] * 5 + [429]
        assert caller.log_in(Role.VIEW).status == 429  # the right one, too late
        assert caller.log_in(Role.RUN).status == 200  # another user
        hand.now += 15 * 60 + 1
        assert caller.log_in(Role.VIEW).status == 200
        names = [caller.log_in(f"无此人{number}").status for number in range(25)]
        assert 429 in names  # one address that tries many names


def test_an_attempt_counts_before_it_is_judged():
    throttle = Throttle(2, 60, most_keys=3, clock=Hand())
    assert [throttle.admits("a") for _ in range(3)] == [True, True, False]
    throttle.forget("a")
    assert throttle.admits("a")
    assert all(throttle.admits(key) for key in "bcdef") and len(throttle._tried) == 3


def test_a_session_ends_by_age_by_idleness_and_with_its_user(tmp_path):
    hand, users = Hand(), Users(tmp_path)
    users.add("甲", [Role.VIEW], PASSWORD)
    sessions = Sessions(users, 8 * 3600, 3600, hand)
    idle = sessions.open(users.all()["甲"])
    hand.now = 3599
    assert sessions.user(idle, touch=False) and sessions.user("别的") is None
    hand.now = 3601
    assert sessions.user(idle) is None

    old = sessions.open(users.all()["甲"])
    for _ in range(16):
        hand.now += 1799
        assert sessions.user(old)
    hand.now += 1799
    assert sessions.user(old) is None

    changed = sessions.open(users.all()["甲"])
    users.add("甲", [Role.VIEW, Role.RUN], PASSWORD)
    assert sessions.user(changed) is None
    removed = sessions.open(users.all()["甲"])
    users.remove("甲")
    assert sessions.user(removed) is None


def test_one_user_opens_no_end_of_sessions(tmp_path):
    users = Users(tmp_path)
    users.add("甲", [Role.VIEW], PASSWORD)
    sessions = Sessions(users, 60, 60, Hand())
    tokens = [sessions.open(users.all()["甲"]) for _ in range(25)]
    assert [bool(sessions.user(token)) for token in tokens] == [False] * 5 + [True] * 20


def test_a_websocket_ends_with_its_session(opened, monkeypatch):
    from websockets.exceptions import ConnectionClosed

    from zjtx_pipeline.door import relay

    monkeypatch.setattr(relay, "LOOK_SECONDS", 0.1)
    caller = opened.caller(Role.VIEW)
    with caller.subscribe() as socket:
        caller.ask("POST", "/logout", {})
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=10)
    assert closed.value.rcvd.code == 1008


# Users


def test_the_users_file_holds_no_password_and_is_its_owners_alone(tmp_path):
    users = Users(tmp_path)
    users.add("甲", [Role.RUN, Role.APPROVE], PASSWORD)
    assert users.path.stat().st_mode & 0o777 == 0o600 and users.path.parent.stat().st_mode & 0o777 == 0o700
    text = users.path.read_text(encoding="utf-8")
    assert PASSWORD not in text and json.loads(text)["甲"]["roles"] == ["批准", "运行"]
    kept = Users(tmp_path).all()["甲"]
    assert matches(kept, PASSWORD) and not matches(kept, PASSWORD + "x") and not matches(None, PASSWORD)


@pytest.mark.parametrize("password", ["Duan-1", "quanshixiaoxie", "12345678901234", "Jia-2024-jia甲甲", "A1-" + "x" * 200])
def test_a_weak_password_is_refused(tmp_path, password):
    with pytest.raises(ZjtxError, match="太弱"):
        Users(tmp_path).add("甲甲", [Role.VIEW], password)


@pytest.mark.parametrize("name", ["", "甲 乙", "<b>", "a" * 41, "../x"])
def test_a_name_is_letters_and_digits(tmp_path, name):
    with pytest.raises(ZjtxError, match="用户名"):
        Users(tmp_path).add(name, [Role.VIEW], PASSWORD)


@pytest.mark.parametrize("text", ["{", "[]", '{"甲": {}}', '{"甲": {"roles": ["不知道"], "secret": "a:b"}}'])
def test_a_damaged_users_file_lets_nobody_in(tmp_path, text):
    users = Users(tmp_path)
    users.path.parent.mkdir()
    users.path.write_text(text, encoding="utf-8")
    with pytest.raises(ZjtxError, match="损坏"):
        users.all()


def test_two_that_add_at_once_lose_nobody(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: Users(tmp_path).add(f"用户{number}", [Role.VIEW], PASSWORD), range(8)))
    assert len(Users(tmp_path).all()) == 8


# Reports


def test_the_list_names_what_this_user_may_open(opened, manager):
    seen = opened.caller(Role.VIEW).ask("GET", "/reports/").data.decode()
    assert "2024年第四季度" in seen and "00-总报告.pdf" in seen and "awards.csv" not in seen and "区财政局" not in seen
    assert "2024年第三季度（草稿）" in seen and "（按 2024-11-02 所知）" in seen and "尚未列入" not in seen
    assert "分发材料" in manager.ask("GET", "/reports/").data.decode()


def test_a_report_opens_in_the_browser_and_a_table_is_kept(opened, manager):
    shown = manager.ask("GET", "/reports/2024Q4/00-%E6%80%BB%E6%8A%A5%E5%91%8A.pdf")
    assert shown.status == 200 and shown.data == b"%PDF-1" and shown.headers["content-type"] == "application/pdf"
    assert shown.headers["content-disposition"].startswith("inline; filename*=UTF-8''00-%E6%80%BB")
    assert manager.ask("GET", "/reports/2024Q4/awards.csv").headers["content-disposition"].startswith("attachment")
    assert manager.ask("GET", "/reports/2024Q4/%E5%88%86%E5%8F%91/03-%E5%8C%BA%E8%B4%A2%E6%94%BF%E5%B1%80.pdf").data == b"%PDF-2"
    assert manager.ask("GET", "/reports/2024Q3@2024-11-02/00-%E6%80%BB%E6%8A%A5%E5%91%8A.pdf").data == b"%PDF-4"


@pytest.mark.parametrize(
    "path",
    ["2024Q4/%E5%B0%9A%E6%9C%AA%E5%88%97%E5%85%A5.pdf", "2024Q4/manifest.json", "2024Q4/..%2f..%2fsecret.txt", "..%2f/secret.txt",
     "2024Q4/../../secret.txt", "2024Q4//etc/passwd", "2024Q9/00-x.pdf", "2024Q4/%00", "2024Q4/00-%E6%80%BB%E6%8A%A5%E5%91%8A.pdf/"],
)  # fmt: skip
def test_nothing_opens_that_no_manifest_names(opened, manager, path):
    assert raw(manager, "GET", f"/reports/{path}") in (400, 404)


def test_a_report_that_is_not_the_one_that_the_manifest_names_is_not_opened(opened, manager):
    answer = manager.ask("GET", "/reports/2024Q3/00-%E6%80%BB%E6%8A%A5%E5%91%8A.pdf", Accept="text/html")
    assert answer.status == 409 and "正在重新生成" in answer.data.decode()


# The record


def test_the_record_says_who_did_what_and_holds_no_secret(tmp_path):
    with door(tmp_path) as opened:
        caller = opened.caller(Role.RUN)
        caller.log_in(Role.RUN, "Cuowu-de-1")
        secret = {"selector": {"jobName": "approve_issue"}, "runConfigData": {"code": "918273"}}
        caller.graphql("mutation ($it: E) { launchRun(executionParams: $it) { __typename } }", {"it": secret})
        params = {"selector": {"partitionSetName": "quarterly_reports_partition_set"}, "partitionNames": ["2024Q1", "2024Q2"], "runConfigData": {"code": "918273"}}
        caller.graphql("mutation ($it: E) { launchPartitionBackfill(backfillParams: $it) { __typename } }", {"it": params})
        caller.ask("POST", "/logout", {})
        rows = opened.audit()
    told = [(row["user"], row["action"], row["target"], row["outcome"].partition("：")[0]) for row in rows]
    assert told == [
        ("运行", "登录", "运行", "放行"),
        ("运行", "登录", "运行", "拒绝"),
        ("运行", "批准签发", "launchRun approve_issue", "拒绝"),
        ("运行", "补跑多个季度", "launchPartitionBackfill quarterly_reports 2024Q1 2024Q2", "放行"),
        ("运行", "退出", "", "放行"),
    ]
    path = tmp_path / "door" / "audit.log"
    text = path.read_text(encoding="utf-8")
    assert not [secret for secret in (PASSWORD, "Cuowu", "918273", caller.cookie.partition("=")[2]) if secret in text]
    assert path.stat().st_mode & 0o777 == 0o600 and rows[0]["at"].endswith("+08:00")


def test_what_was_typed_for_a_name_is_kept_only_where_there_is_such_a_user(tmp_path):
    """A password is easily typed into the wrong field."""
    with door(tmp_path) as opened:
        for guess in range(7):
            opened.caller().log_in("Xiangxiang-2024", f"x{guess}")
        opened.caller().log_in(Role.RUN, "Cuowu-de-1")
        targets = [row["target"] for row in opened.audit()]
    assert targets == ["（没有这个用户）"] * 7 + ["运行"]


def test_what_the_door_logs_bears_no_secret_and_no_full_address(tmp_path, monkeypatch):
    monkeypatch.setenv("ZJTX_LEDGER_PASSWORD", "p@ss-of-the-ledger")
    monkeypatch.setattr(logging, "_logRecordFactory", logging.LogRecord)
    (tmp_path / "door").mkdir()
    with serving._logged(tmp_path):
        try:
            raise ConnectionError("p@ss-of-the-ledger lisi@xs.gov.cn")
        except ConnectionError:
            logging.getLogger("uvicorn.error").exception("for %s", "lisi@xs.gov.cn")
    text = (tmp_path / "door" / "door.log").read_text(encoding="utf-8")
    assert "ConnectionError: *** l…i@xs.gov.cn" in text and "for l…i@xs.gov.cn" in text and "lisi" not in text


def test_what_cannot_be_written_down_does_not_happen(tmp_path):
    with door(tmp_path) as opened:
        caller = opened.caller(Role.RUN)
        opened.keeper.audit.path.unlink()
        opened.keeper.audit.path.mkdir()
        assert caller.ask("POST", "/graphql", LAUNCH).status == 500 and opened.behind.asked == []


def test_strangers_do_not_fill_the_disk(tmp_path):
    with door(tmp_path) as opened:
        caller = opened.caller()
        for _ in range(80):
            caller.graphql("{ version }")
        assert len(opened.audit()) == 60


# Settings and verbs


@pytest.mark.parametrize(
    ("door", "told"),
    [("{host: 0.0.0.0}", "证书"), ("{certificate: a.pem}", "一起写"), ("{host: 0.0.0.0, plain: true}", "names"), ("{port: 70000}", "太大"), ("{haus: 1}", "拼写")],
)  # fmt: skip
def test_a_door_that_would_not_be_safe_is_refused(tmp_path, door, told):
    path = tmp_path / "district.yaml"
    path.write_text(f"inbox: .\ndoor: {door}\n", encoding="utf-8")
    with pytest.raises(ZjtxError, match=told):
        load_settings(path)


def test_a_door_for_the_office_is_called_by_its_names(tmp_path):
    path = tmp_path / "district.yaml"
    path.write_text("inbox: .\ndoor: {host: 0.0.0.0, names: [ZJTX.xs.gov.cn, 10.1.2.3], certificate: c.pem, key: k.pem}\n", encoding="utf-8")
    door = load_settings(path).door
    assert door.called == {"zjtx.xs.gov.cn", "10.1.2.3"} and door.address == "https://ZJTX.xs.gov.cn:8443"
    assert door.certificate == tmp_path / "c.pem" and door.scheme == "https"


def shell(home, *words, **environment):
    command = [sys.executable, "-m", "zjtx_pipeline.cli", *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "ZJTX_HOME": str(home), "ZJTX_CONFIG": "", "COLUMNS": "100"} | environment
    return subprocess.run(command, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)


def test_users_are_kept_from_the_shell(tmp_path):
    added = shell(tmp_path, "user", "add", "张三", "--role", "运行", "--role", "批准", ZJTX_USER_PASSWORD=PASSWORD)
    assert added.returncode == 0 and "张三：运行、批准" in added.stdout and PASSWORD not in added.stdout
    assert Users(tmp_path).all()["张三"].roles == {Role.RUN, Role.APPROVE}
    assert "张三" in shell(tmp_path, "user", "list").stdout
    assert shell(tmp_path, "user", "remove", "张三").returncode == 0 and Users(tmp_path).all() == {}


WRONG = {
    "没有这个角色": (["user", "add", "甲", "--role", "校长"], "没有角色“校长”"),
    "没有终端": (["user", "add", "甲", "--role", "查看"], "ZJTX_USER_PASSWORD"),
    "没有这个用户": (["user", "remove", "甲"], "没有用户“甲”"),
    "还没有用户": (["serve"], "zjtx user add"),
}


@pytest.mark.parametrize(("words", "told"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_one_line(tmp_path, words, told):
    said = shell(tmp_path, *words)
    assert said.returncode == 2 and told in said.stderr and len(said.stderr.splitlines()) == 1


@pytest.mark.parametrize("verb", ["add", "list", "remove"])
def test_the_help_of_users_is_chinese(tmp_path, verb):
    assert shell(tmp_path, "user", verb, "--help").stdout.startswith(f"用法：zjtx user {verb}")


# How it listens


def test_with_a_certificate_everything_goes_by_https_and_the_door_ends_with_what_it_stands_before(tmp_path):
    from test_gateway import self_signed

    pem = self_signed(tmp_path)
    Users(tmp_path).add("查看", [Role.VIEW], PASSWORD)
    settings = Door(port=free_port(), certificate=pem, key=pem)
    standing = threading.Event()
    with serving.listening(settings) as place:
        arguments = (settings, tmp_path, 1, place, lambda: not standing.is_set())
        thread = threading.Thread(target=serving.serve, args=arguments)
        thread.start()
        try:
            caller = Caller(settings.address)
            caller.pool = urllib3.PoolManager(retries=False, ca_certs=str(pem), assert_hostname=False)
            answer = caller.log_in("查看", Connection="close")
            assert answer.headers["set-cookie"].startswith("__Host-zjtx=") and "secure" in answer.headers["set-cookie"].lower()
            assert "max-age" in answer.headers["strict-transport-security"]
            assert caller.ask("GET", "/reports/", Connection="close").status == 200
            assert caller.ask("POST", "/logout", {}, Connection="close", Origin=caller.address.replace("https", "http")).status == 403
        finally:
            standing.set()
            thread.join(20)
    assert not thread.is_alive()


ENDED = """
import pathlib, sys
from zjtx_pipeline.door import serving
from zjtx_pipeline.settings import Door

door = Door(port=int(sys.argv[2]))
with serving.listening(door) as place:
    try:
        serving.serve(door, pathlib.Path(sys.argv[1]), 1, place, lambda: print("stands", flush=True) or True)
        print("gone")
    except KeyboardInterrupt:
        print("interrupted")
"""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_is_told_from_an_end_of_what_stands_behind(tmp_path, ending):
    setting = "import signal; signal.signal(signal.SIGTERM, signal.default_int_handler)"  # as `zjtx serve` sets it
    command = [sys.executable, "-c", setting + ENDED, str(tmp_path), str(free_port())]
    with subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "stands\n"
        time.sleep(0.5)  # until it listens
        process.send_signal(ending)
        assert process.communicate(timeout=30)[0].splitlines()[-1] == "interrupted"


def test_a_certificate_or_a_place_that_cannot_be_used_is_told(tmp_path):
    (tmp_path / "c.pem").write_text("no certificate")
    settings = Door(port=free_port(), certificate=tmp_path / "c.pem", key=tmp_path / "c.pem")
    with serving.listening(settings) as place:
        with pytest.raises(ZjtxError, match="证书"):
            serving.serve(settings, tmp_path, 1, place, lambda: True)
        with pytest.raises(ZjtxError, match="端口"):
            serving.listening(settings)


def test_an_answer_that_a_browser_broke_off_leaves_nothing_for_the_next(opened, manager):
    """A connection to Dagster that still holds half an answer is closed, not used again."""
    upstream = opened.keeper.upstream
    broken = upstream.get("GET", "/large", "", {})
    assert next(broken.chunks)
    broken.chunks.close()
    assert b"".join(upstream.get("GET", "/runs", "", {}).chunks) == b"page /runs"


def test_a_body_that_does_not_come_is_not_waited_for(opened, manager, monkeypatch):
    monkeypatch.setattr(answers, "SECONDS_OF_BODY", 0.2)
    headers = {"Origin": manager.address, "Content-Type": "application/json", "Content-Length": "100"}
    assert raw(manager, "POST", "/graphql", b"{", headers=headers) == 408


@pytest.mark.parametrize("path", ["/reports", "/reports/2024Q4"])
def test_a_short_address_leads_to_the_list(manager, path):
    assert manager.ask("GET", path).headers["location"] == "/reports/"
