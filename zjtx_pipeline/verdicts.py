"""Knows what a judged table is: accepted rows, rows set aside, findings, counts; and how it is kept and found again.

Leaves judging to `validate`; needs no Great Expectations, so that a second run does without.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from zjtx_pipeline import store
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.snapshots import Snapshot
from zjtx_pipeline.sources import LINEAGE
from zjtx_pipeline.sources.raw import sheet_of
from zjtx_pipeline.suites import BLOCKING
from zjtx_pipeline.tables import Table, load_tables
from zjtx_pipeline.tables.typed import DATES, DECIMALS, with_all_columns

DELIVERED, ZERO, UNDELIVERED = "已报送", "零报送", "未报送"
UNUSABLE = "不能用"  # of a column: what its departments delivered cannot be relied on
ABSENT = (UNDELIVERED, UNUSABLE)
FINDING = ("quarter", "dataset", "sender", "severity", "rule", "header", "value", "message", "source", "place")
COUNT = ("quarter", "dataset", "sender", "source", "read", "accepted", "quarantined", "rejected")
LONGEST_VALUE = 60
MOST_IN_HAND = 256  # verdicts that a process remembers
_FRAMES = ("accepted", "set_aside", "findings", "counts")


@dataclass(frozen=True, eq=False)
class Verdict:
    """One table of one quarter, judged.

    `accepted`: values under English names, with lineage. `set_aside`: text as delivered, lineage, `rules` and
    `reasons`. `findings`, `counts`: columns as FINDING and COUNT. `blocked`: the sentences that stop what depends on
    the table, empty if nothing does. `missing_senders`: departments of the table that delivered nothing. `unfilled`: columns
    by header that nobody's delivery fills, and why (`unfilled`).
    """

    table: Table
    quarter: Quarter
    digest: str
    status: str
    missing_senders: tuple[str, ...]
    accepted: pd.DataFrame
    set_aside: pd.DataFrame
    findings: pd.DataFrame
    counts: pd.DataFrame
    blocked: tuple[str, ...]
    unfilled: Mapping[str, str] = field(default_factory=dict)

    @property
    def statuses(self) -> dict[str, str]:
        """What became of the table, and of each column of it that nobody fills: `D20`, `D20.新增工匠(人)`."""
        return {self.table.id: self.status} | {f"{self.table.id}.{header}": why for header, why in self.unfilled.items()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Verdict) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


class ConservationError(AssertionError):
    """Rows were lost or doubled on the way: a defect, never a department's fault."""


def typed_nothing(table: Table) -> pd.DataFrame:
    """The accepted rows of a table of which nothing was delivered: every column of its kind, and the lineage."""
    nothing = with_all_columns(table, pd.DataFrame(index=pd.RangeIndex(0)))
    return nothing.assign(**{name: pd.Series(dtype=DATES if name == "received_at" else "str") for name in LINEAGE})


def findings_frame(findings: Iterable[dict[str, str]]) -> pd.DataFrame:
    """Findings as a frame of text, in the order given."""
    return pd.DataFrame([[found.get(name, "") for name in FINDING] for found in findings], columns=list(FINDING), dtype="str")


