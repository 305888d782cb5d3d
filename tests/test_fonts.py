"""An office's own fonts: each prints what it was named for, lacks nothing, and no other font is ever loaded."""

import hashlib
import os
import subprocess
import sys
from ctypes import create_string_buffer
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import made_fonts
import made_results
import page
import pypdf
import pypdfium2
import pytest
from fontTools.ttLib import TTCollection, TTFont
from pypdfium2 import raw

from zjtx_pipeline import ahead, bundled, fonts, stages, store
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.report import compose, pages, pdf, styles
from zjtx_pipeline.settings import Fonts, load_settings
from zjtx_pipeline.stages.printing import printed

HERE = Path(__file__).parent
LETTERS = "甲乙丙丁"
ONLY_THERE = "\ue001"  # of private use: no bundled font has it
BODY = f"<h1>{LETTERS}</h1><h2>{LETTERS}</h2><h3>{LETTERS}</h3><p>{LETTERS}</p>"
USES = ["title", "heading", "subheading", "body"]  # in the order of the page above


def page_with(body):
    return f'<!DOCTYPE html><html lang="zh-CN"><head><title>试</title></head><body>{body}</body></html>'


def faces_of(content):
    """Each sign of the first page with the font that prints it, less the prefix of its subset."""
    text, found = pypdfium2.PdfDocument(content)[0].get_textpage(), []
    for place in range(text.count_chars()):
        name = create_string_buffer(200)
        raw.FPDFText_GetFontInfo(text, place, name, 200, None)
        found.append((text.get_text_range(place, 1), name.value.decode().split("+")[-1]))
    return [(sign, font) for sign, font in found if sign.strip()]


@pytest.fixture
def office(tmp_path):
    """Two of the four signs, and one that no bundled font has."""
    return made_fonts.made(tmp_path / "office.ttf", "甲乙" + ONLY_THERE)


@pytest.mark.parametrize("use", USES)
def test_a_font_prints_what_it_was_named_for_and_what_it_lacks_is_printed_by_a_bundled_one(use, office):
    content = pdf.render(page_with(BODY), name="试", own_fonts={use: office})
    own = f"zjtx-{use}-OfficeFang"
    lines = [faces_of(content)[start : start + 4] for start in (0, 4, 8, 12)]
    alike = {"title": ["title"], "heading": ["title", "heading"], "subheading": ["subheading"], "body": ["subheading", "body"]}[use]
    for each, line in zip(USES, lines, strict=True):
        assert "".join(sign for sign, _ in line) == LETTERS
        bundled_one = "zjtx-hei" if each in ("title", "heading") else "zjtx-song"
        assert [font for _, font in line] == ([own, own] if each in alike else [bundled_one] * 2) + [bundled_one] * 2


def test_four_fonts_print_each_their_own(tmp_path):
    named = {use: made_fonts.made(tmp_path / f"{use}.ttf", LETTERS, called=use.title()) for use in USES}
    content = pdf.render(page_with(BODY), name="试", own_fonts=named)
    assert [font for _, font in faces_of(content)][:16:4] == [f"zjtx-{use}-{use.title()}" for use in USES]


def test_a_sign_that_an_office_s_font_alone_holds_is_printed_wherever_it_stands(office):
    body = f"<h2>{ONLY_THERE}</h2><p>{ONLY_THERE}</p>"
    with pytest.raises(ZjtxError, match="U\\+E001"):
        pdf.render(page_with(body), name="试")
    content = pdf.render(page_with(body), name="试", own_fonts={"subheading": office})
    assert faces_of(content)[:2] == [(ONLY_THERE, "zjtx-subheading-OfficeFang")] * 2


def test_a_report_with_the_office_s_fonts_keeps_the_rules_of_archives_and_of_screen_readers(office):
    report = compose.task_report(made_results.inputs(), 5)
    content = pdf.render_report(report, own_fonts={"body": office, "title": office})
    told = [page.validate_pdf_bytes(content, profile=profile) for profile in ("3a", "ua1")]
    assert [failure for each in told for failure in each.failures] == []


