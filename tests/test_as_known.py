"""A quarter re-made as it was known on a day: byte for byte, whatever was delivered, replaced or cleared away since."""

import csv
import shutil
from datetime import date
from pathlib import Path

import pytest
from dagster import AssetKey, DagsterInstance
from conftest import deliver_miniature
from made_deliveries import deliver

from zjtx_pipeline import stages, store, validate
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import load_settings
from zjtx_pipeline.stages import measuring, printing

DAY = date(2025, 1, 17)  # the day of the quarter's last delivery
OVERALL, LADDER = 0, 1


def made(run):
    """A run measured whole, with two of its reports; their bytes, and its figures."""
    stages.opening(run)
    for table in validate.order():
        stages.pull(run, table)
        assert stages.check(run, table)["blocked"] == []
    stages.compare(run)
    stages.tally_tiers(run)
    stages.tally_ladder(run)
    for number in run.settings.rules.tasks:
        if run.settings.rules.grants_of(number):
            stages.tally_awards(run, number)
        stages.measure(run, number)
    printed = [printing.printed(run, number) for number in (OVERALL, LADDER)]
    stages.close(run)
    return printed, measuring.figures_of(run, run.settings.rules.tasks)


@pytest.fixture(scope="module")
def course(golden_run, tmp_path_factory):
    """A home in which the quarter was told as of a day, before and after a delivery that changed the past and files that went."""
    folder = tmp_path_factory.mktemp("known")
    config = deliver_miniature(folder)
    for kept in ("snapshots", "validated"):
        shutil.copytree(golden_run.home / kept, folder / "home" / kept)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZJTX_HOME", str(folder / "home"))
        settings = load_settings(config)
        run = stages.open_run(settings, golden_run.quarter, as_of=DAY)
        first = made(run)
        (pools,) = (folder / "inbox" / "2024Q4").glob("D03_*.csv")
        (before,) = (folder / "inbox" / "2024Q3").glob("D03_*.csv")
        for quarter, path in ((golden_run.quarter, pools), (golden_run.quarter - 1, before)):
            lines = path.read_bytes().splitlines(keepends=True)
            deliver(folder, path.name, b"".join(lines[:-3]), received="2025-02-20 10:00:00", quarter=quarter)
        later = stages.open_run(settings, golden_run.quarter)
        for table in validate.order():
            stages.pull(later, table)
            stages.pull(later, table, golden_run.quarter - 1)
        shutil.rmtree(folder / "inbox")
        shutil.rmtree(run.work)
        second = made(run)
        yield golden_run, later, run, first, second


def test_the_same_bytes_come_before_and_after_later_deliveries(course):
    *_, first, second = course
    assert [len(content) > 10_000 for content in first[0]] == [True, True]
    assert first[0] == second[0]


def test_the_figures_are_those_of_the_run_of_that_day(course):
    golden, _, _, first, second = course
    assert first[1] == second[1] == measuring.figures_of(golden, golden.settings.rules.tasks)


def test_the_later_delivery_did_change_the_past(course):
    golden, later, run, *_ = course
    for quarter in (run.quarter, run.quarter - 1):
        now, then = (store.read_json(each.pointer("pulled", quarter, "D03")) for each in (later, run))
        assert now != then == store.read_json(golden.pointer("pulled", quarter, "D03"))


def test_it_lies_apart_from_the_current_reports_and_bears_the_day_as_its_date(course):
    _, later, run, *_ = course
    assert (run.reports.name, run.work.name, run.traces.name) == ("2024Q4@2025-01-17",) * 3
    assert run.reports != later.reports and (run.dated_on, later.dated_on) == (DAY, date(2025, 1, 15))


def test_what_had_not_come_by_the_day_is_undelivered(course):
    _, _, run, *_ = course
    earlier = stages.open_run(run.settings, run.quarter, as_of=date(2025, 1, 16))
    late = [table for table in validate.order() if stages.pull(earlier, table)["digest"] != stages.pull(run, table)["digest"]]
    assert len(late) == 1  # the one file of the 17th


def test_a_day_by_which_nobody_had_delivered_is_one_sentence(course):
    _, _, run, *_ = course
    with pytest.raises(ZjtxError, match="还没有任何部门报送"):
        stages.opening(stages.open_run(run.settings, run.quarter, as_of=date(2025, 1, 2)))


def test_the_day_is_chosen_in_the_launchpad(course, monkeypatch, tmp_path):
    from assets.definitions import defs
    from assets.instance import prepare

    golden, _, run, *_ = course
    monkeypatch.setenv("ZJTX_HOME", str(run.home))
    monkeypatch.setenv("DAGSTER_HOME", str(run.home / "dagster"))
    monkeypatch.setenv("ZJTX_CONFIG", str(Path(run.settings.inbox).parent / "district.yaml"))
    prepare()
    job = defs.resolve_job_def("quarterly_reports")
    asked = {"resources": {"district": {"config": {"as_of": str(DAY)}}}}
    with DagsterInstance.get() as instance:
        keys = [AssetKey(["raw", "D03"]), AssetKey(["sound", "D03"])]
        result = job.execute_in_process(instance=instance, partition_key="2024Q4", asset_selection=keys, run_config=asked)
    (raw, *_) = result.asset_materializations_for_node("raw__D03")
    assert raw.metadata["快照校验码"].value == stages.pull(run, "D03")["digest"]
