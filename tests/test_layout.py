"""Pages as a reader sees them: all the text and nothing else, within the margins, no row cut, no heading alone, each as it was looked at."""

import re
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from html import unescape
from io import BytesIO

import made_results
import page_images
import pypdf
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from PIL import Image, ImageChops, ImageStat

from zjtx_pipeline.report import compose, distribution, pages, pdf
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.tables import load_tables

MILLIMETRE = 72 / 25.4
TOP, BOTTOM, INNER, OUTER = 37, 35, 28, 26  # GB/T 9704-2012, in millimetres
SLACK = 1
NASTY = "<script>alert(1)</script><b>甲</b>&amp;\"'><svg onload=x><style>*{color:red}</style>{{7*7}}{% raw %}"
LONGEST = "浙江萧山钱塘江畔国家级专精特新重点“小巨人”高端装备与智能制造系统集成研发生产销售服务一体化示范有限责任公司杭州分公司（筹建中）"


def bare():
    """A district that delivered nothing."""
    inputs = made_results.inputs()
    return made_results.inputs(
        counts=inputs.counts.head(0), sources=[], findings=inputs.findings.head(0), status=dict.fromkeys(load_tables(), "未报送"), texts=inputs.texts.head(0),
        awards=inputs.awards.head(0), tiers=inputs.tiers.head(0), flows=inputs.flows.head(0), progress=[], progress_before=None,
    )  # fmt: skip


def nought():
    """Nothing but noughts, now and before."""
    zero = [replace(one, figure=replace(one.figure, value=Fraction(0)), history=tuple((quarter, Fraction(0)) for quarter, _ in one.history)) for one in made_results.progress()]
    return made_results.inputs(progress=zero, progress_before=zero, awards=made_results.awards({"clause": "A08", "entitled_fen": 0, "paid_fen": 0, "state": "未申请"}))


def extreme():
    """Amounts of 17 digits, rates of nought and a hundred, the longest names, and names that would like to be HTML."""
    largest = {"元": Fraction(10**17, 1), "万元": Fraction(10**13), "%": Fraction(100), "是否": Fraction(1)}
    units = {(each.id, part.letter): part.unit for each in made_results.load_rules().indicators.values() for part in each.parts.values()}
    progress = [replace(one, figure=replace(one.figure, value=largest.get(units[one.figure.indicator, one.figure.part], Fraction(99_999_999)))) for one in made_results.progress()]
    zero = [replace(one, figure=replace(one.figure, value=Fraction(0))) for one in progress]
    fen = 10**16
    awards = made_results.awards(
        {"clause": "A08", "name": LONGEST, "entitled_fen": fen, "paid_fen": 0, "state": "未申请"}, {"clause": "A10", "name": NASTY, "entitled_fen": 1, "paid_fen": fen, "state": "超付"}
    )
    texts = made_results.texts(main_progress=f"{NASTY}{LONGEST}" * 3, problems="甲" * 300, next_steps=NASTY)
    settings = Settings(sample=True, district=LONGEST[:20], bureau="区经济和信息化局（区中小企业局）")
    return made_results.inputs(progress=progress, progress_before=zero, awards=awards, texts=texts, settings=settings, draft=True)


CASES = {
    "made": lambda: made_results.inputs(settings=Settings(sample=True)),
    "bare": bare,
    "nought": nought,
    "extreme": extreme,
}
KINDS = {
    "overall": compose.overall_report,
    "task 1": lambda inputs: compose.task_report(inputs, 1),
    "task 4": lambda inputs: compose.task_report(inputs, 4),
    "department": lambda inputs: distribution.report(inputs, "区经信局"),
    "towns": lambda inputs: distribution.report(inputs, distribution.TOWNS),
}


@pytest.fixture(scope="module", params=[f"{kind}, {case}" for kind in KINDS for case in CASES])
def printed(request):
    """(the report as HTML, its PDF)."""
    kind, _, case = request.param.partition(", ")
    report = KINDS[kind](CASES[case]())
    return pages.html(report), pdf.render_report(report)


def letters(text):
    return Counter(re.sub(r"\s", "", text))


def read(page):
    return page.get_textpage().get_text_range()


def test_all_that_is_to_be_said_stands_on_the_pages_and_no_sign_that_means_nothing(printed):
    page, content = printed
    body = re.sub(r"<title>.*?</title>", "", page[page.index("<body>") :], flags=re.S)
    said = letters(unescape(re.sub(r"<[^>]*>", " ", body)))
    told = letters("".join(map(read, pypdfium2.PdfDocument(content))))
    assert not said - told, said - told
    assert not [sign for sign in told if sign == "\ufffd" or "\ue000" <= sign <= "\uf8ff"]


def boxes(page):
    """(left, bottom, right, top) of every visible sign with the sign itself, in millimetres from the page's lower left."""
    text = page.get_textpage()
    for number in range(text.count_chars()):
        sign = chr(pdfium.FPDFText_GetUnicode(text, number))
        if not sign.isspace() and sign not in "\x02\ufffe":
            yield (*(side / MILLIMETRE for side in text.get_charbox(number, loose=True)), sign)


def test_every_sign_stands_within_the_margins_of_the_standard(printed):
    for number, page in enumerate(pypdfium2.PdfDocument(printed[1]), 1):
        left, right = (INNER, OUTER) if number % 2 else (OUTER, INNER)
        inside = [box for box in boxes(page) if BOTTOM - SLACK <= box[1] and box[3] <= 297 - TOP + SLACK + 3]
        beyond = [box for box in inside if box[0] < left - SLACK or box[2] > 210 - right + SLACK]
        assert not beyond, (number, beyond[:3])
        outside = "".join(box[4] for box in boxes(page) if box not in inside)
        assert re.fullmatch(r"(示例数据|草稿（未结账）)*(—\d+—)?", outside), (number, outside)


