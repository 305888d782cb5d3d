"""The machine-readable files: names, columns and forms of indicators.md, harmless in a spreadsheet, the same each time."""

import csv
import io
import json
from datetime import date
from fractions import Fraction

import builders
import made_results
import pandas as pd
import pytest

from zjtx_pipeline import outputs
from zjtx_pipeline.manifest import UNFINISHED, folder_digest, write_manifest, write_output
from zjtx_pipeline.figures import Figure
from zjtx_pipeline.indicators import measure
from zjtx_pipeline.progress import Progress
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.rules import load_rules

QUARTER = made_results.QUARTER
RULES = load_rules()


def read(frame):
    content = outputs.csv_bytes(frame)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def figure(indicator, part="a", breakdown="", value=None, status="正常", **standing):
    progress = Progress(Figure(indicator, part, breakdown, value, status), **standing)
    return read(outputs.figures_frame([progress], RULES, QUARTER))[0]


def test_figures_csv_has_the_columns_of_the_issue_in_their_order():
    header = "quarter,task,indicator,part,breakdown,name,value,unit,period,kind,baseline,target,due,pace,light,status"
    assert outputs.csv_bytes(outputs.figures_frame([], RULES, QUARTER)).decode("utf-8-sig").strip() == header


def test_a_target_row_bears_baseline_target_due_pace_and_light():
    row = figure(
        "T01-1",
        value=Fraction(8912),
        baseline=Fraction(5000),
        target=Fraction(10000),
        due=Quarter(2025, 4),
        pace=Fraction(25000, 3),
        light="绿",
    )
    assert row == {
        "quarter": "2024Q4", "task": "1", "indicator": "T01-1", "part": "a", "breakdown": "", "name": "创新型中小企业培育库在库企业",
        "value": "8912", "unit": "家", "period": "2024-12-31", "kind": "H", "baseline": "5000", "target": "10000",
        "due": "2025-12-31", "pace": "8333.33", "light": "绿", "status": "正常",
    }  # fmt: skip


def test_a_figure_without_target_leaves_the_five_columns_empty():
    row = figure("T04-4", value=Fraction(300000001, 100))
    assert (row["value"], row["unit"], row["kind"]) == ("3000000.01", "元", "S")
    assert not any(row[column] for column in ("baseline", "target", "due", "pace", "light"))
    assert row["name"] == "首台（套）采购资助·应兑"


def test_what_is_not_measured_is_empty_and_says_so():
    row = figure("T02-2", status="尚未测算")
    assert (row["value"], row["status"]) == ("", "尚未测算")


def test_the_part_of_a_target_that_has_none_is_soft():
    assert figure("T03-3", "b", value=Fraction(3))["kind"] == "S"


@pytest.mark.parametrize(
    ("indicator", "breakdown", "period"),
    [
        ("T01-1", "", "2024-12-31"),
        ("T14-1", "", "2024-01-01/2024-12-31"),
        ("T14-1", "年度=2023", "2023-01-01/2023-12-31"),
        ("T04-4", "", "2023-01-01/2024-12-31"),
        ("T04-4", "年度=2023", "2023-01-01/2024-12-31"),
        ("T01-6", "", "2024-01-01/2024-12-31"),
        ("T03-5", "", "2023-01-01/2023-12-31"),
    ],
)
def test_a_period_is_a_day_or_an_interval(indicator, breakdown, period):
    assert figure(indicator, breakdown=breakdown, value=Fraction(1))["period"] == period


def super_deduction(quarter, *rows, **found):
    held = builders.books(quarter, D25=rows, **found)
    measured = [each for each in measure(3, held) if each.indicator == "T03-5"]
    return read(outputs.figures_frame(map(Progress, measured), RULES, held.quarter))


