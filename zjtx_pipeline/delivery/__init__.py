"""Knows how a quarter's reports leave the house by mail: composed, approved, posted once, accounted for; leaves making them to `report`."""

from zjtx_pipeline.delivery.sending import Outcome, send_quarter

__all__ = ["Outcome", "send_quarter"]
