"""Titles that run out within two quarters, and what the targets lose if none is renewed."""

from fractions import Fraction

import pytest
from builders import books, case_books, cases

from zjtx_pipeline.rules import load_rules
from zjtx_pipeline.watch import effects, watchlist, without


@pytest.mark.parametrize("case", cases("watch"))
def test_what_runs_out_is_named_with_its_review_and_targets(case):
    rows = watchlist(case_books(case))
    assert [f"{row.uscc} {row.tier} {row.until:%Y-%m-%d} {row.review} {row.targets}" for row in rows.itertuples()] == case["名单"]


def title(uscc, until):
    return {"uscc": uscc, "tier": "小巨人", "event": "认定", "announced_on": "2022-01-05", "valid_from": "2022-01-05", "valid_to": until}


def test_targets_are_counted_anew_by_their_own_formulas_without_the_lapsing_titles():
    organs = [{"uscc": code, "organ_type": "企业研究院", "built_by": "自建", "recognised_on": "2023-01-01"} for code in "甲乙"]
    entry = {"uscc": "甲", "item": "入后备库", "dated_on": "2024-12-31"}
    held = books(D04=[title("甲", "2025-03-31"), title("乙", "2026-03-31"), title("丙", "2026-03-31")], D09=organs, D19=[entry])
    told = effects(held).set_index("target")
    assert (told.loc["Q03", "now"], told.loc["Q03", "then"], told.loc["Q03", "firms"]) == (Fraction(200, 3), Fraction(50), 1)
    assert (told.loc["Q05", "now"], told.loc["Q05", "then"]) == (3, 2)
    assert (told.loc["Q09", "now"], told.loc["Q09", "then"]) == (1, 1)  # who entered on the last day was in P2 that day
    assert told.loc["Q09", "firms"] == 0 and watchlist(held)["targets"].tolist() == ["Q03、Q04、Q05、Q06、Q07"]
    assert "Q01" not in told.index and "Q08" not in told.index


def test_the_reserve_counted_at_the_years_end_loses_whose_title_runs_out():
    rules = load_rules().overlay({"readings": {"B-16": "年末在库"}})
    held = books(rules=rules, D04=[title("甲", "2025-03-31")], D19=[{"uscc": "甲", "item": "入后备库", "dated_on": "2024-05-31"}])
    told = effects(held).set_index("target")
    assert (told.loc["Q09", "now"], told.loc["Q09", "then"], told.loc["Q09", "firms"]) == (1, 0, 1)
    assert watchlist(held)["targets"].tolist() == ["Q03、Q04、Q05、Q06、Q07、Q09"]


def test_where_all_run_out_a_share_has_no_value():
    told = effects(books(D04=[title("甲", "2025-03-31")])).set_index("target")
    assert told.loc["Q06", "now"] == 0 and told.loc["Q06", "then"] is None


def test_where_nothing_runs_out_nothing_changes():
    told = effects(books(D04=[title("甲", "2026-03-31")]))
    assert (told["firms"] == 0).all() and told["now"].tolist() == told["then"].tolist()


def test_the_ledger_itself_stays_as_it_was():
    held = books(D04=[title("甲", "2025-03-31")])
    before = held.tables["D04"].copy()
    without(held)
    assert held.tables["D04"].equals(before)


def test_without_the_ledger_of_titles_nothing_is_watched():
    assert watchlist(books(undelivered=("D04",))).empty
