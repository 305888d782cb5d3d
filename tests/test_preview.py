"""Changing a template and seeing it: the shell's `preview`, from what an earlier run left."""

import re
import shutil
import signal
import subprocess
import sys
import threading
from itertools import islice
from pathlib import Path

import pypdfium2
import pytest

from zjtx_pipeline import bundled, cli, edits, stages
from zjtx_pipeline.errors import ZjtxError

ROOT = Path(__file__).parents[1]
DONE = re.compile(r"已印出，用时 (\d+\.\d) 秒：(.*)\n")


@pytest.fixture
def templates(tmp_path):
    return shutil.copytree(bundled.report_templates(), tmp_path / "模板")


@pytest.fixture
def shell(own_golden_run, miniature, monkeypatch):
    """What a verb needs to know of the golden quarter."""
    monkeypatch.setenv("ZJTX_HOME", str(own_golden_run.home))
    monkeypatch.setenv("ZJTX_CONFIG", str(miniature))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return own_golden_run


@pytest.fixture
def watching(shell, templates):
    """The verb as a process of its own, whose lines are read one by one; it is not waited for longer than two minutes."""
    words = ["preview", "2024Q4", "5", "--section", "awards", "--templates", str(templates)]
    command = [sys.executable, "-m", "zjtx_pipeline.cli", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8") as process:
        limit = threading.Timer(120, process.kill)
        limit.start()
        yield process
        limit.cancel()
        process.kill()


def text_of(path):
    return "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(path))


def rewritten(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_changed_template_is_printed_a_broken_one_told_and_a_mended_one_printed_again(watching, templates):
    section = templates / "sections" / "awards.html"
    assert str(templates) in watching.stdout.readline() and "Ctrl-C" in watching.stdout.readline()
    path = Path(DONE.fullmatch(watching.stdout.readline())[2])
    assert path.name == "05-打造数字赋能样板-awards.pdf" and "按条款奖补兑现情况" in text_of(path)

    rewritten(section, "按条款奖补兑现情况", "改过的标题")
    assert float(DONE.fullmatch(watching.stdout.readline())[1]) < 2
    assert "改过的标题" in text_of(path)

    rewritten(section, "row.clause", "row.klause")
    line = section.read_text(encoding="utf-8").partition("row.klause")[0].count("\n") + 1
    assert watching.stdout.readline().startswith(f"模板 sections/awards.html 第{line}行出错：用到的名称不存在（")
    assert "改过的标题" in text_of(path)

    rewritten(templates / "css" / "report.css", ".plan {", ".plan { colour: red;")
    assert "sections/awards.html" in watching.stdout.readline()  # both are broken now, and the page comes first
    rewritten(section, "row.klause", "row.clause")
    assert watching.stdout.readline().startswith("样式 css/report.css 第")

    rewritten(templates / "css" / "report.css", "colour: red;", "")
    rewritten(section, "改过的标题", "又改过的标题")
    assert DONE.fullmatch(watching.stdout.readline()) and "又改过的标题" in text_of(path)

    watching.send_signal(signal.SIGINT)
    assert watching.wait(30) == 0 and watching.stdout.read() == ""


@pytest.mark.parametrize("asked, name", [
    ([], "00-总报告"), (["5"], "05-打造数字赋能样板"), (["区财政局", "--section", "quality"], "03-区财政局-quality"),
    (["经信局", "--section", "duties"], "01-区经信局-duties"), (["分镇街情况"], "14-分镇街情况"),
])  # fmt: skip
def test_any_report_or_section_can_be_looked_at_once(asked, name, shell, capsys):
    assert cli.main(["preview", "2024Q4", *asked, "--once"]) == 0
    path = Path(DONE.fullmatch(capsys.readouterr().out)[2])
    assert path == shell.home / "preview" / f"{name}.pdf" and path.read_bytes().startswith(b"%PDF")


def test_a_whole_report_looks_as_it_was_printed_and_a_section_has_its_own_pages_alone(shell):
    printed = shell.reports / "05-打造数字赋能样板.pdf"
    whole, part = stages.preview(shell, "5"), stages.preview(shell, "5", "awards")
    for each in (whole, part):
        each.print(bundled.report_templates())
    assert text_of(whole.path) == text_of(printed)
    assert len(pypdfium2.PdfDocument(part.path)) < len(pypdfium2.PdfDocument(printed)) and "附件" not in text_of(part.path)


def test_nothing_of_the_quarter_is_touched(shell):
    def state():
        return {path: path.stat().st_mtime_ns for path in shell.home.rglob("*") if path.is_file() and path.parent.name != "preview"}

    before = state()
    assert cli.main(["preview", "2024Q4", "5", "--once"]) == 0
    assert state() == before


@pytest.mark.parametrize("words, sentence", [
    (["5", "--section", "nope"], r"没有“nope”一节：可选 summary（总体情况）、.*awards（奖补兑现情况）、.*quality（数据质量情况）"),
    (["区卫健局"], "没有报告“区卫健局”：请写 0（总报告）、任务号 1 至 14，或 区经信局、.*分镇街情况"),
])  # fmt: skip
def test_what_there_is_not_is_told_with_what_there_is(words, sentence, shell, capsys):
    assert cli.main(["preview", "2024Q4", *words, "--once"]) == 2
    assert re.search(sentence, capsys.readouterr().err)


def test_a_fault_ends_a_single_look(shell, templates, capsys):
    rewritten(templates / "sections" / "awards.html", "row.clause", "row.klause")
    assert cli.main(["preview", "2024Q4", "5", "--templates", str(templates), "--once"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("模板 sections/awards.html 第")


def test_a_figure_in_dispute_is_not_shown_either(shell):
    from zjtx_pipeline import store
    from zjtx_pipeline.stages import opinion

    path = opinion._path(shell, 5)
    store.write_json(path, store.read_json(path) | {"differences": ["T05-1a 两种算法不一致"]})
    with pytest.raises(ZjtxError, match="两种算法不一致"):
        stages.preview(shell, "5")


def test_edits_are_seen_once_each_even_those_made_meanwhile(tmp_path):
    path = tmp_path / "css" / "a.css"
    path.parent.mkdir()
    path.write_text("一", encoding="utf-8")
    seen = []
    for number, _ in enumerate(islice(edits.of(tmp_path), 4)):
        seen.append(path.read_text(encoding="utf-8") if path.exists() else "没有")
        [lambda: path.write_text("二", encoding="utf-8"), path.unlink, lambda: path.write_text("三", encoding="utf-8"), lambda: None][number]()
    assert seen == ["一", "二", "没有", "三"]


def test_no_file_is_read_while_it_is_being_written(tmp_path, monkeypatch):
    path, pieces = tmp_path / "a.html", iter(["写", "写着", "写着写", "写着写着", "写完了的一页"])
    path.write_text("", encoding="utf-8")
    looks = edits.of(tmp_path)
    next(looks)
    monkeypatch.setattr(edits.time, "sleep", lambda _: [path.write_text(each, encoding="utf-8") for each in islice(pieces, 1)])
    next(looks)
    assert path.read_text(encoding="utf-8") == "写完了的一页"