def test_the_file_embeds_the_font_s_own_outlines(office):
    content = pdf.render(page_with("<p>甲</p>"), name="试", own_fonts={"body": office})
    [font] = [each.get_object() for each in pypdf.PdfReader(BytesIO(content)).pages[0]["/Resources"]["/Font"].values() if "Office" in each.get_object()["/BaseFont"]]
    embedded = TTFont(BytesIO(font["/DescendantFonts"][0].get_object()["/FontDescriptor"]["/FontFile2"].get_data()), lazy=True)
    boxes = [embedded["glyf"][name] for name in embedded.getGlyphOrder()[1:]]
    assert {(box.xMin, box.yMin, box.xMax, box.yMax) for box in boxes if box.numberOfContours} == {(100, 0, 900, 700)}


def test_without_fonts_of_its_own_an_office_s_reports_are_as_ever(office):
    report = compose.task_report(made_results.inputs(), 8)
    before = pdf.render_report(report)
    with_font = pdf.render_report(report, own_fonts={"body": office})
    assert pdf.render_report(report, own_fonts={}) == before != with_font


def test_another_font_file_makes_another_identifier(tmp_path):
    contents = [
        pdf.render(page_with(BODY), name="试", own_fonts={"body": made_fonts.made(tmp_path / "one.ttf", "甲", height=height)})
        for height in (700, 500)
    ]  # one after the other under one path, as an office replaces a file
    first, second = (pypdf.PdfReader(BytesIO(each)).trailer["/ID"][0] for each in contents)
    assert first != second and faces_of(contents[1])[12] == ("甲", "zjtx-body-OfficeFang")


RENDER = """
import made_results, sys
from hashlib import sha256
from pathlib import Path
from zjtx_pipeline.report import compose, pdf
report = compose.task_report(made_results.inputs(), 8)
print(sha256(pdf.render_report(report, own_fonts={"body": Path(sys.argv[1]), "title": Path(sys.argv[1])})).hexdigest())
"""


def test_two_processes_make_the_same_bytes_with_an_office_s_fonts(office):
    told = []
    for seed in "12":
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)])}
        done = subprocess.run([sys.executable, "-c", RENDER, str(office)], env=environment, capture_output=True, text=True, check=True)
        told.append(done.stdout)
    assert told[0] == told[1] and len(told[0]) == 65


def with_fonts(run, **named):
    return replace(run, settings=run.settings.model_copy(update={"fonts": Fonts(**named)}))


def test_the_second_process_prints_the_same(own_golden_run, office):
    run = with_fonts(own_golden_run, body=office)
    try:
        worker = ahead.begin(run.key)
        worker.ask("printed", printed, run, 8)
        assert worker._begun["printed"][1].exception() is None  # waits for it, else this process would print it itself
        assert worker.answer("printed") == printed(run, 8) != printed(own_golden_run, 8)
    finally:
        ahead.end_all()


def test_the_manifest_bears_each_font_s_digest(own_golden_run, office):
    run = with_fonts(own_golden_run, body=office, title=office)
    stages.publish(run)
    digests = store.read_json(run.reports / "manifest.json")["digests"]
    sha256 = hashlib.sha256(office.read_bytes()).hexdigest()
    assert {name: told for name, told in digests.items() if name.startswith("font")} == {"font_body": sha256, "font_title": sha256}
    stages.publish(own_golden_run)
    assert not [name for name in store.read_json(run.reports / "manifest.json")["digests"] if name.startswith("font")]


@pytest.mark.parametrize("address", ["zjtx-font:office.ttf", "zjtx-font:../../__init__.py", "file://{path}", "zjtx-font:{sha256}"])
def test_a_page_cannot_name_a_font(address, office):
    """Not even the office's own, once it is no longer named."""
    pdf.render(page_with("<p>甲</p>"), name="试", own_fonts={"body": office})
    url = address.format(path=office, sha256=hashlib.sha256(office.read_bytes()).hexdigest())
    body = f'<style>@font-face {{ font-family: X; src: url("{url}") }}</style><p style="font-family: X">甲</p>'
    with pytest.raises(ZjtxError, match="试"):
        pdf.render(page_with(body), name="试")


