"""What was delivered is kept: once, whole, for ever."""

import hashlib

import pytest
from made_deliveries import FIRM, QUARTER, deliver, delimited, inbox, row, workbook

from zjtx_pipeline import snapshots, sources, store
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.tables import load_tables

POOLS = load_tables()["D03"]


def kept(folder, table=POOLS):
    return snapshots.keep(folder / "var", QUARTER, table, sources.deliveries(inbox(folder), table, QUARTER))


def test_a_snapshot_holds_rows_rejected_lines_the_file_and_where_it_came_from(tmp_path):
    content = delimited([row("D03")]) + b"one,two\r\n"
    deliver(tmp_path, "D03_培育库_区经信局.csv", content)
    snapshot = kept(tmp_path)
    [source] = snapshot.sources
    assert (source.sender, source.source, source.read, source.rejected) == ("区经信局", "2024Q4/D03_培育库_区经信局.csv", 2, 1)
    assert source.received_at == "2025-01-08T10:00:00"
    assert source.sha256 == hashlib.sha256(content).hexdigest()
    assert snapshot.rows.iloc[0][["统一社会信用代码", "place"]].tolist() == [FIRM, "第2行"]
    assert snapshot.rejected["text"].tolist() == ["one,two"]
    assert (snapshot.path / "original" / "D03_培育库_区经信局.csv").read_bytes() == content
    record = store.read_json(snapshot.path / "snapshot.json")
    for name, digest in record["files"].items():
        assert hashlib.sha256((snapshot.path / name).read_bytes()).hexdigest() == digest


def test_the_same_delivery_is_kept_once_and_another_beside_it(tmp_path):
    deliver(tmp_path, "D03_培育库_区经信局.csv", delimited([row("D03")]))
    first = kept(tmp_path)
    before = {file: file.stat().st_mtime_ns for file in first.path.rglob("*")}
    assert kept(tmp_path) == first
    # Under the same name and time, as a copy that keeps times would bring it.
    deliver(tmp_path, "D03_培育库_区经信局.csv", delimited([row("D03", 细分领域="更正")]))
    second = kept(tmp_path)
    assert second.rows["细分领域"].tolist() == ["更正"]
    assert second.path != first.path and second.path.parent == first.path.parent
    assert {file: file.stat().st_mtime_ns for file in first.path.rglob("*")} == before
    assert snapshots.load(first.path).rows["细分领域"].tolist() == [""]


def test_the_same_bytes_received_at_another_time_are_another_delivery(tmp_path):
    deliver(tmp_path, "D03_培育库_区经信局.csv", delimited([row("D03")]))
    first = kept(tmp_path)
    deliver(tmp_path, "D03_培育库_区经信局.csv", delimited([row("D03")]), received="2025-02-08 10:00:00")
    assert kept(tmp_path).digest != first.digest


def test_departments_with_other_headers_lie_in_one_snapshot(tmp_path):
    deliver(tmp_path, "D16_示范认定_区经信局.xlsx", workbook([row("D16")]))
    deliver(tmp_path, "D16_示范认定_区发改局.csv", delimited([{**row("D16"), "备注": "x"}]))
    snapshot = kept(tmp_path, load_tables()["D16"])
    assert snapshot.rows["备注"].isna().tolist() == [True, False]
    assert [source.headers[-1] for source in snapshot.sources] == ["移出日期", "备注"]


def test_nothing_delivered_is_a_snapshot_without_sources(tmp_path):
    snapshot = kept(tmp_path)
    assert (snapshot.sources, len(snapshot.rows), len(snapshot.rejected)) == ((), 0, 0)
    assert {"sender", "received_at", "source", "place"} <= set(snapshot.rows.columns)


def test_of_a_refused_file_no_content_is_kept(tmp_path):
    deliver(tmp_path, "D03_培育库_区经信局.csv", delimited([row("D03", 主导产品="13800001234")]))
    snapshot = kept(tmp_path)
    assert not (snapshot.path / "original").exists()
    assert all(b"13800001234" not in file.read_bytes() for file in snapshot.path.rglob("*") if file.is_file())
    [source] = snapshot.sources
    assert "手机号" in source.refused and source.bytes > 0


def test_a_pull_that_dies_leaves_nothing_that_can_be_seen(tmp_path, monkeypatch):
    deliver(tmp_path, "D03_培育库_区经信局.csv", delimited([row("D03")]))
    monkeypatch.setattr(snapshots, "_described", lambda raw: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        kept(tmp_path)
    monkeypatch.undo()
    assert list((tmp_path / "var" / "snapshots" / "2024Q4" / "D03").iterdir()) == []
    assert len(kept(tmp_path).rows) == 1


def test_a_snapshot_that_is_not_whole_is_one_sentence(tmp_path):
    with pytest.raises(ZjtxError, match="快照.*不完整"):
        snapshots.load(tmp_path)
