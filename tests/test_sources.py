"""Reading deliveries: every value as text, every line accounted for, nothing swallowed."""

import os
import signal
import threading
import time
import zipfile
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
import sqlalchemy
from database_server import postgresql
from hypothesis import given
from hypothesis import strategies as st
from made_deliveries import FIRM, QUARTER, deliver, delimited, inbox, row, workbook, workbook_of

from zjtx_pipeline import sources
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.sources.database import _engine as engine_of
from zjtx_pipeline.sources.delimited import read_delimited
from zjtx_pipeline.sources.raw import Origin
from zjtx_pipeline.sources.workbook import read_workbook
from zjtx_pipeline.tables import load_tables

ORIGIN = Origin("区经信局", "2024Q4/file", datetime(2025, 1, 8), "test")
POOLS, REGISTER, PATENTS = (load_tables()[table] for table in ("D03", "D01", "D10"))


def read_text(text, table=POOLS, encoding="utf-8"):
    return read_delimited(text.encode(encoding), table, ORIGIN)


def found(folder, table="D03", settings=None):
    return sources.deliveries(settings or inbox(folder), table, QUARTER)


# Which files are whose


@pytest.mark.parametrize(
    ("name", "table", "sender", "zero"),
    [
        ("D03_培育库_区经信局.xlsx", "D03", "区经信局", False),
        ("D03_培育库_经信局.csv", "D03", "区经信局", False),
        ("D06a_奖补核定_区科技局_2.xlsx", "D06a", "区科技局", False),
        ("D06a_区经信局.xlsx", "D06a", "区经信局", False),
        ("D06A_奖补核定_财政局_零报送.xlsx", "D06a", "区财政局", True),
        ("D16_示范认定_生态环境分局_零报送_3.xlsx", "D16", "生态环境萧山分局", True),
        ("D20_人才就业（汇总）_人才办.xlsx", "D20", "区委人才办", False),
    ],
)
def test_a_files_name_says_whose_it_is(tmp_path, name, table, sender, zero):
    content = workbook([], ["统一社会信用代码"]) if name.endswith("xlsx") else "统一社会信用代码\n".encode()
    deliver(tmp_path, name, content)
    [delivery] = found(tmp_path, table)
    assert (delivery.origin.sender, delivery.origin.source) == (sender, f"2024Q4/{name}")
    assert delivery.read().is_zero == zero
    assert sources.strays(inbox(tmp_path), QUARTER) == []


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("培育库.xlsx", "文件名不合规"),
        ("D03_培育库_区经信局.doc", "不是 Excel 工作簿或 CSV"),
        ("D27_新表_区经信局.xlsx", "没有编号为 D27 的表"),
        ("D03_资质事件_区经信局.xlsx", "与表号不符"),
        ("D03_培育库_区卫健局.xlsx", "不是报送部门"),
    ],
)
def test_a_file_that_no_table_claims_is_told_not_passed_over(tmp_path, name, sentence):
    deliver(tmp_path, name, b"x")
    [(file, said)] = sources.strays(inbox(tmp_path), QUARTER)
    assert file == f"2024Q4/{name}"
    assert sentence in said


def test_a_delivery_beside_the_quarters_folder_is_told_not_passed_over(tmp_path):
    deliver(tmp_path, "D03_培育库_区经信局.csv", b"x")
    inside = tmp_path / "inbox"
    for name in ("2024年第四季度", "2024q4", "归档", "2024Q3"):
        (inside / name).mkdir()
    for name in ("D04_资质事件_区经信局.xlsx", "通知.docx", "~$D04_资质事件_区经信局.xlsx"):
        (inside / name).write_bytes(b"x")
    told = dict(sources.strays(inbox(tmp_path), QUARTER))
    assert set(told) == {"D04_资质事件_区经信局.xlsx", "2024年第四季度", "2024q4"}
    assert all("放进 2024Q4 文件夹" in said for said in told.values())


def test_the_lock_file_of_an_open_workbook_is_no_delivery(tmp_path):
    deliver(tmp_path, "~$D03_培育库_区经信局.xlsx", b"x")
    assert found(tmp_path) == [] and sources.strays(inbox(tmp_path), QUARTER) == []


