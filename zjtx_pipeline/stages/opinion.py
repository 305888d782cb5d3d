"""Knows how a run holds what it measured against the second opinion, and refuses to print what the two disagree on.

Leaves computing to `second_opinion`. A review is kept beside the figures that it is about.
"""

from __future__ import annotations

from pathlib import Path

from zjtx_pipeline import second_opinion as second
from zjtx_pipeline import store
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.rules import Rules
from zjtx_pipeline.second_opinion import Opinion
from zjtx_pipeline.stages.intake import existing, verdict_on
from zjtx_pipeline.stages.measuring import awards_of, awards_path, figures_of, figures_path, tally_of
from zjtx_pipeline.stages.run import Run
from zjtx_pipeline.tables import load_tables
from zjtx_pipeline.verdicts import ABSENT, UNDELIVERED, path_of

TITLES = 0  # in place of a task's number: the titles that every report shows


def reviewed_tasks(rules: Rules) -> list[int]:
    """The tasks that have a target or pay money out: theirs are computed twice."""
    return [number for number in rules.tasks if rules.targets_of(number) or rules.grants_of(number)]


def review(run: Run, number: int) -> dict:
    """Hold a task's targets and awards, or the titles (0), against the second opinion; what differs stops their reports."""
    unfollowed = second.unfollowed(run.settings.rules, number)
    compared = [] if unfollowed else _compared(run, number)
    told = {
        "compared": len(compared),
        "differences": [str(each) for each in second.differences(compared)],
        "unreviewed": f"未复核：{'、'.join(unfollowed)}，第二算法没有这一口径。" if unfollowed else "",
    }
    store.write_json(_path(run, number), told)
    return told


def unreviewed(rules: Rules, number: int) -> tuple[str, ...]:
    """The readings for which what a report prints, a task's or the overall one's (0), is computed once only."""
    reviewed = reviewed_tasks(rules)
    tasks = [TITLES, *({number} & set(reviewed) if number else reviewed)]
    return tuple(dict.fromkeys(each for task in tasks for each in second.unfollowed(rules, task)))


def refuse_if_disputed(run: Run, number: int) -> None:
    """ZjtxError where a review finds a difference in what a report prints: a task's, or the overall one's (0).

    A review older than what it reviewed is made anew, so that a report printed again by itself is held to it too.
    """
    tasks = reviewed_tasks(run.settings.rules)
    for each in [TITLES, *({number} & set(tasks) if number else tasks)]:
        stop_if_disputed(store.read_json(_path(run, each)) if _is_fresh(run, each) else review(run, each))


def stop_if_disputed(told: dict) -> None:
    if told["differences"]:
        raise ZjtxError(told["differences"][0])


def _path(run: Run, number: int) -> Path:
    return run.work / "second_opinion" / f"T{number:02d}.json"


def _is_fresh(run: Run, number: int) -> bool:
    """Was a review made since what it holds against the second opinion was measured?"""
    grants = run.settings.rules.grants_of(number)
    measured = [figures_path(run, number), *([awards_path(run, number)] if grants else [])]
    measured = measured if number else [run.work / "tiers.parquet"]
    reviewed = _path(run, number)
    return reviewed.exists() and all(reviewed.stat().st_mtime_ns >= existing(path).stat().st_mtime_ns for path in measured)


def _compared(run: Run, number: int) -> list[tuple]:
    rules, (opinion, absent) = run.settings.rules, _opinion(run)
    if number == TITLES:
        return second.compared_tiers(opinion, tally_of(run, "tiers"), absent)
    figures = [each.figure for each in figures_of(run, [number])]
    compared = second.compared_figures(opinion, figures, number, rules, absent)
    return compared + second.compared_awards(opinion, awards_of(run, [number]), rules.grants_of(number), rules, absent)


_AT_HAND: dict[tuple, Opinion] = {}  # computed once for all tasks of a run


def _opinion(run: Run) -> tuple[Opinion, frozenset[str]]:
    """The second opinion on the accepted rows in use, and what it goes without: tables 未报送, stopped or not judged yet, columns
    that nobody fills."""
    known = [each for each in load_tables() if run.pointer("judged", run.quarter, each).exists()]
    judged = {each: verdict_on(run, each, run.quarter) for each in known}
    usable = {name: each for name, each in judged.items() if each.status != UNDELIVERED and not each.blocked}
    paths = tuple((name, path_of(run.home, each.table, each.digest) / "accepted.parquet") for name, each in usable.items())
    statuses = {need: status for each in usable.values() for need, status in each.statuses.items()}
    absent = (frozenset(load_tables()) - set(usable)) | {need for need, status in statuses.items() if status in ABSENT}
    key = (run.home, run.quarter, paths, run.settings.rules.digest)
    if key not in _AT_HAND:
        _AT_HAND.clear()
        _AT_HAND[key] = second.opinion(run.settings.rules, run.quarter, dict(paths))
    return _AT_HAND[key], absent
