"""Workbooks and texts as odd as departments, programs and enemies make them, built from the cases' short descriptions.

A workbook's case gives `sheets` (or one `grid`): rows that are `表头`, `一行` (a sound row), a mapping of what differs
from it, or a list of cells. A cell is text, a number, a boolean, or `{day, as}`, `{number, as}` (null: a blank cell in that format), `{formula, value}`.
`surgery` then changes the finished file, step by step.
"""

import re
import struct
import zipfile
from datetime import datetime
from io import BytesIO

import xlsxwriter
import xlwt
from made_deliveries import row


def text_of(case):
    """The bytes of a text case: `lines` or `text`, in an `encoding`, with `bytes` (hex) put where they are named."""
    end = case.get("end", "\r\n")
    sound = row(case.get("table", "D03"))
    lines = [_text_line(line, sound, case.get("between", ",")) for line in case.get("lines", [])]
    text = case["text"] if "text" in case else "".join(f"{line}{end}" for line in lines)
    times = case.get("times", {})
    for mark, (piece, number) in times.items():
        text = text.replace(mark, piece * number)
    content = text.encode(case.get("encoding", "utf-8"))
    for mark, raw in case.get("bytes", {}).items():
        content = content.replace(mark.encode(), bytes.fromhex(raw))
    return bytes.fromhex(case.get("before", "")) + content + bytes.fromhex(case.get("after", ""))


def _text_line(line, sound, between):
    if line == "表头":
        return between.join(sound)
    if line == "一行":
        return between.join(sound.values())
    if isinstance(line, dict):
        return between.join({**sound, **line}.values())
    return line


def workbook_of(case):
    """The bytes of a workbook case."""
    sheets = case.get("sheets") or {"数据": case.get("grid", ["表头", "一行"])}
    sound = row(case.get("table", "D03"))
    grids = {name: [_row(each, sound) for each in grid] for name, grid in sheets.items()}
    content = (_xls if case.get("format") == "xls" else _xlsx)(case, grids)
    for step in case.get("surgery", []):
        [(kind, what)] = step.items()
        content = SURGERY[kind](content, what)
    return content


def _row(each, sound):
    if each == "表头":
        return list(sound)
    if each == "一行":
        return list(sound.values())
    return list({**sound, **each}.values()) if isinstance(each, dict) else each


def _xlsx(case, grids):
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "date_1904": case.get("from_1904", False)}) as book:
        for name, grid in grids.items():
            sheet = book.add_worksheet(name)
            for at, cells in enumerate(grid):
                for column, cell in enumerate(cells):
                    _put(book, sheet, at, column, cell)
            _lay_out(case, book, sheet)
            if name in case.get("hidden_sheets", []):
                sheet.hide()
        for part in case.get("macros", []):
            book.add_vba_project(BytesIO(part.encode()), True)
    return content.getvalue()


def _put(book, sheet, at, column, cell):
    if isinstance(cell, dict):
        form = book.add_format({"num_format": cell["as"]}) if "as" in cell else None
        if "day" in cell:
            sheet.write_datetime(at, column, datetime.fromisoformat(str(cell["day"])), form)
        elif "number" in cell:
            sheet.write(at, column, cell["number"], form)
        else:
            sheet.write_formula(at, column, f"={cell['formula']}", None, cell.get("value", ""))
    elif isinstance(cell, str):
        sheet.write_string(at, column, cell)
    elif cell is not None:
        sheet.write(at, column, cell)


def _lay_out(case, book, sheet):
    for area in case.get("merged", []):
        sheet.merge_range(area, "")
        top, left = re.match(r"([A-Z]+)(\d+)", area).groups()[::-1]
        grid = case.get("grid", [])
        cells = _row(grid[int(top) - 1], row(case.get("table", "D03"))) if int(top) <= len(grid) else []
        column = ord(left) - 65
        if column < len(cells) and cells[column] not in (None, ""):
            _put(book, sheet, int(top) - 1, column, cells[column])
    for number in case.get("hidden_rows", []):
        sheet.set_row(number - 1, None, None, {"hidden": True})
    for letter in case.get("hidden_columns", []):
        sheet.set_column(f"{letter}:{letter}", None, None, {"hidden": True})
    for place, text in case.get("comments", {}).items():
        sheet.write_comment(place, text)
    if "printed" in case:
        sheet.set_header(f"&C{case['printed']}")
    if "box" in case:
        sheet.insert_textbox("B20", case["box"])


def _xls(case, grids):
    book = xlwt.Workbook(encoding="utf-8")
    book.dates_1904 = case.get("from_1904", False)
    for name, grid in grids.items():
        sheet = book.add_sheet(name, cell_overwrite_ok=True)
        for at, cells in enumerate(grid):
            for column, cell in enumerate(cells):
                _put_old(sheet, at, column, cell)
        for area in case.get("merged", []):
            left, top, right, bottom = re.match(r"([A-Z])(\d+):([A-Z])(\d+)", area).groups()
            sheet.merge(int(top) - 1, int(bottom) - 1, ord(left) - 65, ord(right) - 65)
        for number in case.get("hidden_rows", []):
            sheet.row(number - 1).hidden = True
        for letter in case.get("hidden_columns", []):
            sheet.col(ord(letter) - 65).hidden = True
        if name in case.get("hidden_sheets", []):
            sheet.visibility = 1
        if "printed" in case:  # its own setter takes ASCII alone
            sheet._Worksheet__header_str = f"&C{case['printed']}"
        if "box" in case:
            _put_box(sheet, case["box"])
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def _put_old(sheet, at, column, cell):
    if isinstance(cell, dict):
        form = xlwt.easyxf(num_format_str=cell.get("as", "General"))
        if "day" in cell:
            sheet.write(at, column, datetime.fromisoformat(str(cell["day"])), form)
        elif "error" in cell:
            sheet.row(at).set_cell_error(column, cell["error"])
        else:
            sheet.write(at, column, cell["number"], form)
    elif cell not in (None, ""):
        sheet.write(at, column, cell)


