"""Traces: every printed figure can be made again from its rows, every other row says why not, and each leads back to its file."""

import csv
import math
import re
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import openpyxl
import pandas as pd
import pytest
import yaml
from builders import CASES, books

from zjtx_pipeline import stages, trace
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.figures import Figure
from zjtx_pipeline.forecast import forecast
from zjtx_pipeline.goals import Goal
from zjtx_pipeline.indicators.standings import firms_of
from zjtx_pipeline.progress import Progress
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.report.formats import machine
from zjtx_pipeline.rules import load_rules
from zjtx_pipeline.stages.intake import books as opened
from zjtx_pipeline.stages.intake import verdict_on
from zjtx_pipeline.tables import load_tables
from zjtx_pipeline.trace import rule

RULES = load_rules()
FEN_PER = {"元": 1, "万元": 10_000}  # yuan in the unit
LINEAGE = ["报送部门", "来源（文件或数据表）", "位置（工作表!行，或键）"]


def figures_of(run):
    with (run.reports / "figures.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def held(golden_run):
    return opened(golden_run)


# Making a number again, by someone who knows nothing but the words of the first sheet


def made_again(rows, how, columns):
    """What a clerk gets who does with a sheet's rows what 计数方式 and 计数列 say; None where a cell is empty that must not be."""
    names = columns.split("；") if columns else []
    match how:
        case "不同值个数":
            return len(rows.drop_duplicates(names))
        case "行数":
            return len(rows)
        case "有则为1":
            return int(len(rows) > 0)
        case "合计":
            return total(rows[names[0]])
        case "合计大于零的企业数":
            return sum(total(own[names[1]]) > 0 for _, own in rows.groupby(names[0]))
        case "同比增长":
            then, now = (total(rows.loc[rows[names[0]].eq(period), names[1]]) for period in sorted(rows[names[0]].unique()))
            return (now / then - 1) * 100
    raise AssertionError(how)


def total(cells):
    return sum((Fraction(str(cell)) for cell in cells.dropna()), Fraction(0))


def in_unit(value, columns, unit):
    """A sum under a header in 元 or 万元 as the figure's unit says it."""
    for of_header, yuan in FEN_PER.items():
        if columns.endswith(f"({of_header})") and unit in FEN_PER:
            return Fraction(value) * yuan / FEN_PER[unit]
    return Fraction(value)


def value_again(found, unit):
    said, sheets = dict(found.facts), {sheet.title: sheet.rows for sheet in found.sheets}
    terms = [name.removeprefix("得数·") for name in said if name.startswith("得数·")]
    values = [
        in_unit(made_again(sheets[term], said[f"计数方式·{term}"], said[f"计数列·{term}"]), said[f"计数列·{term}"], unit)
        for term in terms
    ]
    if terms == ["分子", "分母"]:
        return values[0] / values[1] * 100 if values[1] else None
    return values[0] - values[1] if len(terms) == 2 else values[0]


@pytest.mark.parametrize("task", RULES.tasks)
def test_every_printed_figure_is_made_again_from_its_rows(task, golden_run, held):
    wrong, checked = {}, 0
    for line in figures_of(golden_run):
        if int(line["task"]) != task or not line["value"]:
            continue
        found = trace.explain(held, line["indicator"] + line["part"], line["breakdown"])
        again = value_again(found, line["unit"])
        checked += 1
        if again != found.figure.value or machine(again, line["unit"]) != line["value"]:
            wrong[found.figure.id, line["breakdown"]] = (again, line["value"])
    assert checked and not wrong


def test_a_figure_without_value_says_so_and_shows_what_there_is(held):
    undelivered = trace.explain(held, "T13-5a")
    assert dict(undelivered.facts)["数值"] == "待补" and not undelivered.sheets
    unstated = trace.explain(held, "T01-5c")
    assert dict(unstated.facts)["数值"] == "待明确"
    assert unstated.rows("计入") and unstated.sheets[1].rows["测算应兑(元)"].isna().any()


@pytest.mark.parametrize("held", [books(), books(undelivered=tuple(load_tables()))], ids=["零报送", "未报送"])
def test_where_nothing_happened_every_figure_still_has_its_account(held, tmp_path):
    for indicator in RULES.indicators.values():
        for letter in indicator.parts:
            found = trace.explain(held, indicator.id + letter)
            assert dict(found.facts)["数值"]
            assert not found.rows("计入", "分子", "分母") or found.figure.status == "待明确", found.figure
    trace.write_workbook(tmp_path / "t.xlsx", found)


def test_a_super_deduction_s_account_names_the_settled_year_and_whom_it_speaks_of():
    held = books("2024Q1", D25=[{"year": 2022, "scope": "全区", "households": 9}])
    said = dict(trace.explain(held, "T03-5a").facts)
    assert (said["统计期"], said["范围"]) == ("2022-01-01/2022-12-31", "汇总范围：全区")


# Nothing is lost on the way


def terms_of(found):
    """Each counted sheet with that of what it left out."""
    sheets = {sheet.title: sheet for sheet in found.sheets}
    for title, sheet in sheets.items():
        lost = sheets.get("未计入" if title == "计入" else f"{title}·未计入") or sheets.get(f"{title}·未用")
        if lost is not None:
            yield sheet, lost


@pytest.mark.parametrize("indicator", RULES.indicators)
def test_counted_and_left_out_rows_are_all_the_rows_and_no_row_is_both(indicator, held):
    for letter in RULES.indicators[indicator].parts:
        for counted, lost in terms_of(trace.explain(held, indicator + letter)):
            inside, outside = set(counted.rows.index), set(lost.rows.index)
            assert not inside & outside, (indicator, letter, counted.title)
            assert lost.rows["不计的原因"].str.len().gt(0).all()
            if counted.table in load_tables():
                assert inside | outside == set(held[counted.table].index), (indicator, letter, counted.title)


@pytest.mark.parametrize("population", ["P1", "P2", "P4", "P12"])
@pytest.mark.parametrize("day", [None, "2023-12-31", "2022-12-31"])
def test_the_rows_behind_a_population_are_those_of_its_firms_and_no_others(population, day, held):
    rows = firms_of(held, population, day and pd.Timestamp(day))
    assert set(rows["firm"]) == {firm for _, made in rows.behind for firm in made()["firm"]}


def test_an_award_unit_rests_on_its_own_invoices(held):
    """A08: base is the sum of its counted invoices, entitled a tenth of it, half up, under the cap, never below 0."""
    sheets = {sheet.title: sheet.rows for sheet in trace.explain(held, "T04-4a").sheets}
    units, invoices = sheets["计入"], sheets["依据 A08触发"]
    assert len(units) > 10
    sums = {key: total(own["计算基数(元)"]) for key, own in invoices.groupby("触发事项键")}
    for unit in units.to_dict("records"):
        assert sums[unit["触发事项键"]] == Fraction(unit["计算基数(元)"])
        share = (unit["计算基数(元)"] * unit["比例"]).quantize(Decimal("0.01"), "ROUND_HALF_UP")
        assert unit["测算应兑(元)"] == max(Decimal(0), min(share, unit["上限(元)"]))


@pytest.mark.parametrize("figure", ["T01-5a", "T05-3a", "T05-6a", "T06-3a"])
def test_every_award_unit_has_the_row_that_set_it_off(figure, held):
    sheets = trace.explain(held, figure).sheets
    keys = {key for sheet in sheets if sheet.title.endswith("触发") for key in sheet.rows["触发事项键"]}
    units = next(sheet for sheet in sheets if sheet.title == "计入").rows
    assert set(units.loc[units["状态"].ne("无触发"), "触发事项键"]) <= keys


# Where rows come from


def test_each_row_leads_back_to_its_key_in_the_delivered_file(golden_run, held):
    inbox, looked_at = golden_run.settings.inbox, set()
    for indicator in RULES.indicators:
        for letter in RULES.indicators[indicator].parts:
            found = trace.explain(held, indicator + letter)
            for sheet in found.sheets:
                if sheet.table in load_tables() and sheet.table not in looked_at and len(sheet.rows):
                    looked_at.add(sheet.table)
                    for row in sheet.rows.head(8).to_dict("records"):
                        assert_stands_there(inbox, load_tables()[sheet.table], row)
    assert len(looked_at) > 20


def assert_stands_there(inbox, table, row):
    """The file, opened at the row's place, shows the row's key."""
    keys = [table.columns[name] for name in table.key if name in table.columns and table.columns[name].kind in ("text", "code", "list")]
    for source, place in zip(row[LINEAGE[1]].split("；"), row[LINEAGE[2]].split("；"), strict=True):
        with (inbox / source).open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file))
        line = dict(zip(lines[0], lines[int(place.strip("第行")) - 1], strict=True))
        for column in keys:
            if row[column.header] is not None and row[column.header] == row[column.header]:
                assert normal(line[header_in(line, column)]) == normal(row[column.header]), (source, place, column.header)


