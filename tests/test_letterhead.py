"""Head, number and seal: only where the office supplies them, only its own picture, and not on a draft."""

from io import BytesIO

import made_results
import page as validation
import pypdf
import pypdfium2
import pytest
from PIL import Image, ImageDraw

from zjtx_pipeline import letterhead
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.report import compose, distribution, pages, pdf
from zjtx_pipeline.report.grounds import Notice
from zjtx_pipeline.settings import Letterhead, Settings, load_settings


def picture(side=420, kind="PNG"):
    """A red ring on nothing, as seals are."""
    made, content = Image.new("RGBA" if kind == "PNG" else "RGB", (side, side)), BytesIO()
    ImageDraw.Draw(made).ellipse((10, 10, side - 10, side - 10), outline=(215, 0, 15), width=12)
    made.save(content, kind)
    return content.getvalue()


@pytest.fixture
def sealed(tmp_path):
    (tmp_path / "章.png").write_bytes(picture())
    return Settings(letterhead=Letterhead(head="萧山区专精特新工作简报", numbers={"2024Q4": "第8期"}, seal=tmp_path / "章.png"))


def read(content):
    return pypdf.PdfReader(BytesIO(content))


def shown(page):
    """How many pictures a page shows."""
    return len(list(page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=5)))


def test_head_number_and_seal_stand_in_every_kind_of_report_that_archives_and_screen_readers_take(sealed):
    inputs = made_results.inputs(settings=sealed)
    for report in (compose.overall_report(inputs), compose.task_report(inputs, 2), distribution.report(inputs, "区财政局")):
        content = pdf.render_report(report)
        first = "".join(read(content).pages[0].extract_text().split())
        assert "萧山区专精特新工作简报" in first and "第8期" in first
        assert sum(map(shown, pypdfium2.PdfDocument(content))) == 1 and "区经信局印章" in pages.html(report)
        assert [validation.validate_pdf_bytes(content, profile=profile).failures for profile in ("3a", "ua1")] == [[], []]


def test_without_them_there_is_none_and_a_quarter_that_is_not_listed_has_no_number(sealed):
    plain = pdf.render_report(compose.task_report(made_results.inputs(), 2))
    assert not any(map(shown, pypdfium2.PdfDocument(plain))) and "red-head" not in pages.html(compose.task_report(made_results.inputs(), 2))
    other = compose.cover(made_results.inputs(settings=sealed, quarter=made_results.QUARTER - 1), "02", "甲")
    assert other.head and not other.document_number


UNFINISHED = {"draft": True}, {"retold": True}, {"notices": [Notice(1, 1, None, ())]}


@pytest.mark.parametrize("how", UNFINISHED, ids=["a draft", "as it was known", "a correction that nobody approved"])
def test_what_is_not_final_bears_neither_number_nor_seal(how, sealed):
    cover = compose.cover(made_results.inputs(settings=sealed, **how), "02", "甲")
    assert cover.head and not cover.document_number and cover.seal is None


def test_another_picture_than_the_office_s_is_not_fetched(sealed):
    mine = letterhead.seal(sealed.letterhead.seal)
    with pytest.raises(ZjtxError, match="程序之外的文件"):
        pdf.render('<html lang="zh-CN"><title>试</title><body><img src="zjtx-seal:0" alt="甲">', name="试", seal=mine)


@pytest.mark.parametrize("content, said", [
    (b"\x89PNG\r\n\x1a\nbroken", "不是完好的 PNG"), (picture(kind="JPEG"), "不是完好的 PNG"), (picture(side=40), "40×40 像素"),
    (b"<svg onload='alert(1)'/>", "不是完好的 PNG"), (b"\0" * 2_000_001, "超过 2 MB"), (None, "找不到印章图片"),
])  # fmt: skip
def test_what_is_no_picture_of_a_seal_is_refused_on_load(tmp_path, content, said):
    if content is not None:
        (tmp_path / "章.png").write_bytes(content)
    (tmp_path / "区.yaml").write_text("inbox: 收件\nletterhead: {seal: 章.png}\n", encoding="utf-8")
    with pytest.raises(ZjtxError, match=said):
        load_settings(tmp_path / "区.yaml")


def test_a_number_names_a_quarter(tmp_path):
    (tmp_path / "区.yaml").write_text("inbox: 收件\nletterhead: {numbers: {二季度: 第1期}}\n", encoding="utf-8")
    with pytest.raises(ZjtxError, match="不是季度"):
        load_settings(tmp_path / "区.yaml")
