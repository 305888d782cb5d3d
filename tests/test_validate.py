"""Judging deliveries: what becomes of each row, of each table, and that no row is lost on the way."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_deliveries import FIRM, NAMES, OTHER, QUARTER, THIRD, deliver, delimited, home, inbox, judged, row, verdict, workbook, workbook_of

from zjtx_pipeline import snapshots, sources, validate, verdicts
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.suites import load_suite
from zjtx_pipeline.tables import load_tables

# Every cell is text: no day or number is read by YAML.
CASES = yaml.load((Path(__file__).parent / "cases" / "hazards.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)
ROW_RULES = {rule.id for table in load_tables() for rule in load_suite(table).rules}


def rules_of(found):
    """The ids of a verdict's findings about rows, without the table's and those on what could not be compared."""
    ids = found.findings.loc[found.findings["rule"].isin(ROW_RULES) & found.findings["place"].ne(""), "rule"]
    return sorted(rule.partition(".")[2] for rule in ids)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_hazards(tmp_path, case):
    for other, cells in case.get("beside", {}).items():
        judged(tmp_path, other, [row(other, **each) for each in cells])
    found = judged(tmp_path, case["table"], [row(case["table"], **cells) for cells in case["rows"]], case.get("sender"))
    returned = [str(int(place.strip("第行")) - 1) for place in found.set_aside["place"]]
    assert returned == case["returned"]
    assert rules_of(found) == sorted(case["rules"])


def test_a_finding_names_header_value_file_and_place(tmp_path):
    found = judged(tmp_path, "D03", [row("D03"), row("D03", 库别="种" * 70, 入库日期="2024-05-07")])
    [finding] = found.findings[found.findings["severity"].eq("退回")].to_dict("records")
    assert finding == {
        "quarter": "2024Q4", "dataset": "D03", "sender": "区经信局", "severity": "退回", "rule": "D03.库别.值域",
        "header": "库别", "value": "种" * 59 + "…", "message": finding["message"],
        "source": "2024Q4/D03_培育库_区经信局.csv", "place": "第3行",
    }  # fmt: skip
    assert f"“{'种' * 59}…”" in finding["message"]
    [aside] = found.set_aside.to_dict("records")
    assert (aside["库别"], aside["rules"], aside["reasons"]) == ("种" * 70, "D03.库别.值域", finding["message"])


def test_accepted_rows_are_values_of_their_kind_with_lineage(tmp_path):
    found = judged(tmp_path, "D21a", [row("D21a", **{"面积(亩)": "1.25", "最低价标准(元/㎡)": "1,234.5"})])
    [accepted] = found.accepted.to_dict("records")
    assert accepted["standard_price_fen"] == 123450 and str(accepted["area_mu"]) == "1.250000"
    assert accepted["with_project"] is True and accepted["sold_on"] == pd.Timestamp("2024-05-06")
    assert accepted["sender"] == "规划资源萧山分局" and accepted["place"] == "第2行"
    assert {name: str(kind) for name, kind in found.accepted.dtypes.items() if name in ("area_mu", "with_project")} == {
        "area_mu": "decimal128(20, 6)[pyarrow]", "with_project": "boolean",
    }  # fmt: skip


@pytest.mark.parametrize("table", load_tables())
def test_a_verdict_read_back_is_the_one_that_was_kept(tmp_path, table):
    found = judged(tmp_path, table, [row(table), {**row(table), next(iter(row(table))): ""}])
    again = verdicts.read(verdicts.path_of(home(tmp_path), found.table, found.digest))
    for name in ("accepted", "set_aside", "findings", "counts"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(found, name))
    expected = verdicts.typed_nothing(found.table)
    pd.testing.assert_series_equal(again.accepted.dtypes, expected.dtypes)
    assert (again.status, again.blocked, again.missing_senders) == (found.status, found.blocked, found.missing_senders)


# Names and codes that change


def test_former_names_and_renames_are_names_of_the_firm(tmp_path):
    register = [row("D01", 曾用名="旧名一；旧名二"), row("D01", 统一社会信用代码=OTHER, 企业名称=NAMES[OTHER])]
    deliver(tmp_path, "D01_企业主体_区市场监管局.csv", delimited(register))
    renamed = [row("D02", 统一社会信用代码=OTHER, 企业名称="更名以前", 事项="更名", 变更前="更名以前", 变更后=NAMES[OTHER])]
    deliver(tmp_path, "D02_主体变更_区市场监管局.csv", delimited(renamed))
    names = [(FIRM, "旧名一"), (FIRM, "旧名二"), (OTHER, "更名以前"), (FIRM, "更名以前"), (OTHER, "旧名一")]
    rows = [row("D13", 统一社会信用代码=code, 企业名称=name, 产品编号=str(at)) for at, (code, name) in enumerate(names)]
    found = judged(tmp_path, "D13", rows)
    assert found.findings.loc[found.findings["rule"].eq("D13.企业名称.不符"), "place"].tolist() == ["第5行", "第6行"]
    assert rules_of(verdict(tmp_path, "D02")) == []


def test_without_the_register_the_comparison_is_skipped_with_one_finding_each(tmp_path):
    deliver(tmp_path, "D13_首台套等产品_区经信局.csv", delimited([row("D13"), row("D13", 产品编号="乙")]))
    table = load_tables()["D13"]
    undelivered = {}
    for each in ("D01", "D02"):
        undelivered[each] = validate.judge(home(tmp_path), kept(tmp_path, each), inbox(tmp_path), undelivered)
    found = validate.judge(home(tmp_path), kept(tmp_path, table.id), inbox(tmp_path), undelivered)
    skipped = found.findings[found.findings["message"].str.contains("没有核对")]
    assert sorted(skipped["rule"]) == ["D13.企业名称.不符", "D13.统一社会信用代码.未登记"]
    assert set(skipped["severity"]) == {"提示"} and len(found.accepted) == 2


def kept(folder, table, quarter=QUARTER):
    found = sources.deliveries(inbox(folder), table, quarter)
    return snapshots.keep(home(folder), quarter, load_tables()[table], found)


# Whole deliveries


def test_a_missing_column_stops_the_table_and_an_unknown_one_is_told(tmp_path):
    cells = {**row("D03", 备注="x")}
    del cells["入库日期"], cells["细分领域"]
    found = judged(tmp_path, "D03", [cells])
    assert found.blocked == ("缺少入库日期、细分领域列：请按空白表补齐表头后重报，没有数据的列也要留表头。",)
    assert "D03.未知列" in found.findings["rule"].tolist()


def test_full_width_brackets_in_headers_are_the_same(tmp_path):
    cells = row("D19", **{"金额(万元)": "1"})
    cells = {header.replace("(", "（").replace(")", "）"): cell for header, cell in cells.items()}
    found = judged(tmp_path, "D19", [cells])
    assert (found.blocked, found.accepted["amount_fen"].tolist()) == ((), [1_000_000])


@pytest.mark.parametrize(
    ("table", "header", "others"),
    [("D19", "金额(万元)", ["金额（万元）"]), ("D20", "新增高技能人才(人)", ["新增高技能人才（人）", "新增高技能人才 (人)"])],
)
def test_each_department_may_spell_a_header_in_its_own_way(tmp_path, table, header, others):
    senders = load_tables()[table].senders
    found = []
    for spellings in ([header] * len(senders), [header, *others, *[header] * len(senders)]):
        folder = tmp_path / str(len(found)) / "district"
        for number, (sender, spelt) in enumerate(zip(senders, spellings, strict=False), start=1):
            own = {"业务编号": f"号{number}"} if table == "D19" else {}
            cells = {name if name != header else spelt: cell for name, cell in row(table, **own, **{header: str(number)}).items()}
            deliver(folder, f"{load_tables()[table].title}_{sender}.xlsx", workbook([cells]))
        found.append(verdict(folder, table))
    plain, spelt = found
    column = load_tables()[table].by_header()[header].name
    assert plain.accepted[column].notna().any()
    pd.testing.assert_frame_equal(spelt.accepted, plain.accepted)


@pytest.mark.parametrize("text", ["9999年", "9999/待定", "99991231待定", "2099-12-31待定"])
def test_a_far_off_day_with_words_behind_it_is_no_day_and_told(tmp_path, text):
    found = judged(tmp_path, "D03", [row("D03", 出库日期=text)])
    assert found.accepted.empty and any(text in each for each in found.findings["message"])


def test_headers_alone_stop_the_table_but_a_zero_report_counts_as_nothing(tmp_path):
    deliver(tmp_path, "D03_培育库_区经信局.csv", delimited([], list(row("D03"))))
    assert "没有数据" in verdict(tmp_path, "D03").blocked[0]
    deliver(tmp_path, "D24b_网络品牌_区商务局_零报送.xlsx", workbook([], list(row("D24b"))))
    zero = verdict(tmp_path, "D24b")
    assert (zero.status, zero.blocked, len(zero.accepted), zero.counts["read"].tolist()) == ("零报送", (), 0, [0])
    absent = verdict(tmp_path, "D17")
    assert (absent.status, absent.blocked, absent.missing_senders, len(absent.counts)) == ("未报送", (), ("区经信局",), 0)
    pd.testing.assert_series_equal(absent.accepted.dtypes, verdicts.typed_nothing(absent.table).dtypes)


@pytest.mark.parametrize("ending, content", [("csv", b""), ("csv", b"\xef\xbb\xbf,,\r\n"), ("xlsx", b""), ("xlsx", workbook_of({"Sheet1": []}))])
def test_an_empty_file_is_a_fault_but_named_零报送_says_what_it_is_asked_to_say(tmp_path, ending, content):
    deliver(tmp_path, f"D24b_网络品牌_区商务局.{ending}", content)
    assert verdict(tmp_path, "D24b").blocked
    deliver(tmp_path, f"D24b_网络品牌_区商务局_零报送_2.{ending}", content)
    zero = verdict(tmp_path, "D24b")
    assert (zero.status, zero.blocked, zero.counts["read"].tolist()) == ("零报送", (), [0])


@pytest.mark.parametrize("ending, content", [
    ("csv", "\n" * 12 + "企业名称,1\n"), ("csv", "本季,12\n"), ("xlsx", workbook_of({"Sheet1": [[]] * 12 + [["企业名称", 1]]})),
])  # fmt: skip
def test_a_file_in_which_something_is_written_is_not_taken_for_nothing(tmp_path, ending, content):
    deliver(tmp_path, f"D24b_网络品牌_区商务局_零报送.{ending}", content.encode() if ending == "csv" else content)
    assert verdict(tmp_path, "D24b").blocked


@pytest.mark.parametrize(("bad", "stopped"), [(1, False), (2, True)])
def test_more_than_a_tenth_returned_stops_the_table(tmp_path, bad, stopped):
    rows = [row("D13", 产品编号=str(number), 认定日期="" if number < bad else "2024-05-06") for number in range(10)]
    found = judged(tmp_path, "D13", rows)
    assert bool(found.blocked) == stopped
    assert found.counts[["read", "accepted", "quarantined", "rejected"]].values.tolist() == [[10, 10 - bad, bad, 0]]


def test_a_file_after_the_deadline_is_told(tmp_path):
    deliver(tmp_path, "D13_首台套等产品_区经信局.csv", delimited([row("D13")]), received="2025-01-16 09:00:00")
    late = verdict(tmp_path, "D13").findings.set_index("rule")
    assert "期限 2025-01-15" in late.loc["D13.逾期", "message"]
    deliver(tmp_path, "D13_首台套等产品_区经信局.csv", delimited([row("D13")]), received="2025-01-15 23:00:00")
    assert "D13.逾期" not in verdict(tmp_path, "D13").findings["rule"].tolist()


@pytest.mark.parametrize(("cell", "sentence"), [(None, "打不开"), ("13800001234", "拒收")])
def test_an_unreadable_or_refused_file_stops_the_table(tmp_path, cell, sentence):
    content = workbook([row("D03", 主导产品=cell)]) if cell else b"PK broken"
    deliver(tmp_path, "D03_培育库_区经信局.xlsx", content)
    found = verdict(tmp_path, "D03")
    assert found.status == "已报送" and any(sentence in each for each in found.blocked)


def test_a_rejected_line_is_a_finding_with_its_text(tmp_path):
    deliver(tmp_path, "D13_首台套等产品_区经信局.csv", delimited([row("D13")]) + b"1,2,3\r\n")
    found = verdict(tmp_path, "D13")
    [line] = found.findings[found.findings["rule"].eq("报送.坏行")].to_dict("records")
    assert (line["value"], line["place"], line["severity"]) == ("1,2,3", "第3行", "退回")
    assert found.counts[["read", "accepted", "rejected"]].values.tolist() == [[2, 1, 1]]


@pytest.mark.parametrize(
    ("sound", "broken", "beside", "rule"),
    [
        (0, 3, "", "报送.多数行读不成"),  # a comma too many at each line's end
        (1, 2, "", "报送.多数行读不成"),
        (1, 1, "", ""),
        (0, 0, "合计", "D13.空表"),  # nothing but what is no record
        (0, 0, "本季度无", "D13.空表"),
        (1, 0, "本季度无", ""),
    ],
)
def test_a_delivery_without_rows_or_with_fewer_than_it_should_have_stops_the_table(tmp_path, sound, broken, beside, rule):
    rows = [row("D13", 产品编号=str(number)) for number in range(sound + broken)]
    head, *lines = delimited(rows, list(row("D13"))).decode("utf-8-sig").splitlines()
    lines = [line + "," * (at >= sound) for at, line in enumerate(lines)] + [beside + "," * head.count(",")] * bool(beside)
    deliver(tmp_path, "D13_首台套等产品_区经信局.csv", "\r\n".join([head, *lines, ""]).encode("utf-8-sig"))
    found = verdict(tmp_path, "D13")
    blocking = found.findings.loc[found.findings["severity"].eq("阻断"), "rule"].tolist()
    assert blocking == [rule] * bool(rule)
    assert found.counts[["accepted", "rejected"]].values.tolist() == [[sound, broken + bool(beside)]]


def test_lead_departments_without_a_text_are_named(tmp_path):
    found = judged(tmp_path, "D26", [row("D26")], "区经信局")
    silent = found.findings[found.findings["rule"].eq("报送.牵头部门")]
    assert "区经信局" not in silent["sender"].tolist() and "区科技局" in silent["sender"].tolist()


# Columns that several departments fill


def test_columns_are_joined_from_whoever_fills_them(tmp_path):
    ours = [
        row("D05", **{"营业收入(万元)": "10", "实缴税金(万元)": "999"}),
        row("D05", 统一社会信用代码=OTHER, 企业名称=NAMES[OTHER]),
    ]
    taxes = [
        row("D05", **{"营业收入(万元)": "999", "实缴税金(万元)": "2"}),
        row("D05", 统一社会信用代码=THIRD, 企业名称=NAMES[THIRD], **{"实缴税金(万元)": "3"}),
    ]
    deliver(tmp_path, "D05_经营与评价_区经信局.csv", delimited(ours))
    deliver(tmp_path, "D05_经营与评价_区税务局.csv", delimited(taxes, ["统一社会信用代码", "企业名称", "统计期", "口径", "营业收入(万元)", "实缴税金(万元)"]))
    found = verdict(tmp_path, "D05")
    rows = found.accepted.set_index("uscc")
    assert (found.blocked, sorted(rows.index)) == ((), sorted([FIRM, OTHER, THIRD]))
    assert rows.loc[FIRM, ["revenue_fen", "tax_paid_fen"]].tolist() == [10_000_000, 2_000_000]
    assert rows.loc[FIRM, "sender"] == "区经信局；区税务局" and rows.loc[THIRD, "sender"] == "区税务局"
    assert rows.loc[THIRD, "tax_paid_fen"] == 3_000_000 and pd.isna(rows.loc[OTHER, "tax_paid_fen"])
    ignored = found.findings[found.findings["rule"].eq("报送.非本部门列")]
    assert sorted(zip(ignored["sender"], ignored["header"], strict=True)) == [("区税务局", "营业收入(万元)"), ("区经信局", "实缴税金(万元)")]
    assert found.counts["accepted"].tolist() == [2, 2]


def test_of_a_column_that_two_may_fill_the_first_named_goes_first(tmp_path):
    deliver(tmp_path, "D20_人才就业(汇总)_区住建局.csv", delimited([row("D20", **{"新增租房补贴(人)": "5"})]))
    other = [row("D20", **{"新增租房补贴(人)": "7"}), row("D20", 统一社会信用代码=OTHER, 企业名称=NAMES[OTHER], **{"新增租房补贴(人)": "2"})]
    deliver(tmp_path, "D20_人才就业(汇总)_区委人才办.csv", delimited(other))
    found = verdict(tmp_path, "D20")
    assert found.accepted.set_index("uscc")["rent_subsidised_people"].to_dict() == {FIRM: 5, OTHER: 2}
    told = found.findings[found.findings["rule"].eq("报送.两家不同")]
    assert told[["severity", "sender", "value", "place"]].to_numpy().tolist() == [["提示", "区委人才办", "7", "第2行"]]
    assert "有 1 处与区住建局填的不同，以区住建局的为准" in told["message"].item()


def talent(folder, **sent):
    """D20's verdict where each of some departments sent rows, their cells by header, or (None) said 零报送."""
    for sender, cells in sent.items():
        name = f"D20_人才就业(汇总)_{sender}{'' if cells else '_零报送'}.csv"
        headers = ["统一社会信用代码", "企业名称", "季度", *cells[0]] if cells else ["统一社会信用代码"]
        deliver(folder, name, delimited([row("D20", **each) for each in cells or []], headers))
    return verdict(folder, "D20")


