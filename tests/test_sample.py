"""The sample district: the same bytes for everybody, of real size, dirty in measure, and taken for nobody real."""

import os
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from zjtx_pipeline import sample, snapshots, sources, validate
from zjtx_pipeline.books import Books
from zjtx_pipeline.codes import credit_code_faults, patent_number_faults
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.sample import faults, ledgers
from zjtx_pipeline.sample.cells import cells
from zjtx_pipeline.sample.deliveries import deliveries
from zjtx_pipeline.sample.draws import day
from zjtx_pipeline.sample.world import register_rows, world
from zjtx_pipeline.settings import load_settings
from zjtx_pipeline.tables import load_tables
from zjtx_pipeline.workdays import workday_after

ROOT = Path(__file__).parents[1]
EARLY, BUSY = Quarter(2023, 2), Quarter(2025, 4)
NOTHING = ["", "无", "/", "—", "N/A"]
KINDS = ("workbook", "delimited", "database")
ASK = "import sys; from pathlib import Path; from zjtx_pipeline import sample\nfor quarter in sys.argv[2:]: sample.deliver(Path(sys.argv[1]), quarter)"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home to which EARLY and BUSY have been delivered, EARLY first."""
    folder = tmp_path_factory.mktemp("sample")
    sample.deliver(folder, str(EARLY))
    sample.deliver(folder, BUSY)
    return folder


@pytest.fixture(scope="module")
def busy():
    """What BUSY's departments deliver: table id → its deliveries."""
    found = {}
    for delivery in deliveries(BUSY, KINDS):
        found.setdefault(delivery.table.id, []).append(delivery)
    return found


def ask(home, *quarters, **environment):
    """Another process that lets the departments deliver."""
    command = [sys.executable, "-c", ASK, str(home), *map(str, quarters)]
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)} | environment)


def files_of(home, quarter):
    folder = home / "sample" / "inbox" / str(quarter)
    return {path.name: (path.read_bytes(), path.stat().st_mtime) for path in folder.iterdir()}


def rows_of(home, quarter):
    with sqlite3.connect(home / "sample" / "district.db") as connection:
        titles = [table.title for table in load_tables().values() if table.delivered == "database"]
        query = 'SELECT * FROM "{}" WHERE "数据期" = ? ORDER BY rowid'
        return {title: connection.execute(query.format(title), [str(quarter)]).fetchall() for title in titles}


def test_any_process_in_any_order_on_any_clock_makes_the_same_bytes_and_two_at_once_make_them_once(home, tmp_path):
    askers = [ask(tmp_path, Quarter(2023, 1), EARLY, PYTHONHASHSEED=seed, TZ=zone) for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))]
    assert [asker.wait(timeout=180) for asker in askers] == [0, 0]
    assert files_of(tmp_path, EARLY) == files_of(home, EARLY)
    assert rows_of(tmp_path, EARLY) == rows_of(home, EARLY)
    assert {path.name for path in (tmp_path / "sample").iterdir()} == {".lock", "district.db", "district.yaml", "inbox"}


def test_asking_again_changes_nothing(home):
    before = {path: path.stat().st_ino for path in (home / "sample").rglob("*") if path.is_file()}
    sample.build(home)
    sample.deliver(home, EARLY)
    assert {path: path.stat().st_ino for path in (home / "sample").rglob("*") if path.is_file()} == before


def test_what_a_killed_process_left_half_done_is_made_whole(home, tmp_path):
    sample.build(tmp_path)
    stale = tmp_path / "sample" / f".{EARLY}.killed"
    stale.mkdir()
    (stale / "D03_培育库_区经信局.xlsx").write_bytes(b"half")
    sample.deliver(tmp_path, EARLY)
    assert not stale.exists()
    assert files_of(tmp_path, EARLY) == files_of(home, EARLY)


@pytest.mark.parametrize("quarter", ["2022Q4", "2026Q4", "2030Q1"])
def test_no_department_delivers_outside_the_sample_s_time(tmp_path, quarter):
    sample.deliver(tmp_path, quarter)
    assert not (tmp_path / "sample").exists()


def test_the_configuration_is_one_that_the_pipeline_reads_and_knows_as_a_sample(tmp_path):
    settings = load_settings(sample.build(tmp_path))
    assert settings.sample and "示例" in settings.district
    assert settings.delivery.allowed_domains == ("sample.invalid",)
    assert all(each.address.endswith("@sample.invalid") for each in settings.delivery.recipients)


# Size and shape


SIZES = {
    "D01": (13_500, 14_500), "D02": (1_000, 2_500), "D03": (12_000, 15_000), "D04": (4_000, 7_000), "D05": (11_000, 14_100),
    "D10": (6_000, 8_000), "D17": (1_300, 2_500), "D22b": (5_000, 8_000), "D23": (250, 500), "D25": (800, 2_000),
}  # fmt: skip


@pytest.mark.parametrize("table", SIZES)
def test_a_table_has_the_size_it_would_have_in_a_district(busy, table):
    least, most = SIZES[table]
    rows = max(len(delivery.rows) for delivery in busy[table]) if table == "D05" else sum(len(each.rows) for each in busy[table])
    assert least <= rows <= most


