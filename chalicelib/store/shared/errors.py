"""Errors for requests that the store rejects."""


class Conflict(Exception):
    """A unique key is already in use: the item with `id` has this `value` in `field`."""

    def __init__(self, field: str, value: str, id: int) -> None:
        super().__init__(f"{field} {value!r} already exists, with id {id}")
        self.field, self.value, self.id = field, value, id


class Mismatch(Exception):
    """An idempotency key was already used with a different request."""


class InProgress(Exception):
    """The first request with an idempotency key has not ended yet."""


class Busy(Exception):
    """The request lost to others that were made at the same time, or AWS throttled it; it can be repeated."""
