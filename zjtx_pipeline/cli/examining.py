"""Knows the verbs that look into a quarter already run: a list compared, tables given back, a figure traced, a template tried.

Leaves all of it to `stages`.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from zjtx_pipeline import district
from zjtx_pipeline.cli import console
from zjtx_pipeline.cli.options import Config, QuarterKey, made, use
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.quarter import Quarter

if TYPE_CHECKING:
    from zjtx_pipeline.stages import Preview


def reconcile(
    published: Annotated[Path, typer.Argument(metavar="名单.xlsx", help="省或国家公布的名单（Excel）。", show_default=False)],
    quarter: QuarterKey,
    tier: Annotated[Optional[str], typer.Option("--tier", metavar="资质类型", help="如 小巨人；不填则看名单标题。")] = None,
    batch: Annotated[Optional[str], typer.Option("--batch", metavar="批次", help="如 第六批；不填则看名单标题。")] = None,
    config: Config = None,
) -> None:
    """把公布的名单与台账对账，逐家列出差异。

    与该季度资质台账（D04）同一资质类型、同一批次的认定和复核通过逐家比对：先按统一社会信用代码，没有码的按企业名称（曾用名、更名也算）。
    只列差异，写成工作簿，不改动任何数据。先要用 report 出过该季度的报告。
    """
    use(config)
    asked, settings = Quarter.parse(quarter), district.settings_in_force()
    from zjtx_pipeline import stages

    found = stages.reconcile_list(stages.open_run(settings, asked, draft=True), published, tier, batch)
    console.compared(asked, found)


def returns(
    quarter: QuarterKey,
    folder: Annotated[
        Optional[Path], typer.Argument(metavar="[目录]", help="写到哪个目录；不填则在产物目录的 returns 下。", show_default=False)
    ] = None,
    config: Config = None,
) -> None:
    """写出一个季度退回各部门的报送表，改好即可重报。

    每个部门一个文件夹：一份退回清单；每张有问题的表一个工作簿，用部门自己的表头，有问题的行排在前面，单元格着色，旁边写明原因、应填和建议更正。
    改好标色的单元格，按写明的文件名放入收件目录，就是完整的重报。只含本部门自己报送的行。先要用 report 运行过该季度。
    """
    from zjtx_pipeline import stages

    asked = Quarter.parse(quarter)
    run = stages.open_run(district.settings_known(config), asked, draft=True)
    console.given_back(asked, stages.give_back(run, made(folder) if folder else None))


def trace(
    figure: Annotated[str, typer.Argument(metavar="编号", help="数的编号，印在报告各指标之前，如 T04-4a；奖补表的一行用条款号，如 A08；梯队变动、到期预警、晋级初筛用 L1、L2、L3。", show_default=False)],
    rest: Annotated[
        list[str],
        typer.Argument(metavar="[分项] 季度", help="季度如 2024Q4；其前可写一个分项，如 条款=A11、镇街=北干街道，不写查合计。", show_default=False),
    ],
    as_of: Annotated[str, typer.Option("--as-of", metavar="日期", help="查按这一天所知重出的报告里的数。", show_default=False)] = "",
    config: Config = None,
) -> None:
    """查一个数是怎么来的。

    例：zjtx trace T04-4a 2024Q4；zjtx trace T05-6a 条款=A11 2024Q4；zjtx trace L1 资质=小巨人 2024Q4。
    写出一个工作簿：口径和算法、计入的行、未计入的行及原因、退回的行，每行注明来源文件、工作表和行号（或数据表和键）。
    """
    from zjtx_pipeline import stages

    *breakdown, quarter = rest
    day = stages.day_named(as_of)
    run = stages.open_run(district.settings_known(config), Quarter.parse(quarter), draft=True, as_of=day)
    found = stages.trace_figure(run, figure, ";".join(breakdown))
    for line in found.summary:
        console.out.print(line, markup=False)
    console.out.print(str(found.path), markup=False)


def preview(
    quarter: QuarterKey,
    asked: Annotated[str, typer.Argument(metavar="[报告]", help="任务号 1 至 14，或部门全称、分镇街情况；不填为总报告（0）。", show_default=False)] = "0",
    section: Annotated[str, typer.Option("--section", metavar="名称", help="只印这一节或附件，如 awards；写错时列出可选的名称。", show_default=False)] = "",
    folder: Annotated[
        Optional[Path], typer.Option("--templates", metavar="目录", help="用这个目录里的模板，如复制出来修改的一份；不填则用程序自带的。", show_default=False)
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="只印一次，不等模板改动。")] = False,
    config: Config = None,
) -> None:
    """改报告模板时随改随看。

    先要用 report 出过该季度的报告。用已有的结果印出一份 PDF（在产物目录的 preview 下），不取数、不测算；然后看着模板目录，模板或样式一改就重印，
    出错时写明哪个文件第几行。按 Ctrl-C 结束。
    """
    from zjtx_pipeline import bundled, edits, stages

    run = stages.open_run(district.settings_known(config), Quarter.parse(quarter), draft=True)
    templates = _templates(folder or bundled.report_templates())
    found = stages.preview(run, asked, section)
    if once:
        return _print(found, templates)
    console.out.print(f"模板在：{templates}\n改动后自动重印，按 Ctrl-C 结束。", markup=False)
    with suppress(KeyboardInterrupt):
        for _ in edits.of(templates):
            try:
                _print(found, templates)
            except ZjtxError as error:
                console.complain(str(error))


def _print(found: Preview, templates: Path) -> None:
    seconds = found.print(templates)
    console.out.print(f"已印出，用时 {seconds:.1f} 秒：{found.path}", markup=False)


def _templates(folder: Path) -> Path:
    if not folder.is_dir():
        raise ZjtxError(f"没有模板目录 {folder}：请复制一份完整的 report_templates，在 --templates 后写它的位置。")
    return folder.resolve()