def test_every_table_comes_from_each_of_its_departments_or_they_report_nothing_or_are_known_to_be_silent(busy):
    for table in load_tables().values():
        senders = {delivery.sender for delivery in busy[table.id]}
        assert senders <= set(table.senders)
        assert senders == set(table.senders) or table.nature == "T"


def test_headers_are_the_dictionary_s_in_its_order(home):
    settings = load_settings(sample.build(home))
    for table in [load_tables()[name] for name in ("D07", "D10", "D20", "D21a", "D21b", "D22a", "D25", "D26")]:
        wanted = [column.header for column in table.columns.values()]
        for delivery in sources.deliveries(settings, table, BUSY):
            raw = delivery.read()
            assert not raw.fault and not raw.refused
            assert [header for header in raw.headers if header not in ("数据期", "报送部门", "报送时间", "零报送")] == wanted
            assert raw.is_zero == raw.rows.empty


def test_some_departments_report_nothing_and_some_tables_never_came(home):
    names = [path.stem for path in (home / "sample" / "inbox" / str(EARLY)).iterdir()]
    assert "D06a_奖补核定_区财政局" in names  # says so in a row, others in the file name
    assert not [name for name in names if name.startswith("D24b")]
    assert len([name for name in names if name.startswith("D26")]) < 13


def test_files_came_after_the_quarter_s_end_and_a_few_came_late(home):
    days = [pd.Timestamp(mtime, unit="s", tz="Asia/Shanghai").date() for _, mtime in files_of(home, BUSY).values()]
    assert all(BUSY.last_day < when <= workday_after(BUSY, 13) for when in days)
    assert 0 < sum(when > workday_after(BUSY, 10) for when in days) < len(days) / 5


# Invented, and valid


def test_every_name_is_marked_so_that_it_cannot_be_taken_for_a_real_firm(busy):
    for deliveries_of_table in busy.values():
        for delivery in deliveries_of_table:
            for column in delivery.rows.columns.intersection(["name", "supplier_name", "provider_name", "buyer", "brand_name"]):
                names = delivery.rows[column].astype("str")
                assert names[~names.isin(NOTHING)].str.contains("示例").all()


def test_codes_and_patent_numbers_are_well_formed_all_different_and_of_series_that_nobody_holds():
    register = register_rows(day("2026-09-30"))
    assert register["uscc"].is_unique
    assert (credit_code_faults(register["uscc"].astype("str")) == "").all()
    assert register["uscc"].str.slice(8, 10).eq("WY").all()
    assert 0.07 < (register["uscc"].str.slice(2, 8) != "330109").mean() < 0.12
    patents = world()[1]["D10"]
    assert not patent_number_faults(patents["patent_no"].astype("str")).any()
    assert patents["patent_no"].str.slice(7, 8).isin(["8", "9"]).all()


def test_names_hold_what_real_names_hold():
    names = register_rows(day("2026-09-30"))["name"]
    for character in "喆炘旸昇垚犇邨嫚溇燊璟镠（(":
        assert names.str.contains(character, regex=False).any()
    firms = world()[0]
    assert len(set(firms.name)) == len(firms)


# Natures (datasets.md 5.1)


def ledger(table, quarter):
    return ledgers.shown(load_tables()[table], quarter, day(quarter.last_day) + 12)


@pytest.mark.parametrize("table", [table.id for table in load_tables().values() if table.nature == "L"])
def test_a_ledger_holds_all_of_the_ledger_before_and_nothing_of_what_comes_after_its_day(table):
    before, now = ledger(table, Quarter(2024, 3)), ledger(table, Quarter(2024, 4))
    assert set(before["row"]) <= set(now["row"])
    for event in load_tables()[table].events:
        assert not (now[event] > pd.Timestamp("2025-01-12")).any()


def test_services_are_of_the_year_alone():
    assert ledger("D22b", Quarter(2025, 1))["served_on"].dt.year.eq(2025).all()


@pytest.mark.parametrize("table", ["D05", "D20"])
def test_periods_are_those_of_the_year_and_the_two_before(table):
    rows = ledger(table, Quarter(2023, 1))
    periods = rows["period" if table == "D05" else "for_quarter"]
    assert periods.min()[:4] == "2021" and periods[periods.str.len() > 4].max() == "2023Q1"


def test_the_register_is_of_the_quarter_s_last_day():
    rows = register_rows(day("2024-12-31"))
    assert (rows["founded_on"] <= "2024-12-31").all() and (rows["approved_on"] <= "2024-12-31").all()
    assert {"注销", "迁出", "吊销未注销", "开业"} <= set(rows["registration_status"])
    assert 0.02 < rows["street_code"].str.startswith("330114").mean() < 0.035


def test_texts_are_of_the_quarter_alone_and_some_are_drafts():
    texts = pd.concat([ledger("D26", Quarter(2024, number)) for number in (1, 2, 3, 4)])
    assert texts["for_quarter"].value_counts().between(25, 37).all()
    assert set(texts["review_state"]) == {"草稿", "已审核"}


