"""Knows what a configuration says of the province's gateway; leaves asking it to `sources.gateway`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from zjtx_pipeline.settings.part import Part


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
