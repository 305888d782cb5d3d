"""Knows how a table's suite is run over its rows: the only home of Great Expectations.

Leaves the suites to `suites`, what a row looks like beside others to `facts`, faults of whole deliveries to `wholes`,
what follows from a fault to `outcomes`, keeping the result to `verdicts`. The library is imported when a table is
first judged, not before.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from zjtx_pipeline import outcomes, store, unfilled, verdicts
from zjtx_pipeline.codes import credit_code_faults, is_no_credit_code, patent_number_faults
from zjtx_pipeline.facts import FACTS, Scene
from zjtx_pipeline.facts.layout import laid_out, runs_on
from zjtx_pipeline.misfiled import misfiled
from zjtx_pipeline.outcomes import Outcome
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.rules import Rules
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.snapshots import Snapshot
from zjtx_pipeline.sources import LINEAGE
from zjtx_pipeline.suites import BLOCKING, NOTED, RETURNED, Suite, SuiteRule, filled, load_suite, suite_digest
from zjtx_pipeline.tables import dictionary_digest, load_tables
from zjtx_pipeline.tables.typed import canonical, typed, with_all_columns
from zjtx_pipeline.verdicts import Verdict
from zjtx_pipeline.wholes import whole_findings

JUDGING = "8"  # changes when the same rows would be judged otherwise, so that kept verdicts are made anew


@cache
def needs(table_id: str) -> tuple[str, ...]:
    """The tables that must be judged before one, because its suite compares with them."""
    named = {column for rule in load_suite(table_id).rules for column in rule.columns}
    beside = {other for name in named & set(FACTS) for other in FACTS[name].tables}
    if "misnamed" in named and table_id != "D02":
        beside.add("D02")
    return tuple(other for other in load_tables() if other in beside)


def order() -> tuple[str, ...]:
    """The 31 tables, each after those it needs."""
    done: list[str] = []

    def visit(table_id: str) -> None:
        for other in needs(table_id):
            visit(other)
        if table_id not in done:
            done.append(table_id)

    for table_id in load_tables():
        visit(table_id)
    return tuple(done)


def judge(
    home: Path, snapshot: Snapshot, settings: Settings, judged: Mapping[str, Verdict], same: tuple[str, ...] = ()
) -> Verdict:
    """The verdict over a snapshot, made once and kept under `home`/validated; `judged` holds what `needs` names.

    `same`: the departments whose file is the very one that they sent for the quarter before.
    """
    beside = {table: judged[table] for table in needs(snapshot.table.id)}
    digest = _digest(snapshot, settings, beside, same)
    path = verdicts.path_of(home, snapshot.table, digest)
    if not path.is_dir():
        verdicts.keep(home, _judged(snapshot, settings, beside, digest, same))
    return verdicts.load(path)


def is_kept(
    home: Path, snapshot: Snapshot, settings: Settings, judged: Mapping[str, Verdict], same: tuple[str, ...] = ()
) -> bool:
    """Has the verdict been made?"""
    return verdicts.path_of(home, snapshot.table, _digest(snapshot, settings, judged, same)).is_dir()


def _digest(snapshot: Snapshot, settings: Settings, beside: Mapping[str, Verdict], same: tuple[str, ...]) -> str:
    parts = [JUDGING, snapshot.digest, suite_digest(snapshot.table.id), dictionary_digest(), settings.rules.digest]
    return store.digest(*parts, str(settings.due_on(snapshot.quarter)), *(each.digest for each in beside.values()), *same)


def _judged(snapshot: Snapshot, settings: Settings, beside: Mapping[str, Verdict], digest: str, same: tuple[str, ...]) -> Verdict:
    table, rows, suite = snapshot.table, snapshot.rows, load_suite(snapshot.table.id)
    text = canonical(table, rows, settings.rules.spellings())
    delivered = {name: each for name, each in beside.items() if each.status != verdicts.UNDELIVERED}
    counting = verdicts.without_others_cells(table, rows["sender"], text)
    scene = Scene(table, snapshot.quarter, settings.rules, rows, counting, typed(table, counting), delivered)
    results = outcomes.spared(list(_outcomes(suite, scene)), scene) if len(rows) else []
    aside = outcomes.returned(results, rows.index)
    told = outcomes.findings(results, scene)
    known = delivered["D01"].accepted["uscc"] if "D01" in delivered else None
    whole = [*misfiled(snapshot, settings, text, known, same), *whole_findings(snapshot, settings, suite, text, aside)]
    lacking = unfilled.unfilled(snapshot, whole)
    whole += unfilled.findings(table, lacking)
    about = {"quarter": str(snapshot.quarter), "dataset": table.id}
    whole = verdicts.findings_frame(found | about for found in whole)
    findings = pd.concat([whole, told], ignore_index=True)
    sound = with_all_columns(table, scene.typed)[~aside].join(rows.loc[~aside, list(LINEAGE)])
    set_aside = outcomes.set_aside(rows, aside, told)
    return Verdict(
        table=table,
        quarter=snapshot.quarter,
        digest=digest,
        status=verdicts.status_of(snapshot),
        missing_senders=verdicts.missing_senders(snapshot),
        accepted=verdicts.joined(table, sound.reset_index(drop=True)),
        set_aside=set_aside,
        findings=findings,
        counts=verdicts.counted(snapshot, sound, set_aside),
        blocked=verdicts.blocked_by(findings),
        unfilled=lacking,
    )


# Running a suite


def _outcomes(suite: Suite, scene: Scene) -> Iterator[Outcome]:
    """Each rule's rows at fault; a rule on a column that the delivery lacks is silent, the lack being a fault itself."""
    frame, incomparable = laid_out(suite, scene)
    for rule, absent in incomparable:
        yield outcomes.not_compared(rule, absent)
    yield from _run(scene, [rule for rule in suite.rules if runs_on(rule, frame)], frame)


