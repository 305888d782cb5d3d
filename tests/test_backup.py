"""Kept in one file and made again from it: a drill with a writer at work, archives that are no good, backups that do not come."""

import gzip
import io
import json
import os
import re
import shutil
import sqlite3
import stat
import tarfile
import threading
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import made_issues
import pytest
import sqlalchemy as sa
from conftest import measure_whole, opened
from made_ledgers import fill, rows, sent

from zjtx_pipeline import cli, stages, store, unattended
from zjtx_pipeline.backup import back_up, examine, restore
from zjtx_pipeline.backup import making as making_of_backups
from zjtx_pipeline.backup import overdue
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger import NAME, approvals, dump, issues, mailings
from zjtx_pipeline.ledger import opened as ledger_of
from zjtx_pipeline.ledger.book import note
from zjtx_pipeline.settings import Alerts, Settings, load_settings


def contents_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def writer(home):
    """Someone who goes on writing into the ledger until the block ends."""
    ended, written = threading.Event(), []

    def write():
        with ledger_of(home) as ledger:
            while not ended.is_set():
                with ledger.writing() as connection:
                    note(connection, 1, "改动", detail=str(len(written)))
                written.append(None)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield written
    finally:
        ended.set()
        thread.join()


@pytest.mark.slow
def test_a_drill_the_quarter_is_made_again_elsewhere_byte_for_byte_and_the_ledger_stands(own_golden_run, miniature, tmp_path):
    run = own_golden_run
    with ledger_of(run.home) as ledger:
        sent(ledger)
    before = rows(run.home)
    with writer(run.home) as written:
        made = back_up(run.home, run.settings, miniature, tmp_path / "kept")
    assert written and stat.S_IMODE(made.path.stat().st_mode) == 0o600 and made.contents.unfinished == ()
    issued = contents_of(run.reports)

    done = restore(made.path, tmp_path / "elsewhere")
    assert contents_of(done.home / "reports" / "2024Q4") == issued
    found = rows(done.home)
    assert set(before) <= set(found) <= set(rows(run.home))
    details = [json.loads(line)["row"]["detail"] for line in found if '"改动"' in line]
    assert details == [str(number) for number in range(len(details))]

    assert done.config == tmp_path / "elsewhere/district/district.yaml" and done.config.read_bytes() == miniature.read_bytes()
    assert done.inbox == load_settings(done.config).inbox and done.deliveries > 90
    for path in filter(Path.is_file, done.inbox.rglob("*")):
        original = run.settings.inbox / path.relative_to(done.inbox)
        assert path.read_bytes() == original.read_bytes() and path.stat().st_mtime == original.stat().st_mtime
    assert_made_again(done, run, issued)


def assert_made_again(done, run, issued):
    """Figures, tables and two reports come out as issued. Verdicts are named by the digest of what they judge and are lent, for judging anew
    takes half a minute: that none has been added says that the deliveries laid out again are the very ones."""
    shutil.copytree(run.home / "validated", done.home / "validated")
    lent = set(contents_of(done.home / "validated"))
    (again,) = opened(done.config, done.home, "2024Q4")
    shutil.rmtree(again.reports)
    measure_whole(again)
    stages.tally_ladder(again)
    for number in (stages.TITLES, *stages.reviewed_tasks(again.settings.rules)):
        stages.stop_if_disputed(stages.review(again, number))
    for number in (stages.OVERALL, 5):
        stages.render(again, number)
    made = contents_of(again.reports)
    assert len([name for name in made if name.endswith(".pdf")]) == 2 and "figures.csv" in made
    assert {name: made[name] for name in made if name in issued} == {name: issued[name] for name in made if name in issued}
    assert set(contents_of(done.home / "validated")) == lent


@pytest.fixture
def small(tmp_path):
    """A home with a little in it, its configuration, and a backup of it."""
    home, config = tmp_path / "home", tmp_path / "district" / "district.yaml"
    store.write_json(home / "reports" / "2024Q4" / "manifest.json", {"outputs": []})
    store.write_bytes(home / "reports" / "2024Q4" / ".half", b"half")
    store.write_bytes(home / "revisions" / "2024Q4" / "1" / "revision.json", os.urandom(100_000))
    for left_out in ("dagster", "work", "validated", "trace", "preview", "returns", "sample"):
        store.write_bytes(home / left_out / "x", b"x")
    store.write_bytes(home / "zjtx.log.1", b"x")
    (home / "link").symlink_to(config)
    store.write_bytes(config, "inbox: 收件\nledger: sqlite:///elsewhere.db\n".encode())
    store.write_bytes(tmp_path / "district" / "收件" / "2024Q4" / "secret.xlsx", b"x")
    return home, config


