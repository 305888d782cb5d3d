"""Knows what each report says: the report on one task, and the overall one; leaves what departments
get to `distribution`, paper to `pages` and `pdf`.

Everything comes from the rules and the quarter's results; nothing is written here for one task alone.
"""

from __future__ import annotations

from dataclasses import replace

from zjtx_pipeline.flows import RESTS_ON, TITLES
from zjtx_pipeline.letterhead import seal
from zjtx_pipeline.report import formats
from zjtx_pipeline.report.award_rows import award_table, not_grants
from zjtx_pipeline.report.award_totals import bars, by_department
from zjtx_pipeline.report.breakdown_rows import splits, town_table
from zjtx_pipeline.report.changes import changes, turned
from zjtx_pipeline.report.curves import curve_rows
from zjtx_pipeline.report.correction_rows import corrections
from zjtx_pipeline.report.dataset_rows import quality, silent, told
from zjtx_pipeline.report.decisions import HOW_CHOSEN, decisions
from zjtx_pipeline.report.figure_rows import ABSENT, key_row, other_rows, target_row, target_rows
from zjtx_pipeline.report.flow_rows import flow_rows, watch_sentences
from zjtx_pipeline.report.glossary import glossary
from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.report.method_rows import colophon, method
from zjtx_pipeline.report.model import Cover, Method, OverallReport, Section, TargetLine, TaskBrief, TaskReport
from zjtx_pipeline.report.grounds import Correction
from zjtx_pipeline.report.payments import Awards
from zjtx_pipeline.report.rows import CurveRow, FigureRow, TierRow
from zjtx_pipeline.report.sentences import brief, overall_summary, summary, task_light
from zjtx_pipeline.report.shown import bearing
from zjtx_pipeline.report.stairs import stairs
from zjtx_pipeline.rules import Award, Rules, Target, Task
from zjtx_pipeline.tables import load_tables

SAMPLE, DRAFT = "示例数据", "草稿（未结账）"
KEY_FIGURES = 6
FINDINGS_SHOWN = 15
LADDER = 1  # the task whose report tells how titles and pools moved


def task_report(inputs: ReportInputs, number: int) -> TaskReport:
    """The report on one task, 1 to 14."""
    task, rules = inputs.rules.tasks[number], inputs.rules
    indicators = rules.indicators_of(number)
    awards = [award for award in rules.awards.values() if award.task == number]
    tables = rules.tables_of(number)
    asked = {
        "corrections": corrections(inputs, [number]),
        "splits": splits(inputs, indicators),
        "towns": town_table(inputs, indicators),
        "awards": clauses(inputs, awards),
        "flows": flow_rows(inputs) if number == LADDER else (),
    }
    return TaskReport(
        cover=cover(inputs, f"{number:02d}", f"“{task.title}”工作进展情况", asked["corrections"]),
        task=number,
        task_title=task.title,
        clause=task.clause,
        pillar=task.pillar,
        label=task.label,
        departments="、".join(task.departments),
        light=task_light(inputs, number),
        summary=summary(inputs, task),
        targets=target_rows(inputs, indicators),
        others=other_rows(inputs, indicators),
        changes=changes(inputs, indicators),
        told=told(inputs, task),
        silent="、".join(silent(inputs, task)),
        quality=quality(inputs, tables, FINDINGS_SHOWN),
        method=method(inputs, indicators, awards, rules.targets_of(number), [number]),
        colophon=colophon(inputs, tables),
        sections=numbered(_task_sections(**asked)),
        annexes=numbered_annexes(_ANNEXES),
        curves=curve_rows(inputs, indicators),
        stairs=stairs(inputs) if number == LADDER else None,
        watch=watch_sentences(inputs) if number == LADDER else (),
        **asked,
    )


