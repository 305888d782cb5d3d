"""Knows the verbs by which a quarter's reports are approved, sent, accounted for and corrected; leaves each to `delivery` and `stages`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from zjtx_pipeline import district
from zjtx_pipeline.cli import console
from zjtx_pipeline.cli.options import Config, QuarterKey, made, use
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.quarter import Quarter

_FAILED = ("later", "refused", "unknown", "bounced", "prepared", "sending")


def request(
    quarter: QuarterKey,
    again: Annotated[bool, typer.Option("--again", help="已经发过请批邮件的批准人也再发一次，原验证码作废。")] = False,
    revised: Annotated[bool, typer.Option("--revised", help="持有另一版、而其中数值没有改变的收件人，也列入；已有的批准不包括他们，即作废。")] = False,
    config: Config = None,
) -> None:
    """请批准人审批一个季度的报告。

    给配置里的每位批准人（delivery.approvers）发一封请批邮件：收件人、较上季变化、未报送、需决策事项、报告附件，和只发给本人的一次性验证码。
    """
    from zjtx_pipeline.delivery import asking
    from zjtx_pipeline.settings import home

    use(config)
    asked = Quarter.parse(quarter)
    told = asking.ask(district.settings_in_force(), home(), asked, again, revised)
    nothing = f"{asked} 的这一批报告，批准人都已经批准，没有要请批的：可以运行 zjtx send {asked}。"
    _shown(f"{asked} 请批", [(each.approver.name, each.approver.address, each.state, each.detail) for each in told], nothing)


def approve(
    quarter: QuarterKey,
    by: Annotated[str, typer.Option("--by", metavar="姓名", help="批准人的姓名，与 delivery.approvers 一致。", show_default=False)],
    code: Annotated[str, typer.Option("--code", metavar="验证码", help="请批邮件里的一次性验证码；不写则提示输入。", show_default=False)] = "",
    revoke: Annotated[bool, typer.Option("--revoke", help="撤回此人的批准；已经发出的不受影响。")] = False,
    config: Config = None,
) -> None:
    """批准发送一个季度的报告。

    批准的是现有的这些报告和收件人，其后任何一份有改动即作废。批准不等于发送：批准后用 zjtx send 发送，无人值守时自动发送。
    """
    from zjtx_pipeline.delivery import signoff
    from zjtx_pipeline.settings import home

    use(config)
    asked, settings = Quarter.parse(quarter), district.settings_in_force()
    if revoke:
        count = signoff.revoke(settings, home(), asked, by, by)
        console.out.print(f"已撤回{by}对 {asked} 的批准 {count} 项。" if count else f"{by}没有批准过 {asked}，没有可撤回的。", markup=False)
        return
    issue, given = signoff.approve(settings, home(), asked, by, code or _typed_code(), signoff.SHELL)
    still = signoff.needed(settings) - len(given)
    console.out.print(f"已批准 {asked}（编号 {issue.mark}）：{'、'.join(given)}。" + (f"还需 {still} 人批准。" if still > 0 else f"现在可以运行 zjtx send {asked}；服务开着的，会自动发送。"), markup=False)


def _typed_code() -> str:
    try:
        return typer.prompt("验证码", hide_input=sys.stdin.isatty())
    except typer.Abort:
        raise ZjtxError("没有输入验证码：请按提示输入请批邮件里的验证码，或写 --code。") from None


def send(
    quarter: QuarterKey,
    approved_by: Annotated[str, typer.Option("--approved-by", metavar="姓名", help="没有配置批准人时，批准发送的人。", show_default=False)] = "",
    dry_run: Annotated[
        Optional[Path], typer.Option("--dry-run", metavar="目录", help="只把邮件写到这个目录，不发送，不记录。")
    ] = None,
    revised: Annotated[bool, typer.Option("--revised", help="持有另一版、而其中数值没有改变的收件人，也发这一版。")] = False,
    config: Config = None,
) -> None:
    """用邮件发送一个季度的报告。

    只发已经批准的报告，每个收件人一封；已经发过的不再发，被拒收的再发一次，是否送达不明的等人核实（zjtx resolve）。
    以前发出的版次有数值要更正的，只给持有那一版的收件人发更正。邮件服务器的口令只从环境变量 ZJTX_SMTP_PASSWORD 读取。
    """
    from zjtx_pipeline.delivery import send_quarter
    from zjtx_pipeline.settings import home

    use(config)
    asked = Quarter.parse(quarter)
    outcomes = send_quarter(district.settings_in_force(), home(), asked, approved_by, made(dry_run) if dry_run else None, revised)
    nothing = f"{asked} 没有要发的邮件，没有写出：收件人都已经有了，或等人核实。请用 zjtx ledger {asked} 查看。"
    _shown(f"{asked} 报告发送结果", [(each.recipient.name, each.recipient.address, each.state, each.detail) for each in outcomes], nothing)


def ledger(quarter: QuarterKey, config: Config = None) -> None:
    """看一个季度发给了谁、谁批准的、各到了哪一步。

    每批一张表，每个收件人的每份报告一行：待批准、待发送、已发送、被拒收、被退回、待核实。
    """
    from zjtx_pipeline.delivery import accounts
    from zjtx_pipeline.settings import home

    use(config)
    asked = Quarter.parse(quarter)
    for account in accounts.of_quarter(district.settings_known(config), home(), asked):
        console.table(account.title, ("收件地址", "报告", "状态", "说明", "北京时间"), account.rows, whole=["报告"])


def resolve(
    quarter: QuarterKey,
    address: Annotated[str, typer.Argument(metavar="地址", help="收件地址，与台账里的一致。", show_default=False)],
    by: Annotated[str, typer.Option("--by", metavar="姓名", help="核实的人。", show_default=False)],
    arrived: Annotated[bool, typer.Option("--arrived", help="收件人确已收到；记错为没有收到的，也用它改正。")] = False,
    lost: Annotated[bool, typer.Option("--lost", help="收件人确未收到，以后 zjtx send 再发；台账记着已发送的也可以。")] = False,
    config: Config = None,
) -> None:
    """记下核实的结果：待核实、被退回或已发送的邮件到底收到没有。

    发送中断的邮件是否送达，程序不知道，不会自己重发：请问过收件人，再记在这里。--arrived 和 --lost 写一个；记错了，用另一个再记一次。
    """
    if arrived == lost:
        raise ZjtxError("--arrived（确已收到）和 --lost（确未收到）必须写一个，也只能写一个，没有记下。")
    from zjtx_pipeline.delivery import accounts
    from zjtx_pipeline.settings import home

    use(config)
    asked = Quarter.parse(quarter)
    count = accounts.resolve(district.settings_known(config), home(), asked, address, arrived, by)
    told = "已收到" if arrived else f"没有收到：运行 zjtx send {asked} 再发"
    console.out.print(f"已记下 {address} 的 {count} 封邮件{told}。", markup=False)


def bounces(
    folder: Annotated[
        Optional[Path], typer.Argument(metavar="[目录]", help="存有退信的目录（.eml）、Maildir 或 mbox 文件；不填则用配置里的 delivery.bounces。", show_default=False)
    ] = None,
    config: Config = None,
) -> None:
    """读退信，记到台账。

    按退信里的邮件编号对到收件人，状态改为被退回；对不上的逐封列出，不删除任何邮件。
    """
    from zjtx_pipeline.delivery import bounces as read
    from zjtx_pipeline.settings import home

    use(config)
    settings = district.settings_known(config)
    found = read.recorded(settings, home(), folder or settings.delivery.bounces)
    console.table("退信", ("邮件", "收件地址", "结果"), [(each.name, each.address, each.said) for each in found])


def correct(
    quarter: QuarterKey,
    why: Annotated[str, typer.Option("--why", metavar="原因", help="为什么更正，印在每份报告的更正说明里，不写企业名称，不超过 200 字。", show_default=False)],
    approved_by: Annotated[str, typer.Option("--approved-by", metavar="姓名", help="批准更正的人。", show_default=False)],
    config: Config = None,
) -> None:
    """记下对已经发出的季度报告的更正批准。

    报告发出以后又重新出，数值有改变的，新报告带编号的更正说明：原数、现数、原因类别，以及这里写的原因、批准人和当天日期。
    记下以后运行 zjtx report 重新出报告，再请批、发送；没有批准的更正不能发送。同一次更正再写一遍，以后写的为准。
    """
    asked = Quarter.parse(quarter)
    from zjtx_pipeline import stages
    from zjtx_pipeline.settings import home

    number = stages.correct(district.settings_known(config), home(), asked, why, approved_by)
    console.out.print(f"已记下对 {asked} 第 {number} 版的更正批准：请重新运行 zjtx report {asked}，报告会印上更正说明。", markup=False)


def _shown(title: str, rows: list[tuple[str, str, str, str]], nothing: str) -> None:
    """A line a recipient, or one sentence where there are none; ends the verb with 1 where something did not go out."""
    from zjtx_pipeline.delivery.sending import TOLD

    if not rows:
        console.out.print(nothing, markup=False)
        return
    console.table(title, ("收件人", "地址", "结果", "说明"), [(name, address, TOLD[state], detail) for name, address, state, detail in rows])
    if any(state in _FAILED for *_, state, _ in rows):
        raise typer.Exit(1)
