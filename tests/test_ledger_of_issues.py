"""The ledger as a book: alike on SQLite and PostgreSQL, made and moved on by migrations, shared by processes, honest when it cannot be reached."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from database_server import postgresql
from made_issues import CLERK, LEADER, NAMES, QUARTER, reports, settings
from mail_server import open_mailbox
from sqlalchemy.exc import IntegrityError

from zjtx_pipeline import ledger
from zjtx_pipeline.delivery import accounts, send_quarter
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.ledger import PASSWORD, approvals, book, dump, issues, mailings
from zjtx_pipeline.ledger.issues import Line
from zjtx_pipeline.ledger.tables import APPROVALS, META
from zjtx_pipeline.settings import Settings

ROOT = Path(__file__).parents[1]
KINDS = ["SQLite", "PostgreSQL"]
_made = iter(range(1000))


@pytest.fixture(params=KINDS)
def url(request):
    """A database of one's own, empty; None is the file in the home."""
    return fresh(request.getfixturevalue("postgres")) if request.param == "PostgreSQL" else None


def fresh(server):
    """The address of a new database on a server."""
    name = f"ledger{next(_made)}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)


def line(address="a@x.gov.cn", report="00.pdf", number=1):
    return Line(address, report, "f" * 64, f"<zjtx-2024Q4-{'0' * 32}-{number}@x.gov.cn>")


def prepared(connection, digest="d" * 64, lines=None):
    return issues.prepare(connection, "2024Q4", 1, digest, lines or [line()], {})


def test_the_newest_migration_is_the_programs():
    script = ScriptDirectory(str(ROOT / "zjtx_pipeline" / "ledger" / "migrations"))
    assert script.get_heads() == [book.HEAD]


def test_migrating_makes_the_tables_that_the_program_knows(tmp_path, url):
    with ledger.opened(tmp_path, url) as opened, opened.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), META) == []
        assert set(sa.inspect(connection).get_table_names()) == {*META.tables, "alembic_version"}


def test_a_ledger_of_a_newer_program_is_left_alone(tmp_path, url):
    with ledger.opened(tmp_path, url) as opened, opened.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ZjtxError, match="更新的程序建的"), ledger.opened(tmp_path, url):
        pass


def test_a_row_of_no_issue_is_refused(tmp_path, url):
    with ledger.opened(tmp_path, url) as opened, pytest.raises(IntegrityError), opened.writing() as connection:
        connection.execute(sa.insert(APPROVALS).values(issue_id=77, approver="张三", channel="命令行", given_at="2025"))


def test_what_breaks_off_leaves_nothing(tmp_path, url):
    with ledger.opened(tmp_path, url) as opened:
        with pytest.raises(ZeroDivisionError), opened.writing() as connection:
            prepared(connection)
            raise ZeroDivisionError
        with opened.trying() as connection:
            prepared(connection)
        with opened.writing() as connection:
            assert issues.of_quarter(connection, "2024Q4") == []


def test_a_quarter_goes_its_whole_way(tmp_path, url):
    reports(tmp_path)
    with open_mailbox() as box:
        box.refused = {CLERK.address}
        one = settings(box.port, ledger=url)
        assert [each.state for each in send_quarter(one, tmp_path, QUARTER, "张三")] == ["sent", "refused"]
        assert [each.state for each in send_quarter(one, tmp_path, QUARTER, "张三")] == ["before", "refused"]
        box.refused, box.dropped = set(), {CLERK.address}
        assert [each.state for each in send_quarter(one, tmp_path, QUARTER, "张三")] == ["before", "unknown"]
        accounts.resolve(one, tmp_path, QUARTER, CLERK.address, arrived=True, by="李四")
    [account] = accounts.of_quarter(one, tmp_path, QUARTER)
    assert [(row[0], row[1], row[2]) for row in account.rows] == [(CLERK.address, NAMES[2], "已发送"), *((LEADER.address, name, "已发送") for name in NAMES)]


def test_a_letter_is_claimed_once_by_whatever_issue(tmp_path, url):
    with ledger.opened(tmp_path, url) as opened, opened.writing() as connection:
        first, second = prepared(connection), prepared(connection, "e" * 64)
        for issue in (first, second):
            approvals.give(connection, issue, "张三", "命令行", 1)
        number = line().message_id
        assert [mailings.claim(connection, each, number, "") for each in (first, first, second)] == [True, False, False]
        mailings.put_back(connection, first, number, "", "", claimed=True)
        assert [mailings.claim(connection, each, number, "") for each in (second, first)] == [True, False]