def shown(value: object) -> str:
    """A delivered value as a finding shows it: one line, at most 60 characters."""
    text = "" if value is None or value is pd.NA or value != value else " ".join(str(value).split())
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def counted(snapshot: Snapshot, accepted: pd.DataFrame, set_aside: pd.DataFrame) -> pd.DataFrame:
    """What became of the rows of each sender's source; ConservationError unless read = accepted + quarantined + rejected.

    `read` is what the reader counted when it read; the other three are counted here, from the frames.
    """
    by = ["sender", "source"]
    counts = pd.DataFrame([(one.sender, one.source, one.read) for one in snapshot.sources], columns=[*by, "read"])
    counts = counts.astype(dict.fromkeys(by, "str") | {"read": "int64"}).groupby(by, sort=False).sum()
    for name, frame in (("accepted", accepted), ("quarantined", set_aside), ("rejected", snapshot.rejected)):
        counts[name] = frame.groupby(by).size().reindex(counts.index).fillna(0).astype("int64")
    lost = counts["read"] - counts[["accepted", "quarantined", "rejected"]].sum(axis=1)
    _check_sheets(snapshot, [accepted, set_aside, snapshot.rejected])
    met = {pair for frame in (accepted, set_aside) for pair in zip(frame["sender"], frame["source"], strict=True)}
    if lost.any() or met - set(counts.index):
        raise ConservationError(f"{snapshot.table.id} {snapshot.quarter}: rows unaccounted for:\n{counts[lost.ne(0)]}")
    counts = counts.reset_index()
    counts.insert(0, "dataset", pd.Series(snapshot.table.id, index=counts.index, dtype="str"))
    counts.insert(0, "quarter", pd.Series(str(snapshot.quarter), index=counts.index, dtype="str"))
    return counts[list(COUNT)]


def _check_sheets(snapshot: Snapshot, frames: Iterable[pd.DataFrame]) -> None:
    """ConservationError unless each sheet of a workbook has as many rows as the reader met on it."""
    met = {(one.source, sheet): read for one in snapshot.sources for sheet, read in one.sheets if sheet and read}
    kept = Counter(
        (source, sheet)
        for frame in frames
        for source, place in zip(frame["source"].tolist(), frame["place"].tolist(), strict=True)
        if (sheet := sheet_of(place))
    )
    if any(kept[each] != read for each, read in met.items()):
        raise ConservationError(f"{snapshot.table.id} {snapshot.quarter}: rows unaccounted for: met {met}, kept {dict(kept)}")


def owners(table: Table, column: str) -> tuple[str, ...]:
    """Who fills a column of a table that several departments fill (5.4), the first-named first."""
    listed = tuple(sender for sender, names in table.columns_of.items() if column in names)
    return listed or tuple(sender for sender in table.senders if sender not in table.columns_of)


def shared_columns(table: Table) -> tuple[str, ...]:
    """The columns that every sender fills: the key, and the firm's name."""
    return tuple(name for name in table.columns if name in table.key or name == "name")


def without_others_cells(table: Table, sender: pd.Series, text: pd.DataFrame) -> pd.DataFrame:
    """The cells that count: none in a column that another department fills (5.4)."""
    if not table.columns_of:
        return text
    own = [column for column in table.columns.values() if column.name not in shared_columns(table) and column.header in text]
    return text.assign(**{column.header: text[column.header].where(sender.isin(owners(table, column.name))) for column in own})


def joined(table: Table, accepted: pd.DataFrame) -> pd.DataFrame:
    """The departments' rows of one record as one row: each column from whoever fills it (D05, D20; 5.4).

    Tables whose rows are one department's own pass unchanged, and rows that no key tells apart, where every delivery lacks a
    column of the key and the table is stopped. Lineage of joined rows is joined by “；”.
    """
    key = [name for name in table.key if name != "sender"]
    if not table.columns_of or accepted[key].isna().any(axis=None):
        return accepted
    by_sender = {sender: rows.set_index(key) for sender, rows in accepted.groupby("sender", sort=False)}
    present = sorted(by_sender, key=lambda sender: (sender not in table.senders, accepted["sender"].eq(sender).idxmax()))
    whole = accepted[key].drop_duplicates()
    index = pd.MultiIndex.from_frame(whole)
    result = whole.reset_index(drop=True)
    for name in [name for name in accepted.columns if name not in key]:
        fillers = present if name in (*LINEAGE, "name") else [each for each in owners(table, name) if each in by_sender]
        columns = [by_sender[sender][name].reindex(index).reset_index(drop=True) for sender in fillers]
        result[name] = _merged(name, columns, accepted[name].dtype, len(result))
    return result[list(accepted.columns)]


