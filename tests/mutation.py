"""Mutation testing of titles, awards and money: every mutant that cosmic-ray's operators make of the whole modules, but for
the two that need arguments and draw at random (VariableReplacer, VariableInserter).

    .venv/bin/python -m pip install 'cosmic-ray>=8.7,<9'     # apart from the locks: nothing else needs it
    .venv/bin/python tests/mutation.py run                   # goes on where it stopped; results in var/mutation.jsonl
    .venv/bin/python tests/mutation.py run --again           # only what survived, against the tests as they are now
    .venv/bin/python tests/mutation.py score

A warmed process forks one child a mutant; the child alone sees the changed module (no file is touched) and runs the
tests that know it, the cheapest first, until one fails. An endless loop counts as killed when its time is over.
"""

import argparse
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import signal
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

for name in ("OMP_NUM_THREADS", "ARROW_NUM_THREADS", "ARROW_IO_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"  # a process with threads of its own must not be forked

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "var" / "mutation.jsonl"
ALL = ("test_awards.py", "test_tiers.py", "test_breaches.py", "test_flows.py", "test_indicators.py", "test_readings.py")
TESTS = {"money": ("test_values.py", "test_formats.py"), "tiers": ("test_tiers.py", "test_firms.py", "test_flows.py", "test_watch.py", *ALL)}
HEAVY = ("test_golden.py",)
PYTEST = ("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "ignore::pytest.PytestAssertRewriteWarning", "--hypothesis-profile=few")


def modules():
    """The modules under test, money and titles first."""
    library = ROOT / "zjtx_pipeline"
    return [library / "money.py", library / "tiers.py", *sorted((library / "awards").glob("*.py"))]


def mutants(path):
    """(operator, occurrence, line) for every mutation of a module by an operator without arguments."""
    from cosmic_ray.ast import ast_nodes, get_ast_from_path
    from cosmic_ray.plugins import get_operator, operator_names

    tree = get_ast_from_path(path)
    for operator in operator_names():
        kind = get_operator(operator)
        if not kind.arguments():
            spots = [at for node in ast_nodes(tree) for at, _ in kind().mutation_positions(node)]
            yield from ((operator, number, at[0]) for number, at in enumerate(spots))


def mutated(path, operator, occurrence):
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    return mutate_code(path.read_text(encoding="utf-8"), get_operator(operator)(), occurrence)


class Mutated(importlib.machinery.SourceFileLoader):
    """Loads a module from other source than its file holds, past any cache."""

    def __init__(self, name, path, source):
        super().__init__(name, path)
        self.source = source

    def path_stats(self, path):
        raise OSError

    def get_data(self, path):
        return self.source.encode("utf-8") if path == self.path else super().get_data(path)


class Finder:
    def __init__(self, path, source):
        self.name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        self.path, self.source = str(path), source

    def find_spec(self, name, path=None, target=None):
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=Mutated(name, self.path, self.source))


def tried(path, source, tests, seconds):
    """`killed`, `time` or `survived`: what the tests say in a child that sees the changed module."""
    child = os.fork()
    if not child:
        os.setsid()
        signal.alarm(seconds)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        for name in [name for name in sys.modules if name.split(".")[0] == "zjtx_pipeline" and _rests_on(path)]:
            del sys.modules[name]
        sys.meta_path.insert(0, Finder(path, source))
        os._exit(_run(tests))
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "time" if os.WTERMSIG(status) == signal.SIGALRM else "killed"
    return "killed" if os.WEXITSTATUS(status) else "survived"


def _rests_on(path):
    """Is a module that is already loaded made of the changed one? Only money lies that deep."""
    return path.stem == "money"


def _run(tests):
    import pytest

    try:
        return int(pytest.main([*PYTEST, *(str(ROOT / "tests" / each) for each in tests)]))
    except BaseException:  # whatever a mutant does to the run is noticed
        return 1


def warm():
    """Everything that no mutant changes is imported, and the rules are read, once."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    warnings.simplefilter("ignore")
    import hypothesis.strategies
    import numpy
    import pandas
    import pyarrow.compute
    import pyarrow.parquet
    import pytest
    import yaml

    from zjtx_pipeline.rules import load_rules
    from zjtx_pipeline.tables import load_tables

    load_rules(), load_tables()
    loaded = {name for name in sys.modules if name.startswith(("zjtx_pipeline.tiers", "zjtx_pipeline.awards"))}
    assert not loaded, loaded
    return hypothesis, numpy, pandas, pyarrow, pytest, yaml


def known():
    lines = RESULTS.read_text(encoding="utf-8").splitlines() if RESULTS.exists() else []
    return {each["id"]: each for each in map(json.loads, lines)}


def run(again, heavy):
    warm()
    RESULTS.parent.mkdir(exist_ok=True)
    before = known()
    for path in modules():
        tests = TESTS.get(path.stem if path.parent.name == "zjtx_pipeline" else "", ALL) + (HEAVY if heavy else ())
        tests = tuple(dict.fromkeys(tests))
        began = time.monotonic()
        assert tried(path, path.read_text(encoding="utf-8"), tests, 3600) == "survived", f"{path.name}: fails without any mutation"
        seconds = 60 + 5 * int(time.monotonic() - began)  # so long that only an endless loop takes it
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
        for operator, occurrence, line in mutants(path):
            name = f"{path.relative_to(ROOT)} {digest} {operator} {occurrence}"
            if (name in before) != again or (again and before[name]["came"] != "survived"):
                continue
            source = mutated(path, operator, occurrence)
            began = time.monotonic()
            came = "none" if source is None else tried(path, source, tests, seconds)
            told = {"id": name, "file": path.name, "line": line, "operator": operator, "came": came, "seconds": round(time.monotonic() - began, 1)}
            with RESULTS.open("a", encoding="utf-8") as file:
                file.write(json.dumps(told) + "\n")


def score():
    """What came of all mutants of a module as its text is now, and its survivors."""
    found = known()
    for path in modules():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
        wanted = [f"{path.relative_to(ROOT)} {digest} {operator} {number}" for operator, number, _ in mutants(path)]
        came = Counter(found[each]["came"] if each in found else "not run" for each in wanted)
        print(f"{path.relative_to(ROOT)}: {len(wanted)} mutants, {dict(came)}")
        for each in (found[name] for name in wanted if name in found and found[name]["came"] == "survived"):
            print(f"  survived: {each['file']}:{each['line']} {each['operator']}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=("run", "score"))
    parser.add_argument("--again", action="store_true", help="only what survived")
    parser.add_argument("--heavy", action="store_true", help="the golden quarters too")
    asked = parser.parse_args()
    run(asked.again, asked.heavy) if asked.verb == "run" else score()
