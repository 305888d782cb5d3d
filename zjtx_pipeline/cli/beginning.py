"""Knows the verbs that write what a district begins with: blank forms, and a sample to try; leaves both to `tables` and `sample`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from zjtx_pipeline import district
from zjtx_pipeline.cli import console
from zjtx_pipeline.cli.options import Config, made
from zjtx_pipeline.quarter import Quarter


def templates(
    folder: Annotated[Path, typer.Argument(metavar="目录", help="写到哪个目录，不存在则新建。", show_default=False)],
    config: Config = None,
) -> None:
    """写出 31 张空白填报表（Excel）。

    发给各部门填写：有表头、单位、下拉列表和填表说明。
    """
    from zjtx_pipeline.tables.blanks import write_blanks

    written = write_blanks(made(folder), district.settings_known(config).rules)
    console.out.print(f"已写出 {len(written)} 张填报表：{folder.resolve()}")


def sample(
    wanted: Annotated[
        Optional[list[str]], typer.Argument(metavar="[季度]...", help="要写出报送数据的季度；不填则只建配置。", show_default=False)
    ] = None,
) -> None:
    """建示例区县，写出所列季度的报送数据。

    企业、金额、人员均为虚构。不列季度则只建配置；各季度的数据在第一次用到时也会自动写出。
    """
    from zjtx_pipeline import sample as district_sample
    from zjtx_pipeline.settings import home

    asked = [Quarter.parse(key) for key in wanted or []]
    path = district_sample.build(home())
    for quarter in asked:
        district_sample.deliver(home(), quarter)
    console.out.print(f"示例区县：{path.parent}")
