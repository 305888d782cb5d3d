"""As it was known on a day: from what was kept, whatever was delivered, replaced or cleared away since."""

import shutil
import sqlite3
from datetime import date, datetime

import pytest
from conftest import examples
from gateway_server import Reply, envelope
from hypothesis import given
from hypothesis import strategies as st
from made_deliveries import QUARTER, deliver, delimited, inbox, row

from zjtx_pipeline import known
from zjtx_pipeline.settings import Gateway, Interface, Settings
from zjtx_pipeline.tables import load_tables

POOLS, SHOWN = load_tables()["D03"], load_tables()["D16"]
FILE = "D03_培育库_区经信局.csv"
DAY = date(2025, 1, 15)


@pytest.fixture
def clock(monkeypatch):
    """Sets the hour at which the sources are looked into."""
    hour = [datetime(2025, 1, 9, 8)]
    monkeypatch.setattr(known, "_now", lambda: hour[0])

    def set_to(text):
        hour[0] = datetime.fromisoformat(text)

    return set_to


def put(folder, field, received, name=FILE):
    return deliver(folder, name, delimited([row("D03", 细分领域=field)]), received=received)


def look(folder, table=POOLS, quarter=QUARTER):
    return known.look(folder / "var", inbox(folder), table, quarter)


def fields(folder, day=DAY, later=False, table=POOLS):
    """What the pool's only row said, as known on a day; None where nothing was known."""
    found = known.on_day(folder / "var", inbox(folder), table, QUARTER, day, later)
    return found.rows["细分领域"].tolist() if found.sources else None


def test_a_later_delivery_changes_nothing_that_was_known_before(tmp_path, clock):
    put(tmp_path, "甲", "2025-01-08 10:00:00")
    clock("2025-01-09T08:00:00")
    first = look(tmp_path)
    put(tmp_path, "乙", "2025-02-01 10:00:00")
    clock("2025-02-02T08:00:00")
    second = look(tmp_path)
    assert fields(tmp_path) == ["甲"] and fields(tmp_path, date(2025, 2, 1)) == ["乙"]
    asked = [known.on_day(tmp_path / "var", inbox(tmp_path), POOLS, QUARTER, day, False) for day in (DAY, date(2025, 2, 3))]
    assert [each.path for each in asked] == [first.path, second.path]


def test_what_came_after_the_last_look_but_by_the_day_s_end_was_known(tmp_path, clock):
    put(tmp_path, "甲", "2025-01-08 10:00:00")
    look(tmp_path)
    put(tmp_path, "乙", "2025-01-15 23:59:59")
    clock("2025-01-20T08:00:00")
    look(tmp_path)
    assert fields(tmp_path, date(2025, 1, 14)) == ["甲"]
    assert fields(tmp_path) == ["乙"]


def test_a_first_delivery_put_back_is_what_was_known_from_then_on(tmp_path, clock):
    """A, then B, then A again: the log tells, where the content alone could not."""
    for field, received, now in (("甲", "08", "09"), ("乙", "12", "12"), ("甲", "08", "20")):
        put(tmp_path, field, f"2025-01-{received} 10:00:00")
        clock(f"2025-01-{now}T18:00:00")
        look(tmp_path)
    clock("2025-03-01T08:00:00")
    assert [fields(tmp_path, date(2025, 1, day)) for day in (10, 15, 25)] == [["甲"], ["乙"], ["甲"]]


def test_files_cleared_away_since_are_still_known(tmp_path, clock):
    put(tmp_path, "甲", "2025-01-08 10:00:00")
    look(tmp_path)
    shutil.rmtree(tmp_path / "inbox" / str(QUARTER))
    clock("2025-02-02T08:00:00")
    look(tmp_path)
    assert fields(tmp_path) == ["甲"] and fields(tmp_path, date(2025, 2, 3)) is None
    assert fields(tmp_path, date(2025, 2, 4), later=True) == ["甲"]  # as an earlier quarter (decision 5)


SHARED = {sender: f"D16_示范认定_{sender}.csv" for sender in ("区经信局", "区发改局")}


def shared(folder, received="2025-01-08 10:00:00"):
    """A table of two departments, delivered and looked for: their files."""
    paths = [deliver(folder, name, delimited([row("D16", 名称=sender)]), received) for sender, name in SHARED.items()]
    look(folder, SHOWN)
    return paths