def kept(small, folder, **more):
    home, config = small
    return back_up(home, load_settings(config), config, folder, **more)


def test_kept_is_what_cannot_be_made_again_and_nothing_else(small, tmp_path):
    names = set(kept(small, tmp_path / "kept").contents.files)
    assert names == {"ledger.jsonl", "home/reports/2024Q4/manifest.json", "home/revisions/2024Q4/1/revision.json", "district/district.yaml"}


def test_what_is_a_link_or_lies_elsewhere_is_told_of(small, tmp_path):
    home, config = small
    (tmp_path / "seal.png").write_bytes((Path(__file__).parent / "seal.png").read_bytes())
    config.write_text("inbox: 收件\nletterhead: {seal: ../seal.png}\n", encoding="utf-8")
    assert kept(small, tmp_path / "kept").left == (str(tmp_path / "seal.png"), str(home / "link"))


def test_the_doors_certificate_and_key_are_not_kept_and_told_of_wherever_they_lie(small, tmp_path, monkeypatch, capsys):
    home, config = small
    monkeypatch.setenv("ZJTX_HOME", str(home))
    for name in ("zjtx.pem", "zjtx.key"):
        store.write_bytes(config.parent / "tls" / name, b"-----BEGIN")
    config.write_text("inbox: 收件\ndoor: {certificate: tls/zjtx.pem, key: tls/zjtx.key}\n", encoding="utf-8")
    assert cli.main(["backup", str(tmp_path / "kept"), "--config", str(config)]) == 0
    said = "".join(capsys.readouterr().err.split())
    (path,) = (tmp_path / "kept").glob("*.gz")
    assert not [name for name in examine(path).files if "tls" in name]
    assert cli.main(["restore", str(path), "--to", str(tmp_path / "new")]) == 0
    for told in (said, "".join(capsys.readouterr().out.split())):
        assert all(f"{config.parent}/tls/{name}" in told for name in ("zjtx.pem", "zjtx.key"))


def test_a_database_of_deliveries_beside_the_configuration_is_not_kept_and_told_of(small, tmp_path, monkeypatch, capsys):
    home, config = small
    monkeypatch.setenv("ZJTX_HOME", str(home))
    sqlite3.connect(config.parent / "报送.db").close()
    config.write_text("database: sqlite:///报送.db\n", encoding="utf-8")
    assert cli.main(["backup", str(tmp_path / "kept"), "--config", str(config)]) == 0
    said = "".join(capsys.readouterr().err.split())
    (path,) = (tmp_path / "kept").glob("*.gz")
    assert cli.main(["restore", str(path), "--to", str(tmp_path / "new")]) == 0
    for told in (said, "".join(capsys.readouterr().out.split())):
        assert f"{config.parent}/报送.db" in told



ENGLISH = re.compile(r"[A-Za-z]{3,}")