def header_in(line, column):
    return column.header if column.header in line else next(name for name in line if name in ("码", "信用代码"))


def normal(text):
    import unicodedata

    return unicodedata.normalize("NFKC", text).strip().upper()


def test_rows_set_aside_stand_beside_with_their_reasons(golden_run, held):
    tables = {"D09": verdict_on(golden_run, "D09", golden_run.quarter).set_aside, "D04": verdict_on(golden_run, "D04", golden_run.quarter).set_aside}
    returned = {sheet.title: sheet.rows for sheet in trace.explain(held, "T03-1a", "", tables).sheets if sheet.title.startswith("退回")}
    assert len(returned["退回 D04"]) == len(tables["D04"]) > 0
    assert returned["退回 D04"]["退回原因"].str.len().gt(0).all()


# Reasons


def reasons():
    cases = yaml.safe_load((CASES / "trace.yaml").read_text(encoding="utf-8"))
    return [pytest.param(case, id=sentence) for sentence, case in cases.items()]


@pytest.mark.parametrize("case", reasons())
def test_a_row_that_does_not_count_says_why(case, held):
    sheets = {sheet.title: sheet.rows for sheet in trace.explain(held, case["数"], case.get("分项", "")).sheets}
    rows = sheets[case["工作表"]]
    for header, value in case["行"].items():
        rows = rows[rows[header].astype("str").eq(str(value))]
    assert set(rows["不计的原因"]) == {case["原因"]}


