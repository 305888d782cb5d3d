"""What a firm's units come to together: added up, the highest alone, or each what it gives above those before."""

import pandas as pd

from zjtx_pipeline.awards import stacking
from zjtx_pipeline.rules import load_rules

RULES = load_rules()


def firms_units(rule, *given):
    """Units as (clause, day, alone in fen), in that order, of one firm under one stacking rule."""
    clause, day, alone = zip(*given)
    return pd.DataFrame(
        {"clause": clause, "triggered_on": pd.to_datetime(list(day)), "alone_fen": pd.Series(list(alone), dtype="Int64"), "firm": "甲",
         "eligible": True, "stack": rule, "trigger_key": [str(number) for number in range(len(given))]}
    ).set_axis(range(5, 5 + len(given)))  # fmt: skip


def due(rows, rules=RULES):
    return [None if pd.isna(each) else each for each in stacking.stacked(rules, rows)]


def test_units_that_add_up_are_left_alone():
    assert due(firms_units("累加", ("A10", "2024-01-01", 5), ("A11", "2024-01-02", 7))) == [5, 7]


def test_of_units_of_which_the_highest_counts_the_earliest_of_equals_does():
    assert due(firms_units("就高", ("A10", "2024-01-01", 5), ("A11", "2024-01-02", 7), ("A12", "2024-01-01", 7))) == [0, 0, 7]
    assert due(firms_units("就高", ("A11", "2024-01-01", 7), ("A10", "2024-01-01", 7))) == [0, 7]
    assert due(firms_units("就高", ("A11", "2024-01-01", 7), ("A11", "2024-01-01", 7))) == [7, 0]
    assert due(firms_units("就高", ("A11", "2024-01-01", 7), ("A11", "2024-01-01", None))) == [7, None]


def test_the_highest_is_sought_in_a_firms_task_or_in_all_clauses():
    rows, of_a_task = firms_units("就高", ("A08", "2024-01-01", 5), ("A11", "2024-01-02", 7)), RULES.overlay({"readings": {"B-11": {"就高范围": "同一任务"}}})
    assert due(rows) == [0, 7]
    assert due(rows.assign(firm=["甲", "乙"])) == [5, 7]
    assert due(rows, of_a_task) == [5, 7]
    assert due(rows.assign(clause=["A11", "A12"]), of_a_task) == [0, 7]


def test_what_is_not_eligible_or_stacks_otherwise_takes_no_part():
    rows = firms_units("就高", ("A10", "2024-01-01", 5), ("A11", "2024-01-02", 7))
    assert due(rows.assign(eligible=[True, False])) == [5, 7]
    assert due(rows.assign(stack=["就高", "累加"])) == [5, 7]
    assert due(rows.assign(stack=["就高", "补差"], eligible=[False, True])) == [5, 7]


def ladder_of(*given):
    ladder = next(each.ladder for each in RULES.awards.values() if each.ladder)
    on_it = [each.id for each in RULES.awards.values() if each.ladder == ladder]
    return firms_units("补差", *((on_it[place], day, alone) for place, day, alone in given))


def test_on_a_ladder_each_unit_adds_what_it_gives_above_the_highest_before_it():
    assert due(ladder_of((0, "2024-01-01", 5), (1, "2024-02-01", 8), (0, "2024-03-01", 6), (1, "2024-04-01", 9))) == [5, 3, 0, 1]
    assert due(ladder_of((1, "2024-02-01", 8), (0, "2024-01-01", 5))) == [3, 5]
    assert due(ladder_of((0, "2024-01-01", 8), (1, "2024-01-01", 5))) == [3, 5]  # of one day the lower first: together the same


def test_on_a_ladder_what_follows_an_unstated_amount_is_not_stated_either():
    assert due(ladder_of((0, "2024-01-01", 5), (1, "2024-02-01", None), (0, "2024-03-01", 9))) == [5, None, None]


def test_a_clause_on_no_ladder_and_another_firms_units_give_what_they_give_alone():
    rows = ladder_of((0, "2024-01-01", 5), (1, "2024-02-01", 8))
    assert due(rows.assign(firm=["甲", "乙"])) == [5, 8]
    assert due(rows.assign(clause="A08")) == [5, 8]
