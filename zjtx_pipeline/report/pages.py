"""Knows how a report becomes HTML: the templates of a folder, strict and escaping; leaves style to `styles`, paper to `pdf`."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path

import jinja2

from zjtx_pipeline.bundled import report_templates
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.fonts import Face
from zjtx_pipeline.report import formats, styles
from zjtx_pipeline.report.lights import LIGHTS
from zjtx_pipeline.report.model import DepartmentReport, OverallReport, Report, Section, TaskReport, TownReport

PAGES = {TaskReport: "task.html", OverallReport: "overall.html", DepartmentReport: "department.html", TownReport: "towns.html"}
ALONE = "alone.html"  # prints one section without the report around it
LONGEST = 150
_FAULTS = (
    (jinja2.UndefinedError, "用到的名称不存在"),
    (jinja2.TemplateNotFound, "没有这个模板"),
    (jinja2.TemplateError, "写法不对"),
)


@dataclass(frozen=True)
class Templates:
    """The templates and style sheets of one folder, each as it stands when it is first asked for; after an edit, make another."""

    folder: Path

    def html(self, report: Report, section: Section | None = None) -> str:
        """The report, or one section of it alone, as one HTML document.

        ZjtxError: a fault in a template or a style sheet, by file and line.
        """
        return self.rendered(ALONE if section else PAGES[type(report)], report=report, section=section)

    def rendered(self, name: str, **about: object) -> str:
        """A template, filled in; ZjtxError as for `html`."""
        try:
            return self.environment.get_template(name).render(**about)
        except ZjtxError:
            raise
        except Exception as error:  # a template can go wrong in any way that Python can
            told = self._told(error)
            if told is None:
                raise
            raise told from error

    def sheets(self, own: Sequence[Face] = (), shrunk: Decimal = styles.WHOLE) -> tuple[styles.Sheet, ...]:
        """The style sheets, in the order in which they apply; `shrunk` as `styles` has it."""
        return self._style.sheets(own, shrunk)

    @cached_property
    def _style(self) -> styles.Style:
        return styles.read(self.folder)

    @cached_property
    def environment(self) -> jinja2.Environment:
        """Everything is escaped, and a name that a template misspells is an error rather than a blank."""
        environment = jinja2.Environment(
            loader=_Loader(self.folder),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.globals["numeral"] = formats.numeral
        environment.globals["lights"] = tuple(LIGHTS.values())
        environment.globals["token"] = self._style.tokens()
        return environment

    def _told(self, error: Exception) -> ZjtxError | None:
        """The error as whoever edits the template reads it; None where it did not come from one."""
        kind = next((words for kind, words in _FAULTS if isinstance(error, kind)), "算不出来")
        message = error.name or "" if isinstance(error, jinja2.TemplateNotFound) else str(error)
        said = f"{kind}（{' '.join(message.split())[:LONGEST]}）"
        where = self._place(error)
        if where:
            return ZjtxError(f"模板 {where[0]} 第{where[1]}行出错：{said}。")
        return ZjtxError(f"模板目录 {self.folder} 出错：{said}。") if isinstance(error, jinja2.TemplateError) else None

    def _place(self, error: Exception) -> tuple[str, int] | None:
        """The template and its line where it went wrong, the innermost one of those that called each other."""
        if isinstance(error, jinja2.TemplateSyntaxError):
            return error.name or "", error.lineno
        steps = ((Path(frame.f_code.co_filename), line) for frame, line in traceback.walk_tb(error.__traceback__))
        inside = [(path.relative_to(self.folder).as_posix(), line) for path, line in steps if path.is_relative_to(self.folder)]
        return inside[-1] if inside else None


class _Loader(jinja2.FileSystemLoader):
    def get_source(self, environment: jinja2.Environment, template: str):
        try:
            return super().get_source(environment, template)
        except UnicodeDecodeError:
            raise ZjtxError(f"模板 {template} 不是 UTF-8 文本：请另存为 UTF-8 编码。") from None


@cache
def shipped() -> Templates:
    """The project's own, read once a process."""
    return Templates(report_templates())


def html(report: Report) -> str:
    """The report as one HTML document, by the project's own templates."""
    return shipped().html(report)
