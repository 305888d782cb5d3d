"""Knows the rows behind a report and what was found wrong with them; leaves judging them to `validate`."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from zjtx_pipeline.report import formats
from zjtx_pipeline.report.inputs import ReportInputs
from zjtx_pipeline.report.grounds import DatasetRow, DepartmentRow, FindingRow, Quality
from zjtx_pipeline.report.rows import Told
from zjtx_pipeline.rules import Task
from zjtx_pipeline.tables import load_tables
from zjtx_pipeline.verdicts import UNDELIVERED

COUNTED = ["read", "accepted", "quarantined", "rejected"]
SEVERITIES = ("阻断", "退回", "提示")
APPROVED = "已审核"
LATE = "逾期"
LONGEST_MESSAGE = 46
MOST_NAMED = 4
TOLD = ("main_progress", "problems", "next_steps")


def quality(inputs: ReportInputs, tables: Sequence[str], longest: int) -> Quality:
    """Of the tables named: what became of their rows, and what was found, the gravest and most frequent first."""
    counts = _counts(inputs, tables)
    rows = tuple(_dataset_row(inputs, table, counts) for table in tables)
    findings = inputs.findings[inputs.findings["dataset"].isin(tables)]
    grouped = _grouped(findings[~findings["rule"].str.contains(LATE)])
    left = len(grouped) - longest
    return Quality(
        datasets=rows,
        total=_total(counts) if len(rows) > 1 else None,
        summary=_summary(counts, findings),
        departments=_departments(inputs, findings),
        findings=tuple(_finding_rows(grouped.head(longest))),
        findings_left=f"另有{left}类问题（{formats.count(int(grouped['times'].iloc[longest:].sum()))}条）从略。"
        if left > 0
        else "",
        remarks=_remarks(inputs, tables),
    )


def told(inputs: ReportInputs, task: Task) -> tuple[Told, ...]:
    """What the departments of a task reported in words and had approved (已审核), in printed order."""
    rows = inputs.texts
    rows = rows[
        rows["task"].eq(task.number) & rows["for_quarter"].eq(str(inputs.quarter)) & rows["review_state"].eq(APPROVED)
    ]
    rows = rows.drop_duplicates("department").set_index("department")
    return tuple(
        Told(department, *(formats.paragraphs(_text(rows.at[department, column])) for column in TOLD))
        for department in task.departments
        if department in rows.index
    )


def silent(inputs: ReportInputs, task: Task) -> tuple[str, ...]:
    """The departments of a task without an approved text, in printed order."""
    spoken = {each.department for each in told(inputs, task)}
    return tuple(department for department in task.departments if department not in spoken)


def _text(cell) -> str:
    return "" if pd.isna(cell) else cell


def _counts(inputs: ReportInputs, tables: Sequence[str]) -> pd.DataFrame:
    counts = inputs.counts[inputs.counts["dataset"].isin(tables)]
    return counts.groupby("dataset")[COUNTED].sum().reindex(list(tables), fill_value=0)


def _dataset_row(inputs: ReportInputs, table: str, counts: pd.DataFrame) -> DatasetRow:
    numbers = [int(counts.at[table, column]) for column in COUNTED]
    known = load_tables()[table]
    return DatasetRow(
        table=table,
        name=known.name,
        senders=_senders(inputs, table),
        **{column: formats.count(number) for column, number in zip(COUNTED, numbers, strict=True)},
        status=inputs.status.get(table, UNDELIVERED),
        balanced=numbers[0] == sum(numbers[1:]),
    )


def _senders(inputs: ReportInputs, table: str) -> str:
    """Who delivered; who should have, where nobody did; only how many where they are many."""
    names = (
        list(dict.fromkeys(one.sender for one in inputs.sources if one.table == table)) or load_tables()[table].senders
    )
    return "、".join(names) if len(names) <= MOST_NAMED else f"{len(names)}个部门"


def _total(counts: pd.DataFrame) -> DatasetRow:
    numbers = [int(counts[column].sum()) for column in COUNTED]
    return DatasetRow(
        "",
        "合计",
        "",
        *(formats.count(number) for number in numbers),
        status="",
        balanced=numbers[0] == sum(numbers[1:]),
    )


def _summary(counts: pd.DataFrame, findings: pd.DataFrame) -> str:
    read, accepted, quarantined, rejected = (int(counts[column].sum()) for column in COUNTED)
    found = findings["severity"].value_counts()
    lines = "、".join(
        f"{severity}{formats.count(int(found[severity]))}条" for severity in SEVERITIES if found.get(severity, 0)
    )
    return (
        f"共读取{formats.count(read)}行，其中采用{formats.count(accepted)}行、退回{formats.count(quarantined)}行、"
        f"无法识别{formats.count(rejected)}行。校验{'发现' + lines if lines else '未发现问题'}。"
    )


def _grouped(findings: pd.DataFrame) -> pd.DataFrame:
    """One row a severity, department, table, rule and sentence: how many."""
    keys = ["severity", "sender", "dataset", "rule", "message"]
    told = findings.assign(sender=findings["sender"].fillna(""), message=_without_values(findings))
    grouped = told.groupby(keys, sort=False).size().rename("times").reset_index().assign(
        order=lambda rows: rows["severity"].map({name: rank for rank, name in enumerate(SEVERITIES)})
    )
    return grouped.sort_values(
        ["order", "times", "dataset", "sender", "rule", "message"], ascending=[True, False, True, True, True, True], kind="stable"
    )


def _without_values(findings: pd.DataFrame) -> pd.Series:
    """What a rule says, without the cell of one row: a firm's figures are nobody else's business (5.4).

    Faults of a whole delivery bear no place, and their values (a day, a share, a header) stay.
    """
    columns = zip(findings["message"], findings["value"], findings["place"], strict=True)
    told = [message.replace(f"“{value}”", "“…”") if place else message for message, value, place in columns]
    return pd.Series(told, index=findings.index, dtype="str")


def _departments(inputs: ReportInputs, findings: pd.DataFrame) -> tuple[DepartmentRow, ...]:
    """By department, in the plan's order: how much was found, and which tables came late."""
    times = pd.crosstab(findings["sender"], findings["severity"]).reindex(columns=SEVERITIES, fill_value=0)
    late = findings[findings["rule"].str.contains(LATE)].groupby("sender")["dataset"].unique()
    return tuple(
        DepartmentRow(
            department,
            *(formats.count(int(number)) for number in times.loc[department]),
            late="、".join(sorted(late.get(department, ()))),
        )
        for department in inputs.rules.departments
        if department in times.index
    )


