"""A page of a list as a response."""

from collections.abc import Sequence
from typing import Any

from chalicelib.api.http.endpoints import Call, Reply
from chalicelib.api.http.serving import lambda_bytes
from chalicelib.api.http.urls import next_link

MOST_BYTES = 5_800_000  # of a response, below Lambda's 6 MB: a page of large items ends early

LINK = {"Link": 'RFC 8288: `<URL of the next page>; rel="next"`; absent on the last page.'}


def page(call: Call[Any, Any], items: Sequence[Any], cursors: Sequence[int | str], next: int | str | None) -> Reply:
    """The items, at most as many as a response holds, and the Link to what follows; an item's cursor is where the next
    page starts when the item is the last."""
    size = 0
    for position, item in enumerate(items):
        size += lambda_bytes(item) + 1
        if size > MOST_BYTES and position:
            items, next = items[:position], cursors[position - 1]
            break
    return Reply(list(items), {} if next is None else {"Link": next_link(call.request, next)})


def page_of(call: Call[Any, Any], items: Sequence[Any], next: int | None) -> Reply:
    """The same for items whose `id` is the cursor."""
    return page(call, items, [item["id"] for item in items], next)