def test_the_highest_number_replaces_the_others_as_a_whole(tmp_path):
    for name in ("D03_培育库_区经信局.csv", "D03_培育库_区经信局_2.csv", "D03_培育库_经信局_10.csv"):
        deliver(tmp_path, name, delimited([row("D03", 细分领域=name)]))
    [delivery] = found(tmp_path)
    assert delivery.read().rows["细分领域"].tolist() == ["D03_培育库_经信局_10.csv"]


@pytest.mark.parametrize("name", ["D03_培育库_区经信局_零报送.csv", "D03_培育库_区经信局_零报送_2.csv"])
def test_a_zero_report_that_takes_the_place_of_rows_is_told(tmp_path, name):
    deliver(tmp_path, "D03_培育库_区经信局.csv", delimited([row("D03")]))
    deliver(tmp_path, name, delimited([], list(row("D03"))), received="2025-01-09 10:00:00")
    [delivery] = sources.deliveries(inbox(tmp_path), "D03", QUARTER)
    read = delivery.read()
    assert read.is_zero and "还有不是零报送的“D03_培育库_区经信局.csv”：只读注明零报送的这一份" in read.notes[0]
    deliver(tmp_path, "D03_培育库_区经信局_3.csv", delimited([row("D03")]))
    [delivery] = sources.deliveries(inbox(tmp_path), "D03", QUARTER)
    assert not delivery.read().is_zero and not delivery.read().notes


def test_one_delivery_a_department_in_the_order_of_the_plan(tmp_path):
    for sender in ("生态环境萧山分局", "区发改局", "区经信局"):
        deliver(tmp_path, f"D16_示范认定_{sender}.csv", delimited([row("D16")]))
    assert [each.origin.sender for each in found(tmp_path, "D16")] == ["区经信局", "区发改局", "生态环境萧山分局"]


def test_a_districts_own_file_pattern_is_followed(tmp_path):
    deliver(tmp_path, "区经信局-D03_培育库-2024Q4.csv", delimited([row("D03")]))
    settings = Settings(inbox=tmp_path / "inbox", file_pattern="{sender}-{table}-{quarter}")
    assert len(found(tmp_path, settings=settings)) == 1


def test_the_time_of_receipt_is_the_files_own_in_china(tmp_path):
    deliver(tmp_path, "D03_培育库_区经信局.csv", delimited([row("D03")]), received="2025-01-09 00:30:00")
    assert found(tmp_path)[0].origin.received_at == datetime(2025, 1, 9, 0, 30)


def test_an_inbox_that_does_not_exist_is_one_sentence(tmp_path):
    with pytest.raises(ZjtxError, match="收件目录.*不存在"):
        sources.deliveries(Settings(inbox=tmp_path / "nowhere"), "D03", QUARTER)


# Workbooks


def test_a_workbooks_cells_are_the_text_that_excel_shows():
    cells = {"镇街(平台)": 12.0, "产业链": 0.1, "细分领域": True, "主导产品": 1234567.891, "入库日期": datetime(2024, 6, 1)}
    [read] = read_workbook(workbook([row("D03", **cells)]), POOLS, ORIGIN).rows.to_dict("records")
    shown = {header: read[header] for header in cells}
    assert shown == {"镇街(平台)": "12", "产业链": "0.1", "细分领域": "是", "主导产品": "1234567.891", "入库日期": "2024-06-01"}
    assert read["place"] == "数据!2"


def test_a_code_kept_as_a_number_does_not_pass_for_a_code():
    read = read_workbook(workbook([row("D03", 统一社会信用代码=913301091435635000)]), POOLS, ORIGIN)
    assert "e+17" in read.rows["统一社会信用代码"][0]


def test_titles_above_the_headers_and_blank_rows_are_no_rows():
    headers = list(row("D03"))
    grid = [["2024年四季度培育库"], ["单位：万元"], headers, [""] * 10, [row("D03")[header] for header in headers], [None, " "]]
    read = read_workbook(workbook_of({"填表说明": [["说明"], ["报送部门：区经信局"]], "Sheet1": grid}), POOLS, ORIGIN)
    assert read.rows["place"].tolist() == ["Sheet1!5"]
    assert read.headers == tuple(headers)


