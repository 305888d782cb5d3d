"""Knows the style sheets: the one that holds every family, size and colour as a token, and those that name the tokens.

Leaves applying them to `pdf`. A token's value is put in before WeasyPrint reads a sheet: by itself it would look var() up element
by element, not at all in the size of a page, and could not say in which file a wrong value stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.fonts import TOKENS, Face

TOKEN_SHEET, USING = "css/tokens.css", ("css/report.css",)
WHOLE = Decimal(1)
ONE_PAGE = ("first-", "tasks-")  # begin the tokens of that page
_SIZE = re.compile(r"[\d.]+(?=pt$)")
_TOKEN = re.compile(r"\s*--([\w-]+):\s*([^;{}]+);\s*(?:/\*.*\*/\s*)?")
_NAMED = re.compile(r"var\(\s*--([\w-]+)\s*\)")
_PLACE, _QUOTED = re.compile(r" at (\d+):\d+"), re.compile(r"[\"']([^\"']+)[\"']")
_OWN_PROPERTY = re.compile(r"(?:^|[{;])\s*--[\w-]+\s*:")


@dataclass(frozen=True)
class Sheet:
    """A style sheet as it applies, each token's value in its place; lines are those of the file of that name."""

    name: str
    text: str

    def fault(self, complaint: str) -> ZjtxError:
        """What is wrong in it, on the line that WeasyPrint names, or else on the first that has what it quotes."""
        place, quoted = _PLACE.search(complaint), _QUOTED.search(complaint)
        having = [number for number, line in enumerate(self.text.split("\n"), 1) if quoted and quoted[1].strip() in line]
        return fault(self.name, int(place[1]) if place else having[0] if having else 1, _PLACE.sub("", complaint).rstrip("."))


@dataclass(frozen=True)
class Style:
    """The style sheets of a folder of templates as they were read, line by line."""

    lines: Mapping[str, Sequence[str]]

    def tokens(self, own: Sequence[Face] = ()) -> dict[str, str]:
        """Every token's value by name, the families led by the office's own faces; ZjtxError names file and line."""
        held: dict[str, str] = {}
        for number, line in enumerate(self.lines[TOKEN_SHEET], 1):
            if line.lstrip().startswith("--"):
                name, value = _token(line, held, number)
                held[name] = _chain(name, value, own) if name in TOKENS.values() else value
        absent = [face.token for face in own if face.token not in held]
        if absent:
            raise ZjtxError(f"样式 {TOKEN_SHEET} 里没有 --{absent[0]}：配置里的字体用不上，请补上这一行。")
        return held

    def sheets(self, own: Sequence[Face] = (), shrunk: Decimal = WHOLE) -> tuple[Sheet, ...]:
        """The faces of an office, the token sheet and those that use it, in the order in which they apply; `shrunk`: how large the
        sizes of the page that has to stand on one page are, of what the tokens say."""
        held = {name: _shrunk(value, shrunk) if name.startswith(ONE_PAGE) else value for name, value in self.tokens(own).items()}
        faces = "\n".join(f'@font-face {{ font-family: "{face.family}"; src: url("{face.url}"); }}' for face in own)
        token_sheet = Sheet(TOKEN_SHEET, "\n".join(self.lines[TOKEN_SHEET]))
        return (Sheet("（配置里的 fonts）", faces), token_sheet, *(_using(name, self.lines[name], held) for name in USING))


def _shrunk(size: str, shrunk: Decimal) -> str:
    return size if shrunk == WHOLE else _SIZE.sub(lambda found: str((Decimal(found[0]) * shrunk).quantize(Decimal("0.01"))), size)


def read(folder: Path) -> Style:
    """The style sheets of a folder of templates; ZjtxError where one is missing or no text."""
    return Style({name: _text(folder, name).split("\n") for name in (TOKEN_SHEET, *USING)})


def fault(name: str, line: int, message: str) -> ZjtxError:
    """What is wrong in a style sheet, as whoever edits it reads it."""
    return ZjtxError(f"样式 {name} 第{line}行出错：{message}。")


def _text(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ZjtxError(f"样式 {name} 不是 UTF-8 文本：请另存为 UTF-8 编码。") from None
    except OSError:
        raise ZjtxError(f"模板目录 {folder} 里没有 {name}，或读不出来：请用完整的一份模板。") from None


def _token(line: str, held: dict[str, str], number: int) -> tuple[str, str]:
    found = _TOKEN.fullmatch(line)
    if not found:
        raise fault(TOKEN_SHEET, number, "一行写一个，写成“--名称: 值;”的样子")
    return found[1], _filled(found[2].strip(), held, TOKEN_SHEET, number)


def _using(name: str, lines: Sequence[str], held: dict[str, str]) -> Sheet:
    for number, line in enumerate(lines, 1):
        if _OWN_PROPERTY.search(line):
            raise fault(name, number, f"“--名称: 值”只写在 {TOKEN_SHEET} 里")
    return Sheet(name, "\n".join(_filled(line, held, name, number) for number, line in enumerate(lines, 1)))


def _filled(text: str, held: dict[str, str], sheet: str, number: int) -> str:
    """A line with the values of the tokens that it names."""

    def value(found: re.Match) -> str:
        if found[1] not in held:
            where = "在它前面" if sheet == TOKEN_SHEET else f"在 {TOKEN_SHEET} 里"
            raise fault(sheet, number, f"--{found[1]} 没有{where}定义")
        return held[found[1]]

    filled = _NAMED.sub(value, text)
    if "var(" in filled:
        raise fault(sheet, number, "var() 里只写一个名称，如 var(--ink)")
    return filled


def _chain(token: str, families: str, own: Sequence[Face]) -> str:
    """A list of families: the office's face for it, what the sheet says, and at last its other faces, for what they alone hold."""
    first = [f'"{face.family}"' for face in own if face.token == token]
    others = [f'"{face.family}"' for face in own if face.token != token]
    return ", ".join(dict.fromkeys([*first, *re.split(r"\s*,\s*", families), *others]))
