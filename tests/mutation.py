"""Mutation testing of titles, awards and money: every mutant that cosmic-ray's operators make of the whole modules, but for
the two that need arguments and draw at random (VariableReplacer, VariableInserter).

    .venv/bin/python -m pip install 'cosmic-ray>=8.7,<9'     # apart from the locks: nothing else needs it
    .venv/bin/python tests/mutation.py run                   # goes on where it stopped; results in var/mutation.jsonl
    .venv/bin/python tests/mutation.py run --again           # only what survived, against the tests as they are now
    .venv/bin/python tests/mutation.py score                 # and keeps what came of each in tests/mutation.txt

A warmed process forks one child a mutant; the child alone sees the changed module (no file is touched). Which tests go
through which statement, and how long each takes, is found out once (and again for a file of tests that has changed); a mutant is
tried against those that go through the changed statement, the module's own first, until one fails. An endless loop counts as killed
when its time is over.
`--part 1/2` and `--part 2/2` share the mutants between two processes. `--within 40` leaves out the slow tests, all but those
that come first in so many seconds together: more survives, which `--again` then tries against the rest.
"""

import argparse
import ast
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
from itertools import accumulate
from pathlib import Path

import pytest

for name in ("OMP_NUM_THREADS", "ARROW_NUM_THREADS", "ARROW_IO_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"  # a process with threads of its own must not be forked

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "var" / "mutation.jsonl"
KEPT = ROOT / "tests" / "mutation.txt"  # of the modules' texts now: a line a module and operator, a letter a mutant
LETTERS = {"killed": "k", "survived": "s", "time": "t", "none": "n", "not run": "."}
TESTS = (
    "test_values.py", "test_formats.py", "test_annotations.py", "test_caps.py", "test_firsts.py", "test_ledger.py",
    "test_purchases.py", "test_stacking.py", "test_payouts.py", "test_shapes.py", "test_tiers.py", "test_firms.py", "test_watch.py", "test_awards.py",
    "test_breaches.py", "test_flows.py", "test_indicators.py", "test_readings.py",
)
HEAVY = ("test_golden.py",)
NOTHING_RUN = pytest.ExitCode.NO_TESTS_COLLECTED
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
        _be_quiet()
        _forget(path)
        sys.meta_path.insert(0, Finder(path, source))
        os._exit(_run(sorted({test.partition("::")[0] for test in tests}), Chosen(tests)))
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "time" if os.WTERMSIG(status) == signal.SIGALRM else "killed"
    assert os.WEXITSTATUS(status) != NOTHING_RUN, f"{path.name}: the tests chosen are not there"
    return "killed" if os.WEXITSTATUS(status) else "survived"


def _be_quiet():
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)


def _forget(path):
    """What is already loaded and made of the changed module; only money lies that deep."""
    for name in [name for name in sys.modules if name.split(".")[0] == "zjtx_pipeline" and path.stem == "money"]:
        del sys.modules[name]


def _run(files, plugin):
    try:
        return int(pytest.main([*PYTEST, f"--rootdir={ROOT}", *(str(ROOT / each) for each in files)], plugins=[plugin]))
    except BaseException:  # whatever a mutant does to the run is noticed
        return 1


class Chosen:
    """Runs these tests alone, in this order."""

    def __init__(self, tests):
        self.places = {test: at for at, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items):
        items[:] = sorted((each for each in items if each.nodeid in self.places), key=lambda each: self.places[each.nodeid])


class Watched:
    """Notes which lines of the modules each test goes through, and how many seconds it takes."""

    def __init__(self):
        self.files = {str(path): path.relative_to(ROOT).as_posix() for path in modules()}
        self.found = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        lines, began = {name: set() for name in self.files.values()}, time.monotonic()

        def own(frame, event, _):
            lines[self.files[frame.f_code.co_filename]].add(frame.f_lineno)
            return own

        sys.settrace(lambda frame, event, _: own(frame, event, _) if frame.f_code.co_filename in self.files else None)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            through = {name: sorted(each) for name, each in lines.items() if each}
            self.found[item.nodeid] = (round(time.monotonic() - began, 2), through)


def watched(heavy):
    """{test: (seconds, {module: lines})}; found out in a child, once for a text of the modules and of a file of tests; unchanged,
    all must pass."""
    kept = {each: RESULTS.parent / f"mutation-{each.stem}-{_digest(each)}.json" for each in (ROOT / "tests" / name for name in TESTS + HEAVY * heavy)}
    missing = [each for each, found in kept.items() if not found.exists()]
    if missing:
        child = os.fork()
        if not child:
            _be_quiet()
            plugin = Watched()
            failed = _run([each.relative_to(ROOT) for each in missing], plugin)
            for each in missing if not failed else ():
                own = f"{each.relative_to(ROOT)}::"
                _write(kept[each], {test: found for test, found in plugin.found.items() if test.startswith(own)})
            os._exit(failed)
        assert os.waitpid(child, 0)[1] == 0, "the tests fail without any mutation"
    return {test: found for each in kept.values() for test, found in json.loads(each.read_text(encoding="utf-8")).items()}


def _digest(test):
    """Of the modules, a file of tests and its cases."""
    cases = test.parent / "cases" / f"{test.stem.removeprefix('test_')}.yaml"
    files = [*modules(), test, *([cases] if cases.exists() else [])]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:8]


def _write(path, found):
    """Whole or not at all: two processes may find out the same."""
    own = path.with_suffix(f".{os.getpid()}")
    own.write_text(json.dumps(found), encoding="utf-8")
    own.replace(path)