def test_unknown_repeated_and_missing_headers_are_kept_as_delivered():
    grid = [["序号", "统一社会信用代码", "企业名称", "企业名称", ""], [1, FIRM, "甲", "乙", "丙"]]
    read = read_workbook(workbook_of({"Sheet1": grid}), POOLS, ORIGIN)
    assert read.headers == ("序号", "统一社会信用代码", "企业名称", "企业名称〔2〕", "第5列")
    assert read.rows.iloc[0, :5].tolist() == ["1", FIRM, "甲", "乙", "丙"]
    assert any("出现多次" in note for note in read.notes)


def test_one_stray_cell_far_away_does_not_fill_the_memory():
    grid = BytesIO()
    with zipfile.ZipFile(BytesIO(workbook([row("D03")]))) as old, zipfile.ZipFile(grid, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.endswith("sheet1.xml"):
                content = content.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
            new.writestr(entry, content)
    read = read_workbook(grid.getvalue(), POOLS, ORIGIN)
    assert "范围过大" in read.fault


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0 an old or encrypted file"])
def test_what_is_no_workbook_is_a_fault_with_a_sentence(content):
    read = read_workbook(content, POOLS, ORIGIN)
    assert "另存为" in read.fault and len(read.rows) == 0


# Delimited text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_both_encodings_are_read_with_rare_characters_of_names(encoding):
    read = read_delimited(delimited([row("D10", 企业名称="杭州喆堃昇有限公司")], encoding=encoding), PATENTS, ORIGIN)
    assert read.rows["企业名称"].tolist() == ["杭州喆堃昇有限公司"]


def test_a_character_that_gb18030_has_moved_is_put_right():
    read = read_delimited("统一社会信用代码,企业名称\n1,".encode("gb18030") + bytes.fromhex("FE59A6D9"), POOLS, ORIGIN)
    assert read.rows["企业名称"].tolist() == ["\u9fb4\ufe10"]


def test_bytes_of_neither_encoding_are_a_fault_with_a_sentence():
    assert "编码" in read_delimited(b"\xff\xff\x80\x00\xff", POOLS, ORIGIN).fault


def test_a_firm_named_na_or_null_keeps_its_name():
    read = read_text("统一社会信用代码,企业名称\n1,NA\n2,null\n3,无\n")
    assert read.rows["企业名称"].tolist() == ["NA", "null", "无"]


def test_an_eighteen_digit_number_and_a_leading_zero_stay_as_written():
    read = read_text("统一社会信用代码,企业名称\n913301091435011361,007\n")
    assert read.rows.iloc[0, :2].tolist() == ["913301091435011361", "007"]


def test_a_line_with_another_number_of_fields_is_rejected_with_place_and_text():
    read = read_text("统一社会信用代码,企业名称\n1,甲\n2,乙,多\n3\n4,丁\n")
    assert read.rows["企业名称"].tolist() == ["甲", "丁"]
    assert read.rejected[["place", "text"]].values.tolist() == [["第3行", "2,乙,多"], ["第4行", "3"]]
    assert read.read == 4


def test_an_unclosed_quote_costs_its_own_line_only():
    read = read_text('统一社会信用代码,企业名称\n1,甲\n2,"乙\n3,丙\n4,丁"\n5,戊\n')
    assert read.rows["企业名称"].tolist() == ["甲", "丙", '丁"', "戊"]
    assert read.rejected[["place", "reason"]].values.tolist() == [["第3行", "引号没有配对"]]


def test_a_quoted_line_break_and_comma_belong_to_their_cell():
    read = read_text('统一社会信用代码,企业名称\n1,"甲,\n乙"\n2,丙\n')
    assert read.rows["企业名称"].tolist() == ["甲,\n乙", "丙"]
    assert read.rows["place"].tolist() == ["第2行", "第4行"]


@pytest.mark.parametrize("delimiter", ["\t", ";", "|"])
def test_other_separators_are_recognised_by_the_headers(delimiter):
    read = read_text(f"统一社会信用代码{delimiter}企业名称\n1{delimiter}甲\n")
    assert read.headers == ("统一社会信用代码", "企业名称")


CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='"'), max_size=6)
NOISE = st.sampled_from(["", ",", '"', '1,"', 'a"b,c', '"x,y', ",,,", "1,2,3", '"a""b",c', '"\u2028",2'])


