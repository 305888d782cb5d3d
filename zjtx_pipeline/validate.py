"""Knows how a table's suite is run over its rows: the only home of Great Expectations.

Leaves the suites to `suites`, what a row looks like beside others to `facts`, faults of whole deliveries to
`deliveries`, keeping the result to `verdicts`. Great Expectations is imported when a table is first judged, not before.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from zjtx_pipeline import store, verdicts
from zjtx_pipeline.codes import credit_code_faults, patent_number_faults
from zjtx_pipeline.facts import FACTS, Scene
from zjtx_pipeline.settings import Settings
from zjtx_pipeline.snapshots import Snapshot
from zjtx_pipeline.sources import LINEAGE
from zjtx_pipeline.suites import BLOCKING, NOTED, RETURNED, Suite, SuiteRule, filled, load_suite, suite_digest
from zjtx_pipeline.tables import Table, dictionary_digest, load_tables
from zjtx_pipeline.tables.typed import canonical, readable, typed
from zjtx_pipeline.verdicts import UNDELIVERED, Verdict
from zjtx_pipeline.wholes import whole_findings

JUDGING = "1"  # changes when the same rows would be judged otherwise, so that kept verdicts are made anew
_CLOSED_STATUS = {"status": UNDELIVERED}


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


def judge(home: Path, snapshot: Snapshot, settings: Settings, judged: Mapping[str, Verdict]) -> Verdict:
    """The verdict over a snapshot, made once and kept under `home`/validated; `judged` holds what `needs` names."""
    beside = {table: judged[table] for table in needs(snapshot.table.id)}
    digest = _digest(snapshot, settings, beside)
    path = verdicts.path_of(home, snapshot.table, digest)
    if not path.is_dir():
        verdicts.keep(home, _judged(snapshot, settings, beside, digest))
    return verdicts.load(path)


def _digest(snapshot: Snapshot, settings: Settings, beside: Mapping[str, Verdict]) -> str:
    parts = [JUDGING, snapshot.digest, suite_digest(snapshot.table.id), dictionary_digest(), settings.rules.digest]
    return store.digest(*parts, str(settings.delivery_deadline_workday), *(each.digest for each in beside.values()))


def _judged(snapshot: Snapshot, settings: Settings, beside: Mapping[str, Verdict], digest: str) -> Verdict:
    table, rows = snapshot.table, snapshot.rows
    text = canonical(table, rows, settings.rules.spellings())
    values = typed(table, text)
    suite = load_suite(table.id)
    accepted = {name: each.accepted for name, each in beside.items() if each.status != UNDELIVERED}
    scene = Scene(table, snapshot.quarter, settings.rules, rows, text, values, accepted)
    outcomes = list(_outcomes(suite, scene)) if len(rows) else []
    returned = _returned(outcomes, rows.index)
    findings = [*whole_findings(snapshot, settings, suite, text, returned), *_findings(outcomes, scene)]
    frame = verdicts.findings_frame(findings)
    sound = _with_all_columns(table, values)[~returned].join(rows.loc[~returned, list(LINEAGE)])
    set_aside = _set_aside(rows, returned, outcomes)
    return Verdict(
        table=table,
        quarter=snapshot.quarter,
        digest=digest,
        status=verdicts.status_of(snapshot),
        missing_senders=verdicts.missing_senders(snapshot),
        accepted=verdicts.joined(table, sound.reset_index(drop=True)),
        set_aside=set_aside,
        findings=frame,
        counts=verdicts.counted(snapshot, sound, set_aside),
        blocked=verdicts.blocked_by(frame),
    )


def _with_all_columns(table: Table, values: pd.DataFrame) -> pd.DataFrame:
    """The values with a column of NA, of its proper type, for each column that no delivery bore."""
    absent = {c.header: pd.Series(pd.NA, index=values.index, dtype="str") for c in table.columns.values()}
    nothing = typed(table, pd.DataFrame(absent, index=values.index))
    return nothing.assign(**{name: values[name] for name in values})


# Running a suite


@dataclass(frozen=True)
class Outcome:
    """What became of one rule: the rows at fault, or why it could not be run."""

    rule: SuiteRule
    at_fault: pd.Index
    problem: str = ""


def _outcomes(suite: Suite, scene: Scene) -> Iterator[Outcome]:
    """Each rule's rows at fault, in the suite's order; rules on columns that are missing are silent here."""
    frame, skipped = _frame(suite, scene)
    runnable = [rule for rule in suite.rules if _is_runnable(rule, frame, scene.table)]
    yield from skipped
    yield from _run(scene, runnable, frame)


def _frame(suite: Suite, scene: Scene) -> tuple[pd.DataFrame, list[Outcome]]:
    """What Great Expectations sees: text under Chinese headers, values under English names, lineage, facts."""
    facts, skipped = {}, []
    for rule in suite.rules:
        for fact in (FACTS[name] for name in rule.columns if name in FACTS):
            absent = [table for table in fact.tables if table not in scene.accepted]
            if absent:
                skipped.append(Outcome(rule, scene.rows.index[:0], f"{'、'.join(absent)} 未报送，没有核对：{rule.message}"))
            elif set(fact.columns) <= set(scene.typed.columns):
                facts[fact.name] = fact.find(scene).astype(bool)
    parts = [scene.text, scene.typed, scene.rows[list(LINEAGE)], pd.DataFrame(facts, index=scene.rows.index)]
    return pd.concat(parts, axis=1), skipped


def _is_runnable(rule: SuiteRule, frame: pd.DataFrame, table: Table) -> bool:
    conditions = set(re.findall(r"[a-z_][a-z0-9_]*", rule.kwargs.get("row_condition", "")))
    asked = {*rule.columns, *(conditions & set(table.columns))}
    return asked <= set(frame.columns)


def _run(scene: Scene, rules: Sequence[SuiteRule], frame: pd.DataFrame) -> Iterator[Outcome]:
    """Validate a frame against rules; a rule that raised inside is a problem of the table, never silence."""
    if not rules:
        return
    batch_of, suite_of = _engine()
    end = scene.quarter.last_day
    suite = suite_of([_expectation(number, rule, scene, end) for number, rule in enumerate(rules)])
    with _configurations_built_once():
        validated = batch_of(frame).validate(suite, **_FORMAT)
    results = {result.expectation_config.meta["number"]: result for result in validated.results}
    for number, rule in enumerate(rules):
        yield _outcome(rule, results[number], frame)


_FORMAT = {
    "result_format": {
        "result_format": "COMPLETE",
        "partial_unexpected_count": 0,
        "exclude_unexpected_values": True,
        "return_unexpected_index_query": False,
    }
}
_SEVERITY = {RETURNED: "warning", NOTED: "info", BLOCKING: "critical"}


def _expectation(number: int, rule: SuiteRule, scene: Scene, end: Any) -> dict[str, Any]:
    kwargs = {name: filled(value, scene.rules, end) for name, value in rule.kwargs.items()}
    if "row_condition" in kwargs:
        kwargs["condition_parser"] = "pandas"
    meta = {"id": rule.id, "number": number}
    return {"type": rule.type, "kwargs": kwargs, "severity": _SEVERITY[rule.severity], "meta": meta}


def _outcome(rule: SuiteRule, result: Any, frame: pd.DataFrame) -> Outcome:
    """Only the index list of a result is complete; a rule that failed without one could not be run."""
    at_fault = result.result.get("unexpected_index_list")
    if at_fault is None and not result.success:
        return Outcome(rule, frame.index[:0], f"规则 {rule.id} 无法执行：请联系维护人员。")
    return Outcome(rule, pd.Index(sorted(at_fault or []), dtype="int64"))


@cache
def _engine():
    """One ephemeral context a process, quiet and offline: a function for batches, one for suites."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations
    from great_expectations.core import ExpectationSuite

    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    _custom_expectations()
    asset = context.data_sources.add_pandas("deliveries").add_dataframe_asset("table")
    definition = asset.add_batch_definition_whole_dataframe("whole")

    def batch_of(frame: pd.DataFrame):
        return definition.get_batch({"dataframe": frame})

    def suite_of(expectations: list[dict[str, Any]]):
        return ExpectationSuite(name="suite", expectations=expectations)

    return batch_of, suite_of


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


