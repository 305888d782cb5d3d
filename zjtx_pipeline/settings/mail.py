"""Knows what a configuration says of mail: who gets what, who approves, how it leaves, who is told; leaves sending to `delivery`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from zjtx_pipeline.settings.part import Part, Place

PUBLIC_MAILBOXES = (
    "qq.com", "foxmail.com", "163.com", "126.com", "yeah.net", "sina.com", "sina.cn", "sohu.com", "139.com", "189.cn", "aliyun.com",
    "gmail.com", "outlook.com", "hotmail.com",
)  # fmt: skip


class Recipient(Part):
    """Who gets what: `reports` names task numbers, 0 the overall report; `department` adds what is made for that department alone.

    Without either all fifteen reports; with a department alone nothing but its own.
    """

    name: str = Field(min_length=1)
    address: str
    reports: tuple[int, ...] | None = None
    department: str = ""


class Approver(Part):
    """Who may approve what leaves; the one-time codes go to this address alone."""

    name: str = Field(min_length=1, max_length=30)
    address: str


class Delivery(Part):
    """How mail leaves, and who has to agree: the server's password comes from the environment variable ZJTX_SMTP_PASSWORD alone.

    `approval`: 批准 (by as many `approvers` as `approvals` says) or 自动 (a scheduled run's reports leave by themselves). Reports go to
    `allowed_domains` alone; a mailbox of `notice_domains` is told that there are some, without figures or files.
    """

    host: str = ""
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    sender: str = ""
    allowed_domains: tuple[str, ...] = ("gov.cn",)
    notice_domains: tuple[str, ...] = PUBLIC_MAILBOXES
    recipients: tuple[Recipient, ...] = ()
    approval: Literal["required", "automatic"] = "required"
    approvers: tuple[Approver, ...] = ()
    approvals: int = Field(1, ge=1, le=2)
    code_hours: int = Field(72, ge=1, le=24 * 14)
    largest_letter_mb: int = Field(20, ge=1, le=100)
    bounces: Place | None = None


class Alerts(Part):
    """Whom the system tells what it cannot mend itself, and on which working days departments are reminded, counted from their deadline."""

    operators: tuple[str, ...] = ()
    remind_before: tuple[int, ...] = (3, 1)
    remind_after: tuple[int, ...] = (1, 3)
    keep_runs_days: int = Field(400, ge=30)