HOUSED, SKILLED, HIRED = ({header: "1"} for header in ("新增租房补贴(人)", "新增高技能人才(人)", "优秀企业家(人)"))
BY_STAFF = ["新增高技能人才(人)", "新增工匠(人)", "引进高校毕业生(人)"]
BY_HOMES = ["新增租房补贴(人)", "租房补贴额(元)", "专项租赁住房(套)"]
ALL_HOMES, ALL_STAFF = dict.fromkeys(BY_HOMES, "1"), dict.fromkeys(BY_STAFF, "1")


@pytest.mark.parametrize("sent, lacking", [
    ({"区住建局": [ALL_HOMES]}, [*BY_STAFF, "优秀企业家(人)"]),
    ({"区住建局": [ALL_HOMES], "区人社局": None, "区经信局": None}, []),
    ({"区人社局": [ALL_STAFF], "区经信局": None, "区委人才办": [HOUSED]}, BY_HOMES[1:]),
    ({"区人社局": [ALL_STAFF], "区经信局": None, "区委人才办": [{"企业名称": NAMES[FIRM]}]}, BY_HOMES),  # it need not bear the column
    ({"区人社局": [ALL_STAFF], "区经信局": None, "区委人才办": None}, BY_HOMES),  # it has none of its own to report nothing of
])  # fmt: skip
def test_a_column_that_nobody_s_delivery_bears_is_told_to_who_fills_it(tmp_path, sent, lacking):
    found = talent(tmp_path, **sent)
    assert (list(found.unfilled), set(found.unfilled.values()), found.blocked) == (lacking, {"未报送"} if lacking else set(), ())
    told = found.findings[found.findings["rule"].eq("报送.无人填报")]
    assert all("本季没有报送：所涉指标列为“待补”" in message for message in told["message"])
    assert set(told["sender"]) == {sender for sender, own in {"区人社局": BY_STAFF, "区经信局": ["优秀企业家(人)"], "区住建局": BY_HOMES}.items() if set(own) & set(lacking)}


