"""Knows how deliveries are kept as they came: one immutable folder for each table, quarter and content.

Leaves finding and reading them to `sources`, judging them to `validate`. A folder bears the first 16 digits of the
SHA-256 over what was delivered, never over the clock of the pull: the same delivery is kept once, another one beside.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from zjtx_pipeline import store
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.quarter import CHINA, Quarter
from zjtx_pipeline.sources import LINEAGE, Delivery, Raw
from zjtx_pipeline.tables import Table, load_tables

_FILES = ("workbook", "delimited")


@dataclass(frozen=True)
class Source:
    """One delivery of a snapshot: who sent it, what it held, which faults its reading met.

    `read` counts rows and rejected lines, `sheets` those of each sheet of a workbook; `sha256` is of the file's bytes, "" for a database.
    """

    sender: str
    source: str
    kind: str
    received_at: str
    read: int
    rejected: int
    headers: tuple[str, ...]
    notes: tuple[str, ...] = ()
    is_zero: bool = False
    fault: str = ""
    refused: str = ""
    sha256: str = ""
    bytes: int = 0
    sheets: tuple[tuple[str, int], ...] = ()

    @property
    def received(self) -> datetime:
        return datetime.fromisoformat(self.received_at)

    @property
    def is_silent(self) -> bool:
        """A gateway's delivery that gave no row: a fault, an empty list, rows that are not this quarter's."""
        return self.kind == "gateway" and not (self.read > self.rejected or self.is_zero or self.refused)

    def sent(self, frame: pd.DataFrame) -> pd.Series:
        """Which rows, lines or findings are of this delivery: departments may share a view, a department send several files."""
        return frame["source"].eq(self.source) & frame["sender"].eq(self.sender)


@dataclass(frozen=True)
class Snapshot:
    """What the departments delivered of one table for one quarter; no sources means 未报送.

    `rows`: text under the delivered headers beside sender, received_at, source, place; NA under headers that
    another source of the same table bears. `rejected`: sender, source, place, text, reason.
    """

    path: Path
    table: Table
    quarter: Quarter
    digest: str
    sources: tuple[Source, ...]
    kept_at: str = field(compare=False, default="")

    @cached_property
    def rows(self) -> pd.DataFrame:
        return store.read_frame(self.path / "rows.parquet")

    @cached_property
    def rejected(self) -> pd.DataFrame:
        return self.lines.drop(columns="cells")

    @cached_property
    def lines(self) -> pd.DataFrame:
        """The rejected lines with their `cells` by header, as JSON; "" where those are not known."""
        kept = store.read_frame(self.path / "rejected.parquet")
        return kept if "cells" in kept else kept.assign(cells=pd.Series("", index=kept.index, dtype="str"))


def keep(home: Path, quarter: Quarter, table: Table, deliveries: Sequence[Delivery]) -> Snapshot:
    """Keep what was delivered; a snapshot that stands already is used as it is, and its files are not read again."""
    digest = store.digest(table.id, str(quarter), *(delivery.digest() for delivery in deliveries))
    path = home / "snapshots" / str(quarter) / table.id / digest[:16]
    if not path.is_dir():
        with store.new_folder(path) as folder:
            _write(folder, quarter, table, digest, [delivery.read() for delivery in deliveries])
    return load(path)


def load(path: Path) -> Snapshot:
    """A kept snapshot; ZjtxError where it is not whole."""
    try:
        record = store.read_json(path / "snapshot.json")
    except (OSError, ZjtxError):
        raise ZjtxError(f"快照 {path} 不完整：请从备份恢复该文件夹，或删除后重新运行。") from None
    return Snapshot(
        path=path,
        table=load_tables()[record["table"]],
        quarter=Quarter.parse(record["quarter"]),
        digest=record["digest"],
        sources=tuple(_source(entry) for entry in record["sources"]),
        kept_at=record["kept_at"],
    )


@dataclass(frozen=True)
class SourceFile:
    """One delivery that a quarter rests on; `sha256` of the file, of the snapshot where it came from a database."""

    table: str
    sender: str
    source: str
    rows: int
    sha256: str


def source_files(kept: Iterable[Snapshot]) -> list[SourceFile]:
    """The deliveries of some snapshots, in their order."""
    return [
        SourceFile(snapshot.table.id, one.sender, one.source, one.read, one.sha256 or snapshot.digest)
        for snapshot in kept
        for one in snapshot.sources
    ]


def contents(snapshot: Snapshot) -> dict[str, str]:
    """What each sender delivered, by its digest: a file's bytes, else the cells of its rows; who gave nothing is not named.

    Of a department's several files all count. Neither file names nor times are part of it.
    """
    found: dict[str, list[str]] = {}
    for one in snapshot.sources:
        if not one.is_silent:
            found.setdefault(one.sender, []).append(_content(snapshot, one))
    return {sender: store.digest(*sorted(each)) for sender, each in found.items()}


def _content(snapshot: Snapshot, one: Source) -> str:
    if one.kind in _FILES:
        return store.digest(one.sha256, one.fault, str(one.is_zero))
    rows = snapshot.rows.loc[one.sent(snapshot.rows), list(one.headers)]
    broken = snapshot.rejected.loc[one.sent(snapshot.rejected), "text"]
    return store.digest(rows.to_csv(index=False), *broken, one.fault, str(one.is_zero))


def _source(entry: dict[str, Any]) -> Source:
    listed = {name: tuple(entry[name]) for name in ("headers", "notes")}
    return Source(**{**entry, **listed, "sheets": tuple(map(tuple, entry.get("sheets", ())))})


def _write(folder: Path, quarter: Quarter, table: Table, digest: str, raws: Sequence[Raw]) -> None:
    store.write_frame(folder / "rows.parquet", _rows(raws))
    store.write_frame(folder / "rejected.parquet", _joined([raw.rejected for raw in raws], _REJECTED))
    for raw in raws:
        for name, content in raw.original.items():
            store.write_bytes(folder / "original" / name, content)
    record = {
        "table": table.id,
        "quarter": str(quarter),
        "digest": digest,
        "sources": [asdict(_described(raw)) for raw in raws],
        "files": {str(file.relative_to(folder)): _sha256(file) for file in sorted(folder.rglob("*")) if file.is_file()},
        "rows": sum(len(raw.rows) for raw in raws),
        "kept_at": datetime.now(CHINA).isoformat(timespec="seconds"),
    }
    store.write_json(folder / "snapshot.json", record)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _described(raw: Raw) -> Source:
    return Source(
        sender=raw.origin.sender,
        source=raw.origin.source,
        kind=raw.origin.kind,
        received_at=raw.origin.received_at.isoformat(),
        read=raw.read,
        rejected=len(raw.rejected),
        headers=raw.headers,
        notes=raw.notes,
        is_zero=raw.is_zero,
        fault=raw.fault,
        refused=raw.refused,
        sha256=raw.sha256,
        bytes=raw.size,
        sheets=tuple(raw.sheets.items()),
    )


_LINEAGE_TYPES = {"sender": "str", "received_at": "datetime64[us]", "source": "str", "place": "str"}
_REJECTED = {"sender": "str", "source": "str", "place": "str", "text": "str", "reason": "str", "cells": "str"}


def _rows(raws: Sequence[Raw]) -> pd.DataFrame:
    frame = _joined([raw.rows for raw in raws], _LINEAGE_TYPES)
    delivered = [column for column in frame.columns if column not in LINEAGE]
    return frame[[*delivered, *LINEAGE]]


def _joined(frames: Sequence[pd.DataFrame], types: dict[str, str]) -> pd.DataFrame:
    empty = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in types.items()})
    return pd.concat([empty, *frames], ignore_index=True).astype(types)
