"""The import order: data travel one way, and each foreign library has one home."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# From the ground up; a module knows those in the lines above its own, and nothing below.
ORDER = [
    ["errors", "bundled", "collector", "journal", "watched"],
    ["ahead"],
    ["quarter", "money", "codes", "store", "figures", "workbooks", "fonts", "letterhead", "edits", "turns"],
    ["workdays"],
    ["rules"],
    ["tables"],
    ["settings"],
    ["untrusted"],
    ["sources"],
    ["snapshots"],
    ["manifest", "known", "revisions", "ledger"],
    ["suites"],
    ["facts", "verdicts"],
    ["wholes", "outcomes", "misfiled"],
    ["unfilled"],
    ["validate"],
    ["books", "returns", "second_opinion"],
    ["firms", "sieve"],
    ["tiers"],
    ["flows", "measures", "reconcile"],
    ["candidates"],
    ["awards"],
    ["breaches"],
    ["indicators"],
    ["watch"],
    ["goals"],
    ["forecast"],
    ["progress"],
    ["carried", "causes", "history"],
    ["report"],
    ["outputs", "glances"],
    ["trace"],
    ["delivery", "sample"],
    ["stages", "unattended"],
    ["backup", "tidying"],
    ["district", "door"],
    ["cli"],
]
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}
HOMES = {
    "great_expectations": {"zjtx_pipeline/validate.py"},
    "fontTools": {"zjtx_pipeline/fonts.py"},
    "PIL": {"zjtx_pipeline/letterhead.py"},
    "jinja2": {"zjtx_pipeline/report/pages.py"},
    "weasyprint": {"zjtx_pipeline/report/pdf.py"},
    "python_calamine": {"zjtx_pipeline/untrusted/workbook.py"},
    "duckdb": {"zjtx_pipeline/second_opinion/computed.py"},
    "smtplib": {"zjtx_pipeline/delivery/post.py", "zjtx_pipeline/delivery/server.py"},
    "urllib3": {"zjtx_pipeline/sources/gateway/wire.py", "zjtx_pipeline/door/upstream.py"},
    "alembic": {"zjtx_pipeline/ledger"},
    "tenacity": {"zjtx_pipeline/sources/gateway/wire.py"},
    "dagster": {"assets"},
    "starlette": {"zjtx_pipeline/door"},
    "uvicorn": {"zjtx_pipeline/door/serving.py"},
    "websockets": {"zjtx_pipeline/door/relay.py"},
    "graphql": {"zjtx_pipeline/door/documents.py"},
}


def modules():
    for folder in ("zjtx_pipeline", "assets"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from [f"{node.module}.{alias.name}" for alias in node.names]


def room(path):
    parts = path.relative_to(ROOT / "zjtx_pipeline").with_suffix("").parts
    return parts[0]


@pytest.mark.parametrize("path", [path for path in modules() if "zjtx_pipeline" in path.parts], ids=str)
def test_a_module_knows_only_the_rooms_behind_it(path):
    here = room(path)
    if here == "__init__":
        return
    known = {name.split(".")[1] for name in imported(path) if name.startswith("zjtx_pipeline.")} - {here, "__version__"}
    assert here in RANK, f"{here} has no place in the order"
    ahead = {name for name in known if RANK[name] > RANK[here]}
    assert not ahead


@pytest.mark.parametrize("library", HOMES)
def test_each_foreign_library_has_one_home(library):
    users = {
        path.relative_to(ROOT).as_posix()
        for path in modules()
        if any(name.split(".")[0] == library for name in imported(path))
    }
    homes = HOMES[library]
    assert users and all(any(user == home or user.startswith(f"{home}/") for home in homes) for user in users)


def test_the_library_never_imports_the_orchestrator():
    users = [path for path in modules() if "zjtx_pipeline" in path.parts and room(path) != "cli"]
    assert not [path for path in users if any(name.split(".")[0] in ("dagster", "assets") for name in imported(path))]


def test_what_opens_untrusted_files_is_imported_by_the_child_alone():
    """All that the run itself takes from there is how cells travel."""
    run = [path for path in modules() if "untrusted" not in path.parts]
    taken = {name for path in run for name in imported(path) if name.startswith("zjtx_pipeline.untrusted")}
    assert taken and all(name.startswith("zjtx_pipeline.untrusted.cells") for name in taken)


def test_assets_do_without_postponed_annotations():
    """A postponed annotation breaks Dagster's typed `context`."""
    texts = {path: path.read_text(encoding="utf-8") for path in modules() if "assets" in path.parts}
    assert not [path for path, text in texts.items() if "from __future__ import annotations" in text]


def test_every_module_says_what_it_knows():
    silent = [path for path in modules() if not (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").strip()]
    assert not silent