def test_of_a_department_whose_file_cannot_be_read_it_is_not_said_that_it_sent_none(tmp_path):
    deliver(tmp_path, "D20_人才就业(汇总)_区人社局.xlsx", b"none")
    found = talent(tmp_path, 区住建局=[ALL_HOMES], 区经信局=None)
    assert found.blocked and not found.unfilled and "报送.无人填报" not in set(found.findings["rule"])


@pytest.mark.parametrize("bad, stopped", [(1, False), (2, True), (10, True)])
def test_what_one_department_alone_fills_is_stopped_where_too_many_of_its_rows_go_back(tmp_path, bad, stopped):
    """However many sound rows of others hide them; theirs stand."""
    periods = [f"20{year:02}Q{number}" for year in range(25) for number in (1, 2, 3, 4)]
    staff = [ALL_STAFF | {"季度": period, BY_STAFF[0]: "九" if at < bad else "1"} for at, period in enumerate(periods[-10:])]
    homes = [ALL_HOMES | {"季度": period} for period in periods]
    found = talent(tmp_path, 区人社局=staff, 区住建局=homes, 区经信局=None)
    assert (found.blocked, found.unfilled) == ((), dict.fromkeys(BY_STAFF, "不能用") if stopped else {})
    told = found.findings[found.findings["rule"].eq("D20.退回过多")]
    assert told[["severity", "sender"]].values.tolist() == [["提示", "区人社局"]] * stopped
    assert found.accepted["skilled_workers"].notna().sum() == 10 - bad


