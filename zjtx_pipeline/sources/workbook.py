"""Knows how a table lies in a workbook's sheets: titles, units, headings over several rows, merged cells, what is hidden.

Leaves opening the file to the guarded child, lines that are no records to `margins`, what the columns mean to the
dictionary. Nothing is put right silently: each liberty taken is a note to the sender.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from zjtx_pipeline.sources import guard
from zjtx_pipeline.sources.margins import OTHER_HEADING, goes_on, records_above, sifted
from zjtx_pipeline.sources.oddities import in_yuan, unit_notes
from zjtx_pipeline.sources.raw import (
    ABOVE_HEADERS,
    ANOTHER_SHEET,
    NO_HEADERS,
    NO_RECORDS,
    NO_VALUES,
    NUMBERS,
    Line,
    Origin,
    Raw,
    assemble,
    header_position,
    headers_score,
    nothing_to_report,
    unreadable,
)
from zjtx_pipeline.sources.screen import Placed, of_persons, speaks_of_persons
from zjtx_pipeline.tables import Column, Table, comparable

ON_ANOTHER_SHEET = f"{ANOTHER_SHEET}：一份报送只读一张，请并到“{{name}}”后重报"
SHOWN_OTHERWISE = "（单元格格式显示成别的数）"
_EMPTY = "工作簿里没有内容：请填好表头和数据后重报。"
_EXPLAINS = re.compile(r"说明|怎样|须知|值域|字典|下拉|目录|封面|口径")


@dataclass(frozen=True)
class Sheet:
    """One sheet as the child read it; positions are counted from 0.

    `merged`: (top, left, bottom, right). `faults`: what stands in cells that hold no value, such as `#N/A`. `multiples`: numbers
    that are shown as a multiple of themselves, (row, column) → in what multiple of its unit such a number has to be kept.
    """

    name: str
    grid: list[list[str]]
    merged: list[tuple[int, int, int, int]]
    faults: dict[tuple[int, int], str]
    hidden_rows: frozenset[int]
    hidden_columns: frozenset[int]
    visible: bool
    multiples: dict[tuple[int, int], str]


@dataclass(frozen=True)
class Laid:
    """A table found on a sheet: the headers of its columns and the first row below them; `score`: known headers.

    `above`: rows above the headers that are records. `broken`: rows with cells of its columns that hold no value, position of
    row → of column → what stands there.
    """

    sheet: Sheet
    headers: list[str]
    top: int
    first: int
    score: int
    above: list[int]
    broken: dict[int, dict[int, str]]

    def columns(self, table: Table) -> list[Column | None]:
        known = table.by_header()
        return [known.get(comparable(header)) for header in self.headers]

    @property
    def met(self) -> int:
        """How many written rows stand below the headers, and records above them, counted apart from reading them."""
        rows = enumerate(self.sheet.grid[self.first :], start=self.first)
        return len(self.above) + sum(at in self.broken or _is_written(row) for at, row in rows)


def read_workbook(content: bytes, table: Table, origin: Origin, *, says_zero: bool = False) -> Raw:
    """The rows of the sheet whose headers fit the table best; `place` is `sheet!row` as Excel counts rows."""
    if says_zero and not content:
        return nothing_to_report(table, origin)
    sheets, said, fault = _opened(content)
    if fault:
        return unreadable(origin, fault)
    found = [laid for sheet in sheets if (laid := _laid(table, sheet))]
    if says_zero and not any(sheet.faults or any(map(_is_written, sheet.grid)) for sheet in sheets):
        return nothing_to_report(table, origin, _around(sheets, None, said["aside"]))
    if not found:
        return unreadable(origin, _EMPTY)
    chosen = max(found, key=lambda laid: laid.score)
    if not chosen.score:
        return unreadable(origin, NO_HEADERS)
    others = [laid for laid in found if laid is not chosen and laid.score >= max(2, chosen.score / 2)]
    bare = [laid.sheet for laid in found if not laid.score]
    others += [_continued(table, sheet, chosen) for sheet in bare if goes_on(table, chosen.headers, sheet.grid)]
    covered = _uncovered(chosen)
    lines = [*_lines(table, chosen), *(line for laid in others for line in _left_out(table, laid, chosen))]
    notes = [*said["notes"], *_notes(table, chosen), *_covered_notes(chosen, covered), *_sheet_notes(sheets, chosen, others)]
    met = {laid.sheet.name: laid.met for laid in (chosen, *others)}
    beneath = (Placed(cell, chosen.sheet.name, row + 1, column) for (row, column), cell in covered.items())
    around = (*_around(sheets, chosen, said["aside"]), *beneath)
    return assemble(table, origin, chosen.headers, lines, says_zero=says_zero, around=around, notes=notes, met=met)


def read_sheets(content: bytes, table: Table, origin: Origin) -> list[Raw]:
    """Every sheet that bears one of the table's headers, read by itself with the titles above; none where there is none.

    Of a list that somebody published: sums and headings between its rows are left in. One unreadable `Raw` where the
    file cannot be opened at all.
    """
    sheets, said, fault = _opened(content)
    if fault:
        return [unreadable(origin, fault)]
    found = [laid for sheet in sheets if (laid := _laid(table, sheet)) and laid.score]
    aside = [Placed(text, part) for part, text in said["aside"]]
    return [_titled(assemble(table, origin, laid.headers, _plain_lines(laid), around=aside), laid) for laid in found]


def _titled(raw: Raw, laid: Laid) -> Raw:
    cells = (cell.strip() for row in laid.sheet.grid[: laid.top] for cell in row)
    return raw if raw.refused else replace(raw, titles=tuple(cell for cell in cells if cell))


def _opened(content: bytes) -> tuple[list[Sheet], dict[str, Any], str]:
    """The sheets, what else the child said, or why there is nothing to read."""
    answer = guard.opened("workbook", content)
    if answer.fault:
        return [], {}, answer.fault
    sheets, at = [], 0
    for said in answer.said["sheets"]:
        size = said["width"] * said["rows"]
        sheets.append(_sheet(said, answer.cells[at : at + size]))
        at += size
    return sheets, answer.said, ""


def _sheet(said: Mapping[str, Any], cells: list[str]) -> Sheet:
    width = said["width"]
    grid = [cells[at : at + width] for at in range(0, len(cells), width)] if width else []
    return Sheet(
        said["name"],
        grid,
        [tuple(area) for area in said["merged"]],
        {(row, column): what for row, column, what in said["faults"]},
        frozenset(said["hidden_rows"]),
        frozenset(said["hidden_columns"]),
        said["visible"],
        {(row, column): multiple for row, column, multiple in said["multiples"]},
    )


def _is_written(row: Sequence[str]) -> bool:
    return any(cell.strip() for cell in row)


# Where the table lies


def _laid(table: Table, sheet: Sheet) -> Laid | None:
    """The table on a sheet by the row that names most columns; None on an empty sheet."""
    at = header_position(table, sheet.grid[:10])
    if at < 0:
        return None
    top, bottom = _heading_rows(sheet, at)
    known = table.by_header()
    headers = [_header([sheet.grid[row][column] for row in range(top, bottom + 1)], known) for column in range(len(sheet.grid[at]))]
    columns = [at for at, header in enumerate(headers) if comparable(header) in known]
    above = records_above(table, headers, sheet.grid[:top])
    return Laid(sheet, headers, top, bottom + 1, headers_score(table, headers), above, _broken(sheet, bottom + 1, columns))


def _continued(table: Table, sheet: Sheet, chosen: Laid) -> Laid:
    """A sheet without headers that goes on with the table of another: all its rows lie under that one's headers."""
    width = len(sheet.grid[0])
    headers = [*chosen.headers[:width], *[""] * (width - len(chosen.headers))]
    known = table.by_header()
    columns = [at for at, header in enumerate(headers) if comparable(header) in known]
    return Laid(sheet, headers, 0, 0, 0, [], _broken(sheet, 0, columns))


