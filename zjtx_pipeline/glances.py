"""Knows what a person sees of a stage at a glance: short tables, and a picture of a report's first page.

Leaves the full lists to the files beside the reports.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd

from zjtx_pipeline.progress import Progress
from zjtx_pipeline.report import formats
from zjtx_pipeline.report.trends import trend
from zjtx_pipeline.rules import Rules

LONGEST = 40
RETURNS = ["部门", "退回表", "退回行", "无法识别行", "提示行"]
PREVIEW_SCALE = 0.75  # of 72 dpi points: some 450 pixels wide


def findings_table(findings: pd.DataFrame) -> str:
    """Findings grouped by severity, rule and department, the most frequent first, as Markdown; "" where there are none."""
    by = ["severity", "rule", "sender", "message"]
    grouped = findings.assign(message=findings["message"].where(findings["value"].eq(""), findings["rule"]))
    grouped = grouped.groupby(by, sort=False).agg(times=("rule", "size"), places=("place", _first_places)).reset_index()
    grouped = grouped.sort_values("times", ascending=False, kind="stable")
    rows = grouped[["severity", "sender", "message", "times", "places"]].to_numpy().tolist()
    return markdown(["级别", "报送部门", "问题", "次数", "位置"], rows)


def returns_table(counts: pd.DataFrame) -> str:
    """What goes back to each department, as Markdown; "" where nothing does."""
    return markdown(RETURNS, counts.astype("str").to_numpy().tolist())


def _first_places(places: pd.Series) -> str:
    shown = [place for place in places if place][:5]
    return "、".join(shown) + ("…" if len(places) > len(shown) and shown else "")


def figures_table(lines: Sequence[Progress], rules: Rules) -> str:
    """A task's totals beside target, pace, light and forecast, as Markdown."""
    return markdown(
        ["编号", "指标", "数值", "目标", "序时", "亮灯", "状态", "趋势测算（算术推算，不是承诺）"],
        [_figure_row(line, rules) for line in lines if not line.figure.breakdown],
    )


def _figure_row(line: Progress, rules: Rules) -> list[str]:
    figure = line.figure
    unit = rules.indicators[figure.indicator].parts[figure.part].unit
    values = (formats.with_unit(value, unit) if value is not None else "" for value in (figure.value, line.target))
    pace = formats.pace_text(line.pace, unit) if line.pace is not None else ""
    ahead = trend(line, rules)
    named = [figure.id, rules.figure_name(figure.indicator, figure.part)]
    return [*named, *values, pace, line.light or "", figure.status, ahead.told if ahead else ""]


def awards_table(units: pd.DataFrame) -> str:
    """Entitled, paid and gap by clause in 万元, as Markdown; a clause without a stated amount has no sum."""
    clauses = units.groupby("clause")
    rows = [
        [clause, len(own), *(formats.wan(_sum(own[f"{column}_fen"])) for column in ("entitled", "paid", "gap"))]
        for clause, own in clauses
    ]
    return markdown(["条款", "事项数", "测算应兑（万元）", "已兑（万元）", "差额（万元）"], rows)


def _sum(fen: pd.Series) -> int | None:
    return None if fen.isna().any() else int(fen.sum())


def flows_table(flows: pd.DataFrame) -> str:
    """Opening, in by cause, out by cause and closing of every title and pool, as Markdown."""
    rows = [_flow_row(*key, own) for key, own in flows.groupby(["kind", "name"], sort=False)]
    return markdown(["类别", "名称", "期初", "转入", "转出", "期末", "台账修订"], rows)


def _flow_row(kind: str, name: str, lines: pd.DataFrame) -> list[Any]:
    steps = lines.groupby("step")["firms"].sum()
    told = [_by_cause(lines[lines["step"].eq(step) & lines["firms"].gt(0)], steps[step]) for step in ("转入", "转出")]
    return [kind, name, steps["期初"], *told, steps["期末"], "".join(lines["note"])]


def _by_cause(lines: pd.DataFrame, total: int) -> str:
    told = "、".join(f"{line.cause}{line.firms}" for line in lines.itertuples())
    return f"{total}（{told}）" if told else "0"


def markdown(head: list[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table of at most LONGEST rows; cells cannot break out of it."""
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows[:LONGEST]]
    table = "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)
    return table if len(rows) <= LONGEST else f"{table}\n\n另有 {len(rows) - LONGEST} 行。"


def _cell(value: Any) -> str:
    text = " ".join(str(value).split())
    for sign in "\\|<>[]`":
        text = text.replace(sign, "\\" + sign if sign != "<" else "&lt;")
    return text


def of_pdf(path: Path) -> dict[str, Any]:
    """How many pages a PDF has, and its first page as a small PNG."""
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        buffer = BytesIO()
        document[0].render(scale=PREVIEW_SCALE).to_pil().convert("L").save(buffer, "PNG", optimize=True)
        return {"pages": len(document), "preview_png": buffer.getvalue()}