def test_of_rows_that_departments_do_not_share_too_many_are_told_and_stop_nothing(tmp_path):
    rows = [row("D12", 项目编号=f"A{at}", 立项日期="许久" if at < 2 else "2024-05-06") for at in range(3)]
    for name, content in two("D12", "区经信局", "区科技局", rows, [row("D12", 项目编号=f"B{at}") for at in range(30)]):
        deliver(tmp_path, name, content)
    found = verdict(tmp_path, "D12")
    told = found.findings[found.findings["rule"].eq("D12.退回过多")]
    assert told[["severity", "sender"]].values.tolist() == [["提示", "区经信局"]]
    assert (found.blocked, found.unfilled, len(found.accepted)) == ((), {}, 31)


@pytest.mark.parametrize("table, sender, lacking", [("D05", "区经信局", "统计期"), ("D05", "区税务局", "口径"), ("D20", "区人社局", "季度"), ("D20", "区住建局", "统一社会信用代码")])
def test_a_shared_table_without_a_column_of_its_key_is_stopped_with_the_usual_sentence(tmp_path, table, sender, lacking):
    rows = [row(table), row(table, **({"统计期": "2024Q3"} if table == "D05" else {"季度": "2024Q3"}))]
    headers = [header for header in row(table) if header != lacking]
    deliver(tmp_path, f"{load_tables()[table].title}_{sender}.csv", delimited(rows, headers))
    found = verdict(tmp_path, table)
    assert found.blocked[0].startswith(f"缺少{lacking}") and found.counts[["read", "accepted", "quarantined"]].to_numpy().sum() == 4


