"""Knows how departments and tables are named in Dagster, which takes Latin letters only in keys and groups."""

from collections.abc import Iterable


def owners(departments: Iterable[str]) -> list[str]:
    """Departments as Dagster's owners: `team:区经信局`."""
    return [f"team:{department}" for department in departments]