def _merged(name: str, columns: Sequence[pd.Series], dtype, rows: int) -> pd.Series:
    """The first sender's value, else the next one's; of texts of lineage all of them, of times the latest."""
    merged = pd.Series(pd.NA, index=range(rows), dtype=dtype)
    for column in columns:
        if name == "received_at":
            merged = merged.where(merged >= column, column).fillna(merged)
        elif name in LINEAGE:
            merged = (merged + "；" + column).fillna(merged).fillna(column)
        else:
            merged = merged.fillna(column)
    return merged


def blocked_by(findings: pd.DataFrame) -> tuple[str, ...]:
    """The sentences of the findings that stop a table, each once."""
    return tuple(findings.loc[findings["severity"].eq(BLOCKING), "message"].drop_duplicates())


def path_of(home: Path, table: Table, digest: str) -> Path:
    return home / "validated" / table.id / digest[:16]


_IN_HAND: dict[Path, Verdict] = {}


def keep(home: Path, verdict: Verdict) -> None:
    """Keep a verdict under its digest, whole or not at all."""
    path = path_of(home, verdict.table, verdict.digest)
    if not path.is_dir():
        with store.new_folder(path) as folder:
            for name in _FRAMES:
                store.write_frame(folder / f"{name}.parquet", getattr(verdict, name))
            record = {
                "table": verdict.table.id,
                "quarter": str(verdict.quarter),
                "digest": verdict.digest,
                "status": verdict.status,
                "missing_senders": verdict.missing_senders,
                "blocked": verdict.blocked,
                "unfilled": verdict.unfilled,
            }
            store.write_json(folder / "verdict.json", record)
    _remember(path, verdict)


def load(path: Path) -> Verdict:
    """A kept verdict, judged or read once a process, being immutable."""
    return _IN_HAND[path] if path in _IN_HAND else _remember(path, read(path))


def _remember(path: Path, verdict: Verdict) -> Verdict:
    _IN_HAND.pop(path, None)
    while len(_IN_HAND) >= MOST_IN_HAND:
        del _IN_HAND[next(iter(_IN_HAND))]
    _IN_HAND[path] = verdict
    return verdict


def read(path: Path) -> Verdict:
    """A kept verdict from its files, the frames of the same types as when it was judged."""
    record = store.read_json(path / "verdict.json")
    table = load_tables()[record["table"]]
    frames = {name: store.read_frame(path / f"{name}.parquet") for name in _FRAMES}
    return Verdict(
        table=table,
        quarter=Quarter.parse(record["quarter"]),
        digest=record["digest"],
        status=record["status"],
        missing_senders=tuple(record["missing_senders"]),
        blocked=tuple(record["blocked"]),
        unfilled=record.get("unfilled", {}),  # none in those that an earlier version kept
        **{**frames, "accepted": _exact(table, frames["accepted"])},
    )


def _exact(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Decimals come back from Parquet as objects: make them exact columns again."""
    decimals = {column.name: DECIMALS for column in table.columns.values() if column.kind == "decimal"}
    return frame.astype({name: kind for name, kind in decimals.items() if name in frame})


def status_of(snapshot: Snapshot) -> str:
    """已报送, 零报送 (nothing to report) or 未报送 (no delivery at all, never 0)."""
    if not snapshot.sources:
        return UNDELIVERED
    return ZERO if all(source.is_zero for source in snapshot.sources) else DELIVERED


def missing_senders(snapshot: Snapshot) -> tuple[str, ...]:
    sent = {source.sender for source in snapshot.sources}
    return tuple(sender for sender in snapshot.table.senders if sender not in sent)


def first(items: Sequence[str], number: int = 3) -> str:
    """A list for a sentence: its first items, and how many more there are."""
    rest = f"等 {len(items)} 处" if len(items) > number else ""
    return "、".join(items[:number]) + rest