def _run(scene: Scene, rules: Sequence[SuiteRule], frame: pd.DataFrame) -> Iterator[Outcome]:
    """Validate a frame against rules; a rule that raised inside is a problem of the table, never silence."""
    if not rules:
        return
    expectations = [_expectation(number, rule, scene.rules) for number, rule in enumerate(rules)]
    validator = _great_expectations().validator_of(frame)
    configurations = [_great_expectations().configuration_of(**each) for each in expectations]
    with _configurations_built_once():
        results = validator.graph_validate(configurations, runtime_configuration={"result_format": _VERDICT_ONLY})
    holds = {result.expectation_config.meta["number"]: result.success for result in results}  # in another order
    for number, rule in enumerate(rules):
        yield Outcome(rule, _NOBODY) if holds[number] else _broken(rule, validator.at_fault(number))


def _broken(rule: SuiteRule, at_fault: pd.Index | None) -> Outcome:
    """A rule that does not hold names a row; one that names none could not be run."""
    return outcomes.not_run(rule) if at_fault is None or at_fault.empty else Outcome(rule, at_fault)


_VERDICT_ONLY = {"result_format": "BOOLEAN_ONLY"}  # which rows are at fault is asked of the rules that do not hold
_CONDITION, _IS_WRITTEN = ".condition", "column_values.nonnull.condition"
_NOBODY = pd.Index([], dtype="int64")
_SEVERITY = {RETURNED: "warning", NOTED: "info", BLOCKING: "critical"}


def _expectation(number: int, rule: SuiteRule, rules: Rules) -> dict[str, Any]:
    kwargs = {name: filled(value, rules) for name, value in rule.kwargs.items()}
    if rule.when:
        kwargs["row_condition"] = {"type": "and", "conditions": [_condition(*each) for each in rule.when.items()]}
    meta = {"id": rule.id, "number": number}
    return {"type": rule.type, "kwargs": kwargs, "severity": _SEVERITY[rule.severity], "meta": meta}


def _condition(header: str, values: Sequence[str]) -> dict[str, Any]:
    return {"type": "comparison", "column": {"name": header}, "operator": "IN", "parameter": list(values)}


