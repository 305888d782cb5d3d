"""Knows which firms of a published list our ledger lacks, which the list lacks, and which cannot be told apart.

Leaves reading the list to `published`, and which rows of D04 are meant to whoever asks.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from zjtx_pipeline.books import found_in, looked_up
from zjtx_pipeline.facts.register import plain_names

UNLEDGERED, UNLISTED = "名单有台账无", "台账有名单无"
MISNAMED, AMBIGUOUS, REPEATED, ELSEWHERE = "名称不一致", "同名多码", "名单内重复", "区县不一致"
KINDS = {
    UNLEDGERED: "名单有、台账无",
    UNLISTED: "台账有、名单无",
    MISNAMED: "名称不一致（同码）",
    AMBIGUOUS: "同名多码（需人工核对）",
    ELSEWHERE: "名单写在外区县，台账有",
    REPEATED: "名单内重复",
}
DIFFERENCE = ["kind", "name", "uscc", "message", "listed_at", "ledger_at"]
SHARED = ["name", "uscc", "ledger_name", "batch", "event", "listed_at", "ledger_at"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What came of a comparison: `counts` by what is counted, `differences` (DIFFERENCE), the firms in both (SHARED).

    Every firm of the list that is ours is in both, lacking in the ledger or of several codes; every firm of the ledger
    in both, lacking in the list or one of those codes.
    """

    counts: dict[str, int]
    differences: pd.DataFrame
    shared: pd.DataFrame

    def of(self, kind: str) -> pd.DataFrame:
        return self.differences[self.differences["kind"].eq(kind)]


def compare(
    listed: pd.DataFrame, ledger: pd.DataFrame, register: pd.DataFrame, told: pd.Series, *, district: str, whole_is_ours: bool
) -> Comparison:
    """Hold a list (`published.ROW`) against the ledger's rows of its 资质类型 and 批次.

    `ledger`: uscc, firm (the code of today), name, batch, event, here (在萧 when announced), ledger_at. `register`: every
    name that a code may bear: uscc, firm, key, local (在萧 now). `told`: what else the ledger says of a firm, by firm.
    `district`: how the list writes it; `whole_is_ours`: does a row that names no district belong to it all the same?
    """
    held = ledger.drop_duplicates("firm").set_index("firm")
    aliases = pd.concat([register[_ALIAS], ledger.assign(key=plain_names(ledger["name"]))[_ALIAS]])
    rows = _placed(_matched(listed, aliases), register, held, district, whole_is_ours)
    sides = _divided(rows[rows["ours"]], held, aliases)
    told_of = [
        _lacking(sides.lacking, told),
        _unlisted(sides.unlisted),
        _misnamed(sides.both, held, aliases),
        _several(sides.several, aliases),
        _elsewhere(sides.both, district),
        _repeated(sides.repeated),
    ]
    return Comparison(_counts(rows, sides, held), pd.concat(told_of, ignore_index=True)[DIFFERENCE], _shared(sides.both, held))


_ALIAS = ["uscc", "firm", "key"]


@dataclass(frozen=True, eq=False)
class _Sides:
    """Our rows of the list, each firm once: in both, lacking in the ledger, of several codes; what stands there again;
    and the ledger's firms that the list lacks."""

    both: pd.DataFrame
    lacking: pd.DataFrame
    several: pd.DataFrame
    repeated: pd.DataFrame
    unlisted: pd.DataFrame


def _divided(ours: pd.DataFrame, held: pd.DataFrame, aliases: pd.DataFrame) -> _Sides:
    again = ours["firm"].fillna(ours["key"]).duplicated()
    once, known = ours[~again], found_in(ours["firm"], held.index)[~again]
    several = once[once["several"]]
    both = once[known & ~once["several"]]
    doubtful = aliases.loc[aliases["key"].isin(several["key"]), "firm"]
    unlisted = held[held["here"] & ~held.index.isin([*both["firm"], *doubtful])]
    return _Sides(both, once[~known & ~once["several"]], several, ours[again], unlisted)


def _counts(rows: pd.DataFrame, sides: _Sides, held: pd.DataFrame) -> dict[str, int]:
    return {
        "名单全部行": len(rows),
        "名单中属本区的企业": len(sides.both) + len(sides.lacking) + len(sides.several),
        "台账中的企业": int((held["here"] | held.index.isin(sides.both["firm"])).sum()),
        "两边都有": len(sides.both),
        KINDS[UNLEDGERED]: len(sides.lacking),
        KINDS[UNLISTED]: len(sides.unlisted),
        KINDS[AMBIGUOUS]: len(sides.several),
        "名单未写区县且对不上本区企业的行（未列出）": int(rows["unplaced"].sum()),
    }


def _matched(listed: pd.DataFrame, aliases: pd.DataFrame) -> pd.DataFrame:
    """Each row's firm: by its code where the register knows it, else by its name if that is one firm's alone."""
    codes = aliases.drop_duplicates("uscc").set_index("uscc")["firm"]
    named = aliases.drop_duplicates(["key", "firm"])
    number = named["key"].value_counts()
    alone = named[named["key"].map(number).eq(1)].set_index("key")["firm"]
    by_code = looked_up(codes, listed["uscc"])
    several = by_code.isna() & looked_up(number, listed["key"]).gt(1).fillna(False).astype(bool)
    firm = by_code.fillna(looked_up(alone, listed["key"]))
    return listed.assign(firm=firm, by_code=by_code.notna(), several=several)


