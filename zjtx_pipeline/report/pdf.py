"""Knows how HTML becomes a PDF for thirty years, the only home of WeasyPrint; leaves what the pages say to `compose` and `pages`.

PDF/A-3a (ISO 19005-3: fonts, colours and files within) that keeps PDF/UA-1 too (ISO 14289-1: a screen reader can follow it).
Nothing is fetched but the bundled fonts and those that the office names. What WeasyPrint would only log (a property, an image, a
font that fails) and a character that no font holds fail the rendering.
"""

from __future__ import annotations

import atexit
import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType

from zjtx_pipeline import collector, fonts
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.fonts import Face
from zjtx_pipeline.letterhead import Seal
from zjtx_pipeline.report import pages
from zjtx_pipeline.report.model import Report
from zjtx_pipeline.report.printable import refuse_unprintable
from zjtx_pipeline.report.styles import WHOLE, Sheet

VARIANT = "pdf/a-3a"
ONE_PAGE = ("overview", "overview-end")
SMALLER = (WHOLE, Decimal("0.9"), Decimal("0.8"))
NOTHING: Mapping[str, bytes] = MappingProxyType({})
BUNDLED_ALONE: Mapping[str, Path] = MappingProxyType({})
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


def render_report(
    report: Report, attached: Mapping[str, bytes] = NOTHING, own_fonts: Mapping[str, Path] = BUNDLED_ALONE
) -> bytes:
    """One report as PDF with the files attached that bear its figures, by name; the same report gives the same bytes in every process.

    `own_fonts`: the office's font files, by what they print. ZjtxError: a character that cannot be printed, named with the text
    around it, a font that cannot be used, or a fault in the templates, by file and line.
    """
    cover = report.cover
    name = f"{cover.number} {cover.full_title}"
    return render(pages.html(report), name=name, dated=cover.due_on_iso, attached=attached, own_fonts=own_fonts, seal=cover.seal)


def render(
    page: str,
    *,
    name: str,
    dated: str = "",
    attached: Mapping[str, bytes] = NOTHING,
    own_fonts: Mapping[str, Path] = BUNDLED_ALONE,
    seal: Seal | None = None,
    templates: pages.Templates | None = None,
) -> bytes:
    """One HTML document as PDF, under the style sheets of the templates, our own if none are given; `name` is how errors call it,
    `dated` the day that its files bear, `seal` the one picture that it may show."""
    own = fonts.faces(own_fonts)
    refuse_unprintable(page, name, own)
    with _complaints_are_errors(name), collector.resting():
        document, sheets = _laid_out(page, templates or pages.shipped(), own, seal)
        return _written(document, page, sheets, attached, dated)


def _laid_out(page: str, used: pages.Templates, own: tuple[Face, ...], seal: Seal | None):
    """The pages, and the sheets they are laid out by: in smaller letters where the fonts are such that what has to stand on one page
    would not."""
    import weasyprint

    for shrunk in SMALLER:
        sheets = used.sheets(own, shrunk)
        html = weasyprint.HTML(string=page, url_fetcher=_fetcher(own, seal))
        document = html.render(stylesheets=_parsed(tuple(sheets), own), font_config=_font_config(own))
        if _stands_on_one_page(document):
            break
    return document, sheets


def _stands_on_one_page(document) -> bool:
    """Do the overview's beginning and end, where there are such, stand on the same page?"""
    found = [number for name in ONE_PAGE for number, page in enumerate(document.pages) if name in page.anchors]
    return len(set(found)) <= 1


def _written(document, page: str, sheets: Sequence[Sheet], attached: Mapping[str, bytes], dated: str) -> bytes:
    made_of = [page, *(sheet.text for sheet in sheets)]
    files = [part for name, content in attached.items() for part in (name.encode(), content)]
    return document.write_pdf(
        pdf_variant=VARIANT,
        pdf_identifier=hashlib.sha256(b"".join([*map(str.encode, made_of), *files])).hexdigest()[:32],
        attachments=[_attachment(name, content, dated) for name, content in attached.items()],
        finisher=_say_both,
    )


@lru_cache(maxsize=len(SMALLER))
def _parsed(sheets: tuple[Sheet, ...], own: tuple[Face, ...]) -> list:
    """The style sheets as WeasyPrint applies them, read once for all reports; ZjtxError names the line that it would have passed over."""
    import weasyprint
    from weasyprint.urls import FatalURLFetchingError

    config, fetcher, parsed = _font_config(own), _fetcher(own), []
    for sheet in sheets:
        try:
            with _heard() as messages:
                parsed.append(weasyprint.CSS(string=sheet.text, font_config=config, url_fetcher=fetcher))
        except FatalURLFetchingError as error:
            raise sheet.fault(str(error)) from None
        if messages:
            raise sheet.fault(messages[0])
    return parsed


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
def _font_config(own: tuple[Face, ...]):
    """The fonts as laid out, once for all reports of an office in a process."""
    from weasyprint.text.fonts import FontConfiguration

    configuration = FontConfiguration()
    atexit.register(_put_away, configuration)
    return configuration


def _put_away(configuration) -> None:
    """Its folder of fonts, by itself, goes only when the interpreter is half gone, with a traceback and not at all."""
    configuration.__del__()
    configuration._folder = None


@lru_cache(maxsize=2)
def _fetcher(own: tuple[Face, ...], seal: Seal | None = None):
    """What knows the bundled fonts, an office's own and its seal, and nothing else."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class OursAlone(URLFetcher):
        """Hands these out; any other address, file or network, stops the rendering."""

        def __init__(self):
            super().__init__(allowed_protocols=(), allow_redirects=False, fail_on_errors=True)

        def fetch(self, url, headers=None):
            content = seal.content if seal and url == seal.url else fonts.content(url, own)
            if content is None:
                raise ValueError(f"not bundled: {url[:80]}")
            return URLFetcherResponse(url, content)

    return OursAlone()


class _Listener(logging.Handler):
    """Collects what WeasyPrint warns of."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What WeasyPrint warns of meanwhile."""
    listener, log = _Listener(), logging.getLogger("weasyprint")
    log.addHandler(listener)
    try:
        yield listener.messages
    finally:
        log.removeHandler(listener)


@contextmanager
def _complaints_are_errors(name: str) -> Iterator[None]:
    """ZjtxError for anything that WeasyPrint refuses or would only have logged."""
    from weasyprint.urls import FatalURLFetchingError

    try:
        with _heard() as messages:
            yield
    except FatalURLFetchingError as error:
        raise ZjtxError(f"报告“{name}”要取用程序之外的文件，已停止：{error}。") from None
    if messages:
        raise ZjtxError(f"报告“{name}”排版出错：{'；'.join(messages[:3])}。")
