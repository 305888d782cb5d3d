"""Knows what goes to each department alone, and the towns' table; leaves the reports that everybody gets to `compose`.

Which department sees which part is the `audience` of the settings; of deliveries each sees its own (datasets.md 5.4).
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from zjtx_pipeline.report import compose, firm_rows, formats, title_lists
from zjtx_pipeline.report.breakdown_rows import TOWN, largest_of
from zjtx_pipeline.report.correction_rows import corrections, town_corrections
from zjtx_pipeline.report.dataset_rows import quality, told
from zjtx_pipeline.report.figure_rows import other_rows, target_rows
from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.report.method_rows import colophon
from zjtx_pipeline.report.model import DepartmentReport, Section, TownReport
from zjtx_pipeline.report.pictures import share_bar
from zjtx_pipeline.report.grounds import Correction, Quality
from zjtx_pipeline.report.rows import TaskText, TownFigure, TownRow
from zjtx_pipeline.report.shown import Shown, first_of
from zjtx_pipeline.rules import Rules, Task
from zjtx_pipeline.settings import Audience
from zjtx_pipeline.tables import load_tables
from zjtx_pipeline.verdicts import UNDELIVERED

FOLDER, OURS = "分发", "[0-9][0-9]-*"
TOWNS = "分镇街情况"
OF_A_TOWN = f"{TOWN}="  # begins the breakdown of a figure that is a town's
_LADDER = 1  # the task of the ladder, whose titles run out or might be won
WORKBOOKS = {"firms": ("奖补单元明细", firm_rows.workbook), "titles": ("到期和初筛名单", title_lists.workbook)}
_SECTIONS = {
    "tasks": ("承担任务进展", "duties"), "figures": ("负责指标", "figures"), "awards": ("负责奖补条款", "awards"),
    "firms": ("未兑足和超付的奖补单元", "firms"), "texts": ("进展文字报送", "texts"), "quality": ("数据报送和问题", "quality"),
}  # fmt: skip


_ANNEXES = (Section("附件", "数据来源与版本", "colophon", "annex-colophon"),)


def tasks_told(name: str, rules: Rules, audience: Audience) -> set[int]:
    """The tasks whose figures a department's file tells: its own, and where it shows award units by firm all those with a grant. All of
    them where no department of now is meant."""
    for department in rules.departments:
        if name == file_name(department, rules):
            seen = any(audience.sees(department, part) for part in ("tasks", "figures", "awards"))
            own = {number for number, task in rules.tasks.items() if seen and department in task.departments}
            return own | (_with_grants(rules) if audience.sees(department, "firms") else set())
        part = dict(zip(annex_names(department, rules), WORKBOOKS, strict=True)).get(name)
        if part:
            return _with_grants(rules) if part == "firms" else {_LADDER}
    return set(rules.tasks)


def _with_grants(rules: Rules) -> set[int]:
    return {award.task for award in rules.awards.values()}


def recipients(rules: Rules) -> tuple[str, ...]:
    """Whom something is made for: every department, then the towns' table."""
    return (*rules.departments, TOWNS)


def file_name(name: str, rules: Rules) -> str:
    """`分发/03-区财政局.pdf`, `分发/14-分镇街情况.pdf`."""
    return f"{FOLDER}/{_number(name, rules)}-{name}.pdf"


def annex_names(department: str, rules: Rules, audience: Audience | None = None) -> tuple[str, ...]:
    """`分发/03-区财政局-奖补单元明细.xlsx`: files of their own, that a PDF which is passed on does not carry them along; those that
    an audience lets the department see, without one every name that there may be."""
    began = file_name(department, rules).removesuffix(".pdf")
    return tuple(f"{began}-{title}.xlsx" for part, (title, _) in WORKBOOKS.items() if audience is None or audience.sees(department, part))


def report(inputs: ReportInputs, name: str) -> DepartmentReport | TownReport:
    """What is made for a department, or the towns' table."""
    return town_report(inputs) if name == TOWNS else department_report(inputs, name)


def annexes(inputs: ReportInputs, department: str) -> dict[str, bytes]:
    """The workbooks of firms that a department may see, by name."""
    audience = inputs.settings.audience
    seen = [made for part, made in WORKBOOKS.items() if audience.sees(department, part)]
    contents = (workbook(inputs, f"{inputs.quarter.chinese}{title}") for title, workbook in seen)
    return dict(zip(annex_names(department, inputs.rules, audience), contents, strict=True))


