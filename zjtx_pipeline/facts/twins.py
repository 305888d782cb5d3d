"""Knows rows that say again, or otherwise, what another row of the same key says; leaves what a key is to `keys`."""

from __future__ import annotations

import pandas as pd

from zjtx_pipeline.facts.scene import Scene, fact


@fact()
def repeated(scene: Scene) -> pd.Series:
    """Same key, same content as an earlier row."""
    return scene.standing.eq("repeated")


@fact()
def contradicted(scene: Scene) -> pd.Series:
    """Same key as another row, other content."""
    return scene.standing.eq("contradicted")
