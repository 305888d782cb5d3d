"""Knows how HTML becomes a PDF, the only home of WeasyPrint; leaves what the pages say to `compose` and `pages`.

Nothing is fetched but the bundled fonts. What WeasyPrint would only log (a property, an image, a font that fails)
and a character that no font holds fail the rendering.
"""

from __future__ import annotations

import hashlib
import html
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files

from zjtx_pipeline import collector
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.report import pages
from zjtx_pipeline.report.model import OverallReport, TaskReport

FONT_PACKAGE = "pylopdf_fonts_zh_cn"
FONT_SCHEME = "zjtx-font:"
FONT_FILES = ("NotoSerifSC-Regular.otf", "NotoSansSC-Regular.otf")
CONTEXT = 12
_TAG = re.compile(r"<[^>]*>")
_BLANK = " \n\t"


def render_report(report: TaskReport | OverallReport) -> bytes:
    """One report as PDF; the same report gives the same bytes in every process.

    ZjtxError: a character that cannot be printed, named with the text around it, or a fault in the templates.
    """
    return render(pages.html(report), name=f"{report.cover.number} {report.cover.full_title}")


def render(page: str, *, name: str) -> bytes:
    """One HTML document as PDF, under the bundled style sheet; `name` is how errors call it."""
    refuse_unprintable(page, name)
    style = pages.style()
    with _complaints_are_errors(name), collector.resting():
        return _written(page, style)


def refuse_unprintable(page: str, name: str) -> None:
    """ZjtxError where the text holds a character that neither font can show."""
    text = html.unescape(_TAG.sub(" ", page))
    unknown = sorted(set(text) - _glyphs() - set(_BLANK))
    if unknown:
        where = text.index(unknown[0])
        around = " ".join(text[max(0, where - CONTEXT) : where + CONTEXT].split())
        codes = "、".join(f"U+{ord(sign):04X}" for sign in unknown[:5])
        raise ZjtxError(f"报告“{name}”中有印不出的字符 {codes}，见“{around}”：请在报送数据里改正后重报。")


def _written(page: str, style: str) -> bytes:
    import weasyprint

    fonts, fetcher = _fonts_and_fetcher()
    sheet = weasyprint.CSS(string=style, font_config=fonts, url_fetcher=fetcher)
    document = weasyprint.HTML(string=page, url_fetcher=fetcher).render(stylesheets=[sheet], font_config=fonts)
    return document.write_pdf(pdf_identifier=hashlib.sha256((page + style).encode()).hexdigest()[:32])


@cache
def _fonts_and_fetcher():
    """What all reports of a process share: the fonts laid out once, and a fetcher that knows nothing but them."""
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class FontsOnly(URLFetcher):
        """Hands out the bundled fonts; any other address, file or network, stops the rendering."""

        def __init__(self):
            super().__init__(allowed_protocols=(), allow_redirects=False, fail_on_errors=True)

        def fetch(self, url, headers=None):
            asked = url.removeprefix(FONT_SCHEME)
            if not url.startswith(FONT_SCHEME) or asked not in FONT_FILES:
                raise ValueError(f"not bundled: {url[:80]}")
            return URLFetcherResponse(url, files(FONT_PACKAGE).joinpath(asked).read_bytes())

    return FontConfiguration(), FontsOnly()


@cache
def _glyphs() -> frozenset[str]:
    """Every character that one of the two fonts holds; each family list names both."""
    from fontTools.ttLib import TTFont

    held: set[str] = set()
    for name in FONT_FILES:
        with files(FONT_PACKAGE).joinpath(name).open("rb") as file:
            held.update(map(chr, TTFont(file, lazy=True).getBestCmap()))
    return frozenset(held)


class _Listener(logging.Handler):
    """Collects what WeasyPrint warns of."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _complaints_are_errors(name: str) -> Iterator[None]:
    """ZjtxError for anything that WeasyPrint refuses or would only have logged."""
    from weasyprint.urls import FatalURLFetchingError

    listener, log = _Listener(), logging.getLogger("weasyprint")
    log.addHandler(listener)
    try:
        yield
    except FatalURLFetchingError as error:
        raise ZjtxError(f"报告“{name}”要取用程序之外的文件，已停止：{error}。") from None
    finally:
        log.removeHandler(listener)
    if listener.messages:
        raise ZjtxError(f"报告“{name}”排版出错：{'；'.join(listener.messages[:3])}。")
