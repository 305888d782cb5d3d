"""Knows how a value that the model refuses is told in Chinese, and where it stands; leaves what no model can know to `checks`."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

_WEB_ADDRESS = "写成 https://主机/路径 的样子，不带账号、? 和 #"
_INTERFACE = "写法不对，接口编号只用字母、数字和 _ . -"
_PATTERNS = {"url": _WEB_ADDRESS, "sign_url": _WEB_ADDRESS, "report_time": "写法不对，时间写成 08:00 的样子并加引号", "api": _INTERFACE, "department": _INTERFACE}
_UNLIKE = "写法不对，请对照说明文件 README 里的例子"
_BOUNDS = {"ge": "不小于", "gt": "大于", "le": "不大于", "lt": "小于"}
_INTEGER, _NUMBER, _NAMED = "应为整数", "应为数字", "应由“名称: 值”组成"
_MESSAGES = {
    "extra_forbidden": "没有这个配置项，请检查拼写",
    "missing": "缺少此项",
    "unknown_table": "没有这个表号，请写 D05、D06b 的样子",
    "string_type": "应为文本，必要时加引号",
    "string_too_short": "不能空着",
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
    """A fault: where it stands in the configuration, and what is wrong with it. The first, but a key that is unknown goes before:
    what it was meant for is told as missing."""
    fault = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
    where = ".".join(str(step) for step in fault["loc"] if "[" not in str(step))  # pydantic names the kinds tried
    return f"“{where}”不对：{_message(fault)}"


def _message(fault: Any) -> str:
    """What is wrong with a value, and what it should be: a kind, or one of a few."""
    if fault["type"] == "no_quarter":
        return f"“{fault['ctx']['key']}”不是季度，请写成“2024Q4”的样子"
    if fault["type"] == "literal_error":
        return f"不在可选值之内，可选 {'、'.join(_QUOTED.findall(fault['ctx']['expected']))}"
    if fault["type"] == "string_pattern_mismatch":
        return _PATTERNS.get(fault["loc"][-1], _UNLIKE)
    if fault["type"] == "string_too_long":
        return f"字数太多，最多 {fault['ctx']['max_length']} 个字"
    if bound := next((bound for bound in _BOUNDS if bound in fault.get("ctx", {})), ""):
        return f"数值太{'小' if bound.startswith('g') else '大'}，应{_BOUNDS[bound]} {fault['ctx'][bound]:g}"
    return _MESSAGES.get(fault["type"], _UNLIKE)
