"""Knows how what goes back becomes a workbook: the rows on the first sheet, faults coloured, how to go on on the second.

Leaves what stands in it to `marked`. Every cell is text, so that no code changes and nothing can act as a formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from zjtx_pipeline.returns.faults import UNREAD
from zjtx_pipeline.returns.marked import Returned
from zjtx_pipeline.sources import OURS
from zjtx_pipeline.suites import NOTED, RETURNED
from zjtx_pipeline.workbooks import ACTING, LONGEST_CELL, made, sheet_name

HOW_TO = "怎样更正"
COLOURS = {UNREAD: "#F8CBAD", RETURNED: "#F8CBAD", NOTED: "#FFF2CC"}


def return_workbook(back: Returned, file_name: str) -> bytes:
    """One delivery, ready to correct and deliver again under a file name."""

    def fill(book) -> None:
        _write_rows(book, back)
        write_lines(book, HOW_TO, _how_to(back, file_name))

    return made(f"{back.table.title} 退回表", fill)


# The sheet of rows


def _write_rows(book, back: Returned) -> None:
    sheet = book.add_worksheet(sheet_name(back.table.title))
    formats = _formats(book)
    sheet.freeze_panes(1, 0)
    sheet.set_row(0, 32)
    looks = ["ours" if heading in OURS else "" for heading in back.rows.columns]
    for column, (heading, look) in enumerate(zip(back.rows.columns, looks, strict=True)):
        sheet.set_column(column, column, 40 if look else min(40, max(12, 2.2 * len(heading))), formats[look])
        head = "lacking" if heading in back.lacking else f"{look} head"
        sheet.write_string(0, column, heading, formats[f"{head} quoted" if heading.startswith(ACTING) else head])
    colours = _colours(back)
    for row, cells in enumerate(zip(*(back.rows[heading].tolist() for heading in back.rows.columns), strict=True)):
        _write_row(sheet, row + 1, cells, colours.get(row, looks), formats)
    sheet.autofilter(0, 0, len(back.rows), len(back.rows.columns) - 1)


def _write_row(sheet, row: int, cells: Sequence[str], looks: Sequence[str], formats: dict) -> None:
    for column, (cell, look) in enumerate(zip(cells, looks, strict=True)):
        if cell:
            sheet.write_string(row, column, cell[:LONGEST_CELL], formats[f"{look} quoted" if cell.startswith(ACTING) else look])
        elif look in COLOURS:
            sheet.write_blank(row, column, None, formats[look])


def _colours(back: Returned) -> dict[int, list[str]]:
    """For each row at fault how each of its cells looks: the cells at fault, and the sentence beside them."""
    headings = list(back.rows.columns)
    own = len(headings) - len(OURS)
    plain = [""] * own + ["ours"] * len(OURS)
    looks = {row: [*plain[:own], severity, *plain[own + 1 :]] for row, severity in back.severities.items() if severity}
    for row, header, severity in back.marks.itertuples(index=False):
        looks[row][headings.index(header)] = severity
    return looks


def _formats(book) -> dict:
    """Formats by what they mark: "" an ordinary cell; "… quoted" one whose text would otherwise act as a formula."""
    looks = {"": {}, "ours": {"text_wrap": True, "font_color": "#7F7F7F"}}
    looks |= {severity: {"bg_color": colour, "border": 1, "text_wrap": True} for severity, colour in COLOURS.items()}
    formats = {name: text_format(book, **look) for name, look in looks.items()}
    formats |= {f"{name} quoted": text_format(book, quote_prefix=True, **look) for name, look in looks.items()}
    formats |= {" head": head_format(book), "ours head": head_format(book, "#E7E6E6"), "lacking": head_format(book, COLOURS[RETURNED])}
    return formats | {" head quoted": head_format(book, quote_prefix=True)}


def text_format(book, **look):
    """The look of a cell that stays text whatever is typed into it."""
    return book.add_format({"num_format": "@", "valign": "top", **look})


def head_format(book, colour: str = "#DCE6F1", **look):
    """The look of a heading; text, as a department's own may be anything."""
    return book.add_format({"num_format": "@", "bold": True, "bg_color": colour, "border": 1, "text_wrap": True, "valign": "vcenter", **look})


# How to go on

_ELSEWHERE = {"database": "在数据库中更正", "gateway": "不放文件，请接口提供方在接口中更正"}


def _how_to(back: Returned, file_name: str) -> list[str]:
    found = f"共 {len(back.rows)} 行：退回 {back.count(RETURNED)} 行，无法识别 {back.count(UNREAD)} 行，提示 {back.count(NOTED)} 行。"
    lines = [
        f"{back.table.title} {back.quarter} 退回表",
        f"报送部门：{back.source.sender}　原报送：{back.source.source}",
        found,
        f"只有{back.source.sender}自己报送的行，只发给{back.source.sender}。",
        "一、红色的单元格要更正：这些行没有计入。有问题的行排在最前面，其余的行没有问题，不要改动。",
        "二、黄色的单元格请核对：这些行照常计入，确实无误的不必改。",
        f"三、右边灰色的“{'”“'.join(OURS)}”是系统填写的，读取时不看，不用改也不用删。",
        "四、“建议更正”只是按校验位推算的，请对照营业执照核实后自己填写。",
        "五、重复的、不该有的行，把整行删除。其余的行一行都不要删：重报的文件整体替换以前的，没有写的行就没有了。",
        f"六、改好后保存，文件名用“{file_name}”，放入收件目录的 {back.quarter} 文件夹。",
    ]
    lines += [f"七、缺少的列已补在表头（红色）：{'、'.join(back.lacking)}。请补填，没有数据的留空。"] * bool(back.lacking)
    lines += [f"没有列出的 {back.left_out} 行不必重报（合计、说明、重复的表头等不是数据，或按增删改标志已不再有效）。"] * bool(back.left_out)
    elsewhere = _ELSEWHERE.get(back.source.kind, "")
    return lines + [f"{elsewhere}也可以；一旦放入文件，本季就以文件为准。"] * bool(elsewhere)


def write_lines(book, title: str, lines: Iterable[str]) -> None:
    """A sheet of sentences under a title."""
    sheet = book.add_worksheet(title)
    wrap, bold = book.add_format({"text_wrap": True, "valign": "top"}), book.add_format({"bold": True})
    sheet.set_column(0, 0, 110)
    for row, line in enumerate(lines):
        sheet.write_string(row, 0, line, wrap if row else bold)