@given(st.lists(st.one_of(st.tuples(CELLS, CELLS).map(",".join), NOISE), max_size=30))
def test_every_line_of_a_text_is_a_row_a_rejected_line_or_blank(lines):
    read = read_text("\n".join(["统一社会信用代码,企业名称", *lines]) + "\n")
    broken = sum(read.rows[header].str.count("\n").sum() for header in read.headers)
    written = [line for line in lines if line.replace('"', "").replace(",", "").strip()]
    assert read.read == len(read.rows) + len(read.rejected)
    assert len(written) <= read.read + broken <= len(lines)


def test_a_zero_report_is_a_word_in_the_name_or_a_row_that_is_no_row(tmp_path):
    read = read_text("统一社会信用代码,企业名称,零报送\n,,是\n")
    assert (read.is_zero, read.read, len(read.rows)) == (True, 0, 0)
    deliver(tmp_path, "D03_培育库_区经信局_零报送.csv", delimited([row("D03")]))
    [contradicting] = found(tmp_path)
    assert not contradicting.read().is_zero
    assert "却有 1 行数据" in contradicting.read().notes[0]


# What may not be kept


@pytest.mark.parametrize("cell", ["13800001234", "联系人 13912345678", "330109199001011239", "机密★3年", "秘密 5年"])
def test_personal_and_secret_things_are_refused_unread(tmp_path, cell):
    deliver(tmp_path, "D03_培育库_区经信局.csv", delimited([row("D03"), row("D03", 主导产品=cell)]))
    read = found(tmp_path)[0].read()
    assert "“主导产品”列（第3行）" in read.refused
    assert len(read.rows) == 0 and read.original == {} and len(read.sha256) == 64


def test_a_secret_mark_above_the_headers_or_on_another_sheet_is_seen():
    grid = [list(row("D03")), list(row("D03").values())]
    for sheets in ({"数据": [["秘密★1年"], *grid]}, {"数据": grid, "附": [["机密★"]]}):
        assert "密级标志" in read_workbook(workbook_of(sheets), POOLS, ORIGIN).refused
    assert "密级标志" in read_text("绝密★\n统一社会信用代码,企业名称\n1,甲\n").refused


def test_talent_figures_with_a_column_of_persons_are_refused():
    talent = load_tables()["D20"]
    assert "姓名" in read_text("统一社会信用代码,企业名称,季度,人才姓名\n1,甲,2024Q4,某\n", talent).refused


@pytest.mark.parametrize("cell", ["0571-82630000", "20240101138000012345", "330109199001011230", "秘密花园", "138000.01"])
def test_what_only_looks_like_them_is_kept(cell):
    assert read_text(f"统一社会信用代码,企业名称,主导产品\n{FIRM},甲,{cell}\n").refused == ""


# Databases


VIEW = "D06b_奖补拨付"


def database(url):
    """D06b with the kinds of column that databases have."""
    engine = sqlalchemy.create_engine(url)
    metadata = sqlalchemy.MetaData()
    payments = sqlalchemy.Table(
        VIEW, metadata,
        sqlalchemy.Column("数据期", sqlalchemy.Text),
        sqlalchemy.Column("统一社会信用代码", sqlalchemy.CHAR(18)),
        sqlalchemy.Column("企业名称", sqlalchemy.Text),
        sqlalchemy.Column("兑现编号", sqlalchemy.BigInteger),
        sqlalchemy.Column("拨付序号", sqlalchemy.Text),
        sqlalchemy.Column("拨付金额(元)", sqlalchemy.Numeric(18, 2)),
        sqlalchemy.Column("拨付日期", sqlalchemy.Date),
    )  # fmt: skip
    metadata.create_all(engine)
    rows = [("2024Q4", FIRM, "NA", 913301091435011361, "1", Decimal("123456789012.10"), date(2024, 12, 31))]
    rows += [("2024Q4", FIRM, None, 2, "007", Decimal("0.05"), None), ("2024Q3", FIRM, "旧", 3, "1", Decimal(1), None)]
    with engine.begin() as connection:
        connection.execute(payments.insert(), [dict(zip(payments.columns.keys(), row, strict=True)) for row in rows])
    engine.dispose()
    return Settings(database=str(url))