def test_of_a_quarter_gone_by_each_department_s_kept_delivery_stands_in(tmp_path, clock):
    """One department's file is cleared away, then the other's: neither takes the other's with it."""
    paths, seen = shared(tmp_path), []
    for at, path in enumerate(paths):
        path.unlink()
        clock(f"2025-02-0{at + 1}T08:00:00")
        seen.append(known.look_back(tmp_path / "var", inbox(tmp_path), SHOWN, QUARTER))
        assert seen[-1].rows["名称"].tolist() == list(SHARED)
        as_of = known.on_day(tmp_path / "var", inbox(tmp_path), SHOWN, QUARTER, date(2025, 2, at + 1), True)
        assert as_of.rows["名称"].tolist() == list(SHARED)
    looked = {each.digest for each in known.looks(tmp_path / "var", QUARTER, SHOWN)}
    assert seen[0].digest not in looked and len(looked) == 3  # what is put together was found by no look
    assert look(tmp_path, SHOWN).sources == ()  # a run of the quarter itself takes what is there


def test_of_a_quarter_gone_by_a_newer_delivery_of_one_stands_beside_what_was_kept_of_the_other(tmp_path, clock):
    paths = shared(tmp_path)
    paths[0].unlink()
    deliver(tmp_path, SHARED["区发改局"], delimited([row("D16", 名称="更正")]), "2025-02-01 10:00:00")
    found = known.look_back(tmp_path / "var", inbox(tmp_path), SHOWN, QUARTER)
    assert found.rows["名称"].tolist() == ["区经信局", "更正"]


@pytest.mark.parametrize("answer", [Reply(b"", 500), envelope([], 0)], ids=["down", "empty"])
def test_of_a_quarter_gone_by_a_silent_gateway_takes_nobody_s_rows_away(tmp_path, clock, gateway, answer):
    deliver(tmp_path, SHARED["区经信局"], delimited([row("D16", 名称="区经信局")]))
    app, url = gateway.app(rows={("x", str(QUARTER)): [row("D16", 名称="区发改局", 报送部门="区发改局")]})
    asked = Gateway(url=url, form="older", interfaces=(Interface(table="D16", department="001", api="x"),), wait_seconds=0)
    settings = Settings(inbox=tmp_path / "inbox", gateway=asked)
    whole = known.look(tmp_path / "var", settings, SHOWN, QUARTER)
    app.script = [answer]
    assert whole.rows["名称"].tolist() == list(SHARED)
    found = known.look_back(tmp_path / "var", settings, SHOWN, QUARTER)
    assert found.rows["名称"].tolist() == list(SHARED) and not any(source.fault for source in found.sources)


def test_nobody_has_looked_since_so_the_sources_are_looked_into_once(tmp_path, clock):
    put(tmp_path, "甲", "2025-01-08 10:00:00")
    put(tmp_path, "乙", "2025-02-01 10:00:00", name="D03_培育库_区经信局_2.csv")
    clock("2025-03-01T08:00:00")
    assert fields(tmp_path) == ["甲"]  # the second replaced the first only later
    shutil.rmtree(tmp_path / "inbox" / str(QUARTER))
    clock("2025-04-01T08:00:00")
    assert fields(tmp_path) == ["甲"]
    assert len(known.looks(tmp_path / "var", QUARTER, POOLS)) == 1


def test_what_nobody_had_delivered_by_then_is_undelivered(tmp_path, clock):
    put(tmp_path, "甲", "2025-01-16 00:00:00")
    clock("2025-03-01T08:00:00")
    assert fields(tmp_path) is None and fields(tmp_path, date(2025, 1, 16)) == ["甲"]


def test_departments_stand_together_as_they_were_known(tmp_path, clock):
    names = {"区经信局": "D16_示范认定_区经信局.csv", "区发改局": "D16_示范认定_区发改局.csv"}
    for name in names.values():
        deliver(tmp_path, name, delimited([row("D16")]), received="2025-01-08 10:00:00")
    look(tmp_path, SHOWN)
    deliver(tmp_path, names["区发改局"], delimited([row("D16", 文号="新")]), received="2025-01-14 10:00:00")
    deliver(tmp_path, names["区经信局"], delimited([row("D16", 文号="更新")]), received="2025-02-14 10:00:00")
    clock("2025-02-15T08:00:00")
    look(tmp_path, SHOWN)
    found = known.on_day(tmp_path / "var", inbox(tmp_path), SHOWN, QUARTER, DAY, False)
    assert [(source.sender, source.received_at[:10]) for source in found.sources] == [("区经信局", "2025-01-08"), ("区发改局", "2025-01-14")]
    assert found.rows["文号"].tolist() == ["示例", "新"]
    assert sorted(path.name for path in (found.path / "original").iterdir()) == sorted(names.values())


