"""A delivery that is not what its name says: last quarter's file, another quarter's, another district's, another table's."""

import shutil

import pytest
from made_deliveries import FIRM, NAMES, QUARTER, REGISTER, deliver, delimited, home, inbox, row, verdict

from zjtx_pipeline import stages
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.stages import intake
from zjtx_pipeline.tables import load_tables

EARLIER = Quarter(2024, 3)


def findings(found, rule):
    """(severity, sender, message) of a verdict's findings under a rule of whole deliveries."""
    rows = found.findings[found.findings["rule"].eq(f"报送.{rule}")]
    return list(rows[["severity", "sender", "message"]].itertuples(index=False, name=None))


def put(folder, table_id, rows, sender=None, quarter=QUARTER, received="2025-01-08 10:00:00"):
    table = load_tables()[table_id]
    return deliver(folder, f"{table.title}_{sender or table.senders[0]}.csv", delimited(rows), received, quarter)


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """A run of the quarter over the folder's 收件目录."""
    monkeypatch.setenv("ZJTX_HOME", str(tmp_path / "var"))
    return stages.open_run(inbox(tmp_path), QUARTER)


def checked(run, table):
    """What is told of a table, the register before it."""
    for each in dict.fromkeys(["D01", table]):
        stages.pull(run, each)
        found = stages.check(run, each)
    return found


@pytest.mark.parametrize("table, stops", [("D01", True), ("D02", False)])
def test_last_quarter_s_file_stops_a_register_and_is_noted_of_a_ledger(tmp_path, opened, table, stops):
    rows = REGISTER if table == "D01" else [row("D02", 事项="更名")]
    now, then = put(tmp_path, table, rows), put(tmp_path, table, rows, quarter=EARLIER, received="2024-10-10 10:00:00")
    told = checked(opened, table)
    assert ("与 2024Q3 报送的文件一字不差" in told["findings_markdown"]) and bool(told["blocked"]) == stops
    then.unlink()
    assert not checked(opened, table)["blocked"]
    then.write_bytes(now.read_bytes())
    stages.pull(opened, table, EARLIER)
    shutil.rmtree(then.parent)  # cleared away: what was kept of it tells as well
    assert bool(checked(opened, table)["blocked"]) == stops


def test_last_quarter_s_file_is_known_though_cleared_away_beside_another_department_s(tmp_path, opened):
    then = {sender: put(tmp_path, "D16", [row("D16", 名称=sender)], sender, EARLIER, "2024-10-10 10:00:00") for sender in ("区经信局", "区发改局")}
    stages.pull(opened, "D16", EARLIER)
    deliver(tmp_path, then["区经信局"].name, then["区经信局"].read_bytes())
    then["区经信局"].unlink()
    assert intake._sent_before(opened, intake.pull_table(opened, "D16", QUARTER)) == ("区经信局",)


def test_each_department_may_spell_数据期_in_its_own_way(tmp_path):
    for sender, header in (("区科技局", "数据期"), ("区经信局", "数 据 期")):
        put(tmp_path, "D12", [row("D12", 项目编号=sender) | {header: "2024Q3"}], sender)
    found = verdict(tmp_path, "D12")
    assert sorted((severity, sender) for severity, sender, _ in findings(found, "别的季度")) == [("阻断", "区科技局"), ("阻断", "区经信局")]


def test_the_folder_of_a_stopped_quarter_says_what_stopped_it_until_it_is_put_right(tmp_path, opened):
    def said():
        path = opened.reports / "阻断原因.txt"
        return path.read_text(encoding="utf-8-sig").splitlines()[1:] if path.exists() else []

    checked(opened, "D02")
    assert said() == []
    faulty = [deliver(tmp_path, f"D02_主体变更_{sender}.csv", delimited([row("D02", 事项="更名")], ["企业名称"])) for sender in load_tables()["D02"].senders]
    assert checked(opened, "D02")["blocked"]
    (line,) = said()
    assert line.startswith("D02（主体变更）：缺少") and line.endswith("读入 1 行＝合格 1＋退回 0＋无法识别 0。"), line
    shutil.rmtree(opened.home / "validated")  # as if cleared: the earlier verdict is not asked for
    for path in faulty:
        path.unlink()
    assert not checked(opened, "D02")["blocked"] and said() == []


def test_a_zero_report_may_be_the_same_every_quarter(tmp_path, opened):
    for quarter in (EARLIER, QUARTER):
        deliver(tmp_path, "D02_主体变更_区市场监管局_零报送.csv", delimited([], ["统一社会信用代码"]), quarter=quarter)
    assert "一字不差" not in checked(opened, "D02")["findings_markdown"]


def test_sums_by_quarter_without_a_row_of_the_quarter_are_stopped(tmp_path):
    put(tmp_path, "D20", [row("D20", 季度="2024Q3")], "区人社局")
    found = verdict(tmp_path, "D20")
    [(severity, sender, message)] = findings(found, "别的季度")
    assert (severity, sender) == ("阻断", "区人社局") and "2024Q3" in message and found.blocked == (message,)


