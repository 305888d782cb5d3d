"""What was not delivered in time: each table down in turn is never a silent zero, or carries last quarter's value by configuration."""

import shutil
from contextlib import contextmanager
from dataclasses import replace

import pandas as pd
import pytest
from conftest import at_home, deliver_miniature, measure_whole

from zjtx_pipeline import known, outputs, progress, snapshots, stages, store, validate
from zjtx_pipeline.awards import units
from zjtx_pipeline.books import Books
from zjtx_pipeline.carried import carried
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.flows import RESTS_ON, flow
from zjtx_pipeline.indicators import measure
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.report import compose
from zjtx_pipeline.settings import load_settings
from zjtx_pipeline.stages import gathering, intake, measuring
from zjtx_pipeline.tables import load_tables
from zjtx_pipeline.trace import explain_clause, explain_ladder
from zjtx_pipeline.verdicts import UNDELIVERED, owners

TABLES = tuple(load_tables())


@pytest.fixture(scope="module")
def whole(golden_run):
    """The miniature district's books of 2024Q4, and all their figures by id and breakdown."""
    held = without(intake.books(golden_run))
    return held, measured(held)


def without(held, *tables, settings=None):
    """The same books with some tables 未报送."""
    kept = {table: rows for table, rows in held.tables.items() if table not in tables}
    status = dict(held.status) | dict.fromkeys(tables, UNDELIVERED)
    return Books(held.quarter, kept, status, held.missing, held.rules, settings or held.settings)


def measured(held, tasks=None):
    figures = [figure for task in tasks or held.rules.tasks for figure in measure(task, held)]
    return {(figure.id, figure.breakdown): figure for figure in figures}


def needs(held, figure):
    return held.rules.indicators[figure.indicator].parts[figure.part].needs


@pytest.mark.parametrize("table", TABLES)
def test_with_a_table_down_what_needs_it_is_wanting_and_nothing_else_changes(whole, table):
    held, all_figures = whole
    resting = {figure.indicator for figure in all_figures.values() if table in needs(held, figure)}
    tasks = sorted({held.rules.indicators[indicator].task for indicator in resting})
    down = measured(without(held, table), tasks) if tasks else {}
    for key, figure in down.items():
        if table in needs(held, figure):
            assert (figure.value, figure.status) == (None, "待补"), key
        else:
            assert figure == all_figures[key], key
    assert tasks or table == "D26"  # words alone rest on D26


FILLERS = [
    (table.id, sender) for table in load_tables().values() if table.columns_of for sender in table.senders if sender != "区委人才办"
]  # who alone may fill columns of a table


def without_sender(run, held, table_id, sender, home):
    """The books had one department delivered nothing of a table: the others' deliveries kept and judged by themselves."""
    judged = intake.verdict_on(run, table_id, run.quarter)
    snapshot = snapshots.load(run.home / store.read_json(run.pointer("pulled", run.quarter, table_id)))
    left = [known.Kept(snapshot, one) for one in snapshot.sources if one.sender != sender]
    kept = snapshots.keep(home, run.quarter, judged.table, left)
    beside = {other: intake.verdict_on(run, other, run.quarter) for other in validate.needs(table_id)}
    alone = validate.judge(home, kept, run.settings, beside)
    assert len(left) < len(snapshot.sources) and not alone.blocked
    tables, missing = {**held.tables, table_id: alone.accepted}, {**held.missing, table_id: alone.missing_senders}
    return replace(held, tables=tables, status=held.status | alone.statuses, missing=missing, memory={})


@pytest.mark.parametrize("table, sender", FILLERS)
def test_with_a_department_down_what_it_alone_fills_is_wanting_and_no_figure_a_silent_nought(whole, golden_run, tmp_path, table, sender):
    held, all_figures = whole
    down = without_sender(golden_run, held, table, sender, tmp_path)
    columns = load_tables()[table].columns.values()
    own = {f"{table}.{column.header}" for column in columns if owners(load_tables()[table], column.name)[:1] == (sender,)}
    rests = {key for key, figure in all_figures.items() if own & set(held.rules.indicators[figure.indicator].parts[figure.part].columns)}
    for key, figure in measured(down).items():
        if key in rests:
            assert (figure.value, figure.status) == (None, "待补"), key
        else:  # rows of the others make the rest (indicators.md, small print 12)
            assert figure == all_figures[key] or figure.value, key
    assert rests


