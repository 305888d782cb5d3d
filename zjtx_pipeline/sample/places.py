"""Knows where the sample's firms can sit: the district's towns, those that went to 钱塘, and a few elsewhere.

Leaves which towns belong to the district on a day to the rules (R4).
"""

from __future__ import annotations

from zjtx_pipeline.rules import load_rules

_REGIONS = load_rules().regions
TOWN_NAMES = {town.code: town.name for town in _REGIONS.towns}
TOWNS = list(TOWN_NAMES)
QIANTANG = [town.code for town in _REGIONS.former]  # old addresses there still write 萧山
ELSEWHERE = {"330108002": "滨江区", "330106109": "西湖区", "330681001": "诸暨市", "330602003": "越城区"}