def _broken(sheet: Sheet, first: int, columns: Sequence[int]) -> dict[int, dict[int, str]]:
    found: dict[int, dict[int, str]] = {}
    for (row, column), what in sorted(sheet.faults.items()):
        if row >= first and column in columns:
            found.setdefault(row, {})[column] = what if what in NO_VALUES else "#N/A"
    for row, cells in enumerate(sheet.grid[first:], start=first):
        if not NO_VALUES.isdisjoint(cells):
            written = {column: cells[column] for column in columns if cells[column] in NO_VALUES}
            found.update({row: dict(sorted({**found.get(row, {}), **written}.items()))} if written else {})
    return found


def _heading_rows(sheet: Sheet, at: int) -> tuple[int, int]:
    """The rows of a heading that merged cells hold together: some columns named over two rows, some by two names."""
    top = bottom = at
    for first, _, last, _ in sheet.merged:
        if first <= at <= last and first < last and last - first < 4:
            top, bottom = min(top, first), max(bottom, last)
    return top, min(bottom, len(sheet.grid) - 1)


def _header(cells: Sequence[str], known: Mapping[str, Column]) -> str:
    """A column's header: of several names one above the other the one that is known, else the lowest."""
    written = [cell for cell in cells if cell.strip()]
    return next((cell for cell in written if comparable(cell) in known), written[-1] if written else "")


# Its rows


