"""Knows where the suites and the report templates lie, in a checkout and in an installed wheel; leaves reading them to others."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def expectations() -> Path:
    """The folder of the 31 suites."""
    return _folder("expectations")


def report_templates() -> Path:
    """The folder of templates and styles."""
    return _folder("report_templates")


def _folder(name: str) -> Path:
    """Inside the package where a wheel put it, else beside the package, as in a checkout."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
