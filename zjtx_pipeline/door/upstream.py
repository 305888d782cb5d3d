"""Knows how Dagster's webserver on loopback is asked, and which headers pass either way; leaves what may be asked to `gate`.

Nothing of a browser's reaches it but what is listed here: no cookie, no origin, no forwarded address that was not set by the door.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import urllib3

from zjtx_pipeline.door.refusals import Refused
from zjtx_pipeline.door.targets import ANY_ASSETS

HOST = "127.0.0.1"
CONNECT_SECONDS, ANSWER_SECONDS = 5, 180
AT_ONCE = 40  # as many threads as answer requests
CHUNK = 64 * 1024
THERE = ("accept", "accept-encoding", "accept-language", "content-type", "if-modified-since", "if-none-match", "range", "user-agent")
BACK = (
    "accept-ranges", "cache-control", "content-disposition", "content-encoding", "content-length", "content-range",
    "content-security-policy", "content-type", "etag", "last-modified", "vary",
)  # fmt: skip
_RUNS = """query Door($ids: [String!]!, $most: Int!) { runsOrError(filter: {runIds: $ids}, limit: $most) {
  ... on Runs { results { runId jobName } } } }"""
_BACKFILL = """query Door($id: String!) { partitionBackfillOrError(backfillId: $id) {
  ... on PartitionBackfill { partitionSetName isAssetBackfill } } }"""


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    chunks: Iterator[bytes]


class Upstream:
    """One Dagster webserver; its methods block, and are called from threads."""

    def __init__(self, port: int) -> None:
        self.port = port
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=ANSWER_SECONDS)
        self._pool = urllib3.HTTPConnectionPool(HOST, port, maxsize=AT_ONCE, timeout=timeout, retries=False)

    def get(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> Answer:
        """A page or a file; `path` as it reads, not as it came: then both sides read the same."""
        return self._ask(method, quote(path) + (f"?{query}" if query else ""), headers, None)

    def post(self, payload: Mapping[str, Any], headers: Mapping[str, str]) -> Answer:
        """A GraphQL request, written anew from what was understood."""
        return self._ask("POST", "/graphql", {**headers, "content-type": "application/json"}, _written(payload))

    def jobs_of_runs(self, run_ids: list[str]) -> dict[str, str]:
        found = self._query(_RUNS, {"ids": run_ids, "most": len(run_ids)}, "runsOrError").get("results", [])
        return {run["runId"]: run["jobName"] for run in found}

    def job_of_backfill(self, backfill_id: str) -> str | None:
        """The name of its partitions, of any assets where it has none; None: there is no such backfill."""
        found = self._query(_BACKFILL, {"id": backfill_id}, "partitionBackfillOrError")
        return found.get("partitionSetName") or (ANY_ASSETS if found.get("isAssetBackfill") else None)

    def close(self) -> None:
        self._pool.close()

    def _query(self, query: str, variables: dict[str, Any], field: str) -> dict[str, Any]:
        answer = self.post({"query": query, "variables": variables}, {"accept": "application/json"})
        body = b"".join(answer.chunks)
        return (json.loads(body).get("data") or {}).get(field) or {} if answer.status == 200 else {}

    def _ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        try:
            response = self._pool.urlopen(
                method, target, body, dict(headers), redirect=False, preload_content=False, decode_content=False
            )
        except urllib3.exceptions.HTTPError:
            raise Refused(502, "运行界面暂时没有答复，请稍后再试。") from None
        passed = {name: response.headers[name] for name in BACK if name in response.headers}
        return Answer(response.status, passed, _chunks(response))


def _chunks(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """A connection read to its end goes back by itself; one that a browser broke off in the middle is never used again."""
    try:
        yield from response.stream(CHUNK, decode_content=False)
    finally:
        response.close()


def _written(payload: Mapping[str, Any]) -> bytes:
    return json.dumps(payload, ensure_ascii=True).encode("ascii")


def passing(headers: Mapping[str, str], address: str, host: str, scheme: str) -> dict[str, str]:
    """The headers of a browser's request that Dagster sees, and where it came from."""
    passed = {name: headers[name] for name in THERE if name in headers}
    return passed | {"x-forwarded-for": address, "x-forwarded-host": host, "x-forwarded-proto": scheme}
