"""Knows the data dictionary: the 31 tables that departments deliver, their columns, kinds and keys.

Leaves reading files to `sources`, typing cells to `tables.typed`, and judging rows to the suites.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

KINDS = {
    "code", "text", "event", "date", "yuan", "wan", "count", "decimal",
    "year", "quarter", "period", "bool", "list", "patent", "task",
}  # fmt: skip
_ENTRY = re.compile(r"(?P<header>.+?)(?P<optional>\?)? (?P<kind>\w+)")


@dataclass(frozen=True)
class Column:
    """One column: its English name in frames, its Chinese header in deliveries, and its kind."""

    name: str
    header: str
    kind: str
    optional: bool
    list_name: str | None

    @property
    def is_event(self) -> bool:
        return self.kind == "event"


@dataclass(frozen=True)
class Table:
    """One table of a dataset (datasets.md 5.2): who delivers it, in what nature, under which key."""

    id: str
    name: str
    senders: tuple[str, ...]
    delivered: str
    nature: str
    key: tuple[str, ...]
    columns: dict[str, Column]
    columns_of: dict[str, tuple[str, ...]]

    @property
    def dataset(self) -> str:
        """`D06` for `D06a`: four datasets hold more than one table."""
        return self.id[:3]

    @property
    def title(self) -> str:
        """`D01_企业主体`: the name of a view, and the beginning of a file's name."""
        return f"{self.id}_{self.name}"

    @property
    def has_firm(self) -> bool:
        return "uscc" in self.columns

    @property
    def events(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns.values() if column.is_event)

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns.values() if column.kind == "code")

    def by_header(self) -> dict[str, Column]:
        """Columns by their header in comparable form, with the spellings that departments use for 码."""
        found = {comparable(column.header): column for column in self.columns.values()}
        for column in self.columns.values():
            if column.kind == "code" and column.header == "统一社会信用代码":
                found["码"] = found["信用代码"] = column
        return found


def comparable(header: str) -> str:
    """A header with width and blanks out of the way, so that （元） and (元) are the same."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", header))


def _column(table_id: str, name: str, entry: str) -> Column:
    match = _ENTRY.fullmatch(entry)
    if not match or match["kind"] not in KINDS:
        raise ValueError(f"dictionary.yaml: {table_id}.{name}: {entry!r} is not `header[?] kind`")
    list_name = f"{table_id}.{match['header']}" if match["kind"] == "list" else None
    return Column(name, match["header"], match["kind"], bool(match["optional"]), list_name)


def _table(table_id: str, entry: dict) -> Table:
    columns = {name: _column(table_id, name, text) for name, text in entry["columns"].items()}
    unknown = set(entry["key"]) - set(columns) - {"sender"}
    if unknown:
        raise ValueError(f"dictionary.yaml: {table_id}: key names no column: {sorted(unknown)}")
    return Table(
        id=table_id,
        name=entry["name"],
        senders=tuple(entry["senders"]),
        delivered=entry["delivered"],
        nature=entry["nature"],
        key=tuple(entry["key"]),
        columns=columns,
        columns_of={sender: tuple(names) for sender, names in entry.get("columns_of", {}).items()},
    )


def dictionary_digest() -> str:
    """SHA-256 of the dictionary: what was typed under another one is to be typed again."""
    return hashlib.sha256(files(__name__).joinpath("dictionary.yaml").read_bytes()).hexdigest()


@cache
def load_tables() -> dict[str, Table]:
    """The 31 tables by id (`D01` … `D26`), in the order of the dictionary."""
    text = files(__name__).joinpath("dictionary.yaml").read_text(encoding="utf-8")
    return {table_id: _table(table_id, entry) for table_id, entry in yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)).items()}
