"""Knows the lines of what a report rests on and owns up to: deliveries and their faults, readings, corrections.

Leaves making them to `dataset_rows`, `method_rows` and `correction_rows`.
"""

from __future__ import annotations

from dataclasses import dataclass

from zjtx_pipeline.report.rows import Light


@dataclass(frozen=True)
class DatasetRow:
    """One table that departments delivered: read = accepted + set aside + rejected."""

    table: str
    name: str
    senders: str
    read: str
    accepted: str
    quarantined: str
    rejected: str
    status: str
    balanced: bool = True


@dataclass(frozen=True)
class FindingRow:
    """How often one rule spoke about one department's table."""

    severity: str
    sender: str
    table: str
    rule: str
    message: str
    times: str


@dataclass(frozen=True)
class DepartmentRow:
    """What was found in one department's deliveries, by severity, and which of them came late."""

    department: str
    blocking: str
    returned: str
    hinted: str
    late: str


@dataclass(frozen=True)
class Quality:
    """The rows behind a report and what the rules said of them."""

    datasets: tuple[DatasetRow, ...]
    total: DatasetRow | None
    summary: str
    departments: tuple[DepartmentRow, ...]
    findings: tuple[FindingRow, ...]
    findings_left: str
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class ReadingRow:
    """One reading in force (B-01…B-28)."""

    id: str
    wording: str
    value: str
    explanation: str
    mark: str


@dataclass(frozen=True)
class Origin:
    """One delivery that the report rests on."""

    table: str
    sender: str
    source: str
    rows: str
    digest: str


@dataclass(frozen=True)
class Corrected:
    """One figure that differs from the last issue: old and new as printed, its light where it has one, why it differs, and what is
    said beside the cause.

    `listed`: may it stand in a table? Not where neither value may be printed.
    """

    task: int
    id: str
    name: str
    breakdown: str
    old: str
    new: str
    old_light: Light | None
    new_light: Light | None
    cause: str
    listed: bool = True
    beside: str = ""


@dataclass(frozen=True)
class Order:
    """Why an issued revision is corrected, who approved it, and on which day (`2025-02-20`)."""

    why: str
    approved_by: str
    day: str


@dataclass(frozen=True)
class Notice:
    """A 更正说明: its number within the quarter, the issued revision that it corrects, the order, and every figure that differs,
    those with a light first; `order` None while nobody has approved it; `edition` the mark that the issued one bears."""

    number: int
    since: int
    order: Order | None
    lines: tuple[Corrected, ...]
    edition: str = ""


@dataclass(frozen=True)
class Correction:
    """A 更正说明 as one report prints it: its own figures alone; `left` says what is not listed here."""

    title: str
    sentences: tuple[str, ...]
    lines: tuple[Corrected, ...]
    left: str
