"""Knows what had been delivered of a table by the end of a day, from what was kept and when it was looked for.

Leaves keeping to `snapshots`. Every look into the sources is one line of `looks.jsonl` beside a table's snapshots: when,
and what was found. What was known on a day (docs/decisions/0008) is what the last look by its end found, and beside it
what the first look after it found that bears a 报送时间 between the two. An answer, once given, stands; one given while the
收件目录 was away is not written down. Of a quarter gone by, what was kept of a department stands in once it gives nothing any more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from pathlib import Path

from zjtx_pipeline import snapshots, sources, store
from zjtx_pipeline.quarter import CHINA, Quarter
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.snapshots import Snapshot, Source
from zjtx_pipeline.sources import LINEAGE, Delivery, Origin, Raw
from zjtx_pipeline.tables import Table

LOG = "looks.jsonl"


@dataclass(frozen=True)
class Look:
    """One look into the sources: when (in China), and the snapshot of what was found."""

    at: datetime
    digest: str


@dataclass(frozen=True)
class Kept:
    """One delivery out of a kept snapshot, to be kept again beside others that were never found together."""

    snapshot: Snapshot
    source: Source

    @property
    def table(self) -> Table:
        return self.snapshot.table

    @property
    def origin(self) -> Origin:
        return Origin(self.source.sender, self.source.source, self.source.received, self.source.kind)

    def digest(self) -> str:
        told = json.dumps(asdict(self.source), ensure_ascii=False, sort_keys=True)
        return store.digest("kept", self.table.id, told, self.source.sha256 or self.snapshot.digest)

    def read(self) -> Raw:
        """What was read of it then, and the bytes if it was a file; nothing is read anew."""
        one, rows, rejected = self.source, self.snapshot.rows, self.snapshot.lines
        own, turned = ((each["source"].eq(one.source) & each["sender"].eq(one.sender)) for each in (rows, rejected))
        file = self.snapshot.path / "original" / Path(one.source).name
        return Raw(
            self.origin,
            rows.loc[own, [*one.headers, *LINEAGE]].reset_index(drop=True),
            rejected[turned].reset_index(drop=True),
            one.read,
            headers=one.headers,
            notes=one.notes,
            is_zero=one.is_zero,
            fault=one.fault,
            refused=one.refused,
            original={file.name: file.read_bytes()} if file.is_file() else {},
            sha256=one.sha256,
            size=one.bytes,
            sheets=dict(one.sheets),
        )


def look(home: Path, settings: Settings, table: Table, quarter: Quarter) -> Snapshot:
    """Keep what the sources offer now of a table and quarter, and that it was looked for."""
    snapshot = snapshots.keep(home, quarter, table, sources.deliveries(settings, table, quarter))
    _noted(home, quarter, table, {"at": _now().isoformat(), "digest": snapshot.digest})
    return snapshot


def look_back(home: Path, settings: Settings, table: Table, quarter: Quarter) -> Snapshot:
    """What stands of a quarter gone by: what is found now and, of a department whose files were cleared away since or whose
    gateway is down, what the last look that heard of it found."""
    snapshot = look(home, settings, table, quarter)
    found = {one.sender: Kept(snapshot, one) for one in snapshot.sources}
    standing = _heard(home, quarter, table, looks(home, quarter, table), found)
    return _together(home, settings, table, quarter, list(standing.values()))


def heard(home: Path, quarter: Quarter, table: Table) -> dict[str, Delivery]:
    """What was kept last of each department, whether or not it is still to be found."""
    return _heard(home, quarter, table, looks(home, quarter, table), {})


def on_day(home: Path, settings: Settings, table: Table, quarter: Quarter, day: date, later: bool) -> Snapshot:
    """What a run on that day would have used of a table and data quarter; no sources where nothing was known.

    `later`: for a quarter gone by when the run is about a later one, what had been kept stands in for files that were
    cleared away by then (decision 5). Looks into the sources only if nobody has looked since the day ended.
    """
    told = _told(home, quarter, table, day, later)
    if told is not None:
        return snapshots.load(told)
    end = datetime.combine(day, time.max)
    if all(each.at <= end for each in looks(home, quarter, table)):
        look(home, settings, table, quarter)
    chosen = _chosen(home, settings, table, quarter, end, later)
    snapshot = _together(home, settings, table, quarter, chosen)
    if end < _now() and (settings.inbox is None or sources.has_inbox(settings)):
        _noted(home, quarter, table, {"as_of": str(day), "later": later, "digest": snapshot.digest})
    return snapshot


def looks(home: Path, quarter: Quarter, table: Table) -> list[Look]:
    """Every look for a table and quarter, the earliest first; a snapshot whose look was lost was looked at when kept."""
    lines = _lines(home, quarter, table)
    noted = [Look(datetime.fromisoformat(line["at"]), line["digest"]) for line in lines if "at" in line]
    known = {line["digest"][:16] for line in lines}
    lost = [snapshots.load(path) for path in _kept(home, quarter, table) if path.name not in known]
    found = [Look(datetime.fromisoformat(each.kept_at).astimezone(CHINA).replace(tzinfo=None), each.digest) for each in lost]
    return sorted([*noted, *found], key=lambda each: each.at)


def _chosen(home: Path, settings: Settings, table: Table, quarter: Quarter, end: datetime, later: bool) -> list[Delivery]:
    """Each department's delivery that was known by then."""
    every = looks(home, quarter, table)
    by_then, since = [each for each in every if each.at <= end], [each for each in every if each.at > end]
    last = by_then[-1] if by_then else None
    found = _deliveries(home, quarter, table, last)
    if later:  # some may have been cleared away by then
        found = _heard(home, quarter, table, by_then, found)
    after = _deliveries(home, quarter, table, since[0] if since else None)
    for sender, one in after.items():
        arrived = one.source.received
        if arrived <= end and (sender not in found or arrived > last.at):
            found[sender] = one
        elif arrived > end and sender not in found:
            found |= _replaced(home, settings, table, quarter, sender, end)
    return list(found.values())


