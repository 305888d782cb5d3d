"""What the system does with nobody looking: missing quarters, what follows a scheduled run, reminders, alarms, one run of a quarter at a time."""

import os
import re
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from dagster import DagsterEvent, DagsterInstance, DagsterRunStatus, MetadataValue, build_sensor_context
from dagster._core.events import EngineEventData
from made_issues import LEADER, QUARTER, ZHANG, reports, settings, write_reports
from test_ahead import alive

from assets.resources import District
from zjtx_pipeline import turns, unattended
from zjtx_pipeline.delivery import alerts, asking, signoff
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Alerts, Recipient
from zjtx_pipeline.stages import CHINA

OPERATOR = "ops@xs.example.gov.cn"


def code_in(box):
    return re.search(r"您的验证码：(\w+)", box.letters[0][1].get_body().get_content())[1]


def at(moment):
    return datetime.fromisoformat(moment).replace(tzinfo=CHINA)


def missing(home, moment, **changes):
    return [str(quarter) for quarter in unattended.missing(settings(1, **({"host": ""} | changes)), home, at(moment))]


def test_nothing_is_missing_before_the_day_and_hour_of_the_report_and_the_schedule_has_the_first_word(tmp_path):
    for moment in ("2025-01-01T00:00:01", "2025-01-15T23:59:59", "2025-01-16T08:00:00", "2025-01-16T08:29:59"):
        assert missing(tmp_path, moment) == []
    assert missing(tmp_path, "2025-01-16T08:30:00") == ["2024Q4"]


def test_a_quarter_whose_end_was_slept_through_is_made_up_for_and_those_before_the_system_was_in_service_are_not(tmp_path):
    assert missing(tmp_path, "2025-01-20T10:00:00") == ["2024Q4"]
    assert missing(tmp_path, "2025-11-20T10:00:00") == ["2024Q4", "2025Q1", "2025Q2", "2025Q3"]
    reports(tmp_path)
    assert missing(tmp_path, "2025-11-20T10:00:00") == ["2025Q1", "2025Q2", "2025Q3"]


def test_what_was_made_by_hand_before_the_day_of_the_report_is_not_the_report(tmp_path):
    reports(tmp_path)
    manifest = tmp_path / "reports" / "2024Q4" / "manifest.json"
    for moment, expected in (("2025-01-16T07:59:59", ["2024Q4"]), ("2025-01-16T08:00:00", [])):
        os.utime(manifest, (at(moment).timestamp(),) * 2)
        assert missing(tmp_path, "2025-01-20T10:00:00") == expected


def test_a_draft_is_no_report(tmp_path):
    write_reports(tmp_path, {"00-总报告.pdf": b"%PDF"}, draft=True)
    assert missing(tmp_path, "2025-01-20T10:00:00") == ["2024Q4"]


def test_reports_whose_manifest_is_damaged_are_made_anew(tmp_path):
    (reports(tmp_path) / "reports" / str(QUARTER) / "manifest.json").write_text('{"draft": fal', encoding="utf-8")
    assert missing(tmp_path, "2025-01-20T10:00:00") == ["2024Q4"]


def test_reports_that_were_not_put_before_the_approvers_are_missing_too(tmp_path, mailbox):
    reports(tmp_path)
    changes = {"host": "127.0.0.1", "approvers": (ZHANG,)}
    assert missing(tmp_path, "2025-01-20T10:00:00", **changes) == ["2024Q4"]
    unattended.after_run(settings(mailbox.port, approvers=(ZHANG,)), tmp_path, QUARTER, by_schedule=True)
    assert missing(tmp_path, "2025-01-20T10:00:00", **changes) == []


def after(home, box, by_schedule=True, **changes):
    return unattended.after_run(settings(box.port, **changes), home, QUARTER, by_schedule)


