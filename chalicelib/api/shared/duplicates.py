"""Shared by projects/ and traces/: the error for a key of the client that another item already has."""

from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.api.http.problems import DUPLICATE, Problem, error
from chalicelib.store.shared.errors import Conflict


@contextmanager
def duplicates_refused(item: str) -> Iterator[None]:
    """Raise the 409 Problem if the store finds that another item already has the key; `item`: the noun for it."""
    try:
        yield
    except Conflict as conflict:
        detail = (
            f"{item.capitalize()} {conflict.id} already has the {conflict.field} {conflict.value!r}; use another one, "
            f"or change that {item}."
        )
        raise Problem(DUPLICATE, detail, [error(detail, conflict.field)]) from None
