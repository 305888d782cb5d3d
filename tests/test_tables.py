"""The data dictionary, the typing of cells, and the empty workbooks."""

import hashlib
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from zjtx_pipeline.money import yuan_text
from zjtx_pipeline.rules import load_rules
from zjtx_pipeline.tables import blanks, load_tables
from zjtx_pipeline.tables.typed import canonical, typed, values

TABLES = load_tables()


def read(kind, *texts):
    return [None if pd.isna(value) else value for value in values(pd.Series(list(texts), dtype="str"), kind)]


def test_there_are_31_tables_of_26_datasets():
    assert len(TABLES) == 31
    assert sorted({table.dataset for table in TABLES.values()}) == [f"D{number:02d}" for number in range(1, 27)]


def test_every_closed_column_has_its_list_and_every_sender_is_a_department():
    rules = load_rules()
    for table in TABLES.values():
        assert all(blanks.allowed_values(c, rules) for c in table.columns.values() if c.kind in ("list", "bool"))
        assert set(table.senders) | set(table.columns_of) <= set(rules.departments)


@pytest.mark.parametrize(
    "text", ["2024-05-01", "2024-5-1", "2024/5/1", "2024.5.1", "2024年5月1日", "20240501", "2024-05-01 00:00:00", "２０２４-5-1"]
)
def test_a_day_is_read_however_it_is_written(text):
    assert read("date", text) == [pd.Timestamp(2024, 5, 1)]


@pytest.mark.parametrize("text", ["2024-02-30", "2024.5", "45413", "5月1日", "24-5-1", "2024-13-01", "无"])
def test_what_names_no_day_is_not_guessed(text):
    assert read("date", text) == [None]


def test_the_far_off_days_of_exports_are_no_events_but_may_end_a_validity():
    assert read("event", "9999-9-9", "2099-12-31", "9999", "99991231", "9999-12-31 00:00:00") == [None] * 5
    assert read("date", "2099-12-31") == [pd.Timestamp(2099, 12, 31)]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("yuan", "1,234,567.80", 123456780), ("yuan", "-12.3", -1230), ("yuan", "１２．３０", 1230), ("yuan", "1.2300", 123),
        ("yuan", "0.125", None), ("yuan", "1e5", None), ("yuan", "12,34", None), ("yuan", "1.2.3", None), ("yuan", "￥5", None),
        ("wan", "1.234567", 1234567), ("wan", "1.2345678", None), ("wan", "0.000001", 1),
        ("count", "12", 12), ("count", "12.0", 12), ("count", "-1", None), ("count", "1.5", None),
        ("year", "2024", 2024), ("year", "2024年", 2024), ("year", "24", None),
        ("period", "2024Q4", "2024Q4"), ("period", "2024", "2024"), ("period", "2024Q5", None),
        ("bool", "是", True), ("bool", "否", False), ("bool", "Y", None),
        ("task", "T04", 4), ("task", "14", 14), ("task", "15", None),
        ("decimal", "1.5", Decimal("1.5")), ("decimal", "约1.5", None),
    ],
)  # fmt: skip
def test_a_cell_is_exactly_what_its_text_says_or_nothing(kind, text, value):
    assert read(kind, text) == [value]


@given(st.integers(-(10**15), 10**15))
def test_no_amount_changes_between_text_and_fen(fen):
    assert read("yuan", yuan_text(fen)) == [fen]


def test_empty_words_are_empty_only_where_a_cell_may_be_empty():
    raw = pd.DataFrame(
        {"统一社会信用代码": ["91330109MA2H3YDM6J"] * 3, "企业名称": ["NA", "无", "null"], "库别": ["创新型"] * 3,
         "入库日期": ["2023-01-01", "/", "无"], "出库日期": ["N/A", "—", r"\n"]}, dtype="str",
    )  # fmt: skip
    lists = {"D03.库别": {"创新型": "创新型"}, "D03.出库原因": {}}
    text = canonical(TABLES["D03"], raw, lists)
    assert text["企业名称"].tolist() == ["NA", "无", "null"]
    assert text["出库日期"].isna().all()
    assert text["入库日期"].tolist() == ["2023-01-01", "/", "无"]
    assert typed(TABLES["D03"], text)["entered_on"].notna().tolist() == [True, False, False]


def test_headers_are_the_same_in_full_and_half_width():
    raw = pd.DataFrame({"码": ["a"], "镇街（平台）": ["b"]}, dtype="str")
    assert list(canonical(TABLES["D03"], raw, {}).columns) == ["统一社会信用代码", "镇街(平台)"]


@pytest.fixture(scope="module")
def workbooks(tmp_path_factory):
    return blanks.write_blanks(tmp_path_factory.mktemp("blanks"), load_rules())


def test_there_is_an_empty_workbook_for_each_table(workbooks):
    assert [path.stem for path in workbooks] == [table.title for table in TABLES.values()]


def test_an_empty_workbook_has_the_headers_the_lists_and_the_instructions(workbooks):
    for path, table in zip(workbooks, TABLES.values()):
        book = load_workbook(path)
        data, instructions = book.worksheets[0], book[blanks.INSTRUCTIONS]
        assert [cell.value for cell in data[1]] == [column.header for column in table.columns.values()]
        assert data.max_row == 1
        closed = [column for column in table.columns.values() if column.kind in ("list", "bool")]
        assert len(data.data_validations.dataValidation) == len(closed)
        explained = {row[0] for row in instructions.iter_rows(values_only=True)}
        assert explained >= {column.header for column in table.columns.values()}


def test_two_writings_of_the_workbooks_are_the_same_bytes(workbooks, tmp_path):
    again = blanks.write_blanks(tmp_path, load_rules())
    assert [hashlib.sha256(path.read_bytes()).digest() for path in workbooks] == [
        hashlib.sha256(path.read_bytes()).digest() for path in again
    ]
