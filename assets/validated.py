"""Knows the assets that hold each table's sound rows, and the checks that stop what depends on a faulty table.

Leaves every rule to the suites in `expectations/` and the verdict to the library.
"""

from collections.abc import Iterable, Iterator

from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    Failure,
    MaterializeResult,
    MetadataValue,
    asset,
)

from assets.naming import owners
from assets.partitions import QUARTERS
from assets.resources import District
from zjtx_pipeline import stages, validate
from zjtx_pipeline.tables import Table, load_tables

GROUP = "g2_sound"


def sound(table_ids: Iterable[str]) -> list[AssetKey]:
    """The assets of these tables' sound rows."""
    return [AssetKey(["sound", table_id]) for table_id in table_ids]


def checks_of(key: AssetKey) -> list[AssetCheckSpec]:
    return [
        AssetCheckSpec("conservation", asset=key, blocking=True, description="读入行数＝合格＋退回＋无法识别，一行不丢。"),
        AssetCheckSpec("table_rules", asset=key, blocking=True, description="缺列、空表、退回比例过高等整表问题：有则下游停止。"),
    ]


def sound_table(table: Table) -> AssetsDefinition:
    """One table's accepted rows, with what was set aside and why."""
    key = AssetKey(["sound", table.id])

    @asset(
        key=key,
        deps=[AssetKey(["raw", table.id]), *sound(validate.needs(table.id))],
        check_specs=checks_of(key),
        partitions_def=QUARTERS,
        group_name=GROUP,
        owners=owners(table.senders),
        kinds={"greatexpectations"},
        description=f"{table.id} {table.name}：逐行校验后的合格行；退回的行连同原因另存，见“问题清单”。",
    )
    def check(context: AssetExecutionContext, district: District) -> Iterator[MaterializeResult]:
        with district.run_of(context) as run:
            found = stages.check(run, table.id)
        yield MaterializeResult(
            metadata={
                "报送情况": found["status"],
                "未报送部门": "、".join(found["missing"]) or "无",
                "读入": found["read"],
                "合格": found["accepted"],
                "退回": found["quarantined"],
                "无法识别": found["rejected"],
                "问题": found["findings"],
                "问题清单": MetadataValue.md(found["findings_markdown"] or "没有发现问题。"),
            },
            check_results=[conserved(found), unblocked(found)],
        )
        stop_if_blocked(found)

    return check


def conserved(found: dict) -> AssetCheckResult:
    """read = accepted + quarantined + rejected."""
    kept = found["accepted"] + found["quarantined"] + found["rejected"]
    sentence = f"读入 {found['read']} 行，去向清楚的 {kept} 行。"
    return AssetCheckResult(check_name="conservation", passed=kept == found["read"], description=sentence)


def unblocked(found: dict) -> AssetCheckResult:
    """No rule of the whole table is broken."""
    blocked = found["blocked"]
    return AssetCheckResult(
        check_name="table_rules", passed=not blocked, description="；".join(blocked) or "没有需要阻断的问题。"
    )


def stop_if_blocked(found: dict) -> None:
    """The blocking check stops what follows anyway; this says why in a sentence."""
    if found["blocked"]:
        raise Failure(description="；".join(found["blocked"]), allow_retries=False)


SOUND = [sound_table(table) for table in load_tables().values()]