def check_database(settings):
    [delivery] = sources.deliveries(settings, "D06b", QUARTER)
    read = delivery.read()
    assert (delivery.origin.sender, delivery.origin.source, read.read) == ("区财政局", VIEW, 2)
    first = read.rows.sort_values("拨付序号").iloc[-1]
    assert first["兑现编号"] == "913301091435011361"
    assert first["拨付金额(元)"] in ("123456789012.10", "123456789012.1")
    assert (first["企业名称"], first["拨付日期"], first["place"]) == ("NA", "2024-12-31", "913301091435011361|1")
    assert read.rows.sort_values("拨付序号").iloc[0][["企业名称", "拨付日期"]].tolist() == ["", ""]
    assert sources.deliveries(settings, "D06b", QUARTER)[0].digest() == delivery.digest()
    assert sources.deliveries(settings, "D06b", QUARTER + 1) == []  # a view without rows of the quarter
    assert sources.deliveries(settings, "D01", QUARTER) == []  # no view at all


def test_what_a_database_or_a_gateway_tells_too_does_not_come_in_files_alone(tmp_path):
    deliver(tmp_path, "D06b_奖补拨付_区财政局.csv", delimited([row("D06b")]))
    deliver(tmp_path, "D03_培育库_区经信局.csv", delimited([row("D03")]))
    both = Settings(inbox=inbox(tmp_path).inbox, database=database(f"sqlite:///{tmp_path / 'd.db'}").database)
    tables = load_tables()
    assert [len(sources.files_alone(both, tables[name], QUARTER)) for name in ("D06b", "D03", "D01")] == [0, 1, 0]


def test_sqlite_is_read_as_text(tmp_path):
    check_database(database(f"sqlite:///{tmp_path / 'd.db'}"))


def test_a_quarter_spelt_otherwise_is_read_and_rows_without_one_are_told(tmp_path):
    settings = database(f"sqlite:///{tmp_path / 'd.db'}")
    engine = sqlalchemy.create_engine(settings.database)
    with engine.begin() as connection:
        for number, period in enumerate(("2024q4", "2024Q4 ", "2024年第四季度", "2024Q3 ", "年末", None), start=10):
            connection.execute(sqlalchemy.text(f'INSERT INTO "{VIEW}" ("数据期", "兑现编号") VALUES (:period, {number})'), {"period": period})
    engine.dispose()
    [delivery] = sources.deliveries(settings, "D06b", QUARTER)
    read = delivery.read()
    assert sorted(read.rows["兑现编号"])[:3] == ["10", "11", "12"] and read.read == 5
    assert [each for each in read.notes if "数据期" in each] == [
        f"“{VIEW}”有 2 行的“数据期”认不出是哪一季（空白、“年末”），没有读：请提供方写成“2024Q4”的样子。"
    ]


def periods(folder, *said):
    """D06b of a database whose rows say this under 数据期."""
    settings = database(f"sqlite:///{folder / 'd.db'}")
    engine = sqlalchemy.create_engine(settings.database)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text(f'DELETE FROM "{VIEW}"'))
        for period in said:
            connection.execute(sqlalchemy.text(f'INSERT INTO "{VIEW}" ("数据期", "兑现编号") VALUES (:period, 1)'), {"period": period})
    engine.dispose()
    return settings


def test_a_view_of_which_no_row_names_a_quarter_cannot_be_read_and_is_not_undelivered(tmp_path):
    settings = periods(tmp_path, "202404", "202404")
    [delivery] = sources.deliveries(settings, "D06b", QUARTER)
    assert delivery.origin.sender == "区财政局" and "有 2 行的“数据期”认不出是哪一季（“202404”）" in delivery.read().fault
    assert sources.strays(settings, QUARTER) == []


