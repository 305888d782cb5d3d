"""Knows the door's own pages, in Chinese: login, the list of reports, a refusal; leaves their looks to `static/door.css`.

Whatever comes from outside is escaped here, once.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote

from zjtx_pipeline.door.shelf import Folder, Shelved
from zjtx_pipeline.door.users import User

_HERE = Path(__file__).parent / "pages"
_FIRMS = "分发/"


def login(wanted: str) -> str:
    return _page("登录", _filled("login", wanted=wanted), "login")


def told(sentence: str) -> str:
    return _page("没有打开", _filled("told", sentence=sentence), "told")


def reports(user: User, folders: Iterable[Folder]) -> str:
    """The quarters that this user may open files of, the latest first."""
    sections = "".join(_section(folder) for folder in folders if folder.files)
    head = _filled("head", name=user.name, roles="、".join(sorted(user.roles)))
    return _page("季度报告", head + (sections or "<p>还没有报告。</p>"), "reports")


def _section(folder: Folder) -> str:
    named = [_item(folder.name, each) for each in folder.files if not each.name.startswith(_FIRMS)]
    apart = [_item(folder.name, each) for each in folder.files if each.name.startswith(_FIRMS)]
    more = f"<h3>分发材料（含企业名单，不得外传）</h3><ul>{''.join(apart)}</ul>" if apart else ""
    return f"<section><h2>{escape(folder.title)}</h2><ul>{''.join(named)}</ul>{more}</section>"


def _item(folder: str, file: Shelved) -> str:
    address = f"/reports/{quote(folder)}/{quote(file.name)}"
    return f'<li><a href="{address}">{escape(file.name.removeprefix(_FIRMS))}</a> <small>{_size(file.size)}</small></li>'


def _size(size: int) -> str:
    """In KB, as file managers write it.

    >>> _size(642461), _size(120)
    ('628 KB', '1 KB')
    """
    return f"{max(1, (size + 512) // 1024):,} KB"


def _page(title: str, body: str, kind: str) -> str:
    return _template("page").substitute(title=escape(title), body=body, kind=kind)


def _filled(template: str, /, **values: str) -> str:
    return _template(template).substitute({key: escape(value) for key, value in values.items()})


@cache
def _template(name: str) -> Template:
    return Template((_HERE / f"{name}.html").read_text(encoding="utf-8"))
