"""Knows what an office may set above and under its reports: a red head, a document number a quarter, the picture of its seal.

None of it is there unless the office supplies it (GB/T 9704-2012 asks for it of formal documents; these are work briefs). Leaves
where it stands to the templates.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from zjtx_pipeline.errors import ZjtxError

SCHEME = "zjtx-seal:"
LARGEST_BYTES, SMALLEST_SIDE, LARGEST_SIDE = 2_000_000, 200, 4_000


@dataclass(frozen=True)
class Seal:
    """The picture of a seal as it was read, known by its content."""

    sha256: str
    content: bytes = field(repr=False, compare=False)

    @property
    def url(self) -> str:
        return SCHEME + self.sha256


def seal(path: Path) -> Seal:
    """A picture of a seal; ZjtxError where it is missing, no PNG, or too large or too small to print."""
    content = _content(path)
    width, height = _size(path, content)
    if not SMALLEST_SIDE <= min(width, height) <= max(width, height) <= LARGEST_SIDE:
        raise ZjtxError(f"印章图片 {path} 是 {width}×{height} 像素：请用边长 {SMALLEST_SIDE} 至 {LARGEST_SIDE} 像素的 PNG。")
    return Seal(hashlib.sha256(content).hexdigest(), content)


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ZjtxError(f"印章图片 {path} 超过 {LARGEST_BYTES // 1_000_000} MB：请缩小后再用。")
        return path.read_bytes()
    except OSError:
        raise ZjtxError(f"找不到印章图片 {path}，或读不出来：请核对配置里的 letterhead.seal。") from None


def _size(path: Path, content: bytes) -> tuple[int, int]:
    from io import BytesIO

    from PIL import Image

    try:
        with Image.open(BytesIO(content), formats=("PNG",)) as picture:
            picture.verify()
            return picture.size
    except Exception:  # a broken picture fails in any way
        raise ZjtxError(f"印章图片 {path} 不是完好的 PNG：请另存为 PNG（背景透明）后再用。") from None
