"""Knows the verbs that open the web pages; leaves serving to `assets.serve`, and who may do what to `door`."""

from __future__ import annotations

from typing import Annotated

import typer

from zjtx_pipeline import district
from zjtx_pipeline.cli import console
from zjtx_pipeline.cli.options import Config, use
from zjtx_pipeline.errors import ZjtxError


def ui(
    port: Annotated[int, typer.Option("--port", metavar="端口", min=1, max=65535, help="网页的端口。")] = 3000,
    config: Config = None,
) -> None:
    """打开网页界面和定时任务。

    在浏览器里看运行、问题清单、报告预览，补跑季度。只有本机能访问；按 Ctrl-C 结束。
    """
    use(config)
    district.settings_in_force()
    from assets import serve

    serve.until_interrupted(port, console.out.print)


def serve(config: Config = None) -> None:
    """打开要登录的网页界面和定时任务，供全单位使用。

    地址、证书写在配置的 door 里；用户用 zjtx user add 添加，按角色查看、运行、批准、管理。按 Ctrl-C 结束。
    """
    use(config)
    settings = district.settings_in_force()
    from zjtx_pipeline.door.users import Users
    from zjtx_pipeline.settings import home

    if not Users(home()).all():
        raise ZjtxError("还没有用户，谁也不能登录：请先运行 zjtx user add 用户名 --role 管理，设置口令。")
    from assets import serve as served

    served.behind_the_door(settings.door, console.out.print)
