"""Every word by which a report tells a state is explained in the glossary, or is plain."""

import re

import made_results
import pytest

from zjtx_pipeline.flows import KEPT, OUT, POOLS, TITLES, causes
from zjtx_pipeline.report import compose, distribution, formats, state_words
from zjtx_pipeline.report.glossary import glossary
from zjtx_pipeline.rules import load_rules
from zjtx_pipeline.verdicts import ABSENT

RULES = load_rules()
NUMBER = re.compile(r"[−+<]?[\d,.]+(%|\D{1,3})?|是|否|是→否|否→是|—|")
MASKS = {*state_words.MASKS, "新年度", "持平"}


@pytest.fixture(scope="module")
def told():
    return dict(glossary(made_results.inputs()))


def known(told):
    return {*told, *state_words.PLAIN}


def test_the_states_of_the_closed_lists_and_of_every_room_are_in_the_glossary_or_plain(told):
    named = {*state_words.titles(RULES), *state_words.figures(RULES), *state_words.awards(RULES), *state_words.data(RULES)}
    assert not named - known(told) and not state_words.PLAIN & set(told)
    assert {"无法识别", "期外", "零报送", "序时进度", "不予兑现", "超付", "回落", "迟报补齐"} <= set(told)
    assert len(told) == len(glossary(made_results.inputs()))


def test_every_cause_by_which_titles_and_pools_move_is_in_the_glossary_or_plain(told):
    from builders import books

    moves = {cause for kind in (TITLES, POOLS) for named in causes(books("2024Q4"), kind).values() for cause in named}
    assert not moves - known(told) and KEPT and OUT


def states(report):
    """Whatever stands in a report's cells of state, and in cells of numbers without being one."""
    for row in (*getattr(report, "targets", ()), *getattr(report, "others", ())):
        row = getattr(row, "figure", row)
        yield from (text for text in (row.now, row.then, row.change, row.flag) if not NUMBER.fullmatch(text) and text not in MASKS)
    for row in report.quality.datasets if hasattr(report, "quality") else ():
        yield row.status
    for row in report.quality.findings if hasattr(report, "quality") else ():
        yield row.severity
    for row in report.awards.rows if getattr(report, "awards", None) else ():
        yield from re.findall(r"(\D+?)[\d,]+、?", row.state)
    for row in (*report.firms.unpaid, *report.firms.overpaid) if getattr(report, "firms", None) else ():
        yield row.state


@pytest.mark.parametrize("status", ["已报送", *ABSENT])
def test_no_report_tells_a_state_that_is_neither_explained_nor_plain(status, told):
    statuses = RULES.lists[state_words.AWARDS].names
    units = made_results.awards(*({"clause": "A17", "entitled_fen": 100, "state": state, "trigger_key": state} for state in statuses))
    inputs = made_results.inputs(awards=units, status=dict.fromkeys(made_results.inputs().status, status))
    reports = [compose.overall_report(inputs), *(compose.task_report(inputs, number) for number in RULES.tasks), distribution.report(inputs, "区经信局")]
    found = {state for report in reports for state in states(report)}
    assert found >= set(statuses) - {"待明确"} or status != "已报送"
    assert status in found and not found - known(told), found - known(told)


def test_a_status_that_a_list_gains_without_a_meaning_is_an_error():
    with pytest.raises(KeyError):
        list(state_words.terms(["前所未有"]))
    assert formats.NOTHING not in state_words.PLAIN
