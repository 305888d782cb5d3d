"""The data-sharing gateway: every row accounted for, whatever it answers, and its keys nowhere but in its forms."""

import hashlib
import json
import logging
import random
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pandas as pd
import pytest
import sqlalchemy
import yaml
from builders import CASES
from gateway_server import APP_KEY, APP_SECRET, App, GatewayServer, Reply, envelope, nested
from hypothesis import given
from hypothesis import strategies as st
from made_deliveries import QUARTER, deliver, delimited, inbox, row, verdict

from zjtx_pipeline import returns, snapshots, sources, stages
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Gateway, Interface, Settings, load_settings
from zjtx_pipeline.sources.gateway import batches, bodies, records, wire
from zjtx_pipeline.sources.gateway.keys import from_environment
from zjtx_pipeline.sources.gateway.older import Older
from zjtx_pipeline.stages import intake
from zjtx_pipeline.tables import load_tables

BRANDS = load_tables()["D24b"]
BODIES = yaml.safe_load((CASES / "bodies.yaml").read_text(encoding="utf-8"))

pytestmark = pytest.mark.usefixtures("gateway")


def configured(url, *interfaces, form="older", **more):
    interfaces = interfaces or (Interface(table="D24b", department="001", api="brands"),)
    return Settings(gateway=Gateway(url=url, form=form, interfaces=interfaces, **{"wait_seconds": 0, "page_size": 2, **more}))


def read(settings, table="D24b"):
    return [delivery.read() for delivery in sources.deliveries(settings, table, QUARTER)]


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in BODIES.items()])
def test_a_body_becomes_rows_a_sentence_or_another_try(gateway, case):
    app, url = gateway.app(script=list(case["答复"]))
    table = case.get("表", "D24b")
    settings = configured(url, Interface(table=table, department="001", api="x"), form=case.get("形式", "older"))
    raws = read(settings, table)
    assert "故障" in case or all(not raw.fault for raw in raws), [raw.fault for raw in raws]
    for raw in raws:
        raw.check_conservation()
        assert APP_SECRET not in repr(raw) and APP_KEY not in repr(raw)
    assert sum(len(raw.rows) for raw in raws) == case.get("行", 0)
    reasons = [reason for raw in raws for reason in raw.rejected["reason"]]
    assert len(reasons) == len(case.get("退", [])), reasons
    for said, expected in zip(reasons, case.get("退", []), strict=True):
        assert expected in said
    for header, cells in case.get("格", {}).items():
        assert [cell for raw in raws for cell in raw.rows[header]] == cells
    for sort, said in (("故障", "fault"), ("拒收", "refused")):
        assert case.get(sort, "") in "".join(getattr(raw, said) for raw in raws)
        assert sort in case or not any(getattr(raw, said) for raw in raws)
    assert any(raw.is_zero for raw in raws) == case.get("零报送", False)
    if "次" in case:
        assert len(app.pages_asked) == case["次"]


def test_the_corpus_holds_at_least_sixty_bodies():
    assert len(BODIES) >= 60


def brands(*numbers, **more):
    return [{**row("D24b", 品牌编号=str(number)), **more} for number in numbers]


def served(*numbers, **more):
    return {("brands", "2024Q4"): brands(*numbers, **more)}


def numbers(raws):
    return [number for raw in raws for number in raw.rows["品牌编号"]]


# Asking


def test_a_page_is_asked_for_by_quarter_number_and_size_and_signed(gateway):
    app, url = gateway.app(rows=served(1, 2, 3))
    assert numbers(read(configured(url, period_parameter="数据期"))) == ["1", "2", "3"]
    path, form = app.asked[1]
    assert path == "gateway/api/001/dataSharing/brands.htm"
    assert (form["数据期"], form["pageNum"], form["pageSize"], form["appKey"]) == ("2024Q4", "1", "2", APP_KEY)
    signed = f"{APP_KEY}request-secret-0001{form['requestTime']}".encode()
    assert form["sign"] == hashlib.md5(signed).hexdigest() and len(form["requestTime"]) == 13
    assert app.pages_asked == ["1", "2"]


