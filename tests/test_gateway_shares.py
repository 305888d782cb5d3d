"""One interface of the gateway, several departments: each has its own rows, columns and faults, and none touches another's."""

from io import BytesIO

import openpyxl
import pytest
from gateway_server import Reply, envelope
from made_deliveries import FIRM, NAMES, OTHER, QUARTER, REGISTER, deliver, delimited, inbox, row, verdict, workbook

from zjtx_pipeline import returns, snapshots, sources
from zjtx_pipeline.settings import Gateway, Interface
from zjtx_pipeline.sources.gateway.records import identity
from zjtx_pipeline.tables import load_tables

BUREAU, REFORM, TAXES = "区经信局", "区发改局", "区税务局"
FLAG, TAX = "增删改标志", "实缴税金(万元)"

pytestmark = pytest.mark.usefixtures("gateway")


def configured(folder, url, *interfaces):
    return inbox(folder).model_copy(update={"gateway": Gateway(url=url, interfaces=interfaces, wait_seconds=0)})


@pytest.fixture
def offer(gateway, tmp_path):
    """What gives settings and verdict over a table whose interface gives some rows, beside whatever lies in the 收件目录."""

    def offered(table, rows, *interfaces, **app):
        _, url = gateway.app(rows={("x", str(QUARTER)): rows}, **app)
        interfaces = interfaces or (Interface(table=table, api="x"),)
        settings = configured(tmp_path, url, *interfaces)
        return settings, verdict(tmp_path, table, settings)

    return offered


def shown(name, sender=BUREAU, **cells):
    """A row of D16, whose key holds no department."""
    return {**row("D16", 名称=name), "级别": "省级", "报送部门": sender, **cells}


def taxed(code=FIRM, **cells):
    """区税务局's row of D05, whose key holds the department; a cell of None is left out."""
    whole = {**row("D05", 统一社会信用代码=code, 企业名称=NAMES[code]), TAX: "7", **cells}
    return {header: cell for header, cell in whole.items() if cell is not None}


def earned(code=FIRM, **cells):
    return {**row("D05", 统一社会信用代码=code, 企业名称=NAMES[code]), "营业收入(万元)": "100", **cells}


def counted(judged):
    """Read, accepted, set aside and rejected of each department's delivery."""
    columns = ["read", "accepted", "quarantined", "rejected"]
    return {sender: judged.counts.loc[at, columns].tolist() for at, sender in judged.counts["sender"].items()}


def told(judged, rule):
    return judged.findings.loc[judged.findings["rule"].eq(rule), ["sender", "place"]].values.tolist()


# Flags


@pytest.mark.parametrize("header", ["统一社会信用代码", "码", "信用代码"])
def test_the_key_of_a_batch_holds_the_code_however_its_column_is_called(offer, header):
    def project(code, flag, **cells):
        cells = {**row("D12", 统一社会信用代码=code, 企业名称=NAMES[code], 项目编号="P", **cells), FLAG: flag}
        return {header if name == "统一社会信用代码" else name: cell for name, cell in cells.items()}

    rows = [project(FIRM, "i"), project(OTHER, "i", 角色="参与"), project(OTHER, "u", 角色="参与", 项目名称="改名")]
    _, judged = offer("D12", rows, Interface(table="D12", api="x", sender="区科技局"))
    assert sorted(judged.accepted["uscc"]) == sorted([FIRM, OTHER])
    assert told(judged, "报送.已更替") == [["区科技局", "第1页第2条"]]


def test_an_update_of_a_table_whose_whole_key_is_the_code_is_a_row_where_the_code_is_called_otherwise(gateway, tmp_path):
    rows = [{"码" if name == "统一社会信用代码" else name: cell for name, cell in {**each, FLAG: "u"}.items()} for each in REGISTER]
    _, url = gateway.app(rows={("x", str(QUARTER)): rows})
    [found] = sources.deliveries(configured(tmp_path, url, Interface(table="D01", api="x")), "D01", QUARTER)
    raw = found.read()
    assert (raw.read, raw.rows["码"].tolist(), len(raw.rejected)) == (3, list(NAMES), 0)


def test_two_pages_hold_the_same_row_only_if_its_code_is_the_same_however_it_is_called():
    same = identity(load_tables()["D12"], "报送部门")
    first, second = ({"码": code, "项目编号": "P", "报送部门": "区科技局"} for code in (FIRM, OTHER))
    assert same(first) == same({**first, "项目名称": "改名"}) != same(second)
    assert same(first) != same({**first, "报送部门": "区经信局"})
    alone = [{"报送部门": "区科技局", "角色": role} for role in ("牵头", "参与")]
    assert same(alone[0]) != same(alone[1])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"报送部门": "区税务局"}, {"报送部门": "税务局"}),
        ({}, {"报送部门": "区税务局"}),
        ({}, {"统一社会信用代码": FIRM.lower()}),
        ({}, {"统一社会信用代码": f" {FIRM}"}),
    ],
)
def test_a_row_is_deleted_and_updated_in_whatever_spelling_its_key_comes(offer, tmp_path, first, second):
    deliver(tmp_path, "D05_经营与评价_区经信局.xlsx", workbook([earned()]))
    own = Interface(table="D05", api="x", sender=TAXES)
    rows = [taxed(**first, **{FLAG: "i"}), taxed(**second, **{FLAG: "d"}), taxed(OTHER, **{FLAG: "i"})]
    _, judged = offer("D05", rows, own)
    assert counted(judged)[TAXES] == [3, 1, 0, 2]
    rows = [taxed(**first, **{FLAG: "i"}), taxed(**second, **{TAX: "9", FLAG: "u"})]
    _, judged = offer("D05", rows, own)
    assert counted(judged)[TAXES] == [2, 1, 0, 1] and judged.accepted["tax_paid_fen"].tolist() == [9_000_000]


