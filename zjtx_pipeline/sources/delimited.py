"""Knows how delimited text becomes a delivery; leaves opening the file to the guarded child, meaning to the dictionary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from zjtx_pipeline.sources import guard
from zjtx_pipeline.sources.margins import margins, records_above, sifted
from zjtx_pipeline.sources.oddities import unit_notes
from zjtx_pipeline.sources.raw import (
    ABOVE_HEADERS,
    NO_HEADERS,
    Line,
    Origin,
    Raw,
    assemble,
    headers_score,
    nothing_to_report,
    unreadable,
)
from zjtx_pipeline.sources.screen import Placed
from zjtx_pipeline.tables import Table


def read_delimited(content: bytes, table: Table, origin: Origin, *, says_zero: bool = False) -> Raw:
    """The records under the header line; a line with another number of fields is rejected, with the reason."""
    answer = guard.opened("text", content, known=sorted(table.by_header()))
    if says_zero and answer.said.get("blank"):
        return nothing_to_report(table, origin)
    if answer.fault:
        return unreadable(origin, answer.fault)
    said = answer.said
    if not headers_score(table, said["headers"]):
        return unreadable(origin, NO_HEADERS)
    stray = [Line(f"第{at + 1}行", [said["above"][at][0]], ABOVE_HEADERS) for at in _above(table, said)]
    lines = [*stray, *sifted(table, said["headers"], _records(said, answer.cells)), *_rejected(table, said)]
    notes = unit_notes(table, said["headers"], [line for line, _ in said["above"]])
    above = [Placed(line, f"第{number}行") for number, (line, _) in enumerate(said["above"], start=1)]
    met = {"": said["met"] + len(stray)}
    return assemble(table, origin, said["headers"], lines, says_zero=says_zero, around=above, notes=notes, met=met)


def _above(table: Table, said: dict[str, Any]) -> list[int]:
    return records_above(table, said["headers"], [fields for _, fields in said["above"]])


def _records(said: dict[str, Any], cells: Sequence[str]) -> Iterator[Line]:
    width = len(said["headers"])
    for at, number in enumerate(said["numbers"]):
        yield Line(f"第{number}行", cells[at * width : (at + 1) * width])


def _rejected(table: Table, said: dict[str, Any]) -> Iterator[Line]:
    """Lines that are no record; a sum or a signature written without all its separators is nobody's fault."""
    excuses = margins(table, said["headers"], [fields for *_, fields in said["rejected"]])
    for (number, line, reason, _), excuse in zip(said["rejected"], excuses, strict=True):
        yield Line(f"第{number}行", [line], excuse or reason)
