"""Knows what in a zipped workbook must not be opened: bombs, path tricks, passwords, macros, document types.

Leaves the cells to `workbook`. Every sentence is for whoever sent the file.
"""

from __future__ import annotations

import html
import re
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO

STYLES = "xl/styles.xml"
MOST_PARTS = 5_000
MOST_EXPANDED = 600_000_000
MOST_RATIO, RATIO_FROM = 200, 20_000_000  # sheets of like rows shrink to a fiftieth; a bomb to a thousandth
DAMAGED = "打不开这份工作簿（文件损坏、不完整，或不是 Excel 格式）：请用 Excel 打开检查，另存为 .xlsx 后重报。"
LOCKED = "工作簿加了密码，打不开：请取消密码保护，另存为 .xlsx 后重报。"
MACROS = "工作簿带有宏：请另存为不带宏的 Excel 工作簿（.xlsx）后重报。"
BOMB = "工作簿展开后过大（压缩比异常）：请把数据复制到新工作簿，另存为 .xlsx 后重报。"
TRICKS = "工作簿的内部结构不正常（部件路径可疑或重名）：请用 Excel 打开，另存为 .xlsx 后重报。"
DOCTYPE = "工作簿内部带有文档类型定义（DTD）或外部实体，不予读取：请用 Excel 打开，另存为 .xlsx 后重报。"
CODING = "工作簿内部的文字编码不是 UTF-8：请用 Excel 打开，另存为 .xlsx 后重报。"
LINKED = "工作簿引用了其他文件：读到的是保存时的值，请核对，最好粘贴为数值后重报。"
_FOREIGN = {
    "word/document.xml": "这是 Word 文档，不是工作簿：请把表格复制到 Excel，另存为 .xlsx 后重报。",
    "ppt/presentation.xml": "这是演示文稿，不是工作簿：请把表格复制到 Excel，另存为 .xlsx 后重报。",
    "mimetype": "这是 ODF 表格，不是 Excel 工作簿：请另存为 .xlsx 后重报。",
    "xl/workbook.bin": "这是二进制工作簿（.xlsb）：请另存为 .xlsx 后重报。",
}
_NOT_A_BOOK = "这是压缩包，不是工作簿：请解压后把其中的工作簿逐份报送（另存为 .xlsx）。"
_TAG = re.compile(rb"<[^>]*>")
_END = re.compile(rb"</(?:[\w.-]+:)?(?:p|text|comment|v|f)>")  # of a paragraph, a value: what follows is another text
_VALUE = re.compile(rb"""\sv=["']([^"']*)["']""")
_ASIDE = {
    "xl/comments": "批注", "xl/threadedComments": "批注", "xl/drawings/": "文本框", "xl/diagrams/": "图形", "xl/charts/": "图表",
    "xl/pivotCache/": "数据透视表的缓存", "xl/externalLinks/": "引用其他文件的缓存", "docProps/": "文档属性", "customXml/": "自定义属性",
}  # fmt: skip


class Unsafe(Exception):
    """Why a workbook is not opened: a sentence for its sender."""


def parts(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Every part of a sound package, one by one, with its name, the styles of cells first; Unsafe where it is none, or may
    not be opened."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
            _look_at(entries, len(content))
            for entry in sorted(entries, key=lambda entry: entry.filename != STYLES):
                part = b"" if entry.is_dir() else archive.read(entry)
                if entry.filename.endswith((".xml", ".rels", ".vml")):
                    _look_into(part)
                yield entry.filename, part
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, ValueError, EOFError, IndexError):
        raise Unsafe(DAMAGED) from None


def _look_at(entries: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse by the directory alone, before a byte is inflated."""
    names = [entry.filename for entry in entries]
    if len(names) > MOST_PARTS or sum(entry.file_size for entry in entries) > MOST_EXPANDED:
        raise Unsafe(BOMB)
    if any(entry.file_size > max(RATIO_FROM, MOST_RATIO * entry.compress_size) for entry in entries):
        raise Unsafe(BOMB)
    if sum(entry.compress_size for entry in entries) > size:
        raise Unsafe(BOMB)  # parts that overlap count one stretch of bytes many times
    if any(entry.flag_bits & 1 for entry in entries):
        raise Unsafe(LOCKED)
    if len({name.lower() for name in names}) < len(names) or any(map(_leads_out, names)):
        raise Unsafe(TRICKS)
    if any(name.lower().endswith("vbaproject.bin") or "/macrosheets/" in name.lower() for name in names):
        raise Unsafe(MACROS)
    if "xl/workbook.xml" not in names:
        raise Unsafe(next((said for part, said in _FOREIGN.items() if part in names), _NOT_A_BOOK))


def _leads_out(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/")


def _look_into(part: bytes) -> None:
    if part[:2] in (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<") or re.search(rb"encoding=[\"'](?!utf-?8|us-ascii)", part[:200], re.I):
        raise Unsafe(CODING)
    if b"<!DOCTYPE" in part or b"<!ENTITY" in part:
        raise Unsafe(DOCTYPE)


def text_aside(name: str, part: bytes) -> list[tuple[str, str]]:
    """What a part says outside the cells, beside what the part is to whoever sent it: a comment, a text box, a property."""
    said = next((said for folder, said in _ASIDE.items() if name.startswith(folder)), "")
    if not (said and name.endswith(".xml")):
        return []
    if name.startswith("xl/pivotCache/"):
        return [(said, plain(b"\n".join(dict.fromkeys(_VALUE.findall(part)))))]
    return [(said, plain(_TAG.sub(b"" if name.startswith("xl/") else b"\n", _END.sub(b"\n", part))))]


def plain(text: bytes) -> str:
    """The text of an XML part, its tags taken out: &amp; is &."""
    return html.unescape(text.decode("utf-8", "replace"))


def is_link(name: str) -> bool:
    return name.startswith("xl/externalLinks/")