def test_what_another_process_claimed_is_not_put_back_or_refused_by_this_one(tmp_path, url):
    with ledger.opened(tmp_path, url) as opened, opened.writing() as connection:
        issue, number = prepared(connection), line().message_id
        approvals.give(connection, issue, "张三", "命令行", 1)
        mailings.claim(connection, issue, number, "")
        assert not mailings.put_back(connection, issue, number, "", "", claimed=False)
        assert not mailings.refuse(connection, issue, number, "", "", claimed=False)
        assert [row.state for row in mailings.of_issue(connection, issue)] == ["sending"]


def test_what_another_issue_had_ready_waits_for_its_approval_anew(tmp_path, url):
    with ledger.opened(tmp_path, url) as opened, opened.writing() as connection:
        first = prepared(connection)
        approvals.give(connection, first, "张三", "命令行", 1)
        prepared(connection, "e" * 64)
        assert [row.state for row in mailings.of_issue(connection, first)] == ["prepared"]
        assert approvals.standing(connection, first) == ["张三"]


def test_an_approval_stands_once_a_person(tmp_path, url):
    with ledger.opened(tmp_path, url) as opened, opened.writing() as connection:
        issue = prepared(connection)
        assert [approvals.give(connection, issue, name, "命令行", 2) for name in ("张三", "张三", "李四")] == [False, False, True]
        assert approvals.standing(connection, issue) == ["张三", "李四"]
        assert approvals.revoke(connection, issue, "张三", "张三", 2) and not approvals.revoke(connection, issue, "张三", "张三", 2)
        assert approvals.give(connection, issue, "张三", "界面", 2)


def another(settings):
    return settings.model_copy(update={"district": "杭州市滨江区"})


def states(settings, home):
    return {row[2] for account in accounts.of_quarter(settings, home, QUARTER) for row in account.rows}


def test_another_district_s_ledger_is_not_moved(tmp_path, monkeypatch, capsys):
    from zjtx_pipeline import cli

    with ledger.of_district(Settings(inbox="inbox", district="甲区"), tmp_path, claims=True):
        pass
    config = tmp_path / "district.yaml"
    config.write_text("district: 乙区\ninbox: inbox\nledger: sqlite:///elsewhere.db\n", encoding="utf-8")
    monkeypatch.setenv("ZJTX_HOME", str(tmp_path))
    assert cli.main(["move-ledger", "--config", str(config)]) == 2
    assert "台账是“甲区”的" in capsys.readouterr().err and (tmp_path / "ledger.db").exists() and not (tmp_path / "elsewhere.db").exists()
    config.write_text(config.read_text(encoding="utf-8").replace("乙区", "甲区"), encoding="utf-8")
    assert cli.main(["move-ledger", "--config", str(config)]) == 0


def test_a_ledger_of_one_district_is_refused_to_another_and_nothing_of_it_moves(tmp_path, url):
    reports(tmp_path)
    with open_mailbox() as box:
        box.busy = {LEADER.address, CLERK.address}
        one = settings(box.port, ledger=url)
        assert {each.state for each in send_quarter(one, tmp_path, QUARTER, "张三")} == {"later"}
        asked = [
            lambda other: send_quarter(other, tmp_path, QUARTER, "李四"),
            lambda other: accounts.of_quarter(other, tmp_path, QUARTER),
            lambda other: accounts.resolve(other, tmp_path, QUARTER, LEADER.address, arrived=True, by="李四"),
            lambda other: ledger.issued(tmp_path, QUARTER, other),
        ]
        for ask in asked:
            with pytest.raises(ZjtxError, match="^台账是“杭州市萧山区”的，这次的配置是“杭州市滨江区”：.*区县改名.*。$"):
                ask(another(one))
        box.busy = set()
        assert states(one, tmp_path) == {"待发送"} and {each.state for each in send_quarter(one, tmp_path, QUARTER)} == {"sent"}


