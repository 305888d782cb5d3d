"""Knows one district's configuration file and the environment around it; leaves the plan itself to `rules`.

Two lines suffice: `inbox:` and `database:`. Everything else has a default.
"""

from __future__ import annotations

import hashlib
import os
import re
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from zjtx_pipeline import fonts, journal, letterhead
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.quarter import Quarter, quarters
from zjtx_pipeline.rules import Rules, load_rules
from zjtx_pipeline.tables import load_tables


Absence = Literal["待补", "沿用上期"]
PUBLIC_MAILBOXES = (
    "qq.com", "foxmail.com", "163.com", "126.com", "yeah.net", "sina.com", "sina.cn", "sohu.com", "139.com", "189.cn", "aliyun.com",
    "gmail.com", "outlook.com", "hotmail.com",
)  # fmt: skip
OVERLAYS = ("readings", "awards", "targets", "baselines", "lists", "lights")


def _quarter(key: str) -> str:
    """A quarter's key as it stands; what is none is named with its place in the configuration, as any other fault."""
    try:
        return str(Quarter.parse(key))
    except ZjtxError:
        raise PydanticCustomError("no_quarter", "{key}", {"key": key}) from None


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Audience(Part):
    """Which departments see which part of what is made for departments; None: each of them. `firms`, award units by firm, and
    `titles`, whose title runs out and who might rise, are seen by those named alone (datasets.md 5.4)."""

    tasks: tuple[str, ...] | None = None
    figures: tuple[str, ...] | None = None
    awards: tuple[str, ...] | None = None
    firms: tuple[str, ...] = ("区经信局", "区财政局")
    titles: tuple[str, ...] = ("区经信局",)
    texts: tuple[str, ...] | None = None
    quality: tuple[str, ...] | None = None

    def sees(self, department: str, part: str) -> bool:
        chosen = getattr(self, part)
        return chosen is None or department in chosen

    @property
    def digest(self) -> str:
        """Of who sees what: what was made for others than those named now must not leave."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class Recipient(Part):
    """Who gets what: `reports` names task numbers, 0 the overall report; `department` adds what is made for that department alone.

    Without either all fifteen reports; with a department alone nothing but its own.
    """

    name: str
    address: str
    reports: tuple[int, ...] | None = None
    department: str = ""


class Approver(Part):
    """Who may approve what leaves; the one-time codes go to this address alone."""

    name: str = Field(min_length=1, max_length=30)
    address: str


class Delivery(Part):
    """How mail leaves, and who has to agree: the server's password comes from the environment variable ZJTX_SMTP_PASSWORD alone.

    `approval`: 批准 (by as many `approvers` as `approvals` says) or 自动 (a scheduled run's reports leave by themselves). Reports go to
    `allowed_domains` alone; a mailbox of `notice_domains` is told that there are some, without figures or files.
    """

    host: str = ""
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    sender: str = ""
    allowed_domains: tuple[str, ...] = ("gov.cn",)
    notice_domains: tuple[str, ...] = PUBLIC_MAILBOXES
    recipients: tuple[Recipient, ...] = ()
    approval: Literal["required", "automatic"] = "required"
    approvers: tuple[Approver, ...] = ()
    approvals: int = Field(1, ge=1, le=2)
    code_hours: int = Field(72, ge=1, le=24 * 14)
    largest_letter_mb: int = Field(20, ge=1, le=100)
    bounces: Path | None = None


class Alerts(Part):
    """Whom the system tells what it cannot mend itself, and on which working days departments are reminded, counted from their deadline."""

    operators: tuple[str, ...] = ()
    remind_before: tuple[int, ...] = (3, 1)
    remind_after: tuple[int, ...] = (1, 3)
    keep_runs_days: int = Field(400, ge=30)


class Door(Part):
    """Where `zjtx serve` listens and under which `names` it is called; beyond this machine only with a certificate, unless
    `plain` says that what carries the passwords is safe. Sessions end after `session_hours`, or `idle_minutes` without a request."""

    host: str = "127.0.0.1"
    port: int = Field(8443, ge=1, le=65535)
    names: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    plain: bool = False
    session_hours: float = Field(8, gt=0, le=24)
    idle_minutes: float = Field(60, gt=0)

    @property
    def scheme(self) -> str:
        return "https" if self.certificate else "http"

    @property
    def here(self) -> bool:
        """Is it for this machine only?"""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    @property
    def called(self) -> frozenset[str]:
        """The names, in small letters, that may stand in an address; none of them is `0.0.0.0`."""
        own = {self.host, "localhost"} if self.here else {self.host} - {"0.0.0.0", "::"}
        return frozenset(name.lower() for name in {*self.names, *own})

    @property
    def address(self) -> str:
        """What staff type."""
        name = self.names[0] if self.names else self.host
        return f"{self.scheme}://{f'[{name}]' if ':' in name else name}:{self.port}"


class Backup(Part):
    """Where the nightly backup goes, and how many of them are kept; without a folder none is made."""

    folder: Path | None = None
    keep: int = Field(30, ge=2, le=10_000)


class Fonts(Part):
    """The office's own licensed font files, by what they print; where none is named, a bundled one prints it."""

    body: Path | None = None
    heading: Path | None = None
    subheading: Path | None = None
    title: Path | None = None

    @property
    def named(self) -> dict[str, Path]:
        return {use: path for use, path in self if path is not None}


class Letterhead(Part):
    """What the office sets above and under its reports, if it wishes: `head` in red, `numbers` by quarter, the picture of its `seal`."""

    head: str = Field("", max_length=20)
    numbers: dict[str, str] = {}
    seal: Path | None = None

    @field_validator("numbers")
    @classmethod
    def _quarters(cls, numbers: dict[str, str]) -> dict[str, str]:
        return {_quarter(key): number for key, number in numbers.items()}


class Interface(Part):
    """Where the gateway offers a table: its address there, and its department where the table knows several."""

    table: str
    api: str = Field(pattern=r"^[\w.-]+$")
    department: str = Field("", pattern=r"^[\w.-]*$")
    sender: str | None = None


class Gateway(Part):
    """The province's data-sharing gateway (`sources.gateway`); its keys come from the environment variables named here."""

    url: str = Field(pattern=r"^https?://[^/?#@\s]+[^?#@\s]*$")
    form: Literal["older", "open"] = "older"
    sign_url: str = Field("", pattern=r"^(https?://[^/?#@\s]+[^?#@\s]*)?$")
    app_key_variable: str = "ZJTX_GATEWAY_APP_KEY"
    app_secret_variable: str = "ZJTX_GATEWAY_APP_SECRET"
    user_secret_variable: str = "ZJTX_GATEWAY_USER_SECRET"
    version: str = "1.0.0"
    period_parameter: str = "数据期"
    page_parameter: str = "pageNum"
    size_parameter: str = "pageSize"
    page_size: int = Field(200, ge=1, le=200)
    connect_seconds: float = Field(10, gt=0)
    answer_seconds: float = Field(60, gt=0)
    wait_seconds: float = Field(1, ge=0)
    interfaces: tuple[Interface, ...]


class Settings(Part):
    """A district's configuration; paths in it count from the file's own folder."""

    district: str = "杭州市萧山区"
    bureau: str = "区经信局"
    inbox: Path | None = None
    database: str | None = None
    gateway: Gateway | None = None
    sample: bool = False
    follow_until: str = "2027Q4"
    file_pattern: str = "{table}_{sender}"
    quarter_column: str = "数据期"
    sender_column: str = "报送部门"
    received_column: str = "报送时间"
    delivery_deadline_workday: int = Field(10, ge=1, le=60)
    report_workday: int = Field(11, ge=1, le=60)
    report_time: str = Field("08:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    minimum_sum_firms: int = 3
    missing: Absence | dict[str, Absence] = "待补"
    ledger: str | None = None
    delivery: Delivery = Delivery()
    alerts: Alerts = Alerts()
    backup: Backup = Backup()
    audience: Audience = Audience()
    door: Door = Door()
    town_ranks: bool = False
    fonts: Fonts = Fonts()
    letterhead: Letterhead = Letterhead()
    readings: dict[str, Any] = {}
    awards: dict[str, Any] = {}
    targets: dict[str, Any] = {}
    baselines: dict[str, Any] = {}
    lists: dict[str, Any] = {}
    lights: dict[str, Any] = {}

    @property
    def district_digest(self) -> str:
        """Whose reports are whose: the district's name, and whether it is the sample."""
        return hashlib.sha256(f"{self.district}\n{self.sample}".encode()).hexdigest()

    @field_validator("follow_until")
    @classmethod
    def _quarter(cls, key: str) -> str:
        return _quarter(key)

    @field_validator("missing")
    @classmethod
    def _tables(cls, chosen: Absence | dict[str, Absence]) -> Absence | dict[str, Absence]:
        unknown = set() if isinstance(chosen, str) else set(chosen) - set(load_tables())
        if unknown:
            raise PydanticCustomError("unknown_table", "no such table")
        return chosen

    def carries(self, table_id: str) -> bool:
        """May figures that need this table carry last quarter's value where nobody delivered it?"""
        chosen = self.missing if isinstance(self.missing, str) else self.missing.get(table_id)
        return chosen == "沿用上期"

    @cached_property
    def rules(self) -> Rules:
        """The plan's rules with this district's own values laid over them."""
        own = {name: getattr(self, name) for name in OVERLAYS}
        return load_rules().overlay({name: values for name, values in own.items() if values})

    @property
    def quarters(self) -> list[Quarter]:
        """Every quarter that can be reported on: the plan's term, then 收官后跟踪."""
        return quarters(Quarter.of(self.rules.plan.starts_on), Quarter.parse(self.follow_until))


def home() -> Path:
    """Where everything that a run writes lies: ZJTX_HOME, or `var` in the current folder."""
    return Path(os.environ.get("ZJTX_HOME", "var")).resolve()


def load_settings(path: Path) -> Settings:
    """One district's configuration; ZjtxError names the file and what to change in it."""
    try:
        text = path.read_text(encoding="utf-8")
        values = yaml.safe_load(text) or {}
    except FileNotFoundError:
        raise ZjtxError(f"找不到配置文件 {path}：请检查 --config 或 ZJTX_CONFIG。") from None
    except IsADirectoryError:
        raise ZjtxError(f"配置文件 {path} 是一个目录，读不出来：请在 --config 或 ZJTX_CONFIG 中写明目录里的那个 YAML 文件。") from None
    except PermissionError:
        raise ZjtxError(f"配置文件 {path} 没有读取权限，读不出来：请向文件的所有者要读取权限，或换一个文件。") from None
    except OSError as error:
        raise ZjtxError(f"配置文件 {path} 读不出来（系统错误 {error.errno}）：请检查磁盘和路径，再运行一次。") from None
    except UnicodeDecodeError:
        raise ZjtxError(f"配置文件 {path} 不是 UTF-8 文本，读不出来：请用文本编辑器打开，另存为 UTF-8 编码。") from None
    except yaml.YAMLError as error:
        raise ZjtxError(f"配置文件 {path} 不是合规的 YAML{_position(error)}。") from None
    if not isinstance(values, dict):
        raise ZjtxError(f"配置文件 {path} 应由“名称: 值”组成，例如 inbox: 收件目录。")
    return _checked(path, values)


def _checked(path: Path, values: dict) -> Settings:
    for name in ("inbox", "database", "ledger"):
        if isinstance(values.get(name), str):
            values[name] = _from_folder(path.resolve().parent, name, values[name])
    if isinstance(values.get("fonts"), dict):
        values["fonts"] = {use: _beside(path, file) for use, file in values["fonts"].items()}
    if isinstance(values.get("letterhead"), dict) and "seal" in values["letterhead"]:
        values["letterhead"]["seal"] = _beside(path, values["letterhead"]["seal"])
    if isinstance(values.get("door"), dict):
        values["door"] |= {part: _beside(path, values["door"][part]) for part in ("certificate", "key") if part in values["door"]}
    if isinstance(values.get("backup"), dict) and "folder" in values["backup"]:
        values["backup"]["folder"] = _beside(path, values["backup"]["folder"])
    if isinstance(values.get("delivery"), dict) and "bounces" in values["delivery"]:
        values["delivery"]["bounces"] = _beside(path, values["delivery"]["bounces"])
    try:
        settings = Settings(**{str(name): value for name, value in values.items()})  # YAML reads 2024: as a number
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(step) for step in fault["loc"] if "[" not in str(step))  # pydantic names the kinds tried
        message = _MESSAGES_OF.get(where) or _message(fault)
        raise ZjtxError(f"配置文件 {path} 中“{where}”不对：{message}。") from None
    if settings.inbox is None and settings.database is None and settings.gateway is None:
        raise ZjtxError(f"配置文件 {path} 没有数据来源：请写明 inbox（收件目录）、database（数据库地址）或 gateway（网关）。")
    for name, variable in (("database", "ZJTX_DATABASE_PASSWORD"), ("ledger", "ZJTX_LEDGER_PASSWORD")):
        if _bears_a_password(getattr(settings, name) or ""):
            raise ZjtxError(f"配置文件 {path} 中“{name}”写有口令：请从地址里删去（已经外传的请改掉），改用环境变量 {variable}。")
    if settings.gateway:
        journal.hide(*(getattr(settings.gateway, name) for name in ("app_key_variable", "app_secret_variable", "user_secret_variable")))
    _check_interfaces(path, settings)
    _check_door(path, settings.door)
    _check_departments(path, settings)
    _check_delivery(path, settings.delivery)
    fonts.faces(settings.fonts.named)
    if settings.letterhead.seal:
        letterhead.seal(settings.letterhead.seal)
    settings.rules  # noqa: B018  an overlay that does not fit the rules is refused here, not in mid-run
    return settings


def _check_interfaces(path: Path, settings: Settings) -> None:
    """ZjtxError where an interface of the gateway names no table or no department, or offers what another offers."""
    taken: dict[str, list[str]] = {}
    for interface in settings.gateway.interfaces if settings.gateway else ():
        about = f"配置文件 {path} 中 gateway.interfaces 的“{interface.table}”"
        sender = settings.rules.department(interface.sender or "") or ""
        if interface.table not in load_tables():
            raise ZjtxError(f"{about}不是表号：请写成 D01、D06a 的样子。")
        if interface.sender and not sender:
            raise ZjtxError(f"{about}的 sender“{interface.sender}”不是报送部门的全称或简称：请核对。")
        others = taken.setdefault(interface.table, [])
        if sender in others or (others and "" in (sender, *others)):
            raise ZjtxError(f"{about}写了多次：一张表有几个接口时，请逐个写明各不相同的 sender。")
        others.append(sender)


def _check_door(path: Path, door: Door) -> None:
    """ZjtxError where passwords would travel in the clear, nobody could call it, or half a pair is named."""
    if bool(door.certificate) != bool(door.key):
        raise ZjtxError(f"配置文件 {path} 中 door 的 certificate（证书）和 key（私钥）要一起写。")
    if not door.here and not door.certificate and not door.plain:
        raise ZjtxError(f"配置文件 {path} 中 door 要让别的机器访问，必须写 certificate（证书）和 key（私钥），否则口令会在网络上明文传送。")
    if not door.called:
        raise ZjtxError(f"配置文件 {path} 中 door 缺少 names：请写明大家访问时用的主机名或 IP 地址。")
def _check_delivery(path: Path, delivery: Delivery) -> None:
    """ZjtxError where an address would get two letters, an approver could count twice, or more have to approve than may."""
    for what, named in (("recipients", delivery.recipients), ("approvers", delivery.approvers)):
        addresses = [each.address.lower() for each in named]
        twice = next((address for address in addresses if addresses.count(address) > 1), None)
        if twice:
            raise ZjtxError(f"配置文件 {path} 中 delivery.{what} 的地址 {twice} 写了多次：每个地址只能写一次，请合并。")
    names = [each.name for each in delivery.approvers]
    if len(set(names)) < len(names):
        raise ZjtxError(f"配置文件 {path} 中 delivery.approvers 有重名：请写成能区分的姓名。")
    if delivery.approval == "required" and names and len(names) < delivery.approvals:
        raise ZjtxError(f"配置文件 {path} 要求 {delivery.approvals} 人批准，delivery.approvers 却只有 {len(names)} 人：请补上。")


def _check_departments(path: Path, settings: Settings) -> None:
    """ZjtxError where the audience or a recipient names what is no department in full."""
    named = [(f"audience.{part}", names or ()) for part, names in settings.audience]
    named += [(f"delivery.recipients 的“{each.name}”", (each.department,)) for each in settings.delivery.recipients if each.department]
    for where, names in named:
        unknown = [name for name in names if name not in settings.rules.departments]
        if unknown:
            raise ZjtxError(f"配置文件 {path} 中 {where}写了“{unknown[0]}”，不是责任单位的全称：请核对。")


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
    "path_type": "应为文件或文件夹的位置，是一段文本",
}