def test_a_clause_is_wanting_without_those_who_fill_what_sets_it_off(whole, golden_run, tmp_path):
    held, _ = whole
    for sender, untold in (("区住建局", True), ("区人社局", False)):
        down = without_sender(golden_run, held, "D20", sender, tmp_path)
        assert ("A20" in set(units(held)["clause"])) and ("A20" in set(units(down)["clause"])) != untold
        assert ("待补" in dict(explain_clause(down, "A20").facts)["数值"]) == untold


def test_the_screening_is_wanting_without_those_who_report_the_firms_business(whole, golden_run, tmp_path):
    held, _ = whole
    with pytest.raises(ZjtxError, match="待补：D05_经营与评价（区经信局）本季未报送"):
        explain_ladder(without_sender(golden_run, held, "D05", "区经信局", tmp_path), "L3")
    assert explain_ladder(without_sender(golden_run, held, "D05", "区税务局", tmp_path), "L3").sheets


def test_a_figure_needs_no_table_but_those_that_it_names(whole):
    """All figures of one list of tables come out the same with every other table down at once."""
    held, all_figures = whole
    wanted = {}
    for key, figure in all_figures.items():
        wanted.setdefault(needs(held, figure), []).append(key)
    for tables, keys in wanted.items():
        alone = without(held, *(set(TABLES) - set(tables)))
        tasks = sorted({held.rules.indicators[all_figures[key].indicator].task for key in keys})
        found = measured(alone, tasks)
        assert {key: found[key] for key in keys} == {key: all_figures[key] for key in keys}, tables


@pytest.mark.parametrize("table", ["D01", "D02", "D03", "D04", "D06a", "D06b", "D13", "D15"])
def test_what_was_paid_or_set_off_is_unknown_without_its_tables_and_never_nought(whole, table):
    held, _ = whole
    full, down = units(held), units(without(held, table))
    clauses = {award.id for award in held.rules.awards.values() if table in award.needs}
    assert not set(down["clause"]) & clauses
    left = full[~full["clause"].isin(clauses)]
    if table in ("D06a", "D06b"):
        assert down["paid_fen"].isna().all() and down["gap_fen"].isna().all() and set(down["state"]) == {"待补"}
        triggered = left[left["state"].ne("无触发")]
        assert down["entitled_fen"].tolist() == triggered["entitled_fen"].tolist() and len(down)
    else:
        unknown = ["in_p2"] if table == "D04" else []
        assert down[unknown].isna().all(axis=None)
        same = [column for column in full if column not in unknown]
        pd.testing.assert_frame_equal(down[same].reset_index(drop=True), left[same].reset_index(drop=True))


@pytest.mark.parametrize("table", ["D01", "D02", "D03", "D04"])
def test_titles_and_pools_have_no_flow_without_the_tables_that_tell_of_them(whole, table):
    held, _ = whole
    told = flow(without(held, table), None)
    assert set(told["kind"]) == {kind for kind, tables in RESTS_ON.items() if table not in tables}
    assert not told[told["step"].isin(["期初", "期末"])].empty or table in ("D01", "D02")


CARRYING = {"missing": "沿用上期"}


def carrying(held, *tables, **changed):
    """The books with tables down in a district whose configuration says so."""
    return without(held, *tables, settings=held.settings.model_copy(update=CARRYING | changed))


@pytest.fixture(scope="module")
def last(golden_run):
    """The figures of the quarter before, by task."""
    return {task: measure(task, intake.books(golden_run, golden_run.quarter - 1)) for task in (5, 9, 10, 14)}


def carried_figures(last, held, task):
    found = carried(measure(task, held), lambda: last[task], held)
    return {(figure.id, figure.breakdown): figure for figure in found}


def test_by_configuration_last_quarter_s_value_is_carried_and_marked(whole, last):
    held, all_figures = whole
    found = carried_figures(last, carrying(held, "D15"), 5)
    last = {(figure.id, figure.breakdown): figure for figure in last[5]}
    resting = [key for key, figure in all_figures.items() if figure.id[:3] == "T05" and "D15" in needs(held, figure)]
    assert resting and all(found[key] == replace(last[key], status="沿用上期") for key in resting)
    assert all(found[key] == all_figures[key] for key in found if key not in resting)


def test_only_the_tables_named_are_carried(whole, last):
    held, _ = whole
    for missing, status in (({"D15": "沿用上期"}, "沿用上期"), ({"D16": "沿用上期"}, "待补"), ("待补", "待补")):
        found = carried_figures(last, carrying(held, "D15", missing=missing), 5)
        assert found["T05-2a", ""].status == status
    both = carried_figures(last, carrying(held, "D15", "D06b", missing={"D15": "沿用上期"}), 5)
    assert (both["T05-3a", ""].status, both["T05-3c", ""].status) == ("沿用上期", "待补")


