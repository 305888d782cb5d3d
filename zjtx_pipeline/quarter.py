"""Knows calendar quarters and whose clock they go by; leaves to the rules which of them the plan covers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta, timezone

from zjtx_pipeline.errors import ZjtxError

CHINA = timezone(timedelta(hours=8))  # no summer time since 1991
_KEY = re.compile(r"([0-9]{4})Q([1-4])")
_SPELT = re.compile(r"([0-9]{4})(?:[-./年]?Q|年第?)([1-4一二三四])(季度?)?", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Quarter:
    """A calendar quarter, written `2024Q4`.

    >>> Quarter.parse("2024Q4") - 4
    Quarter(year=2023, number=4)
    >>> str(Quarter(2024, 4) + 1), Quarter(2025, 1) - Quarter(2024, 3)
    ('2025Q1', 2)
    """

    year: int
    number: int

    @classmethod
    def parse(cls, key: str) -> Quarter:
        """The quarter that a key such as `2024Q4` names; ZjtxError for anything else."""
        match = _KEY.fullmatch(key)
        if not match:
            raise ZjtxError(f"“{key}”不是季度：请写成“2024Q4”的样子（四位年份、字母 Q、1 至 4）。")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def spelt(cls, text: str) -> Quarter | None:
        """The quarter that a text without blanks names in any usual way; None where it names none.

        >>> [str(Quarter.spelt(text)) for text in ("2024q4", "2024-Q4", "2024年第四季度", "2024年4季度", "2024年4", "2024")]
        ['2024Q4', '2024Q4', '2024Q4', '2024Q4', 'None', 'None']
        """
        match = _SPELT.fullmatch(text)
        if not match or ("q" not in text.lower() and not match[3]):
            return None
        return cls(int(match[1]), "1234一二三四".index(match[2]) % 4 + 1)

    @classmethod
    def of(cls, day: date) -> Quarter:
        """The quarter that holds a day."""
        return cls(day.year, (day.month + 2) // 3)

    @property
    def first_day(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last_day(self) -> date:
        return (self + 1).first_day - timedelta(days=1)

    @property
    def year_start(self) -> date:
        return date(self.year, 1, 1)

    @property
    def chinese(self) -> str:
        """`2024年第四季度`, as a report's title says it."""
        return f"{self.year}年第{'一二三四'[self.number - 1]}季度"

    def __add__(self, quarters: int) -> Quarter:
        years, number = divmod(self.year * 4 + self.number - 1 + quarters, 4)
        return Quarter(years, number + 1)

    def __sub__(self, other):
        if isinstance(other, Quarter):
            return (self.year - other.year) * 4 + self.number - other.number
        return self + -other

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"


def quarters(first: Quarter, last: Quarter) -> list[Quarter]:
    """All quarters from the first to the last, both included."""
    return [first + step for step in range(last - first + 1)]
