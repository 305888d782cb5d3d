"""Knows the arguments and options that several verbs share, and what is made of them; leaves the verbs to its neighbours."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Optional

import typer

from zjtx_pipeline import district
from zjtx_pipeline.errors import ZjtxError

Config = Annotated[
    Optional[Path],
    typer.Option("--config", metavar="文件", help="区县配置文件（YAML）；也可用环境变量 ZJTX_CONFIG。"),
]
QuarterKey = Annotated[str, typer.Argument(metavar="季度", help="季度，如 2024Q4。", show_default=False)]


def use(config: Path | None) -> None:
    """Name the configuration for this process and all that it starts."""
    chosen = district.configuration(config)
    if chosen is not None:
        os.environ["ZJTX_CONFIG"] = str(chosen)


def made(folder: Path) -> Path:
    """A folder to write into, made if missing; ZjtxError where it cannot be one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise ZjtxError(f"不能写到 {folder}：它不是目录，或没有权限新建，请换一个目录。") from None
    return folder
