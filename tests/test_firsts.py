"""What counts as first and as new, and when a title was revoked: who held what on which day."""

import pandas as pd
import pytest
from builders import books

from zjtx_pipeline.awards import firsts
from zjtx_pipeline.awards.triggers import trigger_rows
from zjtx_pipeline.rules import load_rules

RULES = load_rules()


def held_by(*changes):
    """Who has a key on a day: it passes from one to another on these days."""

    def owner(keys, asked):
        found = keys.copy()
        for old, new, day in changes:
            found = found.mask(found.eq(old) & (asked >= pd.Timestamp(day)), new)
        return found

    return owner


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ([], [True, True, True]),
        ([("乙", "甲", "2024-02-01")], [True, False, True]),  # the second is 乙's, which was 甲 by then
        ([("乙", "甲", "2024-02-02")], [True, True, True]),
        ([("甲", "丙", "2024-03-01")], [True, True, False]),
        ([("丙", "甲", "2024-03-01")], [True, True, False]),
        ([("丙", "甲", "2024-03-02")], [True, True, True]),
    ],
)
def test_a_listing_is_first_unless_its_holder_of_that_day_had_one(changes, first):
    rows = pd.DataFrame({"level": "省级", "triggered_on": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01"])})
    keys = pd.Series(["甲", "乙", "丙"])
    assert firsts.first_of(rows, keys, ["level"], held_by(*changes), pd.Timestamp("2024-12-31")).tolist() == first


@pytest.mark.parametrize("keys", ["甲乙", "乙甲"])
def test_two_that_become_one_later_were_each_first(keys):
    rows = pd.DataFrame({"level": "省级", "triggered_on": pd.to_datetime(["2024-01-01", "2024-02-01"])})
    merged = held_by((keys[1], keys[0], "2024-02-02"))
    assert firsts.first_of(rows, pd.Series(list(keys)), ["level"], merged, pd.Timestamp("2024-12-31")).tolist() == [True, True]


def test_of_three_of_one_firm_the_first_alone_is_first_whatever_its_level_is_beside():
    rows = pd.DataFrame({"level": ["省级", "省级", "市级", "省级"], "triggered_on": pd.to_datetime(["2024-01-01", "2024-01-01", "2024-02-01", "2024-03-01"])})
    assert firsts.first_of(rows, pd.Series(["甲"] * 4), ["level"], held_by(), pd.Timestamp("2024-12-31")).tolist() == [True, False, True, False]


LISTINGS = pd.DataFrame(
    {"uscc": "甲", "demonstration": "智能工厂", "level": "省级", "item_name": ["一号", "二号", "一号"],
     "triggered_on": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01"])}
)  # fmt: skip


@pytest.mark.parametrize(
    ("clause", "readings", "new"),
    [
        ("A13", {}, [True, False, False]),
        ("A13", {"B-21": "每次列入"}, [True, True, True]),
        ("A13", {"B-28": "每个均计"}, [True, True, False]),
        ("A17", {"B-21": "每次列入"}, [True, False, False]),  # one-off, whatever new means
        ("A17", {"B-28": "每个均计"}, [True, False, False]),
        ("A21", {}, [True, True, False]),  # a unit a park
    ],
)
def test_what_counts_as_newly_recognised_is_the_clauses_and_the_readings(clause, readings, new):
    held = books(rules=RULES.overlay({"readings": readings}))
    assert firsts.newly_recognised(held, RULES.awards[clause], LISTINGS).tolist() == new


@pytest.mark.parametrize(
    ("holder", "tier", "day", "revoked"),
    [
        ("甲", "小巨人", "2024-05-01", "2024-05-01"),
        ("甲", "小巨人", "2024-01-02", "2024-01-02"),
        ("甲", "小巨人", "2024-01-01", None),  # of the day of recognition itself: of an older title
        ("甲", "小巨人", "2023-12-31", None),
        ("甲", "省专精特新", "2024-05-01", None),
        ("乙", "小巨人", "2024-05-01", None),
    ],
)
def test_a_title_is_revoked_by_what_is_announced_later_of_its_own_firm_and_tier(holder, tier, day, revoked):
    held = books(D04=[{"uscc": holder, "tier": tier, "event": "撤销", "announced_on": day}, {"uscc": holder, "tier": tier, "event": "主动放弃", "announced_on": "2024-03-01"}])
    rows = pd.DataFrame({"uscc": ["甲"], "tier": ["小巨人"], "triggered_on": pd.to_datetime(["2024-01-01"])}, index=[7])
    [found] = firsts.revoked_on(held, rows)
    assert (None if pd.isna(found) else f"{found:%Y-%m-%d}") == revoked


@pytest.mark.parametrize("pair", ["甲乙", "乙甲"])
def test_what_was_revoked_of_one_before_it_took_over_another_is_not_the_other_s(pair):
    one, other = pair
    held = books(
        D02=[{"uscc": other, "item": "合并", "changed_on": "2024-06-01", "successor_uscc": one}],
        D04=[{"uscc": one, "tier": "小巨人", "event": "撤销", "announced_on": "2024-05-01"}],
    )
    rows = pd.DataFrame({"uscc": [other], "tier": ["小巨人"], "triggered_on": pd.to_datetime(["2024-01-01"])})
    assert firsts.revoked_on(held, rows).isna().all()


def test_the_earliest_revocation_counts_each_title_its_own():
    held = books(D04=[{"uscc": who, "tier": "小巨人", "event": "撤销", "announced_on": day} for who, day in (("甲", "2024-06-01"), ("甲", "2024-05-01"), ("乙", "2024-04-01"))])
    rows = pd.DataFrame({"uscc": ["乙", "甲"], "tier": "小巨人", "triggered_on": pd.to_datetime(["2024-01-01", "2024-01-01"])}, index=[3, 9])
    assert firsts.revoked_on(held, rows).dt.strftime("%m-%d").to_dict() == {3: "04-01", 9: "05-01"}


def test_the_first_of_all_tiers_is_told_although_no_firm_was_recognised_twice():
    rules = RULES.overlay({"readings": {"B-07": "全部层级首次"}})
    given = {"tier": "小巨人", "event": "认定", "announced_on": "2024-05-01", "valid_from": "2024-05-01", "valid_to": "2027-04-30"}
    assert trigger_rows(books(rules=rules, D04=[{"uscc": code} | given for code in "甲乙"]))["first"].tolist() == [True, True]
