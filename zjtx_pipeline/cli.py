"""Knows the verbs of `zjtx`, each one call into the library or the orchestrator; leaves showing things to `console`.

Heavy libraries are imported inside the verbs, so that `zjtx --help` answers at once.
"""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from zjtx_pipeline import cli_delivery, cli_upkeep, console, district
from zjtx_pipeline.door import verbs as users
from zjtx_pipeline.errors import MORE_MEMORY, ZjtxError, exhausted, exhausted_as_told
from zjtx_pipeline.helping import Verb, Verbs
from zjtx_pipeline.options import Config, QuarterKey, made, use
from zjtx_pipeline.quarter import Quarter, quarters

if TYPE_CHECKING:
    from zjtx_pipeline.stages import Preview, Run

app = typer.Typer(
    name="zjtx",
    cls=Verbs,
    help="“专精特新”三年行动计划季度进展：取数、校验、测算、出报告。先试：./zjtx report 2024Q4",
    epilog="所有产物在 ./var（或环境变量 ZJTX_HOME）；不给 --config 也没有 ZJTX_CONFIG 时用内置的示例区县。",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(users.app, name="user")
JUDGED = "sound/"  # begins the name of a step that judges a table
INTERRUPTED = 130  # what typer makes of Ctrl-C
UsageError = typer.BadParameter.__base__  # typer has no public name for it
Draft = Annotated[bool, typer.Option("--draft", help="季度还没有结束时出草稿，每页注明“草稿”。")]
AsOf = Annotated[
    str,
    typer.Option("--as-of", metavar="日期", help="按这一天已经报送的数据重出，如 2025-01-15；另存一个目录，不动现有的报告。", show_default=False),
]
Profile = Annotated[bool, typer.Option("--profile", help="结束时列出时间花在哪里、内存用了多少。")]


@app.command(cls=Verb)
def report(
    quarter: QuarterKey, draft: Draft = False, as_of: AsOf = "", config: Config = None, profile: Profile = False
) -> None:
    """出一个季度的 15 份报告。

    取数、校验、测算、打印，随时说明进度，最后给出报告所在目录。
    """
    _make([Quarter.parse(quarter)], draft, config, profile, as_of)


@app.command(cls=Verb)
def backfill(
    first: Annotated[str, typer.Argument(metavar="起", help="第一个季度，如 2023Q1。", show_default=False)],
    last: Annotated[str, typer.Argument(metavar="止", help="最后一个季度，如 2024Q4。", show_default=False)],
    config: Config = None,
    profile: Profile = False,
) -> None:
    """补出多个季度的报告。

    从早到晚一季一季地出，每个季度只用自己的数据。
    """
    wanted = quarters(Quarter.parse(first), Quarter.parse(last))
    if not wanted:
        raise ZjtxError(f"起始季度 {first} 晚于截止季度 {last}。")
    _make(wanted, False, config, profile)


@app.command(cls=Verb)
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


@app.command(cls=Verb)
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

    served.behind_the_door(settings.door, home(), console.out.print)


@app.command(cls=Verb)
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


@app.command(cls=Verb)
def sample(
    wanted: Annotated[
        Optional[list[str]], typer.Argument(metavar="[季度]...", help="要写出报送数据的季度；不填则只建配置。", show_default=False)
    ] = None,
) -> None:
    """建示例区县，写出所列季度的报送数据。

    企业、金额、人员均为虚构。不列季度则只建配置；各季度的数据在第一次用到时也会自动写出。
    """
    from zjtx_pipeline import sample as made
    from zjtx_pipeline.settings import home

    asked = [Quarter.parse(key) for key in wanted or []]
    path = made.build(home())
    for quarter in asked:
        made.deliver(home(), quarter)
    console.out.print(f"示例区县：{path.parent}")


cli_delivery.add_to(app)


@app.command(cls=Verb)
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


@app.command(cls=Verb)
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


@app.command(cls=Verb)
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


@app.command(cls=Verb)
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


cli_upkeep.add_to(app)


@app.command(cls=Verb)
def test() -> None:
    """装好测试工具并运行全部测试。

    由源码目录里的脚本 ./zjtx 完成；缺少浏览器等工具时会说明略去了哪些测试。
    """
    raise ZjtxError("请在源码目录里运行 ./zjtx test。")


def _print(found: Preview, templates: Path) -> None:
    seconds = found.print(templates)
    console.out.print(f"已印出，用时 {seconds:.1f} 秒：{found.path}", markup=False)


def _templates(folder: Path) -> Path:
    if not folder.is_dir():
        raise ZjtxError(f"没有模板目录 {folder}：请复制一份完整的 report_templates，在 --templates 后写它的位置。")
    return folder.resolve()


def _make(wanted: list[Quarter], draft: bool, config: Path | None, profile: bool, as_of: str = "") -> None:
    """Run the job for each quarter; the first sentence that a person must read comes before anything heavy."""
    clock = console.Clock()
    use(config)
    settings = district.settings_in_force()
    from zjtx_pipeline import ahead, collector

    ahead.get_ready("zjtx_pipeline.validate:get_ready")
    try:
        from zjtx_pipeline import stages

        day = stages.day_named(as_of)
        runs = [stages.open_run(settings, quarter, draft, as_of=day) for quarter in wanted]
        for run in runs:
            stages.reach(run)
            for sentence in stages.strays(run):
                console.complain(f"没有读入 {sentence}")
        console.out.print(f"{settings.district}　正在准备……")
        from assets import launch

        collector.keep_what_is_loaded()
        clock.lap("准备（读配置、载入程序）")
        done = [_run(launch, run, draft, clock) for run in runs]
    finally:
        ahead.end_all()
    if profile:
        console.profile(clock, [step for outcome in done for step in outcome.steps])
    if not all(outcome.succeeded for outcome in done):
        raise typer.Exit(1)


def _run(launch, run: Run, draft: bool, clock: console.Clock):
    with console.RunShown(run.title, launch.steps_of_stages()) as shown:
        outcome = launch.run_quarter(str(run.quarter), draft, shown.hear, str(run.as_of or ""))
    seconds = clock.lap(f"{run.name} 运行")
    if outcome.interrupted:
        raise KeyboardInterrupt
    if outcome.succeeded:
        console.out.print(f"完成，用时 {seconds:.1f} 秒。15 份报告在：\n{run.reports}")
    else:
        _explain(run.quarter, outcome)
    return outcome


def _explain(quarter: Quarter, outcome) -> None:
    for step in outcome.failed:
        console.complain(f"{step.stage} {step.called}：{step.sentence or f'程序内部出错，详情见 {_log(step.traceback)}'}")
    if not outcome.failed:
        console.complain(_stopped(outcome.trace))
    if any(step.name.startswith(JUDGED) for step in outcome.failed):
        console.complain(f"请有关部门更正后重报：运行 zjtx returns {quarter}，写出标出问题的退回表。")
    missing = "、".join(f"任务{number}" if number else "总报告" for number in outcome.missing_reports)
    console.complain(f"{quarter} 没有全部完成。" + (f"没有印出的报告：{missing}。" if missing else ""))


def _stopped(trace: str) -> str:
    """Why a run ended between its steps."""
    if not trace:
        return f"运行中途停止，没有一步来得及说明原因，多半是内存不足：{MORE_MEMORY}"
    return exhausted_as_told(trace) or f"程序内部出错，详情见 {_log(trace)}"


def _log(text: str) -> Path:
    """Keep a traceback for whoever mends the program; the user gets the file's name."""
    from datetime import datetime

    from zjtx_pipeline import journal
    from zjtx_pipeline.settings import home

    now = datetime.now().isoformat(timespec="seconds")
    return journal.write(home() / "zjtx.log", f"---- {now} zjtx {' '.join(sys.argv[1:])}\n{text}\n")


_USAGE = {
    "No such command": "没有这个命令",
    "No such option": "没有这个选项",
    "Missing argument": "缺少参数",
    "Missing option": "缺少选项",
    "Got unexpected extra argument": "多余的参数",
    "Invalid value for": "值不对",
}
_WITHOUT_ITS_VALUE = re.compile(r"Option '?(.+?)'? requires an argument")
_LIKE = re.compile(r"[ .(]*(?:Did you mean|Possible options:?)\s*(.+)$")
_VALUES = (
    (re.compile(r"Input should be a valid integer.*"), "应为整数"),
    (re.compile(r"Input should be less than or equal to (\S+)"), r"应不大于 \1"),
    (re.compile(r"Input should be greater than or equal to (\S+)"), r"应不小于 \1"),
)


def _usage(error: Exception) -> str:
    message = error.format_message()
    if option := _WITHOUT_ITS_VALUE.match(message):
        return f"选项 {option[1]} 后面缺少内容（用 zjtx --help 查看用法）"
    like = _LIKE.search(message)
    message = message[: like.start()] if like else message
    for english, chinese in _USAGE.items():
        if english in message:
            what = message.partition(english)[2].removeprefix("(s)").strip(" :.()'")
            return f"{chinese}：{_in_chinese(what)}{_meant(like)}（用 zjtx --help 查看用法）"
    return f"命令写得不对：{message}（用 zjtx --help 查看用法）"


def _in_chinese(what: str) -> str:
    """What is wrong with a value, as far as the shell library's words for it are known: `--port，应为整数`."""
    for english, chinese in _VALUES:
        what = english.sub(chinese, what)
    return what.replace("': ", "，")


def _meant(like: re.Match | None) -> str:
    """`，是不是 report` of a word that is nearly one known."""
    names = re.findall(r"[\w-]+", like[1]) if like else []
    return f"，是不是 {'、'.join(name for name in names if name not in ('one', 'of', 'or'))}" if names else ""


def main(arguments: list[str] | None = None) -> int:
    """Run a verb and return the exit code: 2 for what the user can put right, 1 for a run that did not succeed."""
    try:
        with console.warnings_told():
            code = app(arguments, prog_name="zjtx", standalone_mode=False) or 0
        if code == INTERRUPTED:
            console.complain("已中止。已完成的文件都是完整的，再运行一次即可继续。")
        return code
    except ZjtxError as error:
        console.complain(str(error))
    except UsageError as error:
        if error.format_message():  # none where a bare `zjtx` has shown its help
            console.complain(_usage(error))
    except Exception as error:
        console.complain(exhausted(error) or _trace_kept())
        return 1
    return 2


def run() -> int:
    """`main`, watched from outside; what serves until it is stopped has the service manager for that."""
    from zjtx_pipeline.watched import watched

    return main() if sys.argv[1:2] in (["ui"], ["serve"]) else watched(main, console.complain, _log)


def _trace_kept() -> str:
    """Where the trace of the error in hand is kept; on a full disk it is not, and that is what is wrong."""
    import traceback

    try:
        return f"程序内部出错，详情见 {_log(traceback.format_exc())}"
    except OSError as full:
        return exhausted(full) or "程序内部出错，记录也写不进去：请检查 ZJTX_HOME 的权限。"


if __name__ == "__main__":
    sys.exit(run())
