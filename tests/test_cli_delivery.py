"""The verbs of sign-off and post as a newcomer types them: the whole way in a shell, and one Chinese line for whatever is wrong."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from made_bounces import postfix
from made_issues import CLERK, LEADER, NAMES, ZHANG, reports

from zjtx_pipeline import cli, ledger

ROOT = Path(__file__).parents[1]
VERBS = ["request", "approve", "send", "ledger", "resolve", "bounces", "correct"]
ENGLISH = re.compile(r"usage|options|arguments|commands|show this|required|default|<[a-z\[\]]+>|\[[a-z ]+\]", re.IGNORECASE)


@pytest.fixture
def config(tmp_path, mailbox, monkeypatch):
    """A district with an approver and two recipients, its quarter made."""
    monkeypatch.setenv("ZJTX_HOME", str(reports(tmp_path / "home")))
    monkeypatch.chdir(tmp_path)
    people = "\n".join(f"    - {{name: {each.name}, address: {each.address}}}" for each in (LEADER, CLERK))
    text = (
        f"inbox: 收件\ndelivery:\n  host: 127.0.0.1\n  port: {mailbox.port}\n  security: none\n  sender: zjtx@xs.example.gov.cn\n"
        f"  allowed_domains: [example.gov.cn]\n  recipients:\n{people}\n  approvers:\n    - {{name: {ZHANG.name}, address: {ZHANG.address}}}\n"
    )
    (tmp_path / "区.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "收件").mkdir()
    monkeypatch.setenv("ZJTX_CONFIG", str(tmp_path / "区.yaml"))
    return tmp_path / "区.yaml"


def shell(*words, typed="", columns="160"):
    command = [sys.executable, "-P", "-m", "zjtx_pipeline.cli", *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": columns}
    return subprocess.run(command, capture_output=True, text=True, env=environment, input=typed)


def test_a_quarter_is_asked_for_approved_sent_and_accounted_for_in_a_shell(config, mailbox, tmp_path):
    asked = shell("request", "2024Q4")
    assert (asked.returncode, asked.stderr) == (0, "") and "已发送" in asked.stdout
    code = re.search(r"您的验证码：([0-9A-Z]+)", mailbox.letters[0][1].get_body().get_content())[1]
    early = shell("send", "2024Q4")
    assert early.returncode == 2 and "还没有批准" in early.stderr
    approved = shell("approve", "2024Q4", "--by", "张三", typed=f"{code}\n")
    assert approved.returncode == 0 and "现在可以运行 zjtx send 2024Q4" in approved.stdout and approved.stderr == ""
    assert "服务开着的，会自动发送" in approved.stdout
    again = shell("request", "2024Q4")
    assert again.returncode == 0 and "没有要请批的" in again.stdout
    mailbox.dropped = {CLERK.address}
    sent = shell("send", "2024Q4")
    assert sent.returncode == 1 and "待核实" in sent.stdout
    assert "待核实" in shell("ledger", "2024Q4").stdout
    resolved = shell("resolve", "2024Q4", CLERK.address, "--by", "王五", "--arrived")
    assert resolved.returncode == 0 and "封邮件已收到" in resolved.stdout
    rehearsed = shell("send", "2024Q4", "--dry-run", str(tmp_path / "试发"))
    assert rehearsed.returncode == 0 and "没有要发的邮件" in rehearsed.stdout
    (tmp_path / "退信").mkdir()
    (tmp_path / "退信" / "1.eml").write_bytes(postfix(LEADER.address, mailbox.letters[1][1]["Message-ID"]))
    assert "已记为被退回" in shell("bounces", str(tmp_path / "退信")).stdout
    assert "被退回" in shell("ledger", "2024Q4").stdout


WRONG = {
    "no such quarter": (["ledger", "2024年4季"], "不是季度"),
    "a quarter without a ledger": (["ledger", "2024Q3"], "还没有准备过发送"),
    "a quarter without reports": (["request", "2024Q3"], "还没有完整的报告"),
    "nothing to resolve": (["resolve", "2024Q4", "x@xs.example.gov.cn", "--by", "王五", "--lost"], "没有发给 x@xs.example.gov.cn 的"),
    "nobody resolves": (["resolve", "2024Q4", "x@xs.example.gov.cn", "--by", " ", "--lost"], "请填写 --by"),
    "a line end in a name": (["resolve", "2024Q4", "x@xs.example.gov.cn", "--by", "王\n五", "--lost"], "不能出现在邮件标题里"),
    "half a sign in a name": (["resolve", "2024Q4", "x@xs.example.gov.cn", "--by", "王\udcff", "--lost"], "不能出现在邮件标题里"),
    "neither arrived nor lost": (["resolve", "2024Q4", "x@xs.example.gov.cn", "--by", "王五"], "只能写一个，没有记下"),
    "arrived and lost": (["resolve", "2024Q4", "x@xs.example.gov.cn", "--by", "王五", "--lost", "--arrived"], "只能写一个，没有记下"),
    "no bounces": (["bounces"], "没有写退信在哪里"),
    "no such folder": (["bounces", "没有"], "找不到存退信的"),
    "nobody's code": (["approve", "2024Q4", "--by", "张三", "--code", "ABC"], "没有发给张三"),
    "no code typed": (["approve", "2024Q4", "--by", "张三"], "没有输入验证码"),
    "who may not": (["approve", "2024Q4", "--by", "某人", "--code", "ABC"], "不是批准人"),
    "no name": (["approve", "2024Q4"], "--by"),
    "a name in place of a code": (["send", "2024Q4", "--approved-by", "张三"], "配置了批准人"),
    "nothing approved": (["send", "2024Q4"], "还没有批准"),
    "nothing issued": (["correct", "2024Q4", "--why", "x", "--approved-by", "李四"], "2024Q4"),
    "no such option": (["send", "2024Q4", "--now"], "--now"),
}


@pytest.mark.parametrize("words, said", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_one_chinese_line(words, said, config, mailbox, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert cli.main(words) != 0
    out, err = capsys.readouterr()
    assert said in err.replace("\n", "") and "Traceback" not in err + out and "程序内部出错" not in err
    assert mailbox.letters == []


BAD_LEDGERS = ["mysql://host/db", "sqlite://", "postgresql+psycopg://user@127.0.0.1:1/db", "nonsense"]


@pytest.mark.parametrize("address", BAD_LEDGERS)
@pytest.mark.parametrize("words", [["ledger", "2024Q4"], ["request", "2024Q4"], ["send", "2024Q4"], ["bounces", "."]], ids=" ".join)
def test_a_ledger_that_cannot_be_reached_is_one_chinese_line(words, address, config, capsys):
    config.write_text(config.read_text(encoding="utf-8") + f'ledger: "{address}"\n', encoding="utf-8")
    assert cli.main(words) == 2
    err = capsys.readouterr().err
    assert ("配置中的 ledger" in err or "台账数据库打不开" in err.replace("\n", "")) and "Traceback" not in err


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_in_chinese(verb, capsys):
    cli.main([verb, "--help"])
    shown = capsys.readouterr().out
    assert ENGLISH.findall(shown) == [] and shown.startswith("用法：zjtx") and len(re.findall("[一-鿿]", shown)) > 30


def test_each_answer_is_explained_by_itself(capsys):
    cli.main(["resolve", "--help"])
    shown = capsys.readouterr().out
    assert re.search(r"--arrived +收件人确已收到", shown) and re.search(r"--lost +收件人确未收到", shown)


def test_the_ledger_tells_the_time_of_the_office_and_breaks_no_name_of_a_report(config):
    shell("request", "2024Q4")
    shown = shell("ledger", "2024Q4", columns="70").stdout
    assert "北京时间" in shown and "UTC" not in shown and all(name in shown for name in NAMES)


def test_a_time_is_told_in_the_hours_of_the_office():
    assert ledger.beijing_time("2025-01-20T17:30:00.000000+00:00") == "2025-01-21 01:30:00"
