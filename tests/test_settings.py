"""One district's configuration: two lines suffice, and what is wrong with it is said in one sentence."""

from datetime import date
from decimal import Decimal

import pytest

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import load_settings


TWO = "{table: D16, api: a}, {table: D16, api: b}"


def configured(folder, text):
    path = folder / "district.yaml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path)


def test_the_days_that_an_office_is_off_or_works_move_its_deadlines(tmp_path):
    path = tmp_path / "district.yaml"
    path.write_text("inbox: inbox\nholidays: {rest: [2089-10-01, 2089-10-02, 2089-10-03, 2089-10-04], work: [2089-10-08]}\n", encoding="utf-8")
    known = load_settings(path)
    assert (known.due_on(Quarter(2089, 3)), known.reported_on(Quarter(2089, 3))) == (date(2089, 10, 17), date(2089, 10, 18))
    path.write_text("inbox: inbox\nholidays: {rest: [十月一日]}\n", encoding="utf-8")
    with pytest.raises(ZjtxError, match="holidays.rest.0”不对：应为日期"):
        load_settings(path)


def test_two_lines_suffice_and_paths_count_from_the_file(tmp_path):
    settings = configured(tmp_path, "inbox: 收件目录\ndatabase: sqlite:///district.db\n")
    assert settings.inbox == tmp_path / "收件目录"
    assert settings.database == f"sqlite:///{tmp_path / 'district.db'}"
    assert not settings.sample


def test_an_absolute_database_stays_where_it_is(tmp_path):
    assert configured(tmp_path, "database: sqlite:////srv/d.db").database == "sqlite:////srv/d.db"
    url = "mysql+pymysql://user@tenant@host:2881/db"
    assert configured(tmp_path, f"database: {url}").database == url
    url = "postgresql+psycopg://user@host:5432/db?sslmode=require"
    assert configured(tmp_path, f"database: {url}").database == url


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://user:s3cret@host/db", "dm+dmPython://:s3cret@host:5236/", "gbase8s+gbase8sdb://user@host/db?A=b&PWD=s3cret",
        "mysql+pymysql://root@tenant:s3cret@host:2881/db", "postgresql://user:pa/s3cret@host/db",
        "mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3Ds3cret", "postgresql://user@host/db?sslpassword=s3cret",
    ],
)
def test_a_password_in_the_databases_address_is_refused_and_not_repeated(url, tmp_path):
    with pytest.raises(ZjtxError, match="ZJTX_DATABASE_PASSWORD") as refused:
        configured(tmp_path, f"database: {url}")
    assert "s3cret" not in str(refused.value)


def test_the_quarters_run_from_the_plan_to_the_configured_one(tmp_path):
    quarters = configured(tmp_path, "inbox: x\nfollow_until: 2026Q3").quarters
    assert (len(quarters), str(quarters[0]), str(quarters[-1])) == (15, "2023Q1", "2026Q3")


def test_a_districts_own_target_and_amount_overlay_the_plan(tmp_path):
    rules = configured(tmp_path, 'inbox: x\ntargets: {Q10: {value: "45"}}\nawards: {A02: {amount: "1000000"}}').rules
    assert rules.targets["Q10"].value == Decimal(45)
    assert rules.awards["A02"].amount == Decimal(1_000_000)