def _plain_lines(laid: Laid) -> Iterator[Line]:
    for number, row in enumerate(laid.sheet.grid[laid.first :], start=laid.first + 1):
        yield Line(f"{laid.sheet.name}!{number}", row)


def _lines(table: Table, laid: Laid) -> Iterator[Line]:
    """The rows below the headers, and records above them, which are rejected, for nothing says what their cells are; so is
    one with a cell that holds no value, so that it is not taken for empty."""
    for row in laid.above:
        yield Line(f"{laid.sheet.name}!{row + 1}", laid.sheet.grid[row], ABOVE_HEADERS, loose=True)
    _mark_multiples(laid, laid.columns(table))
    _fill_down(laid, laid.columns(table))
    for row, line in enumerate(sifted(table, laid.headers, _plain_lines(laid)), start=laid.first):
        yield _rejected(laid, line, laid.broken[row]) if row in laid.broken else line


def _rejected(laid: Laid, line: Line, broken: Mapping[int, str]) -> Line:
    """What stands where there is no value is put into the cell, so that it can be seen where the row goes back."""
    reason = "、".join(f"“{laid.headers[column]}”是{_what(what)}" for column, what in broken.items())
    return replace(line, cells=[broken.get(at, cell) for at, cell in enumerate(line.cells)], reason=line.reason or reason)


def _what(fault: str) -> str:
    return f"公式错误 {fault}" if fault.startswith("#") else fault


def _left_out(table: Table, laid: Laid, chosen: Laid) -> Iterator[Line]:
    """The rows of another sheet that bears the table's headers, so that none is lost unsaid."""
    reason = ON_ANOTHER_SHEET.format(name=chosen.sheet.name)
    for line in _lines(table, laid):
        if _is_written(line.cells):
            told = line.reason in NO_RECORDS or line.reason == OTHER_HEADING
            yield _moved(line if told else replace(line, reason=reason), laid.headers, chosen.headers)


def _moved(line: Line, own: Sequence[str], headers: Sequence[str]) -> Line:
    """A line under the headers of the sheet that is read; loose where a cell has no place of its own there."""
    at = {comparable(header): position for position, header in reversed(list(enumerate(headers))) if header.strip()}
    places = [(at.pop(comparable(header), None), cell) for header, cell in zip(own, line.cells, strict=True) if cell.strip()]
    if any(position is None for position, _ in places):
        return replace(line, loose=True)
    cells = dict(places)
    return replace(line, cells=[cells.get(position, "") for position in range(len(headers))])


def _uncovered(laid: Laid) -> dict[tuple[int, int], str]:
    """What stood beneath merged cells, by row and column: nobody sees it, so it is taken out of the grid, and a fault there too."""
    grid, covered = laid.sheet.grid, {}
    for top, left, bottom, right in laid.sheet.merged:
        rows = range(top, min(bottom + 1, len(grid))) if top >= laid.first else ()
        for row, column in product(rows, range(left, min(right + 1, len(grid[laid.top])))):
            if (row, column) != (top, left):
                laid.sheet.faults.pop((row, column), None)
                laid.broken.get(row, {}).pop(column, None)
                covered.setdefault((row, column), grid[row][column])
                grid[row][column] = ""
    for row in [row for row, cells in laid.broken.items() if not cells]:
        del laid.broken[row]
    return {place: cell for place, cell in covered.items() if cell.strip()}


def _mark_multiples(laid: Laid, columns: Sequence[Column | None]) -> None:
    """A number that looks otherwise than it is (12 as 12万) is none that can be read, unless the heading's unit makes it true."""
    for (row, at), multiple in laid.sheet.multiples.items():
        column = columns[at] if at < len(columns) else None
        is_number = row >= laid.first and column is not None and column.kind in NUMBERS
        if is_number and laid.sheet.grid[row][at] and multiple != in_yuan(column.header):
            laid.sheet.grid[row][at] += SHOWN_OTHERWISE


def _fill_down(laid: Laid, columns: Sequence[Column | None]) -> None:
    """The value of cells merged over several rows is every row's; an amount is not, for it would count twice."""
    grid, written = laid.sheet.grid, {}
    for top, left, bottom, _ in _merged_down(laid):
        column = columns[left] if left < len(columns) else None
        if column is None or column.kind in NUMBERS or not grid[top][left].strip():
            continue
        for row in range(top + 1, min(bottom + 1, len(grid))):
            if written.setdefault(row, row in laid.broken or _is_written(grid[row])):
                grid[row][left] = grid[top][left]


def _merged_down(laid: Laid) -> Iterator[tuple[int, int, int, int]]:
    for area in laid.sheet.merged:
        if laid.first <= area[0] < area[2] and area[0] < len(laid.sheet.grid):
            yield area


# What the sender is told