def two(table, first, second, *rows_of_each):
    """The files of two departments, each with its own rows."""
    name = load_tables()[table].title
    return [(f"{name}_{sender}.csv", delimited(rows)) for sender, rows in zip((first, second), rows_of_each, strict=True)]


def returned(found, sender):
    return found.findings.loc[found.findings["sender"].eq(sender) & found.findings["severity"].eq("退回"), "message"].tolist()


@pytest.mark.parametrize("changed, said", [({}, "与区经信局报送的一行完全相同：请两家商定"), ({"项目名称": "别的项目"}, "与区经信局报送的一行主键相同而内容不一致")])
def test_what_two_departments_both_report_is_told_as_between_them(tmp_path, changed, said):
    for name, content in two("D12", "区经信局", "区科技局", [row("D12")], [row("D12", **changed)]):
        deliver(tmp_path, name, content)
    assert any(message.startswith(said) for message in returned(verdict(tmp_path, "D12"), "区科技局"))


def test_twins_within_one_file_are_told_as_before_whoever_else_has_them(tmp_path):
    for name, content in two("D12", "区经信局", "区科技局", [row("D12")], [row("D12"), row("D12")]):
        deliver(tmp_path, name, content)
    assert [message.split("：")[0] for message in returned(verdict(tmp_path, "D12"), "区科技局")] == ["与前面的一行完全相同"] * 2