@pytest.mark.parametrize(
    ("rows", "year", "scope"),
    [
        ([{"uscc": "甲", "year": "2022", "deduction_fen": "12"}], "2022", "在萧企业逐户相加"),
        ([{"year": "2021", "scope": "P2", "households": "3"}, {"year": "2022", "scope": "全区", "households": "9"}], "2022", "全区"),
        ([{"year": "2023", "scope": scope, "households": "9"} for scope in ("全区", "P2")], "2023", "专精特新企业（P2）"),
    ],
)
def test_a_super_deduction_says_of_which_settled_year_and_of_whom_it_is(rows, year, scope):
    found = super_deduction("2024Q1", *rows)
    assert [each["period"] for each in found] == [f"{year}-01-01/{year}-12-31"] * 2
    assert [each["name"] for each in found] == [f"研发费用加计扣除·{name}（汇总范围：{scope}）" for name in ("户数", "加计扣除额")]


def test_where_no_settled_year_was_delivered_the_period_is_last_year_and_no_scope_is_named():
    assert [(each["value"], each["period"], each["name"][-3:]) for each in super_deduction("2024Q1")] == [
        ("0", "2023-01-01/2023-12-31", "·户数"), ("0.00", "2023-01-01/2023-12-31", "扣除额"),
    ]  # fmt: skip


def test_what_its_rows_say_of_a_figure_is_kept_with_it():
    kept = Progress(Figure("T03-5", "a", value=Fraction(9), year=2022, scope="全区"))
    assert Progress.from_record(json.loads(json.dumps(kept.record()))) == kept


def test_the_last_four_quarters_reach_into_the_year_before():
    assert outputs.period_text("L4", RULES, Quarter(2024, 1)) == "2023-04-01/2024-03-31"


def test_every_figure_of_the_rules_has_its_row():
    progress = made_results.progress()
    rows = read(outputs.figures_frame(progress, RULES, QUARTER))
    assert len(rows) == len(progress) and {row["indicator"] for row in rows} == set(RULES.indicators)


def test_awards_csv_is_in_yuan_and_leaves_what_is_not_stated_empty():
    rows = read(outputs.awards_frame(made_results.awards(), QUARTER))
    assert list(rows[0]) == outputs.AWARDS
    assert (rows[0]["clause"], rows[0]["entitled"], rows[0]["gap"], rows[0]["paid"], rows[0]["state"]) == (
        "A01",
        "",
        "",
        "0.00",
        "待明确",
    )
    assert (rows[2]["entitled"], rows[2]["paid"], rows[2]["gap"]) == ("10000.05", "30000.00", "-19999.95")
    assert rows[4]["trigger_date"] == "" and rows[0]["trigger_date"] == "2024-05-06"


def test_awards_detail_csv_follows_awards_csv_row_by_row():
    units = made_results.awards(
        {"clause": "A08", "entitled_fen": 1, "alone_fen": 2, "by_plan_fen": 3, "other_purses_fen": 4, "in_p2": False},
        {"days_since_trigger": None, "eligible": False},
    )
    rows, beside = read(outputs.awards_detail_frame(units, QUARTER)), read(outputs.awards_frame(units, QUARTER))
    assert list(rows[0]) == outputs.AWARDS_DETAIL
    assert [(row["clause"], row["trigger"], row["entitled"]) for row in rows] == [(row["clause"], row["trigger"], row["entitled"]) for row in beside]
    assert [rows[0][name] for name in ("alone", "by_plan_cap", "other_purses", "days_since_trigger", "in_p2", "eligible")] == ["0.02", "0.03", "0.04", "239", "否", "是"]
    assert [rows[1][name] for name in ("alone", "by_plan_cap", "days_since_trigger", "eligible")] == ["", "", "", "否"]


def test_tiers_csv_keeps_firms_that_left():
    rows = read(outputs.tiers_frame(made_results.tiers(), QUARTER))
    assert list(rows[0]) == outputs.TIERS
    assert [row["in_district"] for row in rows] == ["是", "是", "否"]
    assert (rows[0]["since"], rows[0]["until"]) == ("2023-07-01", "2026-06-30")


