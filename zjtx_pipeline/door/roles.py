"""Knows the four roles and what each may do, as one table; leaves finding out what a request asks for to `judging`."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """A user holds one or several; nobody who has not logged in holds any."""

    VIEW = "查看"
    RUN = "运行"
    APPROVE = "批准"
    ADMINISTER = "管理"


class Action(StrEnum):
    """What a request may ask for; the words stand in the audit log."""

    READ_PAGE = "查看运行界面"
    QUERY = "查询运行记录"
    SUBSCRIBE = "接收运行进度"
    READ_REPORT = "打开报告"
    READ_FIRMS = "打开含企业名单的文件"
    LAUNCH = "启动一个季度"
    BACKFILL = "补跑多个季度"
    REEXECUTE = "重新运行"
    RESUME_BACKFILL = "继续补跑"
    TERMINATE = "中止运行"
    CANCEL_BACKFILL = "取消补跑"
    TRY_OUT = "试算定时任务"
    APPROVE = "批准签发"
    MAIL = "启动发邮件的作业"
    SWITCH_SCHEDULE = "开关定时任务"
    SWITCH_SENSOR = "开关监测任务"
    DELETE_RUN = "删除运行记录"
    WIPE_ASSET = "清除产物记录"
    LIMIT_RUNS = "设置并行数"
    FREE_SLOTS = "释放并行名额"
    RELOAD_CODE = "重新载入程序"
    READ_DEBUG = "下载诊断文件"
    IMITATE = "冒充定时任务"
    FORGE_RECORD = "凭空登记产物"
    CHANGE_BY_GET = "用链接执行操作"
    CHANGE_CODE = "改动程序"
    TELL_MAKER = "向软件厂商报告"
    CHANGE_USER = "在网页上改动用户"
    UNLISTED = "未列入权限表的操作"


EVERYBODY = frozenset(Role)
_RUN, _APPROVE, _ADMINISTER = Role.RUN, Role.APPROVE, Role.ADMINISTER

# Who approves need not be able to run, and who administers need not approve: one who does several things holds several roles.
ALLOWED: dict[Action, frozenset[Role]] = {
    Action.READ_PAGE: EVERYBODY,
    Action.QUERY: EVERYBODY,
    Action.SUBSCRIBE: EVERYBODY,
    Action.READ_REPORT: EVERYBODY,
    Action.READ_FIRMS: frozenset({_APPROVE, _ADMINISTER}),
    Action.LAUNCH: frozenset({_RUN, _ADMINISTER}),
    Action.BACKFILL: frozenset({_RUN, _ADMINISTER}),
    Action.REEXECUTE: frozenset({_RUN, _ADMINISTER}),
    Action.RESUME_BACKFILL: frozenset({_RUN, _ADMINISTER}),
    Action.TERMINATE: frozenset({_RUN, _ADMINISTER}),
    Action.CANCEL_BACKFILL: frozenset({_RUN, _ADMINISTER}),
    Action.TRY_OUT: frozenset({_ADMINISTER}),
    Action.APPROVE: frozenset({_APPROVE}),
    Action.MAIL: frozenset({_ADMINISTER}),
    Action.SWITCH_SCHEDULE: frozenset({_ADMINISTER}),
    Action.SWITCH_SENSOR: frozenset({_ADMINISTER}),
    Action.DELETE_RUN: frozenset({_ADMINISTER}),
    Action.WIPE_ASSET: frozenset({_ADMINISTER}),
    Action.LIMIT_RUNS: frozenset({_ADMINISTER}),
    Action.FREE_SLOTS: frozenset({_ADMINISTER}),
    Action.RELOAD_CODE: frozenset({_ADMINISTER}),
    Action.READ_DEBUG: frozenset({_ADMINISTER}),
    Action.IMITATE: frozenset(),
    Action.FORGE_RECORD: frozenset(),
    Action.CHANGE_BY_GET: frozenset(),
    Action.CHANGE_CODE: frozenset(),
    Action.TELL_MAKER: frozenset(),
    Action.CHANGE_USER: frozenset(),
    Action.UNLISTED: frozenset(),
}


def may(roles: frozenset[Role], action: Action) -> bool:
    return not roles.isdisjoint(ALLOWED[action])


def table() -> str:
    """The table as Markdown, as `docs/door.md` prints it."""
    heads = ["操作", "未登录", *Role]
    rows = [[action, "", *("✓" if role in allowed else "" for role in Role)] for action, allowed in ALLOWED.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in [heads, ["---"] * len(heads), *rows])
