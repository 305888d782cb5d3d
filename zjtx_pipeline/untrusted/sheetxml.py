"""Knows what calamine leaves out of a sheet's XML: error cells, formulas without a value, what numbers are shown as, what is hidden.

Leaves the values to calamine.
"""

from __future__ import annotations

import posixpath
import re
from xml.etree import ElementTree

from zjtx_pipeline.untrusted.cells import NOT_CALCULATED
from zjtx_pipeline.untrusted.left_out import HEADER, PERCENT, PERCENTS, PROMPT, look, printed
from zjtx_pipeline.untrusted.package import DAMAGED, Unsafe, plain

MOST_CELLS = 8_000_000
FAR = "工作表范围过大（很远处有零散单元格）：请把数据复制到新工作表，另存为 .xlsx 后重报。"
_PLACE = re.compile(rb"""\sr=["']([A-Z]{1,3})(\d{1,7})["']""")
_ERROR = re.compile(rb"""<c\b([^>]*\st=["']e["'][^>]*)>(.*?)</c>""", re.DOTALL)
_VALUE = re.compile(rb"<v>([^<]*)</v>")
_UNCALCULATED = re.compile(
    rb"""<c\b([^>]*)>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(<v\s*/>|<v>\s*</v>)?\s*</c>"""
)
_HIDDEN_ROW = re.compile(rb"""<row\b[^>]*\shidden=["'](?:1|true)["'][^>]*>""")
_HIDDEN_COLUMN = re.compile(rb"""<col\b[^>]*\shidden=["'](?:1|true)["'][^>]*>""")
_BEHIND = re.compile(rb"</sheetData>|<sheetData\s*/>")
_PRINTED = re.compile(rb"<(?:odd|even|first)(?:Header|Footer)\b[^>]*>([^<]*)<")
_PROMPT = re.compile(rb"""\s(?:prompt|promptTitle|error|errorTitle|tooltip)=(?:"([^"]*)"|'([^']*)')""")
_ROOT = re.compile(rb"<(?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)")
_NUMBER = {name: re.compile(rb"""\s%s=["'](\d{1,7})["']""" % name) for name in (b"r", b"min", b"max")}


def sheet_names(workbook: bytes, relations: bytes) -> dict[str, str]:
    """The part that holds each sheet, by the sheet's name, as the workbook's own list leads to it."""
    try:
        listed, related = ElementTree.fromstring(workbook), ElementTree.fromstring(relations)
    except ElementTree.ParseError:
        raise Unsafe(DAMAGED) from None
    targets = {each.get("Id"): posixpath.normpath(posixpath.join("/xl", each.get("Target", ""))) for each in related}
    sheets = {}
    for each in listed.iter():
        if each.tag.rpartition("}")[2] == "sheet":
            relation = next((value for key, value in each.attrib.items() if key.endswith("}id")), "")
            sheets[each.get("name", "")] = targets.get(relation, "").lstrip("/")
    return sheets


def of_sheet(part: bytes) -> bytes | None:
    """A sheet's XML with plain tags, as most programs write them (`<c>`, where some write `<x:c>`); None of a part that is
    no sheet, such as the values kept of another file."""
    root = _ROOT.search(part[:4_000])
    if not root or root[2] != b"worksheet":
        return None
    return re.sub(rb"(</?)%s:" % re.escape(root[1]), rb"\1", part) if root[1] else part


def check(sheet: bytes) -> None:
    """Unsafe where a sheet breaks off, or one stray cell would spread it over more cells than memory holds."""
    if not sheet.rstrip().endswith(b"worksheet>"):
        raise Unsafe(DAMAGED)
    columns, last_row = {b"A"}, 1
    for letters, row in _PLACE.findall(sheet):
        columns.add(letters)
        last_row = max(last_row, int(row))
    if last_row * max(map(column_number, columns)) > MOST_CELLS:
        raise Unsafe(FAR)


def column_number(letters: bytes) -> int:
    """
    >>> column_number(b"A"), column_number(b"XFD")
    (1, 16384)
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def faults(sheet: bytes) -> list[tuple[int, int, str]]:
    """Cells that look empty to calamine and are not: (row, column, what stands there), counted from 0."""
    found = []
    if b'="e"' in sheet or b"='e'" in sheet:
        for about, inside in _ERROR.findall(sheet):
            value = _VALUE.search(inside)
            found.append((*_place(about), value[1].decode("utf-8", "replace") if value else "#N/A"))
    if b"<f" in sheet:
        for about, value in _UNCALCULATED.findall(sheet):
            # A formula whose result is the empty text bears t="str" and an empty value.
            if not (value and re.search(rb"""\st=["']str["']""", about)):
                found.append((*_place(about), NOT_CALCULATED))
    return found


def looks(styles: bytes) -> dict[bytes, str]:
    """The cell styles that show a number otherwise than it is, by their numbers; how, as `left_out.look` tells it."""
    try:
        root = ElementTree.fromstring(styles)
    except ElementTree.ParseError:
        raise Unsafe(DAMAGED) from None
    forms = {each.get("numFmtId"): look(each.get("formatCode", "")) for each in root.iterfind("{*}numFmts/{*}numFmt")}
    known = {str(number): PERCENT for number in PERCENTS} | forms
    styled = enumerate(root.iterfind("{*}cellXfs/{*}xf"))
    return {b"%d" % at: how for at, style in styled if (how := known.get(style.get("numFmtId"), ""))}


def shown(sheet: bytes, styles: dict[bytes, str]) -> dict[tuple[int, int], str]:
    """Cells of some styles, counted from 0, with what the style does."""
    if not styles:
        return {}
    cell = rb"""<c\b(?=[^>]*\ss=["'](%s)["'])([^>]*)>""" % b"|".join(sorted(styles))
    return {_place(about): styles[style] for style, about in re.findall(cell, sheet)}


def _place(about: bytes) -> tuple[int, int]:
    place = _PLACE.search(b" " + about)
    return (int(place[2]) - 1, column_number(place[1]) - 1) if place else (0, 0)


def hidden(sheet: bytes) -> tuple[list[int], list[int]]:
    """Hidden rows and columns, counted from 0."""
    if b"hidden=" not in sheet:
        return [], []
    rows = [_number(b"r", tag) - 1 for tag in _HIDDEN_ROW.findall(sheet)]
    spans = [(_number(b"min", tag), _number(b"max", tag)) for tag in _HIDDEN_COLUMN.findall(sheet)]
    columns = [column for first, last in spans for column in range(first - 1, min(last, 16384))]
    return rows, columns


def _number(name: bytes, tag: bytes) -> int:
    found = _NUMBER[name].search(tag)
    return int(found[1]) if found else 1


def texts(sheet: bytes) -> list[tuple[str, str]]:
    """What stands behind the cells: headers and footers of the printed page, what is shown to whoever fills in a cell."""
    cells = _BEHIND.search(sheet)
    behind = sheet[cells.end() :] if cells else sheet
    shown = dict.fromkeys(double or single for double, single in _PROMPT.findall(behind))
    return [*((HEADER, printed(plain(text))) for text in _PRINTED.findall(behind)), *((PROMPT, plain(text)) for text in shown)]
