"""What the program writes down for whoever mends it: no secret, no full address, no file that grows for ever."""

import base64
import io
import logging
import stat
import traceback
from urllib.parse import quote

import pytest

from zjtx_pipeline import cli, journal

SECRET = "p@ss wörd/1"


@pytest.fixture(autouse=True)
def secrets(monkeypatch):
    monkeypatch.setenv("ZJTX_SMTP_PASSWORD", SECRET)
    monkeypatch.setenv("ZJTX_GATEWAY_APP_KEY", "ak-55aa77")
    monkeypatch.setenv("ZJTX_GATEWAY_APP_SECRET", "as-99bb33")
    monkeypatch.setenv("ZJTX_LEDGER_PASSWORD", "长口令一二三")
    monkeypatch.setenv("ZJTX_DATABASE_PASSWORD", "abc")  # too short to look for


HIDDEN = {
    "口令本身": (f"login as zjtx with {SECRET}.", "login as zjtx with ***."),
    "口令在地址里": (f"postgresql://u:{quote(SECRET, safe='')}@h/db", "postgresql://u:***@h/db"),
    "口令在 SMTP 登录里": (f"AUTH {base64.b64encode(SECRET.encode()).decode()}", "AUTH ***"),
    "中文口令": ("登录失败：长口令一二三", "登录失败：***"),
    "网关的键和密钥": ("GET ?appKey=ak-55aa77&sign=as-99bb33", "GET ?appKey=***&sign=***"),
    "别人的数据库地址": ("mysql+pymysql://root:other@10.0.0.1/db", "mysql+pymysql://root:***@10.0.0.1/db"),
    "写成键值": ("connect(user='u', password='whatever')", "connect(user='u', password='***')"),
    "验证码": ("张三输入 7KQ2MWXYZA 不对", "张三输入 *** 不对"),
    "小写的验证码": ("code 7kq2mwxyza", "code ***"),
    "邮件地址": ("to li.si@xs.gov.cn", "to l…i@xs.gov.cn"),
    "中文紧挨着的地址": ("发给lisi@xs.gov.cn，", "发…i@xs.gov.cn，"),
    "两个字母的地址": ("<ab@xs.gov.cn>", "<…@xs.gov.cn>"),
    "列表里的地址": ("['a.b@x.cn', \"c.d@y.gov.cn\"]", "['a…b@x.cn', \"c…d@y.gov.cn\"]"),
    "转义了的地址": ("?to=lisi%40xs.gov.cn", "?t…i@xs.gov.cn"),
    "回信人编码的地址": ("bounce+lisi=xs.gov.cn@zj.gov.cn", "b…n@zj.gov.cn"),
}


@pytest.mark.parametrize(("told", "kept"), HIDDEN.values(), ids=HIDDEN)
def test_a_secret_or_an_address_is_hidden_however_it_is_written(told, kept):
    assert journal.discreet(told) == kept
    assert journal.discreet(kept) == kept


@pytest.mark.parametrize(
    "text",
    [
        "2024Q4 D03_培育库_区经信局.xlsx 第 12 行 91330109MA2B1C3D4E", "sha256 0fe49a3cb2d1", "2026-11-29T21:16:35+00:00", "KeyError: 'uscc'",
        "postgresql+psycopg://zjtx@127.0.0.1/zjtx_ledger?x=1", "File \"/srv/zjtx/stages/run.py\", line 10, in <module>", "1732912345", "SUBSTANTIALLY",
        "everything is different", "A08 A02 T04-4a",
    ],
)  # fmt: skip
def test_what_is_neither_stays(text):
    assert journal.discreet(text) == text


def test_a_variable_that_the_configuration_names_is_hidden_too(tmp_path, monkeypatch):
    from zjtx_pipeline.settings import load_settings

    monkeypatch.setenv("GW_AK", "qwertz-123")
    assert "qwertz" in journal.discreet("key qwertz-123")
    (tmp_path / "d.yaml").write_text("gateway: {url: 'https://h', app_key_variable: GW_AK, interfaces: []}", encoding="utf-8")
    load_settings(tmp_path / "d.yaml")
    assert journal.discreet("key qwertz-123") == "key ***"


def failed():
    """A traceback that bears everything that must not be written down."""
    try:
        raise ConnectionError(f"535 {SECRET} {{'lisi@xs.gov.cn': (550, b'no')}} 验证码 7KQ2MWXYZA")
    except ConnectionError:
        return traceback.format_exc()


