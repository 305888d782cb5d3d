"""Knows what the shell library says of a verb that is written wrong, in Chinese."""

from __future__ import annotations

import re

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


def in_chinese(error: Exception, page: str) -> str:
    """What is wrong; `page`: the verb as it is called, whose own help tells more."""
    message = error.format_message()
    if option := _WITHOUT_ITS_VALUE.match(message):
        return f"选项 {option[1]} 后面缺少内容（用 {page} --help 查看用法）"
    like = _LIKE.search(message)
    message = message[: like.start()] if like else message
    for english, chinese in _USAGE.items():
        if english in message:
            what = message.partition(english)[2].removeprefix("(s)").strip(" :.()'")
            return f"{chinese}：{_of_a_value(what)}{_meant(like)}（用 {page} --help 查看用法）"
    return f"命令写得不对：{message}（用 {page} --help 查看用法）"


def _of_a_value(what: str) -> str:
    """What is wrong with a value, as far as the shell library's words for it are known: `--port，应为整数`."""
    for english, chinese in _VALUES:
        what = english.sub(chinese, what)
    return what.replace("': ", "，")


def _meant(like: re.Match | None) -> str:
    """`，是不是 report` of a word that is nearly one known."""
    names = re.findall(r"[\w-]+", like[1]) if like else []
    return f"，是不是 {'、'.join(name for name in names if name not in ('one', 'of', 'or'))}" if names else ""
