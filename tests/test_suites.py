"""The 31 suites: each column under its C0 rules, each rule on columns that exist, each with a sentence for a person."""

import re

import pytest
import yaml

from zjtx_pipeline import validate
from zjtx_pipeline.facts import FACTS
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.suites import load_suite, suite_text
from zjtx_pipeline.tables import load_tables

TABLES = load_tables().values()
SETTINGS = Settings(inbox="x")
each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.id)
READ, NO_EARLIER = "expect_column_pair_values_to_be_read", "expect_column_pair_values_a_to_be_no_earlier_than_b"
READ_AS = {"event", "date", "yuan", "wan", "count", "decimal", "year", "quarter", "period", "bool", "task"}


def expected_rules(column):
    """The rules that C0 asks for one column: (type, kwargs, severity)."""
    here = {"column": column.header}
    if not column.optional:
        yield "expect_column_values_to_not_be_null", here, "退回"
    if column.kind in READ_AS:
        yield READ, {"column_A": column.header, "column_B": column.name}, "退回"
    if column.kind == "list":
        yield "expect_column_values_to_be_in_set", {**here, "value_set": {"list": column.list_name}}, "退回"
    if column.kind == "code":
        yield "expect_column_values_to_be_credit_codes", here, "退回"
        yield "expect_column_values_to_hold_organisation_codes", here, "提示"
    if column.kind == "patent":
        yield "expect_column_values_to_be_patent_numbers", here, "退回"
    if column.is_event:
        yield NO_EARLIER, {"column_A": "received_at", "column_B": column.name}, "退回"
        yield NO_EARLIER, {"column_A": "quarter_end", "column_B": column.name}, "提示"


@each_table
def test_every_column_stands_under_its_common_rules(table):
    rules = [(rule.type, rule.kwargs, rule.severity) for rule in load_suite(table.id).rules]
    missing = [each for column in table.columns.values() for each in expected_rules(column) if each not in rules]
    assert not missing


@each_table
def test_every_table_is_held_to_its_key_and_to_the_register(table):
    severity = {rule.kwargs.get("column"): rule.severity for rule in load_suite(table.id).rules}
    assert (severity["repeated"], severity["contradicted"]) == ("退回", "退回")
    if table.has_firm and table.id != "D01":
        assert (severity["outside_register"], severity["misnamed"]) == ("提示", "提示")


@each_table
def test_every_rule_speaks_of_columns_that_exist(table):
    headers = {column.header for column in table.columns.values()}
    known = headers | set(table.columns) | set(FACTS) | {"received_at", "quarter_end"}
    for rule in load_suite(table.id).rules:
        assert set(rule.columns) <= known, rule.id
        assert set(rule.when) <= headers, rule.id
        assert rule.header is None or rule.header in headers, rule.id
        assert set(FACTS[rule.columns[0]].columns) <= set(table.columns) if rule.columns[0] in FACTS else True, rule.id


@each_table
def test_great_expectations_knows_every_type_and_argument(table):
    validate.check_suite(load_suite(table.id), SETTINGS.rules)


@each_table
def test_every_sentence_is_for_the_person_who_can_mend_it(table):
    suite = load_suite(table.id)
    assert suite.table == table.name
    for rule in suite.rules:
        assert rule.id.startswith(f"{table.id}.")
        assert re.search("[\u4e00-\u9fff]{3}", rule.message) and "{" not in rule.message.replace("{值}", "")


def test_a_misspelt_rule_is_refused():
    suite = load_suite("D03")
    first = suite.rules[0].model_copy(update={"type": "expect_column_values_to_not_be_nul"})
    with pytest.raises(Exception, match="expect_column_values_to_not_be_nul not found"):
        validate.check_suite(suite.model_copy(update={"rules": (first,)}), SETTINGS.rules)


def test_a_suite_is_plain_yaml_without_duplicate_ids():
    for table in TABLES:
        rules = yaml.safe_load(suite_text(table.id))["rules"]
        assert len({rule["id"] for rule in rules}) == len(rules)


def test_tables_are_judged_after_those_they_are_compared_with():
    order = validate.order()
    assert sorted(order) == sorted(load_tables())
    assert all(order.index(other) < order.index(table) for table in order for other in validate.needs(table))


def test_every_fact_is_named_by_a_suite():
    named = {name for table in TABLES for rule in load_suite(table.id).rules for name in rule.columns}
    assert set(FACTS) <= named