def test_a_traceback_in_the_programs_log_bears_nothing_of_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ZJTX_HOME", str(tmp_path))

    def broken(*_):
        raise ConnectionError(f"535 {SECRET} lisi@xs.gov.cn 7KQ2MWXYZA")

    monkeypatch.setattr("zjtx_pipeline.tables.blanks.write_blanks", broken)
    monkeypatch.setattr("sys.argv", ["zjtx", "approve", "--code", "7KQ2MWXYZA", "lisi@xs.gov.cn"])
    assert cli.main(["templates", str(tmp_path / "blanks")]) == 1
    text = (tmp_path / "zjtx.log").read_text(encoding="utf-8")
    assert "ConnectionError: 535 *** l…i@xs.gov.cn ***" in text and "Traceback" in text
    assert not [each for each in (SECRET, "lisi", "7KQ2MWXYZA") if each in text]
    assert stat.S_IMODE((tmp_path / "zjtx.log").stat().st_mode) == 0o600
    assert SECRET not in capsys.readouterr().err


def test_whatever_this_process_logs_is_discreet_message_arguments_and_traceback():
    heard, before = io.StringIO(), logging.getLogRecordFactory()
    handler, logger = logging.StreamHandler(heard), logging.getLogger("some.library")
    logger.addHandler(handler)
    try:
        journal.be_discreet()
        journal.be_discreet()  # twice is once
        logger.error("to %s", "lisi@xs.gov.cn")
        logger.error("wrong %d arguments for lisi@xs.gov.cn %s", 1, SECRET)
        try:
            raise ConnectionError(SECRET)
        except ConnectionError:
            logger.exception("failed")
    finally:
        logger.removeHandler(handler)
        logging.setLogRecordFactory(before)
    assert "to l…i@xs.gov.cn" in heard.getvalue() and "ConnectionError: ***" in heard.getvalue()
    assert not [each for each in (SECRET, "lisi") if each in heard.getvalue()]


def test_what_dagster_keeps_of_a_failure_is_discreet_and_of_anything_else_as_it_was():
    from dagster import DagsterEvent, DagsterEventType, EventLogEntry
    from dagster._core.events import StepFailureData
    from dagster._utils.error import SerializableErrorInfo

    from assets.instance import discreet

    error = SerializableErrorInfo(f"ConnectionError: {SECRET}", [failed()], "ConnectionError")
    event = DagsterEvent(DagsterEventType.STEP_FAILURE.value, "a_job", message="lisi@xs.gov.cn", event_specific_data=StepFailureData(error, None))
    kept = discreet(EventLogEntry(error, "ERROR", "", "run", 1.0, dagster_event=event))
    assert kept.dagster_event.step_failure_data.error.cls_name == "ConnectionError"
    assert not [each for each in (SECRET, "lisi", "7KQ2MWXYZA") if each in repr(kept)]
    said = discreet(EventLogEntry(None, "INFO", "sent to lisi@xs.gov.cn", "run", 1.0))
    assert said.user_message == "sent to l…i@xs.gov.cn"
    started = EventLogEntry(None, "DEBUG", "", "run", 1.0, dagster_event=DagsterEvent(DagsterEventType.RUN_START.value, "a_job"))
    assert discreet(started) is started


def test_what_the_server_and_its_children_say_is_kept_discreetly_and_a_full_disk_does_not_hold_them_up(tmp_path, monkeypatch):
    from assets.serve import _keep

    told = f"ERROR to lisi@xs.gov.cn\nFile x, {SECRET}\n".encode() + b"\xff\n"
    _keep(io.BytesIO(told), tmp_path / "ui.log")
    kept = (tmp_path / "ui.log").read_text(encoding="utf-8")
    assert kept == "ERROR to l…i@xs.gov.cn\nFile x, ***\n\ufffd\n"

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal, "write", full)
    output = io.BytesIO(told)
    _keep(output, tmp_path / "ui.log")
    assert output.closed


def test_a_full_journal_is_put_aside_and_the_oldest_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "LARGEST_BYTES", 100)
    path = tmp_path / "zjtx.log"
    with path.open("ab") as server:  # keeps it open, as the web server does
        for number in range(40):
            journal.write(path, f"{number:02} {'x' * 30}\n")
        server.write(b"still heard\n")
    names = sorted(each.name for each in tmp_path.iterdir())
    assert names == ["zjtx.log", *(f"zjtx.log.{number}" for number in range(1, 6))]
    assert "still heard" in path.read_text() and "39 x" in path.read_text() and "00 x" not in "".join(each.read_text() for each in tmp_path.iterdir())
    assert all(each.stat().st_size < 200 for each in tmp_path.iterdir())
    assert journal.put_aside(tmp_path / "none.log") == 0
