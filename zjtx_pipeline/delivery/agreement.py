"""Knows whose approvals of an issue count, and how many are needed; leaves giving them to `signoff`, the ledger's rows to `ledger`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from zjtx_pipeline.ledger import Issue, approvals
from zjtx_pipeline.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

SHELL, UI, BY_ITSELF = "命令行", "界面", "自动"  # where an approval was given
BY_NAME = "命令行（未用验证码）"


def needed(settings: Settings) -> int:
    return settings.delivery.approvals if settings.delivery.approval == "required" else 1


def counted(settings: Settings, given: Sequence[tuple[str, str]]) -> list[str]:
    """Of those who approved, who may: the system only where it is to send by itself, and of configured approvers who showed their code."""
    if settings.delivery.approval == "automatic":
        return [name for name, _ in given]
    named = {each.name for each in settings.delivery.approvers}
    return [name for name, channel in given if channel != BY_ITSELF and (not named or (name in named and channel != BY_NAME))]


def is_approved(connection: Connection, settings: Settings, issue: Issue) -> bool:
    """By as many as are needed of those that count."""
    return len(counted(settings, approvals.given(connection, issue))) >= needed(settings)
