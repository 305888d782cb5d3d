"""Knows what the rules must agree on among themselves; leaves the form of each rule to its type."""

from __future__ import annotations

from collections.abc import Iterator

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.rules.rulebook import Rules

COUNTS = {"tasks": 14, "targets": 13, "awards": 25, "readings": 28, "departments": 13}
INDICATORS = 86
LETTERS = "abcdefgh"


def check(rules: Rules) -> None:
    """Raise ZjtxError with the first thing that does not fit: a count, a name without an owner, a wrong letter."""
    for faults in (_counts, _tasks, _targets, _indicators, _awards, _tiers, _lists, _regions):
        for fault in faults(rules):
            raise ZjtxError(f"规则文件有误：{fault}。")


def _counts(rules: Rules) -> Iterator[str]:
    for name, expected in COUNTS.items():
        found = len(getattr(rules, name))
        if found != expected:
            yield f"{name} 应有 {expected} 项，现有 {found} 项"
    if rules.indicator_count != INDICATORS:
        yield f"indicators 应有 {INDICATORS} 项（含 T03-3b），现有 {rules.indicator_count} 项"
    if set(rules.tasks) != set(range(1, 15)):
        yield "任务编号应为 1 至 14"
    for prefix, name, width in (("Q", "targets", 2), ("A", "awards", 2), ("B-", "readings", 2)):
        ids = [f"{prefix}{number:0{width}d}" for number in range(1, COUNTS[name] + 1)]
        if list(getattr(rules, name)) != ids:
            yield f"{name} 的编号应依次为 {ids[0]} 至 {ids[-1]}"


def _tasks(rules: Rules) -> Iterator[str]:
    for task in rules.tasks.values():
        if task.pillar not in rules.plan.pillars:
            yield f"任务 {task.number} 的板块“{task.pillar}”不在六个板块之内"
        for name in task.departments:
            if name not in rules.departments:
                yield f"任务 {task.number} 的部门“{name}”不在部门表内"
    if rules.plan.term.reading not in rules.readings:
        yield f"计划期依据的口径 {rules.plan.term.reading} 不存在"
    if rules.plan.term.valid_from is None or rules.plan.term.valid_to is None:
        yield "计划期须有起止日期"
    if rules.plan.baseline_day >= rules.plan.starts_on:
        yield "基期日应早于计划期首日"


def _targets(rules: Rules) -> Iterator[str]:
    for target in rules.targets.values():
        indicator = rules.indicators.get(target.indicator)
        if indicator is None:
            yield f"目标 {target.id} 指向不存在的指标 {target.indicator}"
        elif indicator.target != target.id or indicator.task != target.task:
            yield f"目标 {target.id} 与指标 {indicator.id} 互指不一致"
        elif indicator.parts["a"].unit != target.unit:
            yield f"目标 {target.id} 的单位“{target.unit}”与指标 {indicator.id} 的“{indicator.parts['a'].unit}”不同"
        for reading in {target.reading, *target.readings} - {None, *rules.readings}:
            yield f"目标 {target.id} 依据的口径 {reading} 不存在"
        if target.due and target.due < rules.plan.starts_on:
            yield f"目标 {target.id} 的期限 {target.due} 早于计划期"


def _indicators(rules: Rules) -> Iterator[str]:
    for indicator in rules.indicators.values():
        if (indicator.kind == "H") != (indicator.target in rules.targets):
            yield f"指标 {indicator.id} 的类别与目标不符：H 须有目标，S 不得有"
        if indicator.task not in rules.tasks:
            yield f"指标 {indicator.id} 不属于任何任务"
        elif indicator.owner not in rules.tasks[indicator.task].departments:
            yield f"指标 {indicator.id} 的部门“{indicator.owner}”不是任务 {indicator.task} 的责任单位"
        if "".join(indicator.parts) != LETTERS[: len(indicator.parts)]:
            yield f"指标 {indicator.id} 的各部分应依次为 a、b、c……"
        for part in indicator.parts.values():
            yield from _breakdowns(rules, indicator.id + part.letter, part)


def _breakdowns(rules: Rules, figure: str, part) -> Iterator[str]:
    for breakdown in part.breakdowns:
        for column, values in zip(breakdown.columns, breakdown.values, strict=True):
            known = _known_values(rules, column, part.tables)
            if not isinstance(values, str) and known is not None and not set(values) <= set(known):
                yield f"{figure} 按“{column}”分列的取值“{'、'.join(set(values) - set(known))}”不在值域内"


def _known_values(rules: Rules, column: str, tables: tuple[str, ...]) -> tuple[str, ...] | None:
    """What a breakdown's column can hold: the list of the part's own table first, else the list of that name."""
    special = {"条款": tuple(rules.awards), "口径": tuple(rules.tiers.populations), "原因": rules.lists["失效原因"].names}
    if column in special:
        return special[column]
    own = [rules.lists[f"{table}.{column}"].names for table in tables if f"{table}.{column}" in rules.lists]
    return own[0] if own else None


def _awards(rules: Rules) -> Iterator[str]:
    for award in rules.awards.values():
        if award.task not in rules.tasks or award.department not in rules.tasks[award.task].departments:
            yield f"条款 {award.id} 的部门“{award.department}”不是任务 {award.task} 的责任单位"
        if award.measured and any(terms.amount is None and terms.rate is None for terms in award.terms):
            yield f"条款 {award.id} 标为已测算，但没有金额或比例"
        for column, values in award.trigger.where.items():
            known = rules.lists.get(f"{award.trigger.table}.{column}")
            if known is not None and not set(values) <= set(known.names):
                yield f"条款 {award.id} 的触发条件“{column}”有值域以外的取值"


def _tiers(rules: Rules) -> Iterator[str]:
    tiers, types = rules.tiers, set(rules.lists["资质类型"].names)
    used = {*tiers.types, *tiers.ladder, *(name for rule in tiers.populations.values() for name in rule.types)}
    used |= {name for version in tiers.versions for name in (*version.types, *version.renamed)}
    used |= {name for each in tiers.exclusions for name in (*each.held, each.not_new)}
    if not used <= types:
        yield f"资质类型“{'、'.join(sorted(used - types))}”不在值域内"
    for name, rule in tiers.populations.items():
        if not set(rule.union) <= set(tiers.populations):
            yield f"口径企业 {name} 由不存在的口径组成"
        if rule.pool is not None and rule.pool not in rules.lists["库别"].names:
            yield f"口径企业 {name} 的库别“{rule.pool}”不在值域内"


def _lists(rules: Rules) -> Iterator[str]:
    names = [name for closed in rules.closed_lists for name in {closed.name, *closed.columns}]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"值域“{name}”写了两次"
    for pairs in rules.pairs:
        kinds, levels = rules.lists.get(pairs.column), rules.lists.get(pairs.level)
        if kinds is None or levels is None or set(pairs.allowed) != set(kinds.names):
            yield f"值域搭配 {pairs.column} 与值域不一致"
        elif not {level for allowed in pairs.allowed.values() for level in allowed} <= set(levels.names):
            yield f"值域搭配 {pairs.column} 有值域以外的级别"


def _regions(rules: Rules) -> Iterator[str]:
    towns = rules.regions.towns
    if len({town.code for town in towns}) != len(towns) or len(set(rules.towns)) != len(towns):
        yield "镇街的代码或名称重复"
    if any(town.parent != rules.regions.district.code for town in towns):
        yield "镇街表中有不属于本区的代码"
