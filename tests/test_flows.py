"""Opening + in − out = closing, for every title and pool, with one cause a firm."""

import pandas as pd
import pytest
from builders import books, case_books, cases
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st

from zjtx_pipeline.flows import CLOSING, IN, KEPT, OPENING, OUT, POOLS, TITLES, flow, movements, opening_day
from zjtx_pipeline.indicators.task01_tiers import t01_1, t01_2, t01_3
from zjtx_pipeline.tiers import pool_spans, titles

FIRMS, OTHERS = "甲乙丙", "戊己"


def told(held, before=None):
    """The table's lines that are not nought: `小巨人 期初 1`, `小巨人 转入·晋级 1`."""
    rows = flow(held, before)
    rows = rows[rows["firms"] > 0]
    return [f"{row.name} {row.step}{'·' * bool(row.cause)}{row.cause} {row.firms}" for row in rows.drop(columns="kind").itertuples(index=False)]


@pytest.mark.parametrize("case", cases("flows"))
def test_a_firm_comes_and_goes_by_its_cause(case):
    held = case_books(case)
    assert_balanced(held)
    assert told(held) == case["流量"]


def assert_balanced(held):
    rows = flow(held)
    sums = rows.groupby(["kind", "name", "step"])["firms"].sum().unstack(fill_value=0)
    assert (sums[OPENING] + sums[IN] - sums[OUT] == sums[CLOSING]).all()
    assert (sums[KEPT] + sums[IN] == sums[CLOSING]).all() and (sums[KEPT] + sums[OUT] == sums[OPENING]).all()
    assert movements(held)["cause"].notna().all() and (movements(held)["firms"] > 0).all()
    return sums


def events(*kinds):
    days = st.dates(pd.Timestamp("2023-10-01").date(), pd.Timestamp("2025-01-10").date())
    terms = st.integers(30, 900)
    return st.lists(
        st.builds(_event, st.sampled_from(FIRMS + OTHERS), st.sampled_from(["创新型", "省专精特新", "小巨人"]), st.sampled_from(kinds), days, days, terms),
        max_size=9,
    )


def _event(uscc, tier, kind, day, start, term):
    return {"uscc": uscc, "tier": tier, "event": kind, "announced_on": day, "valid_from": start, "valid_to": start + pd.Timedelta(days=term)}


def changes():
    days = st.dates(pd.Timestamp("2024-06-01").date(), pd.Timestamp("2024-12-31").date())
    items = st.sampled_from(["注销", "合并", "换码", "迁出", "迁入", "分立", "更名"])
    rows = {"uscc": st.sampled_from(FIRMS), "item": items, "changed_on": days, "successor_uscc": st.sampled_from(OTHERS)}
    return st.lists(st.fixed_dictionaries(rows), max_size=6)


def handed():
    days = st.dates(pd.Timestamp("2024-06-01").date(), pd.Timestamp("2024-12-31").date())
    row = {"uscc": st.sampled_from(OTHERS), "former_uscc": st.sampled_from(FIRMS), "tier": st.sampled_from(["创新型", "小巨人"]), "event": st.just("承继"), "announced_on": days}
    return st.lists(st.fixed_dictionaries(row), max_size=2)


def places():
    days = st.dates(pd.Timestamp("2024-06-01").date(), pd.Timestamp("2025-01-10").date())
    row = {
        "uscc": st.sampled_from(FIRMS + OTHERS), "pool": st.sampled_from(["创新型", "专精特新"]), "entered_on": days,
        "left_on": st.none() | days, "left_because": st.none() | st.sampled_from(["迁出", "注销", "承继", "其他"]),
    }  # fmt: skip
    return st.lists(st.fixed_dictionaries(row), max_size=8)


TOWNS = st.fixed_dictionaries({code: st.sampled_from(["330109001", "330114003"]) for code in FIRMS + OTHERS})