def test_one_event_of_two_departments_is_told_as_between_them(tmp_path):
    for name, content in two("D23", "区经信局", "区科技局", [row("D23", 活动编号="A")], [row("D23", 活动编号="B")]):
        deliver(tmp_path, name, content)
    [message] = returned(verdict(tmp_path, "D23"), "区科技局")
    assert "区经信局也报送了" in message and f"“{row('D23')['名称']}”" in message


def test_three_departments_that_report_one_row_are_not_told_that_they_are_two(tmp_path):
    for sender in ("区科技局", "区市场监管局", "区经信局"):
        deliver(tmp_path, f"D12_科技与成果项目_{sender}.csv", delimited([row("D12", 项目名称=sender)]))
    [message] = returned(verdict(tmp_path, "D12"), "区市场监管局")
    assert message.startswith("与区经信局、区科技局报送的") and message.endswith("请各家核对后只由一家报送。")


def test_an_event_stands_where_its_twin_goes_back_for_a_fault_of_its_own(tmp_path):
    faulty, sound = row("D23", 活动编号="A", **{"参加企业数(家)": "许多"}), row("D23", 活动编号="B")
    for name, content in two("D23", "区经信局", "区科技局", [faulty], [sound, row("D23", 活动编号="C")]):
        deliver(tmp_path, name, content)
    found = verdict(tmp_path, "D23")
    assert found.accepted["activity_no"].tolist() == ["B"]
    assert len(returned(found, "区科技局")) == 1  # its own second