def test_no_line_or_box_of_a_picture_leaves_the_margins(printed):
    for number, page in enumerate(pypdfium2.PdfDocument(printed[1]), 1):
        left, right = (INNER, OUTER) if number % 2 else (OUTER, INNER)
        drawn = [[side / MILLIMETRE for side in each.get_bounds()] for each in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH], max_depth=9)]
        beyond = [box for box in drawn if box[0] < left - SLACK or box[2] > 210 - right + SLACK]
        assert not beyond, (number, beyond[:3])


def rows(content):
    """For every table row of the structure tree the numbers of the pages that its cells stand on."""
    reader = pypdf.PdfReader(BytesIO(content))
    places = {page.indirect_reference.idnum: number for number, page in enumerate(reader.pages, 1)}

    def on(element, page):
        element = element.get_object()
        if isinstance(element, (int, pypdf.generic.NumberObject)):
            return {page}
        page = element.get("/Pg") and places[element.raw_get("/Pg").idnum] or page
        kids = element.get("/K", [])
        kids = kids if isinstance(kids, list) else [kids]
        return {number for kid in kids for number in on(kid, page)}

    ahead = [reader.trailer["/Root"]["/StructTreeRoot"]]
    while ahead:
        element = ahead.pop().get_object()
        if isinstance(element, dict):
            kids = element.get("/K", [])
            ahead += kids if isinstance(kids, list) else [kids]
            if element.get("/S") == "/TR":
                yield on(element, None) - {None}


def test_no_row_of_a_table_is_cut_by_a_page(printed):
    found = list(rows(printed[1]))
    assert len(found) > 5 and all(len(numbers) <= 1 for numbers in found)


HEADING = re.compile(r"[一二三四五六七八九十]+、\S+|附件\d?　?\S+|（[一二三四五六七八九十]+）\S+|[表图]\d+　?\S+|主要进展：|任务\d+“\S+”")


def test_no_heading_and_no_caption_stands_alone_at_the_foot_of_a_page(printed):
    for number, page in enumerate(pypdfium2.PdfDocument(printed[1]), 1):
        lines = [line.strip() for line in read(page).splitlines() if line.strip() and not re.fullmatch(r"[—\s\d]+|示例数据|草稿（未结账）|示例数据\s*草稿（未结账）", line.strip())]
        if lines and "目" not in lines[0]:
            assert not re.fullmatch(HEADING, lines[-1].replace(" ", "")), (number, lines[-1])


def test_no_line_begins_with_a_mark_that_closes_nor_ends_with_one_that_opens(printed):
    lines = [line.strip() for page in pypdfium2.PdfDocument(printed[1]) for line in read(page).splitlines() if line.strip()]
    assert len(lines) > 30 and not [line for line in lines if line[0] in "，。、；：？！）》”〕" or line[-1] in "（《“〔"]


def test_beside_a_curve_number_and_light_each_stand_on_one_line():
    made = [
        replace(one, light="已完成", note="逾期完成；回落", figure=replace(one.figure, value=Fraction(10_234))) if (one.figure.indicator, one.figure.part) == ("T01-1", "a") else one
        for one in made_results.progress()
    ]  # fmt: skip
    content = pdf.render_report(compose.task_report(made_results.inputs(progress=made), 1))
    lines = [line.strip() for page in pypdfium2.PdfDocument(content) for line in read(page).splitlines()]
    assert "本季10,234家，目标10,000家" in lines and "◆已完成（回落、逾期完成）" in lines


def test_what_a_name_would_like_to_be_stays_a_name():
    report = distribution.report(extreme(), "区财政局")
    told = "".join("".join(read(page).split()) for page in pypdfium2.PdfDocument(pdf.render_report(report)))
    assert re.sub(r"\s", "", NASTY) in told and "49" not in re.sub(r"[\d,.]{3,}", "", told).partition("alert(1)")[2][:120]


# As it was looked at


@pytest.fixture(scope="module")
def reports():
    return page_images.reports()


@pytest.mark.parametrize("name", ["overall", "task-1", "task-2", "department", "towns", "corrected"])
def test_every_page_looks_as_it_did_when_somebody_looked_at_it(name, reports):
    """Differs one? Run tests/page_images.py and look at what `git diff` shows."""
    kept = [Image.open(path).convert("L") for path in sorted(page_images.KEPT.glob(f"{name}-[0-9][0-9].png"))]
    now = page_images.pictures(pdf.render_report(reports[name]))
    assert len(now) == len(kept) > 1
    assert [number for number, (one, other) in enumerate(zip(now, kept, strict=True), 1) if _differs(one, other)] == []


def _differs(one, other):
    """Is any square of a centimetre and a half darker or lighter than it was by more than a hair would make it?"""
    if one.size != other.size:
        return True
    between = ImageChops.difference(one, other)
    side = 21
    squares = (between.crop((x, y, x + side, y + side)) for x in range(0, one.width, side) for y in range(0, one.height, side))
    return any(ImageStat.Stat(square).mean[0] > 24 for square in squares)


def test_a_missing_line_or_a_lost_picture_would_be_seen(reports):
    [first, *_] = page_images.pictures(pdf.render_report(reports["towns"]))
    without = first.copy()
    without.paste(255, (0, 60, first.width, 90))
    assert _differs(first, without) and not _differs(first, first.copy())
