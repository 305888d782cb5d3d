"""对账: how published lists look, how their firms are found in the ledger, and what is told of those that differ."""

from io import BytesIO

import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st

from zjtx_pipeline import stages
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.facts.register import plain_names
from zjtx_pipeline.reconcile import compare, read_list, workbook

TITLE = ["浙江省第六批专精特新“小巨人”企业名单"]
HEAD = ["序号", "企业名称", "所在市", "区县"]
A5, A8, B1 = "91330109XJ0000A544", "91330109XJ0000A89N", "91330109XJ0000B182"


def xlsx(**sheets):
    """A workbook with these lines by sheet."""
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        for name, lines in sheets.items():
            sheet = book.add_worksheet(name)
            for at, line in enumerate(lines):
                sheet.write_row(at, 0, line)
    return buffer.getvalue()


def names(content):
    return list(read_list(content, "名单.xlsx").rows["name"])


def test_titles_sums_notes_headings_and_repeated_headers_are_no_firms():
    lines = [
        TITLE, [], HEAD,
        ["一、新认定名单"], [1, "甲公司", "杭州市", "萧山区"],
        ["二、", "拟复核通过名单"], HEAD, [1, "乙公司-1006217", "杭州市", "滨江区"],
        ["合计", 2], ["", "合计：2家"], ["注：排名不分先后"],
    ]  # fmt: skip
    read = read_list(xlsx(名单=lines), "名单.xlsx")
    assert list(read.rows["name"]) == ["甲公司", "乙公司"]
    assert list(read.rows["region"]) == ["杭州市萧山区", "杭州市滨江区"]
    assert list(read.rows["where"]) == ["名单!5", "名单!8"]
    assert read.titles == ("名单.xlsx", *TITLE)


def test_every_sheet_with_a_column_of_names_is_read():
    content = xlsx(说明=[["填表说明"]], 认定=[["单位名称"], ["甲公司"]], 复核=[["批次", "企业名称（全称）"], ["第三批", "乙公司"]])
    assert names(content) == ["甲公司", "乙公司"]


def test_the_name_of_a_product_is_not_taken_for_the_firm_s():
    assert names(xlsx(名单=[["名称", "企业名称"], ["高速主轴", "甲公司"], ["丝杠", ""]])) == ["甲公司"]
    assert names(xlsx(名单=[["序号", "名称"], [1, "甲公司"]])) == ["甲公司"]


def test_a_merged_district_counts_for_all_the_rows_that_it_spans():
    content = xlsx(名单=[["区县", "企业名称"], ["萧山区", "甲公司"], ["", "乙公司"], ["滨江区", "丙公司"]])
    assert list(read_list(content, "名单.xlsx").rows["region"]) == ["萧山区", "萧山区", "滨江区"]


def test_a_code_that_cannot_be_one_is_left_aside_and_the_name_decides():
    content = xlsx(名单=[["企业名称", "统一社会信用代码"], ["甲", A8.lower()], ["乙", "91330109XJ0000A89X"], ["丙", "******"]])
    assert read_list(content, "名单.xlsx").rows["uscc"].fillna("无").tolist() == [A8, "无", "无"]


NO_LISTS = {
    "不是工作簿": (b"not a workbook", "打不开"),
    "空的工作簿": (xlsx(名单=[]), "没有企业名单"),
    "别的表": (xlsx(名单=[["月份", "金额"], ["一月", 3]]), "企业名称"),
    "只有表头": (xlsx(名单=[HEAD, ["合计", 0]]), "没有企业名单"),
    "有手机号": (xlsx(名单=[["企业名称", "电话"], ["甲公司", "13800000000"]]), "手机号"),
}


@pytest.mark.parametrize("content, told", NO_LISTS.values(), ids=NO_LISTS)
def test_what_is_no_list_gets_one_clear_sentence(content, told):
    with pytest.raises(ZjtxError, match=told) as error:
        read_list(content, "名单.xlsx")
    assert "\n" not in str(error.value) and "名单.xlsx" in str(error.value)


def listed(*rows):
    """Rows of a list: (name, region, code)."""
    frame = pd.DataFrame([(*row, None, None)[:3] for row in rows], columns=["name", "region", "uscc"], dtype="str")
    return frame.assign(key=plain_names(frame["name"]), where=[f"名单!{at}" for at in range(2, len(rows) + 2)])