def test_the_open_platform_is_asked_with_a_signature_a_page(gateway):
    app, url = gateway.app(rows=served(1, 2, 3))
    assert numbers(read(configured(url, form="open"))) == ["1", "2", "3"]
    assert (app.count("createsign.do"), app.count("gateway.do")) == (2, 2)
    form = app.asked[-1][1]
    assert (form["app_id"], form["interface_id"], form["charset"]) == (APP_KEY, "brands", "utf-8")
    assert json.loads(form["biz_content"])["pageNum"] == "2"


def test_a_signature_in_an_envelope_is_taken_and_a_refusal_to_sign_is_a_sentence():
    assert bodies.signature(b'{"code":200,"data":{"sign":"0123456789"}}') == "0123456789"
    assert bodies.signature(b"0123456789abcdef\n") == "0123456789abcdef"
    with pytest.raises(ZjtxError, match="代码 401，未授权"):
        bodies.signature('{"code":401,"msg":"未授权"}'.encode())
    with pytest.raises(ZjtxError, match="没有给出签名"):
        bodies.signature(b'{"code":200,"data":{}}')
    with pytest.raises(ZjtxError, match="网页"):
        bodies.signature(b"<html></html>")


def test_another_quarters_rows_are_not_this_quarters(gateway):
    _, url = gateway.app(rows={("brands", "2024Q3"): brands(1)})
    [raw] = read(configured(url))
    assert (raw.read, raw.is_zero, raw.fault) == (0, False, "")


def test_a_quarter_spelt_otherwise_is_the_quarter(gateway):
    rows = brands(1, 数据期="2024q4") + brands(2, 数据期="2024年第四季度") + brands(3, 数据期="2024年第三季度") + brands(4)
    app, url = gateway.app(rows={("brands", "2024Q4"): rows})
    [raw] = read(configured(url, page_size=10))
    assert numbers([raw]) == ["1", "2", "4"] and ["不是所要的" in reason for reason in raw.rejected["reason"]] == [True]


def test_a_gateway_that_gives_less_than_asked_is_read_to_its_end(gateway):
    app, url = gateway.app(rows=served(1, 2, 3), most_rows=1)
    assert numbers(read(configured(url))) == ["1", "2", "3"]


def test_a_row_that_comes_between_two_pages_has_all_pages_read_again(gateway):
    def insert_before_the_second_page(app):
        if len(app.pages_asked) == 2:
            app.rows[("brands", "2024Q4")].insert(0, brands(0)[0])

    app, url = gateway.app(rows=served(1, 2, 3), shifts=insert_before_the_second_page)
    assert numbers(read(configured(url))) == ["0", "1", "2", "3"]
    assert app.pages_asked == ["1", "2", "1", "2"]


def test_rows_that_never_stand_still_are_a_fault(gateway):
    def insert(app):
        app.rows[("brands", "2024Q4")].insert(0, {"品牌编号": f"x{len(app.asked)}"})

    _, url = gateway.app(rows=served(1, 2, 3, 4, 5), shifts=insert)
    assert "对不上：请提供方检查接口的翻页" in read(configured(url))[0].fault


# Secrets that run out


def test_a_secret_that_expires_between_pages_is_renewed_and_the_same_page_asked_again(gateway):
    app, url = gateway.app(rows=served(*range(7)), serves=2)
    assert numbers(read(configured(url))) == list("0123456")
    assert app.pages_asked == ["1", "2", "3", "3", "4"]
    assert (app.count("ByKey"), app.count("BySec")) == (1, 1)


def test_where_the_refresh_secret_has_expired_too_the_key_serves_again(gateway):
    app, url = gateway.app(rows=served(1, 2, 3), serves=1, forgets_refresh=True)
    assert numbers(read(configured(url))) == ["1", "2", "3"]
    assert (app.count("ByKey"), app.count("BySec")) == (2, 1)


def test_an_old_secret_is_renewed_before_it_is_refused(gateway):
    app, url = gateway.app(rows=served(1))
    clock = [0.0]
    older, interface = conversation(url, clock)
    for now, renewals in ((0, 0), (700, 0), (730, 1), (1400, 1), (1460, 2)):
        clock[0] = now
        older.page(interface, "2024Q4", 1)
        assert app.count("BySec") == renewals


def test_one_secret_serves_all_tables(gateway):
    app, url = gateway.app(rows={**served(1), ("pools", "2024Q4"): [row("D03")]})
    found = configured(url, Interface(table="D24b", department="1", api="brands"), Interface(table="D03", api="pools"))
    assert len(read(found)) == len(read(found, "D03")) == 1
    assert app.count("refreshToken") == 1


