"""Knows what a GraphQL request asks for, whichever operation, alias or fragment says so; leaves judging it to `judging`.

The home of graphql-core. Dagster parses with the same library, and is handed what was understood here, not the bytes that came.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)
from graphql.utilities import value_from_ast_untyped

from zjtx_pipeline.door.refusals import Refused

MOST_TOKENS = 20_000


@dataclass(frozen=True)
class Field:
    """A mutation by its own name, and its arguments with the variables put in."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Request:
    """`kinds`: query, mutation, subscription, of every operation in the document, wanted or not."""

    query: str
    variables: dict[str, Any]
    operation: str | None
    kinds: frozenset[str]
    mutations: tuple[Field, ...]

    @property
    def payload(self) -> dict[str, Any]:
        """What Dagster is handed."""
        return {"query": self.query, "variables": self.variables, "operationName": self.operation}


def read(body: bytes) -> Request:
    """The request in an HTTP body; Refused (400): not one JSON object of a query with its variables."""
    try:
        return understand(json.loads(body.decode("utf-8")))
    except (ValueError, RecursionError):
        raise Refused(400, "请求不是合规的 JSON。") from None


def understand(payload: Any) -> Request:
    """The request in parsed JSON; Refused (400) for arrays of requests and for what is no GraphQL."""
    if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
        raise Refused(400, "每次只能提交一个 GraphQL 请求。")
    variables = {} if payload.get("variables") is None else payload["variables"]
    operation = payload.get("operationName")
    if not isinstance(variables, dict) or not isinstance(operation, str | None):
        raise Refused(400, "GraphQL 请求的变量或名称写法不对。")
    try:
        document = parse(payload["query"], no_location=True, max_tokens=MOST_TOKENS)
        operations = _operations(document)
        fields = tuple(field for each in operations for field in _mutations(each, document, variables))
    except (GraphQLError, RecursionError):
        raise Refused(400, "GraphQL 请求写法不对。") from None
    kinds = frozenset(each.operation.value for each in operations)
    return Request(payload["query"], variables, operation or None, kinds, fields)


def _operations(document: DocumentNode) -> list[OperationDefinitionNode]:
    """Refused: beside operations and fragments a document holds nothing."""
    if not all(isinstance(each, OperationDefinitionNode | FragmentDefinitionNode) for each in document.definitions):
        raise Refused(400, "GraphQL 请求里只能有操作和片段。")
    return [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]


def _mutations(operation: OperationDefinitionNode, document: DocumentNode, variables: dict[str, Any]) -> Iterator[Field]:
    if operation.operation.value != "mutation":
        return
    defaults = {
        each.variable.name.value: value_from_ast_untyped(each.default_value)
        for each in operation.variable_definitions
        if each.default_value
    }
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    for node in _fields(operation.selection_set, fragments, set()):
        if node.name.value != "__typename":  # says what it was called by, and does nothing
            yield Field(node.name.value, _arguments(node, defaults | variables))


def _arguments(node: FieldNode, variables: dict[str, Any]) -> dict[str, Any]:
    named = {each.name.value: value_from_ast_untyped(each.value, variables) for each in node.arguments}
    if len(named) != len(node.arguments):
        raise Refused(400, "GraphQL 请求的参数有重复。")
    return named


def _fields(selected: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode], seen: set[str]) -> Iterator[FieldNode]:
    """The fields that a selection comes to, through fragments, each fragment once."""
    for node in selected.selections:
        if isinstance(node, FieldNode):
            yield node
        elif not isinstance(node, FragmentSpreadNode):
            yield from _fields(node.selection_set, fragments, seen)
        elif node.name.value in fragments and node.name.value not in seen:
            seen.add(node.name.value)
            yield from _fields(fragments[node.name.value].selection_set, fragments, seen)
