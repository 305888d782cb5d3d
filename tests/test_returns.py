"""Return workbooks: what goes back, how it looks, and that correcting it and delivering it again leaves nothing to return."""

import csv
import sqlite3
from datetime import datetime
from io import BytesIO
from pathlib import Path

import odd_files
import openpyxl
import pandas as pd
import pytest
import yaml
from conftest import MINIATURE, examples
from hypothesis import given
from hypothesis import strategies as st
from made_deliveries import FIRM, NAMES, QUARTER, REGISTER, deliver, delimited, row, workbook_of

from zjtx_pipeline import returns, sources, stages, validate
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.snapshots import Source
from zjtx_pipeline.sources import OURS
from zjtx_pipeline.sources.raw import Origin
from zjtx_pipeline.sources.workbook import read_workbook
from zjtx_pipeline.stages.intake import verdict_on
from zjtx_pipeline.stages.run import Run
from zjtx_pipeline.tables import load_tables

CASES = yaml.load((Path(__file__).parent / "cases" / "returns.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)
RED, YELLOW = "FFF8CBAD", "FFFFF2CC"


# A department's quarter, judged


def dirty(folder, case):
    """The case's delivery in its kind of source, beside a register of the firms; the run that judged it."""
    deliver(folder, "D01_企业主体_区市场监管局.csv", delimited(REGISTER))
    table = load_tables()[case["table"]]
    rows = [row(table.id, **cells) for cells in case["rows"]]
    {"workbook": as_workbook, "delimited": as_text, "database": as_view}[case["kind"]](folder, table, rows, case.get("lines", []))
    database = f"sqlite:///{folder / 'district.db'}" if case["kind"] == "database" else None
    return judged(Run(Settings(inbox=folder / "inbox", database=database), QUARTER, False, folder / "home"), table.id)


def as_workbook(folder, table, rows, lines):
    """As a department keeps it: a title above, a heading of its own, its columns in its own order."""
    headers = [*reversed(rows[0]), "经办备注"]
    grid = [[f"{table.name}（萧山区）"], headers, *([each.get(header, "已核") for header in headers] for each in rows)]
    deliver(folder, f"{table.title}_{table.senders[0]}.xlsx", workbook_of({"数据": grid}))


def as_text(folder, table, rows, lines):
    content = delimited(rows, encoding="gb18030") + "".join(f"{line}\r\n" for line in lines).encode("gb18030")
    deliver(folder, f"{table.title}_{table.senders[0]}.csv", content)


def as_view(folder, table, rows, lines):
    rows = [{"数据期": str(QUARTER), **each} for each in rows]
    with sqlite3.connect(folder / "district.db") as base:
        pd.DataFrame(rows).to_sql(table.title, base, index=False, if_exists="replace")
    base.close()


def judged(run, *table_ids):
    """Pull and judge some tables and those that they are compared with."""
    wanted = set(table_ids)
    while (more := wanted.union(*(validate.needs(each) for each in wanted))) != wanted:
        wanted = more
    for table_id in [each for each in validate.order() if each in wanted]:
        stages.pull(run, table_id)
        stages.check(run, table_id)
    return run


def sheets_of(run, table_id):
    """The one workbook that goes back of a table: its path, and the book."""
    [path] = run.returns.glob(f"*/{load_tables()[table_id].title}_*.xlsx")
    return path, openpyxl.load_workbook(path)


def lines_of(sheet):
    """The rows of a sheet as dictionaries of cells under its headings."""
    head, *rows = sheet.iter_rows()
    return [dict(zip([cell.value for cell in head], cells, strict=True)) for cells in rows]


def colour(cell):
    return cell.fill.fgColor.rgb if cell.fill.fill_type else ""


def correct(sheet, case):
    """What a clerk does: write the right value into each red cell, and take a broken line apart."""
    for line in lines_of(sheet):
        if "读不成一条记录" in (line[OURS[0]].value or ""):
            for cell, text in zip(line.values(), case["unread_cells"], strict=False):
                cell.value = text
        for header, value in case["right"].items():
            if colour(line[header]) == RED and "读不成一条记录" not in (line[OURS[0]].value or ""):
                line[header].value = value


def saved(book):
    content = BytesIO()
    book.save(content)
    return content.getvalue()


# Correcting and delivering again


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_is_corrected_in_the_red_cells_and_delivered_again_leaves_nothing_to_return(tmp_path, case):
    run = dirty(tmp_path, case)
    before = verdict_on(run, case["table"], QUARTER)
    given = stages.give_back(run)
    found = given.counts.set_index("sender").loc[load_tables()[case["table"]].senders[0]]
    assert [str(found[name]) for name in ("returned", "noted", "unread")] == [case["returned"], case["noted"], case["unread"]]
    path, book = sheets_of(run, case["table"])
    sheet = book.worksheets[0]
    assert len(lines_of(sheet)) == before.counts["read"].sum()
    assert {cell for line in lines_of(sheet) if (cell := line[OURS[2]].value)} == set(case["suggested"])
    assert {cell for line in lines_of(sheet) if (cell := line[OURS[1]].value)} == set(case["expected"])
    correct(sheet, case)
    deliver(tmp_path, path.name, saved(book))
    judged(run, case["table"])
    after = verdict_on(run, case["table"], QUARTER)
    assert len(after.set_aside) == 0 and not after.counts["rejected"].any() and not after.findings["severity"].isin(["退回", "阻断"]).any()
    assert len(after.accepted) == before.counts["read"].sum()
    assert stages.give_back(run).counts[["returned", "unread"]].to_numpy().sum() == 0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_is_delivered_again_as_it_came_back_is_judged_as_before(tmp_path, case):
    run = dirty(tmp_path, case)
    before = verdict_on(run, case["table"], QUARTER)
    stages.give_back(run)
    path, _ = sheets_of(run, case["table"])
    deliver(tmp_path, path.name, path.read_bytes())
    judged(run, case["table"])
    after = verdict_on(run, case["table"], QUARTER)
    unread = int(before.counts["rejected"].sum())  # a line that was no row is one now, and comes back
    assert len(after.set_aside) == len(before.set_aside) + unread and not after.counts["rejected"].any()
    assert_same_values(after.accepted, before.accepted)


def assert_same_values(after, before):
    values = [name for name in before.columns if name not in sources.LINEAGE]
    shown = (frame[values].astype("str").sort_values(values, ignore_index=True) for frame in (after, before))
    pd.testing.assert_frame_equal(*shown)


def test_a_row_that_is_cleared_is_no_row_though_our_reason_still_stands_beside_it(tmp_path):
    run = dirty(tmp_path, CASES[0])
    stages.give_back(run)
    path, book = sheets_of(run, "D03")
    for line in lines_of(book.worksheets[0]):
        for cell in line.values() if line[OURS[0]].value else []:
            cell.value = cell.value if cell.value == line[OURS[0]].value else None
    deliver(tmp_path, path.name, saved(book))
    judged(run, "D03")
    assert verdict_on(run, "D03", QUARTER).counts["read"].tolist() == [1]


def test_an_amount_that_looks_like_a_telephone_does_not_make_the_corrected_file_a_refused_one(tmp_path):
    case = {"kind": "workbook", "table": "D19", "rows": [{"金额(万元)": "13912345678元"}, {"业务编号": "乙"}], "right": {"金额(万元)": "139"}}
    stages.give_back(run := dirty(tmp_path, case))
    path, book = sheets_of(run, "D19")
    correct(book.worksheets[0], case)
    deliver(tmp_path, path.name, saved(book))
    assert verdict_on(judged(run, "D19"), "D19", QUARTER).counts["accepted"].tolist() == [2]


def test_a_text_that_no_cell_can_hold_whole_is_said_to_be_cut(tmp_path):
    stages.give_back(run := dirty(tmp_path, {"kind": "delimited", "table": "D13", "rows": [{"产品名称": "长" * 32_768}]}))
    [line] = lines_of(sheets_of(run, "D13")[1].worksheets[0])
    assert colour(line["产品名称"]) == YELLOW and "请在原文件中更正" in line[OURS[0]].value


def test_a_table_that_is_stopped_by_its_faults_goes_back_too(tmp_path):
    run = dirty(tmp_path, CASES[0])
    assert "退回过多" in str(verdict_on(run, "D03", QUARTER).findings["rule"].tolist())
    assert stages.give_back(run).counts["returned"].sum() == 3


def test_a_column_that_was_not_delivered_stands_ready_to_be_filled(tmp_path):
    deliver(tmp_path, "D01_企业主体_区市场监管局.csv", delimited(REGISTER))
    cells = row("D24b")
    del cells["电商平台"]
    deliver(tmp_path, "D24b_网络品牌_区商务局.xlsx", workbook_of({"数据": [list(cells), list(cells.values())]}))
    run = judged(Run(Settings(inbox=tmp_path / "inbox"), QUARTER, False, tmp_path / "home"), "D24b")
    stages.give_back(run)
    path, book = sheets_of(run, "D24b")
    [line] = lines_of(book.worksheets[0])
    head = next(cell for cell in book.worksheets[0][1] if cell.value == "电商平台")
    assert colour(head) == RED and "电商平台" in str([cell.value for cell in book.worksheets[1]["A"]])
    line["电商平台"].value = "某平台"
    deliver(tmp_path, path.name, saved(book))
    assert verdict_on(judged(run, "D24b"), "D24b", QUARTER).blocked == ()


# Lines that are no rows


def sheets_delivered(folder, sheets, table_id="D13"):
    """The run that judged a workbook of several sheets, each of rows, mappings or lists of cells."""
    deliver(folder, "D01_企业主体_区市场监管局.csv", delimited(REGISTER))
    table = load_tables()[table_id]
    content = odd_files.workbook_of({"table": table_id, "sheets": sheets})
    deliver(folder, f"{table.title}_{table.senders[0]}.xlsx", content)
    return judged(Run(Settings(inbox=folder / "inbox"), QUARTER, False, folder / "home"), table_id)


FOOT = [["合计"], ["填表说明：1.本表按季填报。"], ["2.入库日期写到日。"]]


def test_a_sound_delivery_with_sums_and_remarks_gets_no_workbook_and_is_told_what_was_not_counted(tmp_path):
    run = sheets_delivered(tmp_path, {"数据": ["表头", "一行", *FOOT]})
    assert verdict_on(run, "D13", QUARTER).counts["rejected"].tolist() == [3]
    stages.give_back(run)
    assert [path.name for path in run.returns.rglob("D13*")] == []
    [path] = run.returns.glob("区经信局/*退回清单.xlsx")
    said = [line for line in lines_of(openpyxl.load_workbook(path).worksheets[0]) if "不是一条记录" in line["问题和办法"].value]
    assert [(line["轻重"].value, line["退回表"].value) for line in said] == [("提示", "")] * 3


def test_what_is_no_record_does_not_come_back_beside_what_is_at_fault(tmp_path):
    run = sheets_delivered(tmp_path, {"数据": ["表头", {"产品编号": "P1"}, "表头", {"产品名称": ""}, *FOOT]})
    before = verdict_on(run, "D13", QUARTER)
    stages.give_back(run)
    path, book = sheets_of(run, "D13")
    assert [line[OURS[3]].value for line in lines_of(book.worksheets[0])] == ["数据!4", "数据!2"]
    assert any("没有列出的 4 行不必重报" in cell.value for cell in book.worksheets[1]["A"])
    deliver(tmp_path, path.name, path.read_bytes())
    after = verdict_on(judged(run, "D13"), "D13", QUARTER)
    assert after.counts[["accepted", "quarantined", "rejected"]].values.tolist() == [[1, 1, 0]]
    assert_same_values(after.accepted, before.accepted)


LOST = {"formula": "1/0", "value": "#N/A"}


def test_a_row_with_a_cell_that_holds_no_value_comes_back_in_its_own_columns(tmp_path):
    run = sheets_delivered(tmp_path, {"数据": ["表头", {"产品编号": "P1"}, {"产品编号": "=P2", "产品名称": LOST}, {"产品编号": "P3"}]})
    stages.give_back(run)
    path, book = sheets_of(run, "D13")
    line = lines_of(book.worksheets[0])[0]
    assert (line["产品编号"].value, line["产品名称"].value) == ("=P2", "#N/A") and line["产品编号"].quotePrefix
    assert {header: cell.value for header, cell in line.items() if header not in ("产品编号", "产品名称", *OURS)} == {
        header: cell or None for header, cell in row("D13").items() if header not in ("产品编号", "产品名称")
    }
    assert {header for header, cell in line.items() if colour(cell)} == {"产品名称", OURS[0]}
    assert line[OURS[0]].value == "这一行没有计入（“产品名称”是公式错误 #N/A）：请更正标红的单元格。"
    before = verdict_on(run, "D13", QUARTER).counts
    deliver(tmp_path, path.name, path.read_bytes())
    assert verdict_on(judged(run, "D13"), "D13", QUARTER).counts.iloc[:, 4:].equals(before.iloc[:, 4:])
    line["产品名称"].value = "高速主轴"
    deliver(tmp_path, path.name, saved(book))
    after = verdict_on(judged(run, "D13"), "D13", QUARTER)
    assert after.counts[["accepted", "quarantined", "rejected"]].values.tolist() == [[3, 0, 0]]
    assert stages.give_back(run).counts[["returned", "unread"]].to_numpy().sum() == 0


def test_rows_of_another_sheet_come_back_under_the_same_headings_in_whatever_order_they_stood(tmp_path):
    sound = row("D13", 产品编号="P2")
    turned = [list(reversed(sound)), [LOST if header == "产品名称" else cell for header, cell in reversed(sound.items())]]
    run = sheets_delivered(tmp_path, {"数据": ["表头", {"产品编号": "P1"}], "续表": [*turned, [*reversed(row("D13", 产品编号="P3").values())], ["合计"]]})
    stages.give_back(run)
    path, book = sheets_of(run, "D13")
    lost, moved, _ = lines_of(book.worksheets[0])
    assert [line[OURS[3]].value for line in (lost, moved)] == ["续表!2", "续表!3"]
    assert {header: cell.value or "" for header, cell in moved.items() if header not in OURS} == row("D13", 产品编号="P3")
    assert moved[OURS[0]].value == "这一行没有计入（写在另一张工作表上）：已并到这里，应报的请核对后留下，不应报的把整行删除。"
    assert {header for header, cell in lost.items() if colour(cell)} == {"产品名称", OURS[0]}
    lost["产品名称"].value = "高速主轴"
    deliver(tmp_path, path.name, saved(book))
    after = verdict_on(judged(run, "D13"), "D13", QUARTER)
    assert after.counts[["accepted", "quarantined", "rejected"]].values.tolist() == [[3, 0, 0]]


def test_a_line_of_another_sheet_with_a_column_of_its_own_comes_back_as_one_text(tmp_path):
    own = [[*row("D13"), "经办"], [*row("D13", 产品编号="P2").values(), "某某"]]
    run = sheets_delivered(tmp_path, {"数据": ["表头", {"产品编号": "P1"}], "续表": own})
    stages.give_back(run)
    line = lines_of(sheets_of(run, "D13")[1].worksheets[0])[0]
    first = next(iter(line.values()))
    assert "P2" in first.value and "某某" in first.value and colour(first) == RED and "请把第一格的内容分填到各列" in line[OURS[0]].value


# What a department is shown


def test_rows_at_fault_stand_first_with_their_cells_coloured_and_the_rest_is_left_alone(tmp_path):
    stages.give_back(run := dirty(tmp_path, CASES[1]))
    _, book = sheets_of(run, "D13")
    returned, noted, sound = lines_of(book.worksheets[0])
    assert [line["产品编号"].value for line in (returned, noted, sound)] == ["P1", "P2", "P3"]
    assert {header for header, cell in returned.items() if colour(cell)} == {"产品名称", OURS[0]}
    assert colour(returned["产品名称"]) == RED and colour(noted["认定日期"]) == YELLOW
    assert returned[OURS[0]].value == "“产品名称”没有填：请补填。" and noted[OURS[0]].value.startswith("提示：")
    assert not [cell for cell in sound.values() if colour(cell)] and sound[OURS[0]].value is None
    assert (returned[OURS[3]].value, sound[OURS[3]].value) == ("数据!3", "数据!5")


def test_a_workbook_comes_back_in_its_own_headings_and_a_table_or_text_file_in_the_dictionary_s(tmp_path):
    headings = {}
    for at, case in enumerate(CASES[1:]):
        stages.give_back(run := dirty(tmp_path / str(at), case))
        headings[case["kind"]] = [cell.value for cell in sheets_of(run, case["table"])[1].worksheets[0][1]]
    own = [*reversed(row("D13")), "经办备注"]
    assert headings["workbook"] == [*own, *OURS]
    assert headings["delimited"] == [*row("D10"), *OURS]
    assert headings["database"] == [*row("D06b"), *OURS]


def test_the_second_sheet_says_how_to_go_on_and_under_which_name_to_deliver(tmp_path):
    stages.give_back(run := dirty(tmp_path, CASES[3]))
    path, book = sheets_of(run, "D06b")
    said = "\n".join(cell.value for cell in book.worksheets[1]["A"])
    assert path.name == "D06b_奖补拨付_区财政局.xlsx" and path.name in said and "以文件为准" in said
    assert all(name in said for name in OURS)


@pytest.mark.parametrize(
    ("pattern", "source", "name"),
    [
        ("{table}_{sender}", "2024Q4/D03_培育库_区经信局.xlsx", "D03_培育库_区经信局_2"),
        ("{table}_{sender}", "2024Q4/D03_培育库_经信局_9.csv", "D03_培育库_区经信局_10"),
        ("{table}_{sender}", "", "D03_培育库_区经信局"),
        ("{quarter}_{sender}_{table}", "2024Q4/2024Q4_经信局_D03_培育库_2.csv", "2024Q4_区经信局_D03_培育库_3"),
    ],
)
def test_a_corrected_file_is_named_so_that_it_replaces_the_one_before(pattern, source, name):
    settings = Settings(inbox="x", file_pattern=pattern)
    assert sources.next_name(settings, load_tables()["D03"], QUARTER, "区经信局", source) == name


# Whose rows


def test_a_department_gets_its_own_rows_and_columns_alone(tmp_path):
    deliver(tmp_path, "D01_企业主体_区市场监管局.csv", delimited(REGISTER))
    keys = ["统一社会信用代码", "企业名称", "统计期", "口径"]
    bureau = {**{name: row("D05")[name] for name in keys}, "营业收入(万元)": "三千", "研发费用(万元)": "10"}
    taxes = {**{name: row("D05")[name] for name in keys}, "实缴税金(万元)": "七百"}
    deliver(tmp_path, "D05_经营与评价_区经信局.csv", delimited([bureau]))
    deliver(tmp_path, "D05_经营与评价_区税务局.csv", delimited([taxes]))
    run = judged(Run(Settings(inbox=tmp_path / "inbox"), QUARTER, False, tmp_path / "home"), "D05")
    stages.give_back(run)
    texts = {folder.name: all_text(folder) for folder in run.returns.iterdir()}
    assert "三千" in texts["区经信局"] and "七百" not in texts["区经信局"] and "实缴税金(万元)" not in texts["区经信局"]
    assert "七百" in texts["区税务局"] and "三千" not in texts["区税务局"] and "营业收入(万元)" not in texts["区税务局"]


def all_text(folder):
    books = [openpyxl.load_workbook(path) for path in folder.glob("*.xlsx")]
    return {str(cell.value) for book in books for sheet in book for line in sheet.iter_rows() for cell in line}


def test_of_a_refused_file_the_list_names_the_cell_and_nothing_else_goes_back(tmp_path):
    cells = row("D03", 主导产品="联系人 13800000000")
    deliver(tmp_path, "D01_企业主体_区市场监管局.csv", delimited(REGISTER))
    deliver(tmp_path, "D03_培育库_区经信局.xlsx", workbook_of({"数据": [list(cells), list(cells.values())]}))
    run = judged(Run(Settings(inbox=tmp_path / "inbox"), QUARTER, False, tmp_path / "home"), "D03")
    stages.give_back(run)
    assert [path.name for path in (run.returns / "区经信局").iterdir()] == ["00-退回清单.xlsx"]
    text = all_text(run.returns / "区经信局")
    assert any("主导产品" in each and "数据!2" in each and "整份拒收" in each for each in text)
    assert not [each for each in text if "13800000000" in each or NAMES[FIRM] in each]


def test_a_department_that_delivered_nothing_of_a_table_is_told_so(tmp_path):
    (tmp_path / "inbox").mkdir()
    run = judged(Run(Settings(inbox=tmp_path / "inbox"), QUARTER, False, tmp_path / "home"), "D17")
    stages.give_back(run)
    assert any("本季未报送" in each for each in all_text(run.returns / "区经信局"))


def test_rows_under_a_name_that_is_no_department_are_told_to_whoever_runs_the_view(tmp_path):
    as_view(tmp_path, load_tables()["D02"], [{**row("D02"), "报送部门": "某局"}], [])
    (tmp_path / "inbox").mkdir()
    run = Run(Settings(inbox=tmp_path / "inbox", database=f"sqlite:///{tmp_path / 'district.db'}"), QUARTER, False, tmp_path / "home")
    stages.give_back(judged(run, "D02"))
    assert any("某局" in each for each in all_text(run.returns / "区市场监管局"))
    assert {folder.name for folder in run.returns.iterdir()} == {"区市场监管局"}


# Cells that would act


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Co"], exclude_characters="\ufffd\ufffe\uffff"), max_size=12)
ACTING = st.builds(str.__add__, st.sampled_from("=+-@\t\r＝＋－＠"), TEXTS)


@given(st.lists(st.lists(TEXTS | ACTING, min_size=2, max_size=2), min_size=1, max_size=4))
@examples(60)
def test_every_cell_comes_back_as_the_text_it_was_and_none_is_a_formula(cells):
    rows = pd.DataFrame(cells, columns=["产品编号", "产品名称"], dtype="str").assign(**dict.fromkeys(OURS, "=1+1"))
    content = returns.return_workbook(made_return(rows), "D13.xlsx")
    read = read_workbook(content, load_tables()["D13"], Origin("区经信局", "x", datetime(2025, 1, 8), "workbook"))
    kept = [each for each in cells if any(cell.strip() for cell in each)]
    assert read.rows[["产品编号", "产品名称"]].to_numpy().tolist() == kept and not read.notes
    assert not set(OURS) & set(read.headers)
    sheet = openpyxl.load_workbook(BytesIO(content)).worksheets[0]
    written = [cell for line in sheet.iter_rows(min_row=2) for cell in line if cell.value is not None]
    assert not [cell for cell in written if cell.data_type not in ("s", "inlineStr")]


def made_return(rows):
    source = Source("区经信局", "2024Q4/D13.xlsx", "workbook", "2025-01-08T10:00:00", len(rows), 0, tuple(rows.columns[:2]))
    nothing = pd.DataFrame({"row": [], "header": [], "severity": []})
    return returns.Returned(load_tables()["D13"], QUARTER, source, rows, pd.Series("", index=rows.index), nothing, ())


@pytest.mark.parametrize("text", ["=1+1", "+86", "-5", "@x", "\tx", "\r=1"])
def test_a_cell_that_would_act_bears_the_prefix_of_a_text(text):
    rows = pd.DataFrame([[text, "好"]], columns=["产品编号", "产品名称"], dtype="str").assign(**dict.fromkeys(OURS, ""))
    sheet = openpyxl.load_workbook(BytesIO(returns.return_workbook(made_return(rows), "D13.xlsx"))).worksheets[0]
    assert (sheet["A2"].quotePrefix, sheet["B2"].quotePrefix) == (True, False)
    assert {sheet["A2"].number_format, sheet["B2"].number_format} == {"@"}


@pytest.mark.parametrize("text", ["=1+1", "@x"])
def test_so_does_a_department_s_own_heading(text):
    rows = pd.DataFrame([["甲", "好"]], columns=["产品编号", text], dtype="str").assign(**dict.fromkeys(OURS, ""))
    sheet = openpyxl.load_workbook(BytesIO(returns.return_workbook(made_return(rows), "D13.xlsx"))).worksheets[0]
    assert (sheet["A1"].quotePrefix, sheet["B1"].quotePrefix, sheet["B1"].value) == (False, True, text)
    assert sheet["B1"].number_format == "@"


# A whole quarter


@pytest.fixture(scope="module")
def quarter(golden_run, tmp_path_factory):
    """The miniature's quarter, given back into a folder of its own."""
    folder = tmp_path_factory.mktemp("returns")
    return stages.give_back(golden_run, folder), folder


def test_the_miniature_gets_back_exactly_the_lines_that_were_found_by_hand(quarter):
    with (MINIATURE / "golden" / "2024Q4" / "set_aside.csv").open(encoding="utf-8-sig", newline="") as file:
        by_hand = sorted((each["source"].split("/")[-1], each["line"]) for each in csv.DictReader(file))
    assert sorted(returned_lines(quarter[1])) == by_hand


def returned_lines(folder):
    for path in folder.glob("*/D*.xlsx"):
        book = openpyxl.load_workbook(path)
        source = book.worksheets[1]["A2"].value.rpartition("/")[2]
        for line in lines_of(book.worksheets[0]):
            said = line[OURS[0]].value or ""
            if said and not said.startswith("提示：") and "读不成" not in said:
                yield source, line[OURS[3]].value.strip("第行")


def test_every_workbook_holds_every_row_of_its_delivery_once(quarter, golden_run):
    counts = pd.concat([verdict_on(golden_run, table_id, QUARTER).counts for table_id in load_tables()]).set_index("source")["read"]
    for path in quarter[1].glob("*/D*.xlsx"):
        book = openpyxl.load_workbook(path)
        source = f"2024Q4/{book.worksheets[1]['A2'].value.rpartition('/')[2]}"
        places = [line[OURS[3]].value for line in lines_of(book.worksheets[0])]
        assert len(places) == len(set(places)) == counts[source]


def test_the_same_quarter_gives_the_same_bytes(quarter, golden_run, tmp_path):
    stages.give_back(golden_run, tmp_path)
    first, second = ({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.xlsx")} for folder in (quarter[1], tmp_path))
    assert first == second and len(first) > 15


def test_what_is_no_longer_at_fault_goes_and_a_new_verdict_takes_all_of_it_along(tmp_path):
    run = dirty(tmp_path, CASES[1])
    path = stages.give_back(run).folder / "区经信局" / "D13_首台套等产品_区经信局_2.xlsx"
    stray = run.returns / "区财政局" / "D06b_奖补拨付_区财政局_2.xlsx"
    stray.parent.mkdir()
    stray.write_bytes(b"old")
    stages.give_back(run)
    assert path.exists() and not stray.parent.exists()
    judged(run, "D13")
    assert path.exists()  # the same verdict
    as_workbook(tmp_path, load_tables()["D13"], [row("D13")], [])
    judged(run, "D13")
    assert not path.exists()
    assert stages.give_back(run).counts["workbooks"].sum() == 0


def test_a_folder_that_was_named_keeps_what_else_lies_in_it(tmp_path):
    run = dirty(tmp_path, CASES[1])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "别的.txt").write_text("x")
    assert stages.give_back(run, tmp_path / "out").folder == tmp_path / "out"
    assert (tmp_path / "out" / "别的.txt").exists() and list((tmp_path / "out" / "区经信局").glob("D13*"))
    assert not run.returns.exists()


def test_a_quarter_that_was_not_judged_is_refused_in_one_sentence_and_a_table_pulled_since_is_named(tmp_path):
    run = Run(Settings(inbox=tmp_path / "inbox"), QUARTER, False, tmp_path / "home")
    with pytest.raises(ZjtxError, match="2024Q4 还没有取数校验"):
        stages.give_back(run)
    run = dirty(tmp_path, CASES[1])
    stages.pull(run, "D13")
    assert "D13" in stages.give_back(run).unjudged


def test_the_verb_writes_them_and_says_where(golden_run, miniature, tmp_path, capsys, monkeypatch):
    from zjtx_pipeline import cli

    monkeypatch.setenv("ZJTX_HOME", str(golden_run.home))
    assert cli.main(["returns", "2024Q4", str(tmp_path / "退回"), "--config", str(miniature)]) == 0
    assert str(tmp_path / "退回") in capsys.readouterr().out
    assert (tmp_path / "退回" / "区经信局" / "00-退回清单.xlsx").exists()
    assert cli.main(["returns", "2023Q1", "--config", str(miniature)]) == 2
    assert "zjtx report 2023Q1" in capsys.readouterr().err


def test_the_ui_offers_the_folder_and_the_numbers(golden_run, miniature, monkeypatch):
    from dagster import DagsterInstance, materialize

    from assets.resources import District
    from assets.returns import returns as asset

    monkeypatch.setenv("ZJTX_HOME", str(golden_run.home))
    monkeypatch.setenv("ZJTX_CONFIG", str(miniature))
    with DagsterInstance.ephemeral() as instance:
        made = materialize([asset], partition_key="2024Q4", resources={"district": District()}, instance=instance)
    metadata = made.asset_materializations_for_node("returns")[0].metadata
    assert metadata["目录"].path == str(golden_run.returns) and "| 区经信局 |" in metadata["各部门"].value
    assert metadata["还没有校验的表"].value == "无"
