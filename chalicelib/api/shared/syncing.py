"""What projects/sync/ and traces/sync/ share."""

from typing import Any, Literal, NotRequired

from pydantic import with_config
from typing_extensions import TypedDict

from chalicelib.api.http.fields import OUTPUT, Id
from chalicelib.api.http.problems import ErrorItem, error
from chalicelib.store.collections.keyed import Synced as Done


@with_config(OUTPUT)
class Synced(TypedDict):
    """What was done for one item of a sync."""

    id: Id
    project_id: NotRequired[str]
    trace_id: NotRequired[str]
    status: Literal["created", "updated", "unchanged"]


def repeated(key: str, items: list[dict[str, Any]]) -> list[ErrorItem]:
    """The items whose key another item before has."""
    first: dict[str, int] = {}
    errors = []
    for index, item in enumerate(items):
        before = first.setdefault(item[key], index)
        if before != index:
            errors.append(error(f"Item {before} has this {key} already; a {key} may come once.", index, key))
    return errors


def synced(key: str, done: list[Done]) -> list[dict[str, Any]]:
    """What was done, item by item."""
    return [{"id": item.id, key: item.key, "status": item.status} for item in done]