def get_ready() -> None:
    """Import what judging needs, before there is anything to judge."""
    _great_expectations()


@dataclass(frozen=True)
class _Library:
    """What is used of Great Expectations: a validator of one frame, and the configuration of one expectation."""

    validator_of: Callable[[pd.DataFrame], Any]
    configuration_of: Callable[..., Any]


@cache
def _great_expectations() -> _Library:
    """The library, imported once a process, quiet and offline."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    _defer("scipy", "stats")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # its own imports' affair
        from great_expectations.execution_engine import PandasExecutionEngine
        from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
        from great_expectations.validator.metrics_calculator import MetricsCalculator
        from great_expectations.validator.validator import Validator
        from tqdm import tqdm

    tqdm.set_lock(threading.RLock())  # its own would be a semaphore between processes, left behind by a worker's end
    _custom_expectations()

    class Remembering(MetricsCalculator):
        """Keeps what it worked out: a result that names its rows would have every rule worked out once more."""

        def __init__(self, engine):
            super().__init__(engine)
            self.conditions, self.resolved = [], {}

        def build_metric_dependency_graph(self, metric_configurations, runtime_configuration=None):
            self.conditions.append(None)
            graph = super().build_metric_dependency_graph(metric_configurations, runtime_configuration)
            asked = {edge.left.metric_name: edge.left.id for edge in graph.edges if edge.left.metric_name.endswith(_CONDITION)}
            own = [name for name in asked if name != _IS_WRITTEN] or list(asked)  # most count the empty cells besides
            self.conditions[-1] = asked[own[0]] if len(own) == 1 else None
            return graph

        def resolve_validation_graph(self, *arguments, **named):
            self.resolved, aborted = super().resolve_validation_graph(*arguments, **named)
            return self.resolved, aborted

    class FrameValidator(Validator):
        """Of one frame; `at_fault` names the rows that break an expectation, by its position in `graph_validate`."""

        def __init__(self, frame):
            super().__init__(execution_engine=PandasExecutionEngine(batch_data_dict={"table": frame}))
            self._metrics_calculator = Remembering(self._execution_engine)

        def at_fault(self, position: int) -> pd.Index | None:
            """None where the expectation could not be evaluated."""
            asked = self._metrics_calculator.conditions[position]
            if asked not in self._metrics_calculator.resolved:
                return None
            breaks = self._metrics_calculator.resolved[asked][0]
            return pd.Index(sorted(breaks.index[breaks.to_numpy(dtype=bool)]), dtype="int64")

    return _Library(FrameValidator, ExpectationConfiguration)


def _defer(package: str, name: str) -> None:
    """Let a package's module be loaded when something of it is first used: two of five seconds of the import, for
    distributions that no rule here asks for."""
    whole = f"{package}.{name}"
    if whole in sys.modules:
        return
    spec = importlib.util.find_spec(whole)
    spec.loader = importlib.util.LazyLoader(spec.loader)
    sys.modules[whole] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    setattr(sys.modules[package], name, module)  # else `from package import name` would look the module up, and load it


@contextmanager
def _configurations_built_once() -> Iterator[None]:
    """Great Expectations builds each expectation's configuration anew over a hundred times, a third of a
    validation's time; nothing changes an expectation meanwhile, so here each is built once."""
    from great_expectations.expectations.expectation import Expectation

    build = Expectation.configuration.fget
    built: dict[int, tuple[Any, Any]] = {}  # the expectation is held too, so that its id is not used again

    def remembered(expectation):
        if id(expectation) not in built:
            built[id(expectation)] = (expectation, build(expectation))
        return built[id(expectation)][1]

    Expectation.configuration = property(remembered)
    try:
        yield
    finally:
        Expectation.configuration = property(build)