def test_a_ledger_of_before_is_the_districts_that_first_sends_by_it_and_not_whosever_looks_at_it(tmp_path, url):
    made = book.engine_of(url, tmp_path / book.NAME)
    with made.begin() as connection:
        book.migrate(connection, "0001")
    made.dispose()
    reports(tmp_path)
    with open_mailbox() as box:
        one = settings(box.port, ledger=url)
        assert ledger.issued(tmp_path, QUARTER, another(one)) == []
        with pytest.raises(ZjtxError, match="还没有准备过发送"):
            accounts.of_quarter(another(one), tmp_path, QUARTER)
        assert {each.state for each in send_quarter(one, tmp_path, QUARTER, "张三")} == {"sent"}
    with pytest.raises(ZjtxError, match="台账是“杭州市萧山区”的"):
        accounts.of_quarter(another(one), tmp_path, QUARTER)


def test_a_renamed_district_goes_on_with_its_ledger_once_the_old_name_is_taken_out(tmp_path, url):
    reports(tmp_path)
    with open_mailbox() as box:
        one = settings(box.port, ledger=url)
        send_quarter(one, tmp_path, QUARTER, "张三")
        with ledger.opened(tmp_path, url) as opened, opened.writing() as connection:
            connection.exec_driver_sql("DELETE FROM owner")
        assert states(another(one), tmp_path) == {"已发送"}
        assert {each.state for each in send_quarter(another(one), tmp_path, QUARTER, "张三")} == {"before"}


OPENING = """
import sys, time
from pathlib import Path
from zjtx_pipeline import ledger
from zjtx_pipeline.ledger import databases
import alembic.command, alembic.config
print("ready", flush=True)
sys.stdin.readline()
with ledger.opened(Path(sys.argv[1]), sys.argv[2] or None) as book, book.writing() as connection:
    print(ledger.issues.of_quarter(connection, "2024Q4"), flush=True)
"""


def both(tmp_path, url, rounds=1):
    """Two processes that open a new ledger at one moment: what they ended with and said."""
    command = [sys.executable, "-P", "-c", OPENING, str(tmp_path), url or ""]
    pair = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=ENVIRONMENT) for _ in range(2)]
    for each in pair:
        assert each.stdout.readline() == "ready\n"
    for each in pair:
        each.stdin.write("\n")
        each.stdin.flush()
    return [(each.communicate(timeout=60), each.returncode) for each in pair]


ENVIRONMENT = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("attempt", range(3))
def test_two_processes_that_open_a_new_ledger_at_once_both_do(attempt, tmp_path, url):
    for (said, complaint), code in both(tmp_path, url):
        assert (said, code) == ("[]\n", 0), complaint


BAD = {
    "no URL": "this is none",
    "no such kind": "mongo://host/db",
    "a kind that cannot be locked": "mysql+pymysql://host/db",
    "memory that forgets": "sqlite://",
    "no database": "postgresql+psycopg://user@host",
    "a file below a file": "sqlite:////etc/hostname/ledger.db",
    "nobody there": "postgresql+psycopg://user@127.0.0.1:1/db",
    "no such host": "postgresql+psycopg://user@nowhere.invalid/db",
    "a plain name of the kind": "postgresql://user@127.0.0.1:1/db",
}


@pytest.mark.parametrize("address", BAD.values(), ids=BAD)
def test_an_address_that_holds_no_ledger_is_one_sentence(address, tmp_path):
    with pytest.raises(ZjtxError, match="^(配置中的 ledger|台账数据库打不开).*。$"), ledger.opened(tmp_path, address):
        pass
    assert not list(tmp_path.iterdir())


DAMAGED = "^台账 {place} 损坏，或不是台账：.*改名留存.*“恢复”一节.*。$"


@pytest.mark.parametrize("name", ["ledger.db", "mailings.db"])
def test_a_file_that_is_no_database_is_told_with_its_place_and_what_to_do(name, tmp_path):
    (tmp_path / name).write_bytes(b"no database at all" * 100)
    with pytest.raises(ZjtxError, match=DAMAGED.format(place=tmp_path / name)), ledger.opened(tmp_path):
        pass


def test_a_ledger_with_a_damaged_page_is_told_so_and_its_dump_too(tmp_path):
    with ledger.opened(tmp_path) as opened:
        with opened.writing() as connection:
            issue = prepared(connection)
            root = connection.exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE name = 'mailings'").scalar()
        with (tmp_path / "ledger.db").open("r+b") as file:
            file.seek((root - 1) * 4096)
            file.write(b"x" * 4096)
        sentence = DAMAGED.format(place=tmp_path / "ledger.db")
        with pytest.raises(ZjtxError, match=sentence), opened.writing() as connection:
            mailings.of_issue(connection, issue)
        with pytest.raises(ZjtxError, match=sentence):
            list(dump.lines(opened))