def test_an_answer_once_given_stands_though_a_file_with_an_old_time_turns_up(tmp_path, clock):
    put(tmp_path, "甲", "2025-01-08 10:00:00")
    clock("2025-01-20T08:00:00")
    assert fields(tmp_path) == ["甲"]
    put(tmp_path, "丙", "2025-01-14 10:00:00", name="D03_培育库_区经信局_2.csv")
    clock("2025-03-01T08:00:00")
    look(tmp_path)
    assert fields(tmp_path) == ["甲"]
    assert fields(tmp_path, date(2025, 1, 14)) == ["甲"]  # the look of the 20th did not find it either


def test_a_day_that_is_not_over_may_still_bring_something(tmp_path, clock):
    put(tmp_path, "甲", "2025-01-08 10:00:00")
    clock("2025-01-15T08:00:00")
    assert fields(tmp_path) == ["甲"]
    put(tmp_path, "乙", "2025-01-15 10:00:00")
    clock("2025-01-15T11:00:00")
    assert fields(tmp_path) == ["乙"]


def test_a_database_is_known_by_the_time_it_tells_else_by_the_look(tmp_path, clock):
    path = tmp_path / "district.db"
    settings = Settings(database=f"sqlite:///{path}")
    columns = ["数据期", *(column.header for column in POOLS.columns.values())]
    cells = row("D03") | {"数据期": str(QUARTER)}

    def write(*beside):
        with sqlite3.connect(path) as database:
            database.execute('DROP TABLE IF EXISTS "D03_培育库"')
            names = [*columns, *(["报送时间"] if beside else [])]
            database.execute(f'CREATE TABLE "D03_培育库" ({", ".join(f"{name!r}" for name in names)})')
            values = [*(cells[name] for name in columns), *beside]
            database.execute(f'INSERT INTO "D03_培育库" VALUES ({", ".join("?" * len(values))})', values)

    write("2025-01-14 09:30:00")
    clock("2025-03-01T08:00:00")
    told = known.on_day(tmp_path / "var", settings, POOLS, QUARTER, DAY, False)
    assert [source.received_at for source in told.sources] == ["2025-01-14T09:30:00"]
    write()
    untold = known.on_day(tmp_path / "other", settings, POOLS, QUARTER, DAY, False)
    assert untold.sources == ()


def test_a_log_cut_short_by_a_power_failure_is_read_on(tmp_path, clock):
    put(tmp_path, "甲", "2025-01-08 10:00:00")
    snapshot = look(tmp_path)
    log = snapshot.path.parent / known.LOG
    with log.open("a", encoding="utf-8") as file:
        file.write('{"at": "2025-01-1')
    clock("2025-01-20T08:00:00")
    look(tmp_path)
    assert [each.at.day for each in known.looks(tmp_path / "var", QUARTER, POOLS)] == [9, 20]
    log.unlink()  # a snapshot whose look was lost counts as looked at when it was kept
    assert [each.digest for each in known.looks(tmp_path / "var", QUARTER, POOLS)] == [snapshot.digest]


STEPS = st.lists(st.tuples(st.sampled_from("甲乙丙"), st.integers(1, 3), st.booleans()), min_size=1, max_size=5)


@examples(25)
@given(STEPS)
def test_what_a_run_on_a_day_used_is_what_was_known_at_its_end(tmp_path_factory, steps):
    """Deliveries and looks day by day; if the last look of a day came after its last delivery, its snapshot is the answer."""
    folder, answers, day = tmp_path_factory.mktemp("known"), {}, 1
    with pytest.MonkeyPatch.context() as patch:
        for field, days, looked in steps:
            put(folder, field, f"2025-01-{day:02d} 10:00:00")
            if looked:
                patch.setattr(known, "_now", lambda day=day: datetime(2025, 1, day, 18))
                answers[date(2025, 1, day)] = look(folder).path
            day += days
        patch.setattr(known, "_now", lambda: datetime(2025, 3, 1))
        look(folder)
        asked = {each: known.on_day(folder / "var", inbox(folder), POOLS, QUARTER, each, False).path for each in answers}
    assert asked == answers
