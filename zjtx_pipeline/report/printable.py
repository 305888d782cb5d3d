"""Knows whether every character of a page can be printed; leaves which fonts there are to `fonts`, and printing to `pdf`."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from zjtx_pipeline import fonts
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.fonts import Face

CONTEXT = 12
_TAG = re.compile(r"<[^>]*>")
_BLANK = " \n\t"


def refuse_unprintable(page: str, name: str, own: Sequence[Face] = ()) -> None:
    """ZjtxError where the text holds a character that no font can show, neither the bundled ones nor the office's own."""
    text = html.unescape(_TAG.sub(" ", page))
    unknown = unprintable(text, own)
    if unknown:
        where = text.index(unknown[0])
        around = " ".join(text[max(0, where - CONTEXT) : where + CONTEXT].split())
        codes = "、".join(f"U+{ord(sign):04X}" for sign in unknown[:5])
        raise ZjtxError(f"报告“{name}”中有印不出的字符 {codes}，见“{around}”：请在报送数据里改正后重报。")


def unprintable(text: str, own: Sequence[Face] = ()) -> list[str]:
    """The characters of a text that no font can show."""
    return sorted(set(text) - fonts.glyphs(own) - set(_BLANK))
