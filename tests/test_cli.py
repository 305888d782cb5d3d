"""What the shell answers: a verb for everything, one clear line for what is wrong, never a traceback."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from zjtx_pipeline import cli
from zjtx_pipeline.cli import making
from zjtx_pipeline.errors import ZjtxError

ROOT = Path(__file__).parents[1]
VERBS = [
    "report", "backfill", "ui", "serve", "templates", "sample", "request", "approve", "send", "ledger", "resolve", "bounces", "correct", "reconcile", "returns",
    "preview", "backup", "verify", "restore", "move-ledger", "tidy", "test",
]  # fmt: skip
CHINESE = re.compile(r"[一-鿿]")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ZJTX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ZJTX_CONFIG", "")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "远期.yaml").write_text("inbox: 收件\nfollow_until: 2099Q4", encoding="utf-8")
    (tmp_path / "空.yaml").write_text("inbox: 空目录", encoding="utf-8")
    (tmp_path / "空目录").mkdir()
    (tmp_path / "国标.yaml").write_bytes("district: 某区".encode("gb18030"))
    return tmp_path / "home"


def shell(*words, **environment):
    command = [sys.executable, "-m", "zjtx_pipeline.cli", *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "100"} | environment
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_the_help_explains_every_verb_in_chinese():
    shown = shell("--help").stdout
    for verb in VERBS:
        assert re.search(rf"^\W*{verb} .*[一-鿿]", shown, re.MULTILINE), verb
        assert len(CHINESE.findall(shell(verb, "--help").stdout)) > 30, verb


ENGLISH = re.compile(r"usage|options|arguments|commands|show this|required|default|<[a-z\[\]]+>|\[[a-z ]+\]", re.IGNORECASE)


@pytest.mark.parametrize("verb", [None, *VERBS, "trace"])
def test_no_help_has_an_english_word_of_the_shell_library(verb):
    shown = shell(*filter(None, [verb]), "--help").stdout
    assert ENGLISH.findall(shown) == [] and shown.startswith("用法：zjtx") and "--help" in shown


def test_what_must_be_given_is_marked_and_what_may_be_left_out_stands_in_brackets():
    assert "（必填）" in shell("approve", "--help").stdout and "（默认 3000）" in shell("ui", "--help").stdout
    assert "用法：zjtx returns [选项] 季度 [目录]" in shell("returns", "--help").stdout


def test_without_a_verb_the_help_is_shown_and_nothing_is_complained_of(capsys):
    assert cli.main([]) == 2
    told = capsys.readouterr()
    assert told.out.startswith("用法：zjtx") and told.err == ""


def test_the_help_answers_at_once_because_nothing_heavy_is_loaded():
    heavy = ["pandas", "dagster", "great_expectations", "weasyprint", "sqlalchemy", "starlette", "uvicorn", "graphql"]
    code = f"import sys, zjtx_pipeline.cli; print(*set({heavy}) & set(sys.modules))"
    began = time.monotonic()
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stdout.split() == []
    assert time.monotonic() - began < 5  # 0.4 s on an idle machine


WRONG = {
    "季度写法不对": (["report", "2024Q5"], "2024Q5"),
    "季度在计划之前": (["report", "2022Q4"], "2023Q1"),
    "季度在收官后跟踪之后": (["report", "2031Q1"], "2027Q4"),
    "季度还没有开始": (["report", "2099Q4", "--config", "远期.yaml"], "2099Q4"),
    "按哪天所知：写法不对": (["report", "2024Q4", "--as-of", "2025-1-15"], "2025-01-15"),
    "按哪天所知：没有这一天": (["report", "2024Q4", "--as-of", "2025-02-30"], "2025-02-30"),
    "按哪天所知：还没有到": (["report", "2024Q4", "--as-of", "2099-01-01"], "还没有到"),
    "按哪天所知：季度还没有结束": (["report", "2024Q4", "--as-of", "2024-12-31"], "2024-12-31 那天只能出草稿"),
    "按哪天所知：那时还没有报送": (["report", "2024Q4", "--as-of", "2025-01-01", "--config", "空.yaml"], "还没有任何部门报送"),
    "起止颠倒": (["backfill", "2024Q4", "2024Q3"], "晚于"),
    "补跑到还没有结束的季度": (["backfill", "2024Q4", "2099Q4", "--config", "远期.yaml"], "才结束"),
    "没有这个命令": (["repot", "2024Q4"], "没有这个命令：repot，是不是 report（用"),
    "没有这个选项": (["report", "2024Q4", "--dratf"], "没有这个选项：--dratf，是不是 --draft（用"),
    "缺少季度": (["report"], "缺少参数：季度（用"),
    "多余的参数": (["report", "2024Q4", "2024Q3"], "多余的参数：2024Q3（用"),
    "几个多余的参数": (["ui", "2024Q4", "2024Q3"], "多余的参数：2024Q4 2024Q3（用"),
    "选项后面缺少内容": (["send", "2024Q4", "--approved-by", "张三", "--dry-run"], "选项 --dry-run 后面缺少内容"),
    "端口不是数": (["ui", "--port", "abc"], "值不对：--port，应为整数（用"),
    "端口太大": (["ui", "--port", "65536"], "值不对：--port，应不大于 65535（用"),
    "缺少批准人": (["approve", "2024Q4"], "--by"),
    "没有出过报告就发送": (["send", "2024Q4", "--approved-by", "张三"], "zjtx report 2024Q4"),
    "预览没有出过报告的季度": (["preview", "2024Q4"], "zjtx report 2024Q4"),
    "预览没有的报告": (["preview", "2024Q4", "15"], "没有报告“15”"),
    "预览没有的模板目录": (["preview", "2024Q4", "--templates", "没有"], "没有模板目录 没有"),
    "没有发出过就更正": (["correct", "2024Q4", "--why", "补报", "--approved-by", "李四"], "还没有发出过"),
    "更正没有写原因": (["correct", "2024Q4", "--why", " ", "--approved-by", "李四"], "更正原因没有写"),
    "更正缺少批准人": (["correct", "2024Q4", "--why", "补报"], "--approved-by"),
    "恢复没有写到哪里": (["restore", "zjtx.tar.gz"], "--to"),
    "恢复找不到备份": (["restore", "没有.tar.gz", "--to", "新"], "找不到备份文件 没有.tar.gz"),
    "核对的不是备份": (["verify", "远期.yaml"], "不完整或已损坏"),
    "备份没有写到哪里": (["backup"], "没有写备份到哪里"),
    "备份份数太少": (["backup", "盘", "--keep", "0"], "值不对"),
    "没有配置台账数据库就搬": (["move-ledger"], "配置里没有写 ledger"),
    "找不到配置": (["report", "2024Q4", "--config", "没有.yaml"], "找不到配置文件"),
    "配置是目录": (["report", "2024Q4", "--config", "."], "是一个目录，读不出来：请在 --config"),
    "配置不是文本": (["report", "2024Q4", "--config", "国标.yaml"], "不是 UTF-8 文本，读不出来：请用文本编辑器"),
    "在脚本之外测试": (["test"], "./zjtx test"),
}


@pytest.mark.parametrize(
    "words, page",
    [
        (["resolve", "2024Q4"], "zjtx resolve --help"),
        (["report"], "zjtx report --help"),
        (["report", "2024Q4", "--dratf"], "zjtx report --help"),
        (["ui", "--port", "abc"], "zjtx ui --help"),
        (["send", "2024Q4", "--dry-run"], "zjtx send --help"),
        (["user", "add"], "zjtx user add --help"),
        (["user", "ad"], "zjtx user --help"),
        (["repot"], "zjtx --help"),
    ],
    ids=lambda words: words if isinstance(words, str) else "",
)
def test_who_writes_a_verb_wrong_is_pointed_to_its_own_page(words, page, capsys):
    assert cli.main(words) == 2
    assert f"（用 {page} 查看用法）" in capsys.readouterr().err


@pytest.mark.parametrize("words, names", WRONG.values(), ids=WRONG)
def test_wrong_input_gets_one_clear_line_and_exit_code_two(words, names, capsys):
    assert cli.main(words) == 2
    told = capsys.readouterr()
    assert told.out == ""
    (line,) = told.err.splitlines()
    assert names in line and CHINESE.search(line) and not re.search("Error|Did you|Possible|Input should", line)


@pytest.mark.parametrize(
    "text, names",
    [
        pytest.param("inbox: [", "不是合规的 YAML", id="括号没有合上"),
        pytest.param("district: 某区", "inbox", id="没有数据来源"),
        pytest.param("inbox: 收件\ninbax: x", "inbax", id="拼错配置项"),
        pytest.param("inbox: 收件\nreport_time: 25点", "report_time", id="时刻写错"),
        pytest.param("inbox: 收件\ntargets: {Q99: {value: '1'}}", "Q99", id="没有这个目标"),
    ],
)
def test_a_malformed_configuration_gets_one_clear_line(text, names, tmp_path, capsys):
    (tmp_path / "district.yaml").write_text(text, encoding="utf-8")
    assert cli.main(["report", "2024Q4", "--config", "district.yaml"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert names in line


def test_a_defect_gets_one_line_that_names_where_the_traceback_lies(home, capsys, monkeypatch):
    def broken(*_):
        raise RuntimeError("out of cheese")

    monkeypatch.setattr("zjtx_pipeline.tables.blanks.write_blanks", broken)
    assert cli.main(["templates", "blanks"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "程序内部出错" in line and str(home / "zjtx.log") in line
    assert "out of cheese" in (home / "zjtx.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(("step", "told"), [("sound/D03", True), ("figures/T01", False)])
def test_a_table_that_stops_a_run_points_to_what_goes_back(step, told, capsys):
    from assets.launch import Outcome, Step
    from zjtx_pipeline.quarter import Quarter

    making.explain(Quarter(2024, 4), Outcome(steps=[Step("某一环节", step, "失败", sentence="退回的行过多。")]))
    assert ("zjtx returns 2024Q4" in capsys.readouterr().err) is told


def test_what_may_not_be_read_is_no_departments_affair(tmp_path, monkeypatch, capsys):
    from assets.launch import Outcome, Step
    from zjtx_pipeline import sources
    from zjtx_pipeline.quarter import Quarter
    from zjtx_pipeline.settings import load_settings

    (tmp_path / "空目录" / "2024Q4").mkdir()
    (tmp_path / "空目录" / "2024Q4" / "D03_区经信局.csv").write_text("企业名称\n", encoding="utf-8")

    def refused(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refused)
    (found,) = sources.deliveries(load_settings(tmp_path / "空.yaml"), "D03", Quarter(2024, 4))
    sentence = found.read().fault
    assert sentence.startswith("文件没有读取权限：不用部门重报")
    making.explain(Quarter(2024, 4), Outcome(steps=[Step("逐行校验", "sound/D03", "失败", sentence=f"D03_区经信局.csv：{sentence}")]))
    assert "重报：运行" not in capsys.readouterr().err


def test_every_step_of_the_job_is_called_by_a_name_that_staff_know():
    from assets.launch import Step, _name, _stages

    called = {step.name: step.called for step in (Step("", _name(key), "失败") for key in _stages())}
    assert called["sound/D21c"] == "D21c（用房补助）" and called["awards/T05"] == "任务5（打造数字赋能样板）奖补"
    assert all(CHINESE.search(each) and "/" not in each for each in called.values())


@pytest.mark.parametrize("order", ["取取校取校编编", "编取校取校取编", "编编校校取取取"])
def test_the_sums_of_the_stages_add_up_in_whatever_order_their_steps_end(order, capsys):
    from assets.launch import Step
    from zjtx_pipeline.cli.console import RunShown

    names = {"取": "取数留存", "校": "逐行校验", "编": "编排打印"}
    with RunShown("2024年第四季度", {"取数留存": 3, "逐行校验": 2, "编排打印": 2}) as shown:
        for sign in order:
            shown.hear(Step(names[sign], "", "完成"))
    told = re.findall(r"\[(\d)/3\] (\S+)　(\d) 步.*累计 (\d)/7 步", capsys.readouterr().out)
    assert told == [("1", "取数留存", "3", "3"), ("2", "逐行校验", "2", "5"), ("3", "编排打印", "2", "7")]


def test_stopping_by_hand_gets_one_line(capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("zjtx_pipeline.tables.blanks.write_blanks", interrupted)
    assert cli.main(["templates", "blanks"]) == 130
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_taken_port_is_told_before_anything_starts(capsys):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert cli.main(["ui", "--port", str(port)]) == 2
    assert f"端口 {port}" in capsys.readouterr().err


def test_templates_are_one_workbook_a_table(tmp_path, capsys):
    assert cli.main(["templates", str(tmp_path / "blanks")]) == 0
    assert len(list((tmp_path / "blanks").glob("*.xlsx"))) == 31
    assert "31 张" in capsys.readouterr().out


def test_the_sample_district_is_built_where_asked(home, capsys):
    assert cli.main(["sample"]) == 0
    assert (home / "sample" / "district.yaml").exists() and str(home / "sample") in capsys.readouterr().out


def test_a_named_configuration_comes_before_the_environment_and_that_before_the_sample(tmp_path, monkeypatch):
    from zjtx_pipeline import district

    for name in ("一", "二"):
        (tmp_path / f"{name}.yaml").write_text(f"inbox: 收件\ndistrict: {name}区", encoding="utf-8")
    assert district.settings_known().sample and district.settings_in_force().sample
    monkeypatch.setenv("ZJTX_CONFIG", str(tmp_path / "一.yaml"))
    assert district.settings_in_force().district == "一区"
    assert district.settings_in_force(tmp_path / "二.yaml").district == "二区"
    monkeypatch.setenv("ZJTX_CONFIG", "没有.yaml")
    with pytest.raises(ZjtxError):
        district.settings_in_force()
