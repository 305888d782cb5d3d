"""Knows what a letter to one recipient says and holds, and how it becomes messages that a server takes; leaves handing them over to `post`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

from zjtx_pipeline import store
from zjtx_pipeline.delivery.addresses import checked, header_safe, may_have_reports, sender
from zjtx_pipeline.delivery.sealed import Sealed, gets_overall, tasks_of
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Recipient, Settings

NOTICE = "通知"  # stands for the report in the ledger where a letter holds none
_KINDS = {".pdf": "pdf", ".xlsx": "vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
_ENCODED = 1.4  # base64 and its line ends
_ROOM_FOR_TEXT = 100_000


@dataclass(frozen=True)
class Letter:
    """What one recipient gets: texts, and files by their names within the quarter with SHA-256; `erratum`: the revision it corrects."""

    recipient: Recipient
    subject: str
    text: str
    html: str
    files: dict[str, str]
    erratum: int | None = None

    @property
    def digest(self) -> str:
        """Of every byte that the recipient would see."""
        named = [part for pair in self.files.items() for part in pair]
        return store.digest(self.recipient.name, self.recipient.address, self.subject, self.text, self.html, *named)


@dataclass(frozen=True)
class Part:
    """One message of a letter: some letters are too large for one. `message_id`: the same for the same, whoever posts it whenever."""

    letter: Letter
    number: int
    of: int
    files: tuple[str, ...]
    message_id: str

    def message(self, settings: Settings, sealed: Sealed) -> EmailMessage:
        letter, message = self.letter, EmailMessage(policy=SMTP)
        counted = f"（之{self.number}，共{self.of}封）" if self.of > 1 else ""
        message["Subject"] = header_safe(letter.subject + counted, "邮件标题")
        message["From"] = checked(settings.bureau, sender(settings.delivery), "发件单位")
        message["To"] = checked(letter.recipient.name, letter.recipient.address, "收件人姓名")
        message["Message-ID"] = self.message_id
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text, cte="base64")
        message.add_alternative(letter.html, subtype="html", cte="base64")
        for name in self.files:
            path = sealed.folder / name
            message.add_attachment(sealed.content(name), maintype="application", subtype=_KINDS[path.suffix], filename=path.name)
        return message


def letter(settings: Settings, sealed: Sealed, recipient: Recipient, erratum: int | None, wanted: frozenset[str] | None = None) -> Letter:
    """The letter to a recipient, with all that is theirs or so many of their files as are wanted; without files where the mailbox is a
    public one. ZjtxError: it may not be sent."""
    entitled = may_have_reports(recipient.address, settings.delivery)
    checked(recipient.name, recipient.address, "收件人姓名")
    theirs = sealed.of(recipient, settings) if entitled else {}
    files = {name: sha256 for name, sha256 in theirs.items() if wanted is None or name in wanted}
    title = header_safe(subject(settings, sealed, erratum), "邮件标题")
    about = {
        "name": recipient.name,
        "subject": title,
        "sample": settings.sample,
        "erratum": erratum,
        "district": settings.district,
        "bureau": settings.bureau,
        "quarter": sealed.quarter.chinese,
        "files": [name.rpartition("/")[2] for name in files],
        "counted": f"共 {len(files)} 份",
        "parts": _parts(settings, sealed, recipient) if entitled else [],
        "last_day": f"{sealed.quarter.last_day:%Y-%m-%d}",
    }
    text, html = (_rendered(f"email/letter.{kind}", about) for kind in ("txt", "html"))
    return Letter(recipient, title, text, html, files, erratum)


def subject(settings: Settings, sealed: Sealed, erratum: int | None = None) -> str:
    marks = ("【示例数据】" if settings.sample else "") + ("【更正】" if erratum else "")
    return f"{marks}{settings.district}“专精特新”企业梯度培育进展报告（{sealed.quarter.chinese}）"


def _parts(settings: Settings, sealed: Sealed, recipient: Recipient) -> list[tuple[str, list[str]]]:
    """The summary: of the recipient's own tasks alone; what turned and what needs a decision for readers of the overall report."""
    told, tasks = sealed.synopsis, tasks_of(recipient, settings)
    targets = [f"{each['name']}：{each['now']}，目标{each['target']}（{each['due']}），{each['light']}" for each in told.get("targets", ()) if each["task"] in tasks]
    parts = [("量化目标", targets)]
    if gets_overall(recipient):
        parts += [("亮灯变化", told.get("turned", [])), ("需决策事项", told.get("decisions", []))]
    return [(title, lines) for title, lines in parts if lines]


def parts(letter: Letter, settings: Settings, sealed: Sealed) -> list[Part]:
    """A letter's messages, each within `delivery.largest_letter_mb`; ZjtxError where one file alone is larger."""
    room = settings.delivery.largest_letter_mb * 1_000_000 - _ROOM_FOR_TEXT
    loads: list[list[str]] = [[]]
    left = room
    for name in letter.files:
        size = int((sealed.folder / name).stat().st_size * _ENCODED)
        if size > room:
            raise ZjtxError(f"{name} 太大，一封邮件（{settings.delivery.largest_letter_mb} MB）装不下：请调大 delivery.largest_letter_mb。")
        if size > left:
            loads, left = [*loads, []], room
        loads[-1].append(name)
        left -= size
    numbered = enumerate(loads, start=1)
    return [Part(letter, number, len(loads), tuple(load), _message_id(letter, number, load, settings, sealed)) for number, load in numbered]


def _message_id(letter: Letter, number: int, files: Iterable[str], settings: Settings, sealed: Sealed) -> str:
    domain = sender(settings.delivery).rpartition("@")[2]
    return f"<zjtx-{sealed.quarter}-{store.digest(letter.digest, *files)[:32]}-{number}@{domain}>"


def _rendered(name: str, about: dict) -> str:
    from zjtx_pipeline.report.pages import shipped

    return shipped().rendered(name, letter=about)
