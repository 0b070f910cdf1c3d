"""What the store refuses."""


class Conflict(Exception):
    """Another item already has this unique key: `field` with `value` belongs to `id`."""

    def __init__(self, field: str, value: str, id: int) -> None:
        super().__init__(f"{field} {value!r} already exists, as id {id}")
        self.field, self.value, self.id = field, value, id


class Mismatch(Exception):
    """An idempotency key that was used with another request body."""


class InProgress(Exception):
    """An idempotency key whose first request has not ended yet."""
