"""Knows the quarters as Dagster's partitions; leaves which they are to the district's settings."""

from dagster import StaticPartitionsDefinition

from zjtx_pipeline.district import settings_known

SETTINGS = settings_known()
RULES = SETTINGS.rules
QUARTERS = StaticPartitionsDefinition([str(quarter) for quarter in SETTINGS.quarters])
