"""Knows the verbs that make quarters' reports, and what is said of a run that failed; leaves the run itself to the orchestrator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zjtx_pipeline import district
from zjtx_pipeline.cli import console, defects
from zjtx_pipeline.cli.options import Config, QuarterKey, use
from zjtx_pipeline.errors import MORE_MEMORY, ZjtxError, mendable_as_told
from zjtx_pipeline.quarter import Quarter, quarters

if TYPE_CHECKING:
    from zjtx_pipeline.stages import Run

JUDGED = "sound/"  # begins the name of a step that judges a table
Draft = Annotated[bool, typer.Option("--draft", help="季度还没有结束时出草稿，每页注明“草稿”。")]
AsOf = Annotated[
    str,
    typer.Option("--as-of", metavar="日期", help="按这一天已经报送的数据重出，如 2025-01-15；另存一个目录，不动现有的报告。", show_default=False),
]
Profile = Annotated[bool, typer.Option("--profile", help="结束时列出时间花在哪里、内存用了多少。")]


def report(
    quarter: QuarterKey, draft: Draft = False, as_of: AsOf = "", config: Config = None, profile: Profile = False
) -> None:
    """出一个季度的 15 份报告。

    取数、校验、测算、打印，随时说明进度，最后给出报告所在目录。
    """
    _make([Quarter.parse(quarter)], draft, config, profile, as_of)


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
    from zjtx_pipeline import stages

    with console.RunShown(run.title, launch.steps_of_stages()) as shown:
        outcome = launch.run_quarter(str(run.quarter), draft, shown.hear, str(run.as_of or ""))
    seconds = clock.lap(f"{run.name} 运行")
    if outcome.interrupted:
        raise KeyboardInterrupt
    if outcome.succeeded:
        if nothing := stages.delivered_nothing(run):
            console.complain(nothing)
        console.out.print(f"完成，用时 {seconds:.1f} 秒。15 份报告在：\n{run.reports}")
    else:
        explain(run.quarter, outcome)
    return outcome


def explain(quarter: Quarter, outcome) -> None:
    """Say why a quarter was not made, what to do, and what is missing (`assets.launch.Outcome`)."""
    from zjtx_pipeline.sources import NOT_PERMITTED

    for step in outcome.failed:
        console.complain(f"{step.stage} {step.called}：{step.sentence or _of_trace(step.traceback)}")
    if not outcome.failed:
        console.complain(_stopped(outcome.trace))
    if any(step.name.startswith(JUDGED) and NOT_PERMITTED not in step.sentence for step in outcome.failed):
        console.complain(f"请有关部门更正后重报：运行 zjtx returns {quarter}，写出标出问题的退回表。")
    missing = "、".join(f"任务{number}" if number else "总报告" for number in outcome.missing_reports)
    console.complain(f"{quarter} 没有全部完成。" + (f"没有印出的报告：{missing}。" if missing else ""))


def _stopped(trace: str) -> str:
    """Why a run ended between its steps."""
    if not trace:
        return f"运行中途停止，没有一步来得及说明原因，多半是内存不足：{MORE_MEMORY}"
    return _of_trace(trace)


def _of_trace(trace: str) -> str:
    """What can be mended, or where the trace of what cannot is kept."""
    return mendable_as_told(trace) or f"程序内部出错，{defects.kept(trace)}"
