"""Knows what follows from the outcome of each rule: rows set aside, findings with header and value, reasons.

Leaves running the rules to `validate`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from zjtx_pipeline.facts import FACTS, Fact, Scene
from zjtx_pipeline.suites import BLOCKING, NOTED, RETURNED, SuiteRule
from zjtx_pipeline.tables import Table
from zjtx_pipeline.verdicts import findings_frame, shown


@dataclass(frozen=True)
class Outcome:
    """What became of one rule: the rows at fault, or why it was not run (`problem`, of a severity of its own)."""

    rule: SuiteRule
    at_fault: pd.Index
    problem: str = ""
    problem_severity: str = BLOCKING


def not_compared(rule: SuiteRule, absent: Sequence[str]) -> Outcome:
    """A rule that needs tables which nobody delivered: skipped, with one finding."""
    return Outcome(rule, pd.Index([]), f"{'、'.join(absent)}本季未报送，没有核对“{rule.id}”。", NOTED)


def not_run(rule: SuiteRule) -> Outcome:
    """A rule that raised instead of answering stops its table."""
    return Outcome(rule, pd.Index([]), f"规则“{rule.id}”没能执行：请联系维护人员检查本表的规则文件。")


def spared(outcomes: Sequence[Outcome], scene: Scene) -> list[Outcome]:
    """The outcomes, but of twins the first that is sound otherwise stands: one set aside for a fault of its own takes no
    other's place."""
    aside = returned([outcome for outcome in outcomes if not _spares(outcome)], scene.rows.index)
    return [_sparing_first(outcome, scene, aside) if _spares(outcome) else outcome for outcome in outcomes]


def _spares(outcome: Outcome) -> bool:
    fact = _twins(outcome)
    return fact is not None and fact.spares_first and not outcome.at_fault.empty


def _sparing_first(outcome: Outcome, scene: Scene, aside: pd.Series) -> Outcome:
    sound = _twins(outcome).twins(scene)[~aside].dropna()
    return replace(outcome, at_fault=outcome.at_fault.difference(sound.index[~sound.duplicated()]))


def returned(outcomes: Sequence[Outcome], rows: pd.Index) -> pd.Series:
    """Which rows are set aside."""
    at_fault = [outcome.at_fault for outcome in outcomes if outcome.rule.severity == RETURNED]
    return pd.Series(rows.isin(at_fault[0].append(at_fault[1:]) if at_fault else []), index=rows)


def findings(outcomes: Sequence[Outcome], scene: Scene) -> pd.DataFrame:
    """One finding for each rule and row at fault, and for each rule not run; the frame's index is the row's label."""
    problems = [
        {"severity": each.problem_severity, "rule": each.rule.id, "header": _header(each.rule, scene.table), "message": each.problem}
        for each in outcomes
        if each.problem
    ]
    broken = [each for each in outcomes if len(each.at_fault)]
    told = findings_frame(line for each in broken for line in _told(each, scene))
    rows = scene.rows.loc[[label for each in broken for label in each.at_fault], ["sender", "source", "place"]]
    told = told.set_axis(rows.index).assign(**{name: rows[name].array for name in rows})
    frame = pd.concat([findings_frame(problems).set_axis([-1] * len(problems)), told])
    return frame.assign(quarter=str(scene.quarter), dataset=scene.table.id)


def _told(outcome: Outcome, scene: Scene) -> Iterator[dict[str, str]]:
    rule, header = outcome.rule, _header(outcome.rule, scene.table)
    cells = scene.text[header].loc[outcome.at_fault] if header in scene.text else [""] * len(outcome.at_fault)
    others = _of_others(outcome, scene)
    for label, value in zip(outcome.at_fault, map(shown, cells), strict=True):
        message = others.get(label, rule.message).replace("{值}", value)
        yield {"severity": rule.severity, "rule": rule.id, "header": header, "value": value, "message": message}


def _of_others(outcome: Outcome, scene: Scene) -> dict[int, str]:
    """What is said of rows whose twins stand in another department's delivery alone: their own holds nothing to delete."""
    fact = _twins(outcome)
    if fact is None or scene.rows["sender"].nunique() < 2:
        return {}
    twins = fact.twins(scene)
    told = {}
    for _, among in scene.rows["sender"].groupby(twins[twins.isin(twins[outcome.at_fault])]):
        for label, sender in among[among.index.isin(outcome.at_fault)].items():
            if among.eq(sender).sum() == 1:
                others = list(dict.fromkeys(among[among.ne(sender)]))
                told[label] = fact.between.replace("{部门}", "、".join(others)).replace("{几家}", "两家" if len(others) == 1 else "各家")
    return told


def _twins(outcome: Outcome) -> Fact | None:
    """The fact of a rule that tells of rows which are one another's."""
    return next((FACTS[name] for name in outcome.rule.columns if name in FACTS and FACTS[name].twins), None)


def _header(rule: SuiteRule, table: Table) -> str:
    """The Chinese header under which a fault is shown."""
    if rule.header:
        return rule.header
    named = next((name for name in rule.columns if name not in FACTS), "")
    return table.columns[named].header if named in table.columns else named


def set_aside(rows: pd.DataFrame, aside: pd.Series, told: pd.DataFrame) -> pd.DataFrame:
    """The returned rows as delivered, with the rules they broke and the sentences, in the suite's order."""
    broken = told[told["severity"].eq(RETURNED)]
    reasons = broken.groupby(broken.index)[["rule", "message"]].agg("；".join).reindex(rows.index[aside]).astype("str")
    return rows[aside].assign(rules=reasons["rule"], reasons=reasons["message"]).reset_index(drop=True)
