"""Knows how `--help` is printed, in Chinese throughout; leaves what is said of each verb and option to the verbs.

The shell library's own help names its parts in English, and offers no translation of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from inspect import cleandoc

from rich.table import Table
from rich.text import Text
from typer.core import TyperArgument, TyperCommand, TyperGroup

from zjtx_pipeline.cli import console

OPTIONS, FOLLOWS = "[选项]", "命令"
HELP = "显示本说明。"


class Verb(TyperCommand):
    """A verb whose help is Chinese."""

    def format_help(self, ctx, formatter) -> None:
        arguments = [each for each in self.params if isinstance(each, TyperArgument)]
        asked = [_argument(each) for each in arguments]
        options = [each for each in self.params if not isinstance(each, TyperArgument)]
        _shown(f"{ctx.command_path} {' '.join([OPTIONS, *(name for name, _ in asked)])}", self.help)
        _listed("参数", asked)
        _listed("选项", [*map(_option, options), _help_option(ctx)])


class Verbs(TyperGroup):
    """All verbs, each with its first sentence."""

    def format_help(self, ctx, formatter) -> None:
        verbs = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        _shown(f"{ctx.command_path} {FOLLOWS} {OPTIONS}", self.help)
        _listed("命令", [(name, cleandoc(verb.help or "").partition("\n\n")[0]) for name, verb in verbs if verb and not verb.hidden])
        _listed("选项", [_help_option(ctx)])
        console.out.print(f"\n各命令的用法：{ctx.command_path} {FOLLOWS} --help\n{self.epilog or ''}", markup=False)


def _argument(argument) -> tuple[str, str]:
    """`[目录]`, `季度`: brackets, in the name or around it, where it may be left out."""
    name = argument.metavar or argument.name
    return name if argument.required or "[" in name else f"[{name}]", argument.help or ""


def _option(option) -> tuple[str, str]:
    name = " ".join(filter(None, [", ".join(option.opts), None if option.is_flag else option.metavar]))
    return name, (option.help or "") + "".join(_remarks(option))


def _remarks(option) -> Iterator[str]:
    if option.required:
        yield "（必填）"
    if isinstance(option.default, int) and not option.is_flag:
        yield f"（默认 {option.default}）"


def _help_option(ctx) -> tuple[str, str]:
    return ", ".join(sorted(ctx.help_option_names, key=len, reverse=True)), HELP


def _shown(usage: str, text: str | None) -> None:
    console.out.print(f"用法：{usage}\n\n{cleandoc(text or '')}", markup=False)


def _listed(title: str, rows: Iterable[tuple[str, str]]) -> None:
    """Names and what they mean, side by side; nothing where there are none."""
    shown = Table.grid(padding=(0, 2))
    shown.add_column(no_wrap=True)
    shown.add_column(overflow="fold")
    for name, meaning in rows:
        shown.add_row(Text("  " + name), Text(meaning))  # [季度] is no markup
    if shown.rows:
        console.out.print(f"\n{title}：")
        console.out.print(shown)
