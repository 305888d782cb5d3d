"""Knows in which ways the gateway fails that a client can answer; leaves those that only a person can mend to `ZjtxError`."""

from zjtx_pipeline.errors import ZjtxError


class Again(ZjtxError):
    """A failure that may pass by itself; `after`: the seconds that the gateway asks us to wait."""

    def __init__(self, sentence: str, after: float | None = None):
        super().__init__(sentence)
        self.after = after


class Unreached(Again):
    """No answer at all: the network, or the gateway itself."""


class Expired(ZjtxError):
    """A refusal that a new secret may mend: the old one has run out, or the signature was wrong from the start."""
