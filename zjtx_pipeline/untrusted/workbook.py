"""Knows how a workbook's sheets become text cells: the only home of calamine. Leaves what the cells mean to `sources`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, WorksheetNotFound

from zjtx_pipeline.untrusted import compound, package, sheetxml
from zjtx_pipeline.untrusted.cells import joined
from zjtx_pipeline.untrusted.left_out import PERCENT, LeftOut
from zjtx_pipeline.untrusted.package import DAMAGED, LOCKED, Unsafe

OVERLAPPING = "合并的单元格互相重叠：请用 Excel 取消合并，逐格填写，另存后重报。"
_OTHERS = (
    (re.compile(rb"\Z"), "文件是空的（0 字节）：请重新另存为 .xlsx 后重报。"),
    (re.compile(rb"%PDF"), "这是 PDF，不是工作簿：请报送 Excel 工作簿（另存为 .xlsx）。"),
    (re.compile(rb"Rar!|7z\xbc\xaf|\x1f\x8b"), "这是压缩包，不是工作簿：请解压后把其中的工作簿逐份报送（另存为 .xlsx）。"),
    (re.compile(rb"\{\\rtf"), "这是 RTF 文档，不是工作簿：请把表格复制到 Excel，另存为 .xlsx 后重报。"),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<"), "这是网页或 XML，只是文件名像工作簿：请用 Excel 打开，另存为 .xlsx 后重报。"),
    (re.compile(rb"[^\x00-\x08]{64}"), "这是文本，只是文件名像工作簿：请用 Excel 打开，另存为 .xlsx，或改回 .csv 后重报。"),
)

_BOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"


def opened(content: bytes) -> tuple[dict[str, Any], list[str]]:
    """Every sheet's cells row by row, and beside them its name, width, merged areas, faults and what is hidden."""
    try:
        return _opened(content)
    except Unsafe as why:
        return {"fault": str(why)}, []


def _opened(content: bytes) -> tuple[dict[str, Any], list[str]]:
    if content.startswith(compound.MAGIC):
        stream = compound.records(content)
        about, notes, aside = compound.sheets(stream), [], []
    elif content.startswith(b"PK"):
        about, notes, aside = _of_package(content)
    else:
        raise Unsafe(next((said for pattern, said in _OTHERS if pattern.match(content)), DAMAGED))
    return _read(content, about, notes, aside)


def _of_package(content: bytes) -> tuple[dict[str, LeftOut], list[str], list[tuple[str, str]]]:
    """What calamine leaves out, by sheet; notes; what stands beside the cells. One part is held at a time."""
    about, aside, kept, notes, styles = {}, [], {}, set(), {}
    for name, part in package.parts(content):
        if (sheet := sheetxml.of_sheet(part)) is not None:
            sheetxml.check(sheet)
            shown = sheetxml.shown(sheet, styles)
            about[name] = LeftOut(sheetxml.faults(sheet), *sheetxml.hidden(sheet), sheetxml.texts(sheet), shown)
        if name == package.STYLES:
            styles = sheetxml.looks(part)
        if name in (_BOOK, _RELATIONS):
            kept[name] = part
        aside += package.text_aside(name, part)
        notes |= {package.LINKED} if package.is_link(name) else set()
    names = sheetxml.sheet_names(kept[_BOOK], kept.get(_RELATIONS, b"<none/>"))
    return {name: about[part] for name, part in names.items() if part in about}, sorted(notes), aside


def _read(content: bytes, about: dict[str, LeftOut] | list[LeftOut], notes: list[str], aside: list[tuple[str, str]]):
    sheets, cells = [], []
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        listed = [sheet for sheet in book.sheets_metadata if "WorkSheet" in str(sheet.typ)]
        if isinstance(about, list):  # the older format lists its sheets in the same order
            about = dict(zip((sheet.name for sheet in listed), about, strict=len(about) == len(listed)))
        for sheet in listed:
            left_out = about.get(sheet.name, LeftOut())
            said, own = _sheet(book.get_sheet_by_name(sheet.name), left_out)
            aside += [(f"{sheet.name}的{part}", text) for part, text in left_out.texts]
            sheets.append({**said, "visible": str(sheet.visible).endswith(".Visible")})
            cells += own
    except PasswordError:
        raise Unsafe(LOCKED) from None
    except (CalamineError, WorksheetNotFound, ValueError, OSError, OverflowError):
        raise Unsafe(DAMAGED) from None
    except BaseException as error:  # calamine's own panic is no Exception
        if type(error).__name__ == "PanicException":
            raise Unsafe(DAMAGED) from None
        raise
    return {"sheets": sheets, "notes": notes, "aside": aside}, cells