@examples(25)
@given(events("认定", "复核通过", "撤销", "公示", "主动放弃", "复核未过"), changes(), handed(), places(), TOWNS)
def test_flows_balance_and_end_where_the_indicators_stand(events, changes, handed, places, towns):
    held = books(
        D01=[{"uscc": code, "street_code": town} for code, town in towns.items()], D02=changes, D03=places, D04=events + handed,
    )  # fmt: skip
    sums = assert_balanced(held)
    inside = t01_3(held)["a"]
    for tier in held.rules.tiers.types:
        rows = inside.rows.frame[inside.rows["资质类型"].eq(tier)]
        assert sums.loc[(TITLES, tier), CLOSING] == inside.of(rows)
    assert sums.loc[(POOLS, "创新型"), CLOSING] == t01_1(held)["a"].of(t01_1(held)["a"].rows.frame)
    assert sums.loc[(POOLS, "专精特新"), CLOSING] == t01_2(held)["a"].of(t01_2(held)["a"].rows.frame)


@examples(25)
@given(events("认定", "复核通过", "撤销"), changes(), places(), TOWNS)
def test_the_opening_is_who_stood_on_the_last_day_of_the_quarter_before(events, changes, places, towns):
    held = books(D01=[{"uscc": code, "street_code": town} for code, town in towns.items()], D02=changes, D03=places, D04=events)
    day, rows = opening_day(held), flow(held)
    opened = rows[rows["step"].eq(OPENING)].set_index(["kind", "name"])["firms"]
    standing = titles(held, day)
    for tier in held.rules.tiers.types:
        assert opened[TITLES, tier] == standing.loc[standing["in_district"] & standing["tier"].eq(tier), "uscc"].nunique()
    for pool in ("创新型", "专精特新"):
        spans = pool_spans(held, pool)
        assert opened[POOLS, pool] == spans.loc[(spans["starts_on"] <= day) & (day <= spans["ends_on"]), "uscc"].nunique()


def test_what_was_not_delivered_has_no_flows():
    assert set(flow(books(undelivered=("D04",)))["kind"]) == {POOLS}
    assert set(flow(books(undelivered=("D03",)))["kind"]) == {TITLES}


def test_an_opening_that_the_quarter_before_counted_otherwise_is_told():
    term = {"tier": "小巨人", "event": "认定", "announced_on": "2024-09-01", "valid_from": "2024-09-01", "valid_to": "2027-08-31"}
    before = books("2024Q3", D04=[{"uscc": code, **term} for code in "甲乙"])
    late = books(D04=[{"uscc": code, **term} for code in "乙丙丁"])
    notes = flow(late, before).set_index(["kind", "name", "step"])["note"]
    assert notes[TITLES, "小巨人", OPENING] == "台账修订：上季末按上季报送为2家，现增2家、减1家"
    assert (notes.drop((TITLES, "小巨人", OPENING)) == "").all()
    assert (flow(late, books("2024Q3", undelivered=("D04",)))["note"] == "").all()


def read(path):
    return pd.read_csv(path, encoding="utf-8-sig", dtype="str", keep_default_na=False)


def test_a_run_leaves_flows_that_end_where_its_titles_and_figures_stand(golden_run):
    rows = read(golden_run.reports / "flows.csv").astype({"firms": "int64"})
    standing = read(golden_run.reports / "tiers.csv")
    counts = standing[standing["in_district"].eq("是")].groupby("tier")["uscc"].nunique()
    closing = rows[rows["step"].eq(CLOSING)].set_index(["kind", "name"])["firms"]
    figures = read(golden_run.reports / "figures.csv").set_index(["indicator", "part", "breakdown"])["value"]
    assert {name: count for name, count in closing[TITLES].items() if count} == counts.to_dict()
    assert closing[POOLS, "创新型"] == int(figures["T01-1", "a", ""]) and closing[POOLS, "专精特新"] == int(figures["T01-2", "a", ""])
    assert list(rows) == ["quarter", "kind", "name", "step", "cause", "firms", "note"]


def test_a_run_names_what_runs_out_and_who_might_rise_in_files_of_its_manifest(golden_run):
    manifest = (golden_run.reports / "manifest.json").read_text(encoding="utf-8")
    for name in ("flows.csv", "watchlist.csv", "candidates.csv"):
        assert f'"{name}"' in manifest and (golden_run.reports / name).read_bytes().startswith(b"\xef\xbb\xbf")
    watched = read(golden_run.reports / "watchlist.csv")
    assert list(watched) == ["quarter", "uscc", "name", "tier", "since", "until", "review", "targets"]
    assert set(read(golden_run.reports / "candidates.csv")["remark"]) <= {"初筛，非认定"}
