"""Knows which verbs `zjtx` has, and what is said of an error; leaves each verb to the module of its kind.

Heavy libraries are imported inside the verbs, so that `zjtx --help` answers at once.
"""

from __future__ import annotations

import sys

import typer

from zjtx_pipeline.cli import beginning, console, defects, delivery, examining, making, serving, upkeep, usage, users
from zjtx_pipeline.cli.helping import Verb, Verbs
from zjtx_pipeline.errors import ZjtxError, mendable
from zjtx_pipeline.watched import ABORTED, INTERRUPTED, was_interrupted

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
UsageError = typer.BadParameter.__base__  # typer has no public name for it


def test() -> None:
    """装好测试工具并运行全部测试。

    由源码目录里的脚本 ./zjtx 完成；缺少浏览器等工具时会说明略去了哪些测试。
    """
    raise ZjtxError("请在源码目录里运行 ./zjtx test。")


VERBS = (
    making.report, making.backfill, serving.ui, serving.serve, beginning.templates, beginning.sample,
    delivery.request, delivery.approve, delivery.send, delivery.ledger, delivery.resolve, delivery.bounces, delivery.correct,
    examining.reconcile, examining.returns, examining.trace, examining.preview,
    upkeep.backup, upkeep.verify, upkeep.restore, upkeep.move_ledger, upkeep.tidy, test,
)  # fmt: skip
for verb in VERBS:
    app.command(cls=Verb)(verb)
app.add_typer(users.app, name="user")


def main(arguments: list[str] | None = None) -> int:
    """Run a verb and return the exit code: 2 for what the user can put right, 1 for a run that did not succeed."""
    try:
        with console.warnings_told():
            code = app(arguments, prog_name="zjtx", standalone_mode=False) or 0
        if code == INTERRUPTED:
            console.complain(ABORTED)
        return code
    except ZjtxError as error:
        console.complain(str(error))
    except UsageError as error:
        if error.format_message():  # none where a bare `zjtx` has shown its help
            console.complain(usage.in_chinese(error, _called(sys.argv[1:] if arguments is None else arguments)))
    except Exception as error:
        if was_interrupted():  # within a library that made another error of it
            raise KeyboardInterrupt from error
        console.complain(mendable(error) or defects.told())
        return 1
    return 2


def _called(words: list[str]) -> str:
    """`zjtx user add` of what was written, as far as it names verbs."""
    command, called = typer.main.get_command(app), "zjtx"
    for word in words:
        command = getattr(command, "commands", {}).get(word)
        if command is None:
            break
        called = f"{called} {word}"
    return called
