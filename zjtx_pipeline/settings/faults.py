"""Knows how a value that the model refuses is told in Chinese, and where it stands; leaves what no model can know to `checks`."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

_WEB_ADDRESS = "写成 https://主机/路径 的样子，不带账号、? 和 #"
_MESSAGES_OF = {"gateway.url": _WEB_ADDRESS, "gateway.sign_url": _WEB_ADDRESS}
_INTEGER, _NUMBER, _NAMED = "应为整数", "应为数字", "应由“名称: 值”组成"
_MESSAGES = {
    "extra_forbidden": "没有这个配置项，请检查拼写",
    "missing": "缺少此项",
    "unknown_table": "没有这个表号，请写 D05、D06b 的样子",
    "string_pattern_mismatch": "写法不对，时间写成 08:00 的样子并加引号，接口编号只用字母、数字和 _ . -",
    "string_type": "应为文本，必要时加引号",
    "greater_than_equal": "数值太小",
    "greater_than": "数值太小",
    "less_than_equal": "数值太大",
    "string_too_long": "字数太多",
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float", "int_parsing_size"), _INTEGER),
    **dict.fromkeys(("float_parsing", "float_type", "finite_number"), _NUMBER),
    **dict.fromkeys(("bool_parsing", "bool_type"), "应为是或否，写 true 或 false"),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), _NAMED),
    "tuple_type": "应为列表，写成 [甲, 乙] 的样子",
    **dict.fromkeys(("date_parsing", "date_type", "date_from_datetime_parsing", "date_from_datetime_inexact"), "应为日期，写成 2027-01-01 的样子"),
    "path_type": "应为文件或文件夹的位置，是一段文本",
}
_QUOTED = re.compile("'([^']*)'")


def told(error: ValidationError) -> str:
    """The first fault: where it stands in the configuration, and what is wrong with it."""
    fault = error.errors()[0]
    where = ".".join(str(step) for step in fault["loc"] if "[" not in str(step))  # pydantic names the kinds tried
    return f"“{where}”不对：{_MESSAGES_OF.get(where) or _message(fault)}"


def _message(fault: Any) -> str:
    """What is wrong with a value, and what it should be: a kind, or one of a few."""
    if fault["type"] == "no_quarter":
        return f"“{fault['ctx']['key']}”不是季度，请写成“2024Q4”的样子"
    if fault["type"] == "literal_error":
        return f"不在可选值之内，可选 {'、'.join(_QUOTED.findall(fault['ctx']['expected']))}"
    return _MESSAGES.get(fault["type"], "写法不对，请对照说明文件 README 里的例子")