def known_types() -> set[str]:
    """The expectation types that a suite may name: Great Expectations' own and ours."""
    _engine()
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    return set(list_registered_expectation_implementations())


def checked_suite(suite: Suite, settings: Settings, end: Any) -> None:
    """Build a suite without running it: Great Expectations refuses unknown types and misspelt arguments."""
    _, suite_of = _engine()
    scene = Scene(load_tables()[suite.name], None, settings.rules, None, None, None, {})
    suite_of([_expectation(number, rule, scene, end) for number, rule in enumerate(suite.rules)])


def _custom_expectations() -> None:
    """Our own kinds of expectation; each looks at a column's distinct values once."""
    from great_expectations.execution_engine import PandasExecutionEngine
    from great_expectations.expectations.expectation import ColumnMapExpectation
    from great_expectations.expectations.metrics import ColumnMapMetricProvider, column_condition_partial

    def metric(name: str, sound, keys: tuple[str, ...] = ()) -> None:
        def _pandas(cls, column, **kwargs):
            values = pd.Series(column.unique(), dtype=column.dtype)
            return column.map(dict(zip(values, sound(values, **{key: kwargs[key] for key in keys}), strict=True))).astype(bool)

        body = {
            "condition_metric_name": f"column_values.{name}",
            "condition_value_keys": keys,
            "_pandas": column_condition_partial(engine=PandasExecutionEngine)(_pandas),
        }
        type(f"ColumnValues{name.title().replace('_', '')}", (ColumnMapMetricProvider,), body)

    metric("readable", lambda values, kind: readable(values, kind), ("kind",))
    metric("credit_code", lambda codes: ~_is_wrong_code(codes))
    metric("organisation_code", lambda codes: ~(credit_code_faults(codes).eq("inner") & ~codes.str.startswith("9")))
    metric("patent_number", lambda numbers: ~patent_number_faults(numbers))
    metric("faultless", lambda facts: ~facts.astype(bool))

    class ExpectColumnValuesToReadAs(ColumnMapExpectation):
        """Each text can be read as a value of a kind of the dictionary (`wan`, `event`, `count` …)."""

        kind: str
        map_metric = "column_values.readable"
        success_keys = ("kind", "mostly")

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


