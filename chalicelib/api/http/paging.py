"""Responses with one page of a list."""

from collections.abc import Sequence
from typing import Any

from chalicelib import csv_text
from chalicelib.api.http.endpoints import CSV, Call, Reply
from chalicelib.api.http.serving import lambda_bytes, text_bytes
from chalicelib.api.http.urls import next_link

MAX_RESPONSE_BYTES = 5_800_000  # per response, below Lambda's limit of 6 MB: a page of large items has fewer of them

LINK = {"Link": 'RFC 8288: `<URL of the next page>; rel="next"`; absent on the last page.'}


def page(call: Call[Any, Any], items: Sequence[Any], cursors: Sequence[int | str], next: int | str | None) -> Reply:
    """A response with as many of the items as fit, and the Link to the next page.

    cursors: one per item; a page that ends with the item is followed by one that starts after its cursor. next: the
    cursor of the next page if all items fit; None: there is no next page.
    """
    shown: Sequence[Any] = items
    if call.columns is not None:
        shown = [csv_text.lines([[item[name] for name in call.columns]]) for item in items]
    size = 0
    for position, item in enumerate(shown):
        size += (lambda_bytes(item) if call.columns is None else text_bytes(item)) + 1
        if size > MAX_RESPONSE_BYTES and position:
            shown, next = shown[:position], cursors[position - 1]
            break
    link = {} if next is None else {"Link": next_link(call.request, next)}
    if call.columns is None:
        return Reply(list(shown), link)
    return Reply(csv_text.lines([call.columns]) + "".join(shown), link, f"{CSV}; charset=utf-8; header=present")


def page_of(call: Call[Any, Any], items: Sequence[Any], next: int | None) -> Reply:
    """The same as `page`, for items whose `id` is the cursor."""
    return page(call, items, [item["id"] for item in items], next)