# What is asked for


@pytest.mark.parametrize("name", ["T99-1", "T04", "4", "T04-4d", ""])
def test_an_id_that_names_no_figure_is_refused_in_one_sentence(name):
    with pytest.raises(ZjtxError, match="编号|有 3 个数"):
        trace.figures_named(RULES, name)


def test_the_letter_may_be_left_out_where_there_is_one_part_alone():
    assert trace.figures_named(RULES, "t1-1")[0].id == "T01-1"
    with pytest.raises(ZjtxError, match="T04-4a 应兑、T04-4b 已兑、T04-4c 差额"):
        trace.figures_named(RULES, "T04-4")


def test_a_breakdown_that_a_figure_does_not_have_is_refused(held):
    with pytest.raises(ZjtxError, match="可选 条款=A11"):
        trace.explain(held, "T05-6a", "条款=A01")


@pytest.mark.parametrize("figure, internal", [("T01-7a", True), ("T03-5b", True), ("T03-8a", True), ("T01-1a", False), ("T04-4a", False)])
def test_what_shows_single_firms_business_or_tax_figures_is_marked_for_the_bureau_alone(figure, internal, held, tmp_path):
    found = trace.explain(held, figure)
    assert found.confidential is internal
    first = openpyxl.load_workbook(trace.write_workbook(tmp_path / "t.xlsx", found)).worksheets[0]
    assert ("仅供区经信局" in first["B1"].value) is internal


def test_only_the_columns_that_bear_on_a_figure_are_shown(held):
    """A follow-up evaluation needs no firm's revenue (datasets.md 5.4)."""
    sheets = trace.explain(held, "T01-6b").sheets
    basis = next(sheet for sheet in sheets if sheet.table == "D05")
    assert "跟踪评价结论" in basis.rows and not [name for name in basis.rows if "万元" in name]