def department_report(inputs: ReportInputs, department: str) -> DepartmentReport:
    """One department's tasks, figures, clauses, words and deliveries, as far as it may see them."""
    rules, own = inputs.rules, _own(inputs, department)
    unusual = {source.table for source in own.sources}
    tables = tuple(table.id for table in load_tables().values() if department in table.senders or table.id in unusual)
    tasks = [task for task in rules.tasks.values() if department in task.departments]
    indicators = [each for each in rules.indicators.values() if each.owner == department]
    awards = [award for award in rules.awards.values() if award.department == department and award.is_grant]
    texts = _texts(inputs, tasks, department)
    told = {"tasks": tasks, "figures": indicators, "awards": awards, "firms": [department], "texts": tasks, "quality": tables}
    shown = {part: about if inputs.settings.audience.sees(department, part) else [] for part, about in told.items()}
    spoken = {text.task for text in texts}
    corrected = corrections(inputs, [task.number for task in shown["tasks"]])
    return DepartmentReport(
        cover=compose.cover(inputs, _number(department, rules), f"{department}工作进展情况", corrected),
        department=department,
        tasks=tuple(compose.task_brief(inputs, task) for task in shown["tasks"]),
        targets=target_rows(inputs, shown["figures"]),
        others=other_rows(inputs, shown["figures"]),
        awards=compose.clauses(inputs, shown["awards"]),
        firms=firm_rows.firm_awards(inputs) if shown["firms"] else None,
        texts=texts,
        silent="、".join(f"任务{task.number}" for task in tasks if task.number not in spoken),
        quality=_quality(own, tables, department),
        colophon=colophon(own, tables),
        sections=compose.numbered([*compose.correction_section(corrected), *(section for part, section in _SECTIONS.items() if shown[part])]),
        annexes=_ANNEXES,
        corrections=corrected,
    )


def _number(name: str, rules: Rules) -> str:
    return f"{recipients(rules).index(name) + 1:02d}"


def _own(inputs: ReportInputs, department: str) -> ReportInputs:
    """The same quarter with the deliveries of one department alone, and what was found in them."""
    sources = [source for source in inputs.sources if source.sender == department]
    return replace(
        inputs,
        sources=sources,
        counts=inputs.counts[inputs.counts["sender"].eq(department)],
        findings=inputs.findings[inputs.findings["sender"].eq(department)],
        missing={table: (department,) for table, senders in inputs.missing.items() if department in senders},
    )


def _quality(own: ReportInputs, tables: tuple[str, ...], department: str) -> Quality:
    """Of a table that others deliver too, whether this department did."""
    told = quality(own, tables, compose.FINDINGS_SHOWN)
    rows = (replace(row, senders=department, status=UNDELIVERED) if own.missing.get(row.table) else row for row in told.datasets)
    return replace(told, datasets=tuple(rows))


def _texts(inputs: ReportInputs, tasks: list[Task], department: str) -> tuple[TaskText, ...]:
    """The department's approved words, by task."""
    spoken = [(task, each) for task in tasks for each in told(inputs, task) if each.department == department]
    return tuple(TaskText(task.number, task.title, each) for task, each in spoken)


def town_report(inputs: ReportInputs) -> TownReport:
    """Every indicator that is counted by town, with its change; in the order of the district's list, ranks only where the office asks."""
    by_town = town_figures(inputs.rules)
    figures = [first for first in _firsts(inputs) if first.id in by_town]
    shown, corrected = [_by_town(figure) for figure in figures], town_corrections(inputs, by_town)
    towns = tuple(TownRow(town, tuple(column[place] for column in shown)) for place, town in enumerate(inputs.rules.towns))
    order = "图中条形后为位次，按数值从大到小，相同的并列" if inputs.settings.town_ranks else "不作排名"
    return TownReport(
        cover=compose.cover(inputs, _number(TOWNS, inputs.rules), TOWNS, corrected),
        notices=_notices(inputs, corrected),
        titles=tuple(f"{figure.id} {figure.indicator.title}（{formats.printed_unit(figure.part.unit)}）" for figure in figures),
        towns=towns,
        remarks=(f"按登记住所所在镇街（平台）统计，按全区镇街名录的顺序排列，{order}；增减为与上季相比。",),
        colophon=colophon(inputs, tuple(dict.fromkeys(table for each in figures for table in each.part.tables))),
        annexes=_ANNEXES,
    )


def town_figures(rules: Rules) -> list[str]:
    """The ids of the figures that are counted by town: each indicator's first."""
    firsts = ((indicator, next(iter(indicator.parts.values()))) for indicator in rules.indicators.values())
    return [f"{indicator.id}{part.letter}" for indicator, part in firsts if any(each.columns == (TOWN,) for each in part.breakdowns)]


def _notices(inputs: ReportInputs, corrected: tuple[Correction, ...]) -> tuple[str, ...]:
    """A line a 更正说明 that concerns this table; that none does, where the quarter was corrected elsewhere alone. Why, by whom and
    figure by figure is said in the overall report, for this table has to stand on its page."""
    if inputs.notices and not corrected:
        return (f"本季报告有更正（更正第{inputs.notices[-1].number}号，见总报告的更正说明），不涉及本表各数。",)
    return tuple(f"更正{each.title}（详见总报告）：本表各数{each.sentences[0]}" for each in corrected)


def _firsts(inputs: ReportInputs) -> list[Shown]:
    return [first_of(inputs, indicator) for indicator in inputs.rules.indicators.values()]


def _by_town(figure: Shown) -> list[TownFigure]:
    """An indicator's number in each town, with its change, its bar among the towns, and its rank where ranks are asked for."""
    towns = [figure.of(f"{TOWN}={town}") for town in figure.inputs.rules.towns]
    values, largest = [town.value for town in towns if town.is_shown], largest_of(figure)
    return [TownFigure(town.now, town.change, share_bar(town.value, largest) if town.is_shown else None, _rank(town, values)) for town in towns]


def _rank(town: Shown, values: list[Fraction]) -> str:
    if not town.inputs.settings.town_ranks or not town.is_shown:
        return ""
    return str(1 + sum(value > town.value for value in values))