def _put_box(sheet, pieces):
    """A text box, or the text of a comment, as Excel writes it: its record, then the text in one or more that continue it."""
    texts = [b"\x01" + piece.encode("utf-16-le") for piece in pieces]
    box = struct.pack("<HHHHHHHI", 0x212, 0, 0, 0, 0, sum(map(len, pieces)), 16, 0)
    more = b"".join(struct.pack("<HH", kind, len(data)) + data for kind, data in [(0x1B6, box), *((0x3C, text) for text in texts), (0x3C, bytes(16))])
    plain, end = sheet.get_biff_data, 4
    sheet.get_biff_data = lambda: plain()[:-end] + more + plain()[-end:]


# Surgery


def _rezipped(content, change):
    """The package with its parts changed: `change` maps each name and bytes to a list of both."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            for name, part in change(entry.filename, old.read(entry)):
                new.writestr(name, part)
    return out.getvalue()


def _replace(content, what):
    part, old, new = what
    assert any(old.encode() in each for name, each in _parts(content) if part in name), f"{old} is not in {part}"
    return _rezipped(content, lambda name, data: [(name, data.replace(old.encode(), new.encode()) if part in name else data)])


def _prefixed(content, part):
    """The tags of a part under the prefix x:, as some export programs write them."""

    def change(text):
        text = re.sub(r"<(/?)(?=[A-Za-z])", r"<\1x:", text)
        return text.replace(' xmlns="http://schemas.openxmlformats.org/spreadsheetml', ' xmlns:x="http://schemas.openxmlformats.org/spreadsheetml', 1)

    return _rezipped(content, lambda name, data: [(name, change(data.decode()).encode() if part in name else data)])


def _parts(content):
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def _add(content, parts):
    """More parts behind the others; `{name: [piece, times]}` repeats a piece."""
    out = BytesIO(content)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            piece, times = text if isinstance(text, list) else (text, 1)
            archive.writestr(name, piece * times)
    return out.getvalue()


def _encrypted_flag(content, _):
    """Every entry says that it is encrypted, in both directories."""
    changed = bytearray(content)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(mark)
        while at >= 0:
            changed[at + offset] |= 1
            at = changed.find(mark, at + 4)
    return bytes(changed)


def _lying_size(content, size):
    """The directory says that the first part is as large as `size`."""
    changed = bytearray(content)
    at = changed.find(b"PK\x01\x02")
    struct.pack_into("<I", changed, at + 24, size)
    return bytes(changed)


def _flipped(content, what):
    at, bits = what
    changed = bytearray(content)
    changed[int(len(changed) * at)] ^= bits
    return bytes(changed)


def _renamed_stream(content, what):
    """A stream of a compound file under another name."""
    old, new = (name.encode("utf-16-le") for name in what)
    padded, wanted = old.ljust(64, b"\0"), new.ljust(64, b"\0")
    assert padded in content
    at = content.index(padded)
    return content[:at] + wanted + struct.pack("<H", len(new) + 2) + content[at + 66 :]


def _record_before(content, what):
    """A record of the older format put into the place of another's kind."""
    old, new = (struct.pack("<H", int(kind, 16)) for kind in what)
    at = content.index(old, 512)
    return content[:at] + new + content[at + 2 :]


def zipped(parts):
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


SURGERY = {
    "replace": _replace,
    "prefix": _prefixed,
    "stretch": lambda content, what: _replace(content, [what[0], what[1], f"<extLst>{'<ext>1</ext>' * what[2]}</extLst>"]),
    "drop": lambda content, part: _rezipped(content, lambda name, data: [] if part in name else [(name, data)]),
    "rename": lambda content, what: _rezipped(content, lambda name, data: [(what[1] if name == what[0] else name, data)]),
    "recode": lambda content, what: _rezipped(
        content, lambda name, data: [(name, data.decode().encode(what[1]) if what[0] in name else data)]
    ),
    "many": lambda content, number: _add(content, {f"xl/media/{at}.bin": "" for at in range(number)}),
    "replace_raw": lambda content, what: content.replace(what[0].encode(), what[1].encode()),
    "twice": lambda content, part: _rezipped(content, lambda name, data: [(name, data)] * (2 if part in name else 1)),
    "add": _add,
    "keep": lambda content, share: content[: int(len(content) * share)],
    "lose": lambda content, share: content[int(len(content) * share) :],
    "blank": lambda content, what: content[: what[0]] + bytes(what[1]) + content[what[0] + what[1] :],
    "flip": _flipped,
    "behind": lambda content, more: content + more.encode(),
    "before": lambda content, more: more.encode() + content,
    "encrypted_flag": _encrypted_flag,
    "lying_size": _lying_size,
    "stream": _renamed_stream,
    "record": _record_before,
    "zip": lambda _, parts: zipped(parts),
    "bytes": lambda _, text: bytes.fromhex(text),
    "text": lambda _, text: text.encode(),
    "outer": lambda content, name: zipped({name: content}),
}
