"""Knows how to make a small TrueType font of boxes, unlike any real one, as an office's own would be another than the bundled ones."""

from __future__ import annotations

from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

EM = 1000


def made(path: Path, characters: str, *, called: str = "OfficeFang", height: int = 700, rights: int = 0, span: tuple[int, int] = (880, 120)) -> Path:
    """A font file that holds these characters as boxes of a height; `rights` are its OS/2 fsType, `span` how far its
    lines reach above and below."""
    names = {f"uni{ord(sign):04X}": sign for sign in characters}
    glyphs = [".notdef", *names]
    builder = FontBuilder(EM, isTTF=True)
    builder.setupGlyphOrder(glyphs)
    builder.setupCharacterMap({ord(sign): name for name, sign in names.items()})
    builder.setupGlyf({name: _box(height) for name in glyphs})
    builder.setupHorizontalMetrics({name: (EM, 100) for name in glyphs})
    builder.setupHorizontalHeader(ascent=span[0], descent=-span[1])
    builder.setupNameTable({"familyName": called, "styleName": "Regular", "psName": called, "uniqueFontIdentifier": called, "fullName": called})
    builder.setupOS2(sTypoAscender=span[0], sTypoDescender=-span[1], usWinAscent=span[0], usWinDescent=span[1], fsType=rights)
    builder.setupPost()
    builder.save(path)
    return path


def _box(height: int):
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for point in ((100, height), (900, height), (900, 0)):
        pen.lineTo(point)
    pen.closePath()
    return pen.glyph()
