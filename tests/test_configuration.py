"""What the clerk is told of the configuration: every key with its true default, examples that hold, every variable of the environment."""

import re
from pathlib import Path
from types import UnionType
from typing import Annotated, Union, get_args, get_origin

import pytest
import yaml
from pydantic_core import PydanticUndefined

from zjtx_pipeline.settings import Settings, load_settings
from zjtx_pipeline.settings.part import Part

ROOT = Path(__file__).parents[1]
MANUAL = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
ROWS = {key: (default, example) for key, default, example in re.findall(r"^\| `([a-z_.\[\]]+)` \| [^|]+ \| ([^|]+) \| `([^`|]+)` \|$", MANUAL, re.MULTILINE)}
NOTHING, WANTED = "无", "必填"


def part_of(kind):
    """The part that a field holds, and whether it holds a list of them; (None, False) where it holds a plain value."""
    if isinstance(kind, type) and issubclass(kind, Part):
        return kind, False
    if get_origin(kind) in (tuple, Union, UnionType, Annotated):
        found = next((part for part, _ in map(part_of, get_args(kind)) if part), None)
        return found, bool(found) and (get_origin(kind) is tuple)
    return None, False


def fields(part, before=""):
    for name, field in part.model_fields.items():
        inner, listed = part_of(field.annotation)
        if inner:
            yield from fields(inner, f"{before}{name}{'[]' if listed else ''}.")
        else:
            yield f"{before}{name}", field


FIELDS = dict(fields(Settings))


def test_every_key_is_told_and_no_other():
    assert len(FIELDS) > 80 and {"delivery.approvers[].address", "gateway.interfaces[].api", "door.key"} <= set(FIELDS)
    assert sorted(ROWS) == sorted(FIELDS)


def plain(default):
    """A default as YAML gives it."""
    return list(default) if isinstance(default, tuple) else default


@pytest.mark.parametrize("key", FIELDS)
def test_the_default_of_a_key_is_the_true_one(key):
    told, default = ROWS[key][0], FIELDS[key].default
    if default is PydanticUndefined:
        assert told == WANTED
    elif default in (None, "", (), {}):
        assert told == NOTHING
    else:
        assert yaml.safe_load(told.strip("`")) == plain(default)


def put(into, key, value):
    """A value where its key says, a list being of one."""
    name, _, rest = key.partition(".")
    if not rest:
        into[name] = value
    elif name.endswith("[]"):
        put(into.setdefault(name[:-2], [{}])[0], rest, value)
    else:
        put(into.setdefault(name, {}), rest, value)


def test_the_examples_of_the_keys_hold_together(tmp_path):
    values = {}
    for key, (_, example) in ROWS.items():
        if not key.startswith("fonts.") and key != "letterhead.seal":  # files that the office has
            put(values, key, yaml.safe_load(example))
    values["delivery"]["approvals"] = 1  # of one approver
    path = tmp_path / "district.yaml"
    path.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    settings = load_settings(path)
    assert settings.awards["A03"] and settings.rules.awards["A03"].terms[-1].amount == 200_000


def test_the_complete_example_is_a_configuration(tmp_path):
    (block,) = re.findall(r"^```yaml\n(.*?)^```", MANUAL, re.MULTILINE | re.DOTALL)
    path = tmp_path / "district.yaml"
    path.write_text(block, encoding="utf-8")
    settings = load_settings(path)
    assert settings.delivery.approvals == len(settings.delivery.approvers) == 2 and settings.alerts.operators
    assert settings.door.address == "https://zjtx.xs.example.gov.cn:8443"


def test_every_variable_that_the_program_reads_is_told():
    sources = [path.read_text(encoding="utf-8") for folder in ("zjtx_pipeline", "assets") for path in (ROOT / folder).rglob("*.py")]
    read = {name for text in sources for name in re.findall(r'"(ZJTX_[A-Z_]+)"', text)}
    assert len(read) >= 9 and [name for name in sorted(read) if f"`{name}`" not in MANUAL] == []


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md", "docs/operations.md"])
def test_whoever_installs_or_uses_it_is_led_there(name):
    assert "configuration.md)" in (ROOT / name).read_text(encoding="utf-8")