@pytest.mark.parametrize(
    ("text", "carrying"),
    [("", []), ("missing: 沿用上期", ["D05", "D06b"]), ("missing: {D05: 沿用上期, D06b: 待补}", ["D05"])],
)
def test_tables_carry_only_where_the_district_says_so(tmp_path, text, carrying):
    settings = configured(tmp_path, f"inbox: x\n{text}")
    assert [table for table in ("D05", "D06b") if settings.carries(table)] == carrying


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("inbox: [", "不是合规的 YAML（第 1 行.*缩进.*全角冒号.*括号"),
        ("inbox：收件\ndistrict: 某区", "不是合规的 YAML（第 2 行.*全角冒号"),
        ("inbox：收件", "应由“名称: 值”组成（冒号是半角的，后面空一格）"),
        ("inbox: 甲\ndistrict: 某区\ninbox: 乙", "“inbox”写了两次（第 3 行第 1 列附近）"),
        ("inbox: x\ndelivery:\n  port: 25\n  port: 587", "“port”写了两次（第 4 行"),
        ("inbox: x\nreport_workday: 61", "report_workday”不对：数值太大，应不大于 60"),
        ("inbox: x\nreport_workday: 0", "report_workday”不对：数值太小，应不小于 1"),
        ("inbox: x\ndoor: {idle_minutes: 0}", "door.idle_minutes”不对：数值太小，应大于 0"),
        ("inbox: x\ndoor: {session_hours: 24.5}", "door.session_hours”不对：数值太大，应不大于 24。"),
        ("inbox: x\ndelivery: {recipients: [{name: 甲, adress: a@gov.cn}]}", "delivery.recipients.0.adress”不对：没有这个配置项"),
        ("inbox: x\ndelivery: {recipients: [{name: '', address: a@gov.cn}]}", "delivery.recipients.0.name”不对：不能空着"),
        ('inbox: x\nreport_time: "25:00"', "report_time”不对：写法不对，时间写成 08:00 的样子并加引号。"),
        ("- inbox", "名称: 值"),
        ("", "没有数据来源"),
        ("inbox: x\nimbox: y", "imbox.*没有这个配置项"),
        ("inbox: x\nfollow_until: 2026年", "不是季度"),
        ("inbox: x\nletterhead: {numbers: {2024年四季度: 第8期}}", "配置文件 .*district.yaml 中“letterhead.numbers”不对：“2024年四季度”不是季度"),
        ("inbox: x\nletterhead: {numbers: {2024: 第8期}}", "letterhead.numbers.2024.*应为文本"),
        ("inbox: x\nletterhead: {numbers: [第8期]}", "letterhead.numbers”不对：应由“名称: 值”组成"),
        ("inbox: x\nletterhead: 第8期", "letterhead”不对：应由“名称: 值”组成"),
        ("inbox: x\nletterhead: {head: 一二三四五六七八九十一二三四五六七八九十一}", "letterhead.head”不对：字数太多，最多 20 个字"),
        ("inbox: x\naudience: {firms: 区经信局}", "audience.firms”不对：应为列表"),
        ("inbox: x\ndelivery: {port: 25.5}", "delivery.port”不对：应为整数"),
        ("inbox: x\ndelivery: {recipients: [{name: 甲, address: a@b, reports: [总]}]}", "delivery.recipients.0.reports.0”不对：应为整数"),
        ("inbox: x\ntown_ranks: 也许", "town_ranks”不对：应为是或否"),
        ("inbox: 3", "inbox”不对：应为文件或文件夹的位置"),
        ("inbox: x\nfollow_until: 2026", "follow_until”不对：应为文本"),
        ("gateway: {url: 'https://h/x', wait_seconds: 久, interfaces: []}", "gateway.wait_seconds”不对：应为数字"),
        ("inbox: x\nreadings: {B-99: 是}", "B-99"),
        ("inbox: x\nreadings: {B-02: 胡说}", "B-02"),
        ("inbox: x\nawards: {A02: {amount: 1000000.5}}", "A02"),
        ("inbox: x\ndelivery: {security: ssl}", "delivery.security.*可选 starttls、tls、none"),
        ("inbox: x\nreport_time: 25:00", "report_time"),
        ("gateway: {url: 'ftp://h/x', interfaces: []}", "gateway.url.*不带账号"),
        ("gateway: {url: 'https://clerk:made-up@h/x', interfaces: []}", "gateway.url.*不带账号"),
        ("gateway: {url: 'https://h/x?sign=1', interfaces: []}", "gateway.url.*不带账号"),
        ("gateway: {url: 'https://h/x', app_key: made-up, interfaces: []}", "app_key.*没有这个配置项"),
        ("gateway: {url: 'https://h/x'}", "gateway.interfaces.*缺少此项"),
        ("gateway: {url: 'https://h/x', page_size: 500, interfaces: []}", "page_size.*数值太大"),
        ("gateway: {url: 'https://h/x', interfaces: [{table: D99, api: a}]}", "“D99”不是表号"),
        ("gateway: {url: 'https://h/x', interfaces: [{table: D16, api: ../a}]}", "api.*接口编号只用"),
        ("gateway: {url: 'https://h/x', interfaces: [{table: D16, api: a, sender: 区卫健局}]}", "区卫健局.*不是报送部门"),
        (f"gateway: {{url: 'https://h/x', interfaces: [{TWO}]}}", "“D16”写了多次"),
        (f"gateway: {{url: 'https://h/x', interfaces: [{TWO.replace('b}', 'b, sender: 发改局}')}]}}", "“D16”写了多次"),
        (f"gateway: {{url: 'https://h/x', interfaces: [{TWO.replace('}', ', sender: 发改局}')}]}}", "“D16”写了多次"),
        (f"gateway: {{url: 'https://h/x', interfaces: [{TWO.replace('D16', 'D03')}]}}", "“D03”写了多次"),
        ("inbox: x\nmissing: 上期", "missing.*不在可选值之内"),
        ("inbox: x\nmissing: {D05: 上期}", "missing.*不在可选值之内"),
        ("inbox: x\nmissing: {D99: 沿用上期}", "missing.*没有这个表号"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_that_names_it(tmp_path, text, sentence):
    with pytest.raises(ZjtxError, match=sentence) as refused:
        configured(tmp_path, text)
    assert "\n" not in str(refused.value) and "made-up" not in str(refused.value)


def test_a_gateway_alone_is_a_source_and_each_department_may_have_its_interface(tmp_path):
    each = "{table: D16, api: a, sender: 区经信局}, {table: D16, api: b, sender: 发改局}, {table: D01, api: c}"
    gateway = configured(tmp_path, f"gateway: {{url: 'https://h/x', interfaces: [{each}]}}").gateway
    assert [each.api for each in gateway.interfaces] == ["a", "b", "c"]
    assert (gateway.form, gateway.period_parameter, gateway.app_secret_variable) == ("older", "数据期", "ZJTX_GATEWAY_APP_SECRET")


def test_a_missing_file_and_one_in_another_encoding_are_named(tmp_path):
    with pytest.raises(ZjtxError, match="找不到配置文件"):
        load_settings(tmp_path / "nowhere.yaml")
    (tmp_path / "gbk.yaml").write_bytes("inbox: 收件目录".encode("gb18030"))
    with pytest.raises(ZjtxError, match="UTF-8"):
        load_settings(tmp_path / "gbk.yaml")


def test_the_backups_folder_lies_beside_the_configuration_and_at_least_two_are_kept(tmp_path):
    path = tmp_path / "district.yaml"
    path.write_text("inbox: 收件\nbackup: {folder: 盘}\n", encoding="utf-8")
    assert (load_settings(path).backup.folder, load_settings(path).backup.keep) == (tmp_path / "盘", 30)
    path.write_text("inbox: 收件\nbackup: {folder: 盘, keep: 1}\n", encoding="utf-8")
    with pytest.raises(ZjtxError, match="backup.keep.*太小"):
        load_settings(path)


def test_every_place_that_a_configuration_names_counts_from_the_file(tmp_path):
    text = "inbox: 收件\nledger: sqlite:///a/l.db\nbackup: {folder: 盘}\ndelivery: {bounces: 退信}\ndoor: {certificate: c.pem, key: /etc/k.pem}\n"
    settings = configured(tmp_path, text)
    named = settings.inbox, settings.backup.folder, settings.delivery.bounces, settings.door.certificate
    assert named == tuple(tmp_path / each for each in ("收件", "盘", "退信", "c.pem"))
    assert (str(settings.door.key), settings.ledger) == ("/etc/k.pem", f"sqlite:///{tmp_path / 'a' / 'l.db'}")


ALLOWED = "allowed_domains: [xs.gov.cn]"
FOREIGN = {
    "a recipient": ("delivery: {%s, recipients: [{name: 甲, address: boss@evil.com}]}", "delivery.recipients 的“甲”的地址 boss@evil.com 不在允许的域名"),
    "a department": ("delivery: {%s, recipients: [{name: 税, address: a@evil.com, department: 区税务局}]}", "delivery.recipients 的“税”.*不在允许的域名"),
    "no address": ("delivery: {%s, recipients: [{name: 甲, address: 甲@xs.gov.cn}]}", "delivery.recipients 的“甲”的地址 甲@xs.gov.cn 不是有效的邮箱地址"),
    "two lines": ('delivery: {%s, recipients: [{name: 甲, address: "a@xs.gov.cn\\nBcc: x@evil.com"}]}', "不是有效的邮箱地址"),
    "an approver": ("delivery: {%s, approvers: [{name: 张三, address: z@xs.gov.cn.evil.com}]}", "delivery.approvers 的“张三”.*不在允许的域名"),
    "an approver's public mailbox": ("delivery: {%s, approvers: [{name: 张三, address: z@qq.com}]}", "delivery.approvers 的“张三”.*公共邮箱也不行"),
    "an operator": ("delivery: {%s}\nalerts: {operators: [o@xs.gov.cn, boss@evil.com]}", "alerts.operators 的地址 boss@evil.com 不在允许的域名"),
    "an operator's public mailbox": ("delivery: {%s}\nalerts: {operators: [o@qq.com]}", "alerts.operators 的地址 o@qq.com.*公共邮箱也不行"),
}


@pytest.mark.parametrize(("text", "sentence"), FOREIGN.values(), ids=FOREIGN)
def test_an_address_that_may_not_have_what_it_is_configured_for_is_refused_and_named(tmp_path, text, sentence):
    with pytest.raises(ZjtxError, match=sentence) as refused:
        configured(tmp_path, f"inbox: x\n{text % ALLOWED}")
    assert "\n" not in str(refused.value)


def test_a_public_mailbox_may_be_a_recipients_and_a_domain_may_be_in_capitals(tmp_path):
    people = "recipients: [{name: 专家, address: expert@qq.com}, {name: 甲, address: A@XS.Gov.CN}]"
    assert len(configured(tmp_path, f"inbox: x\ndelivery: {{{ALLOWED}, {people}}}\nalerts: {{operators: [o@it.xs.gov.cn]}}").delivery.recipients) == 2


def test_one_mailbox_twice_is_refused_whatever_its_capitals_and_shown_as_it_is_spelt(tmp_path):
    people = "recipients: [{name: 甲, address: Leader@xs.gov.cn}, {name: 乙, address: leader@XS.gov.cn}]"
    with pytest.raises(ZjtxError, match="delivery.recipients 的地址 Leader@xs.gov.cn 写了多次"):
        configured(tmp_path, f"inbox: x\ndelivery: {{{ALLOWED}, {people}}}")