def _notes(table: Table, laid: Laid) -> Iterator[str]:
    """Of the sheet that is read: units that contradict the headers, merged cells, what is hidden."""
    titles = [cell for row in laid.sheet.grid[: laid.first] for cell in row if cell.strip()]
    yield from unit_notes(table, laid.headers, titles)
    yield from _merged_notes(table, laid)
    rows = sorted(row for row in laid.sheet.hidden_rows if laid.first <= row < len(laid.sheet.grid) and _is_written(laid.sheet.grid[row]))
    if rows:
        yield f"有 {len(rows)} 行是隐藏的（如第 {rows[0] + 1} 行），照常读入：请核对是否应报。"
    columns = [laid.headers[at] for at in sorted(laid.sheet.hidden_columns) if at < len(laid.headers) and laid.headers[at].strip()]
    if columns:
        yield f"“{'”“'.join(columns[:5])}”列是隐藏的，照常读入：请核对。"


def _merged_notes(table: Table, laid: Laid) -> Iterator[str]:
    columns = laid.columns(table)
    spans: dict[int, list[int]] = {}
    for top, left, bottom, _ in _merged_down(laid):
        beneath = any(map(_is_written, laid.sheet.grid[top + 1 : bottom + 1]))
        if beneath and left < len(columns) and columns[left] is not None and laid.sheet.grid[top][left].strip():
            spans.setdefault(left, []).append(top + 1)
    for at, rows in sorted(spans.items()):
        done = "只算在首行，下面各行按空着处理" if columns[at].kind in NUMBERS else "按首格的值逐行补上"
        yield f"“{laid.headers[at]}”列有 {len(rows)} 处上下合并的单元格（如第 {rows[0]} 行），{done}：请取消合并，逐行填写。"
    wide = [top + 1 for top, left, _, right in laid.sheet.merged if top >= laid.first and _spans_columns(columns, left, right)]
    wide = [row for row in wide if row <= len(laid.sheet.grid) and sum(map(bool, laid.sheet.grid[row - 1])) > 1]
    if wide:
        yield f"有 {len(wide)} 处左右合并的单元格（如第 {wide[0]} 行），只有最左一栏有值：请取消合并，逐栏填写。"


def _covered_notes(laid: Laid, covered: Mapping[tuple[int, int], str]) -> Iterator[str]:
    """Of what stood beneath merged cells, all but what a row has got from the first cell anyway."""
    lost = sorted(place for place, cell in covered.items() if laid.sheet.grid[place[0]][place[1]] != cell)
    if lost:
        yield f"合并的单元格下面还藏着 {len(lost)} 个值（如第 {lost[0][0] + 1} 行），表上看不见，没有计入：请取消合并，逐格核对。"


def _spans_columns(columns: Sequence[Column | None], left: int, right: int) -> bool:
    return sum(column is not None for column in columns[left : right + 1]) > 1


def _sheet_notes(sheets: Sequence[Sheet], chosen: Laid, others: Sequence[Laid]) -> Iterator[str]:
    """Which sheet was read, where others hold something too."""
    if not chosen.sheet.visible:
        yield f"读的是隐藏的工作表“{chosen.sheet.name}”（表头最全）：请核对。"
    for laid in others:
        what = "也有本表的表头" if laid.score else "没有表头，像是本表的续页"
        yield f"工作表“{laid.sheet.name}”{what}：只读“{chosen.sheet.name}”（表头最全），其余 {laid.met} 行没有计入。"
    told = {chosen.sheet.name, *(laid.sheet.name for laid in others)}
    more = [sheet.name for sheet in sheets if sheet.name not in told and any(map(_is_written, sheet.grid))]
    more = [name for name in more if not _EXPLAINS.search(name)]
    if more:
        yield f"工作表“{'”“'.join(more[:5])}”不是本表，没有读：请核对有没有要报的数据。"


def _around(sheets: Sequence[Sheet], chosen: Laid | None, aside: Sequence[Sequence[str]]) -> Iterator[Placed]:
    """All that the file holds beside the rows that are read."""
    for sheet in sheets:
        yield Placed(sheet.name, "工作表名")
        yield from _beside(sheet, chosen.first if chosen and sheet is chosen.sheet else len(sheet.grid))
    for part, text in aside:
        yield Placed(text, part)


def _beside(sheet: Sheet, first: int) -> Iterator[Placed]:
    """The cells above a row, and below it those under a heading that says it holds persons' numbers."""
    headings: dict[int, str] = {}
    for number, row in enumerate(sheet.grid, start=1):
        if number > first and not headings and not speaks_of_persons("".join(row)):
            continue
        for column, cell in enumerate(row):
            if cell and (number <= first or column in headings):
                yield Placed(cell, sheet.name, number, column, headings.get(column, ""))
            if of_persons(cell):
                headings[column] = cell