def check_suite(suite: Suite, rules: Rules) -> None:
    """Build a suite without running it: Great Expectations refuses unknown types and misspelt arguments."""
    _great_expectations()
    from great_expectations.expectations import registry

    for number, rule in enumerate(suite.rules):
        expectation = _expectation(number, rule, rules)
        registry.get_expectation_impl(expectation.pop("type"))(**expectation.pop("kwargs"), **expectation)


def _custom_expectations() -> None:
    """Our own kinds of expectation: of one column, looking at its distinct values once, and of two columns."""
    from great_expectations.execution_engine import PandasExecutionEngine
    from great_expectations.expectations.expectation import ColumnMapExpectation, ColumnPairMapExpectation
    from great_expectations.expectations.metrics import ColumnMapMetricProvider, column_condition_partial
    from great_expectations.expectations.metrics.map_metric_provider import (
        ColumnPairMapMetricProvider,
        column_pair_condition_partial,
    )

    def of_column(name: str, sound: Callable[[pd.Series], pd.Series]) -> None:
        def _pandas(cls, column, **kwargs):
            number, values = column.factorize()
            verdicts_on = sound(values.to_series()).to_numpy(dtype=bool)
            # An empty cell has the number −1: it is sound here, for emptiness is another rule's.
            return pd.Series(np.append(verdicts_on, True)[number], index=column.index)

        body = {
            "condition_metric_name": f"column_values.{name}",
            "filter_column_isnull": False,  # copying the whole frame without a column's empty cells costs most
            "_pandas": column_condition_partial(engine=PandasExecutionEngine)(_pandas),
        }
        type(f"ColumnValues{name.title().replace('_', '')}", (ColumnMapMetricProvider,), body)

    def of_pair(name: str, sound: Callable[[pd.Series, pd.Series], pd.Series]) -> None:
        def _pandas(cls, column_A, column_B, **kwargs):
            return sound(column_A, column_B).fillna(True).astype(bool)

        body = {
            "condition_metric_name": f"column_pair_values.{name}",
            "_pandas": column_pair_condition_partial(engine=PandasExecutionEngine)(_pandas),
        }
        type(f"ColumnPairValues{name.title().replace('_', '')}", (ColumnPairMapMetricProvider,), body)

    of_column("credit_code", lambda codes: ~is_no_credit_code(codes))
    of_column("organisation_code", lambda codes: ~(credit_code_faults(codes).eq("inner") & ~codes.str.startswith("9")))
    of_column("patent_number", lambda numbers: ~patent_number_faults(numbers))
    of_column("faultless", lambda facts: ~facts.astype(bool))
    of_pair("read", lambda text, value: text.isna() | value.notna())
    of_pair("no_earlier", lambda later, earlier: ~(later < earlier))

    class PairExpectation(ColumnPairMapExpectation):
        """Of two columns row by row; a row that lacks one of them is sound."""

        ignore_row_if: Literal["neither"] = "neither"
        domain_keys = (*ColumnPairMapExpectation.domain_keys, "ignore_row_if")

    class ExpectColumnPairValuesToBeRead(PairExpectation):
        """The text of A has become a value in B, by the reader of its kind (`tables.typed`)."""

        map_metric = "column_pair_values.read"

    class ExpectColumnPairValuesAToBeNoEarlierThanB(PairExpectation):
        """A is not before B, both being days."""

        map_metric = "column_pair_values.no_earlier"

    class ExpectColumnValuesToBeCreditCodes(ColumnMapExpectation):
        """Form and check digit of GB 32100; for codes that begin with 9 the inner digit of GB 11714 too."""

        map_metric = "column_values.credit_code"

    class ExpectColumnValuesToHoldOrganisationCodes(ColumnMapExpectation):
        """The inner digit of GB 11714 for codes that do not begin with 9."""

        map_metric = "column_values.organisation_code"

    class ExpectColumnValuesToBePatentNumbers(ColumnMapExpectation):
        """Form and check digit of ZC 0006-2003."""

        map_metric = "column_values.patent_number"

    class ExpectColumnValuesToBeFaultless(ColumnMapExpectation):
        """A fact of `facts` that is true of no row."""

        map_metric = "column_values.faultless"
