"""What must never be kept: marks of secrecy, resident-id and mobile numbers, however they are written."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_deliveries import deliver, delimited, inbox, row

from zjtx_pipeline import sources
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.sources.oddities import holds
from zjtx_pipeline.sources.screen import mark, suspect, under
from zjtx_pipeline.tables import load_tables

MOBILES = [
    "13800001234", "138 0000 1234", "138\u20020000\u20021234", "138\u202f0000\u202f1234", "138\u00a00000\u30001234", "１３８００００１２３４",
    "①13800001234", "13800001234①", "¹13800001234", "℡13800001234", "联系人①张三℡13800001234", "电话13800001234…", "手机13800001234．",
    "Tel.13800001234", "+8613800001234", "+86 138 0000 1234", "+86-138-0000-1234", "+86 138-0000-1234", "008613800001234",
    "电话：138-0000-1234", "电话：138－0000－1234", "电话138-00001234", "电话：\n138-0000-1234", "TEL 138-0000-1234", "手机号码：138-0000-1234",
    "138.0000.1234", "电话：138.2024.1234", "8613800001234", "86-13800001234", "86 138 0000 1234", "138\u200b00001234", "1\u200d38\ufeff0000\u00ad1234",
]  # fmt: skip
OTHERS = [
    "手机壳采购合同135-2024-0001", "工作联系单135-2024-0001号", "Intel 135-2024-0001", "hotel项目 150-2024-0001", "135-2024-0001",
    "投资150 2023 2024", "HT008613800001234", "13800001234.56", "0.13800001234", "138000012345", "A13800001234", "13800001234B",
    "0571-82630000", "2024-11-05 08:30:00", "91330109XJ0000A11N", "330109199001011230", "机密不可外传", "秘密武器",
    "135.2024.0001", "GB/T 138.0000.0001.2", "SN8613800001234", "86138000012345", "8613800001234.5", "330109-20240101-1239", "330109 19901301 1235",
    "2403-330109-07-02-123456", "保守商业秘密，3年", "机密封条3年质保", "司机 密封圈 5 年", "12 330109 19900101 1239", "330109-19900101-1239-1",
]  # fmt: skip


@pytest.mark.parametrize("text", MOBILES)
def test_a_mobile_number_is_seen_however_it_is_written(text):
    assert mark(text) == "手机号"


@pytest.mark.parametrize("text", ["330109199001011239", "①330109199001011239", "身份证330109199001011239。", "３３０１０９１９９００１０１１２３９",
                                  "ID330109199001011239", "330109199001011239A", "330109 19900101 1239", "330109-19900101-1239", "330109－1990－0101－1239",
                                  "330109 199001011239", " ".join("330109199001011239"), "330109\u200b199001011239"])  # fmt: skip
def test_a_resident_id_is_seen_however_it_is_written(text):
    assert mark(text) == "身份证号"


@pytest.mark.parametrize("text", ["机密★1年", "绝密★", "秘密（3年）", "机密　★　1年", "秘密 ５年", "机 密★1年", "绝　密★长期", "秘\u200b密★", "机密(保密期限1年)",
                                  "机密（保密期限：1年）", "绝密【10年】", "秘密[1年]", "机密 ( 保密期限 1 年 )"])  # fmt: skip
def test_a_mark_of_secrecy_is_seen_however_it_is_written(text):
    assert mark(text) == "密级标志"


@pytest.mark.parametrize("text", OTHERS)
def test_what_only_looks_like_it_is_read(text):
    assert mark(text) == ""


PIECES = st.sampled_from(["138", "0000", "1234", "13800001234", "330109199001011239", "机密", "★", "1", "①", "１", "３", "-", "－", " ", "\u2002", "\u3000",
                          "+86", "0086", "电话", "：", "\n", "年", "A", ".", "．",
                          "\u200b", "86", "机", "密", "【", "(", "保密期限", "330109", "19900101", "1239", "2024"])  # fmt: skip


@given(st.lists(PIECES, max_size=9).map("".join))
def test_whatever_is_marked_is_looked_at(text):
    """The quick look at whole columns leaves out nothing that the slow one would find."""
    for heading in ("主导产品", "联系电话", "手机号", "姓名"):
        assert not under(heading, text) or holds(pd.Series([text], dtype="str"), suspect(heading))[0]


@pytest.mark.parametrize("header", ["联系电话", "手机", "联系方式"])
def test_under_a_heading_that_speaks_of_a_telephone_dashes_are_a_telephone_too(tmp_path, header):
    deliver(tmp_path, "D03_培育库_区经信局.csv", delimited([{**row("D03"), header: "138-0000-1234"}]))
    [raw] = [each.read() for each in sources.deliveries(inbox(tmp_path), load_tables()["D03"], Quarter(2024, 4))]
    assert f"“{header}”列（第2行）含有手机号" in raw.refused and raw.rows.empty and not raw.original


@pytest.mark.parametrize(
    ("table", "header", "cell", "found"),
    [
        ("D05", "从业人员(人)", "13805711234", "手机号"),
        ("D05", "从业人员(人)", "330109199001011239", "身份证号"),
        ("D05", "营业收入(万元)", "330109199001011239", "身份证号"),
        ("D05", "营业收入(万元)", "13805711234", ""),  # eleven digits of an amount are no telephone
        ("D05", "从业人员(人)", "1380571123", ""),
    ],
)
def test_numbers_of_persons_are_seen_in_columns_of_numbers_too(tmp_path, table, header, cell, found):
    deliver(tmp_path, f"{load_tables()[table].title}_{load_tables()[table].senders[0]}.csv", delimited([row(table, **{header: cell})]))
    [raw] = [each.read() for each in sources.deliveries(inbox(tmp_path), load_tables()[table], Quarter(2024, 4))]
    assert (f"“{header}”列（第2行）含有{found}" in raw.refused) if found else (len(raw.rows) == 1 and not raw.refused)


def test_an_identity_number_is_seen_in_a_sum_s_column_of_numbers(tmp_path):
    total = {**dict.fromkeys(row("D05"), ""), "企业名称": "合计", "从业人员(人)": "330109199001011239"}
    deliver(tmp_path, f"{load_tables()['D05'].title}_{load_tables()['D05'].senders[0]}.csv", delimited([row("D05"), total]))
    [raw] = [each.read() for each in sources.deliveries(inbox(tmp_path), load_tables()["D05"], Quarter(2024, 4))]
    assert "含有身份证号" in raw.refused and raw.rows.empty and raw.rejected.empty
