"""Knows rows that say again, or otherwise, what another row of the same key says; leaves what a key is to `keys`."""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.facts.scene import Scene, fact


def _key(scene: Scene) -> pd.Series:
    return scene.key


@fact(twins=_key, between="与{部门}报送的一行完全相同：请{几家}商定只由一家报送，不报的删去。", spares_first=True)
def repeated(scene: Scene) -> pd.Series:
    """Same key, same content as an earlier row."""
    return scene.standing.eq("repeated")


@fact(twins=_key, between="与{部门}报送的一行主键相同而内容不一致，无法判断哪一行为准：请{几家}核对后只由一家报送。")
def contradicted(scene: Scene) -> pd.Series:
    """Same key as another row, other content."""
    return scene.standing.eq("contradicted")
