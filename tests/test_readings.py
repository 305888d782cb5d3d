"""Every reading B-01…B-28, each choice of it on the same rows; and what a choice does to the rules themselves."""

from datetime import date

import pandas as pd
import pytest
from builders import CASES, books, cases
import yaml

from zjtx_pipeline.awards import units
from zjtx_pipeline.indicators import headline, measure
from zjtx_pipeline.money import yuan_text
from zjtx_pipeline.rules import load_rules
from zjtx_pipeline.tiers import roster

RULES = load_rules()
ALONE = {  # nothing to choose between, and where what may change is entered instead
    "B-08": "awards", "B-15": "no data of tax or business places", "B-22": "no data of tax or equipment", "B-24": "lists",
    "B-25": "how money is printed",
}  # fmt: skip


def read(case, option):
    """The books of a case under one option of its reading, or of a key within it."""
    given = case["口径"]
    reading, own = (given, {}) if isinstance(given, str) else next((name, {"value": value}) for name, value in given.items())
    chosen = own | ({case["项"]: option} if "项" in case else {"value": option})
    overlay = {"readings": {reading: chosen}} | {name: case[name] for name in ("awards",) if name in case}
    return books(case.get("季度", "2024Q4"), RULES.overlay(overlay), **case["表"])


def answer(held, question):
    """A population's firms, an indicator's total, or what each unit of some clauses entitles to, by clause and day."""
    if question in held.rules.tiers.populations:
        return " ".join(roster(held, question)["firm"]) or "无"
    if question.startswith("T"):
        found = [each for each in measure(int(question[1:3]), held) if each.id == question and not each.breakdown]
        return found[0].status if found[0].value is None else str(found[0].value)
    rows = units(held)
    due = rows.loc[rows["clause"].isin(question.split()), "entitled_fen"]
    return " ".join("待明确" if pd.isna(fen) else yuan_text(int(fen)) for fen in due) or "无"


@pytest.mark.parametrize("case", cases("readings"))
def test_each_choice_of_a_reading_counts_as_it_says(case):
    """And under each a unit's gap is 应兑 less 已兑, and no one is entitled to more than the clause alone gives."""
    held = {option: read(case, option) for option in case["得"]}
    assert {option: answer(each, case["问"]) for option, each in held.items()} == case["得"]
    for rows in map(units, held.values()):
        assert (rows["gap_fen"] == rows["entitled_fen"] - rows["paid_fen"]).fillna(True).all()
        assert (rows["entitled_fen"] <= rows["alone_fen"]).fillna(True).all()


def _chosen():
    """Each reading and key that can be chosen otherwise, with its options, and what the cases tell of it."""
    told = yaml.safe_load((CASES / "readings.yaml").read_text(encoding="utf-8")).values()
    for name, reading in RULES.readings.items():
        for key, choice in [(None, reading), *reading.keys.items()]:
            own = [each for each in told if name in each["口径"] and each.get("项") == key]
            yield pytest.param(choice, own, id=f"{name} {key or ''}".strip())


@pytest.mark.parametrize(("choice", "told"), list(_chosen()))
def test_every_choice_has_a_case_in_which_it_differs_from_the_default(choice, told):
    if len(choice.options) == 1:
        assert not told
        return
    assert all(set(each["得"]) == set(choice.options) for each in told)
    for option in set(choice.options) - {choice.value}:
        assert any(each["得"][option] != each["得"][choice.value] for each in told), option


def test_readings_with_nothing_to_choose_are_known_by_name():
    assert {name for name, each in RULES.readings.items() if len(each.options) == 1 and not each.keys} == set(ALONE)


# ---- what a choice makes of the rules ------------------------------------------------------------------------------


def own(**readings):
    return RULES.overlay({"readings": {name.replace("B", "B-"): value for name, value in readings.items()}})