def ledger(*rows):
    """Rows of the ledger: (code, name), 在萧 when announced unless a third says no."""
    frame = pd.DataFrame([(*row, True)[:3] for row in rows], columns=["uscc", "name", "here"]).astype({"uscc": "str", "name": "str", "here": "bool"})
    return frame.assign(firm=frame["uscc"], batch="第六批", event="认定", ledger_at="D04.xlsx!2")


def register(*rows):
    """Names of the register: (code, name), in the district."""
    frame = pd.DataFrame(rows, columns=["uscc", "name"], dtype="str")
    return frame.assign(firm=frame["uscc"], key=plain_names(frame["name"]), local=pd.Series(True, index=frame.index, dtype="bool"))


NOTHING = pd.Series([], index=pd.Index([], dtype="str"), dtype="str")


def compared(rows, ours, known=(), told=NOTHING, whole_is_ours=False):
    return compare(listed(*rows), ledger(*ours), register(*known), told, district="萧山", whole_is_ours=whole_is_ours)


def kinds(comparison):
    return list(zip(comparison.differences["kind"], comparison.differences["name"], strict=True))


XIAOSHAN = "杭州市萧山区"


def test_width_brackets_and_blanks_make_no_other_firm():
    found = compared([("甲（杭州） 公司", XIAOSHAN)], [("1", "甲(杭州)公司")])
    assert kinds(found) == [] and found.counts["两边都有"] == 1


def test_a_former_name_of_the_register_finds_its_firm():
    found = compared([("旧名公司", XIAOSHAN)], [("1", "新名公司")], [("1", "旧名公司"), ("1", "新名公司")])
    assert kinds(found) == []


def test_a_firm_of_the_list_that_the_ledger_lacks_is_named_with_what_is_known_of_it():
    told = pd.Series({"2": "第六批公示2024-07-05"})
    found = compared([("甲", XIAOSHAN), ("乙", XIAOSHAN), ("丙", XIAOSHAN)], [("1", "甲")], [("2", "乙")], told)
    assert kinds(found) == [("名单有台账无", "乙"), ("名单有台账无", "丙")]
    first, second = found.differences["message"]
    assert "第六批公示2024-07-05" in first and "查无此企业" in second
    assert found.differences["listed_at"].tolist() == ["名单!3", "名单!4"]


def test_a_firm_of_the_ledger_that_the_list_lacks_is_named_with_its_place():
    found = compared([("甲", XIAOSHAN)], [("1", "甲"), ("2", "乙")])
    assert kinds(found) == [("台账有名单无", "乙")]
    assert found.differences["ledger_at"].item() == "D04.xlsx!2"


def test_a_title_got_elsewhere_before_the_firm_moved_here_is_not_missed_in_our_list():
    assert kinds(compared([("甲", XIAOSHAN)], [("1", "甲"), ("2", "乙", False)])) == []
    assert kinds(compared([("甲", XIAOSHAN), ("乙", "杭州市滨江区")], [("1", "甲"), ("2", "乙", False)])) == []


def test_the_same_code_under_another_name_is_told():
    found = compared([("甲乙公司", XIAOSHAN, "1")], [("1", "甲公司")])
    assert kinds(found) == [("名称不一致", "甲乙公司")]
    assert "甲公司" in found.differences["message"].item() and found.counts["两边都有"] == 1


def test_a_name_of_several_codes_is_left_to_a_person_and_counts_on_no_side():
    found = compared([("甲", XIAOSHAN)], [("1", "甲")], [("1", "甲"), ("2", "甲")])
    assert kinds(found) == [("同名多码", "甲")]
    assert found.differences["uscc"].item() == "1、2"
    assert (found.counts["两边都有"], found.counts["名单有、台账无"], found.counts["台账有、名单无"]) == (0, 0, 0)


def test_with_a_code_a_name_of_several_codes_is_no_doubt():
    assert kinds(compared([("甲", XIAOSHAN, "1")], [("1", "甲")], [("1", "甲"), ("2", "甲")])) == []


def test_firms_of_other_districts_are_not_ours():
    found = compared([("甲", XIAOSHAN), ("外", "杭州市滨江区"), ("远", "宁波市余姚市")], [("1", "甲")])
    assert kinds(found) == [] and found.counts["名单中属本区的企业"] == 1 and found.counts["名单全部行"] == 3