def test_a_scheduled_run_asks_the_approver_once_and_sends_nothing_itself(tmp_path, mailbox):
    reports(tmp_path)
    assert after(tmp_path, mailbox, approvers=(ZHANG,)) == {"张三": "请批邮件已发送"}
    assert after(tmp_path, mailbox, approvers=(ZHANG,)) == {"张三": "请批邮件未发"}
    assert mailbox.recipients == [(ZHANG.address,)]


def test_any_other_run_mails_nobody(tmp_path, mailbox):
    reports(tmp_path)
    for changes in ({"approvers": (ZHANG,)}, {"approval": "automatic"}):
        assert "不发邮件" in after(tmp_path, mailbox, by_schedule=False, **changes)["发送"]
    assert mailbox.letters == []


def test_where_the_office_says_so_a_scheduled_run_sends_by_itself_once(tmp_path, mailbox):
    reports(tmp_path)
    assert set(after(tmp_path, mailbox, approval="automatic").values()) == {"已发送"}
    assert set(after(tmp_path, mailbox, approval="automatic").values()) == {"未发"}
    assert len(mailbox.letters) == 2


def test_what_was_made_again_from_a_backup_does_nothing_by_itself_about_quarters_closed_before(tmp_path):
    unattended.hold(tmp_path, date(2025, 2, 3))
    assert missing(tmp_path, "2025-02-03T10:00:00") == [] and missing(tmp_path, "2025-04-20T10:00:00") == ["2025Q1"]


REMINDED = {
    "three working days before": ("2025-01-10", "2024Q4"),
    "one working day before": ("2025-01-14", "2024Q4"),
    "on the day itself": ("2025-01-15", None),
    "one working day after": ("2025-01-16", "2024Q4"),
    "three working days after": ("2025-01-20", "2024Q4"),
    "two working days after": ("2025-01-17", None),
    "at the weekend": ("2025-01-18", None),
    "in the middle of the quarter": ("2025-03-03", None),
}


@pytest.mark.parametrize("day, quarter", REMINDED.values(), ids=REMINDED)
def test_departments_are_reminded_on_the_working_days_that_are_configured(day, quarter):
    found = unattended.reminds_on(settings(1), date.fromisoformat(day))
    assert (found and str(found)) == quarter


def test_who_is_late_is_reminded_of_their_own_tables_and_the_operators_of_all(tmp_path, mailbox):
    tax = Recipient(name="区税务局", address="tax@xs.example.gov.cn", department="区税务局")
    trade = Recipient(name="区商务局", address="trade@xs.example.gov.cn", department="区商务局")
    known = settings(mailbox.port, recipients=(tax, trade)).model_copy(update={"alerts": Alerts(operators=(OPERATOR,))})
    late = {"区税务局": ["D05_财务税收"], "区人社局": ["D20_人才就业"]}
    for _ in range(2):
        alerts.remind(known, tmp_path, QUARTER, late, date(2025, 1, 15), date(2025, 1, 14))
    texts = {recipients[0]: letter.get_body().get_content() for recipients, letter in mailbox.letters}
    assert len(mailbox.letters) == 2 and set(texts) == {tax.address, OPERATOR}
    assert "D05_财务税收" in texts[tax.address] and "D20" not in texts[tax.address]
    assert "区税务局：D05_财务税收" in texts[OPERATOR] and "区人社局：D20_人才就业" in texts[OPERATOR]


def test_no_reminder_and_no_alarm_goes_to_a_domain_that_is_not_allowed_and_the_others_get_theirs(tmp_path, mailbox):
    people = [("甲", "a@evil.com"), ("乙", "b@qq.com"), ("丙", "c@xs.example.gov.cn")]
    theirs = tuple(Recipient(name=name, address=address, department="区税务局") for name, address in people)
    known = settings(mailbox.port, recipients=theirs).model_copy(update={"alerts": Alerts(operators=("boss@evil.com", "ops@qq.com", OPERATOR))})
    told = alerts.remind(known, tmp_path, QUARTER, {"区税务局": ["D05_财务税收"]}, date(2025, 1, 15), date(2025, 1, 14))
    assert mailbox.recipients == [("b@qq.com",), ("c@xs.example.gov.cn",), (OPERATOR,)]
    assert [each.state for each in told] == ["refused", "sent", "sent", "refused", "refused", "sent"] and "不在允许的域名内" in told[0].detail
    told = alerts.failed(known, tmp_path, "2024Q4", "D15 缺列", date(2025, 1, 16))
    assert mailbox.recipients[3:] == [(OPERATOR,)] and [each.state for each in told] == ["refused", "refused", "sent"]