def _finding_rows(grouped: pd.DataFrame):
    for row in grouped.itertuples(index=False):
        message = formats.plain(row.message).replace("\n", "")
        cut = message if len(message) <= LONGEST_MESSAGE else message[: LONGEST_MESSAGE - 1] + "…"
        yield FindingRow(
            row.severity,
            formats.plain(row.sender) or formats.NOTHING,
            row.dataset,
            formats.plain(row.rule),
            cut,
            formats.count(int(row.times)),
        )


def _remarks(inputs: ReportInputs, tables: Sequence[str]) -> tuple[str, ...]:
    """Tables that nobody delivered, and departments that are missing from a table that others delivered."""
    undelivered = [load_tables()[table].title for table in tables if _is_undelivered(inputs, table)]
    unfilled = inputs.absence(need for need in inputs.status if "." in need and need.partition(".")[0] in tables)
    return tuple(
        remark
        for remark in (
            f"未报送的数据表：{'、'.join(undelivered)}。所涉指标列为“待补”。" if undelivered else "",
            partly(inputs, tables),
            f"{unfilled}，只由其填报的列所涉指标列为“待补”。" if unfilled else "",
        )
        if remark
    )


def partly(inputs: ReportInputs, tables: Sequence[str]) -> str:
    """`部分部门未报送：D26_进展文字（区商务局）。`: who is missing from a table that others delivered; empty where nobody is."""
    named = [
        f"{load_tables()[table].title}（{formats.listed(inputs.missing[table], MOST_NAMED, '个部门')}）"
        for table in tables
        if inputs.missing.get(table) and not _is_undelivered(inputs, table)
    ]
    return f"部分部门未报送：{'、'.join(named)}。" if named else ""


def _is_undelivered(inputs: ReportInputs, table: str) -> bool:
    return inputs.status.get(table, UNDELIVERED) == UNDELIVERED