def test_rows_without_a_quarter_are_told_where_the_view_has_none_of_this_one(tmp_path):
    settings = periods(tmp_path, "2024Q3", None)
    assert sources.deliveries(settings, "D06b", QUARTER) == []
    [(view, said)] = sources.strays(settings, QUARTER)
    assert view == VIEW and "有 1 行的“数据期”认不出是哪一季（空白）" in said
    assert sources.strays(settings, QUARTER - 1) == []  # its delivery says so


def test_a_view_without_rows_is_undelivered(tmp_path):
    settings = periods(tmp_path)
    assert sources.deliveries(settings, "D06b", QUARTER) == [] == sources.strays(settings, QUARTER)


def test_postgresql_is_read_as_text(postgres):
    check_database(database(postgres))


def test_a_view_of_every_kind_of_column_is_read_as_text(postgres):
    engine = sqlalchemy.create_engine(postgres)
    with engine.begin() as connection:
        connection.exec_driver_sql("""
            create view "D24a_政府采购合同" as select * from (values
                ('2024Q4', 1, 0.10::numeric(12,2), 1e20::numeric, 0.1::float8, 9133010914356350001::int8, date '2024-05-06',
                 timestamp '2024-05-06 00:00:00', timestamp '2024-05-06 07:08:09', timestamptz '2024-05-06 07:08:09+08',
                 true, false, 'NULL', null::text, '喆堃昇'::bytea, ''),
                ('2024Q3', 2, 1, 1, 1, 1, date '0001-01-01', null, null, null, null, null, null, null, null, null)
            ) as rows("数据期", "合同号", a, b, c, d, "签订日期", e, f, g, h, i, j, k, l, m)""")
    engine.dispose()
    [delivery] = sources.deliveries(Settings(database=postgres), "D24a", QUARTER)
    [read] = delivery.read().rows.drop(columns=[*sources.LINEAGE, "数据期"]).values.tolist()
    zoned = read.pop(8)
    assert datetime.fromisoformat(zoned) == datetime.fromisoformat("2024-05-06T07:08:09+08:00")
    assert read == [
        "1", "0.10", "100000000000000000000", "0.1", "9133010914356350001", "2024-05-06", "2024-05-06", "2024-05-06 07:08:09",
        "是", "否", "NULL", "", "喆堃昇", "",
    ]  # fmt: skip


def test_a_view_without_the_quarters_column_says_which(postgres):
    engine = sqlalchemy.create_engine(postgres)
    with engine.begin() as connection:
        connection.exec_driver_sql('create view "D25_加计扣除" as select 1 as "年度"')
    engine.dispose()
    with pytest.raises(ZjtxError, match="“D25_加计扣除”没有“数据期”列"):
        sources.deliveries(Settings(database=postgres), "D25", QUARTER)
    assert "D25_加计扣除" not in dict(sources.strays(Settings(database=postgres), QUARTER))  # no reason not to begin a run


def test_a_server_killed_while_it_answers_is_one_sentence_without_its_password():
    with postgresql() as url:
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
        with engine.begin() as connection:
            connection.exec_driver_sql('create view "D01_企业主体" as select \'2024Q4\' as "数据期", pg_sleep(30)::text as x')
        address = sqlalchemy.make_url(url).set(password="a-made-up-password").render_as_string(hide_password=False)
        killer = threading.Thread(target=_kill_when_busy, args=(engine,))
        killer.start()
        with pytest.raises(ZjtxError, match="读不出来.*请检查地址、账号、网络和权限") as refused:
            sources.deliveries(Settings(database=address), "D01", QUARTER)
        killer.join()
        engine_of(address).dispose()
    assert "made-up" not in str(refused.value) and "***" in str(refused.value)
    assert refused.value.__suppress_context__


