"""Knows how a kept quarter is held against a published list: which titles and batch are meant, which firms answer to
which names. Leaves the comparison itself to `reconcile`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from zjtx_pipeline import reconcile, store
from zjtx_pipeline.books import Books
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.facts.register import register
from zjtx_pipeline.firms import current, in_district
from zjtx_pipeline.reconcile import Comparison, Published
from zjtx_pipeline.rules import Rules
from zjtx_pipeline.stages.intake import books, verdict_on
from zjtx_pipeline.stages.run import Run
from zjtx_pipeline.tables import comparable

LEDGER, FIRMS, CHANGES = "D04", "D01", "D02"


@dataclass(frozen=True)
class Reconciled:
    """What came of one list: held against which 资质类型 and 批次, the comparison, and where its workbook lies."""

    tier: str
    batch: str
    comparison: Comparison
    remarks: tuple[str, ...]
    path: Path


def reconcile_list(run: Run, path: Path, tier: str | None = None, batch: str | None = None) -> Reconciled:
    """Hold a published list against the titles of a quarter's kept run; ZjtxError says what is lacking."""
    held = _kept(run)
    published = reconcile.read_list(_content(path), path.name)
    chosen = _tier(run.settings.rules, published, tier)
    rows = held[LEDGER][held[LEDGER]["tier"].eq(chosen) & (held[LEDGER]["announced_on"] <= held.day)]
    named = _batch(rows, held.rules, published, chosen, batch)
    comparison = _compared(run, held, published, rows, named)
    remarks = _remarks(published)
    target = run.home / "reconcile" / str(run.quarter) / f"对账_{_plain(chosen)}_{_plain(named)}.xlsx"
    about = [("季度", str(run.quarter)), ("名单", path.name), ("资质类型", chosen), ("批次", named), *(("说明", each) for each in remarks)]
    store.write_bytes(target, reconcile.workbook(comparison, about))
    return Reconciled(chosen, named, comparison, remarks, target)


def _kept(run: Run) -> Books:
    """The quarter's accepted tables as its last run judged them."""
    if not all(run.pointer("judged", run.quarter, table_id).exists() for table_id in (LEDGER, FIRMS, CHANGES)):
        raise ZjtxError(f"{run.quarter} 还没有取数校验，没有可比的台账：请先运行 ./zjtx report {run.quarter}。")
    held = books(run)
    if held.lacks((LEDGER, FIRMS)):
        raise ZjtxError(f"{run.quarter} 的资质事件（D04）或企业主体（D01）未报送，不能对账。")
    return held


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise ZjtxError(f"读不到名单 {path}：没有这个文件，或没有权限。") from None


def _tier(rules: Rules, published: Published, named: str | None) -> str:
    """The 资质类型 asked for, else the one in the list's title: of several on the ladder the highest."""
    spellings = rules.spellings()["D04.资质类型"]
    if named is not None:
        if named not in spellings:
            raise ZjtxError(f"没有资质类型“{named}”：可选 {'、'.join(rules.tiers.types)}。")
        return spellings[named]
    title, ladder = comparable(published.title), rules.tiers.ladder
    found = {tier for spelling, tier in spellings.items() if re.sub("^(?:省|国家)", "", spelling) in title}
    if found and found <= set(ladder):
        return max(found, key=ladder.index)
    if len(found) == 1:
        return found.pop()
    raise ZjtxError(f"从名单标题看不出是哪一种资质：请用 --tier 指明，可选 {'、'.join(rules.tiers.types)}。")


def _batch(rows: pd.DataFrame, rules: Rules, published: Published, tier: str, named: str | None) -> str:
    """The 批次 asked for, else the only one of the ledger's whose name, less its bracket, stands in the list's title."""
    granted = rows[rows["event"].isin(rules.tiers.events.granting)].sort_values(["announced_on", "batch"])
    known = {comparable(batch): batch for batch in granted["batch"].dropna().drop_duplicates()}
    title = comparable(published.title)
    found = [comparable(named)] if named else [each for each in known if re.sub(r"\(.*\)$", "", each) in title]
    if len(found) == 1 and found[0] in known:
        return known[found[0]]
    choice = "、".join(known.values()) or "（无）"
    if named:
        raise ZjtxError(f"台账中{tier}没有批次“{named}”：有 {choice}。")
    raise ZjtxError(f"从名单标题看不出是{tier}的哪一批：请用 --batch 指明，台账中有 {choice}。")


def _compared(run: Run, held: Books, published: Published, rows: pd.DataFrame, batch: str) -> Comparison:
    own = rows["batch"].eq(batch) & rows["event"].isin(held.rules.tiers.events.granting)
    firm = current(held, rows["uscc"])
    here = in_district(held, current(held, rows["uscc"], rows["announced_on"]), rows["announced_on"])
    lineage = held.tables[LEDGER].loc[rows.index, ["source", "place"]]
    ledger = rows.assign(firm=firm, here=here, ledger_at=lineage["source"] + " " + lineage["place"])
    district = re.sub("[区县市]$", "", held.rules.regions.district.name)
    return reconcile.compare(
        published.rows,
        ledger[own],
        _names(run, held),
        _told(ledger[~own]),
        district=district,
        whole_is_ours=district in published.title,
    )


def _names(run: Run, held: Books) -> pd.DataFrame:
    """Every name that a code of the register may bear (D01, 曾用名, D02's renames): uscc, firm, key, local."""
    known = register(verdict_on(run, FIRMS, run.quarter), verdict_on(run, CHANGES, run.quarter)).names
    names = pd.Series(known.to_pylist(), dtype="str").str.extract(r"^(?P<uscc>[^|]*)\|(?P<key>.*)$")
    firm = current(held, names["uscc"])
    return names.assign(firm=firm, local=in_district(held, firm))


def _told(rows: pd.DataFrame) -> pd.Series:
    """What the ledger says of a firm beside the batch asked for: `第五批公示2023-07-01、第五批认定2023-07-14`."""
    rows = rows.sort_values(["announced_on", "event"])
    said = rows["batch"] + rows["event"] + rows["announced_on"].dt.strftime("%Y-%m-%d")
    return said.groupby(rows["firm"]).agg("、".join)


def _remarks(published: Published) -> tuple[str, ...]:
    publicity = "名单标题写有“公示”：公示不等于公布，最终以公布的名单为准。"
    return (publicity,) if published.is_publicity else ()


def _plain(text: str) -> str:
    """A text fit for a file's name."""
    return re.sub(r"[^\w\-()]", "", comparable(text))
