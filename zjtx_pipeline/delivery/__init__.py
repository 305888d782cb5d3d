"""Knows how a quarter's reports leave the house by mail, once; leaves making them to `report`."""

from zjtx_pipeline.delivery.post import send_quarter

__all__ = ["send_quarter"]