def test_days_and_names_of_lists_in_a_key_are_the_same_however_they_are_spelt(offer):
    pool = row("D03", 入库日期="2024-05-06")
    _, judged = offer("D03", [{**pool, FLAG: "i"}, {**pool, "入库日期": "2024/5/6", FLAG: "d"}, {**row("D03", 统一社会信用代码=OTHER), FLAG: "i"}])
    assert counted(judged) == {BUREAU: [3, 1, 0, 2]}


def test_a_deletion_that_names_nothing_but_the_department_is_none(offer, tmp_path):
    deliver(tmp_path, "D05_经营与评价_区经信局.xlsx", workbook([earned()]))
    rows = [taxed(报送部门=TAXES, **{FLAG: "i"}), {"报送部门": TAXES, FLAG: "d"}]
    _, judged = offer("D05", rows, Interface(table="D05", api="x", sender=TAXES))
    [message] = judged.findings.loc[judged.findings["rule"].eq("报送.坏行"), "message"]
    assert "没有填主键" in message and counted(judged)[TAXES] == [2, 1, 0, 1]


def test_a_department_withdraws_no_row_of_another(offer):
    rows = [shown("甲", **{FLAG: "i"}), shown("甲", REFORM, **{FLAG: "d"}), shown("乙", REFORM, **{FLAG: "i"})]
    _, judged = offer("D16", rows)
    assert (counted(judged), judged.blocked) == ({BUREAU: [1, 1, 0, 0], REFORM: [2, 1, 0, 1]}, ())


def test_an_update_with_the_key_of_another_s_row_goes_back_to_both_as_it_does_by_files(offer):
    rows = [shown(f"甲{at}", **{FLAG: "i"}) for at in range(20)]
    _, judged = offer("D16", [*rows, shown("甲0", REFORM, 文号="另", **{FLAG: "u"}), shown("乙", REFORM, **{FLAG: "i"})])
    assert (counted(judged), judged.blocked) == ({BUREAU: [20, 19, 1, 0], REFORM: [2, 1, 1, 0]}, ())
    assert told(judged, "D16.主键.矛盾") == [[BUREAU, "第1页第1条"], [REFORM, "第1页第21条"]]


# Columns


def test_a_column_that_one_department_lacks_is_not_hidden_by_another_that_bears_it(offer):
    wrong = {**taxed(**{TAX: None}), "税金": "9", "报送部门": TAXES}
    _, judged = offer("D05", [{**earned(报送部门=BUREAU), "经办": "某"}, wrong])
    assert "缺少实缴税金(万元)列" in judged.blocked[0] and told(judged, "D05.缺列") == [[TAXES, ""]]
    unknown = judged.findings[judged.findings["rule"].eq("D05.未知列")]
    assert unknown[["sender", "value"]].values.tolist() == [[BUREAU, "经办"], [TAXES, "税金"]]


def test_nor_is_it_hidden_by_a_row_that_does_not_count(offer, tmp_path):
    deliver(tmp_path, "D05_经营与评价_区经信局.xlsx", workbook([earned()]))
    wrong = {**taxed(**{TAX: None}), "税金": "9"}
    for beside in ({"报送部门": BUREAU}, {"数据期": "2024Q3"}):
        _, judged = offer("D05", [taxed(OTHER, **beside), wrong], Interface(table="D05", api="x", sender=TAXES))
        assert told(judged, "D05.缺列") == [[TAXES, ""]]


# Whose a row is


def test_a_row_that_cannot_be_a_record_is_still_that_of_the_department_it_names(offer):
    broken = shown("乙的", REFORM, 移出日期=["2024"])
    _, judged = offer("D16", [shown("甲"), shown("乙", REFORM), broken])
    assert counted(judged) == {BUREAU: [1, 1, 0, 0], REFORM: [2, 1, 0, 1]}
    assert told(judged, "报送.坏行") == [[REFORM, "第1页第3条"]]
    _, judged = offer("D16", [shown("甲"), shown("乙", REFORM), {**broken, "名称": "电话13912345678"}])
    assert counted(judged) == {BUREAU: [1, 1, 0, 0], REFORM: [0, 0, 0, 0]}