def test_a_ledger_that_another_program_holds_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setattr("zjtx_pipeline.ledger.databases.BUSY_SECONDS", 0.1)
    with ledger.opened(tmp_path):
        pass
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ZjtxError, match=f"^台账 {tmp_path / 'ledger.db'} 被另一个程序占用.*再试.*。$"), ledger.opened(tmp_path):
            pass


def test_a_full_disk_is_one_sentence_and_nothing_half_written(tmp_path):
    with ledger.opened(tmp_path) as opened:
        with opened.writing() as connection:
            prepared(connection)
        pages = opened.engine.connect
        sa.event.listen(opened.engine, "connect", lambda connection, record: connection.execute(f"PRAGMA max_page_count = {size(tmp_path)}"))
        with pytest.raises(ZjtxError, match="写不进或读不出（磁盘已满）：请检查磁盘空间"), opened.writing() as connection:
            prepared(connection, "e" * 64, [line(f"{number}@x.gov.cn") for number in range(900)])
        assert pages
        with opened.writing() as connection:
            assert len(issues.of_quarter(connection, "2024Q4")) == 1


def size(home):
    return (home / "ledger.db").stat().st_size // 4096


def test_a_home_with_odd_signs_in_its_name_holds_its_ledger(tmp_path):
    home = tmp_path / "区 县?#%20&x"
    with ledger.opened(home):
        assert (home / "ledger.db").exists()


def test_an_account_that_may_make_no_tables_is_told_so(tmp_path, postgres):
    url = fresh(postgres)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE ROLE clerk LOGIN")
        connection.exec_driver_sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    engine.dispose()
    with pytest.raises(ZjtxError, match="账号的建表权限"), ledger.opened(tmp_path, str(sa.make_url(url).set(username="clerk"))):
        pass


def test_the_password_comes_from_the_environment_and_is_told_to_nobody(tmp_path, postgres, monkeypatch):
    url = sa.make_url(fresh(postgres))
    engine = sa.create_engine(postgres)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE ROLE keeper LOGIN SUPERUSER PASSWORD 'a-made-up-password'")
        hba = Path(connection.exec_driver_sql("show hba_file").scalar())
        kept = hba.read_text()
        hba.write_text("local all keeper scram-sha-256\nhost all keeper all scram-sha-256\n" + kept)
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    engine.dispose()
    address = url.set(username="keeper", password=None).render_as_string(hide_password=False)
    reasons = {
        "a-wrong-password": (address, "不接受这个用户名或口令"),
        "": (address, "却没有设置"),
        "a-made-up-password": (url.set(username="keeper", password=None, database="nowhere").render_as_string(hide_password=False), "没有 .*/nowhere 这个库"),
        "any": ("postgresql://keeper@127.0.0.1:1/db", "127.0.0.1:1/db 的端口上没有数据库在听"),
    }
    for password, (there, said) in reasons.items():
        monkeypatch.setenv(PASSWORD, password)
        with pytest.raises(ZjtxError, match=f"^台账数据库打不开：.*{said}.*。$"), ledger.opened(tmp_path, there):
            pass
    monkeypatch.setenv(PASSWORD, "a-wrong-password")
    with pytest.raises(ZjtxError, match="ZJTX_LEDGER_PASSWORD") as refused, ledger.opened(tmp_path, address):
        pass
    assert "wrong-password" not in str(refused.value) and refused.value.__suppress_context__
    monkeypatch.setenv(PASSWORD, "a-made-up-password")
    with ledger.opened(tmp_path, address) as opened:
        assert "a-made-up-password" not in repr(opened.engine)


def test_a_server_that_dies_at_work_is_one_sentence(tmp_path):
    with postgresql() as server, ledger.opened(tmp_path, server) as opened:
        with opened.writing() as connection:
            prepared(connection)
        with pytest.raises(ZjtxError, match="台账数据库写不进或读不出"), opened.writing() as connection:
            connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        with opened.writing() as connection:  # another connection is made
            assert len(issues.of_quarter(connection, "2024Q4")) == 1


def test_who_posts_is_alone_and_the_lock_ends_with_a_fault(tmp_path, url):
    with ledger.opened(tmp_path, url) as opened:
        with pytest.raises(ZeroDivisionError), opened.alone():
            raise ZeroDivisionError
        with ledger.opened(tmp_path, url) as other, other.alone(), other.writing() as connection:
            prepared(connection)