def test_a_firm_that_the_list_puts_elsewhere_but_the_ledger_holds_is_told():
    found = compared([("甲", "杭州市滨江区")], [("1", "甲")])
    assert kinds(found) == [("区县不一致", "甲")] and found.counts["两边都有"] == 1


def test_a_list_without_districts_concerns_only_firms_that_we_know():
    rows = [("甲", "浙江省"), ("乙", None), ("丙", "江苏省")]
    found = compared(rows, [("1", "甲")], [("2", "乙")])
    assert kinds(found) == [("名单有台账无", "乙")]
    assert found.counts["名单未写区县且对不上本区企业的行（未列出）"] == 1


def test_a_list_of_the_district_alone_concerns_all_its_firms():
    assert kinds(compared([("丙", None)], [], whole_is_ours=True)) == [("名单有台账无", "丙")]


def test_a_firm_that_stands_twice_counts_once():
    found = compared([("甲", XIAOSHAN), ("甲 ", XIAOSHAN), ("旧甲", XIAOSHAN, "1")], [("1", "甲")], [("1", "旧甲")])
    assert kinds(found) == [("名单内重复", "甲 "), ("名单内重复", "旧甲")]
    assert found.counts["名单中属本区的企业"] == 1


FIRMS = st.lists(st.sampled_from([(str(code), f"企{name}") for code in range(5) for name in range(4)]), max_size=8)
LISTED = st.lists(
    st.tuples(st.sampled_from([f"企{name}" for name in range(5)]), st.sampled_from([XIAOSHAN, "滨江区", None]), st.sampled_from([None, "0", "1", "9"])),
    max_size=8,
)


@examples(25)
@given(rows=LISTED, ours=FIRMS, known=FIRMS)
def test_every_firm_of_either_side_is_in_exactly_one_place(rows, ours, known):
    found = compared(rows, ours, known)
    count, of = found.counts, {kind: set(found.of(kind)["uscc"]) for kind in ("台账有名单无", "同名多码")}
    assert count["名单中属本区的企业"] == count["两边都有"] + count["名单有、台账无"] + count["同名多码（需人工核对）"]
    assert count["名单中属本区的企业"] + len(found.of("名单内重复")) >= sum(region == XIAOSHAN for _, region, _ in rows)
    held, both = {code for code, _ in ours}, set(found.shared["uscc"])
    doubtful = {code for codes in of["同名多码"] for code in codes.split("、")}
    assert held == both | of["台账有名单无"] | (held & doubtful)
    assert not both & of["台账有名单无"] and not of["台账有名单无"] & doubtful


@examples(25)
@given(rows=LISTED, ours=FIRMS, known=FIRMS, shuffle=st.randoms())
def test_the_order_of_rows_changes_no_count(rows, ours, known, shuffle):
    mixed = list(rows)
    shuffle.shuffle(mixed)
    assert compared(rows, ours, known).counts == compared(mixed, ours, known).counts


def sheets(content):
    book = openpyxl.load_workbook(BytesIO(content))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def test_the_workbook_holds_counts_and_each_firm_by_name_and_nothing_that_calculates():
    found = compared([("=1+1", XIAOSHAN), ("甲", XIAOSHAN)], [("1", "甲"), ("2", "乙")])
    made = workbook(found, [("批次", "第六批")])
    assert made == workbook(found, [("批次", "第六批")])
    held = sheets(made)
    assert dict(held["汇总"]) == {"批次": "第六批", **found.counts}
    assert [row[0] for row in held["名单有台账无"]] == ["企业名称", "=1+1"]
    assert [row[0] for row in held["台账有名单无"]] == ["企业名称", "乙"]
    assert [row[0] for row in held["两边都有"]] == ["企业名称", "甲"]
    cells = [cell for sheet in openpyxl.load_workbook(BytesIO(made)) for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]


def reconciled(run, folder, lines, **chosen):
    path = folder / "名单.xlsx"
    path.write_bytes(xlsx(名单=lines))
    return stages.reconcile_list(run, path, **chosen)


