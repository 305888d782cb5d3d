"""What a signature says of its types must be true enough to be looked up."""

import ast
import importlib
import inspect
import typing
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ALEMBICS_OWN = "zjtx_pipeline/ledger/migrations/env.py"  # which runs it as a script, and nobody imports it
MODULES = sorted({path.relative_to(ROOT).as_posix() for path in (ROOT / "zjtx_pipeline").rglob("*.py")} - {ALEMBICS_OWN})


def named(module, path):
    """The names that annotations may use, those imported for type checkers alone included."""
    names = dict(vars(module))
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            exec(compile(ast.Module(node.body, []), path, "exec"), names)
    return names


def annotated(module):
    """Its functions, classes and their methods, under any decorator."""
    own = [each for each in vars(module).values() if getattr(each, "__module__", "") == module.__name__]
    for each in [*own, *(method for kind in own if inspect.isclass(kind) for method in vars(kind).values())]:
        plain = getattr(each, "fget", None) or getattr(each, "func", None) or getattr(each, "__func__", each)
        if callable(plain):
            yield inspect.unwrap(plain)


@pytest.mark.parametrize("path", MODULES)
def test_every_annotation_can_be_resolved(path):
    module = importlib.import_module(".".join(Path(path).with_suffix("").parts).removesuffix(".__init__"))
    names = named(module, path)
    for each in annotated(module):
        if getattr(each, "__module__", "") == module.__name__ and getattr(each, "__annotations__", None):
            typing.get_type_hints(each, globalns=names)
