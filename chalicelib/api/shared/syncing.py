"""Shared by projects/sync/ and traces/sync/."""

from typing import Any, Literal, NotRequired

from pydantic import with_config
from typing_extensions import TypedDict

from chalicelib.api.http.fields import OUTPUT, Id
from chalicelib.api.http.problems import ErrorItem, error
from chalicelib.store.collections.keyed import Synced as Done

CUT_SHORT = {503: "Some of the items may have been written; send the same request again to write the rest."}


@with_config(OUTPUT)
class Synced(TypedDict):
    """What a sync did with one item."""

    id: Id
    project_id: NotRequired[str]
    trace_id: NotRequired[str]
    status: Literal["created", "updated", "unchanged"]


def duplicate_errors(key: str, items: list[dict[str, Any]]) -> list[ErrorItem]:
    """An error for each item whose key an earlier item already has."""
    first: dict[str, int] = {}
    errors = []
    for index, item in enumerate(items):
        before = first.setdefault(item[key], index)
        if before != index:
            errors.append(error(f"Item {before} already has this {key}; use each {key} only once.", index, key))
    return errors


def synced(key: str, done: list[Done]) -> list[dict[str, Any]]:
    """What the sync did with each item."""
    return [{"id": item.id, key: item.key, "status": item.status} for item in done]
