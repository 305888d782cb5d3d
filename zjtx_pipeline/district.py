"""Knows which district a command or a run is about: the configuration named, else ZJTX_CONFIG, else the sample.

Leaves reading the file to `settings` and making the sample's files to `sample`.
"""

from __future__ import annotations

import os
from pathlib import Path

from zjtx_pipeline.settings import Settings, home, load_settings


def configuration(named: str | Path | None = None) -> Path | None:
    """The configuration file in force; None means the sample district."""
    chosen = named or os.environ.get("ZJTX_CONFIG")
    return Path(chosen).resolve() if chosen else None


def settings_in_force(named: str | Path | None = None) -> Settings:
    """The district's settings, the sample district being made where no other is named.

    ZjtxError: the configuration is missing or malformed.
    """
    chosen = configuration(named)
    if chosen is None:
        from zjtx_pipeline import sample

        chosen = sample.build(home())
    return load_settings(chosen)


def settings_known(named: str | Path | None = None) -> Settings:
    """As `settings_in_force`, but nothing is made: before the sample stands, the defaults speak for it."""
    chosen = configuration(named) or home() / "sample" / "district.yaml"
    if configuration(named) is None and not chosen.exists():
        return Settings(sample=True)
    return load_settings(chosen)