def test_where_another_department_s_rows_are_the_quarter_s_the_stale_ones_are_noted(tmp_path):
    put(tmp_path, "D20", [row("D20", 季度="2024Q3")], "区人社局")
    put(tmp_path, "D20", [row("D20", 季度="2024Q4")], "区住建局")
    found = verdict(tmp_path, "D20")
    assert [(severity, sender) for severity, sender, _ in findings(found, "别的季度")] == [("提示", "区人社局")] and not found.blocked
    assert found.unfilled == {"优秀企业家(人)": "未报送"}  # no row since may be none to report (golden 2026Q2, T10-3)


def test_what_one_department_alone_fills_is_not_taken_from_another_quarter_s_file(tmp_path):
    put(tmp_path, "D20", [row("D20") | {"数据期": "2024Q3"}], "区人社局")
    put(tmp_path, "D20", [row("D20") | {"数据期": "2024Q4"}], "区住建局")
    found = verdict(tmp_path, "D20")
    assert not found.blocked and {header for header, why in found.unfilled.items() if why == "不能用"} == {"新增高技能人才(人)", "新增工匠(人)", "引进高校毕业生(人)"}


def test_business_figures_without_the_quarter_are_noted_for_the_years_in_them_are_used(tmp_path):
    put(tmp_path, "D05", [row("D05", 统计期="2023", 口径="审计")], "区经信局")
    found = verdict(tmp_path, "D05")
    assert [severity for severity, _, _ in findings(found, "别的季度")] == ["提示"] and not found.blocked


def test_texts_of_another_quarter_are_noted_for_none_of_them_is_printed(tmp_path):
    put(tmp_path, "D26", [row("D26", 季度="2024Q3")])
    found = verdict(tmp_path, "D26")
    assert [severity for severity, _, _ in findings(found, "别的季度")] == ["提示"] and not found.blocked


def test_a_file_whose_own_数据期_is_another_quarter_s_is_stopped_whatever_its_nature(tmp_path):
    put(tmp_path, "D17", [row("D17") | {"数据期": "2024Q3"}])
    assert [severity for severity, _, _ in findings(verdict(tmp_path, "D17"), "别的季度")] == ["阻断"]
    for said in ("2024Q4", "2024q4", "2024年第四季度"):
        put(tmp_path, "D17", [row("D17") | {"数据期": said}])
        found = verdict(tmp_path, "D17")
        assert findings(found, "别的季度") == findings(found, "数据期不符") == []


def test_single_rows_of_another_数据期_are_told_and_counted(tmp_path):
    said = ("2024Q4", "2024Q3", "2024年三季度", "")
    put(tmp_path, "D17", [row("D17", 年度=year) | {"数据期": each} for year, each in zip(("2021", "2022", "2023", "2024"), said, strict=True)])
    found = verdict(tmp_path, "D17")
    [(severity, sender, sentence)] = findings(found, "数据期不符")
    assert (severity, sender) == ("提示", "区经信局") and sentence.startswith("有 2 行的“数据期”写的是2024Q3，")
    assert len(found.accepted) == 4 and not found.blocked


def codes(number):
    """Codes of firms that no register knows; whether their digits are right does not matter here."""
    return [f"91330114MA0000{at:03d}X" for at in range(number)]


def test_a_register_of_another_district_s_towns_is_stopped(tmp_path):
    elsewhere = [row("D01", 统一社会信用代码=code, 街道代码="330114003") for code in codes(12)]
    put(tmp_path, "D01", [*REGISTER, *elsewhere])
    [(severity, _, message)] = findings(verdict(tmp_path, "D01"), "别的区县")
    assert severity == "阻断" and "15 行中有 12 行" in message


def test_a_register_of_which_some_firms_have_moved_away_is_the_district_s(tmp_path):
    rows = [row("D01", 统一社会信用代码=code, 街道代码="330114003" if at % 2 else "330109001") for at, code in enumerate(codes(12))]
    put(tmp_path, "D01", rows)
    assert findings(verdict(tmp_path, "D01"), "别的区县") == []  # half of them, not most


def test_a_ledger_of_firms_that_the_register_does_not_know_is_stopped(tmp_path):
    put(tmp_path, "D17", [row("D17", 统一社会信用代码=code) for code in codes(11)])
    assert [severity for severity, _, _ in findings(verdict(tmp_path, "D17"), "别的区县")] == ["阻断"]
    put(tmp_path, "D17", [row("D17", 统一社会信用代码=code) for code in codes(9)])
    assert findings(verdict(tmp_path, "D17"), "别的区县") == []  # of so few a majority says little


def test_another_table_s_file_under_this_name_is_called_what_it_is(tmp_path):
    put(tmp_path, "D17", [row("D09")])
    found = verdict(tmp_path, "D17")
    [(severity, _, message)] = findings(found, "别的表")
    assert severity == "阻断" and "D09_研发机构" in message and found.blocked[0] == message


@pytest.mark.parametrize("table", load_tables())
def test_no_table_s_own_headers_fit_another_better(tmp_path, table):
    put(tmp_path, table, [row(table)])
    assert findings(verdict(tmp_path, table), "别的表") == []


def test_the_column_that_tells_when_a_view_was_delivered_is_no_unknown_one(tmp_path):
    put(tmp_path, "D17", [row("D17") | {"报送时间": "2025-01-08", "备注": ""}])
    told = verdict(tmp_path, "D17").findings
    assert told.loc[told["rule"].str.endswith("未知列"), "header"].tolist() == ["备注"]