def statement(tree, line):
    """First and last line of what must have been gone through for a change on a line to tell: the innermost statement, of
    a function's head (annotations, defaults, decorators) the whole function, elsewhere at the top of a module all of it."""
    spans = [(1, 10**6)]
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not isinstance(node, (ast.ClassDef, ast.Import, ast.ImportFrom)):
            first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
            if first <= line <= node.end_lineno:
                spans.append((first, node.end_lineno))
    inner = min(spans, key=lambda span: span[1] - span[0])
    at_top = any(isinstance(node, (ast.Assign, ast.AnnAssign, ast.Expr)) and node.lineno == inner[0] for node in tree.body)
    return (1, 10**6) if at_top else inner


def telling(tests, path, span):
    """The tests that go through a span of lines, the module's own first, then the quickest; before them what looks its
    annotations up."""
    first, last = span
    own = [f"tests/test_{path.stem}.py", f"tests/test_{path.parent.stem}.py"]  # test_caps.py, then test_awards.py
    module = path.relative_to(ROOT).as_posix()
    through = {test: seconds for test, (seconds, lines) in tests.items() if any(first <= line <= last for line in lines.get(module, ()))}
    resolved = [test for test in tests if test.startswith("tests/test_annotations.py") and module in test]
    near = {test: own.index(file) if (file := test.partition("::")[0]) in own else len(own) for test in through}
    return [*resolved, *sorted(through, key=lambda test: (near[test], through[test]))]


def warm():
    """Everything that no mutant changes is imported, and the rules are read, once."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    warnings.simplefilter("ignore")
    import hypothesis.strategies
    import numpy
    import pandas
    import pyarrow.compute
    import pyarrow.parquet
    import yaml

    from zjtx_pipeline.rules import load_rules
    from zjtx_pipeline.tables import load_tables

    load_rules(), load_tables()
    loaded = {name for name in sys.modules if name.startswith(("zjtx_pipeline.tiers", "zjtx_pipeline.awards"))}
    assert not loaded, loaded
    return hypothesis, numpy, pandas, pyarrow, yaml


def known():
    """What came of each mutant tried: here, or before and kept."""
    words = {letter: word for word, letter in LETTERS.items()}
    kept = [line.rsplit(" ", 1) for line in KEPT.read_text(encoding="utf-8").splitlines()] if KEPT.exists() else []
    found = {f"{name} {number}": words[letter] for name, letters in kept for number, letter in enumerate(letters) if letter != "."}
    lines = RESULTS.read_text(encoding="utf-8").splitlines() if RESULTS.exists() else []
    return found | {each["id"]: each["came"] for each in map(json.loads, lines)}


def keep(found):
    """Write down what came of the mutants of the modules' texts now, that another machine need not try them again."""
    lines = []
    for path in modules():
        name, numbers = named(path), Counter(operator for operator, _, _ in mutants(path))
        for operator, number in sorted(numbers.items()):
            came = "".join(LETTERS[found.get(f"{name} {operator} {each}", "not run")] for each in range(number))
            lines.append(f"{name} {operator} {came}\n")
    KEPT.write_text("".join(lines), encoding="utf-8")


def named(path):
    """A module and its text."""
    return f"{path.relative_to(ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"


def run(again, heavy, within, part, parts):
    warm()
    RESULTS.parent.mkdir(exist_ok=True)
    before, tests = known(), watched(heavy)
    for path in modules():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [(f"{named(path)} {operator} {occurrence}", operator, occurrence, line) for operator, occurrence, line in mutants(path)]
        wanted = [each for each in names[part - 1 :: parts] if (before.get(each[0]) == "survived" if again else each[0] not in before)]
        if not wanted:
            continue
        whole = _within(tests, telling(tests, path, (1, 10**6)), within)
        assert tried(path, path.read_text(encoding="utf-8"), whole, 7200) == "survived", f"{path.name}: fails without any mutation"
        for name, operator, occurrence, line in wanted:
            source = mutated(path, operator, occurrence)
            began = time.monotonic()
            chosen = _within(tests, telling(tests, path, statement(tree, line)), within)
            seconds = 60 + 5 * int(sum(tests[each][0] for each in chosen))  # so long that only an endless loop takes it
            came = "none" if source is None else tried(path, source, chosen, seconds) if chosen else "survived"
            told = {"id": name, "file": path.name, "line": line, "operator": operator, "came": came, "seconds": round(time.monotonic() - began, 1)}
            with RESULTS.open("a", encoding="utf-8") as file:
                file.write(json.dumps(told) + "\n")


def _within(tests, chosen, seconds):
    """The first of some tests, as many as come within so many seconds."""
    return [test for test, passed in zip(chosen, accumulate(tests[each][0] for each in chosen)) if passed <= seconds]


def score():
    """What came of all mutants of a module as its text is now, and its survivors."""
    found = known()
    keep(found)
    for path in modules():
        wanted = [(found.get(f"{named(path)} {operator} {number}", "not run"), line, operator) for operator, number, line in mutants(path)]
        print(f"{path.relative_to(ROOT)}: {len(wanted)} mutants, {dict(Counter(came for came, _, _ in wanted))}")
        for line, operator in sorted((line, operator) for came, line, operator in wanted if came == "survived"):
            print(f"  survived: {path.name}:{line} {operator}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=("run", "score"))
    parser.add_argument("--again", action="store_true", help="only what survived")
    parser.add_argument("--heavy", action="store_true", help="the golden quarters too")
    parser.add_argument("--within", type=float, default=float("inf"), help="how many seconds the tests of a mutant may take together")
    parser.add_argument("--part", default="1/1", help="which share of the mutants, such as 1/2")
    asked = parser.parse_args()
    run(asked.again, asked.heavy, asked.within, *map(int, asked.part.split("/"))) if asked.verb == "run" else score()
