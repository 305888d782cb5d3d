"""Knows the jobs: a quarter's reports, the same by the schedule, and signing off; a single report is re-made by choosing its asset in the UI."""

from dagster import AssetSelection, Config, Failure, OpExecutionContext, define_asset_job, in_process_executor, job, op
from pydantic import Field

from assets.delivery import GROUP as AFTERWARDS
from zjtx_pipeline.delivery import send_quarter, signoff
from zjtx_pipeline.district import settings_in_force
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import home

ASKED_FOR = ("g6_traces", "g6_returns")  # made when somebody asks, for they cost time and concern few

quarterly_reports = define_asset_job(
    "quarterly_reports",
    selection=AssetSelection.all() - AssetSelection.groups(*ASKED_FOR, AFTERWARDS),
    executor_def=in_process_executor,
    description=(
        "一个季度从取数到 15 份报告的全过程，不发邮件。点 Materialize all 选一个或几个季度，就出报告或补跑。"
        "季度没有结束时只能出草稿：在 Config 里写 resources: {district: {config: {draft: true}}}。"
        "按某一天所知重出：写 resources: {district: {config: {as_of: \"2025-01-15\"}}}，报告另存一个目录。"
    ),
)
scheduled_quarter = define_asset_job(
    "scheduled_quarter",
    selection=AssetSelection.all() - AssetSelection.groups(*ASKED_FOR),
    executor_def=in_process_executor,
    description="定时任务出的季度报告：出完后给批准人发请批邮件；配置为自动发送的，直接发送。由定时任务启动，一季一次。",
)


class Approval(Config):
    """What an approver fills in."""

    quarter: str = Field(description="季度，如 2024Q4。")
    approver: str = Field(description="批准人姓名，与请批邮件的收件人一致。")
    code: str = Field(description="请批邮件里的一次性验证码。填错或有改动时作废，须重新请批。")
    send: bool = Field(True, description="批准人数够了以后，马上发送。")


@op(description="核对验证码，记下批准；人数够了就发送。")
def sign_off(context: OpExecutionContext, config: Approval) -> None:
    settings = settings_in_force()
    try:
        quarter = Quarter.parse(config.quarter)
        issue, given = signoff.approve(settings, home(), quarter, config.approver, config.code, signoff.UI)
        enough = len(given) >= signoff.needed(settings)
        outcomes = send_quarter(settings, home(), quarter) if enough and config.send else []
    except ZjtxError as error:
        raise Failure(description=str(error), allow_retries=False) from None
    states = [each.state for each in outcomes]
    context.add_output_metadata({"编号": issue.mark, "已批准": "、".join(given), "发送": f"已发 {states.count('sent')} 封，共 {len(states)} 位收件人"})


@job(
    executor_def=in_process_executor,
    description="批准发送：在 Launchpad 里填季度、姓名和请批邮件中的验证码。批准的是现有的报告和收件人，有改动即作废。",
)
def approve_issue() -> None:
    sign_off()