_QUOTED = re.compile("'([^']*)'")


def _message(fault: Any) -> str:
    """What is wrong with a value, and what it should be: a kind, or one of a few."""
    if fault["type"] == "no_quarter":
        return f"“{fault['ctx']['key']}”不是季度，请写成“2024Q4”的样子"
    if fault["type"] == "literal_error":
        return f"不在可选值之内，可选 {'、'.join(_QUOTED.findall(fault['ctx']['expected']))}"
    return _MESSAGES.get(fault["type"], "写法不对，请对照说明文件 README 里的例子")


def _bears_a_password(address: str) -> bool:
    """Does a database's address name one, before the host or in what follows “?”?"""
    before, _, after = unquote(address).partition("?")
    who = before.partition("://")[2].rpartition("@")[0]
    return (":" in who and not address.startswith("sqlite")) or bool(re.search(r"(?:password|passwd|pwd)\s*=", after, re.IGNORECASE))


def _from_folder(folder: Path, name: str, value: str) -> str:
    """A relative path, or a relative SQLite file, counted from the configuration's folder."""
    prefix = "sqlite:///"
    if name in ("database", "ledger"):
        relative = value.startswith(prefix) and not value.startswith(prefix + "/")
        return f"{prefix}{folder / value.removeprefix(prefix)}" if relative else value
    return str(folder / value)


def _beside(path: Path, file: Any) -> Any:
    return str(path.resolve().parent / file) if isinstance(file, str) else file


def _position(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"（第 {mark.line + 1} 行第 {mark.column + 1} 列附近）" if mark else ""