def test_rows_csv_balances():
    rows = read(outputs.rows_frame(made_results.counts()))
    assert list(rows[0]) == outputs.ROWS and len(rows) == 31
    assert all(
        int(row["read"]) == sum(int(row[name]) for name in ("accepted", "quarantined", "rejected")) for row in rows
    )


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "＝1+1"])
def test_a_name_that_a_spreadsheet_would_calculate_is_made_inert(name):
    rows = read(outputs.awards_frame(made_results.awards({"name": name, "trigger_key": name}), QUARTER))
    assert rows[0]["name"] == rows[0]["trigger"] == "'" + name


def test_names_that_look_like_nothing_survive():
    rows = read(
        outputs.awards_frame(
            made_results.awards({"name": "NA"}, {"name": "null"}, {"name": '引"号,逗号\n换行'}), QUARTER
        )
    )
    assert [row["name"] for row in rows] == ["NA", "null", '引"号,逗号\n换行']


def test_frames_without_rows_still_have_their_headers():
    empty = outputs.awards_frame(made_results.awards().iloc[:0], QUARTER)
    assert outputs.csv_bytes(empty).decode("utf-8-sig").strip() == ",".join(outputs.AWARDS)


def manifest(folder):
    files = outputs.write_outputs(folder, {"tiers.csv": outputs.tiers_frame(made_results.tiers(), QUARTER)})
    path = write_manifest(
        folder, files, version="0.1.0", quarter=QUARTER, draft=False, due_on=date(2025, 1, 15),
        digests={"rules": RULES.digest}, sources=made_results.sources()[:2],
    )  # fmt: skip
    return path.read_bytes()


def test_the_manifest_names_every_file_by_its_digest_and_bears_no_clock(tmp_path):
    first, second = manifest(tmp_path / "a"), manifest(tmp_path / "b")
    told = json.loads(first)
    assert first == second
    assert told["outputs"][0]["name"] == "tiers.csv" and len(told["outputs"][0]["sha256"]) == 64
    assert told["outputs"][0]["bytes"] == (tmp_path / "a" / "tiers.csv").stat().st_size
    assert (told["quarter"], told["data_deadline"], told["as_of"], told["draft"]) == (
        "2024Q4",
        "2025-01-15",
        "2024-12-31",
        False,
    )
    assert set(told["sources"][0]) == {"table", "sender", "source", "rows", "sha256"}


def test_a_folder_between_two_manifests_says_that_its_files_do_not_belong_together(tmp_path):
    def closed():
        write_manifest(tmp_path, [tmp_path / "01.pdf"], version="0", quarter=QUARTER, draft=False, due_on=date(2025, 1, 15), digests={}, sources=[])

    def says_so():
        return (tmp_path / UNFINISHED).exists()

    write_output(tmp_path, "01.pdf", b"one")
    assert says_so() and "还不齐" in (tmp_path / UNFINISHED).read_text(encoding="utf-8-sig")
    closed()
    assert not says_so()
    write_output(tmp_path, "01.pdf", b"one")
    assert not says_so()
    write_output(tmp_path, "01.pdf", b"two")
    assert says_so() and "不能放在一起用" in (tmp_path / UNFINISHED).read_text(encoding="utf-8-sig")
    closed()
    assert not says_so() and {path.name for path in tmp_path.iterdir()} == {"01.pdf", "manifest.json"}


def test_a_folder_s_digest_moves_with_names_and_contents(tmp_path):
    (tmp_path / "a.yaml").write_text("1", encoding="utf-8")
    first = folder_digest(tmp_path)
    (tmp_path / "a.yaml").rename(tmp_path / "b.yaml")
    assert folder_digest(tmp_path) != first


def test_written_files_leave_nothing_unfinished_beside_them(tmp_path):
    outputs.write_outputs(tmp_path, {"rows.csv": outputs.rows_frame(made_results.counts())})
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]
    assert len(pd.read_csv(tmp_path / "rows.csv", encoding="utf-8-sig")) == 31