def test_what_reads_a_column_that_nobody_fills_is_carried_as_its_table_is(whole, last):
    held, all_figures = whole
    for missing, status in ((CARRYING["missing"], "沿用上期"), ({"D20": "沿用上期"}, "沿用上期"), ({"D05": "沿用上期"}, "待补")):
        down = replace(carrying(held, missing=missing), status=held.status | {"D20.新增工匠(人)": UNDELIVERED}, memory={})
        found = carried_figures(last, down, 10)
        assert found["T10-3b", ""].status == status and found["T10-3a", ""] == all_figures["T10-3a", ""]


def test_nothing_is_carried_twice_and_no_year_s_count_into_the_next_year(whole, last):
    held, _ = whole
    absent = {(figure.id, figure.breakdown): figure for figure in carried(measure(5, carrying(held, "D15")), lambda: [
        replace(figure, value=None, status="待补") for figure in last[5]
    ], carrying(held, "D15"))}  # fmt: skip
    assert absent["T05-2a", ""].status == "待补"
    spring = replace(carrying(held, "D15", "D16"), quarter=Quarter(2025, 1), memory={})
    found = carried_figures(last, spring, 5)
    assert found["T05-2a", ""].status == "待补"  # 立项, this year's
    assert found["T05-8a", ""].status == "沿用上期"  # valid at the quarter's end


@pytest.mark.parametrize("table, task, figure", [("D19", 9, "T09-1a"), ("D23", 14, "T14-1a")])
def test_a_carried_target_is_grey_with_its_pace_and_without_a_forecast(whole, last, table, task, figure):
    held, _ = whole
    down = carrying(held, table)
    found = carried_figures(last, down, task)
    (line,) = progress.assess([found[figure, ""]], down, {})
    assert line.figure.value is not None and line.light == "灰" and line.forecast is None and line.pace is not None
    frame = outputs.figures_frame([line], held.rules, held.quarter)
    assert frame[["light", "status", "period"]].to_numpy().tolist() == [["灰", "沿用上期", "2024-01-01/2024-09-30"]]


@pytest.mark.parametrize("table", TABLES)
def test_a_report_says_by_which_day_the_table_had_not_come_and_prints_no_number_for_want_of_it(whole, golden_run, table):
    held, _ = whole
    number = next(task for task in held.rules.tasks if table in held.rules.tables_of(task))
    down, shown = without(held, table), gathering.report_inputs(golden_run, number)
    tallied = units(down)
    told = replace(
        shown,
        progress=progress.assess(measure(number, down), down, {}),
        awards=tallied[tallied["clause"].isin(held.rules.grants_of(number))],
        status={**shown.status, table: UNDELIVERED},
    )
    report = compose.task_report(told, number)
    title = load_tables()[table].title
    assert f"未报送的数据表：{title}" in repr(report.quality.remarks) or f"、{title}" in repr(report.quality.remarks)
    wanting = {figure.id for figure in measure(number, down) if table in needs(down, figure)}
    rows = [row for row in (*report.targets, *report.others) if row.id in wanting and (row.now or row.unit)]
    assert {row.now for row in rows} <= {"待补"} and (rows or not wanting)
    assert not rows or f"截至2025年1月15日未报送：{title}" in repr((report.targets, report.others))
    if report.awards:
        clauses = {award.id for award in held.rules.awards.values() if table in award.needs}
        for row in report.awards.rows:
            assert (row.units == "待补") == (row.clause in clauses)
            assert (row.paid == "待补") == (row.clause in clauses or table in ("D06a", "D06b"))


@contextmanager
def district_lacking(golden_run, folder, name):
    """The configuration of the golden run's district where one file did not come; meanwhile its home is there, with what was kept."""
    config = deliver_miniature(folder)
    (folder / "inbox" / "2024Q4" / name).unlink()
    for kept in ("snapshots", "validated"):
        shutil.copytree(golden_run.home / kept, folder / "home" / kept)
    with at_home(folder / "home"):
        yield config


@pytest.fixture(scope="module")
def registerless(golden_run, tmp_path_factory):
    """Two runs of a district whose register did not come: by default, and carrying; of the second only what it measured."""
    with district_lacking(golden_run, tmp_path_factory.mktemp("registerless"), "D01_企业主体_区市场监管局.csv") as config:
        plain = load_settings(config)
        run = stages.open_run(plain, golden_run.quarter)
        told = stages.run_all(run)
        figures = pd.read_csv(run.reports / "figures.csv", dtype="str", keep_default_na=False)
        config.write_text(f"{config.read_text(encoding='utf-8')}\nmissing: 沿用上期\n", encoding="utf-8")
        carries = stages.open_run(load_settings(config), golden_run.quarter)
        for number in run.settings.rules.tasks:
            stages.measure(carries, number)
            assert stages.review(carries, number)["differences"] == []
        yield run, told, figures, carries


