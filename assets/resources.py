"""Knows the one resource, the district that a run is about; leaves its settings to the library."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from dagster import AssetExecutionContext, ConfigurableResource, Failure, InitResourceContext
from pydantic import Field, PrivateAttr

from zjtx_pipeline import ahead, stages, turns
from zjtx_pipeline.district import settings_in_force
from zjtx_pipeline.errors import ZjtxError, mendable
from zjtx_pipeline.quarter import Quarter
from zjtx_pipeline.settings import home


class District(ConfigurableResource):
    """The district, whether a quarter that has not ended may be run as a draft, and as of which day it is told."""

    config: str = Field("", description="区县配置文件；不填则用环境变量 ZJTX_CONFIG，再不填用示例区县。")
    draft: bool = Field(False, description="季度未结束时是否出草稿；草稿每页都注明“草稿”。")
    as_of: str = Field("", description="按哪天所知重出报告，如 2025-01-15；不填则按全部已报送的数据。报告另存一个目录。")

    _turn: IO[str] | None = PrivateAttr(default=None)

    @contextmanager
    def run_of(self, context: AssetExecutionContext) -> Iterator[stages.Run]:
        """The run of the step's quarter; what a person can mend ends the step with its one sentence."""
        try:
            settings = settings_in_force(self.config)
            day = stages.day_named(self.as_of)
            yield stages.open_run(settings, Quarter.parse(context.partition_key), self.draft, as_of=day)
        except ZjtxError as error:
            raise Failure(description=str(error), allow_retries=False) from None
        except Exception as error:
            if sentence := mendable(error):
                raise Failure(description=sentence, allow_retries=False) from error
            raise

    def setup_for_execution(self, context: InitResourceContext) -> None:
        """A run of a quarter waits here while another works on it, whatever started either."""
        tags = context.run.tags if context.run else {}
        if name := self._name(tags.get("dagster/partition", "")):
            self._turn = turns.take(home(), name, lambda: context.log.info(f"{name} 正由另一次运行处理，等它结束再开始。"))

    def _name(self, quarter: str) -> str | None:
        """What a run is called; None where its quarter or day is none, which its steps then say."""
        try:
            day = stages.day_named(self.as_of)
            return f"{Quarter.parse(quarter)}@{day}" if day else str(Quarter.parse(quarter))
        except ZjtxError:
            return None

    def teardown_after_execution(self, context: InitResourceContext) -> None:
        """A run ends with its second process, failed, cancelled or of a few assets: else its own process would wait for it."""
        ahead.end_runs()
        if self._turn:
            self._turn.close()