def _is_wrong_code(codes: pd.Series) -> pd.Series:
    faults = credit_code_faults(codes)
    return faults.isin(["form", "check"]) | (faults.eq("inner") & codes.str.startswith("9"))


# From outcomes to what a department reads


def _returned(outcomes: Sequence[Outcome], index: pd.Index) -> pd.Series:
    """Which rows are set aside."""
    returned = pd.Series(False, index=index)
    for outcome in outcomes:
        if outcome.rule.severity == RETURNED:
            returned[outcome.at_fault] = True
    return returned


def _findings(outcomes: Sequence[Outcome], scene: Scene) -> Iterator[dict[str, str]]:
    common = {"quarter": str(scene.quarter), "dataset": scene.table.id}
    for outcome in outcomes:
        rule = outcome.rule
        header = _header(rule, scene.table)
        if outcome.problem:
            severity = NOTED if "未报送" in outcome.problem else BLOCKING
            yield {**common, "severity": severity, "rule": rule.id, "header": header, "message": outcome.problem}
        rows = scene.rows.loc[outcome.at_fault]
        cells = scene.text.loc[outcome.at_fault, header] if header in scene.text else pd.Series("", index=rows.index)
        for value, sender, source, place in zip(cells, rows["sender"], rows["source"], rows["place"], strict=True):
            value = verdicts.shown(value)
            message = rule.message.replace("{值}", value)
            found = {"severity": rule.severity, "rule": rule.id, "header": header, "value": value, "message": message}
            yield {**common, **found, "sender": sender, "source": source, "place": place}


def _header(rule: SuiteRule, table: Table) -> str:
    """The Chinese header under which a fault is shown."""
    if rule.header:
        return rule.header
    named = next(iter(rule.columns), "")
    return table.columns[named].header if named in table.columns else named if named not in FACTS else ""


def _set_aside(rows: pd.DataFrame, returned: pd.Series, outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """The returned rows as delivered, with the rules they broke and the sentences, in the suite's order."""
    broken = [(row, outcome.rule.id, outcome.rule.message) for outcome in outcomes if outcome.rule.severity == RETURNED for row in outcome.at_fault]
    by_row = pd.DataFrame(broken, columns=["row", "rules", "reasons"]).groupby("row").agg("；".join)
    frame = rows[returned]
    reasons = by_row.reindex(frame.index).astype("str")
    return frame.assign(rules=reasons["rules"], reasons=reasons["reasons"]).reset_index(drop=True)