def test_what_the_operating_system_refuses_is_told_in_chinese(small, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    path = kept(small, tmp_path / "kept").path
    for refused in (lambda: kept(small, tmp_path / "file"), lambda: restore(path, tmp_path / "file" / "deeper" / "new")):
        with pytest.raises(ZjtxError) as told:
            refused()
        assert re.search("（(同名的文件已经有了|路径中有一级不是目录)）", str(told.value)) and not ENGLISH.search(str(told.value).replace(str(tmp_path / "file"), "").replace("deeper", ""))


@pytest.mark.parametrize("url", ["foo", "mysql://u@h/db", "nonsense://x/y"])
def test_a_wrong_option_is_called_an_option_and_nothing_is_made(url, small, tmp_path, capsys):
    path = kept(small, tmp_path / "kept").path
    assert cli.main(["restore", str(path), "--to", str(tmp_path / "new"), "--ledger", url]) == 2
    said = capsys.readouterr().err
    assert said.startswith("选项 --ledger ") and "配置" not in said and not (tmp_path / "new").exists()

def test_a_snapshot_that_appears_meanwhile_is_kept_if_its_look_is(small, tmp_path, monkeypatch):
    home, _ = small
    log = home / "snapshots" / "2024Q4" / "D01" / "looks.jsonl"
    store.write_bytes(log, b"")
    added = making_of_backups.write.__globals__["_added"]

    def added_late(tar, file):
        if file.path == log and not log.read_bytes():
            store.write_bytes(log.parent / "aa" / "snapshot.json", b"{}")
            store.write_bytes(log, b'{"digest": "aa"}')
        return added(tar, file)

    monkeypatch.setitem(making_of_backups.write.__globals__, "_added", added_late)
    assert "home/snapshots/2024Q4/D01/aa/snapshot.json" in kept(small, tmp_path / "kept").contents.files


def test_no_secret_of_the_environment_is_in_a_backup(small, tmp_path, monkeypatch):
    monkeypatch.setenv("ZJTX_SMTP_PASSWORD", "s3cret-of-the-post")
    made = kept(small, tmp_path / "kept")
    assert b"s3cret" not in gzip.decompress(made.path.read_bytes())


def test_an_sqlite_file_is_copied_as_of_one_moment_while_it_is_written(small, tmp_path):
    home, _ = small
    with closing(sqlite3.connect(home / "some.db")) as connection:
        connection.execute("CREATE TABLE mailings (address TEXT)")
        connection.execute("INSERT INTO mailings VALUES ('li@xs.gov.cn')")
        connection.commit()
        connection.execute("INSERT INTO mailings VALUES ('not yet')")
        made = kept(small, tmp_path / "kept")
    done = restore(made.path, tmp_path / "elsewhere")
    with closing(sqlite3.connect(done.home / "some.db")) as connection:
        assert connection.execute("SELECT * FROM mailings").fetchall() == [("li@xs.gov.cn",)]


def test_the_ledger_of_a_database_comes_back_as_a_file(small, tmp_path):
    _, config = small
    with ledger_of(small[0], load_settings(config).ledger) as ledger:
        sent(ledger)
        before = list(dump.lines(ledger))
    done = restore(kept(small, tmp_path / "kept").path, tmp_path / "elsewhere")
    assert rows(done.home) == before and done.rows == len(before) - 1
    assert not (done.folder / "ledger.jsonl").exists()


HELD = {
    "a file": ("", None),
    "a file, into a database": ("", "new.db"),
    "a database, into a file": ("ledger: sqlite:///old.db\n", None),
    "a database, into another": ("ledger: sqlite:///old.db\n", "new.db"),
}


@pytest.mark.parametrize(("before", "after"), HELD.values(), ids=HELD)
def test_what_waited_to_leave_waits_for_another_approval_whatever_held_the_ledger(before, after, small, tmp_path, capsys):
    """It may have left since the backup, and a ledger made again would not know."""
    home, config = small
    config.write_text(f"inbox: 收件\n{before}", encoding="utf-8")
    settings, url = load_settings(config), after and f"sqlite:///{tmp_path / after}"
    with ledger_of(home, settings.ledger) as ledger:
        issue = fill(ledger)
        with ledger.writing() as connection:
            mailings.claim(connection, issue, "<wang@zjtx>", "发送")
    if before:
        (home / "ledger.db.moved").write_bytes(b"of an older day")
    path = kept(small, tmp_path / "kept").path
    assert cli.main(["restore", str(path), "--to", str(tmp_path / "new"), *(["--ledger", url] if url else [])]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "2024Q4 有备份时还没有发出的信" in told and "zjtx request" in told
    with ledger_of(tmp_path / "new" / "home", url) as ledger, ledger.writing() as connection:
        states = {each.address: each.state for each in mailings.postings(connection, issue)}
        assert states == {"li@xs.gov.cn": "prepared", "wang@xs.gov.cn": "unknown"}
        assert mailings.waiting(connection, "9999") == [] and approvals.standing(connection, issue) == []
        assert approvals.use_code(connection, issue, "李四", "2222222222").startswith("没有发给李四")


def test_where_nothing_waited_a_restored_ledger_is_the_very_one_and_nothing_is_said_of_letters(small, tmp_path):
    home, config = small
    config.write_text("inbox: 收件\n", encoding="utf-8")
    with ledger_of(home) as ledger:
        sent(ledger)
    done = restore(kept(small, tmp_path / "kept").path, tmp_path / "new")
    assert rows(done.home) == rows(home) and done.withheld == ()


def test_reports_that_were_being_made_are_told_of(small, tmp_path):
    home, _ = small
    store.write_json(home / "reports" / "2024Q4" / "manifest.json", {"outputs": [{"name": "a.pdf", "sha256": "0", "bytes": 1}]})
    assert kept(small, tmp_path / "kept").contents.unfinished == ("2024Q4",)


def repacked(path, target, change):
    """The archive with its members changed, its list of digests as it was or as `change` makes it."""
    with tarfile.open(path) as old, tarfile.open(target, "w:gz") as new:
        for member in old:
            content = old.extractfile(member).read()
            for each, bytes_of_it in change(member, content):
                each.size = len(bytes_of_it)
                new.addfile(each, io.BytesIO(bytes_of_it))
    return target


def named(member, content, name):
    return [(member, content)] + ([(member.replace(name=name), content)] if "revision.json" in member.name else [])


def linked(member, content):
    link = tarfile.TarInfo("home/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc"
    return [(member, content)] + ([(link, b"")] if "revision.json" in member.name else [])


REPACKED = {
    "多出父目录里的文件": (lambda member, content: named(member, content, "home/../../out.txt"), "不该有"),
    "多出绝对路径": (lambda member, content: named(member, content, "/tmp/zjtx-out.txt"), "不该有"),
    "多出同名文件": (lambda member, content: [(member, content)] * 2 if "revision" in member.name else [(member, content)], "不该有"),
    "多出链接": (linked, "不该有"),
    "多出没有列出的文件": (lambda member, content: named(member, content, "home/reports/more.pdf"), "不完整或已损坏"),
    "改了一个字节": (lambda member, content: [(member, content[:-1] + b"!" if "revision" in member.name else content)], "不完整或已损坏"),
    "少一个文件": (lambda member, content: [] if "revision" in member.name else [(member, content)], "不完整或已损坏"),
    "少了清单": (lambda member, content: [] if member.name == "manifest.json" else [(member, content)], "不完整或已损坏"),
    "不是本程序的": (lambda member, content: [] if member.name == "zjtx-backup.json" else [(member, content)], "不是本程序的备份"),
    "更新的程序建的": (
        lambda member, content: [(member, content.replace(b'"format": 1', b'"format": 2') if "zjtx-backup" in member.name else content)], "先升级"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "told"), REPACKED.values(), ids=REPACKED)
def test_an_archive_that_somebody_changed_is_refused_and_nothing_is_left(change, told, small, tmp_path, capsys):
    path = repacked(kept(small, tmp_path / "kept").path, tmp_path / "changed.tar.gz", change)
    refused(["restore", str(path), "--to", str(tmp_path / "new" / "place")], told, capsys)
    assert not (tmp_path / "new").exists() and not (tmp_path / "out.txt").exists()
    refused(["verify", str(path)], told, capsys)


def refused(words, told, capsys):
    assert cli.main(words) == 2
    said = capsys.readouterr()
    (line,) = said.err.splitlines()
    assert told in line and said.out == ""


def test_an_archive_cut_short_or_damaged_anywhere_is_refused(small, tmp_path):
    whole = kept(small, tmp_path / "kept").path.read_bytes()
    assert len(whole) > 100_000
    path = tmp_path / "broken.tar.gz"
    for place in [0, 1, 9, 100, *range(1000, len(whole), 9973), len(whole) - 9, len(whole) - 1]:
        for broken in (whole[:place], whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]):
            path.write_bytes(broken)
            if place in (4, 5, 6, 7, 8, 9) and len(broken) == len(whole):
                continue  # the time and system in gzip's own head, which nobody reads
            with pytest.raises(ZjtxError, match="不完整或已损坏|不是本程序的备份"):
                examine(path)


def test_only_an_empty_or_a_new_folder_is_restored_into(small, tmp_path, capsys):
    path = kept(small, tmp_path / "kept").path
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    refused(["restore", str(path), "--to", str(tmp_path / "full")], "不是空目录", capsys)
    refused(["restore", str(tmp_path / "none.tar.gz"), "--to", str(tmp_path / "new")], "找不到备份文件", capsys)
    refused(["restore", str(tmp_path), "--to", str(tmp_path / "new")], "是目录", capsys)
    assert contents_of(tmp_path / "full") == {"mine": b"mine"}
    (tmp_path / "empty").mkdir()
    assert cli.main(["restore", str(path), "--to", str(tmp_path / "empty")]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"ZJTX_HOME={tmp_path}/empty/home ZJTX_CONFIG={tmp_path}/empty/district/district.yaml" in told and "ledger 一行删去" in told


def test_the_oldest_of_too_many_go_and_nothing_that_is_not_ours(small, tmp_path, monkeypatch):
    folder = tmp_path / "kept"
    first = kept(small, folder).path
    days = [folder / f"zjtx-202401{day:02}T190000Z.tar.gz" for day in range(1, 6)]
    for path in days:
        path.write_bytes(first.read_bytes())
    first.unlink()
    others = folder / "zjtx-20200101T000000Z.tar.gz"
    others.write_bytes(back_up(small[0], Settings(inbox=tmp_path, district="别区"), None, tmp_path / "other").path.read_bytes())
    stranger = folder / "zjtx-20200102T000000Z.tar.gz"
    stranger.write_text("a letter")
    made = kept(small, folder, keep=3)
    assert made.pruned == tuple(days[:3])
    assert {path for path in folder.glob("*.gz")} == {others, stranger, *days[3:], made.path}


def test_a_backup_that_cannot_be_finished_leaves_nothing_and_takes_nothing(small, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "kept"
    before = kept(small, folder).path

    def full(path, header, files):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(making_of_backups, "write", full)
    with pytest.raises(ZjtxError, match="备份没有做成.*剩余空间"):
        kept(small, folder, keep=1)
    assert [path.name for path in folder.iterdir() if path.name != ".zjtx-backup.lock"] == [before.name]


def garbage(path):
    path.write_bytes(b"none of SQLite's")


def emptied(path):
    path.write_bytes(b"")


def another(path):
    path.unlink()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE something (x)")


def damaged(path, first=4096):
    """Every page but the first ones is overwritten in its middle, as a failing disk may do."""
    content = bytearray(path.read_bytes())
    for start in range(first, len(content), 4096):
        content[start : start + 2000] = b"\xa5" * 2000
    path.write_bytes(content)


@pytest.mark.parametrize("broken", [garbage, emptied, another, damaged])
def test_a_ledger_that_is_none_any_more_is_not_called_backed_up_and_takes_no_good_one_away(broken, small, tmp_path, monkeypatch, capsys):
    home, config = small
    config.write_text(f"inbox: 收件\nbackup: {{folder: {tmp_path / 'kept'}, keep: 2}}\n", encoding="utf-8")
    monkeypatch.setenv("ZJTX_HOME", str(home))
    with ledger_of(home) as ledger:
        fill(ledger)
    good = kept(small, tmp_path / "kept").path
    for day in (1, 2):
        (tmp_path / "kept" / f"zjtx-2024010{day}T190000Z.tar.gz").write_bytes(good.read_bytes())
    before = contents_of(tmp_path / "kept")
    broken(home / NAME)
    refused(["backup", "--config", str(config)], "备份没有做成", capsys)
    assert contents_of(tmp_path / "kept") == before


def test_a_database_whose_pages_cannot_be_read_is_told_of_in_a_sentence(small, tmp_path):
    home, config = small
    with ledger_of(home, load_settings(config).ledger) as ledger:
        tables = (config.parent / "elsewhere.db").stat().st_size
        with ledger.writing() as connection:
            for number in range(200):
                issues.prepare(connection, "2024Q4", 1, f"{number:064}", [], {})
    damaged(config.parent / "elsewhere.db", tables)
    with pytest.raises(ZjtxError, match="elsewhere.db 损坏"):
        kept(small, tmp_path / "kept")


def test_what_a_killed_backup_left_is_swept_and_two_at_once_are_refused(small, tmp_path):
    folder = tmp_path / "kept"
    store.write_bytes(folder / ".zjtx-killed" / "part", b"half")
    with making_of_backups._alone(folder), pytest.raises(ZjtxError, match="正在进行"):
        kept(small, folder)
    kept(small, folder)
    assert not (folder / ".zjtx-killed").exists()


def test_a_backup_does_not_go_into_what_it_keeps(small, tmp_path):
    with pytest.raises(ZjtxError, match="在产物目录里面"):
        kept(small, small[0] / "backups")
    with pytest.raises(ZjtxError, match="不存在"):
        back_up(tmp_path / "nowhere", Settings(inbox=tmp_path), None, tmp_path / "kept")


def test_a_database_is_backed_up_and_restored_into_another(database, small, tmp_path):
    home, config = small
    with ledger_of(home, database) as ledger:
        sent(ledger)
    settings = load_settings(config).model_copy(update={"ledger": database})
    made = back_up(home, settings, config, tmp_path / "kept")
    before = rows(home, database)
    with pytest.raises(ZjtxError, match="已经有台账"):
        restore(made.path, tmp_path / "new", database)
    assert not (tmp_path / "new").exists()
    engine = sa.create_engine(database)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    done = restore(made.path, tmp_path / "new", database)
    assert rows(done.home, database) == before and not (done.home / NAME).exists()


def test_a_ledger_kept_as_a_file_is_restored_into_a_database(database, small, tmp_path):
    home, config = small
    config.write_text("inbox: 收件\n", encoding="utf-8")
    with ledger_of(home) as ledger:
        sent(ledger)
    done = restore(kept(small, tmp_path / "kept").path, tmp_path / "new", database)
    assert rows(done.home, database) == rows(home) and not (done.home / NAME).exists()


AT = datetime(2025, 3, 10, 1, tzinfo=UTC)  # nine in the morning in China
FRESH, OLD = "zjtx-20250308T203000Z.tar.gz", "zjtx-20250307T203000Z.tar.gz"
COMES = {
    "yesterday's": (FRESH, 30, None),
    "the day before's": (OLD, 30, "2025-03-08 04:30（北京时间）做的"),
    "none ever, by whoever": (None, 30, "从来没有备份过"),
    "none yet, in the first days": (None, 1, None),
    "none, on a disk that is gone": ("", 30, "一份备份也没有，或读不到"),
}


@pytest.mark.parametrize(("name", "days", "told"), COMES.values(), ids=COMES)
def test_a_backup_that_does_not_come_is_told_to_the_operators_once_a_day_whatever_should_have_made_it(name, days, told, small, tmp_path, mailbox):
    home, _ = small
    unattended.hold(home, AT.date())
    os.utime(home / unattended.IN_SERVICE, times=((AT - timedelta(days=days)).timestamp(),) * 2)
    if name is not None:
        path = kept(small, tmp_path / "kept").path
        path.rename(path.with_name(name)) if name else shutil.rmtree(tmp_path / "kept")
    known = made_issues.settings(mailbox.port).model_copy(update={"alerts": Alerts(operators=("ops@xs.example.gov.cn",))})
    for _ in range(2):
        overdue.tell(known, home, AT)
    texts = [letter.get_body().get_content() for _, letter in mailbox.letters]
    assert len(texts) == (told is not None) and all(told in text and "两天没有备份" in text for text in texts)


def test_the_daily_job_looks_for_backups_whatever_became_of_the_reminders(monkeypatch):
    from assets import unattended as daily

    seen = []
    monkeypatch.setattr(daily.unattended, "reminds_on", lambda *_: 1 / 0)
    monkeypatch.setattr(daily.overdue, "tell", lambda *given: seen.append(given))
    assert not daily.remind_departments.execute_in_process(raise_on_error=False).success and len(seen) == 1


def test_the_verb_writes_where_the_configuration_says_and_keeps_as_many(small, tmp_path, monkeypatch, capsys):
    home, config = small
    monkeypatch.setenv("ZJTX_HOME", str(home))
    refused(["backup", "--config", str(config)], "没有写备份到哪里", capsys)
    config.write_text("inbox: 收件\nbackup: {folder: ../盘, keep: 2}\n", encoding="utf-8")
    assert cli.main(["backup", "--config", str(config)]) == 0
    assert "已备份并读回核对" in capsys.readouterr().out
    (made,) = (tmp_path / "盘").glob("zjtx-*.tar.gz")
    assert cli.main(["verify", str(made)]) == 0 and "备份完整" in capsys.readouterr().out
    assert Path(made).stat().st_size > 100_000
