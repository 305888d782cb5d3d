"""Knows the shape of an award's clause: what sets it off, what it pays, and from when to when (R2).

Leaves counting the money to the module that tallies awards.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from zjtx_pipeline.rules.model import Dated, Exact, Rule


Population = Literal["在萧企业", "P2", "P3", "P4"]


class AwardTerms(Dated):
    """What a clause pays from one day to another (R2): yuan and rates exact, None where not stated."""

    amount: Exact | None = None
    rate: Exact | None = None
    cap: Exact | None = None
    cap_period: str | None = None
    unit: str
    population: Population
    stack_rule: Literal["累加", "就高", "补差"] | None = None
    reference: str

    @model_validator(mode="after")
    def _positive(self):
        stated = [value for value in (self.amount, self.rate, self.cap) if value is not None]
        if any(value <= 0 for value in stated):
            raise ValueError("金额、比例、上限须大于零；未明确的留空")
        if self.rate is not None and self.rate > 1:
            raise ValueError("比例写成小数，例如 20% 写 \"0.20\"")
        return self


class Trigger(Rule):
    """Which rows set an award off: their table, the column of the date, the key's columns, the values they bear.

    `reads`: of a table that several departments fill the columns beside the key's. With a `population` only rows of its firms set it off; the terms' own population merely says who is entitled.
    """

    table: str
    date: str
    key: tuple[str, ...] = ()
    where: dict[str, tuple[str, ...]] = {}
    base: str | None = None
    reads: tuple[str, ...] = ()
    population: Population | None = None
    text: str


class Award(Rule):
    """One of A01…A25. `amount`, `rate`, `cap` speak for the first terms; `terms_on` for those of a day.

    `ladder`: the awards of one ladder are levels of the same thing (补差 of B-11).
    """

    id: str
    task: int
    title: str
    department: str
    kind: Literal["fixed", "rate", "unstated", "price_rule", "tax_relief", "procurement_exemption"]
    measured: bool = False
    to_be_confirmed: str | None = None
    ladder: str | None = None
    trigger: Trigger
    terms: tuple[AwardTerms, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _terms_follow_each_other(self):
        if any(term.valid_from is None for term in self.terms):
            raise ValueError("每段条款都要写明起效日 from")
        for earlier, later in itertools.pairwise(self.terms):
            if earlier.valid_to is None or later.valid_from <= earlier.valid_to:
                raise ValueError("各段条款须按日期先后排列，不得重叠")
        return self

    @model_validator(mode="after")
    def _paid_as_its_kind(self):
        """What no formula of the clause would use is refused, so that nothing entered is silently left uncounted."""
        for refused, sentence in self._unused():
            if refused:
                raise ValueError(sentence)
        return self

    def _unused(self) -> Iterator[tuple[bool, str]]:
        amounts, rates, caps = (
            any(getattr(term, name) is not None for term in self.terms) for name in ("amount", "rate", "cap")
        )
        yield self.kind == "fixed" and rates, "本条款按定额计，只能写 amount，不能写 rate"
        yield self.kind == "rate" and amounts, "本条款按比例计，只能写 rate，不能写 amount"
        yield not self.is_grant and amounts, "本条款不是资金奖补，不能写 amount"
        yield not self.is_grant and caps, "本条款不是资金奖补，不能写 cap"
        yield not self.is_grant and self.kind != "price_rule" and rates, "本条款不是资金奖补，不能写 rate"
        yield self.kind == "price_rule" and len(self.terms) > 1, "起价按一个比例核对，只能改 rate，不能写后续条款"
        yield self.is_grant and rates and self.trigger.base is None, "报送数据没有本条款的计算基数，只能写 amount，不能写 rate"
        both = any(term.amount is not None and term.rate is not None for term in self.terms)
        yield both, "同一段条款按定额或者按比例计，amount 和 rate 只写其一，另一项写 null"
        idle = any(term.cap is not None and term.amount is None and term.rate is None for term in self.terms)
        yield self.is_grant and idle, "写了上限 cap 还须写 amount 或 rate，不然上限无从适用"

    @property
    def needs(self) -> tuple[str, ...]:
        """The tables, and the columns (`D20.新增租房补贴(人)`), without which nobody can say what set it off, or whom it is for."""
        asked = {self.trigger.population, *(terms.population for terms in self.terms)} - {None, "在萧企业"}
        beside = {"D13"} if self.trigger.table == "D14" else set()  # whose product it is
        reads = {f"{self.trigger.table}.{header}" for header in self.trigger.reads}
        return tuple(sorted({"D01", "D02", self.trigger.table} | beside | reads | ({"D04"} if asked else set())))

    def terms_on(self, day: date) -> AwardTerms | None:
        """The terms in force on a day, None outside all of them (期外)."""
        return next((terms for terms in self.terms if terms.holds_on(day)), None)

    @property
    def amount(self) -> Decimal | None:
        return self.terms[0].amount

    @property
    def rate(self) -> Decimal | None:
        return self.terms[0].rate

    @property
    def cap(self) -> Decimal | None:
        return self.terms[0].cap

    @property
    def cap_period(self) -> str | None:
        return self.terms[0].cap_period

    @property
    def unit(self) -> str:
        return self.terms[0].unit

    @property
    def population(self) -> str:
        return self.terms[0].population

    @property
    def reference(self) -> str:
        return self.terms[0].reference

    @property
    def valid_from(self) -> date:
        return self.terms[0].valid_from

    @property
    def valid_to(self) -> date | None:
        return self.terms[-1].valid_to

    @property
    def is_grant(self) -> bool:
        """Is it money out of a purse? A22, A24 and A25 are not and never appear in D06."""
        return self.kind in ("fixed", "rate", "unstated")
