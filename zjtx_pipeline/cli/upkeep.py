"""Knows the verbs by which an installation is kept, moved, made again and tidied; leaves all that they do to `backup`, `ledger` and
the orchestrator.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from zjtx_pipeline import district
from zjtx_pipeline.cli import console
from zjtx_pipeline.cli.options import Config, use
from zjtx_pipeline.errors import ZjtxError

if TYPE_CHECKING:
    from zjtx_pipeline.backup import Contents, Restored

Archive = Annotated[Path, typer.Argument(metavar="备份文件", help="zjtx backup 写出的 .tar.gz 文件。", show_default=False)]


def backup(
    folder: Annotated[
        Optional[Path], typer.Argument(metavar="[目录]", help="写到哪个目录，最好在另一块磁盘上；不填则用配置里的 backup.folder。", show_default=False)
    ] = None,
    keep: Annotated[
        Optional[int], typer.Option("--keep", metavar="份数", min=1, help="只留本区县最近这么多份；不填则用配置里的 backup.keep，写了目录时不删。")
    ] = None,
    config: Config = None,
) -> None:
    """把不能再生成的都备份到一个文件。

    报送快照、报告、版次、台账、用户和区县配置；系统在运行时也可以备份。写完读回核对，不完整的不会留下。
    能再生成的（校验和测算的中间结果、界面的运行记录）、日志、收件目录和环境变量里的口令不在其中。
    """
    from zjtx_pipeline.backup import back_up
    from zjtx_pipeline.settings import home

    settings = district.settings_known(config)
    target = folder or settings.backup.folder
    if target is None:
        raise ZjtxError("没有写备份到哪里：请写目录，如 zjtx backup /备份盘/zjtx，或在配置里写 backup: {folder: 目录}。")
    made = back_up(home(), settings, district.configuration(config), target, keep or (None if folder else settings.backup.keep))
    console.out.print(f"已备份并读回核对：{made.path}（{_size(made.contents)}）", markup=False)
    if made.pruned:
        console.out.print(f"删去较早的 {len(made.pruned)} 份。")
    for path in made.left:
        console.complain(f"没有备份 {path}（是链接、证书、私钥或报送数据库，或不在配置文件所在的目录里）：请另行保存。")
    _warn(made.contents)


def verify(file: Archive) -> None:
    """检查一份备份是否完整。

    从头读到尾，逐个文件核对校验值，不写任何内容。
    """
    from zjtx_pipeline.backup import examine

    found = examine(file)
    console.out.print(f"备份完整：{file}\n{_whose(found)}", markup=False)
    _warn(found)


def restore(
    file: Archive,
    to: Annotated[Path, typer.Option("--to", metavar="目录", help="恢复到哪里，须是空目录或新目录。", show_default=False)],
    ledger: Annotated[
        Optional[str], typer.Option("--ledger", metavar="地址", help="把台账恢复到这个空的数据库（SQLAlchemy URL）；不填则恢复成文件。", show_default=False)
    ] = None,
) -> None:
    """从备份恢复到一个空目录。

    先把备份从头到尾核对一遍，有一处不对就什么也不恢复。收件目录按最后一次读到的文件重新摆好；数据库的口令只从环境变量 ZJTX_LEDGER_PASSWORD 读取。
    """
    from zjtx_pipeline.backup import restore as made_again

    _tell(made_again(file, to.resolve(), ledger), ledger)


def move_ledger(config: Config = None) -> None:
    """把台账从文件搬到数据库。

    先停掉服务，在配置里写 ledger: 数据库地址（数据库须是空的），再运行本命令。逐行核对无误后，原来的文件改名为 ledger.db.moved 留存。
    """
    from zjtx_pipeline.ledger import dump, of_district, stands
    from zjtx_pipeline.settings import home

    settings = district.settings_known(config)
    if settings.ledger is None:
        raise ZjtxError("配置里没有写 ledger：请先写明搬到哪个数据库，如 ledger: postgresql+psycopg://zjtx@127.0.0.1/zjtx。")
    if stands(home()):
        with of_district(settings.model_copy(update={"ledger": None}), home()):
            pass  # it is ours
    rows = dump.move(home(), settings.ledger)
    console.out.print(f"台账已搬到数据库，共 {rows} 行，逐行核对一致。原来的文件改名为 ledger.db.moved。")


def tidy(config: Config = None) -> None:
    """清理可以再生成的旧东西。

    界面里很久以前的运行记录、已经停用的校验和测算中间结果、预览，期限由配置 alerts.keep_runs_days 定（默认 400 天）；过大的日志换新。
    报送快照、报告、版次、台账永远不动。每天凌晨自动清理一次，一般不用手工运行。
    """
    use(config)
    district.settings_in_force()
    from assets.housekeeping import tidied

    console.out.print(tidied().sentence, markup=False)


def _tell(done: Restored, url: str | None) -> None:
    console.out.print(f"已恢复到 {done.folder}\n{_whose(done.contents)}", markup=False)
    if done.rows:
        console.out.print(f"台账 {done.rows} 行，在{'所写的数据库' if url else ' home/ledger.db '}。", markup=False)
    if done.inbox:
        console.out.print(f"收件目录按最后一次读到的 {done.deliveries} 个文件重新摆在 {done.inbox}", markup=False)
    _warn(done.contents)
    for step in _steps(done, url):
        console.out.print(step, markup=False)


def _steps(done: Restored, url: str | None) -> list[str]:
    config = done.config
    steps = ["接下来："]
    if done.inbox_is_elsewhere:
        steps.append(f"  把 {config} 里的 inbox 改成 收件目录，或改成原来的收件目录。")
    if config and (url or done.contents.header.get("ledger") == "database"):
        steps.append(f"  把 {config} 里的 ledger {'改成刚才的数据库地址' if url else '一行删去（台账已恢复成文件）'}。")
    if left := done.contents.header.get("left"):
        steps.append(f"  备份里没有这些文件，请按 {config} 里写的位置另行放好：{'、'.join(left)}。")
    steps.append(f"  设好环境变量：ZJTX_HOME={done.home}{f' ZJTX_CONFIG={config}' if config else ''}，口令另外设。")
    steps.append("  运行 zjtx report 季度，与 home/reports 里原来的比较。")
    steps.append(f"  备份于 {done.contents.made_at}（北京时间）：此后发出的信不在台账里，批准发送前请先到邮件服务器核对。")
    if done.withheld:
        steps.append(f"  {'、'.join(done.withheld)} 有备份时还没有发出的信，已退回待批准，原来的批准和验证码作废：核对过后用 zjtx ledger 季度 查看，zjtx request 季度 --again 重新请批。")
    steps.append("  恢复以前已经结束的季度，系统不再自动补出、自动请批或发送：要做的用 zjtx report、zjtx request。")
    return steps


def _whose(found: Contents) -> str:
    header = found.header
    return f"{header['district']}，{found.made_at}（北京时间）由 {header['version']} 版程序备份，{_size(found)}。"


def _size(found: Contents) -> str:
    return f"{len(found.files)} 个文件，{found.bytes / 1e6:.1f} MB"


def _warn(found: Contents) -> None:
    for quarter in found.unfinished:
        console.complain(f"备份时 {quarter} 的报告正在生成，其中的还不齐：请等运行结束再备份一次。")