def test_without_the_register_all_fifteen_reports_are_made_and_nothing_that_needs_it_has_a_number(registerless):
    run, told, figures, _ = registerless
    assert len(list(run.reports.glob("*.pdf"))) == 15 and told["revision"].startswith("第 1 版（")
    parts = run.settings.rules.indicators
    rests = [bool({"D01"} & set(parts[line.indicator].parts[line.part].needs)) for line in figures.itertuples()]
    assert set(figures.loc[rests, "value"]) == {""} and set(figures.loc[rests, "status"]) == {"待补"} and sum(rests) > 300
    for name in ("tiers.csv", "flows.csv", "awards.csv"):
        assert pd.read_csv(run.reports / name).empty, name


def test_the_same_district_may_carry_last_quarter_s_figures(registerless):
    *_, carries = registerless
    lines = {(each.figure.id, each.figure.breakdown): each for each in measuring.figures_of(carries, carries.settings.rules.tasks)}
    before = {(each.figure.id, each.figure.breakdown): each.figure for each in measuring.figures_before(carries)}
    assert lines["T01-1a", ""].figure == replace(before["T01-1a", ""], status="沿用上期")
    assert (lines["T01-1a", ""].light, lines["T01-1a", ""].forecast) == ("灰", None)
    inputs = gathering.report_inputs(carries, 1)
    report = compose.task_report(inputs, 1)
    assert report.targets[0].now.isdigit()
    assert "沿用上期，截至2025年1月15日未报送：D01_企业主体" in report.targets[0].note and report.targets[0].change == "—"
    assert "（沿用上期）" in report.summary[0] and "沿用上期" in report.summary[1]


def test_a_carried_figure_is_traced_where_it_was_measured(registerless):
    *_, carries = registerless
    with pytest.raises(ZjtxError, match="T01-1a 2024Q4 沿用上期的数：请溯源 2024Q3"):
        stages.trace_figure(carries, "T01-1a")


@pytest.fixture(scope="module")
def unhoused(golden_run, tmp_path_factory):
    """A run of a district whose 区住建局 delivered nothing of D20: task 10, measured, tallied and reviewed."""
    with district_lacking(golden_run, tmp_path_factory.mktemp("unhoused"), "D20_人才就业(汇总)_区住建局.csv") as config:
        run = stages.open_run(load_settings(config), golden_run.quarter)
        measure_whole(run)
        stages.tally_ladder(run)
        yield run


def test_the_report_names_table_and_department_and_the_second_opinion_agrees(unhoused):
    told = stages.review(unhoused, 10)
    assert told["differences"] == []
    report = compose.task_report(gathering.report_inputs(unhoused, 10), 10)
    rows = {row.id: row for row in report.others}
    for figure in ("T10-1a", "T10-1b", "T10-2a"):
        assert rows[figure].now == "待补" and "截至2025年1月15日未报送：D20_人才就业(汇总)（区住建局）" in rows[figure].note
    assert rows["T10-3a"].now != "待补" and "D20" not in rows["T10-3a"].note
    [award] = [row for row in report.awards.rows if row.clause == "A20"]
    assert award.units == award.paid == "待补" and "区住建局" in award.note
    overall = compose.overall_report(gathering.report_inputs(unhoused, gathering.OVERALL))
    assert "截至2025年1月15日未报送：D20_人才就业(汇总)（区住建局）、D24a_政府采购合同，所涉指标数值待补6项" in repr(overall)
    findings = intake.verdict_on(unhoused, "D20", unhoused.quarter).findings
    [said] = findings.loc[findings["rule"].eq("报送.无人填报") & findings["sender"].eq("区住建局"), "message"]
    assert said == "“新增租房补贴(人)、租房补贴额(元)、专项租赁住房(套)”由区住建局填报，本季没有报送：所涉指标列为“待补”，请补报。"


@pytest.mark.parametrize("table, said", [("D13", "应兑 待补，已兑 待补，差额 待补"), ("D06b", "已兑 待补，差额 待补")])
def test_a_clause_s_trace_says_what_is_wanting(whole, table, said):
    held, _ = whole
    assert said in dict(explain_clause(without(held, table), "A08").facts)["数值"]
