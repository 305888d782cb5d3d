"""Knows what a configuration says of the service: where it listens, what it keeps; leaves both to `door` and `backup`."""

from __future__ import annotations

from pydantic import Field

from zjtx_pipeline.settings.part import Part, Place


class Door(Part):
    """Where `zjtx serve` listens and under which `names` it is called; beyond this machine only with a certificate, unless
    `plain` says that what carries the passwords is safe. Sessions end after `session_hours`, or `idle_minutes` without a request."""

    host: str = "127.0.0.1"
    port: int = Field(8443, ge=1, le=65535)
    names: tuple[str, ...] = ()
    certificate: Place | None = None
    key: Place | None = None
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

    folder: Place | None = None
    keep: int = Field(30, ge=2, le=10_000)
