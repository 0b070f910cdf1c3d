"""Errors for requests that the store rejects."""


class Conflict(Exception):
    """A unique key is already in use: the item with `id` has this `value` in `field`."""

    def __init__(self, field: str, value: str, id: int) -> None:
        super().__init__(f"the {field} already exists, with id {id}")  # a log may show this, but no client's value
        self.field, self.value, self.id = field, value, id


class UnknownProject(Exception):
    """A trace was to be linked to a project that does not exist, perhaps because it was deleted just now."""


class Busy(Exception):
    """Throttling, or changes of the same items by other requests, outlasted all attempts, or the request was cancelled
    because it took too long; retry the request.

    The message has no client's data.
    """


class Mismatch(Exception):
    """An idempotency key was already used with a different request."""


class InProgress(Exception):
    """The first request with an idempotency key has not ended yet."""
