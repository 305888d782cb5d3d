"""Every rule of every suite has a row that breaks it: the common ones made here, the others written out in cases/hazards.yaml."""

from pathlib import Path

import pytest
import yaml
from made_deliveries import FIRM, NAMES, judged, row

from zjtx_pipeline.suites import load_suite
from zjtx_pipeline.tables import load_tables

HAZARDS = yaml.load((Path(__file__).parent / "cases" / "hazards.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)
UNREGISTERED = "91330109XJ0000B93T"  # both check digits fit
BROKEN = {
    "expect_column_values_to_not_be_null": "",
    "expect_column_pair_values_to_be_read": "读不出",
    "expect_column_values_to_be_in_set": "没有这个值",
    "expect_column_values_to_be_credit_codes": FIRM[:-1] + "P",
    "expect_column_values_to_hold_organisation_codes": "123456789012345678",
    "expect_column_pair_values_a_to_be_no_earlier_than_b": "2025-02-01",  # after the quarter's end, and after it was sent
    "expect_column_values_to_be_patent_numbers": "202310123456.7",
    "expect_column_value_lengths_to_be_between": "长" * 801,
}
FACTS = {"outside_register": UNREGISTERED, "misnamed": "不是这个名字的公司"}
each_table = pytest.mark.parametrize("table", load_tables().values(), ids=lambda table: table.id)


def written_out(table_id):
    return {f"{table_id}.{rule}" for case in HAZARDS if case["table"] == table_id for rule in case["rules"]}


def header_of(table, rule):
    """The header under which a rule's cell stands."""
    return rule.header or next((table.columns[name].header if name in table.columns else name for name in rule.columns), "")


def breaking(table, rule):
    """A row that breaks a common rule; none where the rule is no common one."""
    wrong = FACTS.get(rule.columns[0], BROKEN.get(rule.type))
    if wrong is None:
        return None
    firm = {"统一社会信用代码": FIRM} if table.has_firm else {}
    cells = {**row(table.id), **firm, header_of(table, rule): wrong}
    return {**cells, **{header: values[0] for header, values in rule.when.items() if header in cells}}


@each_table
def test_every_rule_is_broken_by_some_row(tmp_path, table):
    rules = load_suite(table.id).rules
    made = [cells for cells in (breaking(table, rule) for rule in rules) if cells]
    sound = row(table.id)
    if "企业名称" in sound:
        sound["企业名称"] = NAMES[FIRM]
    found = set()
    for sender in dict.fromkeys([table.senders[0], *table.columns_of]):  # what a department writes in another's column is not judged
        found |= set(judged(tmp_path / sender, table.id, [*made, sound], sender).findings["rule"])
    found |= set(judged(tmp_path / "twins", table.id, [sound, sound]).findings["rule"])
    assert {rule.id for rule in rules} - found - written_out(table.id) == set()