def test_rows_of_a_confidential_table_that_were_set_aside_show_no_amounts(held):
    cells = {"统一社会信用代码": "码", "企业名称": "某公司", "统计期": "2024Q4", "营业收入(万元)": "12.5", "reasons": "主营大于营收"}
    returned = pd.DataFrame([cells | dict.fromkeys(["sender", "source", "place", "rules"], "某")])
    sheets = {sheet.title: sheet.rows for sheet in trace.explain(held, "T01-6b", "", {"D05": returned}).sheets}
    assert sheets["退回 D05"]["统计期"].tolist() == ["2024Q4"] and not [name for name in sheets["退回 D05"] if "万元" in name]


# The workbook


def test_the_workbook_holds_every_sheet_and_is_the_same_each_time(held, tmp_path):
    found = trace.explain(held, "T03-1a")
    path = trace.write_workbook(tmp_path / "a.xlsx", found)
    assert path.read_bytes() == trace.write_workbook(tmp_path / "b.xlsx", trace.explain(held, "T03-1a")).read_bytes()
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[0] == "说明" and len(book.sheetnames) == 1 + len(found.sheets)
    for sheet, page in zip(found.sheets, book.worksheets[1:], strict=True):
        assert page.max_row == len(sheet.rows) + 1
        assert [cell.value for cell in page[1]] == list(sheet.rows.columns)


def test_no_delivered_text_becomes_a_formula(tmp_path):
    held = books(D23=[{"activity_type": "专题培训", "activity_name": "=1+1", "activity_no": "@x", "is_zjtx_theme": "是", "sign_in_proof": "+1", "held_on": "2024-05-01"}])
    book = openpyxl.load_workbook(trace.write_workbook(tmp_path / "t.xlsx", trace.explain(held, "T14-1a")))
    cells = [cell for page in book for row in page.iter_rows() for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type == "f"] and "+1" in {cell.value for cell in cells}


# The verb


def zjtx(home, *arguments):
    code = "import sys\nfrom zjtx_pipeline.cli import main\ncode = main(sys.argv[1:])\nprint('|'.join(sorted(sys.modules)), file=sys.stderr) if not code else None\nsys.exit(code)"
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=home)


@pytest.fixture(scope="module")
def environment(golden_run, miniature):
    import os

    return {**os.environ, "ZJTX_HOME": str(golden_run.home), "ZJTX_CONFIG": str(miniature)}


def test_the_verb_writes_the_workbook_without_the_heavy_libraries(environment, golden_run):
    done = zjtx(environment, "trace", "T04-4a", "年度=2023", "2024Q4")
    assert done.returncode == 0, done.stderr
    assert "1610000.01 元" in done.stdout
    path = golden_run.traces / "T04-4a_年度=2023.xlsx"
    assert path.exists() and str(path) in done.stdout
    assert not {"great_expectations", "dagster", "weasyprint"} & set(done.stderr.strip().split("|"))


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (("T99-9", "2024Q4"), "没有编号为 T99-9 的数"),
        (("T01-1a", "2023Q1"), "2023Q1 还没有测算"),
        (("T01-1a", "2024Q5"), "2024Q5"),
    ],
)
def test_what_cannot_be_traced_is_said_in_one_line(arguments, sentence, environment):
    done = zjtx(environment, "trace", *arguments)
    assert done.returncode == 2 and sentence in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_a_figure_that_no_longer_is_what_was_printed_is_not_explained(golden_run, monkeypatch):
    from dataclasses import replace

    changed = [replace(each, figure=replace(each.figure, value=Fraction(99))) for each in stages.tracing.figures_of(golden_run, [1])]
    monkeypatch.setattr(stages.tracing, "figures_of", lambda *_: changed)
    with pytest.raises(ZjtxError, match="重出"):
        stages.trace_figure(golden_run, "T01-1a")


# Pace, light and forecast


