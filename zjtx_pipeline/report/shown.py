"""Knows one figure as paper may show it: now, a quarter ago, and what changed between.

Leaves rounding to `formats`, withholding to `privacy`, and tables to `figure_rows`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from zjtx_pipeline.progress import CARRIED, Progress
from zjtx_pipeline.report import formats
from zjtx_pipeline.report.inputs import Measured, ReportInputs
from zjtx_pipeline.report.privacy import withheld
from zjtx_pipeline.rules import Indicator, Part

UNMEASURED, NEW_YEAR, SAME = "尚未测算", "新年度", "持平"
YEAR = "年度="


@dataclass(frozen=True, eq=False)
class Shown:
    """The figure of one part of an indicator, in total or for one value of a breakdown."""

    inputs: ReportInputs
    indicator: Indicator
    part: Part
    breakdown: str = ""

    @property
    def id(self) -> str:
        """`T04-4a`, or `T09-1a 年度=2023`: what to ask a trace for."""
        return f"{self.indicator.id}{self.part.letter} {self.breakdown}".strip()

    @property
    def progress(self) -> Progress | None:
        return self._in(self.inputs.now)

    @property
    def value(self) -> Fraction | None:
        return _value(self.progress)

    @property
    def value_then(self) -> Fraction | None:
        return _value(self._in(self.inputs.before))

    @property
    def now(self) -> str:
        """The number, or the word that stands for it: its status, or what is put in place of a withheld one."""
        if self.value is None:
            return self.progress.figure.status if self.progress else UNMEASURED
        return self._withheld(self.inputs.now) or formats.printed(self.value, self.part.unit)

    @property
    def then(self) -> str:
        """The number of a quarter ago; a dash where there was none."""
        if self.value_then is None:
            return formats.NOTHING
        return self._withheld(self.inputs.before) or formats.printed(self.value_then, self.part.unit)

    @property
    def now_in_full(self) -> str:
        return self._with_unit(self.now)

    @property
    def then_in_full(self) -> str:
        return self._with_unit(self.then)

    @property
    def change(self) -> str:
        """较上季; a count of the year begins anew in its first quarter and is not compared then."""
        if self.value is None or self.value_then is None or self.is_carried:
            return formats.NOTHING
        if self._withheld(self.inputs.now) or self._withheld(self.inputs.before):
            return formats.NOTHING
        if self.part.period == "Y" and self.inputs.quarter.number == 1 and not self.breakdown.startswith(YEAR):
            return NEW_YEAR
        return formats.difference(self.value, self.value_then, self.part.unit)

    @property
    def is_carried(self) -> bool:
        """Is the number last quarter's, its table not having been delivered?"""
        return self.progress is not None and self.progress.figure.status == CARRIED

    @property
    def has_changed(self) -> bool:
        return self.change not in (formats.NOTHING, NEW_YEAR, SAME)

    @property
    def told(self) -> str:
        """Of which settled year and of whom the number is, where what was delivered decides: `2022年度，汇总范围：全区`."""
        if self.value is None or self._withheld(self.inputs.now):
            return ""
        figure = self.progress.figure
        said = [f"{figure.year}年度" if figure.year else "", f"汇总范围：{figure.scope}" if figure.scope else ""]
        return "，".join(filter(None, said))

    @property
    def is_shown(self) -> bool:
        """Is there a value, and may it be printed?"""
        return self.value is not None and not self._withheld(self.inputs.now)

    @property
    def is_number(self) -> bool:
        """Is there a number other than nought to show?"""
        return bool(self.value) and self.now[-1].isdigit()

    @property
    def name(self) -> str:
        """The indicator's title, and the part where there are several."""
        several = len(self.indicator.parts) > 1
        return f"{self.indicator.title}（{'，'.join(self._part_and_caveat)}）" if several else self.indicator.title

    @property
    def part_name(self) -> str:
        """What stands under the indicator's title; 应兑 is always 测算应兑（未经审核） (`indicators.md`)."""
        name, *caveat = self._part_and_caveat
        return name + "".join(f"（{each}）" for each in caveat)

    @property
    def full_name(self) -> str:
        """As `part_name`, where the indicator's title does not stand above."""
        return f"{self.indicator.title}·{self.part_name}" if len(self.indicator.parts) > 1 else self.indicator.title

    @property
    def _part_and_caveat(self) -> tuple[str, ...]:
        return ("测算应兑", "未经审核") if self.part.nature == "entitled" else (self.part.name,)

    def of(self, breakdown: str) -> Shown:
        """The same part for one value of a breakdown."""
        return replace(self, breakdown=breakdown)

    def _in(self, measured: Measured | None) -> Progress | None:
        return measured.get(self.indicator.id, self.part.letter, self.breakdown) if measured else None

    def _withheld(self, measured: Measured | None) -> str | None:
        return withheld(self.inputs, measured, self.indicator, self.part, self.breakdown)

    def _with_unit(self, text: str) -> str:
        return text + formats.printed_unit(self.part.unit) if text[-1].isdigit() else text


def _value(progress: Progress | None) -> Fraction | None:
    return None if progress is None or progress.figure.value is None else Fraction(progress.figure.value)


def parts_of(inputs: ReportInputs, indicators: list[Indicator]) -> list[Shown]:
    """Every part of some indicators, in printed order."""
    return [Shown(inputs, each, part) for each in indicators for part in each.parts.values()]


def first_of(inputs: ReportInputs, indicator: Indicator) -> Shown:
    """Part a of an indicator."""
    return Shown(inputs, indicator, indicator.parts["a"])


def bearing(inputs: ReportInputs, indicator: Indicator) -> Shown:
    """The figure that a target is held against: the total; once a yearly target's term is over, its last year."""
    total = first_of(inputs, indicator)
    if total.progress is None or total.progress.target is not None:
        return total
    rows = inputs.rules.breakdown_rows(total.part, inputs.quarter.year)
    years = [total.of(row) for row in rows if row.startswith(YEAR)]
    borne = [year for year in years if year.progress and year.progress.target is not None]
    return borne[-1] if borne else total
