"""Knows how a report becomes HTML: the bundled templates, strict and escaping; leaves paper to `pdf`."""

from __future__ import annotations

from functools import cache

import jinja2

from zjtx_pipeline.bundled import report_templates
from zjtx_pipeline.report import formats
from zjtx_pipeline.report.model import DepartmentReport, OverallReport, Report, TaskReport, TownReport

STYLE = "css/report.css"
PAGES = {TaskReport: "task.html", OverallReport: "overall.html", DepartmentReport: "department.html", TownReport: "towns.html"}


def html(report: Report) -> str:
    """The report as one HTML document."""
    return _environment().get_template(PAGES[type(report)]).render(report=report)


@cache
def style() -> str:
    """The one style sheet."""
    return (report_templates() / STYLE).read_text(encoding="utf-8")


@cache
def _environment() -> jinja2.Environment:
    """Everything is escaped, and a name that a template misspells is an error rather than a blank."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(report_templates()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["numeral"] = formats.numeral
    return environment
