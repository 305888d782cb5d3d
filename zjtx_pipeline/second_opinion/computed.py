"""Knows how the SQL beside it is run in DuckDB over the accepted rows, and what comes of it; the one home of DuckDB.

Leaves what is computed to the `.sql` files, each of which opens with its clauses. DuckDB reads the files given and no others,
writes nothing and fetches nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.rules import Rules
from zjtx_pipeline.second_opinion.numbers import numbers
from zjtx_pipeline.tables import load_tables

# In the order in which each rests on those before it.
SCRIPTS = (
    "opening", "firms", "titles", "populations", "tiers", "pools", "innovation", "management", "listing", "services",
    "training", "purchases", "triggers", "awards",
)  # fmt: skip
TABLES = (
    "D01", "D02", "D03", "D04", "D06a", "D06b", "D07", "D09", "D10", "D11", "D12", "D13", "D14", "D15", "D16", "D17",
    "D19", "D20", "D21c", "D22a", "D23",
)  # fmt: skip
_TYPES = {
    "event": "TIMESTAMP", "date": "TIMESTAMP", "yuan": "BIGINT", "wan": "BIGINT", "count": "BIGINT", "year": "BIGINT",
    "decimal": "DECIMAL(20, 6)", "bool": "BOOLEAN",
}  # fmt: skip
_CONFINED = {"autoinstall_known_extensions": False, "autoload_known_extensions": False, "threads": 2}


@dataclass(frozen=True)
class Totals:
    """A clause's units (those without a trigger left out), how many of them have an unknown amount, and its fen."""

    units: int
    unknown: int
    entitled_fen: int
    paid_fen: int


@dataclass(frozen=True)
class Opinion:
    """What the SQL makes of a quarter.

    `figures`: exact values in the part's unit by (indicator, part, breakdown), None where there is none. `tiers`: by title
    the rows of tiers.csv, and those of firms in the district. `awards`: totals of awards.csv by clause.
    """

    figures: Mapping[tuple[str, str, str], Fraction | None]
    tiers: Mapping[str, tuple[int, int]]
    awards: Mapping[str, Totals]


def opinion(rules: Rules, quarter: Quarter, accepted: Mapping[str, Path]) -> Opinion:
    """Compute a quarter anew from Parquet files of accepted rows by table id; a table without a file has no rows."""
    with _connection(accepted) as database:
        for table_id in TABLES:
            database.execute(_laid_open(table_id, accepted.get(table_id)))
        for name, (columns, rows) in numbers(rules, quarter).items():
            _lend(database, name, columns, rows)
        for script in SCRIPTS:
            database.execute(_script(script))
        return Opinion(
            {row[:3]: _value(*row[3:]) for row in database.sql("FROM figures ORDER BY ALL").fetchall()},
            {tier: (holders, inside) for tier, holders, inside in database.sql("FROM tier_counts ORDER BY ALL").fetchall()},
            {clause: Totals(*map(int, counts)) for clause, *counts in database.sql("FROM award_totals ORDER BY ALL").fetchall()},
        )


def _connection(accepted: Mapping[str, Path]):
    """A database in memory that can neither reach out nor read beside the files given."""
    import duckdb  # half a second that a run with everything made already does without

    database = duckdb.connect(config=_CONFINED)
    database.execute(f"SET allowed_paths = [{', '.join(_quoted(path) for path in accepted.values())}]")
    database.execute("SET enable_external_access = false")
    database.execute("SET lock_configuration = true")
    return database


def _laid_open(table_id: str, path: Path | None) -> str:
    """A table's rows in the dictionary's columns, each of the type that its kind has."""
    types = {each.name: _TYPES.get(each.kind, "VARCHAR") for each in load_tables()[table_id].columns.values()}
    if path is None:
        return f"CREATE TABLE {table_id} ({', '.join(f'{name} {kind}' for name, kind in types.items())})"
    columns = ", ".join(f"{name}::{kind} AS {name}" for name, kind in types.items())
    return f"CREATE VIEW {table_id} AS SELECT {columns} FROM read_parquet({_quoted(path)})"


def _lend(database: Any, name: str, columns: Mapping[str, str], rows: Sequence[tuple]) -> None:
    database.execute(f"CREATE TABLE {name} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})")
    places = ", ".join([f"({', '.join('?' * len(columns))})"] * len(rows))
    database.execute(f"INSERT INTO {name} VALUES {places}", [value for row in rows for value in row])


def _script(name: str) -> str:
    return files(__package__).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def _value(numerator: int, denominator: int) -> Fraction | None:
    return Fraction(numerator, denominator) if denominator else None


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