def overall_report(inputs: ReportInputs) -> OverallReport:
    """The report on the whole plan."""
    rules, tables = inputs.rules, tuple(load_tables())
    awards = list(rules.awards.values())
    targets = tuple(_target_line(inputs, number, target) for number, target in enumerate(rules.targets.values(), 1))
    curves, watch = curve_rows(inputs, list(rules.indicators.values())), watch_sentences(inputs)
    corrected = corrections(inputs, rules.tasks)
    return OverallReport(
        cover=cover(inputs, "00", "工作进展情况总报告", corrected),
        summary=overall_summary(inputs),
        turned=turned(inputs, list(rules.indicators.values())),
        decisions=decisions(inputs),
        targets=targets,
        tasks=tuple(_chapter(inputs, task) for task in rules.tasks.values()),
        changes=changes(inputs, list(rules.indicators.values())),
        tiers=_tier_rows(inputs),
        tier_remarks=_tier_remarks(inputs),
        awards=_whole(inputs, awards),
        quality=quality(inputs, tables, FINDINGS_SHOWN),
        method=_method(inputs, awards),
        colophon=colophon(inputs, tables),
        sections=numbered([*correction_section(corrected), *_overall_sections(targets, curves, watch)]),
        annexes=numbered_annexes(_OVERALL_ANNEXES),
        glossary=glossary(inputs),
        curves=curves,
        stairs=stairs(inputs),
        flows=flow_rows(inputs),
        watch=watch,
        corrections=corrected,
    )


def file_name(number: int, rules: Rules) -> str:
    """`00-总报告.pdf`, `01-优化企业培育梯队.pdf`: as a leader would want it."""
    return f"{number:02d}-{rules.tasks[number].title if number else '总报告'}.pdf"


_OVERALL_SECTIONS = [
    ("较上季变化", "changes"),
    ("趋势测算", "trends"),
    ("企业梯队情况", "tiers"),
    ("到期预警", "watch"),
    ("奖补兑现情况", "awards"),
    ("分任务进展", "tasks"),
]
_ANNEXES = [("数据质量情况", "quality"), ("口径说明", "method"), ("数据来源与版本", "colophon")]
_OVERALL_ANNEXES = [*_ANNEXES[:2], ("名词解释", "glossary"), _ANNEXES[2]]


def _overall_sections(targets: tuple[TargetLine, ...], curves: tuple[CurveRow, ...], watch: tuple[str, ...]) -> list[tuple[str, str]]:
    """Those of the overall report that have something to say; once nothing lies ahead there is no forecast, but the quarters gone by."""
    ahead = any(line.figure.trend for line in targets)
    said = {"trends": curves or ahead, "watch": watch}
    named = [(title, kind) for title, kind in _OVERALL_SECTIONS if said.get(kind, True)]
    return [("趋势" if kind == "trends" and not ahead else title, kind) for title, kind in named]


def correction_section(corrected: tuple[Correction, ...]) -> list[tuple[str, str]]:
    """更正说明 goes before all else: who has read the last issue asks what is otherwise."""
    return [("更正说明", "corrections")] if corrected else []


def _task_sections(corrections, splits, towns, awards, flows) -> list[tuple[str, str]]:
    """A task's sections by heading and template; those that have nothing to say are left out."""
    sections = [*correction_section(corrections), ("总体情况", "summary"), ("指标进展", "figures"), ("较上季变化", "changes")]
    sections += [("分项情况", "breakdowns")] if splits or towns else []
    sections += [("梯队变动与到期预警", "flows")] if flows else []
    sections += [("奖补兑现情况", "awards")] if awards else []
    return [*sections, ("责任单位报送情况", "told")]


def numbered(named: list[tuple[str, str]]) -> tuple[Section, ...]:
    """Sections by heading and template, numbered 一、二、三."""
    return tuple(
        Section(formats.numeral(number), title, kind, f"section-{kind}")
        for number, (title, kind) in enumerate(named, 1)
    )


def numbered_annexes(named: list[tuple[str, str]]) -> tuple[Section, ...]:
    """Annexes by heading and template, numbered 附件1, 附件2."""
    return tuple(Section(f"附件{number}", title, kind, f"annex-{kind}") for number, (title, kind) in enumerate(named, 1))


def cover(inputs: ReportInputs, number: str, title: str, corrected: tuple[Correction, ...] = ()) -> Cover:
    """What stands above the text of a report."""
    marks = [mark for mark, on in ((SAMPLE, inputs.settings.sample), (DRAFT, inputs.draft)) if on]
    return Cover(
        number=number,
        title=title,
        plan=inputs.rules.plan.title,
        district=inputs.settings.district,
        bureau=inputs.settings.bureau,
        quarter=inputs.quarter.chinese,
        as_of=formats.day(inputs.quarter.last_day),
        due_on=formats.day(inputs.due_on),
        due_on_iso=inputs.due_on.isoformat(),
        marks=tuple(marks),
        edition=f"更正{corrected[0].title}" if corrected else "",
        **_letterhead(inputs),
    )


