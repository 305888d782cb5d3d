"""Knows a district's settings as a whole, and where its home is; leaves their parts to the modules beside it, reading to `reading`."""

from __future__ import annotations

import hashlib
import os
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from zjtx_pipeline.quarter import Quarter, quarters
from zjtx_pipeline.rules import Rules, load_rules
from zjtx_pipeline.settings.mail import Alerts, Delivery
from zjtx_pipeline.settings.office import Audience, Fonts, Holidays, Letterhead
from zjtx_pipeline.settings.part import Database, Part, Place, QuarterKey
from zjtx_pipeline.settings.service import Backup, Door
from zjtx_pipeline.settings.sources import Gateway
from zjtx_pipeline.tables import load_tables
from zjtx_pipeline.workdays import is_workday, workday_after

Absence = Literal["待补", "沿用上期"]
OVERLAYS = ("readings", "awards", "targets", "baselines", "lists", "lights")


class Settings(Part):
    """A district's configuration; paths in it count from the file's own folder."""

    district: str = "杭州市萧山区"
    bureau: str = "区经信局"
    inbox: Place | None = None
    database: Database | None = None
    gateway: Gateway | None = None
    sample: bool = False
    follow_until: QuarterKey = "2027Q4"
    file_pattern: str = "{table}_{sender}"
    quarter_column: str = "数据期"
    sender_column: str = "报送部门"
    received_column: str = "报送时间"
    delivery_deadline_workday: int = Field(10, ge=1, le=60)
    report_workday: int = Field(11, ge=1, le=60)
    holidays: Holidays = Holidays()
    report_time: str = Field("08:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    minimum_sum_firms: int = 3
    missing: Absence | dict[str, Absence] = "待补"
    ledger: Database | None = None
    delivery: Delivery = Delivery()
    alerts: Alerts = Alerts()
    backup: Backup = Backup()
    audience: Audience = Audience()
    door: Door = Door()
    town_ranks: bool = False
    fonts: Fonts = Fonts()
    letterhead: Letterhead = Letterhead()
    readings: dict[str, Any] = {}
    awards: dict[str, Any] = {}
    targets: dict[str, Any] = {}
    baselines: dict[str, Any] = {}
    lists: dict[str, Any] = {}
    lights: dict[str, Any] = {}

    @property
    def district_digest(self) -> str:
        """Whose reports are whose: the district's name, and whether it is the sample."""
        return hashlib.sha256(f"{self.district}\n{self.sample}".encode()).hexdigest()

    @field_validator("missing")
    @classmethod
    def _tables(cls, chosen: Absence | dict[str, Absence]) -> Absence | dict[str, Absence]:
        unknown = set() if isinstance(chosen, str) else set(chosen) - set(load_tables())
        if unknown:
            raise PydanticCustomError("unknown_table", "no such table")
        return chosen

    def due_on(self, quarter: Quarter) -> date:
        """The day by which departments have to deliver."""
        return workday_after(quarter, self.delivery_deadline_workday, self.holidays.announced)

    def reported_on(self, quarter: Quarter) -> date:
        """The day on which the report is made."""
        return workday_after(quarter, self.report_workday, self.holidays.announced)

    def is_workday(self, day: date) -> bool:
        return is_workday(day, self.holidays.announced)

    def carries(self, table_id: str) -> bool:
        """May figures that need this table carry last quarter's value where nobody delivered it?"""
        chosen = self.missing if isinstance(self.missing, str) else self.missing.get(table_id)
        return chosen == "沿用上期"

    @cached_property
    def rules(self) -> Rules:
        """The plan's rules with this district's own values laid over them."""
        own = {name: getattr(self, name) for name in OVERLAYS}
        return load_rules().overlay({name: values for name, values in own.items() if values})

    @property
    def quarters(self) -> list[Quarter]:
        """Every quarter that can be reported on: the plan's term, then 收官后跟踪."""
        return quarters(Quarter.of(self.rules.plan.starts_on), Quarter.parse(self.follow_until))


def home() -> Path:
    """Where everything that a run writes lies: ZJTX_HOME, or `var` in the current folder."""
    return Path(os.environ.get("ZJTX_HOME", "var")).resolve()