def test_a_row_stands_where_the_same_row_came_before_its_day(tmp_path):
    early, late = "2025-01-08 10:00:00", "2025-01-14 10:00:00"
    rows = [delimited([row("D12", 立项日期="2025-01-10")])] * 2
    for sender, content, received in zip(("区科技局", "区经信局"), rows, (late, early), strict=True):
        deliver(tmp_path, f"D12_科技与成果项目_{sender}.csv", content, received)
    found = verdict(tmp_path, "D12")
    assert found.accepted["sender"].tolist() == ["区科技局"]
    assert [message[:6] for message in returned(found, "区经信局")] == ["“立项日期”"]


@pytest.mark.parametrize("table, column, said", [
    ("D12", "项目名称", ("甲", "乙", "丙")), ("D03", "入库日期", ("2024-01-02", "2024-02-03", "2024-03-04")), ("D04", "事件", ("认定", "撤销", "撤销")),
])  # fmt: skip
def test_firms_whose_codes_lost_their_digits_are_not_taken_for_one(tmp_path, table, column, said):
    """A spreadsheet has made 9.13301E+17 of each: to leave one row only would be to lose the other firms."""
    whole = {"有效期起": "2024-05-06", "有效期止": "2027-05-05"} if table == "D04" else {}
    firms = zip(NAMES.values(), said, strict=True)
    rows = [row(table, 统一社会信用代码="9.13301E+17", 企业名称=name, **whole, **{column: cell}) for name, cell in firms]
    assert rules_of(judged(tmp_path, table, rows)) == ["统一社会信用代码.码"] * 3


def test_what_is_not_counted_is_not_judged_either(tmp_path):
    earlier, later = row("D05", 统计期="2024Q3", **{"营业收入(万元)": "80"}), row("D05", **{"营业收入(万元)": "10"})
    broken = row("D05", **{"营业收入(万元)": "许多"})
    for name, content in two("D05", "区税务局", "区经信局", [earlier, broken], [later]):
        deliver(tmp_path, name, content)
    found = verdict(tmp_path, "D05")
    assert returned(found, "区税务局") == [] and not found.findings["message"].str.contains("累计").any()
    assert found.findings["rule"].eq("报送.非本部门列").any() and found.accepted["revenue_fen"].dropna().tolist() == [10_000_000]


@pytest.mark.parametrize("order", [("统一社会信用代码", "码"), ("码", "统一社会信用代码")])
@pytest.mark.parametrize("beside", [False, True])
def test_of_two_names_of_one_column_the_first_of_its_own_file_counts_and_the_other_is_told(tmp_path, order, beside):
    rest = [header for header in row("D12") if header != "统一社会信用代码"]
    deliver(tmp_path, "D12_科技与成果项目_区科技局.csv", delimited([row("D12") | dict(zip(order, (FIRM, OTHER), strict=True))], [*order, *rest]))
    if beside:
        deliver(tmp_path, "D12_科技与成果项目_区经信局.csv", delimited([row("D12", 项目编号="W") | {"码": THIRD}], ["码", *rest]))
    found = verdict(tmp_path, "D12")
    assert found.accepted.loc[found.accepted["sender"].eq("区科技局"), "uscc"].tolist() == [FIRM]
    assert found.findings["message"].str.contains(f"表头“{order[1]}”出现多次").any()


def test_a_file_that_names_another_department_than_its_name_does_is_told(tmp_path):
    rows = [row("D12") | {"报送部门": "经信局"}, row("D12", 项目编号="W") | {"报送部门": "区科技局"}]
    deliver(tmp_path, "D12_科技与成果项目_区科技局.csv", delimited(rows))
    found = verdict(tmp_path, "D12")
    assert "有 1 行的“报送部门”写的是区经信局，按文件名都算作区科技局报送：请核对。" in found.findings["message"].tolist()
    assert found.accepted["sender"].tolist() == ["区科技局"] * 2


# Laws