def conversation(url, clock, **more):
    gateway = configured(url, **more).gateway
    line = wire.Wire(gateway, sleep=lambda seconds: None, clock=lambda: clock[0])
    return Older(gateway, from_environment(gateway), line, clock=lambda: clock[0]), gateway.interfaces[0]


@pytest.mark.parametrize(("form", "sentence"), [("older", "代码 14，签名错误"), ("open", "代码 401，appSecret 不对")])
def test_a_wrong_secret_is_said_once_and_not_shown(gateway, monkeypatch, form, sentence):
    monkeypatch.setenv("ZJTX_GATEWAY_APP_SECRET", "not-the-right-secret")
    app, url = gateway.app(rows=served(1))
    [raw] = read(configured(url, form=form))
    assert sentence in raw.fault and "请核对环境变量" in raw.fault
    assert len(app.asked) == {"older": 1, "open": 2}[form] and "not-the-right-secret" not in repr(raw)


class Repeating(Reply):
    """An answer made when it is given, of what was asked."""

    def __init__(self, app, form):
        self.app, self.form = app, form
        super().__init__(b"")


class Refusal(Repeating):
    """A refusal whose message repeats the form that it answers, and the secrets that the gateway has given."""

    @property
    def body(self):
        said = f"系统繁忙 {json.dumps(self.app.asked[-1][1])} {sorted(self.app.secrets)} {sorted(self.app.refresh_secrets)}"
        return (nested(inner="9", msg=said) if self.form == "open" else envelope([], 0, code="99", msg=said)).encode()

    @body.setter
    def body(self, value):
        pass


@pytest.mark.parametrize("form", ["older", "open"])
def test_a_refusal_that_repeats_our_secrets_is_shown_without_them(gateway, monkeypatch, form):
    monkeypatch.setattr(bodies, "LONGEST_MESSAGE", 10_000)
    app, url = gateway.app()
    app.script = [Refusal(app, form)]
    [raw] = read(configured(url, form=form))
    assert "系统繁忙" in raw.fault and "***" in raw.fault
    forms = [form for _, form in app.asked]
    for secret in {APP_KEY, APP_SECRET, *app.secrets, *app.refresh_secrets, *(form["sign"] for form in forms if "sign" in form)}:
        assert secret not in repr(raw)


def test_a_refused_renewal_that_repeats_the_old_secret_is_shown_without_it(gateway, monkeypatch):
    app, url = gateway.app(rows=served(1))
    clock = [0.0]
    older, interface = conversation(url, clock)
    older.page(interface, "2024Q4", 1)
    monkeypatch.setattr(app, "_new_secrets", lambda form, accepted: Reply('{"code":"99","msg":"繁忙 refresh-secret-0001"}'.encode()))
    clock[0] = 730
    with pytest.raises(ZjtxError, match=r"繁忙 \*\*\*"):
        older.page(interface, "2024Q4", 1)


@pytest.mark.parametrize(("value", "sentence"), [("", "请设置环境变量 ZJTX_GATEWAY_APP_SECRET"), ("short", "值太短")])
def test_a_key_that_is_missing_or_none_names_its_variable(gateway, monkeypatch, value, sentence):
    monkeypatch.setenv("ZJTX_GATEWAY_APP_SECRET", value)
    app, url = gateway.app()
    [raw] = read(configured(url))
    assert sentence in raw.fault and app.asked == []


def test_on_the_open_platform_either_secret_does(gateway, monkeypatch):
    monkeypatch.delenv("ZJTX_GATEWAY_APP_SECRET")
    monkeypatch.setenv("ZJTX_GATEWAY_USER_SECRET", "a-made-up-user-secret")
    keys = from_environment(configured("http://h/x", form="open").gateway)
    assert (keys.app_secret, keys.user_secret) == ("", "a-made-up-user-secret")
    assert "secret" not in repr(keys).replace("app_secret", "") and "made-up" not in repr(keys)


# Trying again


def slept(gateway, script, **more):
    app, url = gateway.app(rows=served(1), script=[*script, envelope(brands(1), 1)])
    gateway, waits = configured(url, **{"wait_seconds": 2, **more}).gateway, []
    older = Older(gateway, from_environment(gateway), wire.Wire(gateway, sleep=waits.append))
    older.page(gateway.interfaces[0], "2024Q4", 1)
    return waits


