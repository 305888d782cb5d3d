"""Titles and populations on any day."""

import pandas as pd
import pytest
from builders import books, case_books, cases
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st

from zjtx_pipeline.tiers import grants, members, roster, titles


@pytest.mark.parametrize("case", cases("tiers"))
def test_titles_and_populations_on_a_day(case):
    held = case_books(case)
    for asked in case["问"]:
        day = pd.Timestamp(asked["日"])
        if "有效" in asked:
            rows = titles(held, day)
            assert [f"{row.uscc} {row.tier} {row.since:%Y-%m-%d} {row.until:%Y-%m-%d}" for row in rows.itertuples()] == asked["有效"]
        for population in ("P1", "P2", "P3", "P4", "P12"):
            if population in asked:
                assert roster(held, population, day)["firm"].tolist() == sorted(asked[population])


def test_a_title_says_whether_its_holder_is_in_the_district():
    term = {"tier": "小巨人", "event": "认定", "announced_on": "2023-01-01", "valid_from": "2023-01-01", "valid_to": "2025-12-31"}
    held = books(D01=[{"uscc": "甲"}, {"uscc": "乙", "street_code": "330114003"}], D04=[{"uscc": code, **term} for code in "甲乙丙"])
    assert titles(held).set_index("uscc")["in_district"].to_dict() == {"甲": True, "乙": False, "丙": False}


def test_a_firm_belongs_from_the_first_day_of_its_title_to_the_last():
    term = {"uscc": "甲", "tier": "小巨人", "event": "认定", "announced_on": "2021-06-01", "valid_from": "2022-01-01", "valid_to": "2024-06-30"}
    held = books(D01=[{"uscc": "甲"}], D04=[term])
    days = pd.Series(pd.to_datetime(["2021-12-31", "2022-01-01", "2024-06-30", "2024-07-01"])).astype("datetime64[us]")
    assert members(held, "P2", pd.Series(["甲"] * 4, dtype="str"), days).tolist() == [False, True, True, False]


CODES, DAYS = st.sampled_from("甲乙丙丁"), st.dates(pd.Timestamp("2021-01-01").date(), pd.Timestamp("2025-06-30").date())
EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "uscc": CODES,
            "tier": st.sampled_from(["创新型", "省专精特新", "小巨人"]),
            "event": st.sampled_from(["认定", "复核通过", "撤销", "公示", "主动放弃"]),
            "announced_on": DAYS,
            "valid_from": DAYS,
        }
    ).map(lambda row: row | {"valid_to": row["valid_from"].replace(year=row["valid_from"].year + 3, day=min(row["valid_from"].day, 28))}),
    max_size=8,
)
CHANGES = st.lists(
    st.fixed_dictionaries({"uscc": CODES, "item": st.sampled_from(["注销", "合并", "换码", "迁出"]), "changed_on": DAYS, "successor_uscc": st.sampled_from("戊己")}),
    max_size=4,
)


@examples(20)
@given(events=EVENTS, changes=CHANGES, day=DAYS)
def test_a_population_on_a_day_is_whoever_holds_a_title_in_the_district(events, changes, day):
    held = books(D01=[{"uscc": code} for code in "甲乙丙丁戊己"], D02=changes, D04=events)
    day = pd.Timestamp(day)
    rows = titles(held, day)
    assert not rows.duplicated(["uscc", "tier"]).any()
    assert (rows["since"] <= day).all() and (rows["until"] >= day).all()
    inside = rows[rows["in_district"] & rows["tier"].isin(held.rules.population_types("P2"))]
    assert set(roster(held, "P2", day)["firm"]) == set(_now(held, inside["uscc"]))
    every = pd.Series(list("甲乙丙丁戊己"), dtype="str")
    assert set(_now(held, every[members(held, "P2", every, day)])) == set(roster(held, "P2", day)["firm"])


def _now(held, codes):
    from zjtx_pipeline.firms import current

    return current(held, codes)


@examples(20)
@given(events=EVENTS, changes=CHANGES)
def test_a_grant_never_outlives_its_validity(events, changes):
    rows = grants(books(D02=changes, D04=events))
    assert (rows["starts_on"] <= rows["ends_on"]).all() and (rows["ends_on"] <= rows["valid_to"]).all()
    assert (rows["starts_on"] >= rows["valid_from"]).all() and (rows["starts_on"] >= rows["announced_on"]).all()
