"""Knows how a configuration file is read, and why it could not be; leaves what it holds to the model, what has to hold in it to `checks`."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ValidationError

from zjtx_pipeline import journal
from zjtx_pipeline.errors import ZjtxError, by_errno
from zjtx_pipeline.settings.checks import check
from zjtx_pipeline.settings.faults import told
from zjtx_pipeline.settings.model import Settings

_LIKELY = "多半是缩进没有对齐或用了制表符、冒号后面没有空格，或写成了全角冒号“：”，也可能是括号、引号没有成对"


class _Twice(yaml.MarkedYAMLError):
    """A key (`problem`) that stands where it stood before."""


class _EachOnce(yaml.SafeLoader):
    """YAML in which a key stands once in its part: of two the last would win, and nobody would know."""

    def compose_mapping_node(self, anchor: str | None) -> yaml.MappingNode:
        node, seen = super().compose_mapping_node(anchor), set()
        for key, _ in node.value:
            if key.value in seen:
                raise _Twice(problem=key.value, problem_mark=key.start_mark)
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))
        return node


def load_settings(path: Path) -> Settings:
    """One district's configuration; ZjtxError names the file and what to change in it."""
    try:
        text = path.read_text(encoding="utf-8")
        values = yaml.load(text, _EachOnce) or {}  # noqa: S506  a safe loader
    except FileNotFoundError:
        raise ZjtxError(f"找不到配置文件 {path}：请检查 --config 或 ZJTX_CONFIG。") from None
    except IsADirectoryError:
        raise ZjtxError(f"配置文件 {path} 是一个目录，读不出来：请在 --config 或 ZJTX_CONFIG 中写明目录里的那个 YAML 文件。") from None
    except PermissionError:
        raise ZjtxError(f"配置文件 {path} 没有读取权限，读不出来：请向文件的所有者要读取权限，或换一个文件。") from None
    except OSError as error:
        raise ZjtxError(f"配置文件 {path} 读不出来（{by_errno(error)}）：请检查磁盘和路径，再运行一次。") from None
    except UnicodeDecodeError:
        raise ZjtxError(f"配置文件 {path} 不是 UTF-8 文本，读不出来：请用文本编辑器打开，另存为 UTF-8 编码。") from None
    except _Twice as error:
        raise ZjtxError(f"配置文件 {path} 中“{error.problem}”写了两次{_position(error)}，只会有一处生效：请只留一处。") from None
    except yaml.YAMLError as error:
        raise ZjtxError(f"配置文件 {path} 不是合规的 YAML{_position(error)}：{_LIKELY}。") from None
    if not isinstance(values, dict):
        raise ZjtxError(f"配置文件 {path} 应由“名称: 值”组成（冒号是半角的，后面空一格），例如 inbox: 收件目录。")
    return _checked(path, values)


def _checked(path: Path, values: dict) -> Settings:
    try:
        named = {str(name): value for name, value in values.items()}  # YAML reads 2024: as a number
        settings = Settings.model_validate(named, context=path.resolve().parent)
    except ValidationError as error:
        raise ZjtxError(f"配置文件 {path} 中{told(error)}。") from None
    if settings.gateway:
        journal.hide(*(getattr(settings.gateway, name) for name in ("app_key_variable", "app_secret_variable", "user_secret_variable")))
    check(path, settings)
    return settings


def _position(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"（第 {mark.line + 1} 行第 {mark.column + 1} 列附近）" if mark else ""
