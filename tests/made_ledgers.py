"""Makes ledgers with something in them, and reads them as lines, for the tests of what keeps, moves and makes them again."""

from zjtx_pipeline.ledger import approvals, dump, issues, mailings
from zjtx_pipeline.ledger import opened as ledger_of


def fill(ledger):
    """An issue with its mailings, approval, code and history."""
    with ledger.writing() as connection:
        lines = [issues.Line(f"{who}@xs.gov.cn", "00-总报告.pdf", "0" * 64, f"<{who}@zjtx>") for who in ("li", "wang")]
        issue = issues.prepare(connection, "2024Q4", 1, "a" * 64, lines, {})
        approvals.keep_code(connection, issue, "李四", approvals.new_code(), 72)
        approvals.give(connection, issue, "李四", "命令行", 1)
        return issue


def sent(ledger):
    """The same, and both letters have left."""
    issue = fill(ledger)
    with ledger.writing() as connection:
        for each in mailings.postings(connection, issue):
            mailings.claim(connection, issue, each.message_id, "发送")
            mailings.settle(connection, issue, each.message_id, "sent")


def rows(home, url=None):
    with ledger_of(home, url) as ledger:
        return list(dump.lines(ledger))


def elsewhere(folder):
    """The address of another SQLite file, as good a database as any."""
    return f"sqlite:///{folder / 'database.db'}"
