"""A ledger as lines: read back into tables of its time, moved into a database, and read as of one moment."""

import json
from pathlib import Path

import pytest
from made_ledgers import elsewhere, fill, rows

from zjtx_pipeline.backup import back_up
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger import NAME, dump, issues, notices
from zjtx_pipeline.ledger import opened as ledger_of
from zjtx_pipeline.ledger.book import note
from zjtx_pipeline.settings import Settings


def test_a_restored_ledger_of_an_older_version_is_brought_up_to_date_and_a_newer_one_refused(tmp_path):
    with ledger_of(tmp_path) as ledger:
        fill(ledger)
        dumped = list(dump.lines(ledger))
    newer = [json.dumps({"version": "9999"}), *dumped[1:]]
    with pytest.raises(ZjtxError, match="先升级"), dump.filled(tmp_path / "b", None, newer):
        pass
    with ledger_of(tmp_path / "old") as ledger, ledger.writing() as connection:
        notices.owe(connection, "request/a", "li@xs.gov.cn")
    of_now = [json.loads(line) for line in rows(tmp_path / "old")]
    since = ("message_id", "detail", "name", "subject", "text", "whole")
    older = [json.dumps({"version": "0001"}), *(json.dumps(row | {"row": {name: each for name, each in row["row"].items() if name not in since}}) for row in of_now[1:])]
    (tmp_path / "o").mkdir()
    with dump.filled(tmp_path / "o", None, older):
        pass
    assert rows(tmp_path / "o") == rows(tmp_path / "old") != older
    (tmp_path / "c").mkdir()
    with dump.filled(tmp_path / "c", None, dumped) as filled:
        assert filled == len(dumped) - 1
    assert rows(tmp_path / "c") == dumped
    with pytest.raises(ZjtxError, match="已经有台账"), dump.filled(tmp_path / "c", None, dumped):
        pass


def test_a_ledger_is_moved_into_a_database_once_and_goes_on_there(database, tmp_path):
    with pytest.raises(ZjtxError, match="没有要搬的"):
        dump.move(tmp_path, database)
    with ledger_of(tmp_path) as ledger:
        fill(ledger)
    before = rows(tmp_path)
    with pytest.raises(ZjtxError, match="move-ledger"), ledger_of(tmp_path, database):
        pass
    assert dump.move(tmp_path, database) == len(before) - 1
    assert rows(tmp_path, database) == before and not (tmp_path / NAME).exists() and (tmp_path / f"{NAME}.moved").exists()
    with ledger_of(tmp_path, database) as ledger, ledger.writing() as connection:
        assert issues.prepare(connection, "2025Q1", 1, "b" * 64, [], {}).id == 2  # numbers go on after the highest
    with ledger_of(tmp_path / "other") as ledger:
        fill(ledger)
    with pytest.raises(ZjtxError, match="已经有台账"):
        dump.move(tmp_path / "other", database)
    assert (tmp_path / "other" / NAME).exists()


def test_where_the_ledger_was_moved_and_its_address_is_lost_no_empty_one_takes_its_place(tmp_path):
    home = tmp_path / "home"
    with ledger_of(home) as ledger:
        fill(ledger)
    dump.move(home, elsewhere(tmp_path))
    with pytest.raises(ZjtxError, match=r"已经搬到数据库.*补回配置"), ledger_of(home):
        pass
    with pytest.raises(ZjtxError, match="补回配置"):
        issues.issued(home, "2024Q4")  # it is not said that nothing was ever sent
    with pytest.raises(ZjtxError, match="补回配置"):
        back_up(home, Settings(inbox=tmp_path), None, tmp_path / "kept")
    assert sorted(path.name for path in home.iterdir()) == ["ledger.db.moved", "ledger.db.posting"]
    assert len(rows(home, elsewhere(tmp_path))) > 5
    with ledger_of(tmp_path / "other") as ledger:
        fill(ledger)
    (home / "ledger.db.moved").rename(tmp_path / "other" / "ledger.db.moved")
    with pytest.raises(ZjtxError, match="查清哪一份"):
        dump.move(tmp_path / "other", elsewhere(tmp_path))


def test_a_move_that_was_killed_before_its_end_is_finished_by_another(tmp_path, monkeypatch):
    home = tmp_path / "home"
    with ledger_of(home) as ledger:
        fill(ledger)
    before = rows(home)
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        dump.move(home, elsewhere(tmp_path))
    with pytest.raises(ZjtxError, match="move-ledger"), ledger_of(home, elsewhere(tmp_path)):
        pass
    assert dump.move(home, elsewhere(tmp_path)) == len(before) - 1
    assert rows(home, elsewhere(tmp_path)) == before and not (home / NAME).exists()


def test_a_database_is_read_as_of_one_moment_while_others_write(database, tmp_path):
    with ledger_of(tmp_path, database) as ledger, ledger_of(tmp_path, database) as other:
        fill(ledger)
        before = list(dump.lines(ledger))
        reading = dump.lines(ledger)
        found = [next(reading), next(reading)]
        with other.writing() as connection:
            note(connection, 1, "改动")
        assert [*found, *reading] == before and len(list(dump.lines(ledger))) == len(before) + 1
