"""What many tests stand on: the miniature district, delivered, and its quarter run once a session."""

import csv
import fcntl
import os
import shutil
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples every time: a red suite then speaks of the change. `--soak` looks further.
settings.register_profile("same_examples", derandomize=True, deadline=None)
settings.register_profile("soak", deadline=None, max_examples=2_000, print_blob=True)
settings.register_profile(  # for tests/mutation.py, which follows every line and so is slow
    "few", derandomize=True, deadline=None, max_examples=10, suppress_health_check=list(HealthCheck)
)
settings.load_profile("same_examples")


_SOAKED = 20  # how many times the ordinary number of examples
_STRIDE = _SOAKED - 1  # odd, so that of rounds which alternate both kinds are taken
_times = 1


def counted(number: int) -> int:
    """Of so many rounds a twentieth, with `--soak` all of them."""
    return max(1, number * _times // _SOAKED)


def rounds(number: int):
    """The numbers of so many rounds: with `--soak` all of them, from `ZJTX_FROM` on, told as they end; else a twentieth, from all over."""
    if not soaked():
        yield from range(_STRIDE // 2, number, _STRIDE)
        return
    first = int(os.environ.get("ZJTX_FROM", "0"))
    assert first < number, "ZJTX_FROM lies behind the last round"
    for each in range(first, number):
        yield each
        if (each + 1) % max(1, number // 100) == 0 or each + 1 == number:
            print(f"ZJTX_FROM={each + 1}", flush=True)


def pytest_addoption(parser):
    told = "ten times the mutants for the readers of deliveries (test_fuzz.py), twenty times the examples of a property, others each time"
    parser.addoption("--soak", action="store_true", help=told)


def pytest_configure(config):
    global _times
    if config.getoption("soak"):
        _times = _SOAKED
        settings.load_profile("soak")


def soaked() -> bool:
    """Are all the points and rounds of a count asked for?"""
    return _times > 1


def examples(number: int) -> settings:
    """For a property whose examples take long: so many of them, with `--soak` many more."""
    return settings(max_examples=number * _times)


# The files that take longest, longest first: begun last, one would keep a worker busy while the other has nothing to do.
LONGEST = (
    "test_second_opinion", "test_reliability", "test_whole_tree", "test_newcomer", "test_backfill", "test_door_dagster", "test_ui",
    "test_walks", "test_late", "test_awards", "test_fuzz", "test_trace", "test_returns", "test_flows", "test_schedule", "test_corrections",
    "test_as_known", "test_sample", "test_indicators", "test_readings", "test_golden",
)  # fmt: skip


def pytest_collection_modifyitems(items):
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))


MINIATURE = Path(__file__).parent / "miniature"
COURSE = MINIATURE / "course"
COURSE_QUARTERS = ("2023Q4", "2025Q4", "2026Q2")


def deliver_miniature(folder: Path, district: Path = MINIATURE) -> Path:
    """The miniature district's files under a folder, received when its list says; returns its configuration."""
    shutil.copytree(district / "inbox", folder / "inbox", dirs_exist_ok=True)
    with (district / "received.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            when = datetime.fromisoformat(f"{row['received_at']}+08:00").timestamp()
            os.utime(folder / "inbox" / row["file"], (when, when))
    return Path(shutil.copy(district / "district.yaml", folder))


@pytest.fixture(scope="session")
def miniature(tmp_path_factory):
    """The configuration of a delivered miniature district."""
    return deliver_miniature(tmp_path_factory.mktemp("miniature"))


@pytest.fixture(scope="module")
def postgres():
    """The address of a database that a module's tests have to themselves."""
    from database_server import postgresql

    with postgresql() as url:
        yield url


@pytest.fixture
def database(postgres):
    """The address of an empty database in a real PostgreSQL."""
    import sqlalchemy as sa

    engine = sa.create_engine(postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("DROP DATABASE IF EXISTS ledger"))
        connection.execute(sa.text("CREATE DATABASE ledger"))
    engine.dispose()
    return sa.make_url(postgres).set(database="ledger").render_as_string(hide_password=False)


@pytest.fixture
def mailbox():
    """A real mail server on loopback, and what it was given."""
    from mail_server import open_mailbox

    with open_mailbox() as box:
        yield box


@pytest.fixture(scope="module")
def running_gateway():
    from gateway_server import GatewayServer

    with GatewayServer() as running:
        yield running


@pytest.fixture
def gateway(running_gateway, monkeypatch):
    """A server that speaks as the province's gateway does, its keys in the environment."""
    from gateway_server import APP_KEY, APP_SECRET

    monkeypatch.setenv("ZJTX_GATEWAY_APP_KEY", APP_KEY)
    monkeypatch.setenv("ZJTX_GATEWAY_APP_SECRET", APP_SECRET)
    return running_gateway


def made_once(name: str, folders: pytest.TempPathFactory, make) -> Path:
    """A home of this worker's own, holding what `make(home)` made there or, once for all workers of a session, in another's."""
    own, everyones = folders.mktemp(name), folders.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        everyones = everyones.parent
    kept, begun = everyones / name, everyones / f"{name}.part"
    with (everyones / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kept.exists():
            shutil.copytree(kept, own, dirs_exist_ok=True)
        else:
            make(own)
            shutil.rmtree(begun, ignore_errors=True)
            shutil.copytree(own, begun).rename(kept)
    return own


@contextmanager
def at_home(folder: Path):
    """What is opened meanwhile has its home in this folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZJTX_HOME", str(folder))
        yield


def opened(config: Path, home: Path, *quarters: str):
    """A run of each quarter in a home, opened and no more."""
    from zjtx_pipeline import stages
    from zjtx_pipeline.quarter import Quarter
    from zjtx_pipeline.settings import load_settings

    settings = load_settings(config)
    with at_home(home):
        return [stages.open_run(settings, Quarter.parse(each)) for each in quarters]


@pytest.fixture(scope="session")
def golden_run(miniature, tmp_path_factory):
    """2024Q4 of the miniature district, run through every stage."""
    from zjtx_pipeline import stages

    def make(home):
        with at_home(home):
            stages.run_all(*opened(miniature, home, "2024Q4"))

    return opened(miniature, made_once("golden", tmp_path_factory, make), "2024Q4")[0]


@pytest.fixture
def own_golden_run(golden_run, tmp_path):
    """The golden run in a copy of its home, for a test that changes what stands there."""
    shutil.copytree(golden_run.home, tmp_path / "home")
    return replace(golden_run, home=tmp_path / "home")


@pytest.fixture(scope="session")
def course_runs(tmp_path_factory):
    """The three quarters in the course of the plan, measured one after the other in one home; nothing is printed."""
    config = deliver_miniature(tmp_path_factory.mktemp("course_district"), COURSE)

    def make(home):
        with at_home(home):
            for run in opened(config, home, *COURSE_QUARTERS):
                measure_whole(run)

    home = made_once("course", tmp_path_factory, make)
    return dict(zip(COURSE_QUARTERS, opened(config, home, *COURSE_QUARTERS), strict=True))


def measure_whole(run):
    """Every stage of a quarter but printing; its four tables stand in the folder of its reports."""
    from zjtx_pipeline import outputs, stages, validate

    numbers = run.settings.rules.tasks
    for table_id in validate.order():
        stages.pull(run, table_id)
        assert stages.check(run, table_id)["blocked"] == []
    stages.compare(run)
    stages.tally_tiers(run)
    for number in numbers:
        if run.settings.rules.grants_of(number):
            stages.tally_awards(run, number)
        stages.measure(run, number)
    outputs.write_outputs(run.reports, measured_tables(run))


def measured_tables(run):
    """The frames of figures.csv, awards.csv, tiers.csv and rows.csv of a measured quarter."""
    import pandas as pd

    from zjtx_pipeline import outputs
    from zjtx_pipeline.stages import intake, measuring
    from zjtx_pipeline.tables import load_tables

    rules, quarter = run.settings.rules, run.quarter
    counts = [intake.verdict_on(run, table_id, quarter).counts for table_id in load_tables()]
    return {
        "figures.csv": outputs.figures_frame(measuring.figures_of(run, rules.tasks), rules, quarter),
        "awards.csv": outputs.awards_frame(measuring.awards_of(run, rules.tasks), quarter),
        "tiers.csv": outputs.tiers_frame(pd.read_parquet(run.work / "tiers.parquet"), quarter),
        "rows.csv": outputs.rows_frame(pd.concat(counts, ignore_index=True)),
    }


@pytest.fixture
def warm_home(golden_run, tmp_path, monkeypatch):
    """A ZJTX_HOME of one's own where what the golden run read and judged is kept already, and nothing is reported."""
    for kept in ("snapshots", "validated"):
        shutil.copytree(golden_run.home / kept, tmp_path / "home" / kept)
    monkeypatch.setenv("ZJTX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home" / "dagster"))
    monkeypatch.setenv("ZJTX_CONFIG", "")
    return tmp_path / "home"
