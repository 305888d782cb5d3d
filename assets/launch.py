"""Knows how a quarter's run is started from a shell, in this very process, so that the UI shows it as its own.

Leaves showing its progress to the caller, which is told of every step as plain `Step`.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from dagster import DagsterEvent, DagsterEventType, DagsterInstance

from assets import instance as records
from assets.definitions import defs
from assets.jobs import quarterly_reports
from assets.partitions import RULES
from assets.reports import report_key
from zjtx_pipeline import turns
from zjtx_pipeline.settings import home
from zjtx_pipeline.stages import OVERALL
from zjtx_pipeline.tables import load_tables

TABLES = load_tables()
STAGES = {
    "g1_raw": "取数留存",
    "g2_sound": "逐行校验",
    "g3_tallies": "资质、奖补与对照",
    "g4_figures": "指标测算",
    "g5_reports": "编排打印",
}
OF_TASKS = {"figures": "指标", "awards": "奖补", "second_opinion": "复核", "report": "报告"}
INTERRUPTS = ("DagsterExecutionInterruptedError", "KeyboardInterrupt")
OTHERS = {
    "period": "数据期", "comparison": "上季和到期季度对照", "tiers": "资质", "ladder": "梯队变动", "second_opinion/tiers": "资质复核",
    "report/overall": "总报告", "report/distribution": "分发材料", "package": "成果包",
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One step that began or ended: `state` is 开始, 完成 or 失败, before all 等候; `sentence` says why it failed or waits, empty where
    that is a defect of the program, which `traceback` describes."""

    stage: str
    name: str
    state: str
    seconds: float = 0.0
    sentence: str = ""
    traceback: str = ""

    @property
    def called(self) -> str:
        """What staff call the step: `D21c（用房补助）`, `任务5（打造数字赋能样板）奖补`, `总报告`."""
        kind, _, about = self.name.partition("/")
        if about in TABLES:
            return f"{about}（{TABLES[about].name}）"
        if kind in OF_TASKS and about[1:].isdigit():
            task = RULES.tasks[int(about[1:])]
            return f"任务{task.number}（{task.title}）{OF_TASKS[kind]}"
        return OTHERS.get(self.name, self.name)


@dataclass
class Outcome:
    """A run's end: did all steps succeed, was it stopped by hand, what became of each step, and the trace of what ended it between them."""

    succeeded: bool = False
    interrupted: bool = False
    trace: str = ""
    steps: list[Step] = field(default_factory=list)

    @property
    def failed(self) -> list[Step]:
        return [step for step in self.steps if step.state == "失败"]

    @property
    def missing_reports(self) -> list[int]:
        """The numbers of the reports that were not printed, 0 the overall one."""
        done = {step.name for step in self.steps if step.state == "完成"}
        return [number for number in (OVERALL, *RULES.tasks) if report_key(number).to_user_string() not in done]


def steps_of_stages() -> dict[str, int]:
    """How many steps each stage has, in the order of the data's journey."""
    stages = list(_stages().values())
    return {stage: stages.count(stage) for stage in STAGES.values()}


def _stages() -> dict[str, str]:
    """The stage of each step of the job; traces are no part of it."""
    specs = defs.resolve_all_asset_specs()
    return {spec.key.to_python_identifier(): STAGES[spec.group_name] for spec in specs if spec.group_name in STAGES}


def run_quarter(quarter: str, draft: bool, told: Callable[[Step], None], as_of: str = "") -> Outcome:
    """Run one quarter's job here and now, as it was known on a day if one is named; `told` hears of every step as it
    begins and ends."""
    records.prepare()
    _await_turn(quarter, as_of, told)
    run_id, outcome = str(uuid.uuid4()), Outcome()
    listener = _Listener(outcome, told)
    with DagsterInstance.get() as instance:
        records.close_abandoned(instance)
        instance.add_event_listener(run_id, listener.hear)
        result = _executed(instance, quarter, run_id, {"draft": draft, "as_of": as_of})
    outcome.succeeded = result.success
    return outcome


def _await_turn(quarter: str, as_of: str, told: Callable[[Step], None]) -> None:
    """Where another run works on the quarter, say so and wait; the run itself takes its turn as it begins."""
    name = f"{quarter}@{as_of}" if as_of else quarter
    turns.take(home(), name, lambda: told(Step("", name, "等候", sentence=f"另一次运行正在处理 {name}，等它结束再开始……"))).close()


def _executed(instance: DagsterInstance, quarter: str, run_id: str, district: dict):
    return defs.resolve_job_def(quarterly_reports.name).execute_in_process(
        instance=instance,
        partition_key=quarter,
        run_id=run_id,
        raise_on_error=False,
        tags={"zjtx/from": "shell"} | ({"zjtx/as_of": district["as_of"]} if district["as_of"] else {}),
        run_config={
            "resources": {"district": {"config": district}},
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        },
    )


class _Listener:
    """Turns Dagster's events into steps."""

    def __init__(self, outcome: Outcome, told: Callable[[Step], None]) -> None:
        self.outcome, self.told = outcome, told
        self.stages = _stages()
        self.blocked: dict[str, list[str]] = {}

    def hear(self, entry) -> None:
        event = entry.dagster_event
        if event is not None and event.event_type == DagsterEventType.RUN_FAILURE:
            self._ended(event.job_failure_data.error)
        if event is None or event.step_key not in self.stages:
            return
        if event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION:
            self._remember(event)
        if event.event_type == DagsterEventType.STEP_FAILURE:
            error = event.step_failure_data.error
            self.outcome.interrupted |= bool(error) and error.cls_name in INTERRUPTS
        step = self._step(event)
        if step:
            if step.state != "开始":
                self.outcome.steps.append(step)
            self.told(step)

    def _ended(self, error) -> None:
        """The run failed: of a step, which has told so itself, or between steps."""
        if error:
            self.outcome.interrupted |= error.cls_name in INTERRUPTS
            self.outcome.trace = error.to_string()

    def _remember(self, event: DagsterEvent) -> None:
        evaluation = event.asset_check_evaluation_data
        if not evaluation.passed:
            self.blocked.setdefault(event.step_key, []).append(evaluation.description or evaluation.check_name)

    def _step(self, event: DagsterEvent) -> Step | None:
        stage, name = self.stages[event.step_key], _name(event.step_key)
        match event.event_type:
            case DagsterEventType.STEP_START:
                return Step(stage, name, "开始")
            case DagsterEventType.STEP_SUCCESS:
                return Step(stage, name, "完成", event.step_success_data.duration_ms / 1000)
            case DagsterEventType.STEP_FAILURE:
                return Step(stage, name, "失败", sentence=self._why(event), traceback=event.step_failure_data.error_display_string)

    def _why(self, event: DagsterEvent) -> str:
        told = event.step_failure_data.user_failure_data
        return (told and told.description) or "；".join(self.blocked.get(event.step_key, []))


def _name(step_key: str) -> str:
    """`sound/D15`, as the UI names the asset."""
    return step_key.replace("__", "/")
