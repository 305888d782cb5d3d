"""Knows what a configuration says of the office: who sees what, its fonts, what stands above and under its reports, which days it works;
leaves printing to `report`.
"""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

from pydantic import Field, field_validator

from zjtx_pipeline.settings.part import Part, Place, quarter_key
from zjtx_pipeline.workdays import Announced


class Audience(Part):
    """Which departments see which part of what is made for departments; None: each of them. `firms`, award units by firm, and
    `titles`, whose title runs out and who might rise, are seen by those named alone (datasets.md 5.4)."""

    tasks: tuple[str, ...] | None = None
    figures: tuple[str, ...] | None = None
    awards: tuple[str, ...] | None = None
    firms: tuple[str, ...] = ("区经信局", "区财政局")
    titles: tuple[str, ...] = ("区经信局",)
    texts: tuple[str, ...] | None = None
    quality: tuple[str, ...] | None = None

    def sees(self, department: str, part: str) -> bool:
        chosen = getattr(self, part)
        return chosen is None or department in chosen

    @property
    def digest(self) -> str:
        """Of who sees what: what was made for others than those named now must not leave."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class Fonts(Part):
    """The office's own licensed font files, by what they print; where none is named, a bundled one prints it."""

    body: Place | None = None
    heading: Place | None = None
    subheading: Place | None = None
    title: Place | None = None

    @property
    def named(self) -> dict[str, Path]:
        return {use: path for use, path in self if path is not None}


class Holidays(Part):
    """Days off and days worked of a year that the installed calendar does not know yet, as 国务院办公厅 announced them: all of `rest`, and
    of `work` the Saturdays and Sundays. What stands here counts before the calendar."""

    rest: tuple[date, ...] = ()
    work: tuple[date, ...] = ()

    @property
    def announced(self) -> Announced:
        return Announced(frozenset(self.rest), frozenset(self.work))


class Letterhead(Part):
    """What the office sets above and under its reports, if it wishes: `head` in red, `numbers` by quarter, the picture of its `seal`."""

    head: str = Field("", max_length=20)
    numbers: dict[str, str] = {}
    seal: Place | None = None

    @field_validator("numbers")
    @classmethod
    def _quarters(cls, numbers: dict[str, str]) -> dict[str, str]:
        return {quarter_key(key): number for key, number in numbers.items()}
