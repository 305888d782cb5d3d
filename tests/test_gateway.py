"""The data-sharing gateway: every row accounted for, whatever it answers, and its keys nowhere but in its forms."""

import json
import logging

import pytest
import yaml
from builders import CASES
from gateway_server import APP_KEY, APP_SECRET, GatewayServer
from made_deliveries import QUARTER

from zjtx_pipeline import sources
from zjtx_pipeline.settings import Gateway, Interface, Settings

BODIES = yaml.safe_load((CASES / "bodies.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def server():
    with GatewayServer() as running:
        yield running


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    monkeypatch.setenv("ZJTX_GATEWAY_APP_KEY", APP_KEY)
    monkeypatch.setenv("ZJTX_GATEWAY_APP_SECRET", APP_SECRET)


def configured(url, *interfaces, form="older", **more):
    interfaces = interfaces or (Interface(table="D24b", department="001", api="brands"),)
    return Settings(gateway=Gateway(url=url, form=form, interfaces=interfaces, **{"wait_seconds": 0, "page_size": 2, **more}))


def read(settings, table="D24b"):
    return [delivery.read() for delivery in sources.deliveries(settings, table, QUARTER)]


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in BODIES.items()])
def test_a_body_becomes_rows_a_sentence_or_another_try(server, case):
    app, url = server.app(script=list(case["答复"]))
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