def test_a_broken_row_of_another_department_does_not_go_back_to_the_one_whose_interface_gave_it(offer, tmp_path):
    rows = [shown("乙", REFORM), shown("甲的", BUREAU, 移出日期=["2024"])]
    settings, judged = offer("D16", rows, Interface(table="D16", api="x", sender=REFORM))
    assert told(judged, "报送.非本期本部门") == [[REFORM, "第1页第2条"]]
    kept = snapshots.keep(tmp_path / "kept", QUARTER, load_tables()["D16"], sources.deliveries(settings, "D16", QUARTER))
    assert returns.returned(kept, judged, kept.sources[0], settings.rules) is None


@pytest.mark.parametrize("filed", [False, True])
def test_rows_that_name_no_department_are_the_table_s_first_one_s_whatever_it_files(offer, tmp_path, filed):
    ours = [earned(code) for code in NAMES]
    if filed:
        deliver(tmp_path, "D05_经营与评价_区经信局.csv", delimited(ours))
    _, judged = offer("D05", [*ours, *(taxed(code, 报送部门=TAXES) for code in NAMES)])
    assert (counted(judged), judged.blocked) == ({BUREAU: [3, 3, 0, 0], TAXES: [3, 3, 0, 0]}, ())
    assert judged.accepted["tax_paid_fen"].tolist() == [7_000_000] * 3
    said = judged.findings.loc[judged.findings["rule"].eq("报送.说明") & judged.findings["sender"].eq(BUREAU), "message"].tolist()
    assert said[-1] == "“D05_经营与评价_网关_x”有 3 行没有写“报送部门”，都算作区经信局报送：请接口提供方写明部门。"
    assert ["以文件为准" in each for each in said] == [True, False][not filed :]


def test_what_names_no_department_and_is_not_of_the_quarter_is_no_doubt(offer):
    _, judged = offer("D16", [shown("甲"), shown("丁", "", 数据期="2024Q3")])
    assert counted(judged) == {BUREAU: [2, 1, 0, 1]} and not told(judged, "报送.说明")


# What ails the whole interface


@pytest.mark.parametrize(("app", "rule"), [({"script": [Reply(b"", 500)]}, "报送.读不出"), ({}, "D16.空表")])
def test_an_interface_that_is_down_or_empty_is_told_to_each_department_that_it_serves(offer, tmp_path, app, rule):
    deliver(tmp_path, "D16_示范认定_区经信局.csv", delimited([row("D16", 级别="省级")]))
    _, judged = offer("D16", [], **app)
    assert [sender for sender, _ in told(judged, rule)] == [REFORM, "生态环境萧山分局"]
    assert judged.missing_senders == () and len(judged.blocked) == 1


# Several interfaces


def test_rows_of_a_second_interface_are_never_dropped_in_silence(gateway, tmp_path):
    """The configuration that would have them is refused on load (test_settings)."""
    _, url = gateway.app(rows={(api, str(QUARTER)): [shown("甲")] for api in "ab"})
    with pytest.raises(AssertionError, match="two interfaces"):
        sources.deliveries(configured(tmp_path, url, *(Interface(table="D16", api=api) for api in "ab")), "D16", QUARTER)


def test_the_answers_of_two_interfaces_of_one_name_are_both_kept(gateway, tmp_path):
    answers = [envelope([{"名称": name}], 1, totalDataCount=1) for name in ("甲", "乙")]
    _, url = gateway.app(script=[*answers])
    numbers = {"001": BUREAU, "002": REFORM}
    settings = configured(tmp_path, url, *(Interface(table="D16", department=number, api="q", sender=numbers[number]) for number in numbers))
    kept = snapshots.keep(tmp_path / "kept", QUARTER, load_tables()["D16"], sources.deliveries(settings, "D16", QUARTER))
    assert sorted(page.read_text(encoding="utf-8") for page in (kept.path / "original").iterdir()) == sorted(answers)


# Beside a file


def test_what_goes_back_of_an_interface_says_that_a_file_goes_before_it_and_filed_as_asked_is_told_no_more(offer, tmp_path):
    own = Interface(table="D16", api="x", sender=REFORM)
    rows = [shown(f"乙{at}", REFORM) for at in range(12)]
    rows[0]["公布日期"] = "不详"
    settings, judged = offer("D16", rows, own)
    kept = snapshots.keep(tmp_path / "kept", QUARTER, load_tables()["D16"], sources.deliveries(settings, "D16", QUARTER))
    name = "D16_示范认定_区发改局.xlsx"
    book = openpyxl.load_workbook(BytesIO(returns.return_workbook(returns.returned(kept, judged, kept.sources[0], settings.rules), name)))
    assert book.worksheets[1]["A"][-1].value == "不放文件，请接口提供方在接口中更正也可以；一旦放入文件，本季就以文件为准。"
    deliver(tmp_path, name, workbook([shown("乙", REFORM)]))
    assert told(offer("D16", rows, own)[1], "报送.说明") == [[REFORM, ""]]
    sheet = book.worksheets[0]
    sheet.cell(2, [cell.value for cell in sheet[1]].index("公布日期") + 1).value = "2024-05-06"
    book.save(tmp_path / name)
    deliver(tmp_path, name, (tmp_path / name).read_bytes())
    settings, judged = offer("D16", rows, own)
    assert counted(judged) == {REFORM: [12, 12, 0, 0]} and not told(judged, "报送.说明")