def test_the_gateway_is_waited_for_as_long_as_it_asks(gateway):
    assert slept(gateway, [Reply(b"", 429, {"Retry-After": "7"})]) == [7]
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    [wait] = slept(gateway, [Reply(b"", 503, {"Retry-After": date})])
    assert 50 < wait <= 60


def test_otherwise_each_wait_is_twice_the_last_and_a_little_more(gateway):
    waits = slept(gateway, [Reply(b"", 500)] * 4)
    assert [low <= wait <= low + 2 for low, wait in zip((2, 4, 8, 16), waits, strict=True)] == [True] * 4


def test_a_gateway_out_of_reach_is_left_alone_for_a_while(gateway):
    app, url = gateway.app(script=[Reply(b"", drop=True)])
    clock = [0.0]
    older, interface = conversation(url, clock)
    for now, asked in ((0, 5), (1, 5), (299, 5), (301, 10)):
        clock[0] = now
        with pytest.raises(ZjtxError, match="连不上或中途断开"):
            older.page(interface, "2024Q4", 1)
        assert len(app.pages_asked) == asked


def test_a_gateway_that_nobody_answers_for_is_a_fault_of_its_table():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        [raw] = read(configured(f"http://127.0.0.1:{taken.getsockname()[1]}"))
    assert "连不上" in raw.fault and (raw.read, raw.is_zero) == (0, False)


def test_an_answer_that_does_not_come_or_drips_is_given_up(gateway):
    app, url = gateway.app(script=[Reply(b"x" * 3, drip=0.3)])
    [raw] = read(configured(url, answer_seconds=0.05))
    assert "没有按时答复" in raw.fault
    ticking = iter(range(0, 100_000, 200))
    gateway = configured(gateway.app(script=[Reply(b"x" * 9, drip=0.01)])[1]).gateway
    line = wire.Wire(gateway, clock=lambda: next(ticking))
    with pytest.raises(ZjtxError, match="过了 300 秒还没有传完"):
        Older(gateway, from_environment(gateway), line, clock=lambda: 0).page(gateway.interfaces[0], "2024Q4", 1)


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path):
    with GatewayServer(self_signed(tmp_path)) as untrusted:
        app, url = untrusted.app(rows=served(1))
        [raw] = read(configured(url))
    assert "证书没有通过验证" in raw.fault and app.asked == []


