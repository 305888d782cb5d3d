"""Makes books of one quarter out of a few plain rows; what a row leaves unsaid is filled in.

A code may be any short text here (甲, 乙): measuring never looks inside one. Firms that a table names as 码 stand in D01,
in the first town, unless D01 is given.
"""

import pandas as pd
import yaml
from pathlib import Path

from zjtx_pipeline.books import Books
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.rules import load_rules
from zjtx_pipeline.tables import load_tables
from zjtx_pipeline.tables.typed import typed

CASES = Path(__file__).parent / "cases"
TOWN, ELSEWHERE = "330109001", "330114003"
UNSAID = {
    "code": "甲", "text": "某", "event": "2024-06-30", "date": "2024-06-30", "yuan": "0", "wan": "0", "count": "0",
    "decimal": "0", "year": "2024", "quarter": "2024Q4", "period": "2024Q4", "bool": "否", "patent": "1", "task": "1",
}  # fmt: skip


def frame(table_id, *rows):
    """The rows of a table, typed as after validation; each row a mapping of English names to anything that reads as text."""
    table = load_tables()[table_id]
    unknown = {name for row in rows for name in row} - set(table.columns)
    assert not unknown, f"{table_id} has no column {unknown}"
    text = {
        column.header: pd.Series([_text(row.get(name, _unsaid(column, number))) for number, row in enumerate(rows)], dtype="str")
        for name, column in table.columns.items()
    }
    return typed(table, pd.DataFrame(text))


def _unsaid(column, number):
    if column.optional:
        return None
    if column.kind == "text" and (column.name.endswith("_no") or column.name == "batch"):
        return f"号{number}"  # keys differ
    if column.kind == "list":
        return load_rules().lists[column.list_name].names[0]
    return TOWN if column.name == "street_code" else UNSAID[column.kind]


def _text(value):
    if value is None:
        return None
    return {True: "是", False: "否"}[value] if isinstance(value, bool) else str(value)


def books(quarter="2024Q4", rules=None, undelivered=(), **tables):
    """Books of a quarter holding these rows by table id; every other table is 零报送, those named 未报送."""
    frames = {table_id: frame(table_id, *rows) for table_id, rows in tables.items()}
    if "D01" not in frames:
        codes = {code for held in frames.values() for name in ("uscc", "supplier_uscc") if name in held for code in held[name].dropna()}
        frames["D01"] = frame("D01", *({"uscc": code, "name": f"{code}公司"} for code in sorted(codes)))
    status = {table_id: "已报送" if table_id in frames else "零报送" for table_id in load_tables()}
    status |= dict.fromkeys(undelivered, "未报送")
    return Books(Quarter.parse(quarter), frames, status, {}, rules or load_rules())


def cases(name):
    """The cases of a file of tests/cases, each with its Chinese sentence as id."""
    import pytest

    found = yaml.safe_load((CASES / f"{name}.yaml").read_text(encoding="utf-8"))
    return [pytest.param(case, id=sentence) for sentence, case in found.items()]


def case_books(case):
    """The books that a case describes: `季度`, `表`, `未报送`, `口径`."""
    overlay = {"readings": case["口径"]} if "口径" in case else {}
    overlay |= {name: case[name] for name in ("awards", "baselines") if name in case}
    return books(case.get("季度", "2024Q4"), load_rules().overlay(overlay), case.get("未报送", ()), **case.get("表", {}))