def _kill_when_busy(engine):
    """End the server at once, without regard for its clients, as soon as it works on our view."""
    busy = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'"
    with engine.connect() as connection:
        folder = Path(connection.exec_driver_sql("show data_directory").scalar())
        while not connection.exec_driver_sql(busy).scalar():
            time.sleep(0.02)
            connection.rollback()  # what it sees of others is fixed for a transaction
    os.kill(int((folder / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)


def test_rows_of_several_departments_in_one_view_are_one_delivery_each(tmp_path):
    url = f"sqlite:///{tmp_path / 'd.db'}"
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql('create table "D16_示范认定" ("数据期", "报送部门", "统一社会信用代码", "零报送")')
        connection.exec_driver_sql(
            "insert into \"D16_示范认定\" values ('2024Q4','发改局','1',''), ('2024Q4','区经信局','2',''), ('2024Q4','生态环境分局','','是'),"
            " ('2024Q4',NULL,'3','')"
        )
    engine.dispose()
    found = sources.deliveries(Settings(database=url), "D16", QUARTER)
    assert [each.origin.sender for each in found] == ["区经信局", "区发改局", "生态环境萧山分局"]
    assert [each.read().is_zero for each in found] == [False, False, True]
    assert len(found[0].read().rows) == 2 and "有 1 行没有写“报送部门”，都算作区经信局报送" in found[0].read().notes[0]


def test_the_databases_password_comes_from_the_environment_and_is_not_told(monkeypatch):
    monkeypatch.setenv("ZJTX_DATABASE_PASSWORD", "a-made-up-password")
    url = "postgresql+psycopg://clerk@127.0.0.1:1/somewhere"
    assert engine_of(url).url.password == "a-made-up-password"
    assert engine_of("sqlite://").url.password is None
    with pytest.raises(ZjtxError, match="请检查地址、账号") as refused:
        sources.deliveries(Settings(database=url), "D06b", QUARTER)
    assert "made-up" not in str(refused.value)


def test_a_view_whose_name_the_database_has_folded_is_found(tmp_path):
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'd.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql('create table "d06b_奖补拨付" ("数据期", "兑现编号")')
        connection.exec_driver_sql("insert into \"d06b_奖补拨付\" values ('2024Q4', 'A1')")
    engine.dispose()
    [delivery] = sources.deliveries(Settings(database=f"sqlite:///{tmp_path / 'd.db'}"), "D06b", QUARTER)
    assert delivery.read().rows["兑现编号"].tolist() == ["A1"]


def test_a_dialect_made_for_another_sqlalchemy_is_told_from_one_that_is_missing(tmp_path, monkeypatch):
    (tmp_path / "outdated_dialect.py").write_text("from sqlalchemy.util import no_longer_there\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    sqlalchemy.dialects.registry.register("outdated", "outdated_dialect", "Dialect")
    with pytest.raises(ZjtxError, match="版本不合：请按 docs/sources.md 安装"):
        sources.deliveries(Settings(database="outdated://h/d"), "D06b", QUARTER)
    with pytest.raises(ZjtxError, match="缺少连接数据库“mysql.mysqldb”所需的驱动|缺少连接数据库“mysql”所需的驱动"):
        sources.deliveries(Settings(database="mysql://h/d"), "D06b", QUARTER)


def test_a_file_goes_before_the_same_departments_rows_in_the_database(tmp_path):
    settings = database(f"sqlite:///{tmp_path / 'd.db'}")
    deliver(tmp_path, "D06b_奖补拨付_区财政局.csv", delimited([row("D06b")]))
    settings = settings.model_copy(update={"inbox": tmp_path / "inbox"})
    [delivery] = sources.deliveries(settings, "D06b", QUARTER)
    assert delivery.origin.kind == "delimited"
    assert "以文件为准" in delivery.read().notes[0]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite:////nowhere/d.db", "找不到数据库文件"),
        ("postgresql+psycopg://clerk:secret@127.0.0.1:1/d", "读不出来.*请检查地址"),
        ("nonsense", "不是合规的数据库地址"),
        ("oracle9://h/d", "不认识数据库类型"),
    ],
)
def test_a_database_out_of_reach_is_one_sentence_without_its_password(url, sentence):
    with pytest.raises(ZjtxError, match=sentence) as refused:
        sources.deliveries(Settings(database=url), "D06b", QUARTER)
    assert "secret" not in str(refused.value)