WORDS = str.maketrans({"＋": "+", "－": "-", "×": "*", "÷": "/", "（": "(", "）": ")"})


def number_in(text):
    return Fraction(re.search(r"-?[0-9]+(?:\.[0-9]+)?", text)[0])


def came_out(sentence, **numbers):
    """Both sides of a sum in words; what stands in it beside numbers is looked up."""
    words, result = sentence.rsplit("＝", 1)
    words = re.sub(r"四季前([-0-9.]+) [^）]*", r"\1", words.partition("，")[0])
    for name, value in numbers.items():
        words = words.replace(name, f"Fraction('{value}')")
    words = re.sub(r"(?<![\d.'])(\d+(?:\.\d+)?)(?![\d.'])", r"Fraction('\1')", words.translate(WORDS))
    return eval(words, {"Fraction": Fraction}), number_in(result)


def targeted(run):
    return [each for each in stages.measuring.figures_of(run, run.settings.rules.tasks) if each.light and each.figure.value is not None]


def test_pace_and_forecast_are_told_with_sums_that_come_out(golden_run):
    seen = set()
    for line in targeted(golden_run):
        said = dict(stages.trace_figure(golden_run, line.figure.id, line.figure.breakdown).trace.facts)
        numbers = {"数值": line.figure.value, "目标": line.target} | ({"基线": line.baseline} if line.baseline is not None else {})
        assert said["亮灯"].startswith(line.light)
        for name in [each for each in said if each == "序时" or each.startswith("趋势测算·")]:
            seen.add(name)
            made, told = came_out(said[name], **numbers)
            made = max(0, math.ceil(made)) if "每季需" in name else made
            assert abs(made - told) <= Fraction(1, 200), (line.figure, name, said[name])
        wanted = "减少" if RULES.targets[RULES.indicators[line.figure.indicator].target].direction == "down" else "新增"
        assert (f"趋势测算·每季需{wanted}" in said) == (line.forecast is not None)
    assert seen == {"序时", *(f"趋势测算·{each}" for each in ("匀速推算", "近四季推算", "每季需新增"))}


def test_a_target_that_is_to_fall_tells_what_each_quarter_must_take_away():
    indicator = next(each for each in RULES.indicators.values() if each.target and RULES.targets[each.target].direction == "down")
    target = RULES.targets[indicator.target]
    before_due = str(Quarter.of(target.due) - 2)
    goal = Goal(Fraction(target.value), True, Quarter.of(target.due), Fraction(40), "", 10, 12)
    line = Progress(Figure(indicator.id, "a", value=Fraction(7)), Fraction(40), "", goal.value, goal.due, goal.pace, "绿", forecast=forecast(Fraction(7), goal))
    said = dict(rule.standing(books(before_due), line))
    assert said["趋势测算·每季需减少"].startswith("（数值－目标）÷2") and not any("新增" in name for name in said)


# What stands beside the ladder


def kept(run, name):
    return stages.measuring.tally_of(run, name)


@pytest.mark.parametrize("kind, names", [("资质", RULES.tiers.types), ("培育库", RULES.lists["D03.库别"].names)])
def test_every_line_of_the_flow_table_is_made_again_from_its_rows(kind, names, golden_run):
    flows = kept(golden_run, "flows")
    for name in names:
        found = stages.trace_figure(golden_run, "L1", f"{kind}={name}").trace
        said, sheets = dict(found.facts), {sheet.title: sheet.rows for sheet in found.sheets}
        printed = flows[flows["kind"].eq(kind) & flows["name"].eq(name)].groupby("step")["firms"].sum()
        again = {step: made_again(sheets[step], said[f"计数方式·{step}"], said[f"计数列·{step}"]) for step in printed.index}
        assert again == printed.to_dict() and again["期初"] + again["转入"] - again["转出"] == again["期末"]
        causes = flows[flows["kind"].eq(kind) & flows["name"].eq(name) & flows["cause"].ne("") & flows["firms"].gt(0)]
        rows = pd.concat([sheets[step] for step in ("转入", "保持", "转出")])
        assert rows.groupby("原因")["户数"].sum().to_dict() == causes.set_index("cause")["firms"].to_dict()
        for step in ("期初", "期末"):
            basis = next(rows for title, rows in sheets.items() if title.startswith(f"依据 {step}") and not title.endswith("未用"))
            assert set(basis["企业（季末代码）"] if "企业（季末代码）" in basis else basis["firm"]) == set(sheets[step]["企业（季末代码）"])
            assert basis[LINEAGE].notna().all().all()