CELL = st.sampled_from(["", "2024-05-06", "2024-13-01", "创新型", "专精特新", FIRM, OTHER, "x", "/", "2025-02-01"])
LINE = st.lists(CELL, min_size=9, max_size=11)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINE, max_size=12), more=st.lists(LINE, max_size=5))
def test_read_is_accepted_and_quarantined_and_rejected_whatever_comes(tmp_path_factory, lines, more):
    folder = tmp_path_factory.mktemp("law")
    headers = list(row("D03"))
    for sender, text in (("区经信局", lines), ("区科技局", more)):
        content = "\n".join([",".join(headers), *(",".join(line) for line in text)])
        deliver(folder, f"D03_培育库_{sender}.csv", content.encode())
    found = verdict(folder, "D03")
    counts = found.counts.set_index("source")
    for sender, text in (("区经信局", lines), ("区科技局", more)):
        each = counts.loc[f"2024Q4/D03_培育库_{sender}.csv"]
        assert each["read"] == sum(any(line) for line in text)
        assert each["rejected"] == sum(len(line) != len(headers) for line in text if any(line))
    assert counts["accepted"].sum() == len(found.accepted) and counts["quarantined"].sum() == len(found.set_aside)


def test_a_lost_row_is_a_defect_that_stops_everything(tmp_path):
    judged(tmp_path, "D03", [row("D03")])
    snapshot = kept(tmp_path, "D03")
    with pytest.raises(verdicts.ConservationError, match="D03 2024Q4"):
        verdicts.counted(snapshot, snapshot.rows.iloc[:0], snapshot.rows.iloc[:0])


def test_the_order_of_rules_and_a_second_judging_change_nothing(tmp_path):
    first = judged(tmp_path, "D03", [row("D03"), row("D03", 库别="x")])
    table = first.table
    (path := verdicts.path_of(home(tmp_path), table, first.digest)).rename(path.with_name("elsewhere"))
    pd.testing.assert_frame_equal(verdict(tmp_path, "D03").findings, first.findings)


def test_a_rule_that_cannot_be_run_stops_the_table(tmp_path, monkeypatch):
    suite = load_suite("D03")
    broken = suite.rules[0].model_copy(update={"type": "expect_column_values_to_be_between", "kwargs": {"column": "库别", "max_value": 3}})
    monkeypatch.setattr(validate, "needs", validate.needs.__wrapped__)  # nothing of the broken suite is remembered
    monkeypatch.setattr(validate, "load_suite", lambda table: suite.model_copy(update={"rules": (broken,)}) if table == "D03" else load_suite(table))
    assert "没能执行" in judged(tmp_path, "D03", [row("D03")]).blocked[0]


def test_a_rule_that_raises_after_its_rows_were_looked_at_stops_the_table(tmp_path, monkeypatch):
    """Its condition holds everywhere and yet it has no success: that is no sound table."""
    judged(tmp_path / "before", "D03", [row("D03")])  # the library is imported, the register judged
    from great_expectations.expectations.expectation import ColumnMapExpectation

    def raising(self, *arguments, **named):
        raise ValueError("no such thing")

    monkeypatch.setattr(ColumnMapExpectation, "_validate", raising)
    assert "没能执行" in judged(tmp_path / "after", "D03", [row("D03", 细分领域="轴承")]).blocked[0]


def test_a_kept_verdict_is_found_again_without_great_expectations(tmp_path):
    judged(tmp_path, "D13", [row("D13")])
    script = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from pathlib import Path; from made_deliveries import verdict\n"
        f"assert len(verdict(Path({str(tmp_path)!r}), 'D13').accepted) == 1\n"
        "assert 'great_expectations' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[1], env={"PYTHONPATH": "."})


def test_a_verdict_is_made_anew_when_the_deadline_or_the_rules_change(tmp_path):
    first = judged(tmp_path, "D13", [row("D13")])
    later = Settings(inbox=tmp_path / "inbox", delivery_deadline_workday=3)
    assert verdict(tmp_path, "D13", later).digest != first.digest


def test_great_expectations_comes_without_the_distributions_that_no_rule_asks_for():
    """Two seconds of its import; nothing else would say that they are back."""
    code = "import sys; from zjtx_pipeline import validate; validate._great_expectations(); sys.exit('scipy.stats._stats_py' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1]).returncode == 0
