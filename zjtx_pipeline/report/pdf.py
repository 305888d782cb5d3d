"""Knows how HTML becomes a PDF for thirty years, the only home of WeasyPrint; leaves what the pages say to `compose` and `pages`.

PDF/A-3a (ISO 19005-3: fonts, colours and files within) that keeps PDF/UA-1 too (ISO 14289-1: a screen reader can follow it).
Nothing is fetched but the bundled fonts. What WeasyPrint would only log (a property, an image, a font that fails)
and a character that no font holds fail the rendering.
"""

from __future__ import annotations

import hashlib
import html
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time
from functools import cache
from types import MappingProxyType
from importlib.resources import files

from zjtx_pipeline import collector
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.report import pages
from zjtx_pipeline.report.model import Report

FONT_PACKAGE = "pylopdf_fonts_zh_cn"
FONT_SCHEME = "zjtx-font:"
FONT_FILES = ("NotoSerifSC-Regular.otf", "NotoSansSC-Regular.otf")
CONTEXT = 12
VARIANT = "pdf/a-3a"
NOTHING: Mapping[str, bytes] = MappingProxyType({})
# WeasyPrint writes the identification of one variant; the second, and the schema that PDF/A asks for it, stand here.
_ALSO_UA = b"""<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"><pdfuaid:part>1</pdfuaid:part></rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA Universal Accessibility Schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI><pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category><pdfaProperty:description>Part of ISO 14289</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
"""
_TAG = re.compile(r"<[^>]*>")
_BLANK = " \n\t"


def render_report(report: Report, attached: Mapping[str, bytes] = NOTHING) -> bytes:
    """One report as PDF with the files attached that bear its figures, by name; the same report gives the same bytes in every process.

    ZjtxError: a character that cannot be printed, named with the text around it, or a fault in the templates.
    """
    cover = report.cover
    return render(pages.html(report), name=f"{cover.number} {cover.full_title}", dated=cover.due_on_iso, attached=attached)


def render(page: str, *, name: str, dated: str = "", attached: Mapping[str, bytes] = NOTHING) -> bytes:
    """One HTML document as PDF, under the bundled style sheet; `name` is how errors call it, `dated` the day that its files bear."""
    refuse_unprintable(page, name)
    with _complaints_are_errors(name), collector.resting():
        return _written(page, pages.style(), attached, dated)


def refuse_unprintable(page: str, name: str) -> None:
    """ZjtxError where the text holds a character that neither font can show."""
    text = html.unescape(_TAG.sub(" ", page))
    unknown = unprintable(text)
    if unknown:
        where = text.index(unknown[0])
        around = " ".join(text[max(0, where - CONTEXT) : where + CONTEXT].split())
        codes = "、".join(f"U+{ord(sign):04X}" for sign in unknown[:5])
        raise ZjtxError(f"报告“{name}”中有印不出的字符 {codes}，见“{around}”：请在报送数据里改正后重报。")


def unprintable(text: str) -> list[str]:
    """The characters of a text that neither font can show."""
    return sorted(set(text) - _glyphs() - set(_BLANK))


def _written(page: str, style: str, attached: Mapping[str, bytes], dated: str) -> bytes:
    import weasyprint

    fonts, fetcher = _fonts_and_fetcher()
    sheet = weasyprint.CSS(string=style, font_config=fonts, url_fetcher=fetcher)
    document = weasyprint.HTML(string=page, url_fetcher=fetcher).render(stylesheets=[sheet], font_config=fonts)
    made_of = [(page + style).encode(), *(part for name, content in attached.items() for part in (name.encode(), content))]
    return document.write_pdf(
        pdf_variant=VARIANT,
        pdf_identifier=hashlib.sha256(b"".join(made_of)).hexdigest()[:32],
        attachments=[_attachment(name, content, dated) for name, content in attached.items()],
        finisher=_say_both,
    )


def _attachment(name: str, content: bytes, dated: str):
    from weasyprint import Attachment

    day = datetime.combine(date.fromisoformat(dated), time())
    return Attachment(string=content, name=name, description="本报告所列数值", created=day, modified=day, relationship="Data")


def _say_both(document, pdf) -> None:
    """Let the file's metadata name PDF/UA-1 beside PDF/A-3a, and lie open, as PDF/A asks."""
    [metadata] = [each for each in pdf.objects if getattr(each, "extra", {}).get("Type") == "/Metadata"]
    metadata.compress = False
    metadata.stream = [b"".join(metadata.stream).replace(b"</rdf:RDF>", _ALSO_UA + b"</rdf:RDF>")]


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
