"""Knows what a path of Dagster's asks for that is no page; leaves GraphQL to `documents`."""

from __future__ import annotations

from zjtx_pipeline.door.roles import Action

FORGING = "report_"  # report_asset_materialization and its like
OTHERWISE = {
    "graphql": Action.CHANGE_BY_GET,  # by a mere link it would launch runs
    "notebook": Action.CHANGE_CODE,
    "dagit": Action.CHANGE_CODE,
    "download_debug": Action.READ_DEBUG,
    "logs": Action.READ_DEBUG,
    "users": Action.CHANGE_USER,
}


def action(path: str) -> Action:
    first = path.split("/")[1].lower()
    return Action.FORGE_RECORD if first.startswith(FORGING) else OTHERWISE.get(first, Action.READ_PAGE)
