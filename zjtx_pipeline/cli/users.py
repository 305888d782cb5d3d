"""Knows the verbs of `zjtx user`; leaves the users' file to `door.users`. Nothing heavy is loaded before a verb is called."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from zjtx_pipeline.cli import console
from zjtx_pipeline.cli.helping import Verb, Verbs
from zjtx_pipeline.door.roles import Role
from zjtx_pipeline.errors import ZjtxError

PASSWORD = "ZJTX_USER_PASSWORD"
app = typer.Typer(
    cls=Verbs,
    help="管理可以登录 zjtx serve 的用户。",
    epilog="角色：查看、运行、批准、管理；一个人可以有几个角色。各角色能做什么，见 docs/door.md。",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(metavar="用户名", help="登录用的名字，可以是汉字。", show_default=False)]


@app.command(cls=Verb)
def add(
    name: Name,
    role: Annotated[list[str], typer.Option("--role", metavar="角色", help="查看、运行、批准或管理；可以写几次。", show_default=False)],
) -> None:
    """添加一个用户，或者更换其角色和口令。

    口令在终端里输入两次，不显示；也可以放在环境变量 ZJTX_USER_PASSWORD 里。不能写在命令里。已经登录的要重新登录。
    """
    roles = [_role(each) for each in role]
    _users().add(name, roles, _password())
    console.out.print(f"已保存用户 {name}：{'、'.join(roles)}", markup=False)


@app.command("list", cls=Verb)
def list_users() -> None:
    """列出用户和角色。

    只列名字和角色；口令没有保存，也看不到。
    """
    console.table("用户", ("用户名", "角色"), ((user.name, "、".join(sorted(user.roles))) for user in _users().all().values()))


@app.command(cls=Verb)
def remove(name: Name) -> None:
    """删除一个用户。

    立即生效：已经登录的也不能再用。
    """
    _users().remove(name)
    console.out.print(f"已删除用户 {name}", markup=False)


def _users():
    from zjtx_pipeline.door.users import Users
    from zjtx_pipeline.settings import home

    return Users(home())


def _role(name: str) -> Role:
    if name not in list(Role):
        raise ZjtxError(f"没有角色“{name}”：请写 {'、'.join(Role)} 之一。")
    return Role(name)


def _password() -> str:
    """From the environment, or typed twice at a terminal; ZjtxError where there is neither."""
    from getpass import getpass

    if given := os.environ.get(PASSWORD):
        return given
    if not sys.stdin.isatty():
        raise ZjtxError(f"没有终端可以输入口令：请把口令放在环境变量 {PASSWORD} 里。")
    password = getpass("口令：")
    if getpass("再输入一次：") != password:
        raise ZjtxError("两次输入的口令不一样，没有保存。")
    return password