def test_a_list_is_held_against_the_ledger_of_a_kept_quarter(golden_run, tmp_path):
    lines = [TITLE, HEAD, [1, "萧山示例甲八旧名电子有限公司", "杭州市", "萧山区"], [2, "萧山示例甲五软件有限公司", "杭州市", "萧山区"]]
    found = reconciled(golden_run, tmp_path, lines)
    assert (found.tier, found.batch) == ("小巨人", "第六批")  # both stand in the title
    assert kinds(found.comparison) == [("名单有台账无", "萧山示例甲五软件有限公司")]
    assert "第六批公示2024-07-05" in found.comparison.differences["message"].item()
    assert dict(sheets(found.path.read_bytes())["汇总"])["两边都有"] == 1


def test_who_moved_in_or_out_is_judged_by_where_it_was_when_announced(golden_run, tmp_path):
    lines = [["企业名称", "区县"], ["萧山示例甲八电子科技有限公司", "萧山区"]]
    found = reconciled(golden_run, tmp_path, lines, tier="省专精特新", batch="2023年第一批")
    assert kinds(found.comparison) == [("台账有名单无", "萧山示例乙六光电有限公司")]  # 乙七 came from 滨江 only later


def test_a_list_may_bear_the_code_that_was_replaced_since(golden_run, tmp_path):
    lines = [["企业名称", "统一社会信用代码", "区县"], ["萧山示例甲九纺织有限公司", "91330109XJ0000A97H", "萧山区"], ["丙六", "91330109XJ0000C65K", "萧山区"]]
    found = reconciled(golden_run, tmp_path, lines, tier="省专精特新", batch="2023年第二批")
    assert kinds(found.comparison) == [("名称不一致", "丙六")]
    assert found.comparison.counts["两边都有"] == 2


ASKED = {
    "没有这种资质": ({"tier": "大巨人"}, "可选 创新型"),
    "没有这一批": ({"batch": "第九批"}, "第四批、第五批、第六批"),
    "标题看不出哪一批": ({"tier": "省专精特新"}, "--batch"),
}


@pytest.mark.parametrize("chosen, told", ASKED.values(), ids=ASKED)
def test_what_the_title_does_not_tell_is_asked_for_with_the_choices(golden_run, tmp_path, chosen, told):
    with pytest.raises(ZjtxError, match=told):
        reconciled(golden_run, tmp_path, [TITLE, HEAD, [1, "甲", "杭州市", "萧山区"]], **chosen)


def test_a_title_that_names_no_tier_asks_for_one(golden_run, tmp_path):
    with pytest.raises(ZjtxError, match="--tier"):
        reconciled(golden_run, tmp_path, [["企业名称"], ["甲"]])


def test_a_list_in_publicity_is_compared_with_a_warning(golden_run, tmp_path):
    lines = [["第六批专精特新“小巨人”企业公示名单"], HEAD, [1, "甲", "杭州市", "萧山区"]]
    (remark,) = reconciled(golden_run, tmp_path, lines).remarks
    assert "公示不等于公布" in remark


def test_without_a_kept_run_the_sentence_says_which_report_to_make(golden_run, tmp_path):
    from dataclasses import replace

    with pytest.raises(ZjtxError, match="./zjtx report 2024Q4"):
        reconciled(replace(golden_run, home=tmp_path / "无"), tmp_path, [TITLE])


def test_a_list_that_is_not_there_is_said_so(golden_run, tmp_path):
    with pytest.raises(ZjtxError, match="读不到名单"):
        stages.reconcile_list(golden_run, tmp_path / "无.xlsx")


def test_the_shell_prints_the_counts_and_each_differing_firm_and_names_the_workbook(golden_run, miniature, tmp_path, monkeypatch, capsys):
    from zjtx_pipeline import cli

    monkeypatch.setenv("ZJTX_HOME", str(golden_run.home))
    monkeypatch.setenv("ZJTX_CONFIG", str(miniature))
    path = tmp_path / "第六批小巨人.xlsx"  # the file's own name may tell what it is
    path.write_bytes(xlsx(名单=[["企业名称", "区县"], ["[甲]公司", "萧山区"]]))
    assert cli.main(["reconcile", str(path), "2024Q4"]) == 0
    told = capsys.readouterr().out
    assert "2024Q4 小巨人 第六批 对账" in told and "差异共 2 条" in told
    assert "[甲]公司：名单有" in told and "萧山示例甲八电子科技有限公司：台账记为" in told
    assert told.split()[-1].endswith("对账_小巨人_第六批.xlsx")
