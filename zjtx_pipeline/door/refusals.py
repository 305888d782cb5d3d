"""Knows how a request is refused: with which status, in which sentence, and what was asked for; leaves showing it to `answers`."""

from __future__ import annotations

from zjtx_pipeline.door.roles import Action, Role


class Refused(Exception):
    """The door does not let this through; `sentence` is for the person who asked, action and target for the audit log."""

    def __init__(self, status: int, sentence: str, action: str = "", target: str = "") -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.action, self.target = status, sentence, action, target


def not_allowed(action: Action, allowed: frozenset[Role], target: str = "") -> Refused:
    """For somebody logged in whose roles do not reach so far."""
    if not allowed:
        return Refused(403, f"不能在这里{action}：这项操作对任何人都不开放。", action, target)
    return Refused(403, f"您没有“{action}”的权限：需要“{'”或“'.join(sorted(allowed))}”角色，请联系管理员。", action, target)
