"""What Dagster is told: every asset, what it rests on, who answers for it, and what stops it."""

import re
from pathlib import Path

import pytest

from zjtx_pipeline.rules import load_rules
from zjtx_pipeline.tables import load_tables

SPECS = Path(__file__).parent / "cases" / "assets.txt"


@pytest.fixture(scope="module")
def definitions():
    from assets.definitions import defs

    return defs


@pytest.fixture(scope="module")
def specs(definitions):
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


def upstream(spec):
    return {dep.asset_key.to_user_string() for dep in spec.deps}


def line(spec):
    """One line an asset: a name that changes, moves or loses its owner shows in review."""
    owners = " ".join(owner.removeprefix("team:") for owner in spec.owners)
    return f"{spec.group_name} {spec.key.to_user_string()} {'+'.join(sorted(spec.kinds))} {owners}"


def test_the_assets_are_those_on_the_list(specs):
    assert sorted(map(line, specs.values())) == SPECS.read_text(encoding="utf-8").splitlines()


def test_the_job_holds_every_asset_but_those_asked_for_in_one_process(definitions, specs):
    job = definitions.resolve_job_def("quarterly_reports")
    wanted = {key for key in specs if not key.startswith(("trace/", "delivery/")) and key != "returns"}
    scheduled = definitions.resolve_job_def("scheduled_quarter").asset_layer.executable_asset_keys
    assert {key.to_user_string() for key in scheduled} == wanted | {"delivery/request"}
    assert {key.to_user_string() for key in job.asset_layer.executable_asset_keys} == wanted
    assert job.executor_def.name == "in_process"


def test_a_run_in_a_shell_counts_the_jobs_steps_and_no_others(definitions):
    from assets.launch import steps_of_stages

    assert sum(steps_of_stages().values()) == len(definitions.resolve_job_def("quarterly_reports").asset_layer.executable_asset_keys)


def test_every_asset_speaks_chinese_and_names_a_department(specs):
    departments = set(load_rules().departments)
    for spec in specs.values():
        assert re.search(r"[一-鿿]", spec.description), spec.key
        assert {owner.removeprefix("team:") for owner in spec.owners} <= departments and spec.owners, spec.key
        assert spec.kinds, spec.key


def test_groups_are_numbered_as_the_data_travel(specs):
    for spec in specs.values():
        assert all(specs[key].group_name <= spec.group_name for key in upstream(spec)), spec.key


def test_there_is_one_partition_a_quarter_from_the_plans_first_to_the_follow_up(specs):
    keys = specs["report/overall"].partitions_def.get_partition_keys()
    assert keys[:4] == ["2023Q1", "2023Q2", "2023Q3", "2023Q4"]
    assert "2025Q4" in keys and keys[-1] == "2027Q4" and len(keys) == 20
    assert len({spec.partitions_def for spec in specs.values()}) == 1


def test_a_tasks_figures_rest_on_exactly_the_tables_that_its_indicators_need(specs):
    for number in load_rules().tasks:
        needed = {table for each in load_rules().indicators_of(number) for part in each.parts.values() for table in part.needs}
        granted = {f"awards/T{number:02}"} if load_rules().grants_of(number) else set()
        assert upstream(specs[f"figures/T{number:02}"]) == {f"sound/{table}" for table in needed} | granted | {"comparison"}


def test_there_is_one_asset_a_report_and_the_package_waits_for_all(specs):
    reports = {f"report/T{number:02}" for number in load_rules().tasks} | {"report/overall"}
    assert reports <= set(specs) and upstream(specs["package"]) == reports | {"report/distribution"}


def test_a_table_fans_out_to_no_report_that_does_not_show_it(specs):
    assert "sound/D24a" in upstream(specs["report/T13"]) and "sound/D24a" not in upstream(specs["report/T05"])


def test_a_stopped_award_table_stops_the_reports_of_its_own_clauses_alone(specs):
    stopped = {number for number in load_rules().tasks if "sound/D15" in everything_behind(specs, f"report/T{number:02}")}
    assert stopped == {5}
    assert {f"awards/T{number:02}" for number in (1, 2, 4, 5, 6, 10, 11)} <= everything_behind(specs, "package")


def everything_behind(specs, key):
    found = upstream(specs[key])
    return found | {each for name in found for each in everything_behind(specs, name)}


def test_every_table_has_two_checks_that_stop_what_follows(definitions):
    checks = definitions.resolve_asset_graph().asset_check_keys
    graph = definitions.resolve_asset_graph()
    assert {(key.asset_key.path[1], key.name) for key in checks if key.asset_key.path[0] == "sound"} == {
        (table, name) for table in load_tables() for name in ("conservation", "table_rules")
    }
    assert all(graph.get_check_spec(key).blocking for key in checks)


def test_every_second_opinion_has_a_check_that_stops_what_follows(definitions):
    graph = definitions.resolve_asset_graph()
    checks = {key.asset_key.path[1] for key in graph.asset_check_keys if key.asset_key.path[0] == "second_opinion"}
    rules = load_rules()
    assert checks == {"tiers"} | {f"T{each:02}" for each in rules.tasks if rules.targets_of(each) or rules.grants_of(each)}


def test_a_report_waits_for_the_second_opinion_on_what_it_prints_alone(specs):
    opinions = {key for key in specs if key.startswith("second_opinion/")}
    assert opinions <= upstream(specs["report/overall"])
    for number in load_rules().tasks:
        own = {"second_opinion/tiers", f"second_opinion/T{number:02}"} & opinions
        assert upstream(specs[f"report/T{number:02}"]) & opinions == own
        assert f"figures/T{number:02}" in everything_behind(specs, f"report/T{number:02}")