def test_a_delivery_may_be_replaced_by_a_second_one(tmp_path):
    sample.deliver(tmp_path, "2024Q3")
    settings = load_settings(sample.build(tmp_path))
    delivery = next(iter(sources.deliveries(settings, "D15", Quarter(2024, 3))))
    assert delivery.origin.source.endswith("_2.xlsx")


# Dirt


def test_about_two_rows_in_a_hundred_are_dirty_and_no_table_comes_near_to_being_stopped(busy):
    dirty, whole = 0, 0
    for deliveries_of_table in busy.values():
        for each in deliveries_of_table:
            spoiled = len(each.rows) - matching(each) + len(each.broken)
            dirty, whole = dirty + spoiled, whole + len(each.rows)
            assert spoiled <= max(3, 0.05 * len(each.rows)), each.table.id
    assert 0.012 < dirty / whole < 0.025


def matching(delivery):
    """How many delivered rows stand just so in the clean ledger, codes of another style and words for nothing aside."""
    rows = ledgers.shown(delivery.table, BUSY, day(delivery.received.date()))
    rows = rows[rows["sender"] == delivery.sender] if "sender" in rows else rows
    clean = Counter(plain(cells(delivery.table, rows), delivery))
    return sum((clean & Counter(plain(delivery.rows, delivery))).values())


def plain(rows, delivery):
    own = [name for name in rows if not delivery.rows[name].isin(NOTHING).all()]
    rows = rows.assign(uscc=rows["uscc"].astype("str").str.normalize("NFKC").str.upper()) if "uscc" in rows else rows
    optional = [name for name in own if delivery.table.columns[name].optional]
    rows = rows.assign(**{name: rows[name].where(~rows[name].isin(NOTHING), "") for name in optional})
    return rows[own].itertuples(index=False, name=None)


@pytest.mark.parametrize("fault", faults.SPOILERS)
def test_every_kind_of_fault_finds_a_row(busy, fault):
    spoil = faults.SPOILERS[fault]
    for table_id in getattr(spoil, "tables", ["D14"]):
        rows = [row for each in busy[table_id] for row in each.rows.to_dict("records")]
        assert any(spoil(load_tables()[table_id], row, pick) for pick, row in enumerate(rows))


def test_a_third_of_the_faults_is_mended_by_the_next_year():
    def faulty(quarter):
        found = next(each for each in deliveries(quarter, ("workbook",)) if each.table.id == "D03")
        return {tuple(row) for row in found.rows.itertuples(index=False) if "待" in "".join(map(str, row)) or len(str(row[0])) != 18}

    early, late = faulty(Quarter(2023, 1)), faulty(Quarter(2024, 1))
    assert early & late and early - late


# What the plan's targets see


def test_one_pool_just_reaches_its_target_and_the_other_just_misses_it(home):
    settings, judged = load_settings(sample.build(home)), {}
    for table in ("D01", "D02", "D03"):
        kept = snapshots.keep(home, BUSY, load_tables()[table], sources.deliveries(settings, table, BUSY))
        judged[table] = validate.judge(home, kept, settings, {name: judged[name] for name in validate.needs(table) if name in judged})
    assert not any(verdict.blocked for verdict in judged.values())
    accepted = {name: verdict.accepted for name, verdict in judged.items()}
    books = Books(BUSY, accepted, {name: verdict.status for name, verdict in judged.items()}, {}, settings.rules, settings)
    standing = {pool: pool_size(books, pool) for pool in ("创新型", "专精特新")}
    assert 10_000 <= standing["创新型"] < 10_050
    assert 1_150 < standing["专精特新"] < 1_200


def pool_size(books, pool):
    from zjtx_pipeline.indicators import headline

    return headline({"创新型": "T01-1", "专精特新": "T01-2"}[pool], books)


def test_titles_grow_and_many_are_lost_at_review():
    events = world()[1]["D04"]
    reviewed = events[events["event"].isin(["复核通过", "复核未过"])]
    lost = (reviewed["event"] == "复核未过").mean()
    assert 0.1 < lost < 0.4
    assert set(events["event"]) == {"公示", "认定", "复核公示", "复核通过", "复核未过", "撤销", "主动放弃", "更名", "承继"}


def test_money_is_paid_in_full_in_part_too_much_and_back():
    approved, paid = world()[1]["D06a"], world()[1]["D06b"]
    sums = paid[(paid["purse"] == "区") & (paid["payment_type"] == "拨付")].groupby("award_no")["paid_fen"].sum()
    asked = approved.drop_duplicates("award_no").set_index("award_no")["approved_fen"].reindex(sums.index)
    assert (sums == asked).mean() > 0.6 and (sums < asked).any() and (sums > asked).any()
    assert {"退回", "追回"} < set(paid["payment_type"])
    assert (~paid["award_no"].isin(approved["award_no"])).any() and (~approved["award_no"].isin(paid["award_no"])).any()
    assert (approved["due_fen"] == 3_000_000_00).sum() >= 3  # buyers at A08's cap