def test_the_titles_that_run_out_and_what_the_targets_lose_are_made_again(golden_run):
    found = stages.trace_figure(golden_run, "L2").trace
    said, sheets = dict(found.facts), {sheet.title: sheet.rows for sheet in found.sheets}
    assert len(sheets["到期"]) == len(kept(golden_run, "watchlist")) > 0
    moved = 0
    for row in kept(golden_run, "effects").itertuples():
        assert f"减少 {row.firms} 家" in said[f"目标{row.target}"]
        assert not row.firms or len(sheets[f"退出{row.population}"].drop_duplicates("企业（季末代码）")) == row.firms
        if row.now != row.then:
            moved += 1
            counted = {title.rpartition("·")[2]: rows for title, rows in sheets.items() if title.startswith(f"如未续期 {row.target}·")}
            sizes = {title: rows["企业（季末代码）"].nunique() for title, rows in counted.items()}
            then = Fraction(sizes["分子"], sizes["分母"]) * 100 if "分子" in sizes else sizes["计入"]
            assert then == Fraction(row.then)
    assert moved


def test_the_screening_shows_each_firm_with_its_conditions_to_the_bureau_alone(golden_run):
    recognised = {"event": "认定", "tier": "创新型", "announced_on": "2023-01-01", "valid_from": "2023-01-01", "valid_to": "2025-12-31"}
    accounts = [{"uscc": code, "period": "2023", "basis": "审计", "revenue_fen": 5000, "rd_expense_fen": 500, "niche_years": 9} for code in "甲丙"]
    renumbered = {"uscc": "甲", "item": "换码", "changed_on": "2024-05-01", "successor_uscc": "乙"}
    found = trace.explain_ladder(books("2024Q3", D01=[{"uscc": code} for code in "甲乙丙"], D02=[renumbered], D04=[recognised | {"uscc": "甲"}], D05=accounts), "L3")
    sheets = {sheet.title: sheet.rows for sheet in found.sheets}
    assert found.confidential and sheets["初筛"]["企业（季末代码）"].tolist() == ["乙"]
    assert sheets["依据 经营与评价"]["统一社会信用代码"].tolist() == ["甲"] and sheets["依据 经营与评价·未用"]["统一社会信用代码"].tolist() == ["丙"]
    assert {name for name in sheets["依据 经营与评价"] if "万元" in name} >= {"营业收入(万元)", "研发费用(万元)"}
    assert stages.trace_figure(golden_run, "l3").path.name == "L3_内部.xlsx"


@pytest.mark.parametrize(
    "name, breakdown, table", [("L1", "资质=小巨人", "D04"), ("L1", "培育库=创新型", "D03"), ("L2", "", "D04"), ("L3", "", "D05")]
)
def test_what_rests_on_a_table_that_nobody_delivered_is_wanting_not_nought(name, breakdown, table):
    with pytest.raises(ZjtxError, match=f"{name}.*待补：{table}_.*本季未报送"):
        trace.explain_ladder(books(undelivered=(table,)), name, breakdown)


def test_a_line_of_the_ladder_that_is_not_there_is_refused(golden_run):
    with pytest.raises(ZjtxError, match="L1 要写明是哪一行：可选 资质="):
        stages.trace_figure(golden_run, "L1")
    with pytest.raises(ZjtxError, match="L2 没有“镇街=北干街道”"):
        stages.trace_figure(golden_run, "L2", "镇街=北干街道")