def test_every_list_of_families_names_every_font(tmp_path):
    named = {use: made_fonts.made(tmp_path / f"{use}.ttf", "甲", called=use.title()) for use in USES}
    held = styles.read(bundled.report_templates()).tokens(fonts.faces(named))
    every = {f'"zjtx-{use}-{use.title()}"' for use in USES} | {'"zjtx-song"', '"zjtx-hei"'}
    lists = {token: held[token].split(", ") for token in ("serif", "sans", "subheading", "title")}
    assert all(set(names) == every and len(names) == 6 for names in lists.values())
    assert lists["serif"][:3] == ['"zjtx-body-Body"', '"zjtx-song"', '"zjtx-hei"']


def test_templates_without_a_family_for_the_office_s_font_say_so(tmp_path, office):
    folder = tmp_path / "templates"
    (folder / "css").mkdir(parents=True)
    (folder / "css" / "tokens.css").write_text(":root {\n  --serif: x;\n}\n", encoding="utf-8")
    (folder / "css" / "report.css").write_text("p { font-family: var(--serif); }\n", encoding="utf-8")
    with pytest.raises(ZjtxError, match="css/tokens.css 里没有 --title"):
        pdf.render(page_with("<p>甲</p>"), name="试", own_fonts={"title": office}, templates=pages.Templates(folder))


def configured(folder, named):
    path = folder / "district.yaml"
    path.write_text(f"inbox: x\nfonts: {named}\n", encoding="utf-8")
    return load_settings(path)


def test_font_files_count_from_the_configuration_and_each_may_be_left_out(tmp_path):
    (tmp_path / "fonts").mkdir()
    path = made_fonts.made(tmp_path / "fonts" / "仿宋.ttf", "甲")
    assert configured(tmp_path, "{body: fonts/仿宋.ttf}").fonts.named == {"body": path}
    assert configured(tmp_path, f"{{title: {path}}}").fonts.named == {"title": path}
    assert configured(tmp_path, "{}").fonts.named == {}


def collection(path):
    gathered = TTCollection()
    gathered.fonts = [TTFont(made_fonts.made(path.with_suffix(".ttf"), "甲"))]
    gathered.save(path)


WRONG = {
    "missing": ("没有.ttf", lambda path: None, "找不到字体文件 .*没有.ttf.*fonts.body"),
    "a folder": ("目录.ttf", lambda path: path.mkdir(), "读不出来.*fonts.body"),
    "no font": ("文本.ttf", lambda path: path.write_text("inbox: x", encoding="utf-8"), "不是能用的字体文件"),
    "empty": ("空.ttf", lambda path: path.touch(), "不是能用的字体文件"),
    "cut short": ("半.ttf", lambda path: path.write_bytes(made_fonts.made(path, "甲").read_bytes()[:300]), "不是能用的字体文件"),
    "a collection": ("合集.ttc", collection, "不能用 .ttc 合集"),
    "restricted": ("限.ttf", lambda path: made_fonts.made(path, "甲", rights=0x0002), "不许嵌入 PDF（OS/2 fsType 为 2）"),
    "whole or not at all": ("整.ttf", lambda path: made_fonts.made(path, "甲", rights=0x0108), "不许嵌入 PDF.*取子集"),
    "bitmaps only": ("点.ttf", lambda path: made_fonts.made(path, "甲", rights=0x0200), "不许嵌入 PDF"),
}


@pytest.mark.parametrize("name, make, sentence", WRONG.values(), ids=WRONG)
def test_a_font_that_cannot_be_used_is_told_when_the_configuration_is_read(name, make, sentence, tmp_path):
    make(tmp_path / name)
    with pytest.raises(ZjtxError, match=sentence) as refused:
        configured(tmp_path, f"{{body: {name}}}")
    assert "\n" not in str(refused.value) and name in str(refused.value)


@pytest.mark.parametrize("rights", [0x0000, 0x0004, 0x0008, 0x000A])
def test_a_font_that_may_be_embedded_for_print_is_taken(rights, tmp_path):
    """Where an older font sets several bits, the least restrictive holds."""
    made_fonts.made(tmp_path / "可.ttf", "甲", rights=rights)
    assert configured(tmp_path, "{body: 可.ttf}").fonts.named


@pytest.mark.parametrize("named", ["{bdoy: x.ttf}", "{body: 7}", "x.ttf"])
def test_what_is_no_list_of_fonts_is_told(named, tmp_path):
    with pytest.raises(ZjtxError, match="中“fonts"):
        configured(tmp_path, named)
