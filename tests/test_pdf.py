"""Paper: our fonts and nothing else, every glyph or none, the same bytes in every process."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import made_fonts
import made_results
import page
import pypdf
import pypdfium2
import pytest

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.report import compose, distribution, pages, pdf
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.tables import load_tables

RARE = "喆炘旸昇垚犇邨嫚溇燊璟镠堃"
HERE = Path(__file__).parent


def words(content):
    """The text of each page, without blanks."""
    return [re.sub(r"\s", "", page.get_textpage().get_text_range()) for page in pypdfium2.PdfDocument(content)]


def fonts(content):
    names = set()
    for page in pypdf.PdfReader(BytesIO(content)).pages:
        names |= {
            font.get_object()["/BaseFont"].split("+")[-1] for font in page["/Resources"].get("/Font", {}).values()
        }
    return names


def titles(outline):
    """Bookmarks at every depth."""
    for mark in outline:
        yield from titles(mark) if isinstance(mark, list) else [mark["/Title"]]


def page_with(body):
    return f'<!DOCTYPE html><html lang="zh-CN"><head><title>试</title></head><body>{body}</body></html>'


FIGURES = {"figures.csv": "指标,数\r\nT05-1,1\r\n".encode("utf-8-sig")}


@pytest.fixture(scope="module")
def task_pdf():
    inputs = made_results.inputs(settings=Settings(sample=True), draft=True)
    return pdf.render_report(compose.task_report(inputs, 5), FIGURES)


@pytest.fixture(scope="module")
def overall_pdf():
    return pdf.render_report(compose.overall_report(made_results.inputs()), FIGURES)


def faults(content):
    """What an archive (PDF/A-3a) and a screen reader (PDF/UA-1) would object to."""
    reports = [page.validate_pdf_bytes(content, profile=profile) for profile in ("3a", "ua1")]
    return sorted({failure.rule_id for report in reports for failure in report.failures})


def structure(content, kind):
    """The elements of a kind in the tree that a screen reader follows."""
    found, ahead = [], [pypdf.PdfReader(BytesIO(content)).trailer["/Root"]["/StructTreeRoot"]]
    while ahead:
        element = ahead.pop().get_object()
        kids = element.get("/K", []) if isinstance(element, dict) else []
        ahead += kids if isinstance(kids, list) else [kids]
        found += [element] if isinstance(element, dict) and element.get("/S") == kind else []
    return found


def test_only_the_bundled_fonts_are_embedded(task_pdf, overall_pdf):
    held = fonts(task_pdf) | fonts(overall_pdf)
    assert held == {"zjtx-song", "zjtx-hei"}


def test_every_page_says_that_it_is_a_sample_and_a_draft(task_pdf):
    told = words(task_pdf)
    assert len(told) > 3 and all("示例数据" in text and "草稿（未结账）" in text for text in told)


def test_every_page_bears_its_number_between_dashes(overall_pdf):
    cover, *others = words(overall_pdf)
    assert "—" not in cover and all(f"—{number}—" in text for number, text in enumerate(others, 2))


def _says_it_all(told):
    """Targets, tasks, what turned and what needs a decision, and nothing of the sections after them."""
    return all(title in told for title in ("第三方服务机构", "企业服务联盟组建", "任务亮灯取其目标中最差者", "与上季相比", "需决策事项3.")) and "一、" not in told


def test_after_cover_and_contents_one_page_says_it_all(overall_pdf):
    cover, contents, overview, rest, *_ = words(overall_pdf)
    assert "工作进展情况总报告（2024年第四季度）" in cover and "目录" not in cover
    assert "目录本季总览" in contents and "附件4数据来源与版本" in contents
    assert "本季总览" in overview and _says_it_all(re.sub(r"需决策事项1\..*3\.", "需决策事项3.", overview)) and "一、较上季变化" in rest


def worst():
    """Every light turned, every table missing but those of payments, the longest name of a district."""
    absent = dict.fromkeys(load_tables(), "未报送") | {"D06a": "已报送", "D06b": "已报送"}
    worse = [replace(one, light=one.light and "红") for one in made_results.progress()]
    settings = Settings(sample=True, district="内蒙古自治区鄂尔多斯市康巴什区示范区")
    return compose.overall_report(made_results.inputs(status=absent, progress=worse, settings=settings, draft=True))


def test_one_page_says_it_all_however_much_there_is_to_say():
    _, _, overview, rest, *_ = words(pdf.render_report(worst()))
    assert _says_it_all(re.sub(r"需决策事项1\..*3\.", "需决策事项3.", overview)) and "一、较上季变化" in rest


def test_one_page_says_it_all_in_an_office_s_fonts_whose_lines_reach_further(tmp_path):
    """Letters of such a font stand beside bundled Hanzi and push the lines apart; that page, and no other, is printed smaller then."""
    latin = made_fonts.made(tmp_path / "latin.ttf", "".join(map(chr, range(32, 127))), span=(1300, 500))
    _, _, overview, rest, *_ = words(pdf.render_report(worst(), own_fonts=dict.fromkeys(("body", "heading", "subheading", "title"), latin)))
    assert _says_it_all(re.sub(r"需决策事项1\..*3\.", "需决策事项3.", overview)) and "一、较上季变化" in rest


def test_only_the_sizes_of_that_page_are_made_smaller():
    whole, smaller = (pages.shipped().sheets(shrunk=shrunk)[-1].text.split("\n") for shrunk in pdf.SMALLER[:2])
    changed = [line for line, other in zip(whole, smaller, strict=True) if line != other]
    assert len(changed) > 5 and all(line.startswith((".first", ".tasks")) for line in changed)


def test_the_contents_name_the_pages_where_sections_begin(overall_pdf):
    told = words(overall_pdf)
    for title in ("本季总览", "附件2口径说明", "附件3名词解释", "（九）强化金融支持力度"):
        number = int(re.search(rf"{title}\.*(\d+)", told[1])[1])
        assert title in told[number - 1]


def test_the_overview_leads_to_each_task_s_chapter(overall_pdf):
    read = pypdf.PdfReader(BytesIO(overall_pdf))
    links = [note.get_object() for note in read.pages[2]["/Annots"]]
    assert len(links) >= 14 and all(link["/Subtype"] == "/Link" for link in links)


def test_the_file_knows_its_title_language_and_dates_and_has_bookmarks(task_pdf):
    read = pypdf.PdfReader(BytesIO(task_pdf))
    assert read.metadata.title == "2024年第四季度“打造数字赋能样板”工作进展情况"
    assert read.metadata.author == "区经信局"
    assert read.trailer["/Root"]["/Lang"] == "zh-CN"
    assert read.metadata["/CreationDate"].startswith("D:20250115")
    assert {"一、总体情况", "附件3　数据来源与版本"} <= set(titles(read.outline))


def test_every_report_keeps_the_rules_of_archives_and_of_screen_readers(task_pdf, overall_pdf):
    others = [compose.task_report(made_results.inputs(), number) for number in (1, 10, 14)]
    assert [faults(each) for each in (task_pdf, overall_pdf, *map(pdf.render_report, others))] == [[]] * 5


@pytest.mark.parametrize("body, fault", [
    ('<svg width="9" height="9" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>', "PDFUA1-FIGURE-ALTERNATIVE-TEXT-001"),
    ("<h1>甲</h1><h3>乙</h3>", "PDFUA1-HEADING-NESTING-001"),
])  # fmt: skip
def test_what_neither_may_hold_is_seen(body, fault):
    assert fault in faults(pdf.render(page_with(body), name="试"))


PICTURES = (
    r"完成进度-?\d+\.\d%(，按序时应为-?\d+\.\d%)?|为最大值的\d+%|.+自\d{4}年第.季度起各季末：.+；目标.+"
    r"|(.+期初[\d,]+家，转入[\d,]+家(（其中晋级\d+家）)?，转出[\d,]+家，期末[\d,]+家；?)+|A\d\d：测算应兑[\d,.−]+万元，已兑[\d,.−]+万元，差额[\d,.−]+万元"
)


def test_each_picture_says_in_words_what_it_shows(overall_pdf):
    of_tasks = [pdf.render_report(compose.task_report(made_results.inputs(), number)) for number in (3, 7)]
    told = [str(each["/Alt"]) for content in (overall_pdf, *of_tasks) for each in structure(content, "/Figure")]
    assert len(told) > 20 and all(re.fullmatch(PICTURES, each) for each in told), told
    kinds = ("按序时", "最大值", "起各季末", "期初", "测算应兑")
    assert all(any(kind in each for each in told) for kind in kinds)


def test_each_cell_of_a_table_names_the_head_that_it_stands_under(task_pdf):
    heads, cells = ({str(each["/ID"]) for each in structure(task_pdf, "/TH")}, [each["/A"]["/Headers"] for each in structure(task_pdf, "/TD")])
    assert len(cells) > 100 and all(named and set(map(str, named)) <= heads for named in cells)


def test_the_figures_travel_with_the_report_and_bear_its_date(task_pdf):
    read = pypdf.PdfReader(BytesIO(task_pdf))
    [attached] = read.attachment_list
    assert {attached.name: attached.content} == FIGURES
    assert str(attached.associated_file_relationship) == "/Data" and attached.modification_date.date().isoformat() == "2025-01-15"
    other = pdf.render_report(compose.task_report(made_results.inputs(settings=Settings(sample=True), draft=True), 5), {"figures.csv": b"other"})
    assert pypdf.PdfReader(BytesIO(other)).trailer["/ID"][0] != read.trailer["/ID"][0]


def test_the_line_under_the_title_is_one_line_in_every_kind_of_report():
    """Office and dates side by side, with the longest name that we know of a district."""
    inputs = made_results.inputs(settings=Settings(district="杭州市萧山区（示例区）", sample=True))
    kinds = [compose.task_report(inputs, 5), *(distribution.report(inputs, name) for name in ("区财政局", "分镇街情况"))]
    for report in kinds:
        first = pypdfium2.PdfDocument(pdf.render_report(report))[0].get_textpage().get_text_range()
        assert re.search(r"^杭州市萧山区（示例区）\s+区经信局\s*数据截至2024年12月31日\s+报送截止2025年1月15日\s*$", first, re.M), report.cover.title


def test_paper_is_a4_with_mirrored_margins(task_pdf):
    read = pypdf.PdfReader(BytesIO(task_pdf))
    assert all([round(float(side) / 72 * 25.4) for side in page.mediabox[2:]] == [210, 297] for page in read.pages)


def test_a_page_of_text_has_twenty_two_lines_of_twenty_eight_characters():
    """GB/T 9704-2012: 每面排22行，每行排28个字."""
    document = pypdfium2.PdfDocument(pdf.render(page_with(f"<p style='text-indent: 0'>{'字' * 28 * 22 * 3}</p>"), name="试"))
    for page_of_text in list(document)[:3]:
        lines = [line.strip() for line in page_of_text.get_textpage().get_text_range().splitlines() if "字" in line]
        assert [len(line) for line in lines] == [28] * 22


def test_the_page_number_stands_right_on_odd_pages_and_left_on_even_ones(task_pdf):
    for number, each in enumerate(pypdfium2.PdfDocument(task_pdf), 1):
        text = each.get_textpage()
        foot = [box for at in range(text.count_chars()) if (box := text.get_charbox(at))[3] < 35 * 72 / 25.4 and text.get_text_range(at, 1).strip()]
        middle = (min(box[0] for box in foot) + max(box[2] for box in foot)) / 2
        assert (middle > 105 * 72 / 25.4) == bool(number % 2)


def test_rare_characters_of_real_names_print():
    units = made_results.awards(
        {"clause": "A10", "name": f"杭州{RARE}公司", "entitled_fen": 1, "paid_fen": 2, "state": "超付"}
    )
    told = "".join(words(pdf.render_report(distribution.report(made_results.inputs(awards=units), "区财政局"))))
    assert f"杭州{RARE}公司" in told


def test_a_character_that_no_font_holds_fails_the_report_and_is_named_with_its_place():
    texts = made_results.texts(main_progress="走访杭州\ue000电子等企业")
    with pytest.raises(ZjtxError, match=r"01 2024年第四季度.*U\+E000.*走访杭州.*电子等企业"):
        pdf.render_report(compose.task_report(made_results.inputs(texts=texts), 1))


@pytest.mark.parametrize("sign", ["\U0001f600", "\U000f0000", "ߐ", "\ud800"])
def test_a_picture_or_a_broken_character_fails_too(sign):
    with pytest.raises(ZjtxError, match=f"U\\+{ord(sign):04X}"):
        pdf.render(page_with(f"<p>甲{sign}乙</p>"), name="试")


@pytest.mark.parametrize(
    "body",
    [
        '<img src="file:///etc/hostname">',
        '<img src="http://127.0.0.1:9/a.png">',
        '<img src="missing.png">',
        '<link rel="stylesheet" href="https://example.org/a.css">',
        '<object data="file:///etc/passwd"></object>',
        '<style>@import url("file:///etc/passwd");</style>',
        '<style>p { background: url("data:image/png;base64,AAAA") }</style><p>甲</p>',
        '<style>@font-face { font-family: X; src: url("zjtx-font:../../__init__.py") }</style>',
        "<style>p { no-such-property: 1 }</style>",
    ],
)
def test_nothing_is_fetched_and_nothing_is_left_out_in_silence(body):
    with pytest.raises(ZjtxError, match="试"):
        pdf.render(page_with(body), name="试")


def test_an_error_leaves_the_next_report_alone(task_pdf):
    with pytest.raises(ZjtxError):
        pdf.render(page_with('<img src="missing.png">'), name="试")
    assert pdf.render(page_with("<p>甲</p>"), name="试").startswith(b"%PDF")


RENDER = f"FIGURES = {FIGURES}" + """
import made_results, sys
from hashlib import sha256
from zjtx_pipeline.report import compose, pdf
inputs = made_results.inputs()
for number in map(int, sys.argv[1:]):
    report = compose.task_report(inputs, number) if number else compose.overall_report(inputs)
    print(number, sha256(pdf.render_report(report, FIGURES)).hexdigest())