def _placed(rows: pd.DataFrame, register: pd.DataFrame, held: pd.DataFrame, district: str, whole_is_ours: bool) -> pd.DataFrame:
    """Which rows concern us: those that name the district; of those that name none, the firms that we know as ours.

    A firm that was ours when announced, by our ledger, concerns us wherever the list puts it.
    """
    local = register[register["local"]]
    known = found_in(rows["firm"], held.index) | found_in(rows["firm"], local["firm"])
    known |= rows["several"] & found_in(rows["key"], local["key"])
    here = rows["region"].str.contains(district, regex=False).fillna(False).astype(bool)
    silent = ~_names_a_district(rows["region"])
    ours = here | found_in(rows["firm"], held.index[held["here"]]) | silent & (known | whole_is_ours)
    return rows.assign(ours=ours, here=here, silent=silent, unplaced=silent & ~here & ~ours)


def _names_a_district(regions: pd.Series) -> pd.Series:
    """Does the text go down to a district, a county or a city under a city? `浙江省杭州市` does not."""
    return regions.str.contains(r"区|县|市.+市", regex=True).fillna(False).astype(bool)


def _shared(both: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    beside = held.reindex(both["firm"].array)
    columns = {name: beside[name].array for name in ("uscc", "batch", "event", "ledger_at")}
    return both.assign(**columns, ledger_name=beside["name"].array, listed_at=both["where"])[SHARED].reset_index(drop=True)


def _difference(kind: str, rows: pd.DataFrame, **columns) -> pd.DataFrame:
    """Rows of one kind of difference; what a kind has nothing to say of stays empty."""
    blank = pd.Series("", index=rows.index, dtype="str")
    given = {name: columns.get(name, blank) for name in DIFFERENCE[1:]}
    return pd.DataFrame({"kind": pd.Series(kind, index=rows.index, dtype="str"), **given})


def _lacking(rows: pd.DataFrame, told: pd.Series) -> pd.DataFrame:
    code = rows["uscc"].fillna(rows["firm"])
    said = looked_up(told, rows["firm"])
    reason = ("台账中本资质另有：" + said).fillna("台账中没有该企业的本资质").mask(rows["firm"].isna(), "企业主体登记中查无此企业")
    message = rows["name"] + "：名单有，台账没有本批的认定或复核通过；" + reason + "。请核对台账是否漏登，名称或码是否有误。"
    return _difference(UNLEDGERED, rows, name=rows["name"], uscc=code, message=message, listed_at=rows["where"])


def _unlisted(rows: pd.DataFrame) -> pd.DataFrame:
    message = rows["name"] + "：台账记为" + rows["batch"] + rows["event"] + "，名单没有。请核对公布名单和台账的批次。"
    return _difference(UNLISTED, rows, name=rows["name"], uscc=rows["uscc"], message=message, ledger_at=rows["ledger_at"])


def _misnamed(both: pd.DataFrame, held: pd.DataFrame, aliases: pd.DataFrame) -> pd.DataFrame:
    """Of the same code, but by a name that neither the register, a rename nor the ledger knows."""
    known = aliases["firm"] + "|" + aliases["key"]
    rows = both[both["by_code"] & ~found_in(both["firm"] + "|" + both["key"], known)]
    ours = held.reindex(rows["firm"].array).set_axis(rows.index)
    message = "名单写作“" + rows["name"] + "”，台账写作“" + ours["name"] + "”，统一社会信用代码相同。请核对是否更名。"
    beside = {"listed_at": rows["where"], "ledger_at": ours["ledger_at"]}
    return _difference(MISNAMED, rows, name=rows["name"], uscc=rows["uscc"], message=message, **beside)


def _several(rows: pd.DataFrame, aliases: pd.DataFrame) -> pd.DataFrame:
    codes = aliases.drop_duplicates(["key", "firm"]).sort_values("firm").groupby("key")["firm"].agg("、".join)
    candidates = looked_up(codes, rows["key"])
    message = rows["name"] + "：名单没有码，同名的企业有 " + candidates + "，不能自动认定是哪一家，请人工核对。"
    return _difference(AMBIGUOUS, rows, name=rows["name"], uscc=candidates, message=message, listed_at=rows["where"])


def _elsewhere(both: pd.DataFrame, district: str) -> pd.DataFrame:
    rows = both[~both["here"] & ~both["silent"]]
    message = rows["name"] + "：名单写在“" + rows["region"] + "”，不是" + district + "，台账有。请核对企业是否已迁移。"
    return _difference(ELSEWHERE, rows, name=rows["name"], uscc=rows["uscc"].fillna(rows["firm"]), message=message, listed_at=rows["where"])


def _repeated(rows: pd.DataFrame) -> pd.DataFrame:
    message = rows["name"] + "：在名单中不止一次，只计一家。"
    return _difference(REPEATED, rows, name=rows["name"], uscc=rows["uscc"].fillna(rows["firm"]), message=message, listed_at=rows["where"])
