"""Knows which font files reports may be printed with: the two bundled ones, and those that an office names in its configuration.

Leaves where each is used to `report.styles`, and printing to `report.pdf`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from zjtx_pipeline.errors import ZjtxError, by_errno

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

PACKAGE = "pylopdf_fonts_zh_cn"
SCHEME = "zjtx-font:"
BUNDLED = ("NotoSerifSC-Regular.otf", "NotoSansSC-Regular.otf")
TOKENS = {"body": "serif", "heading": "sans", "subheading": "subheading", "title": "title"}
_RESTRICTED, _LESS_RESTRICTED, _WHOLE_OR_BITMAPS_ONLY = 0x0002, 0x000C, 0x0300  # OS/2 fsType


@dataclass(frozen=True)
class Face:
    """An office's font file as it was read: what it prints, and every character that it holds.

    `token`: the style sheets' name of the family that it goes before; `family`: how this face is called there and in the PDF.
    """

    token: str
    family: str
    sha256: str
    content: bytes = field(repr=False, compare=False)
    glyphs: frozenset[str] = field(repr=False, compare=False)

    @property
    def url(self) -> str:
        """By its content: a file that has changed is another one."""
        return SCHEME + self.sha256


def faces(named: Mapping[str, Path]) -> tuple[Face, ...]:
    """The files that an office names, by what they print (`body`, `heading`, `subheading`, `title`).

    ZjtxError: a file that is missing, is no font, or may not be embedded in part.
    """
    return tuple(_face(use, path) for use, path in named.items())


def digests(named: Mapping[str, Path]) -> dict[str, str]:
    """The SHA-256 of each named file, under the name that the manifest gives it."""
    return {f"font_{use}": face.sha256 for use, face in zip(named, faces(named), strict=True)}


def content(url: str, own: Iterable[Face]) -> bytes | None:
    """The font at an address of ours; None for any other: nothing else may be loaded."""
    if url in {SCHEME + name for name in BUNDLED}:
        return files(PACKAGE).joinpath(url.removeprefix(SCHEME)).read_bytes()
    return next((face.content for face in own if face.url == url), None)


def glyphs(own: Iterable[Face]) -> frozenset[str]:
    """Every character that one of the fonts holds; each list of families names them all."""
    return _bundled_glyphs().union(*(face.glyphs for face in own))


@cache
def _bundled_glyphs() -> frozenset[str]:
    from fontTools.ttLib import TTFont

    held: set[str] = set()
    for name in BUNDLED:
        with files(PACKAGE).joinpath(name).open("rb") as file:
            held.update(map(chr, TTFont(file, lazy=True).getBestCmap()))
    return frozenset(held)


def _face(use: str, path: Path) -> Face:
    try:
        seen = path.stat()
        return _read(use, path, seen.st_mtime_ns, seen.st_size)
    except FileNotFoundError:
        raise ZjtxError(f"找不到字体文件 {path}：请检查配置里的 fonts.{use}。") from None
    except OSError as error:
        raise ZjtxError(f"字体文件 {path} 读不出来（{by_errno(error)}）：请检查配置里的 fonts.{use} 和读取权限。") from None


@cache
def _read(use: str, path: Path, changed_ns: int, size: int) -> Face:
    """Once for each state of a file."""
    content = path.read_bytes()
    font = _opened(use, path, content)
    _refuse_forbidden(use, path, font["OS/2"].fsType)
    called = re.sub(r"[^A-Za-z0-9]+", "-", font["name"].getDebugName(6) or path.stem).strip("-")
    held = frozenset(map(chr, font.getBestCmap()))
    return Face(TOKENS[use], f"zjtx-{use}-{called}", hashlib.sha256(content).hexdigest(), content, held)


def _opened(use: str, path: Path, content: bytes) -> TTFont:
    """ZjtxError for what is no single TrueType or OpenType font with outlines and a table of Unicode characters."""
    from fontTools.ttLib import TTFont

    try:
        font = TTFont(BytesIO(content), lazy=True)
        if {"glyf", "CFF "} & set(font.keys()) and font.getBestCmap() and font["OS/2"] and font["name"]:
            return font
    except MemoryError:
        raise
    except Exception:  # whatever a file that is no font makes of the reader
        pass
    raise ZjtxError(f"fonts.{use} 写的 {path} 不是能用的字体文件：请用单个字体的 .ttf 或 .otf 文件（不能用 .ttc 合集）。")


def _refuse_forbidden(use: str, path: Path, rights: int) -> None:
    """ZjtxError where the font's licence bits forbid what a PDF does: to embed the outlines of the characters that it shows."""
    restricted = rights & _RESTRICTED and not rights & _LESS_RESTRICTED
    if restricted or rights & _WHOLE_OR_BITMAPS_ONLY:
        raise ZjtxError(f"fonts.{use} 写的 {path} 不许嵌入 PDF（OS/2 fsType 为 {rights}）：请换一个授权允许嵌入和取子集的字体文件。")