def test_a_ladder_that_no_longer_is_what_was_printed_is_not_explained(golden_run, monkeypatch):
    monkeypatch.setattr(stages.tracing, "tally_of", lambda run, name: kept(run, name).iloc[1:])
    with pytest.raises(ZjtxError, match="重出"):
        stages.trace_figure(golden_run, "L3")


# A clause's line in the award table


def awards_csv(run):
    with (run.reports / "awards.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("clause", [award.id for award in RULES.awards.values() if award.is_grant])
def test_a_clauses_line_is_the_sum_of_its_units(clause, golden_run, held):
    found = trace.explain_clause(held, clause)
    printed = [line for line in awards_csv(golden_run) if line["clause"] == clause]
    rows = {sheet.title: sheet.rows for sheet in found.sheets}
    assert len(rows["单元"]) == len(printed)
    for title, name in (("测算应兑(元)", "entitled"), ("已拨付(元)", "paid"), ("差额(元)", "gap")):
        assert total(rows["单元"][title]) == sum(Fraction(line[name]) for line in printed if line[name])
    paid = rows["依据 拨付"]
    signed = [Fraction(cell) * (1 if kind == "拨付" else -1) for cell, kind in zip(paid["拨付金额(元)"], paid["拨付类型"], strict=True)]
    assert sum(signed) == total(rows["单元"]["已拨付(元)"])


def test_a_workbook_of_an_earlier_state_goes_when_the_quarter_is_measured_again(own_golden_run):
    old = [stages.trace_figure(own_golden_run, name).path for name in ("T04-4a", "A08", "T12-1a")]
    stages.measure(own_golden_run, 4)
    stages.tally_awards(own_golden_run, 4)
    assert [path.exists() for path in old] == [False, False, True]


def test_a_clause_that_pays_nothing_is_refused(golden_run):
    with pytest.raises(ZjtxError, match="A22 不是有资金奖补的条款"):
        stages.trace_figure(golden_run, "A22")
    assert stages.trace_figure(golden_run, "a08").path.name == "A08.xlsx"


# In the UI


@pytest.mark.parametrize("task, figures", [(4, ["T04-4c"]), (1, ["T01-1a", "T01-2a", "T01-8a"]), (2, ["T02-1a"])])
def test_a_tasks_workbooks_are_of_its_targets_or_its_awards(task, figures, golden_run):
    found = stages.trace_task(golden_run, task)
    assert list(found["files"]) == figures and not found["withheld"]


def test_single_firms_figures_are_not_offered_to_whoever_sees_the_run(golden_run):
    found = stages.trace_task(golden_run, 1, ["T01-7a", "T01-3a"])
    assert list(found["files"]) == ["T01-3a"] and found["withheld"] == ["T01-7a"]
    with pytest.raises(ZjtxError, match="不是任务1报告里的数"):
        stages.trace_task(golden_run, 1, ["T02-1a"])


def test_what_stands_beside_the_ladder_is_offered_with_task_1_but_for_the_screening(golden_run):
    found = stages.trace_task(golden_run, 1, ["T01-3a", "L1  培育库=创新型 ", "L2", "L3"])
    assert list(found["files"]) == ["T01-3a", "L1 培育库=创新型", "L2"] and found["withheld"] == ["L3"]
    with pytest.raises(ZjtxError, match="L2 不是任务2报告里的数"):
        stages.trace_task(golden_run, 2, ["L2"])


def test_the_ui_offers_the_workbooks_with_their_paths(environment, golden_run, monkeypatch, tmp_path):
    from dagster import DagsterInstance, materialize

    from assets.resources import District
    from assets.traces import task_trace

    monkeypatch.setenv("ZJTX_HOME", environment["ZJTX_HOME"])
    monkeypatch.setenv("ZJTX_CONFIG", environment["ZJTX_CONFIG"])
    with DagsterInstance.ephemeral() as instance:
        made = materialize([task_trace(RULES.tasks[12])], partition_key="2024Q4", resources={"district": District()}, instance=instance)
    metadata = made.asset_materializations_for_node("trace__T12")[0].metadata
    assert metadata["T12-1a"].path == str(golden_run.traces / "T12-1a.xlsx")
