"""Knows how letters are handed to the mail server, one recipient a message, never twice; leaves their content
to `letters` and the memory of it to `record`."""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from zjtx_pipeline import revisions, store
from zjtx_pipeline.delivery.letters import Letter, checked_address, header_safe, is_address, letter
from zjtx_pipeline.delivery.record import Record, issued
from zjtx_pipeline.errors import ZjtxError, cause
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.report import distribution
from zjtx_pipeline.settings import Recipient, Settings

TIMEOUT_SECONDS = 60
PASSWORD = "ZJTX_SMTP_PASSWORD"


@dataclass(frozen=True)
class Outcome:
    """What became of one recipient's letter.

    `sent`; `before`: nothing sent now; `failed`: no server; `refused`: by the server; `unknown`: a person has to
    ask the recipient; `written`: to a folder only.
    """

    recipient: Recipient
    state: str
    detail: str = ""


@dataclass(frozen=True)
class Issue:
    """What leaves: a revision of a quarter, None where its manifest names none, and who approved that."""

    quarter: Quarter
    revision: int | None
    approved_by: str


def send_quarter(
    settings: Settings,
    home: Path,
    quarter: Quarter,
    approved_by: str,
    dry_run: Path | None = None,
    revised: bool = False,
) -> list[Outcome]:
    """Post a quarter's reports, one message a recipient; an outcome each, in the configuration's order.

    Nothing leaves unless every recipient's address is allowed, the files are those of the manifest, they were made for the
    audience that is configured now, and what they correct of an earlier issue is told in them and approved. Who has had these
    files gets nothing; who has had others of this quarter gets these only with `revised`. With `dry_run` the messages are
    written there as `.eml` files and nothing is recorded.
    """
    if not header_safe(approved_by, "批准人姓名").strip():
        raise ZjtxError("没有写批准人姓名：请填写 --approved-by。")
    letters = _letters(settings, home, quarter)
    issue = Issue(quarter, store.read_json(_manifest(home, quarter)).get("revision"), approved_by)
    _refuse_uncorrected(home, issue)
    if dry_run:
        return [_write(dry_run, number, each) for number, each in enumerate(letters, start=1)]
    with closing(Record(home)) as record:
        due = [(each, _mailed_before(record, quarter, each, revised)) for each in letters]
        return [before or _send(settings, record, issue, each) for each, before in due]


def _refuse_uncorrected(home: Path, issue: Issue) -> None:
    """ZjtxError where figures differ from what recipients had last, and the reports do not say so, or nobody approved it."""
    quarter, others = issue.quarter, set(issued(home, issue.quarter)) - {issue.revision}
    this, last = (revisions.numbered(home, quarter, number) for number in (issue.revision, max(others, default=None)))
    if this is None or last is None or revisions.changes(last.figures, this.figures).empty:
        return
    about, again = f"{quarter} 这一版更正了已经发出的第 {last.number} 版", f"请重新运行 zjtx report {quarter}"
    if this.notice is None or this.notice["since"] != last.number:
        raise ZjtxError(f"{about}，报告里却没有更正说明：{again}。")
    if this.notice["order"] is None and revisions.ordered(home, quarter, last.number):
        raise ZjtxError(f"{about}，更正已经批准，报告里还没有印上：{again}。")
    if this.notice["order"] is None:
        raise ZjtxError(f"{about}，还没有批准：请先用 zjtx correct {quarter} --why 原因 --approved-by 姓名 记下批准，再重新运行 zjtx report {quarter}。")


def _letters(settings: Settings, home: Path, quarter: Quarter) -> list[Letter]:
    if not settings.delivery.recipients:
        raise ZjtxError("配置里没有收件人：请填写 delivery.recipients。")
    if not is_address(settings.delivery.sender):
        raise ZjtxError(f"发件地址“{settings.delivery.sender}”不是有效的邮箱地址：请填写 delivery.sender。")
    for recipient in settings.delivery.recipients:
        checked_address(recipient.address, settings.delivery.allowed_domains)
    reports = _sealed_reports(_manifest(home, quarter), quarter, settings)
    return [_letter(settings, quarter, recipient, reports) for recipient in settings.delivery.recipients]


def _letter(settings: Settings, quarter: Quarter, recipient: Recipient, reports: dict[Path, str]) -> Letter:
    theirs = [path for path in sorted(reports) if _is_for(settings, recipient, path)]
    if recipient.department and not any(path.parent.name == distribution.FOLDER for path in theirs):
        raise ZjtxError(f"{quarter} 的报告里没有{recipient.department}的分发材料：请重新运行 zjtx report {quarter}。")
    if not theirs:
        raise ZjtxError(f"{recipient.name}没有可发的报告：请检查 delivery.recipients 的 reports 和 department。")
    return letter(settings, quarter, recipient, theirs, store.digest(*(reports[path] for path in theirs)))


def _is_for(settings: Settings, recipient: Recipient, path: Path) -> bool:
    """Does a recipient get a file? What is made for a department goes to that department alone."""
    if path.parent.name != distribution.FOLDER:
        wanted = recipient.reports if recipient.reports is not None or recipient.department else range(100)
        return int(path.name[:2]) in (wanted or ())
    if not recipient.department:
        return False
    own = (distribution.file_name(name, settings.rules) for name in (recipient.department, distribution.TOWNS))
    return f"{distribution.FOLDER}/{path.name}" in (*own, *distribution.annex_names(recipient.department, settings.rules))