def _sheet(sheet: Any, about: LeftOut) -> tuple[dict[str, Any], list[str]]:
    """One sheet's rows, each joined to one text, and what is to be said of it."""
    multiples: list[tuple[int, int, str]] = []
    rows = list(_rows(sheet, about.shown, multiples))
    said = {
        "name": sheet.name,
        "width": _width(sheet),
        "rows": len(rows),
        "merged": _merged(sheet, len(rows)),
        "faults": about.faults,
        "multiples": multiples,
        "hidden_rows": about.hidden_rows,
        "hidden_columns": about.hidden_columns,
    }
    return said, rows


def _merged(sheet: Any, rows: int) -> list[list[int]]:
    """The merged areas; Unsafe where they overlap, as no program leaves them: going through them all could take hours."""
    areas, width = [[*first, *last] for first, last in sheet.merged_cell_ranges or ()], _width(sheet)
    sizes = (max(min(bottom, rows - 1) - top + 1, 0) * max(min(right, width - 1) - left + 1, 0) for top, left, bottom, right in areas)
    if sum(sizes) > rows * width:
        raise Unsafe(OVERLAPPING)
    return areas


def _rows(sheet: Any, shown: Mapping[tuple[int, int], str], multiples: list[tuple[int, int, str]]) -> Iterator[str]:
    """Each row from the first on, its cells joined, as wide as the sheet; numbers that are shown as a multiple of themselves
    are entered into `multiples`."""
    if sheet.start is None:
        return
    before = [""] * sheet.start[1]  # calamine hands over empty rows at the top, but no empty columns at the left
    looks = _by_row(shown)
    for at, row in enumerate(sheet.iter_rows()):
        texts = [cell if type(cell) is str else cell_text(cell) for cell in row]
        for column, how in looks.get(at, ()):
            own = column - len(before)
            if not 0 <= own < len(row) or type(row[own]) not in (int, float):
                continue  # empty cells beside the table may bear the format too
            if how == PERCENT:
                texts[own] = _percent_text(row[own])
            else:
                multiples.append((at, column, how))
        yield joined([*before, *texts])


def _by_row(shown: Mapping[tuple[int, int], str]) -> dict[int, list[tuple[int, str]]]:
    rows: dict[int, list[tuple[int, str]]] = {}
    for (row, column), how in shown.items():
        rows.setdefault(row, []).append((column, how))
    return rows


def _width(sheet: Any) -> int:
    return sheet.end[1] + 1 if sheet.end else 0


def cell_text(value: Any) -> str:
    """A cell's value as text, numbers to the 15 digits that Excel itself keeps.

    >>> cell_text(12.0), cell_text(0.1), cell_text(True), cell_text(date(2024, 6, 1))
    ('12', '0.1', '是', '2024-06-01')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, (int, float)):
        return _number_text(value)
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return str(value) if isinstance(value, timedelta) else ""


def _percent_text(value: float) -> str:
    """A number that is shown as a percentage, as it is seen: whoever wrote 12% must not be read as 0.12.

    >>> _percent_text(0.12), _percent_text(12.0)
    ('12%', '1200%')
    """
    return f"{(Decimal(f'{value:.15g}') * 100).normalize():f}%"


def _number_text(value: float) -> str:
    shown = f"{value:.15g}"
    # Beyond 15 digits Excel has already lost some: the exponent stays, so that no such number passes for a code.
    return format(Decimal(shown), "f") if "e-" in shown else shown