def _heard(
    home: Path, quarter: Quarter, table: Table, seen: Sequence[Look], found: Mapping[str, Delivery]
) -> dict[str, Delivery]:
    """What is found and, of each department that is silent, what the last of some looks that heard of it found.

    A silent interface that nothing was ever kept of is left among them, for it is a fault of the table.
    """
    heard = _not_silent(found)
    for each in {each.digest: each for each in reversed(seen)}.values():
        if (_folder(home, quarter, table) / each.digest[:16]).is_dir():  # a broken one may have been taken away by hand
            heard = _not_silent(_deliveries(home, quarter, table, each)) | heard
    covered = {one.source.source for one in heard.values()}
    return heard | {sender: one for sender, one in found.items() if sender not in heard and one.source.source not in covered}


def _not_silent(found: Mapping[str, Delivery]) -> dict[str, Delivery]:
    return {sender: one for sender, one in found.items() if not one.source.is_silent}


def _replaced(home: Path, settings: Settings, table: Table, quarter: Quarter, sender: str, end: datetime) -> dict[str, Delivery]:
    """A department's newest delivery by then that a later one has replaced since; nothing where there was none."""
    kept = [snapshots.load(path) for path in _kept(home, quarter, table)]
    offered = [Kept(each, one) for each in kept for one in each.sources if one.sender == sender]
    offered += [each for each in sources.every_file(settings, table, quarter) if each.origin.sender == sender]
    known = [each for each in offered if each.origin.received_at <= end]
    newest = max(known, key=_rank, default=None)
    return {sender: newest} if newest else {}


def _rank(delivery: Delivery) -> tuple:
    return delivery.origin.received_at, delivery.origin.source, isinstance(delivery, Kept)


def _together(home: Path, settings: Settings, table: Table, quarter: Quarter, chosen: list[Delivery]) -> Snapshot:
    """One snapshot of some deliveries: the one in which they were found, else a new one."""
    kept = [each for each in chosen if isinstance(each, Kept)]
    whole = {each.snapshot.path: each.snapshot for each in kept}
    if len(whole) == 1 and len(kept) == len(chosen):
        (snapshot,) = whole.values()
        if {each.source for each in kept} == set(snapshot.sources):
            return snapshot
    snapshot = snapshots.keep(home, quarter, table, sources.in_order(settings, chosen))
    _noted(home, quarter, table, {"together": True, "digest": snapshot.digest})  # else it would count as found when kept
    return snapshot


def _deliveries(home: Path, quarter: Quarter, table: Table, seen: Look | None) -> dict[str, Delivery]:
    if seen is None:
        return {}
    snapshot = snapshots.load(_folder(home, quarter, table) / seen.digest[:16])
    return {one.sender: Kept(snapshot, one) for one in snapshot.sources}


def _told(home: Path, quarter: Quarter, table: Table, day: date, later: bool) -> Path | None:
    """The answer that was given for a day, if one was."""
    asked = {"as_of": str(day), "later": later}
    found = next((line for line in _lines(home, quarter, table) if asked.items() <= line.items()), None)
    return found and _folder(home, quarter, table) / found["digest"][:16]


def _folder(home: Path, quarter: Quarter, table: Table) -> Path:
    return home / "snapshots" / str(quarter) / table.id


def _kept(home: Path, quarter: Quarter, table: Table) -> list[Path]:
    return sorted(_folder(home, quarter, table).glob("[0-9a-f]*"))


def _lines(home: Path, quarter: Quarter, table: Table) -> list[Mapping]:
    return list(_whole(_folder(home, quarter, table) / LOG))


def _whole(path: Path) -> Iterator[Mapping]:
    """The lines of the log; one that a power cut left half-written is no look."""
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            yield json.loads(line)
        except ValueError:
            continue


def _noted(home: Path, quarter: Quarter, table: Table, line: Mapping) -> None:
    """Append a line in one write, so that two processes do not mix theirs; it begins anew after a half-written one."""
    with (_folder(home, quarter, table) / LOG).open("ab") as file:
        file.write(f"\n{json.dumps(line, ensure_ascii=False)}\n".encode())


def _now() -> datetime:
    return datetime.now(CHINA).replace(tzinfo=None)