def test_an_earlier_term_moves_the_baseline_the_quarters_and_the_dates_that_rest_on_it():
    rules = own(B01="2022—2024年")
    assert (rules.plan.starts_on, rules.plan.ends_on, rules.plan.baseline_day) == (date(2022, 1, 1), date(2024, 12, 31), date(2021, 12, 31))
    assert rules.targets["Q03"].due == date(2024, 12, 31), "its date is the term's"
    assert rules.targets["Q01"].due == date(2025, 12, 31), "its date is printed"
    assert rules.targets["Q09"].years == (2022, 2023, 2024)
    assert all(terms.valid_from == date(2022, 1, 1) for award in rules.awards.values() for terms in award.terms)
    assert rules.breakdown_rows(rules.indicators["T04-4"].parts["a"], 2024)[1:] == ["年度=2022", "年度=2023", "年度=2024"]


def test_no_text_names_the_term_s_days_any_more_when_the_term_is_another():
    rules = own(B01="2022—2024年")
    texts = [each.definition for each in rules.indicators.values()] + [each.note for each in rules.targets.values()]
    texts += [part.name for each in rules.indicators.values() for part in each.parts.values()]
    texts += [each.explanation for each in rules.readings.values()]
    assert not [text for text in texts if "2023年以来" in text or "2023年1月1日" in text or "2025年12月31日" in text]


def test_the_headline_of_the_baseline_day_is_that_of_the_earlier_term():
    title = {"uscc": "甲", "tier": "小巨人", "event": "认定", "announced_on": "2021-08-01", "valid_from": "2021-07-01", "valid_to": "2024-06-30"}
    held = books("2021Q4", own(B01="2022—2024年"), D04=[title], D17=[{"uscc": "甲", "rated_on": "2021-12-31"}])
    assert headline("T07-1", held) == 100


def test_a_changed_choice_is_printed_with_its_meaning_and_noted_where_it_is_defined():
    rules = own(B20={"频次": "只计一次"})
    assert rules.readings["B-20"].in_force == "能效和水效；频次：只计一次"
    assert rules.readings["B-20"].explanation.startswith("效能“领跑者”：省级以上能效、水效名单；同企业同类型同级别只计首次列入")
    assert "现行口径B-20" in rules.indicators["T06-3"].definition
    assert "现行口径" not in "".join(each.definition for each in RULES.indicators.values())


def test_an_explanation_of_ones_own_stands_in_place_of_the_options_words():
    rules = own(B17={"value": "累计签约", "explanation": "按区经信局某函，累计签约。"})
    assert rules.readings["B-17"].explanation == "按区经信局某函，累计签约。"


def test_amounts_that_a_district_enters_stand_above_a_reading_that_leaves_them_open():
    rules = RULES.overlay({"awards": {"A14": {"amount": "2000000"}}, "readings": {"B-10": "视为笔误"}})
    assert rules.awards["A14"].amount == 2000000
    assert rules.awards["A15"].amount is None


def test_the_tables_that_a_figure_needs_follow_its_population_and_its_evidence():
    def needs(rules, figure):
        return set(rules.indicators[figure[:-1]].parts[figure[-1]].needs)

    assert needs(own(B14="P1"), "T03-1a") == {"D01", "D02", "D03", "D09"}
    assert needs(own(B14="P3"), "T03-1a") == {"D01", "D02", "D04", "D09"}
    assert needs(own(B12="无零知识产权企业"), "T03-3a") == {"D01", "D02", "D04", "D10"}


def test_a_choice_that_no_delivered_data_can_tell_is_refused_with_the_reason():
    refused = {name: each.unsupported for name, each in RULES.readings.items() if each.unsupported}
    assert set(refused) == {"B-15", "B-22", "B-23"}
    for name, options in refused.items():
        for option, why in options.items():
            with pytest.raises(Exception, match=f"取值“{option}”无法测算（{why}）"):
                RULES.overlay({"readings": {name: option}})


@pytest.mark.parametrize("rule", ["累加", "就高", "补差"])
def test_what_is_not_stated_stays_without_money_under_every_stack_rule(rule):
    term = {"event": "认定", "announced_on": "2024-08-01", "valid_from": "2024-07-01", "valid_to": "2027-06-30"}
    held = books(rules=own(B11=rule), D04=[{"uscc": code, "tier": tier, **term} for code in "甲乙" for tier in ("小巨人", "省专精特新")])
    rows = units(held)
    assert rows["entitled_fen"].isna().all() and rows["eligible"].all() and set(rows["state"]) == {"待明确"}
    assert answer(held, "T01-5a") == "2" and answer(held, "T01-5c") == "待明确"