def _manifest(home: Path, quarter: Quarter) -> Path:
    return home / "reports" / str(quarter) / "manifest.json"


def _sealed_reports(manifest: Path, quarter: Quarter, settings: Settings) -> dict[Path, str]:
    """What can be sent of a quarter, PDFs and workbooks, with SHA-256, each exactly as the manifest has it."""
    import hashlib

    if not manifest.exists():
        raise ZjtxError(f"{quarter} 还没有完整的报告：请先运行 zjtx report {quarter}。")
    content = store.read_json(manifest)
    if content["draft"]:
        raise ZjtxError(f"{quarter} 的报告是草稿（季度未结束），不能发送。")
    made_for, own = content.get("digests", {}), {"district": settings.district_digest, "audience": settings.audience.digest}
    if made_for.get("district", own["district"]) != own["district"]:
        raise ZjtxError(f"{quarter} 的报告是另一个区县（或示例区）的，没有发送：请用本区县的 ZJTX_HOME，再运行 zjtx report {quarter}。")
    if made_for.get("audience", own["audience"]) != own["audience"]:
        raise ZjtxError(f"{quarter} 的分发材料不是按现在的 audience 配置做的：请重新运行 zjtx report {quarter}。")
    reports = {}
    for output in content["outputs"]:
        path = manifest.parent / output["name"]
        if path.suffix not in (".pdf", ".xlsx"):
            continue
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != output["sha256"]:
            raise ZjtxError(f"{path.name} 与清单 manifest.json 不符：请重新运行 zjtx report {quarter}。")
        reports[path] = output["sha256"]
    return reports


def _mailed_before(record: Record, quarter: Quarter, each: Letter, revised: bool) -> Outcome | None:
    """Why nothing is to be sent to this recipient now; None if the letter is due."""
    mailings = record.of(str(quarter), each.recipient.address)
    if any(row.state == "sending" for row in mailings):
        return Outcome(each.recipient, "unknown", "上次发送中断，是否送达不明：请先向收件人核实。")
    sent = {row.digest: row.changed_at for row in mailings if row.state == "sent"}
    if each.digest in sent:
        return Outcome(each.recipient, "before", f"已于 {sent[each.digest]} 发送")
    if sent and not revised:
        return Outcome(each.recipient, "before", "以前发过本季度的另一版：要发更正版请加 --revised。")
    return None


@contextmanager
def _server(settings: Settings) -> Iterator[smtplib.SMTP]:
    """A connection to the configured server, encrypted and logged in as configured; the password comes from
    the environment alone."""
    delivery = settings.delivery
    if not delivery.host:
        raise ZjtxError("配置里没有邮件服务器：请填写 delivery.host。")
    with ExitStack() as closing_time:
        try:
            server = _connect(delivery.host, delivery.port, delivery.security)
            closing_time.callback(server.close)
            if delivery.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if delivery.user:
                server.login(delivery.user, os.environ.get(PASSWORD, ""))
        except smtplib.SMTPAuthenticationError:
            raise ZjtxError(f"邮件服务器不接受用户名或密码：请检查 delivery.user 和环境变量 {PASSWORD}。") from None
        except (OSError, smtplib.SMTPException) as error:
            where = f"{delivery.host}:{delivery.port}（{_why(error)}）"
            raise ZjtxError(f"连不上邮件服务器 {where}，这一封没有发送。") from None
        yield server


def _connect(host: str, port: int, security: str) -> smtplib.SMTP:
    if security == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
    return smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)


def _send(settings: Settings, record: Record, issue: Issue, each: Letter) -> Outcome:
    """Hand one letter over, on a connection of its own so that a drop concerns no other letter."""
    try:
        with _server(settings) as server:
            return _hand_over(server, record, issue, each)
    except ZjtxError as error:
        return Outcome(each.recipient, "failed", str(error))


def _hand_over(server: smtplib.SMTP, record: Record, issue: Issue, each: Letter) -> Outcome:
    mailing = str(issue.quarter), each.recipient.address, each.digest
    record.begin(*mailing, issue.approved_by, issue.revision)
    try:
        server.send_message(each.message)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        detail = f"服务器拒收：{_reply(error)}"
        record.end(*mailing, "refused", detail)
        return Outcome(each.recipient, "refused", detail)
    except (OSError, smtplib.SMTPException) as error:
        # The drop may have come after the server took the letter: a person has to ask, no machine may resend.
        return Outcome(each.recipient, "unknown", f"发送中断（{_why(error)}），是否送达不明，请先核实")
    record.end(*mailing, "sent")
    return Outcome(each.recipient, "sent")


def _why(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "服务器不支持所配置的加密或登录方式"
    return f"服务器答复 {error.smtp_code}" if isinstance(error, smtplib.SMTPResponseException) else cause(error)


def _reply(error: smtplib.SMTPException) -> str:
    replies = getattr(error, "recipients", None)
    code, text = next(iter(replies.values())) if replies else (error.smtp_code, error.smtp_error)
    return f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"


def _write(folder: Path, number: int, each: Letter) -> Outcome:
    local_part = "".join(c if c.isalnum() else "_" for c in each.recipient.address)
    path = store.write_bytes(folder / f"{number:02d}-{local_part}.eml", bytes(each.message))
    return Outcome(each.recipient, "written", str(path))