def _letterhead(inputs: ReportInputs) -> dict:
    """What the office sets above and under its reports; neither number nor seal on a draft, on what is told as of a day gone by, or
    on a correction that nobody has approved."""
    own = inputs.settings.letterhead
    if inputs.draft or inputs.retold or any(notice.order is None for notice in inputs.notices):
        return {"head": own.head}
    return {"head": own.head, "document_number": own.numbers.get(str(inputs.quarter), ""), "seal": seal(own.seal) if own.seal else None}


def clauses(inputs: ReportInputs, awards: list[Award]) -> Awards | None:
    """The award table of some clauses, and which of them are no grant."""
    table = award_table(inputs, awards)
    return table and replace(table, remarks=table.remarks + not_grants(awards))


def _method(inputs: ReportInputs, awards: list[Award]) -> Method:
    """What the reader of the overall report must know; by what its decisions are chosen too."""
    told = method(inputs, [], awards, list(inputs.rules.targets.values()), list(inputs.rules.tasks))
    return replace(told, rules_of_print=(*told.rules_of_print, HOW_CHOSEN))


def _whole(inputs: ReportInputs, awards: list[Award]) -> Awards:
    """All clauses, by department too and as bars; the units' states are left to the tasks' reports."""
    table = clauses(inputs, awards)
    rows = tuple(replace(row, state="") for row in table.rows)
    return replace(table, rows=rows, departments=by_department(inputs, awards), bars=bars(inputs, awards))


def _target_line(inputs: ReportInputs, number: int, target: Target) -> TargetLine:
    indicator = inputs.rules.indicators[target.indicator]
    return TargetLine(str(number), target.task, target_row(bearing(inputs, indicator)))


def task_brief(inputs: ReportInputs, task: Task) -> TaskBrief:
    """A task in short."""
    return TaskBrief(
        number=task.number,
        title=task.title,
        pillar=task.pillar,
        label=task.label,
        departments="、".join(task.departments),
        light=task_light(inputs, task.number),
        sentence=brief(inputs, task),
        keys=_key_figures(inputs, task),
        anchor=f"task-{task.number}",
    )


def _chapter(inputs: ReportInputs, task: Task) -> TaskBrief:
    """A task in short with its departments' words, and who had none."""
    return replace(task_brief(inputs, task), told=told(inputs, task), silent="、".join(silent(inputs, task)))


def _key_figures(inputs: ReportInputs, task: Task) -> tuple[FigureRow, ...]:
    """The targets first, then the first number of each other indicator."""
    indicators = inputs.rules.indicators_of(task.number)
    aimed = [target_row(bearing(inputs, indicator)) for indicator in indicators if indicator.kind == "H"]
    others = [key_row(inputs, indicator) for indicator in indicators if indicator.kind == "S"]
    return tuple([*aimed, *others][: max(KEY_FIGURES, len(aimed) + 2)])


def _tier_remarks(inputs: ReportInputs) -> tuple[str, ...]:
    absent = inputs.absence(RESTS_ON[TITLES])
    return ("本表按季末有效资质计，一家企业持有多项资质时各计一次。", *([f"{absent}。"] if absent else []))


def _tier_rows(inputs: ReportInputs) -> tuple[TierRow, ...]:
    """Firms of the district by title, and titles whose holders have left."""
    tiers, types = inputs.tiers, inputs.rules.tiers.types
    inside = tiers[tiers["in_district"].eq(True)]["tier"].value_counts()
    left = tiers[~tiers["in_district"].eq(True)]["tier"].value_counts()
    return tuple(_tier_row(inputs, tier, int(inside.get(tier, 0)), int(left.get(tier, 0))) for tier in types)


def _tier_row(inputs: ReportInputs, tier: str, now: int, left: int) -> TierRow:
    before = inputs.then("T01-3", "a", f"资质类型={tier}")
    then = None if before is None else before.figure.value
    if inputs.undelivered(RESTS_ON[TITLES]):
        return TierRow(tier, ABSENT, formats.printed(then, "家"), formats.NOTHING, ABSENT)
    return TierRow(
        tier, formats.count(now), formats.printed(then, "家"), formats.difference(now, then, "家"), formats.count(left)
    )