def test_a_failure_is_told_once_a_day_for_the_same_reason(tmp_path, mailbox):
    known = settings(mailbox.port).model_copy(update={"alerts": Alerts(operators=(OPERATOR,))})
    for sentence, day in (("D15 缺列", 16), ("D15 缺列", 16), ("D16 缺列", 16), ("D15 缺列", 17)):
        alerts.failed(known, tmp_path, "2024Q4 scheduled_quarter", sentence, date(2025, 1, day))
    assert len(mailbox.letters) == 3 and "D15 缺列" in mailbox.letters[0][1].get_body().get_content()


def test_an_operator_in_other_capitals_is_not_told_again_and_a_letter_that_did_not_leave_leaves_no_trace(tmp_path, mailbox):
    def fail(address, busy=()):
        mailbox.busy = set(busy)
        known = settings(mailbox.port).model_copy(update={"alerts": Alerts(operators=(address,))})
        return [each.state for each in alerts.failed(known, tmp_path, "2024Q4", "D15 缺列", date(2025, 1, 16))]

    assert fail(OPERATOR, busy=[OPERATOR]) == ["later"] and fail("Ops@XS.example.gov.cn") == ["sent"]
    assert fail(OPERATOR) == fail("OPS@xs.example.gov.cn") == ["before"] and mailbox.recipients == [("Ops@XS.example.gov.cn",)]


def test_titles_that_run_out_are_told_by_number_and_kind_and_no_firm_is_named(golden_run, tmp_path, mailbox):
    bureau = Recipient(name="区经信局", address="jxj@xs.example.gov.cn", department="区经信局")
    tax = Recipient(name="区税务局", address="tax@xs.example.gov.cn", department="区税务局")
    for _ in range(2):
        alerts.expiring(settings(mailbox.port, recipients=(bureau, tax)), golden_run.home, golden_run.quarter)
    ((recipients, letter),) = mailbox.letters
    text = letter.get_body().get_content()
    assert recipients == (bureau.address,) and "共" in text and "公司" not in text
    (golden_run.home / "ledger.db").unlink()