"""


def digests(seed, *numbers):
    environment = dict(
        os.environ,
        PYTHONHASHSEED=seed,
        PYTHONPATH=os.pathsep.join([str(HERE.parent), str(HERE)]),
        TZ="Asia/Tokyo" if seed == "1" else "UTC",
    )
    done = subprocess.run(
        [sys.executable, "-c", RENDER, *map(str, numbers)], env=environment, capture_output=True, text=True, check=True
    )
    assert not done.stderr  # nothing is said on the way out either
    return dict(line.split() for line in done.stdout.splitlines())


def test_two_processes_make_the_same_bytes_in_any_order(overall_pdf):
    assert digests("1", 0, 8) == digests("2", 8, 0) | {"0": sha256(overall_pdf).hexdigest()}


def test_one_changed_figure_changes_the_identifier():
    report = compose.task_report(made_results.inputs(), 8)
    other = replace(report, cover=replace(report.cover, bureau="区发改局"))
    first, second = (pypdf.PdfReader(BytesIO(pdf.render_report(one))).trailer["/ID"][0] for one in (report, other))
    assert first != second


STANDARD = "".join((HERE / "通用规范汉字表.txt").read_text(encoding="utf-8").split())  # 2013, levels 1 to 3


def test_every_character_of_the_national_table_prints_and_can_be_taken_out_again():
    assert len(STANDARD) == len(set(STANDARD)) == 8105
    for role in ("p", "h2"):
        content = pdf.render(page_with("".join(f"<{role}>{STANDARD[at : at + 28]}</{role}>" for at in range(0, len(STANDARD), 28))), name="试")
        told = "".join(words(content))
        assert not set(STANDARD) - set(told) and len(re.sub(r"—\d+—", "", told)) == 8105