def self_signed(folder):
    """A PEM file of a key and a certificate for 127.0.0.1 that it has signed itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    alternative = x509.SubjectAlternativeName([x509.DNSName("127.0.0.1")])
    certificate = builder.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(key.private_bytes(*form) + certificate.public_bytes(serialization.Encoding.PEM))
    return path


# What is kept, and what never is


@pytest.mark.parametrize("form", ["older", "open"])
def test_neither_keys_nor_signatures_are_kept_logged_or_said(gateway, tmp_path, caplog, form):
    app, url = gateway.app()
    app.script = [Echo(app, form)]
    caplog.set_level(logging.DEBUG)
    found = sources.deliveries(configured(url, form=form), "D24b", QUARTER)
    kept = snapshots.keep(tmp_path, QUARTER, BRANDS, found)
    assert kept.rows["品牌编号"].tolist() == ["1"]
    forms = [form for _, form in app.asked]
    secrets = {APP_KEY, APP_SECRET, *app.secrets, *(form["sign"] for form in forms if "sign" in form)}
    assert len(secrets) >= 3
    said = repr(found) + repr(kept) + caplog.text + "".join(map(repr, caplog.records))
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"***" in written
    for secret in secrets:
        assert secret not in said and secret.encode() not in written


class Echo(Repeating):
    """An answer that repeats the whole form it answers to."""

    @property
    def body(self):
        rows, asked = [{"品牌编号": "1", "品牌名称": "甲"}], self.app.asked[-1][1]
        if self.form == "open":
            return nested(json.dumps(rows, ensure_ascii=False), count=1, msg=json.dumps(asked)).encode()
        return envelope(rows, 1, request=asked).encode()

    @body.setter
    def body(self, value):
        pass


def test_the_pages_are_kept_as_they_came(gateway, tmp_path):
    _, url = gateway.app(rows=served(1, 2, 3))
    kept = snapshots.keep(tmp_path, QUARTER, BRANDS, sources.deliveries(configured(url), "D24b", QUARTER))
    pages = sorted((kept.path / "original").iterdir())
    assert [page.name for page in pages] == [f"D24b_网络品牌_网关_brands_第{number}页.json" for number in (1, 2)]
    assert pages[1].read_bytes() == envelope(brands(3), 3).encode()
    [source] = kept.sources
    assert (source.kind, source.read, source.source) == ("gateway", 3, "D24b_网络品牌_网关_brands")


def test_the_same_rows_are_one_snapshot_though_the_envelope_differs(gateway, tmp_path):
    _, url = gateway.app(script=[envelope(brands(1), 1, requestId=number) for number in ("a", "b", "c", "d")])
    found = [sources.deliveries(configured(url), "D24b", QUARTER) for _ in range(2)]
    first, second = (snapshots.keep(tmp_path, QUARTER, BRANDS, each) for each in found)
    assert first == second


def test_pages_that_hold_what_one_department_must_not_send_are_kept_for_none(gateway, tmp_path):
    rows = [{"报送部门": "区经信局", "名称": "甲"}, {"报送部门": "区发改局", "名称": "13912345678"}]
    _, url = gateway.app(script=[envelope(rows, 2)])
    table = load_tables()["D16"]
    found = sources.deliveries(configured(url, Interface(table="D16", api="x")), table, QUARTER)
    kept = snapshots.keep(tmp_path, QUARTER, table, found)
    assert [bool(source.refused) for source in kept.sources] == [False, True]
    assert kept.rows["名称"].tolist() == ["甲"] and len(kept.sources[1].sha256) == 64
    assert all(b"13912345678" not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


# Beside other sources, and in a run


def test_a_file_goes_before_the_gateway_which_is_not_asked(gateway, tmp_path):
    app, url = gateway.app(rows=served(1))
    deliver(tmp_path, "D24b_网络品牌_区商务局.csv", delimited(brands(7)))
    [raw] = read(configured(url).model_copy(update={"inbox": tmp_path / "inbox"}))
    assert (raw.origin.kind, numbers([raw]), app.asked) == ("delimited", ["7"], [])
    assert raw.notes == ("网关和收件目录都有本部门的这张表：以文件为准，请只用一种方式报送。",)


def test_the_database_goes_before_the_gateway(gateway, tmp_path):
    app, url = gateway.app(rows=served(1))
    address = f"sqlite:///{tmp_path / 'd.db'}"
    engine = sqlalchemy.create_engine(address)
    with engine.begin() as connection:
        connection.exec_driver_sql('create table "D24b_网络品牌" ("数据期", "品牌编号")')
        connection.exec_driver_sql("insert into \"D24b_网络品牌\" values ('2024Q4', '8')")
    engine.dispose()
    [raw] = read(configured(url).model_copy(update={"database": address}))
    assert (raw.origin.kind, numbers([raw]), app.asked) == ("database", ["8"], [])
    assert "网关和数据库都有本部门的这张表：以数据库为准" in raw.notes[0]


def test_of_an_interface_of_several_departments_only_those_without_a_file_count(gateway, tmp_path):
    rows = [{"报送部门": "区经信局", "名称": "甲"}, {"报送部门": "区发改局", "名称": "乙"}]
    _, url = gateway.app(script=[envelope(rows, 2)])
    deliver(tmp_path, "D16_示范认定_区经信局.csv", delimited([row("D16", 名称="丙")]))
    settings = configured(url, Interface(table="D16", api="x")).model_copy(update={"inbox": tmp_path / "inbox"})
    raws = read(settings, "D16")
    assert [(raw.origin.sender, raw.rows["名称"].tolist()) for raw in raws] == [("区经信局", ["丙"]), ("区发改局", ["乙"])]
    assert ["网关" in "".join(raw.notes) for raw in raws] == [True, False]


def test_two_departments_may_each_have_an_interface(gateway):
    _, url = gateway.app(rows={("a", "2024Q4"): [{"名称": "甲"}], ("b", "2024Q4"): [{"名称": "乙"}]})
    interfaces = (Interface(table="D16", api="b", sender="发改局"), Interface(table="D16", api="a", sender="区经信局"))
    raws = read(configured(url, *interfaces), "D16")
    assert [(raw.origin.sender, raw.rows["名称"].tolist()) for raw in raws] == [("区经信局", ["甲"]), ("区发改局", ["乙"])]


def test_every_table_of_a_district_arrives_by_the_gateway_as_it_does_by_file(gateway, miniature):
    filed = {}
    for table in load_tables().values():
        for delivery in sources.deliveries(load_settings(miniature), table, QUARTER):
            filed[table.id, delivery.origin.sender] = delivery.read()
    app, url = gateway.app()
    interfaces = [Interface(table=table, sender=sender, api=f"a{at}") for at, (table, sender) in enumerate(filed)]
    for interface, raw in zip(interfaces, filed.values(), strict=True):
        cells = raw.rows.drop(columns=list(sources.LINEAGE)).to_dict("records")
        app.rows[interface.api, "2024Q4"] = [{"零报送": "是"}] if raw.is_zero else cells
    settings = configured(url, *interfaces, page_size=200)
    offers = {(table, raw.origin.sender): raw for table in load_tables() for raw in read(settings, table)}
    assert offers.keys() == filed.keys()
    for delivery, raw in filed.items():
        offered = offers[delivery]
        assert (offered.fault, offered.refused, offered.is_zero) == ("", "", raw.is_zero)
        if not raw.is_zero:
            columns = [header for header in raw.headers if header in offered.headers]
            pd.testing.assert_frame_equal(offered.rows[columns], raw.rows[columns])
            assert set(raw.headers) == set(columns)


def beside_an_inbox(folder, url, **more):
    return configured(url, **more).model_copy(update={"inbox": inbox(folder).inbox})


def test_a_gateway_that_is_down_stops_its_own_table_and_nothing_else(gateway, tmp_path):
    _, url = gateway.app(script=[Reply(b"", 500)])
    settings = beside_an_inbox(tmp_path, url)
    sources.reach(settings)
    deliver(tmp_path, "D03_培育库_区经信局.csv", delimited([row("D03")]))
    down, up = verdict(tmp_path, "D24b", settings), verdict(tmp_path, "D03", settings)
    assert (down.status, len(down.blocked), len(down.accepted)) == ("已报送", 1, 0)
    assert "HTTP 500" in down.blocked[0]
    assert (up.blocked, len(up.accepted)) == ((), 1)


def test_an_empty_list_stops_the_table_unless_it_says_that_there_is_nothing(gateway, tmp_path):
    _, url = gateway.app(script=[envelope([], 0)])
    empty = verdict(tmp_path, "D24b", beside_an_inbox(tmp_path, url))
    assert empty.status == "已报送" and len(empty.blocked) == 1 and "零报送" in empty.blocked[0]
    _, url = gateway.app(script=[envelope([{"零报送": "是"}], 1)])
    zero = verdict(tmp_path, "D24b", beside_an_inbox(tmp_path, url))
    assert (zero.status, zero.blocked) == ("零报送", ())


def test_a_row_that_its_batch_withdrew_is_told_without_blame_and_every_row_is_counted(gateway, tmp_path):
    rows = [*brands(1, 2, 增删改标志="i"), *brands(1, 增删改标志="d"), {"品牌编号": ["3"], "增删改标志": "i"}]
    _, url = gateway.app(script=[envelope(rows, 4)])
    judged = verdict(tmp_path, "D24b", beside_an_inbox(tmp_path, url))
    assert judged.counts[["read", "accepted", "quarantined", "rejected"]].values.tolist() == [[4, 1, 0, 3]]
    told = judged.findings[judged.findings["rule"].isin(["报送.已更替", "报送.坏行"])]
    assert told[["severity", "place"]].values.tolist() == [["提示", "第1页第1条"], ["提示", "第1页第3条"], ["退回", "第1页第4条"]]
    assert "已由第1页第3条删除" in told["message"].iloc[0] and "请检查接口给出的这一行" in told["message"].iloc[2]
    assert not judged.findings["rule"].str.contains("逾期").any()


def test_rows_that_were_withdrawn_or_not_asked_for_do_not_go_back_to_the_department(gateway, tmp_path):
    rows = [*brands(1, 2, 增删改标志="i"), *brands(1, 增删改标志="d"), *brands(3, 增删改标志="i", 数据期="2024Q3")]
    for extra, wanted in (([], None), ([{"品牌编号": ["4"], "增删改标志": "i"}], 1)):
        _, url = gateway.app(script=[envelope([*rows, *extra], len(rows) + len(extra))])
        settings = beside_an_inbox(tmp_path, url)
        kept = snapshots.keep(tmp_path / "kept", QUARTER, BRANDS, sources.deliveries(settings, BRANDS, QUARTER))
        back = returns.returned(kept, verdict(tmp_path, "D24b", settings), kept.sources[0], settings.rules)
        assert back and (back.count(returns.UNREAD), len(back.rows), back.left_out) == (1, 2, 3) if wanted else back is None


def test_for_an_earlier_quarter_what_was_kept_stands_in_while_the_gateway_is_down(gateway, tmp_path, monkeypatch):
    monkeypatch.setenv("ZJTX_HOME", str(tmp_path / "home"))
    app, url = gateway.app(rows={("brands", quarter): brands(1) for quarter in ("2024Q3", "2024Q4")})
    run = stages.open_run(beside_an_inbox(tmp_path, url), QUARTER)
    before = {quarter: intake.pull_table(run, "D24b", quarter) for quarter in (QUARTER - 1, QUARTER)}
    app.script = [Reply(b"", 500)]
    assert intake.pull_table(run, "D24b", QUARTER - 1) == before[QUARTER - 1]
    own = intake.pull_table(run, "D24b", QUARTER)
    assert own != before[QUARTER] and "HTTP 500" in own.sources[0].fault
    app.script = [envelope(brands(8, 9, 数据期="2025Q1"), 2)]  # whatever quarter is asked for
    assert intake.pull_table(run, "D24b", QUARTER - 1) == before[QUARTER - 1]
    [source] = intake.pull_table(run, "D24b", QUARTER).sources
    assert (source.read, source.rejected, source.is_zero, source.fault) == (2, 2, False, "")


# Whatever it answers

MUTANTS = 2000
FLAGS = st.sampled_from(["i", "1", "u", "d", "I", "x", ""])
ROWS = st.lists(st.tuples(st.sampled_from("甲乙丙"), FLAGS), max_size=20)


@given(ROWS)
def test_flags_leave_the_rows_that_obeying_them_one_by_one_leaves(rows):
    wanted = {}
    for number, (key, flag) in enumerate(rows, start=1):
        if flag.lower() in ("u", "d"):
            wanted.pop(key, None)
        if flag.lower() in ("i", "1", "u"):
            wanted.setdefault(key, []).append(f"第1页第{number}条")
    page = [{"品牌编号": key, "增删改标志": flag} for key, flag in rows]
    done = batches.applied(BRANDS, records.records_of([page]), "报送部门", {})
    assert len(done) == len(rows)
    assert {each.place for each in done if not each.reason} == {place for places in wanted.values() for place in places}


WHOLE = envelope(brands(1, 2, 增删改标志="i"), 2, totalDataCount=2).encode()
NESTED = nested(json.dumps(brands(1, 2), ensure_ascii=False), count=2).encode()
BITS = [b"", b"\\", b'"', b"{", b"}", b"[", b"]", b",", b":", b"\xff", b"\x00", b"null", b"1e999", b"\\ud800", b"<"]


def test_a_mutilated_body_is_rows_or_a_sentence_and_never_a_traceback():
    chance, came_through = random.Random(4), 0
    for _ in range(MUTANTS):
        page_of, body = chance.choice([(bodies.older_page, WHOLE), (bodies.open_page, NESTED)])
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(body))
            body = body[:at] + chance.choice(BITS) + body[at + chance.choice((0, 0, 1, 1, 2, 40)) :]
        came_through += read_or_refused(page_of, body)
    assert MUTANTS / 20 < came_through < MUTANTS * 19 / 20  # neither sort of outcome is the rule


def read_or_refused(page_of, body):
    try:
        page = page_of(body)
    except ZjtxError as refused:
        assert str(refused) and "\n" not in str(refused)
        return False
    made = batches.applied(BRANDS, records.records_of([page.rows]), "报送部门", {})
    lines = records.lines_of(made, list(records.headers_of(made)))
    assert len(lines) == len(page.rows)
    "".join(part for line in lines for part in (line.reason, *line.cells)).encode("utf-8")
    return True