def test_one_run_of_a_quarter_works_at_a_time_and_another_quarter_is_free(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from zjtx_pipeline import turns\n"
        f"lock = turns.take(Path({str(tmp_path)!r}), sys.argv[1]); print('begun', flush=True); time.sleep(60)"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    other = subprocess.Popen([sys.executable, "-P", "-c", code, "2024Q4"], stdout=subprocess.PIPE, text=True, env=environment)
    assert other.stdout.readline() == "begun\n"
    turns.take(tmp_path, "2024Q3", lambda: pytest.fail("another quarter waits")).close()
    began, waited = time.monotonic(), []
    turns.take(tmp_path, "2024Q4", lambda: (waited.append(True), other.kill())).close()
    assert waited == [True] and time.monotonic() - began < 30
    other.communicate()


@pytest.mark.parametrize("name", ["2024Q4@/../../../victim", "../2024Q4", "/tmp/2024Q4", "", "2024Q4\n"])
def test_a_run_of_no_plain_name_gets_no_turn_and_no_file(name, tmp_path):
    with pytest.raises(ValueError, match="no name of a run"):
        turns.take(tmp_path / "home", name)
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(("quarter", "day"), [("2024Q4", "/../../../victim"), ("../../victim", ""), ("2024Q4", "2025-02-30")])
def test_a_day_or_quarter_that_is_none_makes_no_file_before_the_run_says_so(quarter, day, tmp_path, monkeypatch):
    monkeypatch.setenv("ZJTX_HOME", str(tmp_path / "home"))
    (tmp_path / "victim.lock").write_text("mine")
    run = SimpleNamespace(tags={"dagster/partition": quarter})
    District(as_of=day).setup_for_execution(SimpleNamespace(run=run))
    assert [path.name for path in tmp_path.rglob("*")] == ["victim.lock"] and (tmp_path / "victim.lock").read_text() == "mine"


@pytest.fixture
def instance(tmp_path, monkeypatch):
    from assets.instance import prepare

    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv("ZJTX_HOME", str(tmp_path))
    prepare()
    with DagsterInstance.get() as opened:
        yield opened


@pytest.fixture
def requested(instance, monkeypatch, miniature):
    """What the reconciler asks for at a moment: run keys."""
    from assets import unattended as daemon

    monkeypatch.setenv("ZJTX_CONFIG", str(miniature))

    def at_moment(moment):
        monkeypatch.setattr(daemon, "china_now", lambda: at(moment))
        with build_sensor_context(instance=instance) as context:
            return [request.run_key for request in daemon.missing_reports(context)]

    return at_moment


def test_of_many_that_start_in_a_fresh_home_at_once_each_finds_the_records(tmp_path):
    code = "from assets import instance; from dagster import DagsterInstance\ninstance.prepare()\nwith DagsterInstance.get() as opened: opened.get_runs(limit=1)"
    here = os.environ | {"DAGSTER_HOME": "", "PYTHONPATH": str(Path(__file__).parents[1])}
    for number in range(2):
        home = tmp_path / str(number)
        home.mkdir()
        words = [sys.executable, "-P", "-c", code]
        every = [subprocess.Popen(words, env=here | {"ZJTX_HOME": str(home)}, cwd=home, stderr=subprocess.PIPE, text=True) for _ in range(4)]
        told = [each.communicate()[1] for each in every]
        assert [each.returncode for each in every] == [0] * 4, told


def run_of(instance, quarter, status, **tags):
    from assets.definitions import defs

    run = instance.create_run_for_job(defs.resolve_job_def("scheduled_quarter"), tags={"dagster/partition": quarter} | tags, status=status)
    return run.run_id


def test_the_reconciler_asks_once_and_waits_while_anything_makes_the_quarter(requested, began, instance):
    assert requested("2025-01-16T08:31:00") == ["2024Q4/2025-01-16/0"]
    run = began(os.getpid(), seconds=0)
    assert requested("2025-01-16T08:32:00") == []
    instance.report_run_failed(instance.get_run_by_id(run), "killed")
    assert requested("2025-01-16T08:33:00") == ["2024Q4/2025-01-16/1"]
    assert requested("2025-01-17T00:01:00") == ["2024Q4/2025-01-17/1"]
    reports(Path(os.environ["ZJTX_HOME"]))
    assert requested("2025-01-17T00:02:00") == []


@pytest.fixture
def began(instance):
    """A run that stands as started some seconds ago and, where one is given, names its process."""

    def begun(pid=None, seconds=600):
        run = run_of(instance, "2024Q4", DagsterRunStatus.STARTING)
        instance.report_dagster_event(DagsterEvent("PIPELINE_START", "scheduled_quarter"), run, timestamp=time.time() - seconds)
        if pid:
            told = EngineEventData(metadata={"pid": MetadataValue.text(str(pid))})
            instance.report_engine_event("Executing steps in process", instance.get_run_by_id(run), told)
        return run

    return begun


@pytest.fixture
def processes():
    """One that lives, one that is dead and unburied, one that is gone."""
    living, unburied, gone = (subprocess.Popen(["sleep", "600"]) for _ in range(3))
    for each in (unburied, gone):
        each.kill()
    gone.wait()
    deadline = time.monotonic() + 30
    while alive(unburied.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    yield {"living": living.pid, "unburied": unburied.pid, "gone": gone.pid, None: None}
    living.kill()
    for each in (living, unburied):
        each.wait()


AGAIN = ["2024Q4/2025-01-16/1"]


@pytest.mark.parametrize(
    "process, seconds, asked",
    [("living", 0, []), ("unburied", 600, AGAIN), ("gone", 5, AGAIN), (None, 5, []), (None, 600, AGAIN)],
)
def test_a_run_whose_process_is_gone_is_closed_and_its_quarter_begun_again(process, seconds, asked, began, processes, requested, instance):
    run = began(processes[process], seconds)
    time.sleep(3)  # what lives has not been looked at until then
    assert requested("2025-01-16T08:31:00") == asked
    assert (instance.get_run_by_id(run).status == DagsterRunStatus.FAILURE) == bool(asked)


def test_a_later_process_with_the_same_number_is_another(began, processes, requested):
    began(processes["living"], seconds=600)
    assert requested("2025-01-16T08:31:00") == AGAIN


def test_a_run_that_is_always_cut_off_is_not_begun_for_ever(requested, instance):
    for number in range(10):
        (key,) = requested("2025-01-16T08:31:00")
        assert key == f"2024Q4/2025-01-16/{number}"
        instance.report_run_failed(instance.get_run_by_id(run_of(instance, "2024Q4", DagsterRunStatus.STARTED, **{"dagster/run_key": key})), "killed")
    assert requested("2025-01-16T23:59:00") == []
    assert requested("2025-01-17T00:01:00") == ["2024Q4/2025-01-17/10"]


def test_an_approver_signs_off_in_the_ui_and_the_letters_leave(instance, tmp_path, monkeypatch, mailbox):
    from assets.definitions import defs

    reports(tmp_path)
    known = settings(mailbox.port, approvers=(ZHANG,))
    path = tmp_path / "district.yaml"
    path.write_text(yaml.safe_dump({"inbox": "inbox", "delivery": known.delivery.model_dump(mode="json", exclude_defaults=True)}, allow_unicode=True), encoding="utf-8")
    monkeypatch.setenv("ZJTX_CONFIG", str(path))
    unattended.after_run(known, tmp_path, QUARTER, by_schedule=True)
    code = code_in(mailbox)

    def fill_in(code, approver="张三"):
        config = {"ops": {"sign_off": {"config": {"quarter": "2024Q4", "approver": approver, "code": code}}}}
        return defs.resolve_job_def("approve_issue").execute_in_process(instance=instance, run_config=config, raise_on_error=False)

    assert not fill_in("AAAAAAAAAA").success and len(mailbox.letters) == 1
    assert fill_in(code).success
    assert [recipients[0] for recipients, _ in mailbox.letters[1:]] == [LEADER.address, "clerk@xs.example.gov.cn"]
    assert not fill_in(code).success


@pytest.mark.parametrize("name, damaged, said", [("张三丰", False, "不是批准人"), ("张三", True, "与清单 manifest.json 不符")])
def test_a_code_that_was_refused_in_the_ui_is_void_for_others_could_have_seen_it(name, damaged, said, tmp_path, mailbox):
    reports(tmp_path)
    known = settings(mailbox.port, approvers=(ZHANG,))
    asking.ask(known, tmp_path, QUARTER)
    code = code_in(mailbox)
    if damaged:
        (tmp_path / "reports" / "2024Q4" / "00-总报告.pdf").write_bytes(b"%PDF")
    with pytest.raises(ZjtxError, match=said):
        signoff.approve(known, tmp_path, QUARTER, name, code, signoff.UI)
    reports(tmp_path)
    with pytest.raises(ZjtxError, match="可能已经用过"):
        signoff.approve(known, tmp_path, QUARTER, "张三", code, signoff.UI)
