"""Knows what every part of a configuration has in common, and the kinds of values that several hold; leaves the parts to their modules.

A file, a folder or an SQLite database that is not named from the root lies beside the configuration: its folder is the context in which
a configuration is validated. Without one, as where settings are made by hand, names stay as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationInfo
from pydantic_core import PydanticCustomError

from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.quarter import Quarter

_SQLITE = "sqlite:///"


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _beside(named: Any, info: ValidationInfo) -> Any:
    """A file or folder, counted from the folder of the configuration."""
    return info.context / named if isinstance(named, str) and info.context else named


def _sqlite_beside(url: Any, info: ValidationInfo) -> Any:
    """A database's address, a relative SQLite file counted from the folder of the configuration."""
    if not isinstance(url, str) or not url.startswith(_SQLITE) or url.startswith(f"{_SQLITE}/"):
        return url
    return f"{_SQLITE}{_beside(url.removeprefix(_SQLITE), info)}"


def quarter_key(key: str) -> str:
    """A quarter's key as it stands; what is none is named with its place in the configuration, as any other fault."""
    try:
        return str(Quarter.parse(key))
    except ZjtxError:
        raise PydanticCustomError("no_quarter", "{key}", {"key": key}) from None


Place = Annotated[Path, BeforeValidator(_beside)]
Database = Annotated[str, BeforeValidator(_sqlite_beside)]
QuarterKey = Annotated[str, AfterValidator(quarter_key)]
